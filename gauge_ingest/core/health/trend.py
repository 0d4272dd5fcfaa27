"""Slopes that a few bad days cannot bend, and whether a series falls at all.

The slope is that of Theil and Sen: the median of the slopes between all pairs of points (Sen 1968, Estimates of the
regression coefficient based on Kendall's tau, Journal of the American Statistical Association 63). Up to 29 % of the
points may be wrong. Whether a series falls is the test of Mann and Kendall, that belongs to it.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import sqrt

Point = tuple[float, float]

# One-sided, 5 %: of twenty series that do not fall one is taken for falling.
_FALLING_BELOW = -1.645


def median(values: Iterable[float]) -> float:
    """Return the middle value, of an even number the mean of the two; there is at least one.

    `statistics` has it too, and would load for longer than a command takes to answer.
    """
    ordered = sorted(values)
    number = len(ordered)
    return (ordered[(number - 1) // 2] + ordered[number // 2]) / 2


def slope(runs: Iterable[Sequence[Point]]) -> float | None:
    """Return the median slope between the points (x, y) of the same run; None without two points that differ in x."""
    slopes = [
        (later_y - y) / (later_x - x)
        for run in runs
        for (x, y), (later_x, later_y) in combinations(run, 2)
        if later_x != x
    ]
    return median(slopes) if slopes else None


def level_at(x: float, points: Sequence[Point], rise: float) -> float:
    """Return where the line of this slope through the middle of the points stands at x; there is at least one point."""
    return median(point_y + rise * (x - point_x) for point_x, point_y in points)


def is_falling(values: Sequence[float]) -> bool:
    """Whether values in order of time fall, and not by chance (Mann and Kendall, normal approximation, 5 %)."""
    number = len(values)
    if number < 2:
        return False
    score = sum((later > value) - (later < value) for value, later in combinations(values, 2))
    spread = sqrt(number * (number - 1) * (2 * number + 5) / 18)
    return score < 0 and (score + 1) / spread < _FALLING_BELOW
