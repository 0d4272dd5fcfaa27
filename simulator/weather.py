"""Rain over the county: seeded cells that move across the stations.

Amounts and tracks are made up to look like a summer storm of the Tianshan's northern slope; they are no climatology.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

KM_PER_DEGREE = 111.2
# The point a storm's track is measured from: the river's outlet from the mountains (an estimate, as in config/).
ANCHOR_LATITUDE, ANCHOR_LONGITUDE = 43.75, 86.57
# The mountains lift the air; north of their foot a cell keeps only a share of its rain.
FOOT_OF_MOUNTAINS_LATITUDE, FOOT_WIDTH_DEGREES, SHARE_ON_PLAIN = 43.915, 0.01, 0.42
# Less than this evaporates below the cloud in this dry air.
RATE_MIN_MM_PER_MIN = 0.02


@dataclass(frozen=True, slots=True)
class StormPlan:
    """The bounds a storm's seeded values are drawn from; minutes are since the scenario's start."""

    passes_anchor_min: tuple[float, float] = (60.0, 70.0)
    total_mm: tuple[float, float] = (15.1, 16.4)  # at the centre of the track
    speed_km_per_h: tuple[float, float] = (37.0, 43.0)
    towards_deg: tuple[float, float] = (25.0, 33.0)  # from the south-west mountains to the plain
    offset_km: tuple[float, float] = (-2.0, 2.0)  # of the track, to the right of the anchor
    trailing_share: float = 0.12
    trailing_after_min: tuple[float, float] = (17.0, 23.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """A moving bell of rain, `along_km` and `across_km` wide (one standard deviation)."""

    passes_anchor_min: float
    speed_km_per_min: float
    towards_deg: float
    offset_km: float
    peak_mm_per_min: float
    along_km: float
    across_km: float

    def rate_mm_per_min(self, *, east_km: float, north_km: float, minute: float) -> float:
        """Return the rain rate at a place measured from the anchor."""
        sine, cosine = math.sin(math.radians(self.towards_deg)), math.cos(math.radians(self.towards_deg))
        ahead_km = east_km * sine + north_km * cosine - self.speed_km_per_min * (minute - self.passes_anchor_min)
        aside_km = east_km * cosine - north_km * sine - self.offset_km
        return self.peak_mm_per_min * math.exp(
            -0.5 * ((ahead_km / self.along_km) ** 2 + (aside_km / self.across_km) ** 2)
        )


@dataclass(frozen=True, slots=True)
class Weather:
    """Everything that rains in one run; a pure function of place and time."""

    cells: tuple[Cell, ...] = ()
    steady_mm_per_min: float = 0.0

    def rate_mm_per_min(self, *, latitude: float, longitude: float, minute: float) -> float:
        """Return the rain rate at a place, `minute` minutes after the scenario's start."""
        north_km = (latitude - ANCHOR_LATITUDE) * KM_PER_DEGREE
        east_km = (longitude - ANCHOR_LONGITUDE) * KM_PER_DEGREE * math.cos(math.radians(ANCHOR_LATITUDE))
        falling = sum(cell.rate_mm_per_min(east_km=east_km, north_km=north_km, minute=minute) for cell in self.cells)
        rate = falling * _share_of_rain(latitude) + self.steady_mm_per_min
        return rate if rate >= RATE_MIN_MM_PER_MIN else 0.0


def make_weather(storm: StormPlan | None, *, steady_mm_per_h: float, seed: int) -> Weather:
    """Return the same weather for the same seed."""
    rng = random.Random(f"weather/{seed}")
    steady_mm_per_min = steady_mm_per_h / 60.0 * rng.uniform(0.9, 1.1)
    cells = () if storm is None else _storm_cells(storm, rng)
    return Weather(cells=cells, steady_mm_per_min=steady_mm_per_min)


def _storm_cells(plan: StormPlan, rng: random.Random) -> tuple[Cell, Cell]:
    total_mm = rng.uniform(*plan.total_mm)
    passes_anchor_min = rng.uniform(*plan.passes_anchor_min)
    speed_km_per_min = rng.uniform(*plan.speed_km_per_h) / 60.0
    towards_deg, offset_km = rng.uniform(*plan.towards_deg), rng.uniform(*plan.offset_km)
    along_km = 7.0

    def cell(share: float, after_min: float) -> Cell:
        # The rain a bell leaves behind is peak x duration x sqrt(2 pi).
        duration_min = along_km / speed_km_per_min
        return Cell(
            passes_anchor_min=passes_anchor_min + after_min,
            speed_km_per_min=speed_km_per_min,
            towards_deg=towards_deg,
            offset_km=offset_km,
            peak_mm_per_min=share * total_mm / (duration_min * math.sqrt(2.0 * math.pi)),
            along_km=along_km,
            across_km=20.0,
        )

    return cell(1.0 - plan.trailing_share, 0.0), cell(plan.trailing_share, rng.uniform(*plan.trailing_after_min))


def _share_of_rain(latitude: float) -> float:
    beyond = 1.0 / (1.0 + math.exp((FOOT_OF_MOUNTAINS_LATITUDE - latitude) / FOOT_WIDTH_DEGREES))
    return 1.0 - (1.0 - SHARE_ON_PLAIN) * beyond
