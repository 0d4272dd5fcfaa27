"""Rain in whole tips, in proportion: a number of tips among readings, and a depth among buckets of other depths."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil, floor


def shares(tips: int, weights: Sequence[int]) -> list[int]:
    """Tips divided by weights: each stretch of neighbours is within one tip of its share, and the sum is exact.

    After each weight as many tips are given as come nearest to the share so far. What is left over thus falls where it
    falls due; at the front it would be a burst of rain, and stand as an alert.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    given = [(2 * tips * weight + whole) // (2 * whole) for weight in accumulate(weights)]
    return [after - before for before, after in pairwise([0, *given])]


def among_buckets(rain_mm: float, weights: Mapping[float, Fraction]) -> dict[float, int]:
    """A depth divided by weights among buckets, each named by its depth: the whole tips of each.

    A bucket without weight gets nothing, the coarsest is within one tip of its share, and the finest makes up for what
    the others cannot hold. Within these bounds the sum comes as near to the depth as it can: half a tip of the finest
    at worst.
    """
    tips = dict.fromkeys(weights, 0)
    weighty = sorted((depth_mm for depth_mm, weight in weights.items() if weight), reverse=True)
    if not weighty:
        return tips
    said_mm, whole, finest_mm = exact(rain_mm), sum(weights.values()), exact(weighty[-1])
    given_mm = due_mm = Fraction(0)
    for bucket in weighty[:-1]:
        due_mm += said_mm * weights[bucket] / whole
        tips[bucket] = _nearest_to_exact(said_mm - given_mm, due_mm - given_mm, exact(bucket), finest_mm)
        given_mm += tips[bucket] * exact(bucket)
    tips[weighty[-1]] = _nearest(said_mm - given_mm, finest_mm)
    return tips


def exact(depth_mm: float) -> Fraction:
    """A depth as it is written: 0.2 is a fifth."""
    return Fraction(str(depth_mm))


def _nearest_to_exact(left_mm: Fraction, due_mm: Fraction, depth_mm: Fraction, finest_mm: Fraction) -> int:
    """Of the numbers within one tip of what is due, that which leaves whole tips of the finest bucket, or nearly so."""
    due = max(Fraction(0), due_mm / depth_mm)

    def badness(tips: int) -> tuple[Fraction, Fraction]:
        rest_mm = left_mm - tips * depth_mm
        return abs(rest_mm - _nearest(rest_mm, finest_mm) * finest_mm), abs(tips - due)

    return min(range(max(0, ceil(due) - 1), floor(due) + 2), key=badness)


def _nearest(rain_mm: Fraction, depth_mm: Fraction) -> int:
    return max(0, round(rain_mm / depth_mm))
