"""Replay of a rain record: a CSV file of millimetres per step, of tips, or of a running count of tips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from simulator.bounds import STRICT, NotNegative, Positive, Text
from simulator.values import HOUR_MS, MINUTE_MS
from simulator.weather.ground import Spot
from simulator.weather.record_file import Entry, RecordError, Table, milliseconds, read_entries

SPREAD_MIN_MAX = 10  # the water of a tip fell since the tip before, but not longer ago than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Where a record is, what its rows mean, and which of its gauges rains on which station.

    - `file`: CSV, or .csv.gz; looked for in the scenario's folder. UTF-8, with or without byte order mark, any line
      ends.
    - `rows`: "step", each row has what fell in `step_min` minutes, and its time is the step's `label`; "tip", one row
      for each turn of a bucket of `tip_mm`, or, with a `value_column`, its depth; "count", each row has the number of
      tips so far in `value_column`.
    - A gauge of the record is a column of its own (`feeds`: station -> column), or, with a `station_column`, what
      stands in that column (`feeds`: station -> its name there). A station that `feeds` does not name stays dry; with
      no `feeds` at all every station gets `value_column`, or the rows with its own name.
    - `time_format` as for Python's strptime; "iso" takes ISO 8601. Times are local, `utc_offset_h` ahead of UTC,
      unless they carry an offset of their own.
    - `begins`: what falls on `since_min` of the run: "" the first row, "date" keeps the record's dates, else an
      instant in the record's format.
    - Rows whose `flag_column` holds one of `skip_flags` are left out. An empty value or NaN is a gap: no rain.
    - `factor` multiplies every depth.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal["record"] = "record"
    stations: tuple[Text, ...] = ()  # none named: all
    file: Text
    rows: Literal["step", "tip", "count"] = "step"
    time_column: Text = "time"
    time_format: Text = "iso"
    utc_offset_h: float = 0.0
    value_column: str = ""
    station_column: str = ""
    feeds: Mapping[str, str] = field(default_factory=dict)
    step_min: Positive = 5.0
    label: Literal["end", "start"] = "end"
    tip_mm: Positive = 0.2
    factor: NotNegative = 1.0
    begins: str = ""
    since_min: NotNegative = 0.0
    flag_column: str = ""
    skip_flags: tuple[Text, ...] = ()
    delimiter: Text = ","

    def __post_init__(self) -> None:
        if not self.value_column and self.rows == "count":
            raise ValueError('value_column: rows = "count" needs the column that has the count')
        if not self.value_column and self.rows == "step" and (self.station_column or not self.feeds):
            raise ValueError('value_column: rows = "step" needs the column that has the depth, or feeds')
        if self.skip_flags and not self.flag_column:
            raise ValueError("flag_column: skip_flags needs the column that has the flags")
        if len(self.delimiter) != 1:
            raise ValueError(f"delimiter = {self.delimiter!r}: write one character")


class _Fall(NamedTuple):
    """Water that fell evenly between two times, in minutes of the run."""

    since_min: float
    until_min: float
    mm: float

    def shifted(self, minutes: float) -> _Fall:
        """Return the same water at another time."""
        return _Fall(self.since_min + minutes, self.until_min + minutes, self.mm)

    def after(self, at_min: float) -> _Fall:
        """Return the part of the water that fell after a time before its end."""
        if self.since_min >= at_min:
            return self
        part = (self.until_min - at_min) / (self.until_min - self.since_min)
        return _Fall(at_min, self.until_min, self.mm * part)


class RecordRain:
    """A record as rain of the run."""

    convective = False

    def __init__(self, plan: Record, *, folder: Path, start_at: int, minutes: int) -> None:
        """Read the file. Raises RecordError for one that cannot be used."""
        self._plan = plan
        path = folder / plan.file
        table = read_entries(path, _table(plan))
        begins_at = _begins_at(path, plan, table, start_at)
        self._falls: dict[str, list[_Fall]] = {}
        for gauge, entries in table.items():
            shift_min = plan.since_min - begins_at / MINUTE_MS
            falls = [fall.shifted(shift_min) for fall in _falls(path, plan, entries)]
            later = [fall.after(plan.since_min) for fall in falls if fall.until_min > plan.since_min]
            self._falls[gauge] = [fall for fall in later if fall.since_min < minutes]

    def add(self, spot: Spot, mm: list[float]) -> None:
        """Add what the station's gauge had, minute by minute of the run."""
        plan = self._plan
        default = spot.station if plan.station_column else plan.value_column
        gauge = plan.feeds.get(spot.station) if plan.feeds else default
        for fall in self._falls.get(gauge, ()) if gauge is not None else ():
            _spread(fall, mm)


