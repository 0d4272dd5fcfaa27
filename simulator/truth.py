"""Writes down what really happened, for whoever compares it with what arrived."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from simulator.clock import rfc3339_ms, rfc3339_s
from simulator.values import Happening, Message, Reading

RAIN_COLUMNS = ("station", "minute", "fell_mm", "caught_mm", "tips")
TIP_COLUMNS = ("station", "observed_at")
ROWS_IN_A_GROUP = 65_536  # of a Parquet file; so many are held in memory
_DECIMALS = 6  # of millimetres


class UnwritableError(Exception):
    """A file cannot be written; the text names it, the reason and the remedy."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of whatever the machine refuses inside that this file cannot be written."""
    try:
        yield
    except OSError as error:
        remedy = "name a file in a folder you own, on a disk with room"
        raise UnwritableError(f"{path}: cannot be written ({error.strerror or error}): {remedy}") from error


def open_text(path: Path, *, newline: str | None = None) -> IO[str]:
    """Open a file anew; it raises UnwritableError whenever it cannot be written, however late that is."""
    return io.TextIOWrapper(io.BufferedWriter(_File(path)), encoding="utf-8", newline=newline)


class _File(io.FileIO):
    """A file that knows its name when its disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with writing(path):
            super().__init__(path, "w")

    def write(self, data: Any, /) -> int:
        with writing(self._path):
            return super().write(data)

    def close(self) -> None:
        with writing(self._path):
            super().close()


class TruthLog:
    """One JSON object per line, on disk as soon as it happened; without a stream it writes nothing."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream

    def write(self, event: str, **fields: object) -> None:
        """Append one event."""
        if self._stream is None:
            return
        self._stream.write(json.dumps({"event": event, **fields}) + "\n")
        self._stream.flush()

    def happening(self, happening: Happening) -> None:
        """Append what happened at a station. Minutes of rain are left out: `truth` writes them as a table."""
        at, station, event, facts = happening
        if self._stream is not None and event != "rain":
            self.write(event, station=station, at=rfc3339_ms(at), **told(facts))


def told(facts: Mapping[str, object]) -> dict[str, object]:
    """Return facts as they stand in the truth file: a reading or a message in words, instants as text."""
    fields: dict[str, object] = {}
    for name, value in facts.items():
        if isinstance(value, Reading):
            fields |= _of_reading(value)
        elif isinstance(value, Message):
            fields |= _of_message(value)
        else:
            fields[name] = rfc3339_ms(value) if name == "until" and isinstance(value, int) else value
    return fields


def write_truth(happenings: Iterable[Happening], *, rain: Path | None = None, tips: Path | None = None) -> None:
    """Write the rain, one row per station and minute, and the tips of the rain, one row each. Minute 1 is the first.

    - rain: `fell_mm` on the gauge (snow as water); `caught_mm` of it in the bucket: what ran in, less what was lost
      while the bucket turned and what evaporated, so that it is a little below 0 while it dries; turns of the bucket.
    - tips: station and instant, in the form that `quality assess` reads. Water that somebody pours is no rain.
    A name that ends in .parquet gets a Parquet file, any other a CSV file.
    """
    with ExitStack() as files:
        add_rain = None if rain is None else files.enter_context(_table(rain, RAIN_COLUMNS)).add
        add_tip = None if tips is None else files.enter_context(_table(tips, TIP_COLUMNS)).add
        for at, station, event, facts in happenings:
            if event == "rain" and add_rain is not None:
                add_rain((station, facts["minute"], _mm(facts["fell_mm"]), _mm(facts["caught_mm"]), facts["tips"]))
            elif event == "tip" and add_tip is not None and not facts.get("service"):
                add_tip((station, at))


class _Table(Protocol):
    def add(self, row: tuple[object, ...]) -> None:
        """Append a row."""


# How a CSV file writes a column; the others as they are.
_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "fell_mm": f"{{:.{_DECIMALS}f}}".format,
    "caught_mm": f"{{:.{_DECIMALS}f}}".format,
    "observed_at": rfc3339_ms,
}


class _CsvTable:
    def __init__(self, stream: IO[str], columns: tuple[str, ...]) -> None:
        self._rows = csv.writer(stream, lineterminator="\n")
        self._rows.writerow(columns)
        self._texts = [_TEXTS.get(column, str) for column in columns]

    def add(self, row: tuple[object, ...]) -> None:
        self._rows.writerow(text(value) for text, value in zip(self._texts, row, strict=True))


class _ParquetTable:
    def __init__(self, stream: IO[bytes], columns: tuple[str, ...]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        # fmt: off
        types = {
            "station": pa.string(), "minute": pa.int32(), "fell_mm": pa.float64(), "caught_mm": pa.float64(),
            "tips": pa.int32(), "observed_at": pa.timestamp("ms", tz="+08:00"),
        }
        # fmt: on
        self._schema = pa.schema([(column, types[column]) for column in columns])
        self._file = parquet.ParquetWriter(stream, self._schema)
        self._make: Any = pa.table
        self._rows: list[tuple[object, ...]] = []

    def add(self, row: tuple[object, ...]) -> None:
        self._rows.append(row)
        if len(self._rows) >= ROWS_IN_A_GROUP:
            self._write()

    def finish(self) -> None:
        if self._rows:
            self._write()
        self._file.close()

    def leave(self) -> None:
        # pyarrow 26.0.1: __del__ would finish what an error left open, and fail on the closed stream with a traceback.
        self._file.is_open = False

    def _write(self) -> None:
        columns = [list(column) for column in zip(*self._rows, strict=True)]
        self._file.write_table(self._make(columns, schema=self._schema))
        self._rows.clear()


@contextmanager
def _table(path: Path, columns: tuple[str, ...]) -> Iterator[_Table]:
    if path.suffix == ".parquet":
        with io.BufferedWriter(_File(path)) as stream:
            table = _ParquetTable(stream, columns)
            try:
                yield table
                table.finish()
            finally:
                table.leave()
        return
    with open_text(path, newline="") as stream:
        yield _CsvTable(stream, columns)


def _mm(value: object) -> float:
    assert isinstance(value, float)
    return round(value, _DECIMALS) + 0.0  # never -0.0


def _of_reading(reading: Reading) -> dict[str, object]:
    return {
        "observed_at": rfc3339_s(reading.observed_s),
        "count": reading.count,
        "kind": reading.kind,
        "counted": reading.counted,
    }


def _of_message(message: Message) -> dict[str, object]:
    return {
        "number": message.number,
        "seq": message.seq,
        "boot": message.boot,
        "sent_at": rfc3339_s(message.sent_s),
        "readings": len(message.readings),
        "kind": message.kind,
    }
