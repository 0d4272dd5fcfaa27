"""Battery, solar panel and charge controller: the voltage by charge, sun and cold, and when the load is cut off.

The battery is a sealed lead-acid one of six cells. Its voltage under load and while it is charged, and how much of
the current it takes, follow Copetti, Lorenzo and Chenlo, A general battery model for PV system simulation, Progress
in Photovoltaics 1 (1993) 283-292, with the coefficients given there for any lead-acid battery. Cold shrinks it as a
data sheet says (12 V 40 Ah, vinachem.com.vn: 103 % at 30 °C, 90 % at 10 °C, 74 % at -10 °C, so 0.7 % a degree).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from simulator.bounds import STRICT, NotNegative, Positive, Share
from simulator.portable import cos_turn, exp, power, sin_turn
from simulator.values import DAY_MS, HOUR_MS, MINUTE_MS

POWER_STEP_MS = 20 * MINUTE_MS

_CELLS = 6
_C10_SHARE = 0.93  # capacity at the 10-hour rate per capacity at the 20-hour rate: 37.2 of 40 Ah, same data sheet
_SHRINKS_PER_C = 0.007
_WARM_C = 25.0  # the temperature of data sheets
_SHARE_MIN = 0.01  # an empty battery: the model has a pole at 0
_SHARE_MAX = 0.99  # a full one: and another at 1
_REGULATED_LESS_PER_C = 0.03  # V; Morningstar SunSaver MPPT, Modbus specification, EV_tempcomp
_REGULATED_MAX_V = 15.0  # the same family's manual: whatever the cold
_FULL_SHARE = 0.98  # from here on the controller only keeps the battery full


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSettings:
    """A small station: what a Campbell CR300 manual calls typical (12 V, 7 Ah), with a panel of 10 W.

    Loads after the same manual: 1.5 mA for the logger and 14 mA for the modem that stays connected, 75 mA more while
    it transmits. A message takes the modem 10 s (our own estimate). The controller is a Chinese one of 24 W
    (netcom.cn5135.com, price 64232): full at 14.4 V, kept at 13.8 V, load off at 10.8 V and on again at 12.5 V.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    capacity_ah: Positive = 7.0
    charge_share: Share = 0.9  # at the start of the run
    panel_a: NotNegative = 0.57  # at 1000 W/m²: 10 W at 17.5 V
    idle_a: NotNegative = 0.0155
    sending_a: NotNegative = 0.075  # beside the idle load
    sending_s: NotNegative = 10.0  # of a message
    full_v: Positive = 14.4  # at 25 °C
    kept_v: Positive = 13.8  # at 25 °C
    cut_off_v: Positive = 10.8
    return_v: Positive = 12.5

    def __post_init__(self) -> None:
        if self.return_v <= self.cut_off_v:
            raise ValueError(f"return_v = {self.return_v:g}: must be above cut_off_v = {self.cut_off_v:g}")


