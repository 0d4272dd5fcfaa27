"""Design storms: a depth that falls in a given time, in a shape from the books."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from simulator.bounds import STRICT, Depth, NotNegative, Positive, Share, Text
from simulator.portable import power
from simulator.weather.ground import Spot

# Median curves for storms that have most of their rain in the first to fourth quarter: share of the depth after each
# twentieth of the duration. Huff 1967, "Time distribution of rainfall in heavy storms", Water Resources Research 3(4),
# as tabulated in the MIDUSS and Engenious manuals ("Dimensionless Huff storm coefficients").
# fmt: off
HUFF_MEDIANS = {
    1: (0.0, 0.063, 0.178, 0.333, 0.500, 0.620, 0.705, 0.760, 0.798, 0.830, 0.855,
        0.880, 0.898, 0.915, 0.930, 0.944, 0.958, 0.971, 0.983, 0.994, 1.0),
    2: (0.0, 0.015, 0.031, 0.070, 0.125, 0.208, 0.305, 0.420, 0.525, 0.630, 0.725,
        0.805, 0.860, 0.900, 0.930, 0.948, 0.962, 0.974, 0.985, 0.993, 1.0),
    3: (0.0, 0.020, 0.040, 0.072, 0.100, 0.122, 0.140, 0.155, 0.180, 0.215, 0.280,
        0.395, 0.535, 0.690, 0.790, 0.875, 0.935, 0.965, 0.985, 0.995, 1.0),
    4: (0.0, 0.020, 0.040, 0.055, 0.070, 0.085, 0.100, 0.115, 0.135, 0.155, 0.185,
        0.215, 0.245, 0.290, 0.350, 0.435, 0.545, 0.740, 0.940, 0.975, 1.0),
}
# fmt: on
_TWENTIETHS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A storm of `depth_mm` in `duration_min` from `since_min` of the run, the same at every station it falls on.

    - "uniform": one rate throughout.
    - "chicago": the wettest part of any length t within it has the depth a t / (t + b)^c of an intensity formula
      (Keifer and Chu 1957, "Synthetic storm pattern for drainage design", J. Hydraul. Div. ASCE 83). `peak_share` is
      r, the part of the duration before the peak: 0.375 in Chicago, 0.3 to 0.4 in northern China. `chicago_b_min` and
      `chicago_c` are an estimate within what Chinese city formulas have; a follows from the depth.
    - "huff": the median curve of storms whose `quartile`-th quarter is the wettest (Huff 1967).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal["design"] = "design"
    stations: tuple[Text, ...] = ()  # none named: all
    shape: Literal["uniform", "chicago", "huff"] = "chicago"
    depth_mm: Depth = 20.0
    duration_min: Positive = 60.0
    since_min: NotNegative = 30.0
    peak_share: Share = 0.375
    chicago_b_min: Positive = 10.0
    chicago_c: Share = 0.75
    quartile: Literal[1, 2, 3, 4] = 1


class DesignRain:
    """One such storm. It is the same everywhere: mountains and plain make no difference."""

    convective = False

    def __init__(self, plan: Design) -> None:
        self._plan = plan
        self._whole = self._formula(plan.duration_min)

    def add(self, spot: Spot, mm: list[float]) -> None:
        """Add the storm's rain, minute by minute of the run."""
        del spot
        plan = self._plan
        first = min(len(mm), math.floor(plan.since_min))
        last = min(len(mm), math.ceil(plan.since_min + plan.duration_min))
        before_mm = 0.0
        for minute in range(first, last):
            after_mm = plan.depth_mm * self._fallen(minute + 1 - plan.since_min)
            mm[minute] += max(0.0, after_mm - before_mm)
            before_mm = after_mm

    def _fallen(self, at_min: float) -> float:
        """Return the share of the depth that has fallen so many minutes after the beginning."""
        if at_min >= self._plan.duration_min:
            return 1.0
        if self._plan.shape == "chicago":
            return self._chicago(at_min)
        part = at_min / self._plan.duration_min
        if self._plan.shape == "uniform":
            return part
        curve, step = HUFF_MEDIANS[self._plan.quartile], math.floor(part * _TWENTIETHS)
        return curve[step] + (curve[step + 1] - curve[step]) * (part * _TWENTIETHS - step)

    def _chicago(self, at_min: float) -> float:
        """Return the integral of Keifer and Chu's curves: the rain around the peak comes last from either side."""
        before = self._plan.peak_share
        peak_min = before * self._plan.duration_min
        if at_min <= peak_min:
            return before * (1.0 - self._formula((peak_min - at_min) / before) / self._whole) if before else 0.0
        return before + (1.0 - before) * self._formula((at_min - peak_min) / (1.0 - before)) / self._whole

    def _formula(self, minutes: float) -> float:
        return minutes / power(minutes + self._plan.chicago_b_min, self._plan.chicago_c)
