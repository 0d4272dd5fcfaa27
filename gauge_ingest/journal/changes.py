"""The journal's change log: what followers read, from either end, as it stands now."""

import sqlite3
from array import array
from collections.abc import Iterator, Mapping
from struct import Struct
from typing import NamedTuple

from gauge_ingest.core.model import HOUR_MS, Row
from gauge_ingest.journal.alerts import AlertReader
from gauge_ingest.journal.answers import Changes
from gauge_ingest.journal.imported import ImportedReader
from gauge_ingest.journal.together import imported_of

REPORT_EVERY_MS = 300_000  # for a guess of how many rows a span holds
# From so many stations of one hour on, reading the whole hour is cheaper than asking station by station.
WHOLE_HOUR_FROM = 48
CHANGES_MAX = 10_000  # of one look at the spans

ROW = (
    "observed_at, counter, kind, received_at, claimed_at, seq, boot, battery_v, signal_dbm, temperature_c, door_open,"
    " message_id, since, tips, tips_min, tips_max, step, flag, anchor, checks, reasons"
)
# Kinds of changes: spans of stations; alert events, for everybody; alert events that are only to be copied again.
RAIN, ALERTS, ALERTS_AGAIN = 1, 2, 3
_SPAN = Struct("=qqq")  # station number, since, until
_Spans = dict[int, dict[int, tuple[int, int]]]
"""Of each hour the span (since, until] of each station's number."""


class Spans(NamedTuple):
    """Spans of stations that changed in (since, until] of the log: station number, since, until, and so on."""

    since: int
    until: int
    spans: "array[int]"


class ChangeReader:
    """The part of a reader that knows the change log."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._alerts = AlertReader(connection)
        self._imported = ImportedReader(connection)

    def page(self, since: int, until: int, *, rows_max: int, newest_first: bool = False) -> Changes:
        """What changed in (since, until] of the log, as it stands now, up to about `rows_max` rows of one end of it.

        Rows that are still owed their increment are left out: paying the debt enters them into the log again.
        """
        spans: _Spans = {}
        events: list[int] = []
        number, taken = 0, list[int]()
        # Each change holds a row or more, mostly.
        for seq, kind, body in self._changes(since, until, changes_max=rows_max, newest_first=newest_first):
            if kind != RAIN:
                taken.append(seq)
                events.extend(array("q", body))
                continue
            parts = list(_SPAN.iter_unpack(body))
            size = len(parts) + sum([end - begin for _, begin, end in parts]) // REPORT_EVERY_MS
            if number and number + size > rows_max:
                break
            taken.append(seq)
            number += size
            for station, begin, end in parts:
                hour = end // HOUR_MS
                if begin + 1 < hour * HOUR_MS:
                    _spread(spans, station, begin, end)
                elif (known := spans.setdefault(hour, {})).setdefault(station, (begin, end)) != (begin, end):
                    known[station] = min(begin, known[station][0]), max(end, known[station][1])
        names = dict(self._db.execute("SELECT n, id FROM station"))
        rows = [*self._rows_of(spans, names), *imported_of(self._imported, names, spans)]
        return Changes(
            *_bounds(since, until, taken, newest_first=newest_first), rows, self._alerts.events_by_id(sorted(events))
        )

    def spans(self, since: int, until: int, *, newest_first: bool = False) -> Spans:
        """Which spans of stations changed in (since, until] of the log, of at most CHANGES_MAX changes of one end."""
        spans, taken = array("q"), list[int]()
        for seq, kind, body in self._changes(since, until, changes_max=CHANGES_MAX, newest_first=newest_first):
            taken.append(seq)
            if kind == RAIN:
                spans.frombytes(body)
        bounds = _bounds(since, until, taken, newest_first=newest_first)
        return Spans(bounds[1], bounds[0], spans)

    def _changes(
        self, since: int, until: int, *, changes_max: int, newest_first: bool
    ) -> Iterator[tuple[int, int, bytes]]:
        order = "DESC" if newest_first else "ASC"
        return self._db.execute(
            f"SELECT seq, kind, body FROM change WHERE seq > ? AND seq <= ? ORDER BY seq {order} LIMIT ?",
            (since, until, changes_max),
        )

    def _rows_of(self, spans: _Spans, names: Mapping[int, str]) -> Iterator[Row]:
        for hour, wanted in spans.items():
            if len(wanted) < WHOLE_HOUR_FROM:
                for number, (since, until) in wanted.items():
                    yield from map(
                        Row._make,
                        self._db.execute(
                            f"SELECT ?, {ROW} FROM reading WHERE hour = ? AND station = ?"
                            " AND observed_at > ? AND observed_at <= ? AND step <> 8",
                            (names[number], hour, number, since, until),
                        ),
                    )
                continue
            numbers = wanted.keys()
            for found in self._db.execute(
                f"SELECT station, {ROW} FROM reading WHERE hour = ? AND station BETWEEN ? AND ?"
                " AND observed_at > ? AND observed_at <= ? AND step <> 8",
                (
                    hour,
                    min(numbers),
                    max(numbers),
                    min(since for since, _ in wanted.values()),
                    max(until for _, until in wanted.values()),
                ),
            ):
                span = wanted.get(found[0])
                if span is not None and span[0] < found[1] <= span[1]:
                    yield tuple.__new__(Row, (names[found[0]], *found[1:]))  # without the call of Row's own __new__


def _bounds(since: int, until: int, taken: list[int], *, newest_first: bool) -> tuple[int, int]:
    """Up to where, and from where on, a page goes that holds these changes; the whole span where it holds none."""
    if not taken:
        return until, since
    return (until, taken[-1] - 1) if newest_first else (taken[-1], since)


def _spread(spans: _Spans, station: int, since: int, until: int) -> None:
    """Enter a span (since, until] of a station under each hour it touches, as the hull with what is there."""
    for hour in range((since + 1) // HOUR_MS, until // HOUR_MS + 1):
        wanted = spans.setdefault(hour, {})
        known = wanted.get(station)
        wanted[station] = (since, until) if known is None else (min(since, known[0]), max(until, known[1]))
