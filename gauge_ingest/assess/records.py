"""Records of rain from a CSV file: sums of a fixed step, or one row per tip."""

import csv
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from math import isfinite, nan
from pathlib import Path
from unicodedata import category

COLUMNS = ("station", "observed_at", "rain_mm", "kind", "temperature_c")
NEEDED = ("station", "observed_at")
# Files are written with these as well; a comma may then stand within a number.
SEPARATORS = {";": "semicolons", "\t": "tabs"}
# Of Unicode's categories: what moves a cursor, or is not seen at all.
CONTROL_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})
# A column with such a word in its name was meant to be the rain.
RAIN_WORDS = ("rain", "precip", "tips", "depth", "amount", "value", "_mm")
MISTAKES_MAX = 10
MISSING_WORDS = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})
MISSING_UM = -(1 << 62)
UM_PER_MM = 1_000
RAIN_MM_MAX = 100_000.0
# The coldest and the warmest air that was ever measured, with room; what lies beyond is a word for "missing".
CELSIUS_MIN = -90.0
CELSIUS_MAX = 70.0
YEARS = range(1800, 2200)
TELL_EVERY_ROWS = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class RowKind(IntEnum):
    """What a row is."""

    RAIN = 0
    VISIT = 1
    TEST = 2


_KINDS = {"": RowKind.RAIN, "rain": RowKind.RAIN, "visit": RowKind.VISIT, "test": RowKind.TEST}


class BadRecords(Exception):
    """The file cannot be used; says line by line what would be right."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(mistakes))


@dataclass(slots=True)
class Records:
    """The rows of a file, in its order; every list has one place for each row.

    `rain_um` is MISSING_UM where nothing was measured, and the bucket is to be filled in where `tips` (no column
    rain_mm): each row is one tip. `texts` are station, time and rain as they stand in the file.
    """

    tips: bool
    stations: list[str] = field(default_factory=list)
    station: "array[int]" = field(default_factory=lambda: array("l"))
    at: "array[int]" = field(default_factory=lambda: array("q"))
    rain_um: "array[int]" = field(default_factory=lambda: array("q"))
    kind: bytearray = field(default_factory=bytearray)
    celsius: "array[float]" = field(default_factory=lambda: array("d"))
    texts: list[tuple[str, str]] = field(default_factory=list)
    naive: bool = False

    def __len__(self) -> int:
        return len(self.at)

    def in_order(self) -> bool:
        """Whether each station's rows stand in order of time, whatever the order of the stations."""
        latest: dict[int, int] = {}
        for place, at in zip(self.station, self.at, strict=True):
            if at < latest.get(place, at):
                return False
            latest[place] = at
        return True


