"""Flux, and what its answers say (times in nanoseconds)."""

from collections.abc import Mapping
from datetime import datetime

from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.core.model import SECOND_MS
from gauge_ingest.stores.answered import records_answered
from gauge_ingest.stores.lines import NS_PER_MS
from gauge_ingest.stores.points import Tags

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


def points_query(bucket: str, measurement: str, *, since: int, until: int, tags: Tags) -> str:
    """Flux for every point of a measurement in (since, until], with these tags and any others, field by field."""
    where = "".join(
        f" and not exists r[{flux_text(name)}]" if value is None else f" and r[{flux_text(name)}] == {flux_text(value)}"
        for name, value in tags.items()
    )
    return (
        f"from(bucket: {flux_text(bucket)}) |> {_range(since, until)}"
        f" |> filter(fn: (r) => r._measurement == {flux_text(measurement)}{where})"
        ' |> drop(columns: ["_start", "_stop", "_measurement"])'
    )


def tag_values_query(bucket: str, measurement: str, tag: str, *, since: int, until: int) -> str:
    """Flux for the values of a tag that points of a measurement in (since, until] have."""
    return (
        f"from(bucket: {flux_text(bucket)}) |> {_range(since, until)}"
        f" |> filter(fn: (r) => r._measurement == {flux_text(measurement)})"
        f" |> keep(columns: [{flux_text(tag)}]) |> distinct(column: {flux_text(tag)}) |> group()"
        ' |> keep(columns: ["_value"])'
    )


def values_answered(answer: str) -> set[str]:
    """The values in an answer of one column; ValueError or LookupError when it ends with an error."""
    return {record.cells[record.head.index("_value")] for record in records_answered(answer)}


def _range(since: int, until: int) -> str:
    """Whole milliseconds after `since` up to and with `until`: an alert's event has its number below one."""
    first, last = (since + 1) * NS_PER_MS, (until + 1) * NS_PER_MS
    return f"range(start: time(v: {first}), stop: time(v: {last}))"


def stored_increments(answer: str) -> list[StoredIncrement]:
    """The increments in an answer, in order; ValueError or LookupError when it is none, or ends with an error."""
    points: dict[str, dict[str, str]] = {}
    for record in records_answered(answer):
        named = dict(zip(record.head, record.cells, strict=False))
        points.setdefault(named["_time"], {})[named["_field"]] = named["_value"]
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
