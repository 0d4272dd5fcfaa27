"""Two rule files over one history: alerts that are new, gone, earlier, later; the lead to the threshold of record."""

from collections.abc import Sequence
from dataclasses import dataclass

from gauge_ingest.core.model import MINUTE_MS, UNBOUNDED, Rule, State
from gauge_ingest.core.told import RISES
from gauge_ingest.rehearsal.known import Told

SAME_MS = 1_000  # two alerts known within a second are known at the same time


@dataclass(frozen=True, slots=True)
class Pair:
    """An alert under both rule files, or under one of them alone."""

    old: Told | None
    new: Told | None

    @property
    def earlier_min(self) -> float | None:
        """How many minutes earlier the new rules tell it; below 0 where later, None where only one tells it."""
        if self.old is None or self.new is None:
            return None
        return (self.old.alert.known_at - self.new.alert.known_at) / MINUTE_MS

    @property
    def kind(self) -> str:
        """In one word: new, gone, earlier, later or same."""
        if self.old is None or self.new is None:
            return "gone" if self.new is None else "new"
        apart = self.old.alert.known_at - self.new.alert.known_at
        return "same" if abs(apart) < SAME_MS else "earlier" if apart > 0 else "later"

    @property
    def at(self) -> int:
        """When it was first known."""
        return min(one.alert.known_at for one in (self.old, self.new) if one is not None)


def compared(old: Sequence[Told], new: Sequence[Told], rules: Sequence[Sequence[Rule]]) -> list[Pair]:
    """Alerts of both, paired where their rain overlaps at one scope under one rule, in order of when they were known.

    Rules that only one of the files knows are compared as if they were one: a rule that was renamed is no other rain.
    """
    known = [{rule.id for rule in one} for one in rules]
    common = known[0] & known[1]

    def place(one: Told) -> tuple[str, str]:
        return one.alert.scope, one.alert.rule if one.alert.rule in common else ""

    free = [one for one in new if not one.merged]
    pairs: list[Pair] = []
    for one in old:
        if one.merged:
            continue
        match = next((other for other in free if place(other) == place(one) and _overlap(one, other)), None)
        if match is not None:
            free.remove(match)
        pairs.append(Pair(one, match))
    pairs += [Pair(None, one) for one in free]
    return sorted(pairs, key=lambda pair: (pair.at, place(pair.old or pair.new or old[0])))


def records(told: Sequence[Told], rules: Sequence[Rule]) -> list[tuple[str, int]]:
    """Where and when the observed rain reached the highest level of a rule: the threshold of record."""
    highest = {rule.id: rule.levels[-1] for rule in rules}
    reached = []
    for one in told:
        if one.alert.state is State.WITHDRAWN:
            continue
        tops = [event for event in one.events if event.kind in RISES and event.level == highest[event.rule]]
        if tops:
            reached.append((one.alert.scope, min(event.rained_at for event in tops)))
    return reached


def lead_to_record_min(one: Told, reached: Sequence[tuple[str, int]]) -> float | None:
    """Minutes from an alert to the instant within its rain at which the threshold of record was reached."""
    alert = one.alert
    inside = [at for scope, at in reached if scope == alert.scope and alert.rained_since <= at <= _until(one)]
    return (min(inside) - alert.known_at) / MINUTE_MS if inside else None


def _until(one: Told) -> int:
    return UNBOUNDED if one.alert.state is State.RAISED else one.alert.rained_until


def _overlap(one: Told, other: Told) -> bool:
    return one.alert.rained_since <= _until(other) and other.alert.rained_since <= _until(one)