def read_records(path: Path, *, on_rows: Callable[[int], None]) -> Records:
    """The records in a file; BadRecords says what is wrong with it, OSError that it cannot be read."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        try:
            header = next(rows, [])
            places = _places(path.name, header)
            # A cell in quotes may go over several lines: counting rows is not counting lines.
            return _Reading(path.name, places, _width(header)).read(((rows.line_num, cells) for cells in rows), on_rows)
        except UnicodeDecodeError as error:
            raise BadRecords([f"{path.name}: is not text in UTF-8 (byte {error.start})"]) from None
        except csv.Error as error:
            raise BadRecords([f"{path.name}: line {rows.line_num}: {error}"]) from None


def usual_step_ms(times: Sequence[int]) -> int:
    """The commonest distance between successive times of a station, the shorter of two equally common; 5 min of one."""
    apart = Counter(later - before for before, later in pairwise(times) if later > before)
    return max(apart, key=lambda step: (apart[step], -step)) if apart else 300_000


def _places(name: str, header: Sequence[str]) -> dict[str, int]:
    named = [cell.strip().lower() for cell in header]
    missing = [column for column in NEEDED if column not in named]
    if missing:
        _refuse_separators(name, header)
        lacks = " and no column ".join(missing)
        example = "e.g. station,observed_at,rain_mm"
        raise BadRecords([f"{name}: line 1: no column {lacks}; the first line must name the columns, {example}"])
    meant = [cell for cell in named if any(word in cell for word in RAIN_WORDS)]
    if "rain_mm" not in named and meant:
        remedy = "call it rain_mm if it is the rain of a step in mm; without such a column each row is one tip"
        raise BadRecords([f"{name}: line 1: column {meant[0]}: {remedy}, and no column may look like rain"])
    twice = [column for column in COLUMNS if named.count(column) > 1]
    if twice:
        raise BadRecords([f"{name}: line 1: column {twice[0]} is there twice: take one out"])
    return {column: named.index(column) for column in COLUMNS if column in named}


def _refuse_separators(name: str, header: Sequence[str]) -> None:
    """Say so where the columns are named, but not with commas between them."""
    for separator, called in SEPARATORS.items():
        named = {part.strip(' "').lower() for cell in header for part in cell.split(separator)}
        if named.issuperset(NEEDED) or (len(header) == 1 and separator in header[0]):
            remedy = "commas must stand there, and a point in numbers (2.5), e.g. station,observed_at,rain_mm"
            raise BadRecords([f"{name}: line 1: {called} stand between the columns: {remedy}"])


def _width(header: Sequence[str]) -> int:
    """How many columns are named; a comma at the end names none."""
    width = len(header)
    while width and not header[width - 1].strip():
        width -= 1
    return width


class _Reading:
    """The rows of one file on their way in."""

    def __init__(self, name: str, places: dict[str, int], width: int) -> None:
        self._name = name
        self._places = places
        self._width = width
        self._least_width = 1 + max(places[column] for column in (*NEEDED, "rain_mm") if column in places)
        self._records = Records(tips="rain_mm" not in places)
        self._numbers: dict[str, int] = {}
        self._mistakes: list[str] = []

    def read(self, rows: Iterator[tuple[int, list[str]]], on_rows: Callable[[int], None]) -> Records:
        """All rows, each with the number of its line, or BadRecords with the first mistakes."""
        width = self._width
        for number, cells in rows:
            if not cells or not any(cells):
                continue
            try:
                self._take(cells if len(cells) == width else self._fitted(cells))
            except ValueError as error:
                self._mistakes.append(f"{self._name}: line {number}: {error}")
                if len(self._mistakes) == MISTAKES_MAX:
                    self._mistakes.append(f"{self._name}: … and perhaps more: only the first mistakes are told")
                    break
            if number % TELL_EVERY_ROWS == 0:
                on_rows(number)
        if self._mistakes:
            raise BadRecords(self._mistakes)
        if not len(self._records):
            raise BadRecords([f"{self._name}: holds no row below the line that names the columns"])
        return self._records

    def _fitted(self, cells: list[str]) -> list[str]:
        """A row of as many cells as there are columns: what may be left out is empty, what is empty may be too much."""
        there, width = len(cells), self._width
        if there < self._least_width:
            ends = min((place, column) for column, place in self._places.items() if place >= there)[1]
            remedy = "separate cells with commas, and leave one empty where nothing was measured"
            raise ValueError(f"the row ends before {ends}: {remedy}")
        if any(map(str.strip, cells[width:])):
            remedy = "write a decimal with a point (2.5), and put text with a comma in it into quotes"
            raise ValueError(f"the row has {there} cells, but line 1 names {width} columns: {remedy}")
        return cells[:width] + [""] * (width - there)

    def _take(self, cells: list[str]) -> None:
        places, records = self._places, self._records
        station = cells[places["station"]].strip()
        if not station:
            raise ValueError("station is empty")
        text = cells[places["observed_at"]].strip()
        at = self._instant(text)
        kind = self._kind(cells)
        rain_text = cells[places["rain_mm"]].strip() if "rain_mm" in places else ""
        rain_um = 0 if records.tips else _rain_um(rain_text)
        if kind is RowKind.VISIT and rain_um == MISSING_UM:
            rain_um = 0  # somebody came; nothing had to be measured
        celsius = _celsius(cells[places["temperature_c"]]) if "temperature_c" in places else nan
        if station not in self._numbers:
            if not CONTROL_CATEGORIES.isdisjoint(map(category, station)):
                raise ValueError(f"station = {station[:40]!r}: must be a name without control or invisible characters")
            self._numbers[station] = len(records.stations)
            records.stations.append(station)
        records.station.append(self._numbers[station])
        records.at.append(at)
        records.rain_um.append(rain_um)
        records.kind.append(kind)
        records.celsius.append(celsius)
        records.texts.append((text, rain_text))

    def _instant(self, text: str) -> int:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            remedy = "must be an instant, e.g. 2026-07-15T18:05:00+08:00"
            raise ValueError(f"observed_at = {text[:40]!r}: {remedy}") from None
        if moment.year not in YEARS:
            raise ValueError(f"observed_at = {text[:40]!r}: must lie in the years {YEARS[0]} to {YEARS[-1]}")
        if moment.tzinfo is None:
            self._records.naive = True
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MS

    def _kind(self, cells: list[str]) -> RowKind:
        text = cells[self._places["kind"]].strip().lower() if "kind" in self._places else ""
        kind = _KINDS.get(text)
        if kind is None:
            raise ValueError(f"kind = {text[:40]!r}: must be empty, visit or test")
        return kind


def _rain_um(text: str) -> int:
    rain_mm = _number(text, "rain_mm")
    if not isfinite(rain_mm):
        return MISSING_UM
    if abs(rain_mm) > RAIN_MM_MAX:
        raise ValueError(f"rain_mm = {text[:40]!r}: must be millimetres of rain, at most {RAIN_MM_MAX:g}")
    return round(rain_mm * UM_PER_MM)


def _celsius(text: str) -> float:
    celsius = _number(text, "temperature_c")
    if celsius < CELSIUS_MIN or celsius > CELSIUS_MAX:
        between = f"must lie between {CELSIUS_MIN:g} and {CELSIUS_MAX:g} °C"
        raise ValueError(f"temperature_c = {text.strip()[:40]!r}: {between}; leave it empty where it is missing")
    return celsius


def _number(text: str, column: str) -> float:
    cell = text.strip()
    if cell.lower() in MISSING_WORDS:
        return nan
    # Python takes 1_000 and the digits of all scripts for numbers; whoever wrote them into a file meant something else.
    value = _float(cell) if cell.isascii() and "_" not in cell else None
    if value is None:
        raise ValueError(f"{column} = {cell[:40]!r}: must be a number, or empty where it is missing")
    return value if isfinite(value) else nan


def _float(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
