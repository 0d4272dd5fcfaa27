"""Reads the file of a rain record: rows of a CSV as times and numbers, or one error that says where and what to do."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TextIO

ROWS_MAX = 2_000_000
_GAPS = {"", "nan", "na", "null"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SHOWN_MAX = 60


class RecordError(ValueError):
    """A record that cannot be used; the text names file, line, field, value and remedy."""


class Entry(NamedTuple):
    """One number of a record: when (milliseconds since 1970), how much, and the line it stands in."""

    at: int
    value: float
    line: int


class Table(NamedTuple):
    """What to take from a file. `gauges`: names the station column must have; `default`: of a row without a value."""

    time_column: str
    time_format: str
    utc_offset_ms: int
    value_columns: tuple[str, ...]
    values_key: str  # the setting that names them
    station_column: str
    gauges: tuple[str, ...]
    flag_column: str
    skip_flags: frozenset[str]
    delimiter: str
    whole: bool
    default: float | None


def read_entries(path: Path, table: Table) -> Mapping[str, Sequence[Entry]]:
    """Return the entries of each gauge in the file's order; gaps and flagged rows are left out."""
    found: dict[str, list[Entry]] = {}
    try:
        with _opened(path) as text:
            for gauge, entry in _entries(path, table, csv.reader(text, delimiter=table.delimiter)):
                found.setdefault(gauge, []).append(entry)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordError(f"{path}: cannot be read ({error}): give a file in the scenario's folder") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{path}: is no CSV file ({error}): save it as CSV in UTF-8") from error
    if not found:
        raise RecordError(f"{path}: has no row with a value: check the file and skip_flags")
    for gauge in table.gauges:
        if gauge not in found:
            raise RecordError(f"{path}: feeds: {table.station_column} is never {gauge!r}: it is {_some(list(found))}")
    return found


def milliseconds(text: str, time_format: str, utc_offset_ms: int) -> int:
    """Return a local time as milliseconds since 1970. Raises ValueError."""
    read = datetime.fromisoformat(text) if time_format == "iso" else datetime.strptime(text, time_format)  # noqa: DTZ007
    if read.tzinfo is not None:
        return (read - _EPOCH) // _MILLISECOND
    return (read.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND - utc_offset_ms


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Open a plain or packed text file; a line ends with LF, CR LF or CR alone."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline=None) as text:
            yield text
    else:
        with path.open(encoding="utf-8-sig", newline=None) as text:
            yield text


def _entries(path: Path, table: Table, rows: Iterator[list[str]]) -> Iterator[tuple[str, Entry]]:
    header = [name.strip() for name in next(rows, [])]
    time_at = _column(path, header, "time_column", table.time_column)
    station_at = _column(path, header, "station_column", table.station_column) if table.station_column else None
    flag_at = _column(path, header, "flag_column", table.flag_column) if table.flag_column else None
    values_at = [
        (name, _column(path, header, table.values_key, name) if name else None) for name in table.value_columns
    ]
    for line, row in enumerate(rows, start=2):
        if line > ROWS_MAX:
            raise RecordError(f"{path}: line {line}: more than {ROWS_MAX} rows: cut out the time you want to replay")
        if not any(row) or (flag_at is not None and _cell(row, flag_at).casefold() in table.skip_flags):
            continue
        at: int | None = None
        for name, value_at in values_at:
            value = _value(path, table, line, name, "" if value_at is None else _cell(row, value_at))
            if value is None:
                continue
            if at is None:
                at = _time(path, table, line, _cell(row, time_at))
            yield name if station_at is None else _cell(row, station_at), Entry(at, value, line)


def _column(path: Path, header: Sequence[str], key: str, name: str) -> int:
    if name not in header:
        raise RecordError(f"{path}: line 1: {key} = {name!r}: no such column: the file has {_some(header)}")
    return header.index(name)


def _cell(row: Sequence[str], number: int) -> str:
    return row[number].strip() if number < len(row) else ""


def _time(path: Path, table: Table, line: int, text: str) -> int:
    try:
        return milliseconds(text, table.time_format, table.utc_offset_ms)
    except ValueError as error:
        raise RecordError(
            f"{path}: line {line}: {table.time_column} = {_short(text)}: is not written as time_format = "
            f"{table.time_format!r} says: mend one of the two"
        ) from error


def _value(path: Path, table: Table, line: int, name: str, text: str) -> float | None:
    if not name:
        return table.default
    if text.casefold() in _GAPS:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value < math.inf or (table.whole and value % 1.0):
        wanted = "a whole number of tips" if table.whole else "a depth in millimetres, 0 or more"
        raise RecordError(f"{path}: line {line}: {name} = {_short(text)}: write {wanted}; leave a gap empty")
    return value


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:8]) or "no columns"
    return f"{shown}, …" if len(names) > 8 else shown
