"""Convective rain by chance: storms come in a Poisson process, cells are born in a storm, drift with it, and die.

In time this is a Bartlett-Lewis process (Rodriguez-Iturbe, Cox and Isham 1987, Proc. R. Soc. Lond. A 410; 1988, A 417:
storms differ in kind, which is `storm_sigma` here). In space cells are round, of random radius, life and depth, and
move with their storm's velocity (Cox and Isham 1988, "A simple spatial-temporal model of rainfall", Proc. R. Soc.
Lond. A 415), and a storm is a region of limited size (Northrop 1998, Proc. R. Soc. Lond. A 454). Unlike there a cell's
rain is no rectangle: see cells.py. Dry spells are the gaps between storms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from simulator.bounds import STRICT, Births, NotNegative, Positive, Share, Sigma, Text
from simulator.dice import Dice
from simulator.portable import PI, cos_turn, exp
from simulator.weather.cells import Cell, Drift
from simulator.weather.ground import Spot
from simulator.weather.ranges import Range, check_ranges

DAY_MIN = 1440
_HOUR_MIN = 60.0
_BLOCK_MIN = 10.0  # of a storm's life; only blocks that come near are drawn cell by cell
_LONGEST = 3.0  # no storm lasts longer than so many times the mean
_STORMS_A_DAY_MAX = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Convective:
    """How often it storms and what storms are like; the defaults are a summer on the Tianshan's northern slope.

    - `storms_per_day`: how many storms pass over any one place within `region_km` of the anchor, on average.
    - `peak_hour`, `daily_swing`: most storms begin at this hour of local solar time; 0: at any hour alike. Hourly rain
      on this slope is more in the afternoon and night (Remote Sensing 2023, 15(19), 4833).
    - `storm_hours`: mean life of a storm (exponential, no longer than three times the mean).
    - `cells_per_100_km2_h`: births in a storm. `cell_peak_mm_per_h`: mean of the cells' peaks (exponential) in the
      median storm; whole storms vary lognormally by `storm_sigma`.
    - `growth_share`: part of a cell's life until its peak.
    - `towards_deg`: 0 is north, 90 east; the westerlies and the slope take storms to the north-east.

    Cells are up to 9 km across (where it rains 20 mm/h or more they are about 10 km in Begum and Otung 2009, Radio
    Science 44). Sizes, lives, speeds and rates are otherwise estimates, fitted together until the series has the
    statistics of tests/simulator/test_weather_statistics.py.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal["convective"] = "convective"
    stations: tuple[Text, ...] = ()  # none named: all
    storms_per_day: NotNegative = 0.4
    peak_hour: NotNegative = 18.0
    daily_swing: Share = 0.6
    storm_hours: Positive = 3.0
    storm_radius_km: Range = (10.0, 28.0)
    storm_sigma: Sigma = 0.5
    cells_per_100_km2_h: Births = 20.0
    cell_radius_km: Range = (1.0, 4.4)
    cell_life_min: Range = (12.0, 34.0)
    growth_share: Range = (0.25, 0.5)
    cell_peak_mm_per_h: Positive = 8.5
    speed_km_per_h: Range = (14.0, 42.0)
    towards_deg: Range = (10.0, 100.0)
    region_km: Positive = 65.0

    def __post_init__(self) -> None:
        check_ranges(self, "speed_km_per_h", least=0.0)
        check_ranges(self, "storm_radius_km", "cell_radius_km", least=0.1)
        check_ranges(self, "cell_life_min", least=2.0)
        check_ranges(self, "growth_share", least=0.05)
        check_ranges(self, "towards_deg")
        if self.growth_share[1] > 0.95:
            raise ValueError(f"growth_share = {list(self.growth_share)}: must end at 0.95 or below: a cell also fades")
        if self.storms_per_day > _STORMS_A_DAY_MAX:
            raise ValueError(f"storms_per_day = {self.storms_per_day:g}: must not be above {_STORMS_A_DAY_MAX:g}")


class _Tempest(NamedTuple):
    """One storm of the sequence: a disc of cells that drifts. Its middle at birth is `ahead_km`, `aside_km`."""

    number: int
    born_min: float
    lasts_min: float
    radius_km: float
    vigour: float
    drift: Drift
    ahead_km: float
    aside_km: float


