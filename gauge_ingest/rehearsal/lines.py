"""Rain from a CSV file: `station,observed_at,rain_mm[,received_at]`, every mistake with its line and its remedy."""

import csv
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from itertools import islice, pairwise
from math import isfinite
from operator import le
from pathlib import Path
from typing import Protocol

from gauge_ingest.core.model import MINUTE_MS, SECOND_MS, Basin, Station
from gauge_ingest.core.nearest import near, nearest
from gauge_ingest.rehearsal.replay import Record, unwatched
from gauge_ingest.rehearsal.steps import UM_PER_MM, Lines, Steps, once_each, step_of

NEEDED = ("station", "observed_at", "rain_mm")
COLUMNS = (*NEEDED, "received_at")
MISTAKES_MAX = 10
# What no gauge measures in one line: the wettest day on earth was below 2 m (Réunion 1966).
RAIN_MM_MAX = 5_000.0
# Clocks of stations may be so much ahead: the bound of journal.clock_ahead_max_s.
AHEAD_MAX_MS = 10 * MINUTE_MS
TELL_EVERY_LINES = 8_192
KNOWN_TEXTS_MAX = 10_000
EXAMPLE = "2026-07-15T18:05:00+08:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class BadFile(Exception):
    """A file cannot be used; says line by line what would be right."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(mistakes))


def read_lines(
    path: Path,
    stations: Mapping[str, Station],
    basins: Sequence[Basin] = (),
    *,
    notice: Callable[[str], None],
    on_share: Callable[[float], None] = unwatched,
) -> Record:
    """The rain in a file; BadFile says what is wrong with it, OSError that it cannot be read."""
    size = max(1, path.stat().st_size)
    with path.open("rb") as raw:
        rows = csv.reader(TextIOWrapper(raw, encoding="utf-8-sig", newline=""))
        try:
            places = _places(path.name, next(rows, []), notice)
            reading = _Reading(path.name, places, stations)
            while reading.take_many(rows):
                on_share(min(1.0, raw.tell() / size))
        except UnicodeDecodeError as error:
            raise BadFile([f"{path.name}: line {rows.line_num + 1}: is not text in UTF-8 ({error.reason})"]) from None
        except csv.Error as error:
            raise BadFile([f"{path.name}: line {rows.line_num}: {error}"]) from None
    return record_of(path.name, reading.finished(notice), list(reading.names), stations, basins, notice=notice)


def record_of(
    name: str,
    lines: Lines,
    names: Sequence[str],
    stations: Mapping[str, Station],
    basins: Sequence[Basin] = (),
    *,
    notice: Callable[[str], None],
) -> Record:
    """Lines as a record to be replayed: the step of each station, and in which order what arrives."""
    order = _order(lines)
    if order is not None and not _is_in_order(lines):
        notice(f"{name}: is not in order of time, and was put in order")
    places_of = [array("q") for _ in names]
    for place, number in enumerate(lines.station):
        places_of[number].append(place)
    courses = [_course(stations[station], lines, mine) for station, mine in zip(names, places_of, strict=True)]
    places = range(len(lines)) if order is None else order
    arrivals = ((lines.received_at[place], lines.station[place], place) for place in places)
    since, until = min(lines.observed_at), max(max(lines.observed_at), max(lines.received_at))
    return Record(courses, arrivals, len(lines), since, until, basins=basins, unheard=frozenset({*stations} - {*names}))


def instant(text: str) -> int:
    """An instant of a file; ValueError says what would be right."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"must be an instant with its offset, e.g. {EXAMPLE}") from None
    if moment.tzinfo is None:
        raise ValueError(f"lacks its offset from UTC (+08:00 in Beijing), e.g. {EXAMPLE}")
    return (moment - _EPOCH) // _MS


def _order(lines: Lines) -> "array[int] | None":
    """The places of lines in order of arrival, or None where they stand so."""
    received_at, observed_at = lines.received_at, lines.observed_at
    if received_at == observed_at and all(map(le, observed_at, islice(observed_at, 1, None))):
        return None
    if all(one <= other for one, other in pairwise(zip(received_at, observed_at, strict=True))):
        return None
    return array("q", sorted(range(len(lines)), key=lambda place: (received_at[place], observed_at[place])))


def _is_in_order(lines: Lines) -> bool:
    """Whether each station's lines stand in order of time, whatever the order of the stations."""
    latest: dict[int, int] = {}
    for number, at in zip(lines.station, lines.observed_at, strict=True):
        if at < latest.get(number, at):
            return False
        latest[number] = at
    return True


def _course(station: Station, lines: Lines, mine: Sequence[int]) -> Steps:
    """The course of a station. Where every line has rain the file lists rain alone, and what it lacks was dry."""
    only_rain = all(lines.rain_um[place] for place in mine)
    step_ms = step_of(sorted(lines.observed_at[place] for place in mine))
    every_ms = station.report_every_s * SECOND_MS if only_rain else 0
    return Steps(station, lines, step_ms=step_ms, every_ms=every_ms)


def _places(name: str, header: Sequence[str], notice: Callable[[str], None]) -> dict[str, int]:
    named = [cell.strip().lower() for cell in header]
    missing = [column for column in NEEDED if column not in named]
    first = f"{name}: line 1"
    if missing:
        example = f"the first line must name the columns, e.g. {','.join(COLUMNS)}; the last one may be left out"
        raise BadFile([f"{first}: no column {' and no column '.join(missing)}: {example}"])
    mistakes = [f"{first}: column {one}: is there twice, take one out" for one in COLUMNS if named.count(one) > 1]
    for one in sorted({one for one in named if one and one not in COLUMNS}):
        if meant := near(one, COLUMNS, least=0.75):
            mistakes.append(f"{first}: column {one[:40]!r}: did you mean {meant}?")
        else:
            notice(f"{first}: column {one[:40]!r} is passed over: {', '.join(COLUMNS)} are read")
    if mistakes:
        raise BadFile(mistakes)
    return {column: named.index(column) for column in COLUMNS if column in named}


