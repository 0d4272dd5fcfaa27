"""Questions to the journal about alerts: what stands, what stood, what was told."""

import json
import sqlite3
from array import array
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gauge_ingest.core import reasons
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, State
from gauge_ingest.journal.renewal import FormerEpoch, former_epochs

ALERT = (
    "id, rule, scope, level, peak, state, rained_since, rained_until, known_at, raised_at, ended_at, evidence, reason,"
    " cause"
)
EVENT = (
    "e.id, e.alert_id, a.rule, a.scope, e.kind, e.level, e.rained_at, e.known_at, e.at, e.late, e.unconfirmed, e.sent,"
    " e.evidence, e.reason, e.who, e.step, e.around, e.configuration, e.cause"
)
_NUMBER_MAX = 2**63 - 1
_SPARE = ("peak_mm", "peak_since", "peak_until", "stations", "absent", "wetness", "season")


def evidence_text(evidence: Evidence | None) -> str | None:
    """Evidence as the journal keeps it: what says nothing is left out."""
    if evidence is None:
        return None
    return json.dumps({key: value for key, value in asdict(evidence).items() if key not in _SPARE or value})


def alert_columns(alert: Alert, configuration: int) -> tuple[object, ...]:
    """An alert as a row of its table."""
    *first, evidence, reason, cause = (getattr(alert, name) for name in Alert.__slots__)
    return (*first, evidence_text(evidence), reason, configuration, reasons.as_text(cause))


def event_columns(event: AlertEvent, configuration: int) -> tuple[object, ...]:
    """An event as a row of its table, without its id."""
    return (
        *(event.alert_id, event.kind, event.level, event.rained_at, event.known_at, event.at),
        *(event.late, event.unconfirmed, event.sent, evidence_text(event.evidence), event.reason, configuration),
        *(event.who, event.step, json.dumps(event.around) if event.around else None),
        reasons.as_text(event.cause),
    )


def evidence_from(text: str | None) -> Evidence | None:
    """Evidence as the journal kept it."""
    if text is None:
        return None
    found = json.loads(text)
    stations = tuple((name, rain_mm) for name, rain_mm in found.pop("stations", ()))
    absent = tuple(found.pop("absent", ()))
    return Evidence(**found, stations=stations, absent=absent)


