"""A CSV file of rain, row by row under its mapping: station, time and figure, or why a row cannot be taken."""

import csv
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from math import inf
from pathlib import Path
from typing import NamedTuple, TextIO

from gauge_ingest.configuration.mapping import ImportMapping, TimeColumns
from gauge_ingest.journal.imported import SINCE_MIN

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
UM_PER_MM = 1_000
UM_MAX = AT_MAX = 10**15
REASONS = {
    "time": "time cannot be read as {format}: {value}",
    "old": "before 1800-01-01T00:00Z: {value}; is the year mistyped?",
    "number": "not a number: {value}",
    "negative": "below 0: {value}",
    "flag": "flagged {value} in the file",
    "short": "fewer columns than the head of the file",
    "long": "more columns than the head of the file: decimal commas? Set file.decimal and file.delimiter",
}


class Unreadable(Exception):
    """The file cannot be read under its mapping at all; in words with file, line and what would be right."""


class Told(NamedTuple):
    """What a row says of a station. `um`: micrometres, or the count; None: the row says that it is missing."""

    line: int
    station: str
    at: int
    um: int | None


class Bad(NamedTuple):
    """A row, or a cell of it, that cannot be taken. `kind`: the reason without its figures."""

    line: int
    station: str
    kind: str
    reason: str
    cells: Sequence[str]


def rows_of(path: Path, mapping: ImportMapping) -> Iterator[Told | Bad]:
    """Every row of a file, in its order; raises Unreadable."""
    try:
        with _opened(path, mapping) as file:
            yield from _Reading(path, mapping).rows(file)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, LookupError) as error:
        raise Unreadable(f"{path}: is no text in {mapping.file.encoding} (file.encoding): {error}") from error
    except (csv.Error, EOFError) as error:
        raise Unreadable(f"{path}: is no CSV file: {error}") from error


def _opened(path: Path, mapping: ImportMapping) -> TextIO:
    encoding = "utf-8-sig" if mapping.file.encoding.lower() in ("utf-8", "utf8") else mapping.file.encoding
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


