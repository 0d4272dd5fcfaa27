"""A storm by design: one big cell that moves over the stations from the mountains to the plain, and one behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from simulator.bounds import DEPTH_MM_MAX, STRICT, NotNegative, Positive, Share, Text
from simulator.dice import Dice
from simulator.weather.cells import LEFT_BY_A_PASS, Cell, Drift
from simulator.weather.ground import Spot
from simulator.weather.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A flash flood's storm. Each pair is [low, high]; the seed chooses a value in between.

    - `total_mm` is what both cells leave on the middle of their track, south of the mountains' foot.
    - `passes_anchor_min`: when the first cell's middle passes the anchor, in minutes of the run.
    - `towards_deg`: 0 is north, 90 east. `offset_km`: of the track, to the right of the anchor.
    - `along_km`, `across_km`: half of the cell's length and width.
    - A cell has its full strength from `full_before_min` before it passes the anchor to `full_after_min` after it; it
      grows `grows_min` before that and fades `fades_min` after it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal["storm"] = "storm"
    stations: tuple[Text, ...] = ()  # none named: all
    passes_anchor_min: Range = (60.0, 70.0)
    total_mm: Range = (15.1, 16.4)
    speed_km_per_h: Range = (37.0, 43.0)
    towards_deg: Range = (25.0, 33.0)
    offset_km: Range = (-2.0, 2.0)
    along_km: Positive = 18.5
    across_km: Positive = 53.0
    full_before_min: NotNegative = 30.0
    full_after_min: NotNegative = 90.0
    grows_min: Positive = 45.0
    fades_min: Positive = 60.0
    trailing_share: Share = 0.12  # of the total, in the second cell
    trailing_after_min: Range = (17.0, 23.0)

    def __post_init__(self) -> None:
        check_ranges(self, "passes_anchor_min", "towards_deg", "offset_km")
        check_ranges(self, "total_mm", least=0.0, most=DEPTH_MM_MAX)
        check_ranges(self, "trailing_after_min", least=0.0)
        check_ranges(self, "speed_km_per_h", least=1.0)


class StormRain:
    """What one such storm leaves."""

    convective = True

    def __init__(self, plan: Storm, dice: Dice) -> None:
        passes_min = dice.between(*plan.passes_anchor_min)
        total_mm = dice.between(*plan.total_mm)
        speed_km_per_min = dice.between(*plan.speed_km_per_h) / 60.0
        self._drift = Drift(towards_deg=dice.between(*plan.towards_deg), speed_km_per_min=speed_km_per_min)
        offset_km, after_min = dice.between(*plan.offset_km), dice.between(*plan.trailing_after_min)
        peak = total_mm * speed_km_per_min / (plan.along_km * LEFT_BY_A_PASS)

        def cell(share: float, at_min: float) -> Cell:
            full_from_min, full_until_min = at_min - plan.full_before_min, at_min + plan.full_after_min
            born_min = full_from_min - plan.grows_min
            return Cell(
                born_min=born_min,
                full_from_min=full_from_min,
                full_until_min=full_until_min,
                dies_min=full_until_min + plan.fades_min,
                ahead_km=speed_km_per_min * (born_min - at_min),
                aside_km=offset_km,
                along_km=plan.along_km,
                across_km=plan.across_km,
                peak_mm_per_min=peak * share,
            )

        first, second = 1.0 - plan.trailing_share, plan.trailing_share
        self._cells = (cell(first, passes_min), cell(second, passes_min + after_min))

    def add(self, spot: Spot, mm: list[float]) -> None:
        """Add the storm's rain at a spot, minute by minute of the run."""
        self._drift.rain(self._cells, spot, mm)
