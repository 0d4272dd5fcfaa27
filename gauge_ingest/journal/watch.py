"""What the watchdogs ask of the journal: who was heard when, rain of the last hour, how the quarantine grows."""

import sqlite3
from itertools import takewhile
from typing import NamedTuple

from gauge_ingest.core.model import Step

HEARD_HOURS = 6  # looked through for all stations at once
ENTRIES_MAX = 1_000  # of the quarantine that are looked at


class Heard(NamedTuple):
    """The newest of a station in a span: when something was received, what it claimed, and the shortest way."""

    station: str
    received_at: int
    claimed_at: int
    way_ms: int


class WetBound(NamedTuple):
    """What surely fell over (since, until]."""

    since: int
    until: int
    tips_min: int


class WatchReader:
    """The part of the reader that the watchdogs use."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def heard(self) -> list[Heard]:
        """Every station with readings in the newest hours of the journal."""
        found = self._db.execute(
            "SELECT s.id, max(r.received_at), max(r.claimed_at), min(r.received_at - r.claimed_at)"
            " FROM reading r JOIN station s ON s.n = r.station"
            " WHERE r.hour > (SELECT max(hour) FROM reading) - ? GROUP BY r.station",
            (HEARD_HOURS,),
        )
        return list(map(Heard._make, found))

    def surely_fell(self, number: int, *, since: int, until: int) -> list[WetBound]:
        """Readings of a station with rain that surely fell, and end after `since` and begin before `until`."""
        found = self._db.execute(
            "SELECT since, observed_at, tips_min FROM reading INDEXED BY reading_wet WHERE station = ?"
            " AND (tips_max > 0 OR step = 0 OR step = 3 OR step = 5 OR step = 7)"
            f" AND tips_min > 0 AND test = 0 AND step NOT IN ({int(Step.VOID)}, {int(Step.OWED)})"
            " AND observed_at > ? AND since < ? ORDER BY observed_at",
            (number, since, until),
        )
        return list(map(WetBound._make, found))

    def owes_increments(self, number: int) -> bool:
        """Whether increments of a station are still to be derived."""
        found = self._db.execute("SELECT 1 FROM debt WHERE kind = 1 AND station = ? LIMIT 1", (number,))
        return found.fetchone() is not None

    def quarantined_since(self, at: int) -> int:
        """How many entries of the quarantine came after an instant, at most ENTRIES_MAX."""
        newest = self._db.execute("SELECT received_at FROM quarantine ORDER BY id DESC LIMIT ?", (ENTRIES_MAX,))
        # One by one: on most days the first of them says that there is none.
        return sum(1 for _ in takewhile(lambda row: row[0] > at, newest))
