"""The journal's tables of imported history: what other people's records say fell, beside what stations report.

A table of its own: nothing that derives, judges or watches the live record ever reads it. Rain stands in micrometres,
as the file has it; tips are made when it is read, with the bucket that is configured for the time (decision 0026).
"""

import json
import sqlite3
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from gauge_ingest.core.model import Flag, Kind, Row, Step

# What is older is taken for a mistyped year. InfluxDB holds no time before 1677.
SINCE_MIN = -5_364_662_400_000  # 1800-01-01T00:00Z
_ENDS = "imported until"  # in meta: nothing imported ends behind it; no journal without imports has it
_COLUMNS = "since, until, um, sum_um, bucket_um, file"


class Fell(NamedTuple):
    """Rain of a file over (since, until], in micrometres; `sum_um`: of its station from the file's beginning on."""

    since: int
    until: int
    um: int
    sum_um: int


class Span(NamedTuple):
    """What is imported of a station: from when until when, and how many rows."""

    since: int
    until: int
    rows: int


class Clash(Exception):
    """What is to be imported speaks for a time that something else speaks for already; in words for whoever asked."""


class ImportedReader:
    """The part of a reader that knows imported history. Stations are named by their number."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._buckets: tuple[int, Mapping[str, list[tuple[int, int]]]] = (0, {})

    def ends_at(self) -> int | None:
        """Nothing imported ends behind this instant; None where nothing was ever imported."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (_ENDS,)).fetchone()
        return None if found is None else int(found[0])

    def edges(self, number: int) -> tuple[int, int] | None:
        """From when until when something is imported of a station."""
        first = self._db.execute("SELECT since FROM imported WHERE station = ? ORDER BY until LIMIT 1", (number,))
        found, last = first.fetchone(), self._db.execute("SELECT max(until) FROM imported WHERE station = ?", (number,))
        return None if found is None else (int(found[0]), int(last.fetchone()[0]))

    def span(self, number: int) -> Span | None:
        """What is imported of a station."""
        found = self._db.execute(
            "SELECT min(since), max(until), count(*) FROM imported WHERE station = ?", (number,)
        ).fetchone()
        return Span(*found) if found[2] else None

    def own_record_begins(self, number: int) -> int | None:
        """When a station's own record begins, as far as that costs nothing: where it was derived, rained or is owed."""
        first = self._db.execute(
            "SELECT min(observed_at) FROM reading INDEXED BY reading_wet WHERE station = ?"
            " AND (tips_max > 0 OR step = 0 OR step = 3 OR step = 5 OR step = 7)",
            (number,),
        ).fetchone()[0]
        owed = self._db.execute("SELECT min(since) FROM debt WHERE station = ? AND kind = 1", (number,)).fetchone()[0]
        return min((one for one in (first, owed) if one is not None), default=None)

    def rows(self, number: int, station: str, *, since: int, until: int) -> Iterator[Row]:
        """Imported rain of a station that ended in (since, until], as rows with the step IMPORTED, in order."""
        found = self._db.execute(
            "SELECT i.since, i.until, i.um, i.sum_um, i.bucket_um, f.at, f.id FROM imported i"
            " JOIN imported_file f ON f.id = i.file WHERE i.station = ? AND i.until > ? AND i.until <= ?"
            " ORDER BY i.until",
            (number, since, until),
        )
        buckets = self._deployed(station)
        for begin, end, um, sum_um, then_um, taken_at, file in found:
            bucket_um = _bucket(buckets, end) or then_um
            count = sum_um // bucket_um
            tips = count - (sum_um - um) // bucket_um
            fact = (station, end, count, int(Kind.TIMED), taken_at, end, None, None, None, None, None, None, file)
            yield Row(*fact, begin, tips, tips, tips, int(Step.IMPORTED), int(Flag.NOT_EVALUATED), anchor=False)

    def between(self, number: int, *, since: int, until: int) -> list[tuple[int, int, int]]:
        """Since, until and micrometres of what is imported of a station and touches (since, until], in order."""
        return self._db.execute(
            "SELECT since, until, um FROM imported WHERE station = ? AND until > ? AND until <="
            " coalesce((SELECT min(until) FROM imported WHERE station = ? AND until >= ?), ?) ORDER BY until",
            (number, since, number, until, until),
        ).fetchall()

    def _deployed(self, station: str) -> list[tuple[int, int]]:
        """From when on a station has had which bucket, in micrometres, by the configuration accepted last."""
        newest = self._db.execute("SELECT coalesce(max(id), 0) FROM configuration").fetchone()[0]
        if self._buckets[0] != newest:
            text = self._db.execute("SELECT text FROM configuration WHERE id = ?", (newest,)).fetchone()
            self._buckets = (newest, _buckets_of(json.loads(text[0])) if text else {})
        return list(self._buckets[1].get(station, ()))


