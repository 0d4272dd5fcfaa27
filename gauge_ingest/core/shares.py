"""Rain in whole tips, in proportion: a number of tips among readings."""

from collections.abc import Sequence
from itertools import accumulate, pairwise


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
