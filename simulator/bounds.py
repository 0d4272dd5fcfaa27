"""Bounds of settings, as types: what a scenario may say. Settings classes stand beside the parts that use them."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Interval, MinLen

LARGE = 1e9  # beyond it no setting means anything, and sums of it overflow
DEPTH_MM_MAX = 2000.0  # of one storm: the most that has fallen on earth in a day is 1825 mm (WMO, Foc-Foc 1966)
ERROR_S_MAX = 3.2e9  # of a clock: a hundred years

Share = Annotated[float, Interval(ge=0.0, le=1.0)]
NotNegative = Annotated[float, Interval(ge=0.0, le=LARGE)]
Positive = Annotated[float, Interval(gt=0.0, le=LARGE)]
Whole = Annotated[int, Ge(0)]
Some = Annotated[int, Ge(1)]
Sigma = Annotated[float, Interval(ge=0.0, le=3.0)]  # of a lognormal: three of them are a factor of 8000
Depth = Annotated[float, Interval(ge=0.0, le=DEPTH_MM_MAX)]
ClockError = Annotated[float, Interval(ge=-ERROR_S_MAX, le=ERROR_S_MAX)]
Dbm = Annotated[float, Interval(ge=-150.0, le=0.0)]
Decibels = Annotated[float, Interval(ge=0.0, le=50.0)]
Births = Annotated[float, Interval(gt=0.0, le=500.0)]  # of cells, per 100 km2 and hour; each takes its time
Seconds = Annotated[float, Interval(gt=0.0, le=60.0)]  # of what a switch does
Pulses = Annotated[int, Interval(ge=0, le=1000)]
Celsius = Annotated[float, Interval(ge=-60.0, le=60.0)]
Text = Annotated[str, MinLen(1)]

STRICT: dict[str, Any] = {"extra": "forbid", "allow_inf_nan": False}