class _Reading:
    """One pass over a file."""

    def __init__(self, path: Path, mapping: ImportMapping) -> None:
        self._path = path
        self._mapping = mapping
        self._instant = _instants(mapping.time)
        self._missing = frozenset(one.strip() for one in mapping.rain.missing)
        self._refuse = frozenset(mapping.flag.refuse)
        unit = mapping.rain.unit
        tip_um = round(mapping.rain.bucket_mm * UM_PER_MM)
        self._times = tip_um if unit == "tips" else 1 if unit == "counter" else UM_PER_MM

    def rows(self, file: TextIO) -> Iterator[Told | Bad]:
        for _ in range(self._mapping.file.skip_lines):
            file.readline()
        found = csv.reader(file, delimiter=self._mapping.file.delimiter)
        head = [name.strip() for name in next(found, [])]
        times, rains, names, flag = self._places(head)
        named = max(place for place, name in enumerate(head) if name) + 1
        before = self._mapping.file.skip_lines
        for cells in found:
            if not any(cells):
                continue
            line = before + found.line_num
            if len(cells) <= max(*times, *rains, *names, flag):
                yield Bad(line, "", "short", REASONS["short"], cells)
                continue
            if len(cells) > len(head) or any(cells[named:]):  # decimal commas shift what stands behind them
                yield Bad(line, "", "long", REASONS["long"], cells)
                continue
            at, said = self._time(cells, times)
            if at is None:
                reason = REASONS["time"].format(format=self._mapping.time.format, value=said)
                yield Bad(line, "", "time", reason, cells)
                continue
            if at < SINCE_MIN:
                yield Bad(line, "", "old", REASONS["old"].format(value=said), cells)
                continue
            if flag >= 0 and cells[flag].strip() in self._refuse:
                yield Bad(line, "", "flag", REASONS["flag"].format(value=cells[flag].strip()), cells)
                continue
            for station, place in self._stations(cells, rains, names):
                yield self._told(line, station, at, cells, place)

    def _told(self, line: int, station: str, at: int, cells: Sequence[str], place: int) -> Told | Bad:
        text = cells[place].strip()
        if text in self._missing or not text:
            return Told(line, station, at, None)
        try:
            value = _number(text, self._mapping.file.decimal) * self._times
        except ValueError:
            value = inf
        if value < 0:
            return Bad(line, station, "negative", REASONS["negative"].format(value=text), cells)
        if value > UM_MAX:
            return Bad(line, station, "number", REASONS["number"].format(value=text), cells)
        return Told(line, station, at, round(value))

    def _places(self, head: list[str]) -> tuple[list[int], list[int], list[int], int]:
        """Where in a row the times stand, the rain of each station, the station's name, the flag (-1: nowhere)."""
        mapping = self._mapping

        def place(key: str, name: str) -> int:
            if name in head:
                return head.index(name)
            columns = ", ".join(head)[:200] or "none"
            raise Unreadable(f"{self._path}: has no column {name!r} ({key} of the mapping); its columns are {columns}")

        times = [place("time.columns", name) for name in mapping.time.columns]
        wide = list(mapping.station.columns)
        rains = [place("station.columns", n) for n in wide] or [place("rain.column", mapping.rain.column)]
        names = [place("station.column", mapping.station.column)] if mapping.station.column else []
        return times, rains, names, place("flag.column", mapping.flag.column) if mapping.flag.column else -1

    def _stations(self, cells: Sequence[str], rains: Sequence[int], names: Sequence[int]) -> Iterator[tuple[str, int]]:
        station = self._mapping.station
        if station.columns:
            yield from zip(station.columns.values(), rains, strict=True)
        elif names:
            called = cells[names[0]].strip()
            yield station.names.get(called, called), rains[0]
        else:
            yield station.id, rains[0]

    def _time(self, cells: Sequence[str], places: Sequence[int]) -> tuple[int | None, str]:
        text = " ".join(cells[place].strip() for place in places)
        try:
            at = self._instant(text)
        except (ValueError, OverflowError):
            return None, text
        return at if abs(at) < AT_MAX else None, text


def _number(text: str, decimal: str = ".") -> float:
    """A number in plain digits; ValueError where it is none: float alone takes 1_0 for 10, and digits of any script."""
    if decimal != ".":
        text = text.translate({ord(decimal): ".", ord("."): decimal})  # 1.234 says another thing there
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number")
    return float(text)


def _instants(time: TimeColumns) -> "_Instant":
    zone = None
    if time.offset:
        hours, minutes = time.offset[1:].split(":")
        behind = -1 if time.offset[0] == "-" else 1
        zone = timezone(behind * timedelta(hours=int(hours), minutes=int(minutes)))
    return _Instant(time.format, zone)


class _Instant:
    """A time as text to milliseconds since 1970; ValueError where it is none."""

    def __init__(self, pattern: str, zone: timezone | None) -> None:
        self._pattern = pattern
        self._zone = zone

    def __call__(self, text: str) -> int:
        if self._pattern in ("unix", "unix_ms"):
            return round(_number(text) * (1 if self._pattern == "unix_ms" else 1_000))
        if any(one.isdigit() and not one.isascii() for one in text):  # strptime reads digits of any script
            raise ValueError("digits of another script")
        iso = self._pattern == "iso"
        at = datetime.fromisoformat(text) if iso else datetime.strptime(text, self._pattern)  # noqa: DTZ007 - below
        if at.tzinfo is None:
            if self._zone is None:
                raise ValueError("no zone")
            at = at.replace(tzinfo=self._zone)
        return round(at.timestamp() * 1_000)


def stations_named(mapping: ImportMapping) -> Mapping[str, str]:
    """The stations that a mapping names by itself, by the key that names each."""
    station = mapping.station
    named = {f"station.columns.{name}": one for name, one in station.columns.items()}
    named |= {f"station.names.{name}": one for name, one in station.names.items()}
    return named | ({"station.id": station.id} if station.id else {})
