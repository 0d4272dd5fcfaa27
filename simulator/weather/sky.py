"""The sky over the county: for each place, minute by minute, what falls and what the air is like.

Everything follows from the settings, the seed, the start and the length of the run; asking about one place changes
nothing for another. A longer run begins with the same rain, unless that was said to last to the run's end; its clouds
may be others in the last hour of the shorter run, where rain follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Protocol

from simulator.dice import Dice
from simulator.values import Air
from simulator.weather.air import SLOT_MIN, CountyAir, snow_share, solar_hour
from simulator.weather.convective import Convective, ConvectiveRain
from simulator.weather.design import Design, DesignRain
from simulator.weather.ground import Ground, Place, Spot
from simulator.weather.record import RecordRain
from simulator.weather.settings import Rain, WeatherSettings
from simulator.weather.storm import Storm, StormRain
from simulator.weather.stratiform import Stratiform, StratiformRain


class RainSource(Protocol):
    """Something that rains. `convective`: there may be lightning in it."""

    @property
    def convective(self) -> bool:
        """Return whether strong rain of this source has lightning."""

    def add(self, spot: Spot, mm: list[float]) -> None:
        """Add its rain at a spot to the minutes of the run."""


class Sky:
    """The weather of one run."""

    def __init__(
        self,
        settings: WeatherSettings,
        sources: list[tuple[tuple[str, ...], RainSource]],
        *,
        air: CountyAir,
        seed: int,
        minutes: int,
    ) -> None:
        """`sources` are kinds of rain, each with the stations it is for; none named: all."""
        self._settings, self._sources, self._air = settings, sources, air
        self._seed, self._minutes = seed, minutes
        self._ground = Ground(
            settings.anchor_latitude, settings.anchor_longitude, settings.foot_latitude, settings.plain_share
        )

    def over(self, place: Place) -> Iterator[Air]:
        """Yield the air of each minute at a place, minute 1 first. The same place has the same values every time."""
        mm, strikes = self._fallen(self._ground.spot(place))
        wet = [any(mm[first : first + SLOT_MIN]) for first in range(0, self._minutes, SLOT_MIN)]
        temperatures_c, clouds = self._air.over(place.elevation_m, wet)
        for slot, rains in enumerate(wet):
            first, last = slot * SLOT_MIN, min(self._minutes, (slot + 1) * SLOT_MIN)
            temperature_c, cloud = temperatures_c[slot], clouds[slot]
            if not rains:
                yield from repeat(Air(0.0, 0.0, temperature_c, cloud), last - first)
                continue
            share = snow_share(self._settings, temperature_c)
            for minute in range(first, last):
                snow_mm = mm[minute] * share
                yield Air(mm[minute] - snow_mm, snow_mm, temperature_c, cloud, minute in strikes)

    def _fallen(self, spot: Spot) -> tuple[list[float], frozenset[int]]:
        """Return what falls in each minute, and the minutes with a strike nearby."""
        falling = [0.0] * self._minutes
        for stations, source in self._sources:
            if source.convective and (not stations or spot.station in stations):
                source.add(spot, falling)
        strikes = self._strikes(spot.station, falling)
        for stations, source in self._sources:
            if not source.convective and (not stations or spot.station in stations):
                source.add(spot, falling)
        return falling, strikes

    def _strikes(self, station: str, falling: list[float]) -> frozenset[int]:
        per_mm, above_mm = self._settings.lightning_per_mm, self._settings.lightning_above_mm_per_h / 60.0
        if not per_mm or max(falling) <= above_mm:
            return frozenset()
        dice = Dice("weather", self._seed, "lightning", station)
        return frozenset(minute for minute, mm in enumerate(falling) if mm > above_mm and dice.chance(per_mm * mm))


def make_sky(settings: WeatherSettings, *, seed: int, start_at: int, minutes: int, folder: Path) -> Sky:
    """Return the weather of a run that starts at `start_at` (ms since 1970). `folder` is where records lie.

    Raises RecordError for a record that cannot be used.
    """
    hour = solar_hour(settings.anchor_longitude, start_at)
    sources: list[tuple[tuple[str, ...], RainSource]] = []
    for number, rain in enumerate(settings.rain):
        name = ("weather", seed, number, rain.kind)
        source = _source(rain, name, start_at=start_at, minutes=minutes, hour=hour, folder=folder)
        sources.append((rain.stations, source))
    air = CountyAir(settings, seed=seed, start_at=start_at, minutes=minutes)
    return Sky(settings, sources, air=air, seed=seed, minutes=minutes)


def _source(
    rain: Rain, name: tuple[object, ...], *, start_at: int, minutes: int, hour: float, folder: Path
) -> RainSource:
    match rain:
        case Storm():
            return StormRain(rain, Dice(*name))
        case Convective():
            return ConvectiveRain(rain, name=name, minutes=minutes, solar_hour=hour)
        case Stratiform():
            return StratiformRain(rain, dice=Dice(*name), minutes=minutes)
        case Design():
            return DesignRain(rain)
        case _:
            return RecordRain(rain, folder=folder, start_at=start_at, minutes=minutes)
