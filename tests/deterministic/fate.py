"""Fate of a process: the effect at which it is killed. And the story of a world, line by line, with its digest."""

import hashlib
import math
from collections import Counter
from typing import NoReturn

from simulator.clock import rfc3339_ms
from simulator.dice import Dice
from tests.deterministic.clock import VirtualClock

# Between which two effects a process can die. A name is told before an effect and after it.
INGEST = (
    "before begin",
    "before commit",
    "after commit",
    "before take",
    "after take",
    "before acknowledge",
    "after acknowledge",
    "before answer",
    "after answer",
    "before status",
    "after status",
    "before drop",
)
OUTBOUND = (
    "before write",
    "half written",
    "after write",
    "before move",
    "after move",
    "before send",
    "after send",
    "before note",
    "after note",
    "before set aside",
    "after set aside",
)
EFFECTS_MAX = 3_000
OF_ONE_MAX = 40
TEMPTED = 0.25


class Killed(BaseException):
    """kill -9: nothing of the service may catch it."""


class Violation(Exception):
    """A promise is broken; the first word is the invariant that spoke."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant


class Story:
    """What happened in a world, in order, and how often what. The same seed tells the same story."""

    def __init__(self, clock: VirtualClock, *, aloud: bool) -> None:
        self._clock = clock
        self._aloud = aloud
        self._sum = hashlib.sha256()
        self.met: Counter[str] = Counter()
        self.steps = 0

    def tell(self, what: str, *, counts: str = "") -> None:
        """Add a line; `counts` is the fault that it stands for."""
        line = f"{rfc3339_ms(self._clock.at)} {what}"
        self._sum.update(line.encode() + b"\n")
        if counts:
            self.met[counts] += 1
        if self._aloud:
            print(line)  # noqa: T201 - the story is what was asked for

    def count(self, fault: str) -> None:
        """Count what is too frequent for a line."""
        self.met[fault] += 1

    @property
    def digest(self) -> str:
        """The same for the same story."""
        return self._sum.hexdigest()


class Fate:
    """One life of a process. It ends at the n-th effect, or at the n-th of one kind; when it is spared, at none."""

    def __init__(self, story: Story, dice: Dice, effects: tuple[str, ...], *, spared: bool) -> None:
        self.process = "ingest" if effects is INGEST else "outbound"
        self._story = story
        self._dice = dice
        self._effect = "" if dice.chance(0.5) else dice.pick(effects)
        most = OF_ONE_MAX if self._effect else EFFECTS_MAX
        self._left = 0 if spared else max(1, int(most ** dice.fraction() + 0.5))
        self.where = ""

    def spare(self) -> None:
        """From now on it lives."""
        self._left = 0

    def tempt(self, effects: int) -> None:
        """Something rare is being done: the end may come within so many effects."""
        if self._left and self._dice.chance(TEMPTED):
            self._effect, self._left = "", self._dice.whole(1, effects)

    def at(self, effect: str) -> None:
        """Pass a place between two effects; raises Killed when it is the last."""
        if not self._left or (self._effect and effect != self._effect):
            return
        self._left -= 1
        if not self._left:
            self.kill(effect)

    def kill(self, effect: str) -> NoReturn:
        """The end, here."""
        inside = f" while {self.where}" if self.where else ""
        self._story.tell(f"kill {self.process} {effect}{inside}", counts=f"kill {self.process} {effect}")
        if inside:
            self._story.count(f"kill {self.process}{inside}")
        raise Killed


def poisson(dice: Dice, mean: float) -> int:
    """How many times, at most ten times the mean."""
    return min(dice.poisson(mean), math.ceil(mean * 10))
