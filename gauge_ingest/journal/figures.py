"""Figures about the whole journal for those who watch it: each costs little, however large the journal is."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from gauge_ingest.core.model import HOUR_MS


class StandingAlert(NamedTuple):
    """An alert that stands, by what it is watched for."""

    level: str
    acknowledged: bool


class FigureReader:
    """The part of a reader that counts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def newest_batch(self) -> int:
        """How many batches of messages have ever been committed."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM batch").fetchone()[0])

    def newest_event(self) -> int:
        """How many alert events there have ever been."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()[0])

    def oldest_debt(self) -> int | None:
        """The earliest instant that anything is owed for."""
        found = self._db.execute("SELECT min(since) FROM debt").fetchone()
        return None if found[0] is None else int(found[0])

    def standing(self) -> list[StandingAlert]:
        """Every alert that stands, and whether anybody has acknowledged what it last rose to."""
        found = self._db.execute(
            "SELECT a.level, coalesce(max(CASE WHEN e.kind = 'acknowledged' THEN e.id END), 0) >"
            " coalesce(max(CASE WHEN e.kind IN ('raised', 'strengthened') THEN e.id END), 0)"
            " FROM alert a LEFT JOIN alert_event e ON e.alert_id = a.id WHERE a.state = 'raised' GROUP BY a.id"
        )
        return [StandingAlert(level, bool(acknowledged)) for level, acknowledged in found]

    def heard(self, allowed_ms: Mapping[str, int], *, now: int) -> set[str]:
        """The stations whose newest reading came within so long of now; each has its own patience.

        Readings stand by the hour that they speak of: as many hours are looked at as the most patient one asks for.
        """
        numbers = {name: n for n, name in self._db.execute("SELECT n, id FROM station") if name in allowed_ms}
        heard, hour = set[str](), now // HOUR_MS + 1  # a clock may be somewhat ahead
        while numbers and (hour + 1) * HOUR_MS > now - max(allowed_ms[name] for name in numbers):
            for name, number in list(numbers.items()):
                found = self._db.execute(
                    "SELECT received_at FROM reading WHERE hour = ? AND station = ? ORDER BY observed_at DESC LIMIT 1",
                    (hour, number),
                ).fetchone()
                if found is not None:
                    del numbers[name]
                    if now - found[0] <= allowed_ms[name]:
                        heard.add(name)
            hour -= 1
        return heard
