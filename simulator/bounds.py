"""Bounds of settings, as types: what a scenario may say. Settings classes stand beside the parts that use them."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Gt, Interval, MinLen

Share = Annotated[float, Interval(ge=0.0, le=1.0)]
NotNegative = Annotated[float, Ge(0.0)]
Positive = Annotated[float, Gt(0.0)]
Whole = Annotated[int, Ge(0)]
Some = Annotated[int, Ge(1)]
Celsius = Annotated[float, Interval(ge=-60.0, le=60.0)]
Text = Annotated[str, MinLen(1)]

STRICT: dict[str, Any] = {"extra": "forbid", "allow_inf_nan": False}
