"""Increments of many stations for the rain of fixed windows: few columns, in the order in which they lie on disk."""

import sqlite3
from collections.abc import Iterator, Sequence

from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.core.model import DAY_MS, HOUR_MS, Kind
from gauge_ingest.journal.imported import ImportedReader

PRUNED_KEY = "pruned_before"
LONG_AGO = -(1 << 62)
# How far to look, in turns, for the report that ends an increment across an instant.
LOOK_AHEAD_MS = (6 * HOUR_MS, 4 * DAY_MS, 64 * DAY_MS, 400 * DAY_MS)
# Stations whose numbers lie this close together are read in one go, with those between them.
NEAR = 4
_STORED = "since, observed_at, tips, tips_min, tips_max, step, flag"
_COUNTS = f"test = 0 AND kind <> {int(Kind.TEST)}"
_NO_RAIN = "step NOT IN (6, 8)"  # void, owed
_FIRST = "min", "hour + 1 FROM h WHERE hour < (SELECT max(hour) FROM reading)"
_LAST = "max", "hour - 1 FROM h WHERE hour > (SELECT min(hour) FROM reading)"


class WindowReader:
    """The part of a reader that windows are made from: what stations reported, before it what was imported."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._imported = ImportedReader(connection)

    def pruned_before(self) -> int:
        """Readings before this instant are no longer kept; 0 while nothing has been deleted."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (PRUNED_KEY,)).fetchone()
        return 0 if found is None else int(found[0])

    def imported_until(self, station: str) -> int:
        """Up to when something is imported of a station, whose own readings begin behind it; LONG_AGO where nothing."""
        number = None if self._imported.ends_at() is None else self._number(station)
        edges = None if number is None else self._imported.edges(number)
        return LONG_AGO if edges is None else edges[1]

    def imported(self, station: str, *, since: int, until: int) -> Iterator[StoredIncrement]:
        """What is imported of a station and ends in (since, until], before its own first reading."""
        ends_at = self._imported.ends_at()
        number = None if ends_at is None or since >= ends_at else self._number(station)
        if number is not None:
            yield from self._of_import(number, station, since=since, until=until)

    def names(self) -> dict[int, str]:
        """The id of every station, by its number."""
        return dict(self._db.execute("SELECT n, id FROM station"))

    def rows(self, numbers: Sequence[int], *, since: int, until: int) -> dict[int, list[StoredIncrement]]:
        """Of each station what ended in (since, until], void increments too, in order; `numbers` in order."""
        found: dict[int, list[StoredIncrement]] = {number: [] for number in numbers}
        ends_at = self._imported.ends_at()
        if ends_at is not None and since < ends_at:
            for number, name in self.names().items():
                if number in found:
                    found[number] += self._of_import(number, name, since=since, until=until)
        near = len(numbers) > 1 and numbers[-1] - numbers[0] < NEAR * len(numbers)
        spans = [(numbers[0], numbers[-1])] if near else [(number, number) for number in numbers]
        for first, last in spans:
            for hour in range((since + 1) // HOUR_MS, until // HOUR_MS + 1):
                for row in self._db.execute(
                    f"SELECT station, {_STORED} FROM reading WHERE hour = ? AND station BETWEEN ? AND ?"
                    f" AND observed_at > ? AND observed_at <= ? AND {_COUNTS}",
                    (hour, first, last, since, until),
                ):
                    of_station = found.get(row[0])
                    if of_station is not None:
                        of_station.append(row[1:])
        return found

    def across(self, number: int, at: int) -> list[StoredIncrement]:
        """The first increment of a station that ends behind an instant: it may have begun before. Or none."""
        ends_at = self._imported.ends_at()
        if ends_at is not None and at < ends_at:
            name = self.names()[number]
            found = next(self._of_import(number, name, since=at, until=at + LOOK_AHEAD_MS[-1]), None)
            if found is not None:
                return [found]
        begin, newest = at, self._db.execute("SELECT max(hour) FROM reading").fetchone()[0]
        for ahead_ms in LOOK_AHEAD_MS:
            if newest is None or begin // HOUR_MS > newest:
                break
            row = self._db.execute(
                "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour + 1 FROM h WHERE hour < ?)"
                f" SELECT {_STORED} FROM h CROSS JOIN reading r ON r.hour = h.hour WHERE r.station = ?"
                f" AND r.observed_at > ? AND r.observed_at <= ? AND {_COUNTS} AND {_NO_RAIN}"
                " ORDER BY h.hour, r.observed_at LIMIT 1",
                (begin // HOUR_MS, min((at + ahead_ms) // HOUR_MS, newest), number, begin, at + ahead_ms),
            ).fetchone()
            if row is not None:
                return [row]
            begin = at + ahead_ms
        return []

    def first_and_last(self, number: int) -> tuple[int, int] | None:
        """Between which instants a station has told anything but tests, void readings too; None where it has not.

        Of what is imported the first moment that it speaks for.
        """
        first, last = self._edge(number, *_FIRST), self._edge(number, *_LAST)
        imported = self._imported.edges(number)
        firsts = [one for one in (first, None if imported is None else imported[0] + 1) if one is not None]
        lasts = [one for one in (last, None if imported is None else imported[1]) if one is not None]
        return (min(firsts), max(lasts)) if firsts else None

    def first_observed_at(self, number: int) -> int | None:
        """The first reading of a station, tests too: what is imported comes before it."""
        return self._edge(number, *_FIRST, where="1")

    def _number(self, station: str) -> int | None:
        found = self._db.execute("SELECT n FROM station WHERE id = ?", (station,)).fetchone()
        return None if found is None else int(found[0])

    def _of_import(self, number: int, name: str, *, since: int, until: int) -> Iterator[StoredIncrement]:
        """What is imported and ends in (since, until], before the station's own first reading."""
        own = self.first_observed_at(number)
        for row in self._imported.rows(number, name, since=since, until=until if own is None else min(until, own)):
            yield row.since, row.observed_at, row.tips, row.tips_min, row.tips_max, row.step, row.flag

    def _edge(self, number: int, which: str, step: str, *, where: str = _COUNTS) -> int | None:
        found = self._db.execute(
            f"WITH RECURSIVE h(hour) AS (SELECT {which}(hour) FROM reading UNION ALL SELECT {step}),"
            f" t(at) AS (SELECT (SELECT {which}(observed_at) FROM reading r WHERE r.hour = h.hour AND r.station = ?"
            f" AND {where}) FROM h) SELECT at FROM t WHERE at IS NOT NULL LIMIT 1",
            (number,),
        ).fetchone()
        return None if found is None else int(found[0])
