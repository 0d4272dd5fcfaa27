"""Flux, and the CSV that InfluxDB answers it with (times in nanoseconds)."""

import csv
from collections.abc import Mapping
from datetime import datetime
from io import StringIO

from gauge_ingest.core.model import SECOND_MS
from gauge_ingest.stores.lines import NS_PER_MS, StoredIncrement

_INCREMENT_FIELDS = ("span_s", "tips", "tips_min", "tips_max", "step", "quality")


def increments_query(bucket: str, station: str, *, since: int, until: int) -> str:
    """Flux for the increments of a station that end in (since, until]."""
    fields = " or ".join(f'r._field == "{name}"' for name in _INCREMENT_FIELDS)
    # Flux takes [start, stop), our times are ends of intervals: both bounds move by a nanosecond.
    return (
        f"from(bucket: {flux_text(bucket)})"
        f" |> range(start: time(v: {since * NS_PER_MS + 1}), stop: time(v: {until * NS_PER_MS + 1}))"
        f' |> filter(fn: (r) => r._measurement == "rain" and r.station == {flux_text(station)} and ({fields}))'
        ' |> keep(columns: ["_time", "_field", "_value"])'
    )


def stored_increments(answer: str) -> list[StoredIncrement]:
    """The increments in an answer, in order; ValueError or LookupError when it is none, or ends with an error."""
    points: dict[str, dict[str, str]] = {}
    header: list[str] = []
    for cells in csv.reader(StringIO(answer, newline="")):
        if not cells or cells[0].startswith("#"):
            header = []
        elif not header:
            header = cells
        elif "error" in header:
            raise ValueError(cells[header.index("error")])
        else:
            record = dict(zip(header, cells, strict=False))
            points.setdefault(record["_time"], {})[record["_field"]] = record["_value"]
    # A point without all of the fields is somebody else's: no increment.
    whole = [(time, fields) for time, fields in points.items() if len(fields) == len(_INCREMENT_FIELDS)]
    return sorted((_increment(time, fields) for time, fields in whole), key=lambda increment: increment[1])


def _increment(time: str, fields: Mapping[str, str]) -> StoredIncrement:
    until = round(datetime.fromisoformat(time).timestamp() * SECOND_MS)
    tips, tips_min, tips_max, step, flag = (int(fields[name]) for name in _INCREMENT_FIELDS[1:])
    return until - round(float(fields["span_s"]) * SECOND_MS), until, tips, tips_min, tips_max, step, flag


def flux_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${").replace("\n", "\\n")
    return f'"{escaped}"'