class Rows(Protocol):
    """What csv.reader returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """Line after line, as cells."""


class _Reading:
    """The lines of one file on their way in."""

    def __init__(self, name: str, places: Mapping[str, int], stations: Mapping[str, Station]) -> None:
        self.names: dict[str, int] = {}
        self._name = name
        self._stations = stations
        self._cells = [places.get(column, -1) for column in COLUMNS]
        self._least = 1 + max(places.values())
        self._lines = Lines()
        self._rain: dict[str, int] = {}
        self._instants: dict[str, int] = {}
        self._unmeasured = 0
        self._mistakes: list[str] = []

    def take_many(self, rows: "Rows") -> int:
        """Take some thousand lines in; how many there were. What is seldom goes the long way."""
        station_place, observed_place, rain_place, received_place = self._cells
        names, rain, instants = self.names, self._rain, self._instants
        lines, taken = self._lines, 0
        for cells in islice(rows, TELL_EVERY_LINES):
            taken += 1
            if len(cells) < self._least or received_place >= 0:
                if cells:
                    self._take(rows.line_num, cells)
                continue
            station, rain_um = names.get(cells[station_place]), rain.get(cells[rain_place])
            observed_at = instants.get(cells[observed_place])
            if station is None or rain_um is None or observed_at is None:
                self._take(rows.line_num, cells)
                continue
            lines.station.append(station)
            lines.observed_at.append(observed_at)
            lines.received_at.append(observed_at)
            lines.rain_um.append(rain_um)
        return taken

    def _take(self, number: int, cells: Sequence[str]) -> None:
        """Take a line in, or note what is wrong with it."""
        station_place, observed_place, rain_place, received_place = self._cells
        try:
            if len(cells) < self._least:
                raise ValueError(f"has {len(cells)} cells, must have at least {self._least} with commas between")
            station = self.names.get(cells[station_place])
            if station is None:
                station = self._new_station(cells[station_place].strip())
            rain_text = cells[rain_place]
            rain_um = self._rain.get(rain_text)
            if rain_um is None:
                rain_um = self._new_rain(rain_text)
            observed_at = self._instant("observed_at", cells[observed_place])
            received_at = observed_at
            if received_place >= 0:
                received_at = self._instant("received_at", cells[received_place])
                if received_at < observed_at - AHEAD_MAX_MS:
                    remedy = "lies before observed_at: must be when the line arrived"
                    raise ValueError(f"received_at = {cells[received_place][:40]!r}: {remedy}")
        except ValueError as error:
            self._refuse(number, str(error))
            return
        if rain_um < 0:
            self._unmeasured += 1
            return
        lines = self._lines
        lines.station.append(station)
        lines.observed_at.append(observed_at)
        lines.received_at.append(received_at)
        lines.rain_um.append(rain_um)

    def finished(self, notice: Callable[[str], None]) -> Lines:
        """All lines, each time of a station once; or BadFile with the first mistakes."""
        if self._mistakes:
            raise BadFile(self._mistakes)
        if not len(self._lines):
            raise BadFile([f"{self._name}: holds no line of rain below the one that names the columns"])
        if self._unmeasured:
            notice(f"{self._name}: {self._unmeasured:,} lines without rain_mm: nothing was measured there")
        once, twice = once_each(self._lines)
        if twice:
            notice(f"{self._name}: {twice:,} lines tell a time again: of two amounts the larger stands")
        return once

    def _refuse(self, number: int, why: str) -> None:
        self._mistakes.append(f"{self._name}: line {number}: {why}")
        if len(self._mistakes) == MISTAKES_MAX:
            raise BadFile([*self._mistakes, f"{self._name}: … and perhaps more: only the first mistakes are told"])

    def _new_station(self, name: str) -> int:
        if name not in self._stations:
            raise ValueError(f"station = {name[:40]!r}: is not in stations.toml; {nearest(name, self._stations)}")
        return self.names.setdefault(name, len(self.names))

    def _new_rain(self, text: str) -> int:
        """Rain in micrometres, -1 where nothing was measured; texts are remembered, there are few."""
        cell = text.strip()
        if not cell:
            return -1
        try:
            rain_mm = float(cell) if cell.isascii() and "_" not in cell else -1.0
        except ValueError:
            rain_mm = -1.0
        if not isfinite(rain_mm) or not 0 <= rain_mm <= RAIN_MM_MAX:
            remedy = f"must be millimetres of rain, 0 to {RAIN_MM_MAX:g}, e.g. 0.5; empty where nothing was measured"
            raise ValueError(f"rain_mm = {cell[:40]!r}: {remedy}")
        rain_um = round(rain_mm * UM_PER_MM)
        if len(self._rain) < KNOWN_TEXTS_MAX:
            self._rain[text] = rain_um
        return rain_um

    def _instant(self, column: str, text: str) -> int:
        at = self._instants.get(text)
        if at is None:
            try:
                at = instant(text.strip())
            except ValueError as error:
                raise ValueError(f"{column} = {text[:40]!r}: {error}") from None
            if len(self._instants) >= KNOWN_TEXTS_MAX:
                self._instants.clear()  # neighbouring lines share a time, distant ones do not
            self._instants[text] = at
        return at
