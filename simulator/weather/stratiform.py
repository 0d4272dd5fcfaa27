"""Widespread gentle rain for hours: one rate over the whole county, with bands that drift through it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from simulator.bounds import STRICT, NotNegative, Positive, Text
from simulator.dice import Dice
from simulator.portable import cos_turn, sin_turn
from simulator.weather.ground import Spot
from simulator.weather.ranges import Range, check_ranges

_HOUR_MIN = 60.0
_NODE_MIN = 10  # the bands are slow: between nodes they are drawn with a ruler
_BANDS = 3
_TO_UNIT = math.sqrt(2.0 / _BANDS)  # makes the deviation of so many waves 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratiform:
    """When it rains, how much, and how evenly.

    - `since_min`, `until_min`: one rain at this time of the run; without `until_min` to the end of the run. Without
      either, rains come by chance: dry for `gap_hours` on average (exponential), then rain for `lasts_hours`.
    - `mm_per_h`: the mean rate south of the mountains' foot, drawn for each rain. It comes and goes in `ramp_min`.
    - `swing`: deviation of the bands, as a share of the rate; 0: no bands. `band_km`, `band_min`: their length, and
      the time one takes to pass.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal["stratiform"] = "stratiform"
    stations: tuple[Text, ...] = ()  # none named: all
    since_min: NotNegative | None = None
    until_min: NotNegative | None = None
    gap_hours: Positive = 160.0
    lasts_hours: Range = (2.0, 10.0)
    mm_per_h: Range = (0.25, 1.5)
    ramp_min: NotNegative = 45.0
    swing: NotNegative = 0.7
    band_km: Range = (25.0, 80.0)
    band_min: Range = (30.0, 120.0)

    def __post_init__(self) -> None:
        check_ranges(self, "mm_per_h", least=0.0)
        check_ranges(self, "lasts_hours", "band_km", "band_min", least=0.1)
        if self.until_min is not None and self.until_min <= (self.since_min or 0.0):
            raise ValueError(f"until_min = {self.until_min:g}: must be after since_min = {self.since_min or 0.0:g}")


class _Band(NamedTuple):
    """One wave over the county: turns per km to the east and north, turns per minute, and its turn at the anchor."""

    east: float
    north: float
    minute: float
    turn: float


class _Spell(NamedTuple):
    since_min: float
    until_min: float
    mm_per_min: float
    bands: tuple[_Band, ...]


class StratiformRain:
    """All such rains of a run."""

    convective = False

    def __init__(self, settings: Stratiform, *, dice: Dice, minutes: int) -> None:
        self._settings = settings
        self._spells: list[_Spell] = []
        if settings.since_min is not None or settings.until_min is not None:
            until_min = minutes if settings.until_min is None else settings.until_min
            self._spells.append(self._draw(dice, settings.since_min or 0.0, until_min))
            return
        # The run begins anywhere in a gap or a rain: wait one gap before it.
        at_min = -settings.gap_hours * _HOUR_MIN
        while True:
            at_min += dice.exponential(settings.gap_hours * _HOUR_MIN)
            if at_min >= minutes:
                return
            lasts_min = dice.between(*settings.lasts_hours) * _HOUR_MIN
            self._spells.append(self._draw(dice, at_min, at_min + lasts_min))
            at_min += lasts_min

    def add(self, spot: Spot, mm: list[float]) -> None:
        """Add the rains at a spot, minute by minute of the run."""
        for spell in self._spells:
            first, last = max(0, math.floor(spell.since_min)), min(len(mm), math.ceil(spell.until_min))
            there = self._rate(spell, spot, first)
            for node in range(first, last, _NODE_MIN):
                here, there = there, self._rate(spell, spot, node + _NODE_MIN)
                step = (there - here) / _NODE_MIN
                for minute in range(node, min(last, node + _NODE_MIN)):
                    mm[minute] += here + step * (minute + 0.5 - node)

    def _draw(self, dice: Dice, since_min: float, until_min: float) -> _Spell:
        plan = self._settings
        mm_per_min = dice.between(*plan.mm_per_h) / _HOUR_MIN
        bands = []
        for _ in range(_BANDS):
            heading, per_km = dice.fraction(), 1.0 / dice.between(*plan.band_km)
            per_min, turn = 1.0 / dice.between(*plan.band_min), dice.fraction()
            bands.append(_Band(sin_turn(heading) * per_km, cos_turn(heading) * per_km, per_min, turn))
        return _Spell(since_min, until_min, mm_per_min, tuple(bands))

    def _rate(self, spell: _Spell, spot: Spot, at_min: float) -> float:
        ramp_min, swing = self._settings.ramp_min, self._settings.swing
        edge_min = min(at_min - spell.since_min, spell.until_min - at_min)
        strength = 1.0
        if ramp_min > 0.0:
            strength = min(1.0, max(0.0, edge_min / ramp_min))
        if swing > 0.0 and strength > 0.0:
            wave = 0.0
            for band in spell.bands:
                wave += sin_turn(
                    spot.east_km * band.east + spot.north_km * band.north - at_min * band.minute + band.turn
                )
            strength *= max(0.0, 1.0 + swing * _TO_UNIT * wave)
        return spell.mm_per_min * strength * spot.share
