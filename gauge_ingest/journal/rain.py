"""The rain of a station as history asks for it: seven columns, and of dry spells only where they begin and end."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.core.model import HOUR_MS
from gauge_ingest.journal.owing import DERIVE

# A page of one station: so many hours are read at once.
PAGE_HOURS = 744

_COLUMNS = "since, observed_at, tips, tips_min, tips_max, step, flag"
# No test (kind 3), nothing void (step 6) and nothing owed (step 8): what counts. The words of the index reading_told,
# and what is left to a dry reading that it does not hold: STEADY and GOOD.
_COUNTS = "kind <> 3 AND step <> 6 AND step <> 8"
_TOLD = "(step <> 1 OR flag <> 1 OR tips_max > 0)"
_PLAIN = "step = 1 AND flag = 1 AND tips_max = 0"
_UNTIL = itemgetter(1)
_HOURS = "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour + 1 FROM h WHERE hour < ?)"


class Outline(NamedTuple):
    """The rain of a station over (since, until] without its plain dry readings.

    `told`: every increment that counts and is not plain (wet, flagged, no STEADY step), in order, and the one behind
    the end where it may have begun before. `dry`: spans that plain dry readings speak for. `heard`: hours (since 1970,
    each from its first moment, which is left out, to the first of the next) in which a plain reading ends.
    """

    told: list[StoredIncrement]
    dry: list[tuple[int, int]]
    heard: list[int]


class RainReader:
    """The part of a reader that knows increments. Instants are milliseconds, spans (since, until]."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def increments(self, station: str, *, since: int, until: int) -> Iterator[StoredIncrement]:
        """Increments that end in (since, until] and count, in order of time."""
        number, hours = self._number(station), self._hours(since, until)
        if number is None or hours is None:
            return
        for hour in range(hours[0], hours[1] + 1, PAGE_HOURS):
            page = self._db.execute(
                f"{_HOURS} SELECT {_COLUMNS} FROM h CROSS JOIN reading r ON r.hour = h.hour WHERE r.station = ?"
                f" AND r.observed_at > ? AND r.observed_at <= ? AND {_COUNTS}",
                (hour, min(hour + PAGE_HOURS - 1, hours[1]), number, since, until),
            ).fetchall()
            page.sort(key=_UNTIL)  # it comes in this order, of one instant by counts; SQLite does not promise it
            yield from page

    def wet(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        """Increments that end in (since, until] and may hold rain, in order of time."""
        number = self._number(station)
        return [] if number is None else [row for row in self._told(number, since, until) if row[4]]

    def outline(self, station: str, *, since: int, until: int) -> Outline | None:
        """The outline of whole hours, or None where something is owed, so that neighbours may not fit together yet.

        It rests on what a derivation leaves behind when nothing is owed: each increment of a reading that stands
        begins where the one before ends. So two told ones with time between them have plain readings in all of it.
        """
        assert since % HOUR_MS == 0 == until % HOUR_MS, "outlines are of whole hours"
        number = self._number(station)
        if number is None:
            return Outline([], [], [])
        with self._snapshot():
            if self._db.execute(
                "SELECT 1 FROM debt WHERE kind = ? AND station = ? LIMIT 1", (DERIVE, number)
            ).fetchone():
                return None
            told = self._told(number, since, until)
            before, after = self._neighbour(number, since, "<="), self._neighbour(number, until, ">")
            nodes = [row for row in (before, *told, after) if row is not None]
            dry = [one for one in self._spells(number, nodes, since, until) if one[1] > since and one[0] < until]
            if after is not None and after[0] < until:
                told.append(after)
            return Outline(told, dry, self._heard(number, since, until))

    def _told(self, number: int, since: int, until: int) -> list[StoredIncrement]:
        return self._db.execute(
            f"SELECT {_COLUMNS} FROM reading INDEXED BY reading_told WHERE station = ? AND observed_at > ?"
            f" AND observed_at <= ? AND {_TOLD} AND {_COUNTS} ORDER BY observed_at, counter",
            (number, since, until),
        ).fetchall()

    def _neighbour(self, number: int, at: int, side: str) -> StoredIncrement | None:
        """The told one that stands next to an instant, on the side asked for."""
        found: StoredIncrement | None = self._db.execute(
            f"SELECT {_COLUMNS} FROM reading INDEXED BY reading_told WHERE station = ? AND observed_at {side} ?"
            f" AND {_TOLD} AND {_COUNTS} ORDER BY observed_at {'DESC' if side == '<=' else 'ASC'} LIMIT 1",
            (number, at),
        ).fetchone()
        return found

    def _spells(
        self, number: int, nodes: Sequence[StoredIncrement], since: int, until: int
    ) -> Iterator[tuple[int, int]]:
        """What plain readings speak for: before the first told one, between two of them, after the last."""
        if not nodes or nodes[0][1] > since:
            first = self._first(number, since, nodes[0][1] - 1 if nodes else until)
            if first is not None:
                yield first[0], nodes[0][0] if nodes else self._newest(number, first[1])
        for one, after in pairwise(nodes):
            if after[0] > one[1]:
                yield one[1], after[0]
        if nodes and nodes[-1][1] <= until:
            yield nodes[-1][1], self._newest(number, nodes[-1][1])

    def _newest(self, number: int, after: int) -> int:
        """Where the newest plain reading ends, or `after` where there is none behind it."""
        hours = self._hours(after, 1 << 61)
        if hours is None:
            return after
        found = self._db.execute(
            "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour - 1 FROM h WHERE hour > ?),"
            " t(at) AS (SELECT (SELECT max(observed_at) FROM reading r WHERE r.hour = h.hour AND r.station = ?"
            f" AND r.observed_at > ? AND {_PLAIN}) FROM h) SELECT at FROM t WHERE at IS NOT NULL LIMIT 1",
            (hours[1], hours[0], number, after),
        ).fetchone()
        return after if found is None else int(found[0])

    def _first(self, number: int, since: int, until: int) -> tuple[int, int] | None:
        """Since and until of the first plain reading that ends in (since, until]."""
        hours = self._hours(since, until)
        if hours is None:
            return None
        found: tuple[int, int] | None = self._db.execute(
            f"{_HOURS}, t(at, hour) AS (SELECT (SELECT min(observed_at) FROM reading r WHERE r.hour = h.hour"
            f" AND r.station = ? AND r.observed_at > ? AND r.observed_at <= ? AND {_PLAIN}), hour FROM h)"
            " SELECT r.since, r.observed_at FROM (SELECT at, hour FROM t WHERE at IS NOT NULL LIMIT 1) f"
            f" JOIN reading r ON r.hour = f.hour AND r.station = ? AND r.observed_at = f.at AND {_PLAIN} LIMIT 1",
            (*hours, number, since, until, number),
        ).fetchone()
        return found

    def _heard(self, number: int, since: int, until: int) -> list[int]:
        hours = self._hours(since, until)
        if hours is None:
            return []
        inside = "r.hour = h.hour AND r.station = ?1 AND r.observed_at > h.hour * 3600000"
        edge = "r.hour = h.hour + 1 AND r.station = ?1 AND r.observed_at = (h.hour + 1) * 3600000"
        return [
            hour
            for (hour,) in self._db.execute(
                "WITH RECURSIVE h(hour) AS (SELECT ?2 UNION ALL SELECT hour + 1 FROM h WHERE hour < ?3)"
                f" SELECT hour FROM h WHERE EXISTS (SELECT 1 FROM reading r WHERE {inside} AND {_PLAIN})"
                f" OR EXISTS (SELECT 1 FROM reading r WHERE {edge} AND {_PLAIN})",
                (number, max(since // HOUR_MS, hours[0] - 1), min(until // HOUR_MS - 1, hours[1])),
            )
        ]

    def _number(self, station: str) -> int | None:
        found = self._db.execute("SELECT n FROM station WHERE id = ?", (station,)).fetchone()
        return None if found is None else int(found[0])

    def _hours(self, since: int, until: int) -> tuple[int, int] | None:
        """The hours of (since, until] that may hold readings."""
        found = self._db.execute("SELECT (SELECT min(hour) FROM reading), (SELECT max(hour) FROM reading)").fetchone()
        if found[0] is None:
            return None
        first, last = max(int(found[0]), (since + 1) // HOUR_MS), min(int(found[1]), until // HOUR_MS)
        return (first, last) if first <= last else None

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several questions of one state of the journal; within a transaction of the writer that is its own."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")
