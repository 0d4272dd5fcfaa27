"""Pairs of bounds that a seeded value is drawn from: [low, high] in a scenario file."""

from __future__ import annotations

import math

from simulator.bounds import LARGE

Range = tuple[float, float]


def check_ranges(settings: object, *names: str, least: float = -LARGE, most: float = LARGE) -> None:
    """Raise a ValueError that names the first field whose bounds are upside down, endless or beyond the limits."""
    for name in names:
        low, high = getattr(settings, name)
        if not -math.inf < low <= high < math.inf:
            raise ValueError(f"{name} = [{low:g}, {high:g}]: write [low, high], low not above high")
        if low < least:
            raise ValueError(f"{name} = [{low:g}, {high:g}]: must not go below {least:g}")
        if high > most:
            raise ValueError(f"{name} = [{low:g}, {high:g}]: must not go above {most:g}")
