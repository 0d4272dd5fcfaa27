"""The journal's table of silences: what people asked not to be told of. Never deleted; ending one early is added."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from gauge_ingest.core.model import AlertEvent
from gauge_ingest.core.silences import ALL, Silence
from gauge_ingest.journal.renewal import Numbers

SILENCE = (
    "id, at, who, why, scope, rule, evacuation, since, until, ended_at, ended_by, ended_why, after_event,"
    " ended_after_event"
)
_NEWEST_EVENT = "(SELECT coalesce(max(id), 0) FROM alert_event)"


class SilenceReader:
    """The part of a reader that knows silences."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def all(self) -> list[Silence]:
        """Every silence there has been, in order of their ids."""
        return self._found("1")

    def perhaps_held_back(self, now: int) -> list[int]:
        """Alerts that stand, and whose newest rise falls into a silence that is not in force now, in order.

        Whether that silence spoke of them is for the caller to say: this only spares it all other alerts.
        """
        found = self._db.execute(
            "SELECT DISTINCT a.id FROM alert a JOIN alert_event e ON e.id = (SELECT max(id) FROM alert_event"
            " WHERE alert_id = a.id AND kind IN ('raised', 'strengthened', 'reminded'))"
            " JOIN silence s ON s.until >= e.at AND s.since < e.at AND s.after_event < e.id"
            " AND coalesce(s.ended_after_event, e.id) >= e.id AND s.scope IN (a.scope, ?) AND s.rule IN ('', a.rule)"
            " WHERE a.state = 'raised' AND e.kind <> 'reminded'"
            " AND (s.ended_at IS NOT NULL OR s.until < ? OR s.since >= ?) ORDER BY a.id",
            (ALL, now, now),
        )
        return [int(number) for (number,) in found]

    def any(self) -> bool:
        """Whether there has been one."""
        return self._db.execute("SELECT 1 FROM silence LIMIT 1").fetchone() is not None

    def one(self, silence_id: int) -> Silence | None:
        """One silence."""
        return next(iter(self._found("id = ?", silence_id)), None)

    def in_force(self, at: int) -> list[Silence]:
        """The silences that hold something back at an instant."""
        return self._found("until >= ? AND since < ? AND ended_at IS NULL", at, at)

    def to_come(self, at: int) -> list[Silence]:
        """Those in force at an instant, and those planned for later."""
        return self._found("until >= ? AND ended_at IS NULL", at)

    def of(self, events: Sequence[AlertEvent]) -> list[Silence]:
        """The silences that may hold any of these events back: those that did not end before the first of them."""
        if not events:
            return []
        return self._found("until >= ?", min(event.at for event in events))

    def alerts_in(self, silence: Silence, *, alerts_max: int) -> list[int]:
        """Alerts of which something was recorded within a silence, whether it speaks of them or not, in order."""
        last = (1 << 62) if silence.ended_after_event is None else silence.ended_after_event
        found = self._db.execute(
            "SELECT DISTINCT alert_id FROM alert_event WHERE id > ? AND id <= ? AND at > ? AND at <= ?"
            " ORDER BY alert_id LIMIT ?",
            (silence.after_event, last, silence.since, silence.until, alerts_max),
        )
        return [int(alert_id) for (alert_id,) in found]

    def _found(self, where: str, *values: int) -> list[Silence]:
        found = self._db.execute(f"SELECT {SILENCE} FROM silence WHERE {where} ORDER BY id", values)
        return [_silence(row) for row in found]


class SilenceWriter:
    """The part of the writer that enters silences; used inside its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def next_id(self) -> int:
        """The id that the next silence will have."""
        return Numbers(self._db).next("silence")

    def enter(self, silence: Silence) -> None:
        """Enter a silence; it speaks of events that are recorded from now on."""
        self._db.execute(
            "INSERT INTO silence (id, at, who, why, scope, rule, evacuation, since, until, after_event)"
            f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {_NEWEST_EVENT})",
            (
                *(silence.id, silence.at, silence.who, silence.why, silence.scope, silence.rule),
                *(silence.evacuation, silence.since, silence.until),
            ),
        )

    def end(self, silence_id: int, *, at: int, who: str, why: str) -> None:
        """End a silence before its time; it speaks of no event that is recorded from now on."""
        self._db.execute(
            f"UPDATE silence SET ended_at = ?, ended_by = ?, ended_why = ?, ended_after_event = {_NEWEST_EVENT}"
            " WHERE id = ? AND ended_at IS NULL",
            (at, who, why, silence_id),
        )


def _silence(row: Sequence[Any]) -> Silence:
    return Silence(*[*row[:6], bool(row[6]), *row[7:]])