def _table(plan: Record) -> Table:
    """Return what to look for in the file."""
    fed = tuple(dict.fromkeys(plan.feeds.values()))
    by_column = bool(fed) and not plan.station_column
    return Table(
        time_column=plan.time_column,
        time_format=plan.time_format,
        utc_offset_ms=round(plan.utc_offset_h * HOUR_MS),
        value_columns=fed if by_column else (plan.value_column,),
        values_key="feeds" if by_column else "value_column",
        station_column=plan.station_column,
        gauges=fed if plan.station_column else (),
        flag_column=plan.flag_column,
        skip_flags=frozenset(flag.casefold() for flag in plan.skip_flags),
        delimiter=plan.delimiter,
        whole=plan.rows == "count",
        default=1.0 if plan.rows == "tip" else None,
    )


def _begins_at(path: Path, plan: Record, table: Mapping[str, Sequence[Entry]], start_at: int) -> int:
    if plan.begins == "date":
        return start_at
    times = [entry.at for entries in table.values() for entry in entries]
    if not plan.begins:
        lead_min = plan.step_min if plan.rows == "step" and plan.label == "end" else 0.0
        lead_min = SPREAD_MIN_MAX if plan.rows == "tip" else lead_min
        return min(times) - round(lead_min * MINUTE_MS)
    try:
        begins_at = milliseconds(plan.begins, plan.time_format, round(plan.utc_offset_h * HOUR_MS))
    except ValueError as error:
        example = "ISO 8601" if plan.time_format == "iso" else datetime(2026, 7, 1, 18, 30).strftime(plan.time_format)  # noqa: DTZ001
        raise RecordError(
            f"{path}: begins = {plan.begins!r}: write it as the record does, such as {example}"
        ) from error
    if begins_at > max(times):
        raise RecordError(f"{path}: begins = {plan.begins!r}: the record ends before that: choose an earlier instant")
    return begins_at


def _falls(path: Path, plan: Record, entries: Sequence[Entry]) -> list[_Fall]:
    """Return the water of one gauge, in minutes since 1970."""
    if plan.rows == "step":
        lead_min = plan.step_min if plan.label == "end" else 0.0
        begins = [(entry, entry.at / MINUTE_MS - lead_min) for entry in entries if entry.value]
        return [_Fall(since, since + plan.step_min, entry.value * plan.factor) for entry, since in begins]
    before_min = -math.inf
    if plan.rows == "count":
        before_min = entries[0].at / MINUTE_MS
        entries = _tips(path, plan, entries)
    falls: list[_Fall] = []
    depth_mm = plan.factor * (1.0 if plan.rows == "tip" and plan.value_column else plan.tip_mm)
    for entry in sorted(entries, key=lambda entry: entry.at):
        if entry.value:
            until_min = entry.at / MINUTE_MS
            since_min = max(before_min, until_min - SPREAD_MIN_MAX)
            falls.append(_Fall(since_min, until_min, entry.value * depth_mm))
            before_min = until_min
    return falls


def _tips(path: Path, plan: Record, entries: Sequence[Entry]) -> list[Entry]:
    """Return how many tips each row has more than the one before."""
    tips: list[Entry] = []
    for before, entry in pairwise(entries):
        if entry.at < before.at:
            raise RecordError(f"{path}: line {entry.line}: {plan.time_column} goes back: sort the rows, oldest first")
        if entry.value < before.value:
            raise RecordError(
                f"{path}: line {entry.line}: {plan.value_column} = {entry.value:g}: less than {before.value:g} in line "
                f"{before.line}: a count only grows; split the record where the counter began anew"
            )
        tips.append(Entry(entry.at, entry.value - before.value, entry.line))
    return tips


def _spread(fall: _Fall, mm: list[float]) -> None:
    """Add water to the minutes it fell in, each in proportion to the time."""
    since_min, until_min = fall.since_min, fall.until_min
    if since_min >= until_min:
        last = math.ceil(until_min) - 1
        if 0 <= last < len(mm):
            mm[last] += fall.mm
        return
    for minute in range(max(0, math.floor(since_min)), min(len(mm), math.ceil(until_min))):
        mm[minute] += fall.mm * (min(until_min, minute + 1.0) - max(since_min, minute)) / (until_min - since_min)