class Power:
    """The supply of one station. `step` is called every twenty minutes or so and keeps `volts` and `low` up to date.

    `volts` is what the logger measures: while it does, the modem is awake, for a reading is sent at once.
    """

    __slots__ = ("_at", "_charge_ah", "_settings", "low", "volts")

    def __init__(self, settings: PowerSettings, at: int) -> None:
        self._settings = settings
        self._at = at
        self._charge_ah = settings.capacity_ah * settings.charge_share
        self.low = False  # the load is cut off
        self.volts = self._terminal_v(-settings.idle_a - settings.sending_a, _WARM_C)

    @property
    def charge_ah(self) -> float:
        """Return the charge of the battery, in Ah."""
        return self._charge_ah

    def step(self, at: int, *, sun: float, cloud: float, temperature_c: float, loaded: bool, messages: int) -> None:
        """Charge and discharge up to an instant; `messages` were sent meanwhile."""
        settings = self._settings
        hours, self._at = (at - self._at) / HOUR_MS, at
        panel_a = settings.panel_a * sun * _let_through(cloud) if sun > 0.0 else 0.0
        net_a = panel_a - settings.idle_a * loaded
        if net_a > 0.0:
            net_a *= self._taken_share(net_a, temperature_c)
        sent_ah = messages * settings.sending_a * settings.sending_s / 3600.0
        charge_ah = self._charge_ah + net_a * hours - sent_ah
        self._charge_ah = min(max(charge_ah, 0.0), settings.capacity_ah)
        self.volts = self._terminal_v(panel_a - (settings.idle_a + settings.sending_a) * loaded, temperature_c)
        if self.low:
            self.low = self.volts < settings.return_v
        else:
            self.low = loaded and self.volts < settings.cut_off_v

    def _share(self, temperature_c: float) -> float:
        """Return the charge as a share of what the battery can give at this temperature."""
        capacity_ah = self._settings.capacity_ah
        given_ah = capacity_ah - self._charge_ah
        share = 1.0 - given_ah / (capacity_ah * (1.0 + _SHRINKS_PER_C * (temperature_c - _WARM_C)))
        return min(max(share, _SHARE_MIN), _SHARE_MAX)

    def _taken_share(self, net_a: float, temperature_c: float) -> float:
        """Return how much of the current charges the battery; the rest splits water (Copetti, charge efficiency)."""
        tenth_a = self._settings.capacity_ah * _C10_SHARE / 10.0
        return 1.0 - exp(20.73 * (self._share(temperature_c) - 1.0) / (net_a / tenth_a + 0.55))

    def _terminal_v(self, net_a: float, temperature_c: float) -> float:
        """Return the voltage at the terminals while this current flows in (or out, below 0)."""
        settings, share = self._settings, self._share(temperature_c)
        above_c = temperature_c - _WARM_C
        rate = abs(net_a) / (settings.capacity_ah * _C10_SHARE)
        if net_a <= 0.0:
            resists = 4.0 / (1.0 + _power(-net_a, 1.3)) + 0.27 / (share * math.sqrt(share)) + 0.02
            return _CELLS * (2.085 - 0.12 * (1.0 - share) - rate * resists * (1.0 - 0.007 * above_c))
        resists = 6.0 / (1.0 + _power(net_a, 0.86)) + 0.48 / _power(1.0 - share, 1.2) + 0.036
        volts = _CELLS * (2.0 + 0.16 * share + rate * resists * (1.0 - 0.025 * above_c))
        regulated_v = settings.kept_v if share >= _FULL_SHARE else settings.full_v
        return min(volts, regulated_v - _REGULATED_LESS_PER_C * above_c, _REGULATED_MAX_V)


def sun_share(at: int, latitude: float, longitude: float) -> float:
    """Return the clear sky's radiation on level ground as a share of 1000 W/m², 0 by night.

    Declination after Cooper (1969), equation of time and hour angle as in Duffie and Beckman, Solar Engineering of
    Thermal Processes, chapter 1; radiation after Kasten and Czeplak, Solar Energy 24 (1980) 177: 910 sin h - 30 W/m².
    """
    days = at / DAY_MS
    day = days % 365.2425 + 1.0  # of the year
    declination = 23.45 / 360.0 * sin_turn((284.0 + day) / 365.0)
    season = (day - 81.0) / 364.0
    ahead_min = 9.87 * sin_turn(2.0 * season) - 7.53 * cos_turn(season) - 1.5 * sin_turn(season)
    hour_angle = days + longitude / 360.0 + ahead_min / 1440.0 - 0.5
    north = latitude / 360.0
    height = sin_turn(north) * sin_turn(declination) + cos_turn(north) * cos_turn(declination) * cos_turn(hour_angle)
    return max(0.0, 0.910 * height - 0.030)


def _let_through(cloud: float) -> float:
    """Return the share of the clear sky's radiation under clouds (Kasten and Czeplak 1980)."""
    return 1.0 - 0.75 * _power(cloud, 3.4)


def _power(base: float, exponent: float) -> float:
    return power(base, exponent) if base > 0.0 else 0.0
