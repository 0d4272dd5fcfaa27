"""Seeded draws that are the same on every machine and every Python: what chance decides in a world.

Each part of a world throws its own dice, named after the seed and the part, so that a draw more in one part changes
nothing in another. Only random() and getrandbits() of Python's generator are used, which are fixed by the Mersenne
Twister; everything else is made of them here.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TypeVar

from simulator.portable import exp, log

Side = TypeVar("Side")


class Dice:
    """Draws under a name, such as Dice(17, "HTB01", "gauge")."""

    def __init__(self, *name: object) -> None:
        self._random = random.Random("/".join(map(str, name)))
        self.fraction = self._random.random  # from 0 up to, but not 1
        self._spare: float | None = None

    def between(self, low: float, high: float) -> float:
        """Return a number that is anywhere in between with the same chance."""
        return low + (high - low) * self.fraction()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self.fraction() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """Return True in this share of the draws."""
        return self.fraction() < share

    def pick(self, sides: Sequence[Side]) -> Side:
        """Return one of them."""
        return sides[self.whole(0, len(sides) - 1)]

    def exponential(self, mean: float) -> float:
        """Return a waiting time of a Poisson process."""
        return -mean * log(1.0 - self.fraction())

    def normal(self) -> float:
        """Return a standard normal number (Marsaglia and Bray's polar method, SIAM Review 6, 1964: two at a time)."""
        spare, self._spare = self._spare, None
        if spare is not None:
            return spare
        while True:
            x, y = 2.0 * self.fraction() - 1.0, 2.0 * self.fraction() - 1.0
            square = x * x + y * y
            if 0.0 < square < 1.0:
                stretch = math.sqrt(-2.0 * log(square) / square)
                self._spare = y * stretch
                return x * stretch

    def lognormal(self, *, median: float, sigma: float) -> float:
        """Return a positive number with a long tail; sigma 0 gives the median."""
        return median * exp(sigma * self.normal()) if sigma else median

    def poisson(self, mean: float) -> int:
        """Return how many events of a Poisson process fall into a stretch that holds `mean` on average."""
        number, gone = 0, self.exponential(1.0) if mean > 0 else math.inf
        while gone < mean:
            number += 1
            gone += self.exponential(1.0)
        return number
