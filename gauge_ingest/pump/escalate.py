"""Escalation in the ingest process: takes the steps of chains that are due, as events of the journal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gauge_ingest.core.escalation import ahead, began_at, due, escalated
from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.core.people import Roster
from gauge_ingest.journal import Journal

Silenced = Callable[[Alert, Sequence[AlertEvent]], bool]


def never(alert: Alert, events: Sequence[AlertEvent]) -> bool:  # noqa: ARG001  the shape of a question
    """No alert is silenced."""
    return False


@dataclass(slots=True)
class _Waiting:
    """What is remembered of an alert until something new is told of it. `due_at` is None when nothing is ahead."""

    newest: int  # id of its newest event
    events: Sequence[AlertEvent]
    since: int
    due_at: int | None


class Escalations:
    """Asked at every tick, inside its transaction. What it remembers saves reading; the journal alone decides."""

    def __init__(self, journal: Journal, roster: Roster, *, configuration: int) -> None:
        self._journal = journal
        self._roster = roster
        self._configuration = configuration
        self._newest = -1
        self._waiting: dict[int, _Waiting] = {}

    def tick(self, alerts: Sequence[Alert], *, now: int, silenced: Silenced = never) -> bool:
        """Record for each alert that stands the steps that are due, all of them as one event; whether there was one."""
        if not alerts or not self._roster.people:
            self._waiting.clear()
            return False
        self._look(alerts, now)
        escalates = False
        for alert in alerts:
            waiting = self._waiting[alert.id]
            if waiting.due_at is None or waiting.due_at > now or silenced(alert, waiting.events):
                continue
            steps = due(alert, waiting.events, self._roster, now=now, since=waiting.since)
            event = escalated(alert, waiting.events, self._roster, steps, now=now)
            self._journal.save_alerts([], [event], self._configuration)
            escalates = True
        return escalates

    def _look(self, alerts: Sequence[Alert], now: int) -> None:
        """Bring what is remembered up to date with the journal and the clock."""
        newest = self._journal.reader.alerts.newest_event()
        if newest != self._newest or len(alerts) != len(self._waiting):
            of_each = self._journal.reader.alerts.newest_events()
            known = self._waiting
            self._waiting = {}
            for alert in alerts:
                before = known.get(alert.id)
                if before is None or before.newest != of_each[alert.id]:
                    before = self._read(alert, of_each[alert.id], before, now)
                self._waiting[alert.id] = before
            self._newest = newest
        for alert in alerts:
            waiting = self._waiting[alert.id]
            # Our clock was set back after the rise: nobody shall wait until it has come so far again.
            if waiting.due_at is not None and now < waiting.since:
                self._count_from(alert, waiting, now)

    def _read(self, alert: Alert, newest: int, before: _Waiting | None, now: int) -> _Waiting:
        events = self._journal.reader.alerts.events(alert.id)
        since = min(began_at(events), now)
        if before is not None and began_at(before.events) == began_at(events):
            since = min(since, before.since)
        waiting = _Waiting(newest, events, since, None)
        self._count_from(alert, waiting, since)
        return waiting

    def _count_from(self, alert: Alert, waiting: _Waiting, since: int) -> None:
        waiting.since = since
        steps = ahead(alert, waiting.events, self._roster, since=since)
        waiting.due_at = steps[0][1] if steps else None
