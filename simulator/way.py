"""One direction of a connection over the radio link: slow, and nothing arrives behind what was lost."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from simulator.dice import Dice
from simulator.radio import LinkSettings
from simulator.values import NEVER, SECOND_MS

Thing = TypeVar("Thing")


class Way(Generic[Thing]):
    """One direction of a connection: slow, first in, first out, and nothing comes behind what was lost."""

    def __init__(self, settings: LinkSettings, dice: Dice) -> None:
        self.passes = False  # whether what is sent arrives
        self.due = NEVER  # the next arrival
        self._settings = settings
        self._dice = dice
        self._arrivals: deque[tuple[int, Thing]] = deque()

    def begin(self, *, passes: bool) -> None:
        """Be new."""
        self.silence()
        self.passes = passes

    def silence(self) -> None:
        """Lose what is under way, and all that will be sent."""
        self.passes, self.due = False, NEVER
        self._arrivals.clear()

    def carry(self, thing: Thing, at: int, *, ways: int = 1) -> None:
        """Let it arrive after as many latencies, but not before what was sent earlier; or lose it."""
        settings, dice = self._settings, self._dice
        if settings.loss_share and dice.chance(settings.loss_share):
            self.passes = False
        if not self.passes:
            return
        for _ in range(ways):
            at += milliseconds(dice.lognormal(median=settings.latency_median_s, sigma=settings.latency_sigma))
        self._arrivals.append((at, thing))
        self.due = self._arrivals[0][0]

    def arrival(self) -> Thing:
        """Return what arrives now."""
        _, thing = self._arrivals.popleft()
        self.due = self._arrivals[0][0] if self._arrivals else NEVER
        return thing


def milliseconds(duration_s: float) -> int:
    """Return a length of time as whole milliseconds."""
    return round(duration_s * SECOND_MS)
