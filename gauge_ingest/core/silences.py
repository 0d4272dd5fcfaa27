"""Silences: for a scope and a time, with a reason, people are not told. What happens is recorded all the same.

What is held back is decided by what the journal holds for good: an event's own time and number, and the silence's.
Whoever asks, whenever, gets the same answer, whatever clocks did meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gauge_ingest.core.findings import Finding
from gauge_ingest.core.levels import Level
from gauge_ingest.core.model import AlertEvent, EventKind
from gauge_ingest.core.told import RISES, newest_rise

ALL = "all"  # every station and basin; the service itself is spoken of by its own name
SERVICE = "service"
# A rule that trips over a fault of this program judges nothing any more: no silence can mean that.
ALWAYS_TOLD = frozenset({"broken"})
# Findings about the service itself: their scope is SERVICE, and no silence speaks of it.
OF_THE_SERVICE: frozenset[str] = frozenset(
    {
        *(Finding.SESSION_LOST, Finding.CLIENT_ID_TAKEN, Finding.UNKNOWN_SENDERS, Finding.NETWORK_SILENT),
        *(Finding.DISK_LOW, Finding.STORE_BEHIND, Finding.BROKER_GONE, Finding.OUTBOUND_GONE),
        *(Finding.QUARANTINE_GROWING, Finding.CONFIGURATION_REFUSED),
    }
)

# What the name of a level means at an alert of a rule.
LevelOf = Callable[[AlertEvent], Level]


@dataclass(frozen=True, slots=True)
class Silence:
    """What a person asked for over (since, until]; planned ahead it is a maintenance window.

    `scope`: a station, a basin or "all"; `rule`: one rule, or "" for all of them. Levels that move people are told
    all the same unless `evacuation` says otherwise. Ended early it has `ended_at`, `ended_by` and `ended_why`.
    It speaks of events after number `after_event`, and up to `ended_after_event` when it ended early.
    """

    id: int
    at: int
    who: str
    why: str
    scope: str
    rule: str
    evacuation: bool
    since: int
    until: int
    ended_at: int | None = None
    ended_by: str = ""
    ended_why: str = ""
    after_event: int = 0
    ended_after_event: int | None = None

    def is_over(self, now: int) -> bool:
        """Whether it has ended, by its time or before it."""
        return self.ended_at is not None or now > self.until

    def is_in_force(self, now: int) -> bool:
        """Whether it holds something back now."""
        return not self.is_over(now) and now > self.since

    def covers(self, *, rule: str, scope: str) -> bool:
        """Whether it speaks of alerts of a rule at a scope, whatever their level."""
        if rule in ALWAYS_TOLD or self.rule not in ("", rule):
            return False
        return scope == self.scope or (self.scope == ALL and scope != SERVICE)

    def holds_back(self, event: AlertEvent, level: Level) -> bool:
        """Whether an event falls into it; one that has no number yet is the newest there is."""
        if not self.covers(rule=event.rule, scope=event.scope) or (level.evacuates and not self.evacuation):
            return False
        if not self.since < event.at <= self.until:
            return False
        if not event.id:
            return self.ended_at is None
        return event.id > self.after_event and (self.ended_after_event is None or event.id <= self.ended_after_event)


def silenced(
    silences: Sequence[Silence],
    event: AlertEvent,
    level: Level,
    *,
    events: Sequence[AlertEvent] = (),
    level_of: LevelOf | None = None,
) -> Silence | None:
    """The silence that holds an event back from people, or None: they are told.

    A rise, or a reminder of one, is held back by a silence that it falls into. What only follows from a rise is not:
    people who know of an alert must hear how it ends, that it is taken back, and that nobody has seen it. It is held
    back with its rise when people know of none: `events` are those of the alert, in order, and `level_of` says what
    their levels mean; without them it is told.
    """
    if event.kind in (*RISES, EventKind.REMINDED):
        return next((one for one in silences if one.holds_back(event, level)), None)
    if level_of is None:
        return None
    before = [one for one in events if not event.id or one.id < event.id]
    if event.kind is EventKind.ESCALATED:
        return held_back(silences, before, level_of)
    by = None
    for rise in before:
        if rise.sent and rise.kind in (*RISES, EventKind.REMINDED):
            by = silenced(silences, rise, level_of(rise))
            if by is None:
                return None
    return by


def held_back(silences: Sequence[Silence], events: Sequence[AlertEvent], level_of: LevelOf) -> Silence | None:
    """The silence that holds back what an alert last rose to; None when people were told, or reminded since.

    What is too old to be sent is recorded and told to nobody, with a silence or without one.
    """
    rise = newest_rise(events)
    if rise is None or not rise.sent or any(one.kind is EventKind.REMINDED and one.id > rise.id for one in events):
        return None
    return silenced(silences, rise, level_of(rise))


def told_at(silences: Sequence[Silence], events: Sequence[AlertEvent], level_of: LevelOf) -> int | None:
    """Since when people know what an alert last rose to, for those who count from there; None: they do not."""
    rise = newest_rise(events)
    if rise is None or not rise.sent or held_back(silences, events, level_of) is not None:
        return None
    if silenced(silences, rise, level_of(rise)) is None:
        return rise.at
    return next(one.at for one in events if one.kind is EventKind.REMINDED and one.id > rise.id)
