"""Small worlds of one gauge that know their own truth: what fell, what the counter showed, what can be told from it.

The rain of each span is drawn first; faults of the counter are applied to it. What the reports can tell is worked out
here from the faults, not from the code under test.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from gauge_ingest.core.model import Deployment, Kind, Report, Station
from tests.worlds import MINUTE, T0

STEPS = 40
AT_FAULT = (7, 18, 29)  # far enough apart for three further reports to speak for what came of each
NEW_YEAR = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp() * 1000)
FAULTS = (
    *("keeps", "loses", "loses and numbers anew", "numbers anew", "begins anew in silence", "new year"),
    *("wrong once", "wrong twice", "wrong rise", "lost", "other gauge", "other gauge, dated", "wraps"),
)
WRAP_TIPS_MAX = 202  # 100 mm in half millimetres, and two tips of slack


class Shown(NamedTuple):
    """A right reading: which life of the counter, what was counted in it, and whether it began with a word."""

    report: Report
    life: int
    counted: int
    deployment: int


class Span(NamedTuple):
    """Two neighbouring right readings, what the counter witnessed between them, and what can be told of it."""

    before: Report
    after: Report
    tips: int
    told: str  # exact, bounded, dated, or unseen: a change that looks like rain


@dataclass
class World:
    """A gauge, what its station sent, and which of it is right."""

    seed: int
    dice: random.Random
    modulus: int
    begins_at: int = T0
    faults: dict[int, str] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    right: list[Shown] = field(default_factory=list)
    exchanged_at: list[int] = field(default_factory=list)
    count: int = 0
    life: int = 0
    counted: int = 0
    seq: int = 500
    boot: int | None = None
    lost: set[int] = field(default_factory=set)

    @property
    def station(self) -> Station:
        """The station with a deployment for each dated exchange."""
        dates = [0, *self.exchanged_at]
        return Station("HTB01", "石门", tuple(Deployment(at, 0.5, self.modulus, 43.75, 86.57, 1250.0) for at in dates))

    def tip(self, tips: int) -> None:
        """Let the bucket tip."""
        self.counted += tips
        self.count = (self.count + tips) % self.modulus if self.modulus else self.count + tips

    def begin(self, count: int) -> None:
        """Let the counter begin anew."""
        self.life, self.count, self.counted = self.life + 1, count, 0

    def report(self, at: int, count: int, kind: Kind = Kind.TIMED) -> Report:
        """A reading as the station sends it."""
        return Report("HTB01", at, count, kind, at, at, self.seq, self.boot)

    def spans(self) -> list[Span]:
        """The neighbours among the right readings."""
        found: list[Span] = []
        unseen: set[int] = set()
        for place, (before, after) in enumerate(pairwise(self.right)):
            same = before.life == after.life
            tips = after.counted - before.counted if same else after.counted
            dated = before.deployment != after.deployment
            told = "dated" if dated else self._told(before.report, after.report, same=same)
            if told in ("exact", "bounded") and not same and not self._restart_is_told(before.report, after.report):
                unseen.update(self._not_seen(place))
            found.append(Span(before.report, after.report, tips, told))
        return [span._replace(told="unseen") if place in unseen else span for place, span in enumerate(found)]

    def _not_seen(self, place: int) -> Iterator[int]:
        """Spans round a silent change that look like another story."""
        before = self.right[place].report
        for later in (2, 3):  # all may have been rain, or a wrap, before three reports speak for the change
            report = self.right[place + later].report
            if self.may_be_rain(before, report):
                yield from range(place, place + later)
        if place and before.counter < self.right[place - 1].report.counter:
            yield from (place - 1, place)  # a fall that only one report speaks for, and then another fall

    def may_be_rain(self, before: Report, after: Report) -> bool:
        """Whether nothing in two counts is against rain, or a wrap."""
        most, rise = tips_max(before.observed_at, after.observed_at), after.counter - before.counter
        return 0 <= rise <= most or (bool(self.modulus) and 0 <= rise + self.modulus <= min(most, WRAP_TIPS_MAX))

    def _restart_is_told(self, before: Report, after: Report) -> bool:
        numbered_anew = before.seq is not None and after.seq in (0, 1) and after.seq < before.seq
        return (before.boot or 0) < (after.boot or 0) or numbered_anew

    def _told(self, before: Report, after: Report, *, same: bool) -> str:
        most = tips_max(before.observed_at, after.observed_at)
        rise = after.counter - before.counter
        wraps = bool(self.modulus) and 0 <= rise + self.modulus <= most and rise < 0
        if self._restart_is_told(before, after):
            if after.counter > most:  # it cannot have begun at 0: kept, or another gauge
                return "exact" if same else "bounded"
            return "exact" if (rise < 0 and not wraps) or before.counter == 0 else "bounded"
        if same:
            return "exact"
        if self.may_be_rain(before, after):
            return "unseen"
        day = 24 * 60 * MINUTE
        new_year = before.observed_at - day <= NEW_YEAR <= after.observed_at + day
        return "exact" if new_year and rise < 0 and after.counter <= most else "bounded"


def tips_max(since: int, until: int) -> int:
    """The most half millimetres that can fall: 8 mm/min, the world's record depth, and two tips of slack."""
    minutes = (until - since) / MINUTE
    record_mm: float = 491 * (minutes / 60) ** 0.452
    return ceil(min(8 * minutes, record_mm) / 0.5) + 2


