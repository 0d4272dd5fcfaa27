"""The pulse counter: what it shows, what it has really counted, and what it shows when it is out of order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class Counter:
    """Counts pulses. `counted` is the truth: pulses of this run that went into the count, also those lost since."""

    __slots__ = ("_corrupt", "_count", "_left_out", "_modulus", "_told", "counted", "leaves_out")

    def __init__(self, *, first: int, modulus: int) -> None:
        self._count = first
        self._modulus = modulus
        self._left_out = 0
        self._told = 0  # of `counted`, how many are in a reading
        self._corrupt: deque[int] = deque()
        self.counted = 0
        self.leaves_out = False  # a test: what comes now is shown, and forgotten after it

    def tip(self) -> None:
        """Count a pulse."""
        if self.leaves_out:
            self._left_out += 1
        else:
            self._count += 1
            self.counted += 1

    def read(self) -> int:
        """Return what the counter shows."""
        if self._corrupt:
            return self._corrupt.popleft()
        self._told = self.counted
        count = self._count + self._left_out
        return count % self._modulus if self._modulus else count

    def restart(self) -> int:
        """Begin again at 0; return how many pulses were in no reading yet."""
        lost, self._told = self.counted - self._told, self.counted
        self._count = 0
        return lost

    def end_test(self) -> int:
        """Forget the pulses of a test; return how many they were."""
        left_out, self._left_out = self._left_out, 0
        self.leaves_out = False
        return left_out

    def corrupt(self, counts: Iterable[int]) -> None:
        """Show these at the next readings, one each."""
        self._corrupt = deque(counts)