class ImportedWriter:
    """The part of the writer that takes history in; used inside its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._reader = ImportedReader(connection)

    def file(self, *, at: int, who: str, name: str, digest: str) -> int:
        """The number of a file under a mapping, by what is in both; given now if it has none."""
        self._db.execute(
            "INSERT OR IGNORE INTO imported_file (at, who, file, digest) VALUES (?, ?, ?, ?)", (at, who, name, digest)
        )
        return int(self._db.execute("SELECT id FROM imported_file WHERE digest = ?", (digest,)).fetchone()[0])

    def add(self, number: int, file: int, fell: Sequence[Fell], *, bucket_um: int) -> int:
        """Take in rain of a station, in order of time; how much of it was new. What is there as it stands is passed.

        Raises Clash where something else is imported for the same time: nothing of it may be kept then.
        """
        known = self._reader.between(number, since=fell[0].since, until=fell[-1].until)
        fresh = unknown(fell, known)
        self._db.executemany(
            f"INSERT INTO imported (station, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(number, *one, bucket_um, file) for one in fresh],
        )
        if fresh:
            known_at = self._reader.ends_at()
            ends = fresh[-1].until if known_at is None else max(fresh[-1].until, known_at)
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_ENDS, str(ends)))
        return len(fresh)


def unknown(fell: Sequence[Fell], known: Sequence[tuple[int, int, int]]) -> list[Fell]:
    """Of rain in order of time what is not among what is known; raises Clash where both speak for one time."""
    if not known:
        return list(fell)
    same = set(known)
    fresh = [one for one in fell if one[:3] not in same]
    ends = sorted([(one.since, one.until, True) for one in fresh] + [(one[0], one[1], False) for one in known])
    for before, after in pairwise(ends):
        if after[0] < before[1] and (before[2] or after[2]):
            raise Clash(f"{after[0]} {before[1]}")
    return fresh


def packed(fell: Sequence[Fell]) -> bytes:
    """Rain as bytes, for a request: four numbers each."""
    return array("q", [number for one in fell for number in one]).tobytes()


def unpacked(content: bytes) -> list[Fell]:
    """Rain from bytes; ValueError where they are none."""
    numbers = array("q")
    numbers.frombytes(content)
    if len(numbers) % 4:
        raise ValueError("not four numbers each")
    return [Fell(*numbers[place : place + 4]) for place in range(0, len(numbers), 4)]


def _buckets_of(configuration: Mapping[str, object]) -> dict[str, list[tuple[int, int]]]:
    stations = configuration.get("stations")
    found: dict[str, list[tuple[int, int]]] = {}
    for name, station in (stations if isinstance(stations, dict) else {}).items():
        found[name] = [(int(one["since"]), round(one["bucket_depth_mm"] * 1000)) for one in station["deployments"]]
    return found


def _bucket(deployed: Sequence[tuple[int, int]], at: int) -> int:
    """The bucket at an instant; at its very beginning a deployment's forerunner still ends an interval."""
    current = 0
    for place, (since, bucket_um) in enumerate(deployed):
        if not place or at > since:
            current = bucket_um
    return current