def in_order(report: Report) -> tuple[int, int, bool]:
    """How a journal orders reports."""
    return report.observed_at, report.counter, report.kind is Kind.TEST


def a_world(seed: int) -> World:
    """A world with up to three faults."""
    dice = random.Random(seed)
    world = World(seed, dice, modulus=dice.choice((65_536, 65_536, 10_000, 0)))
    top = world.modulus or 65_536
    world.count = dice.choice((0, 3, 30, 120, 600, 5_000, dice.randrange(700, top - 1_000)))
    world.boot = dice.choice((None, 3, 3))
    world.faults = {at: dice.choice(FAULTS) for at in AT_FAULT[: dice.choice((1, 2, 3))]}
    if dice.random() < 0.15:
        world.faults[AT_FAULT[0]] = "wraps"
    if "new year" in world.faults.values():
        world.faults = {at: "new year" if at == AT_FAULT[0] else "lost" for at in world.faults}
        world.begins_at = NEW_YEAR - AT_FAULT[0] * 5 * MINUTE
    for at, fault in world.faults.items():
        world.lost |= set(range(at, at + dice.randint(1, 8))) if fault == "lost" else set()
    for fault_at in AT_FAULT:  # reports are lost round a fault, too
        if dice.random() < 0.4:
            first = fault_at + dice.choice((-2, -1, 0, 1))
            world.lost |= set(range(first, first + dice.choice((1, 3, 5))))
    if world.faults[AT_FAULT[0]] == "wraps":
        world.count = top - dice.randrange(1, 40)
    for step in range(STEPS):
        _step(world, step)
    world.reports.sort(key=in_order)
    return world


def _step(world: World, step: int) -> None:
    dice, at = world.dice, world.begins_at + step * 5 * MINUTE
    fell = dice.choice((0, 0, 0, 0, 1, 2, 5, 12)) if step else 0
    early = dice.randint(0, fell)
    world.tip(early)
    fault = world.faults.get(step, "")
    _apply(world, fault, at)
    world.tip(fell - early)
    world.seq += 1
    if step in world.lost and not fault.startswith("wrong"):
        return
    wrong_before = AT_FAULT[0] <= step - 1 and world.faults.get(step - 1) == "wrong twice"
    if fault.startswith("wrong") or wrong_before:
        shown = _believable(world) if fault == "wrong rise" else None
        world.reports.append(world.report(at, shown or _unbelievable(world, at)))
        return
    report = world.report(at, world.count)
    world.reports.append(report)
    world.right.append(Shown(report, world.life, world.counted, len(world.exchanged_at)))
    _beside(world, report, late_tips=fell - early, plain=not any(step <= one < step + 5 for one in world.faults))


def _apply(world: World, fault: str, at: int) -> None:
    if fault in ("keeps", "loses", "loses and numbers anew") and world.boot is not None:
        world.boot += 1
    if fault in ("loses and numbers anew", "numbers anew"):
        world.seq = world.dice.choice((-1, 0))  # the message that follows is number 0 or 1
    if fault in ("loses", "loses and numbers anew", "numbers anew", "begins anew in silence", "new year"):
        world.begin(0)
    if fault.startswith("other gauge"):
        world.begin(world.dice.choice((0, 17, 300, world.dice.randrange(world.modulus or 65_536))))
    if fault == "other gauge, dated":
        world.exchanged_at.append(at - 2 * MINUTE)


def _unbelievable(world: World, at: int) -> int:
    """A count that is neither rain nor a wrap after the last right one."""
    last, top = world.right[-1].report, world.modulus or 65_536
    while True:
        count = world.dice.choice((0, 49, 60_000, world.dice.randrange(top))) % top
        if not world.may_be_rain(last, world.report(at, count)):
            return count


def _believable(world: World) -> int | None:
    """A count that may be rain, above all that can be shown in the half hour after it; None where it could not be told
    from one before a restart."""
    last = world.right[-1].report.counter
    count = last + world.dice.randint(76, 82)
    return count if last > WRAP_TIPS_MAX and count < (world.modulus or 65_536) else None


def _beside(world: World, report: Report, *, late_tips: int, plain: bool) -> None:
    """What else may stand at or near a right reading: a test, a lesser count of the same second, a wrong one."""
    dice = world.dice
    if dice.random() < 0.05:
        shown = dice.choice((0, report.counter, 60_000 % (world.modulus or 65_536)))
        world.reports.append(world.report(report.observed_at - dice.choice((0, 1_000)), shown, Kind.TEST))
    # Before a change that nobody told, a lesser count could be the one that fits.
    if plain and late_tips and report.counter >= late_tips and dice.random() < 0.2:
        world.reports.append(world.report(report.observed_at, report.counter - late_tips, Kind.EVENT))
