"""Temperature, clouds and the form of precipitation, in slots of five minutes.

Within a slot temperature and cloud stand still: a logger that reports a tenth of a degree sees nothing of the steps,
and a dry day costs little.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.dice import Dice
from simulator.portable import cos_turn
from simulator.values import DAY_MS, HOUR_MS
from simulator.weather.settings import WeatherSettings

SLOT_MIN = 5
_SLOTS_A_DAY = 288
_WARMEST_HOUR = 15.0  # of local solar time
_REFERENCE_M = 1000.0
# The season's mean at 1000 m: Urumqi (918 m) has 23.7 °C in July and -12.6 °C in January, taken up by 82 m.
_YEAR_C, _SEASON_C, _WARMEST_DAY, _YEAR_DAYS = 5.0, 18.2, 199.0, 365.25
_CLOUD_NODE_SLOTS = 36  # the sky without rain changes in three hours
# Of the way to the temperature of rain-cooled air, a slot goes so much while it rains, and so much back afterwards.
_COOLS, _WARMS = 0.3, 0.08
_COOLING_C_MIN = 0.05


class CountyAir:
    """What the air at 1000 m does when no rain is near: the same over the whole county."""

    def __init__(self, settings: WeatherSettings, *, seed: int, start_at: int, minutes: int) -> None:
        slots = -(-minutes // SLOT_MIN)
        self._settings = settings
        self._mean_c, self._swing_c = _means(settings, start_at, slots), _swings(settings, start_at, slots)
        self._cloud = _clouds(settings.cloud, Dice("weather", seed, "cloud"), slots)

    def over(self, elevation_m: float, wet: Sequence[bool]) -> tuple[Sequence[float], Sequence[float]]:
        """Return temperature and cloud of each slot at a place, from which of its slots have rain."""
        settings = self._settings
        raining = any(wet)
        clouds = self._overcast(wet) if raining else self._cloud
        lower_c, damps = settings.lapse_c_per_km * (elevation_m - _REFERENCE_M) / 1000.0, settings.cloud_damps
        temperatures_c = [
            mean_c + swing_c * (1.0 - damps * cloud) - lower_c
            for mean_c, swing_c, cloud in zip(self._mean_c, self._swing_c, clouds, strict=True)
        ]
        if raining and settings.rain_cools_c:
            cooling_c = 0.0
            for slot, rains in enumerate(wet):
                if rains:
                    cooling_c += (settings.rain_cools_c - cooling_c) * _COOLS
                elif cooling_c:
                    cooling_c = cooling_c - cooling_c * _WARMS if cooling_c > _COOLING_C_MIN else 0.0
                temperatures_c[slot] -= cooling_c
        return temperatures_c, clouds

    def _overcast(self, wet: Sequence[bool]) -> Sequence[float]:
        """Return the clouds with those of the rain: they come before it and stay a while after it."""
        cloud = list(self._cloud)
        for order, lasts_min in (
            (range(len(wet)), self._settings.cloud_after_min),
            (range(len(wet) - 1, -1, -1), self._settings.cloud_before_min),
        ):
            thins = SLOT_MIN / lasts_min if lasts_min > SLOT_MIN else 1.0
            rain_cloud = 0.0
            for slot in order:
                rain_cloud = 1.0 if wet[slot] else rain_cloud - thins
                cloud[slot] = max(cloud[slot], rain_cloud)
        return cloud


def snow_share(settings: WeatherSettings, temperature_c: float) -> float:
    """Return which share of precipitation is snow: all below one temperature, none above another, linear between.

    The defaults, -1 and 3 °C, are the US Army Corps of Engineers' (1956, "Snow Hydrology", as used by Tarboton and
    Luce 1996). Half of it is snow at 1.0 °C, the mean threshold of the northern hemisphere (Jennings et al. 2018,
    Nature Communications 9: 1148; 95 % of its stations have -0.4 to 2.4 °C, continental ones the warmer).
    """
    if temperature_c >= settings.rain_above_c:
        return 0.0
    if temperature_c <= settings.snow_below_c:
        return 1.0
    return (settings.rain_above_c - temperature_c) / (settings.rain_above_c - settings.snow_below_c)


def solar_hour(longitude: float, at: int) -> float:
    """Return the local mean solar time of an instant, in hours (0 to 24)."""
    return (at / HOUR_MS + longitude / 15.0) % 24.0


def _means(settings: WeatherSettings, start_at: int, slots: int) -> list[float]:
    """Return the day's mean temperature at 1000 m for each slot; a run's days begin at its start."""
    means_c: list[float] = []
    for first in range(0, slots, _SLOTS_A_DAY):
        mean_c = settings.temperature_c
        if mean_c is None:
            days = start_at / DAY_MS + first / _SLOTS_A_DAY  # 1970 began on 1 January
            mean_c = _YEAR_C + _SEASON_C * cos_turn((days - _WARMEST_DAY) / _YEAR_DAYS)
        means_c += [mean_c] * min(_SLOTS_A_DAY, slots - first)
    return means_c


def _swings(settings: WeatherSettings, start_at: int, slots: int) -> list[float]:
    """Return how far each slot is above the mean of its day under a clear sky."""
    hour = solar_hour(settings.anchor_longitude, start_at)
    day = [
        settings.daily_swing_c * cos_turn((hour + slot * SLOT_MIN / 60.0 - _WARMEST_HOUR) / 24.0)
        for slot in range(min(slots, _SLOTS_A_DAY))
    ]
    return (day * (slots // len(day) + 1))[:slots]


def _clouds(mean: float, dice: Dice, slots: int) -> list[float]:
    """Return a share of cloud that wanders about its mean, as far as it can to both sides."""
    reach = min(mean, 1.0 - mean)
    cloud: list[float] = []
    here = dice.between(mean - reach, mean + reach)
    for _ in range(0, slots, _CLOUD_NODE_SLOTS):
        there = dice.between(mean - reach, mean + reach)
        step = (there - here) / _CLOUD_NODE_SLOTS
        cloud += [here + step * slot for slot in range(_CLOUD_NODE_SLOTS)]
        here = there
    return cloud[:slots]
