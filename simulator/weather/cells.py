"""Rain cells that drift together: what they leave at a place, minute by minute.

A cell is an ellipse that moves along one of its axes. Its rate is the highest in the middle and falls to nothing at
the rim as (1 - d^2)^2, where d is the distance from the middle in radii; it grows after birth and fades before death
the same way in time (Northrop 1998, Proc. R. Soc. Lond. A 454, has cells that are highest in the middle; Northrop and
Stone 2005 let them grow and decay). A polynomial that ends is cheap: a place meets only the few minutes of a cell that
can touch it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from simulator.portable import cos_turn, sin_turn
from simulator.weather.ground import Spot

# A cell at constant speed leaves, on the middle of its track, peak x (half length / speed) x this.
LEFT_BY_A_PASS = 16.0 / 15.0


class Cell(NamedTuple):
    """One cell. Times in minutes of the run; `ahead_km` and `aside_km` is where its middle is at birth."""

    born_min: float
    full_from_min: float
    full_until_min: float
    dies_min: float
    ahead_km: float
    aside_km: float
    along_km: float  # from the middle to the rim
    across_km: float
    peak_mm_per_min: float


class Drift:
    """A heading and a speed, which all cells of one storm share. Its axes are ahead (along the heading) and aside."""

    def __init__(self, *, towards_deg: float, speed_km_per_min: float) -> None:
        self._sine, self._cosine = sin_turn(towards_deg / 360.0), cos_turn(towards_deg / 360.0)
        self.speed_km_per_min = speed_km_per_min

    def along(self, east_km: float, north_km: float) -> tuple[float, float]:
        """Return ahead and aside (to the right) of the anchor, in km."""
        return (
            east_km * self._sine + north_km * self._cosine,
            east_km * self._cosine - north_km * self._sine,
        )

    def rain(self, cells: Sequence[Cell], spot: Spot, mm: list[float]) -> None:
        """Add what the cells leave at a spot to `mm`, one number for each minute of the run."""
        ahead_km, aside_km = self.along(spot.east_km, spot.north_km)
        for cell in cells:
            beside = (aside_km - cell.aside_km) / cell.across_km
            under = 1.0 - beside * beside
            if under > 0.0:
                self._pass(cell, under, ahead_km - cell.ahead_km, spot.share, mm)

    def _pass(self, cell: Cell, under: float, way_km: float, share: float, mm: list[float]) -> None:
        """Add one cell; `way_km` is how far the spot is ahead of its middle at birth."""
        speed, half_km = self.speed_km_per_min, cell.along_km * math.sqrt(under)
        first, last = cell.born_min, cell.dies_min
        if speed > 0.0:
            first = max(first, cell.born_min + (way_km - half_km) / speed)
            last = min(last, cell.born_min + (way_km + half_km) / speed)
        born_min, full_from_min, full_until_min, dies_min = cell[:4]
        peak = cell.peak_mm_per_min * share
        for minute in range(max(0, math.floor(first)), min(len(mm), math.ceil(last))):
            at_min = minute + 0.5
            off = (way_km - speed * (at_min - born_min)) / cell.along_km
            inside = under - off * off
            if inside <= 0.0 or not born_min < at_min < dies_min:
                continue
            if at_min < full_from_min:
                lack = (full_from_min - at_min) / (full_from_min - born_min)
                inside *= 1.0 - lack * lack
            elif at_min > full_until_min:
                lack = (at_min - full_until_min) / (dies_min - full_until_min)
                inside *= 1.0 - lack * lack
            mm[minute] += peak * inside * inside