class ConvectiveRain:
    """All storms of a run."""

    convective = True

    def __init__(self, settings: Convective, *, name: tuple[object, ...], minutes: int, solar_hour: float) -> None:
        """`name` is the dice's; `solar_hour` is the local solar time at the run's start."""
        self._settings, self._name = settings, name
        self._storms = list(self._draw_storms(minutes, solar_hour)) if settings.storms_per_day else []
        self._cells: dict[tuple[int, int], list[Cell]] = {}

    def add(self, spot: Spot, mm: list[float]) -> None:
        """Add the storms' rain at a spot, minute by minute of the run."""
        for storm in self._storms:
            for block in self._blocks_near(storm, spot):
                storm.drift.rain(self._cells_of(storm, block), spot, mm)

    def _draw_storms(self, minutes: int, solar_hour: float) -> list[_Tempest]:
        plan, dice = self._settings, Dice(*self._name, "storms")
        longest_min = _LONGEST * plan.storm_hours * _HOUR_MIN
        # Storms are thrown, with the middle of their way, into a disc so large that none that could reach the region
        # is left out. How many: so that the mean area that a storm sweeps meets any one place often enough.
        reach_km = plan.region_km + plan.storm_radius_km[1] + plan.speed_km_per_h[1] / 60.0 * longest_min / 2.0
        every_min = DAY_MIN * _swept_km2(plan) / (plan.storms_per_day * _circle_km2(reach_km))
        storms: list[_Tempest] = []
        at_min, number = -longest_min - plan.cell_life_min[1], 0
        while True:
            at_min += dice.exponential(every_min / (1.0 + plan.daily_swing))
            if at_min >= minutes:
                return storms
            hour = solar_hour + at_min / _HOUR_MIN
            likely = (1.0 + plan.daily_swing * cos_turn((hour - plan.peak_hour) / 24.0)) / (1.0 + plan.daily_swing)
            if dice.chance(likely):
                storms.append(self._draw_storm(dice, number, at_min, reach_km))
                number += 1

    def _draw_storm(self, dice: Dice, number: int, born_min: float, reach_km: float) -> _Tempest:
        plan = self._settings
        lasts_min = min(_LONGEST, dice.exponential(1.0)) * plan.storm_hours * _HOUR_MIN
        drift = Drift(
            towards_deg=dice.between(*plan.towards_deg),
            speed_km_per_min=dice.between(*plan.speed_km_per_h) / 60.0,
        )
        ahead_km, aside_km = drift.along(*_in_disc(dice, reach_km))
        return _Tempest(
            number=number,
            born_min=born_min,
            lasts_min=lasts_min,
            radius_km=dice.between(*plan.storm_radius_km),
            vigour=dice.lognormal(median=1.0, sigma=plan.storm_sigma),
            drift=drift,
            ahead_km=ahead_km - drift.speed_km_per_min * lasts_min / 2.0,
            aside_km=aside_km,
        )

    def _blocks_near(self, storm: _Tempest, spot: Spot) -> range:
        """Return the blocks of a storm's life whose cells may come over a spot."""
        plan, speed = self._settings, storm.drift.speed_km_per_min
        ahead_km, aside_km = storm.drift.along(spot.east_km, spot.north_km)
        rim_km = storm.radius_km + plan.cell_radius_km[1]
        if not -rim_km < aside_km - storm.aside_km < rim_km:
            return range(0)
        blocks = math.ceil(storm.lasts_min / _BLOCK_MIN)
        way_km, block_km = ahead_km - storm.ahead_km, speed * _BLOCK_MIN
        first_km, last_km = way_km - rim_km - speed * plan.cell_life_min[1] - block_km, way_km + rim_km
        if last_km <= 0.0 or first_km >= blocks * block_km:
            return range(0)
        if not speed:
            return range(blocks)
        return range(max(0, math.floor(first_km / block_km)), min(blocks, math.ceil(last_km / block_km)))

    def _cells_of(self, storm: _Tempest, block: int) -> list[Cell]:
        """Return the cells of a block; it has dice of its own, so that it does not matter who asks for it first."""
        key = (storm.number, block)
        if key not in self._cells:
            self._cells[key] = list(self._draw_cells(storm, block, Dice(*self._name, "cells", *key)))
        return self._cells[key]

    def _draw_cells(self, storm: _Tempest, block: int, dice: Dice) -> Iterator[Cell]:
        """Yield a Poisson process of cells, after a first one at the storm's birth."""
        plan, speed = self._settings, storm.drift.speed_km_per_min
        every_min = _HOUR_MIN * 100.0 / (plan.cells_per_100_km2_h * _circle_km2(storm.radius_km))
        mean = plan.cell_peak_mm_per_h / _HOUR_MIN * storm.vigour
        age_min = block * _BLOCK_MIN + (dice.exponential(every_min) if block else 0.0)
        while age_min < min(storm.lasts_min, (block + 1) * _BLOCK_MIN):
            ahead_km, aside_km = _in_disc(dice, storm.radius_km)
            life_min, radius_km = dice.between(*plan.cell_life_min), dice.between(*plan.cell_radius_km)
            born_min = storm.born_min + age_min
            peak_min = born_min + life_min * dice.between(*plan.growth_share)
            yield Cell(
                born_min=born_min,
                full_from_min=peak_min,
                full_until_min=peak_min,
                dies_min=born_min + life_min,
                ahead_km=storm.ahead_km + speed * age_min + ahead_km,
                aside_km=storm.aside_km + aside_km,
                along_km=radius_km,
                across_km=radius_km,
                peak_mm_per_min=dice.exponential(mean),
            )
            age_min += dice.exponential(every_min)


def _in_disc(dice: Dice, radius_km: float) -> tuple[float, float]:
    """Return a point anywhere in a disc with the same chance: thrown at its square until it hits."""
    while True:
        east, north = 2.0 * dice.fraction() - 1.0, 2.0 * dice.fraction() - 1.0
        if east * east + north * north < 1.0:
            return east * radius_km, north * radius_km


def _circle_km2(radius_km: float) -> float:
    return PI * radius_km * radius_km


def _swept_km2(plan: Convective) -> float:
    """Return the mean area that a storm's disc passes over."""
    low, high = plan.storm_radius_km
    square = (low * low + low * high + high * high) / 3.0
    minutes = plan.storm_hours * _HOUR_MIN * (1.0 - exp(-_LONGEST))
    way_km = (plan.speed_km_per_h[0] + plan.speed_km_per_h[1]) / 2.0 / 60.0 * minutes
    return PI * square + (low + high) * way_km