class AlertReader:
    """The part of a reader that knows alerts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def changes(self, after: int, *, events_max: int = 500) -> tuple[int, list[AlertEvent]]:
        """Alert events recorded after a change, in order, and the change to go on from."""
        newest = int(self._db.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0])
        found = self._db.execute(
            "SELECT seq, body FROM change WHERE kind = 2 AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (after, newest, events_max),
        ).fetchall()
        events = self.events_by_id([event for _, body in found for event in array("q", body)])
        return (found[-1][0] if len(found) == events_max else newest), events

    def former_epochs(self) -> list[FormerEpoch]:
        """The epochs before this one, oldest first: each time the journal was put back from a copy one ended."""
        return former_epochs(self._db)

    def epochs(self) -> list[tuple[str, int]]:
        """Every epoch with the newest event that belongs to it, oldest first; to this one belong all that follow."""
        epoch = str(self._db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])
        return [*former_epochs(self._db), (epoch, _NUMBER_MAX)]

    def all(self, *, ended: bool = False) -> list[Alert]:
        """Raised alerts, or every alert there has been, newest first."""
        where = "" if ended else "WHERE state = 'raised'"
        found = self._db.execute(f"SELECT {ALERT} FROM alert {where} ORDER BY id DESC")
        return [_alert(row) for row in found]

    def page(self, *, before: int, ended: bool, most: int) -> list[Alert]:
        """At most so many alerts with a lower number, newest first; raised ones, or with `ended` all of them."""
        where = "" if ended else "AND state = 'raised'"
        found = self._db.execute(
            f"SELECT {ALERT} FROM alert WHERE id < ? {where} ORDER BY id DESC LIMIT ?", (before, most)
        )
        return [_alert(row) for row in found]

    def one(self, alert_id: int) -> Alert | None:
        """One alert."""
        found = self._db.execute(f"SELECT {ALERT} FROM alert WHERE id = ?", (alert_id,)).fetchone()
        return None if found is None else _alert(found)

    def overlapping(self, rule: str, scope: str, *, since: int, until: int) -> list[Alert]:
        """Alerts of a rule at a scope that are not withdrawn and stand somewhere in [since, until], oldest first."""
        found = self._db.execute(
            f"SELECT {ALERT} FROM alert WHERE rule = ? AND scope = ? AND state <> 'withdrawn' AND rained_since <= ?"
            " AND (state = 'raised' OR rained_until >= ?) ORDER BY rained_since, id",
            (rule, scope, until, since),
        )
        return [_alert(row) for row in found]

    def raised(self, rule: str, scope: str) -> Alert | None:
        """The alert of a rule at a scope that stands now."""
        found = self._db.execute(
            f"SELECT {ALERT} FROM alert WHERE rule = ? AND scope = ? AND state = 'raised' ORDER BY id LIMIT 1",
            (rule, scope),
        ).fetchone()
        return None if found is None else _alert(found)

    def raised_at(self, scope: str) -> list[Alert]:
        """Every alert that stands at a scope now."""
        found = self._db.execute(f"SELECT {ALERT} FROM alert WHERE state = 'raised' AND scope = ?", (scope,))
        return [_alert(row) for row in found]

    def of_span(self, *, since: int, until: int, alerts_max: int) -> list[int]:
        """The numbers of alerts that stood, or of which something was recorded, in (since, until], in order."""
        found = self._db.execute(
            "SELECT id FROM alert WHERE raised_at <= ? AND (ended_at IS NULL OR ended_at > ?)"
            " UNION SELECT alert_id FROM alert_event WHERE at > ? AND at <= ? ORDER BY 1 LIMIT ?",
            (until, since, since, until, alerts_max),
        )
        return [int(number) for (number,) in found]

    def newest_event(self) -> int:
        """The id of the newest event of all."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()[0])

    def newest_event_before(self, instant: int) -> int:
        """The newest of the first events that were all recorded before an instant; 0 when there is none."""
        younger = "SELECT id - 1 FROM alert_event WHERE at >= ? ORDER BY id LIMIT 1"
        found = self._db.execute(f"SELECT coalesce(({younger}), (SELECT max(id) FROM alert_event), 0)", (instant,))
        return int(found.fetchone()[0])

    def newest_events(self) -> dict[int, int]:
        """The id of the newest event of each alert that stands."""
        found = self._db.execute(
            "SELECT a.id, coalesce((SELECT max(id) FROM alert_event WHERE alert_id = a.id), 0) FROM alert a"
            " WHERE a.state = 'raised'"
        )
        return dict(found.fetchall())

    def events(self, alert_id: int) -> list[AlertEvent]:
        """Everything told of an alert, in order."""
        return self._events("e.alert_id = ?", [alert_id])

    def events_by_id(self, ids: Sequence[int]) -> list[AlertEvent]:
        """Events by their ids, in order."""
        return [event for event_id in ids for event in self._events("e.id = ?", [event_id])]

    def rained(self, *, since: int, until: int) -> list[AlertEvent]:
        """Events about rain of (since, until], in order of their ids."""
        return self._events("e.rained_at > ? AND e.rained_at <= ?", [since, until])

    def _events(self, where: str, values: Sequence[int]) -> list[AlertEvent]:
        found = self._db.execute(
            f"SELECT {EVENT} FROM alert_event e JOIN alert a ON a.id = e.alert_id WHERE {where} ORDER BY e.id",
            values,
        )
        return [_event(row) for row in found]


def _event(row: Sequence[Any]) -> AlertEvent:
    flags = [bool(flag) for flag in row[9:12]]
    around = tuple((name, rain_mm) for name, rain_mm in json.loads(row[16])) if row[16] else ()
    return AlertEvent(
        *[*row[:4], EventKind(row[4]), *row[5:9], *flags, evidence_from(row[12])],
        *[*row[13:16], around, row[17], reasons.from_text(row[18])],
    )


def _alert(row: Sequence[Any]) -> Alert:
    return Alert(*[*row[:5], State(row[5]), *row[6:11], evidence_from(row[11]), row[12], reasons.from_text(row[13])])
