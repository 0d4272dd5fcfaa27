"""The records that others measured and flagged, read once, in the terms of `gauge-ingest quality assess`.

Sources and licences: tests/records/gauges/README.md. How the odd rows of `imhea` are read:
- I (launched) and D (downloaded), with or without a value, also as "I,V", are visits.
- X and x are tips that the technicians took for false and set to 0: they tip again here, 0.2 mm each.
- V alone, a gap, is neither: a record of tips cannot say that something is missing.
- A row of 0 without a flag (one, minutes after a download) is neither: there is no tip and no letter.
- 04/07/2013 10:04:47 stands between 7 and 11 April: where a date is later than the next row and fits between its
  neighbours with day and month changed over, it is read so.
- From June to December 2015 the first gauge was read to the minute: tips of one minute have one time.
"""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent.parent / "tests" / "records" / "gauges"
AMSTERDAM_TIP_MM = 0.101
IMHEA_TIP_MM = 0.2
ECUADOR = timezone(timedelta(hours=-5))
DOUBLE_MAX_S = 1.1  # after the tip before: iMHEA's own programs take it for the logger's repetition
DEAD = "ams11"
PEER_CHECKS = ("fz", "hi", "so")


class Site(NamedTuple):
    """What a station is to the command."""

    latitude: float
    longitude: float
    bucket_depth_mm: float


class Row(NamedTuple):
    """A row of the command's input: a step that ends there (None: missing), a tip or a visit."""

    station: str
    at: datetime
    rain_mm: float | None
    kind: str = ""


class Amsterdam(NamedTuple):
    """Five gauges on one grid of steps, and what pypwsqc says of each step: 1 flagged, 0 not, -1 not judged."""

    sites: Mapping[str, Site]
    times: Sequence[datetime]
    rain_mm: Mapping[str, Sequence[float | None]]
    peer: Mapping[str, Mapping[str, Sequence[int]]]  # station -> check -> flags

    def rows(self) -> list[Row]:
        """As they arrived: step by step, all gauges."""
        return [
            Row(station, at, rain_mm[step])
            for step, at in enumerate(self.times)
            for station, rain_mm in self.rain_mm.items()
        ]


class Mark(Enum):
    """What the technicians, or the times, say of a row of `imhea`."""

    KEPT = "kept"
    REMOVED = "removed"
    VISIT = "visit"


class Noted(NamedTuple):
    """A row of `imhea`."""

    at: datetime
    mark: Mark


def amsterdam(steps_max: int | None = None) -> Amsterdam:
    """The record, or its beginning."""
    with gzip.open(FOLDER / "amsterdam" / "ams_five_gauges_5min.csv.gz", "rt", encoding="utf-8") as text:
        steps = list(csv.DictReader(text))[:steps_max]
    with (FOLDER / "amsterdam" / "ams_five_gauges_meta.csv").open(encoding="utf-8") as text:
        sites = {
            one["id"]: Site(float(one["lat"]), float(one["lon"]), AMSTERDAM_TIP_MM) for one in csv.DictReader(text)
        }
    times = [_utc(one["time"]) for one in steps]
    peer = {station: {check: [-1] * len(times) for check in PEER_CHECKS} for station in sites}
    place = {one["time"]: step for step, one in enumerate(steps)}
    with gzip.open(FOLDER / "amsterdam" / "flags_pypwsqc_0.3.0.csv.gz", "rt", encoding="utf-8") as text:
        for one in csv.DictReader(text):
            if one["time"] in place:
                for check in PEER_CHECKS:
                    peer[one["station_id"]][check][place[one["time"]]] = int(one[f"{check}_flag"])
    rain_mm = {station: [float(one[station]) if one[station] else None for one in steps] for station in sites}
    return Amsterdam(sites, times, rain_mm, peer)


def imhea(rows_max: int | None = None) -> dict[str, list[Noted]]:
    """Both gauges, or the beginning of each, in order of time."""
    return {
        station: _noted(FOLDER / "imhea" / f"iMHEA_{station}_raw.csv.gz", rows_max)
        for station in ("LLO_01_PO_01", "LLO_01_PO_02")
    }


def separate_tips() -> Iterator[tuple[int, float]]:
    """SEPARATE's record of tips: ms of an arbitrary epoch, mm."""
    for row in _separate("ExampleData_CumulativeTips.csv")[1:]:
        yield _ms(datetime.strptime(row[0], "%m/%d/%y %H:%M:%S").replace(tzinfo=UTC)), 0.2


def separate_steps() -> Iterator[tuple[int, float]]:
    """SEPARATE's record of fixed steps, those with rain."""
    for row in _separate("ExampleData_FixedInterval_nonzero_rows.csv")[1:]:
        yield _ms(_utc(row[0])), float(row[1])


def separate_storms(name: str) -> list[dict[str, str]]:
    """The storms of one of SEPARATE's own summaries."""
    table = _separate(name)
    head = next(number for number, row in enumerate(table) if row[:1] == ["StormID"])
    return [dict(zip(table[head], row, strict=True)) for row in table[head + 2 :]]  # a row of units in between


def separate_ms(text: str) -> int:
    """An instant of these summaries in the ms of the records."""
    return _ms(_utc(text))


def _noted(path: Path, rows_max: int | None) -> list[Noted]:
    # Lines end with CR alone; gzip's text mode reads every kind of line end.
    with gzip.open(path, "rt", encoding="utf-8-sig") as text:
        rows = list(csv.reader(text))[1:]
    times = [_local(row[0], "%d/%m/%Y %H:%M:%S") for row in rows]
    for place in range(1, len(rows) - 1):
        if times[place] > times[place + 1]:
            other = _local(rows[place][0], "%m/%d/%Y %H:%M:%S")
            assert times[place - 1] <= other <= times[place + 1], f"{path.name}: {rows[place]} fits nowhere"
            times[place] = other
    assert all(before <= after for before, after in pairwise(times)), path.name
    noted = [(at, _mark(value, flags.upper())) for at, (_, value, flags) in zip(times, rows, strict=True)]
    return [Noted(at, mark) for at, mark in noted if mark is not None][:rows_max]


def _mark(value: str, flags: str) -> Mark | None:
    if "I" in flags or "D" in flags:
        return Mark.VISIT
    if "X" in flags:
        return Mark.REMOVED
    return Mark.KEPT if value and float(value) > 0 else None


def _separate(name: str) -> list[list[str]]:
    return list(csv.reader((FOLDER / "separate" / name).read_text("utf-8-sig").splitlines()))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _local(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=ECUADOR)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1_000)
