"""Pairs of bounds that a seeded value is drawn from: [low, high] in a scenario file."""

from __future__ import annotations

import math

Range = tuple[float, float]


def check_ranges(settings: object, *names: str, least: float = -math.inf) -> None:
    """Raise a ValueError that names the first field whose bounds are upside down, endless or below `least`."""
    for name in names:
        low, high = getattr(settings, name)
        if not -math.inf < low <= high < math.inf:
            raise ValueError(f"{name} = [{low:g}, {high:g}]: write [low, high], low not above high")
        if low < least:
            raise ValueError(f"{name} = [{low:g}, {high:g}]: must not go below {least:g}")
