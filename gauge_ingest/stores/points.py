"""Points as line protocol writes them and as InfluxDB gives them back, with fields as text that tells their type."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from gauge_ingest.stores.answered import records_answered
from gauge_ingest.stores.lines import TAG_ESCAPES, Line

Fields = dict[str, str]
"""A field's value as line protocol writes it: `3i`, `0.6`, `true`, `"text"`."""

Tags = Mapping[str, str | None]
"""What a point is asked for by; None: it must not have this tag."""

_FIELD = re.compile(r'([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)')
_HEAD = re.compile(r"((?:[^\\ ]|\\.|\\$)*) ")
_BETWEEN_TAGS = re.compile(r"(?<!\\),")
_NAME_AND_VALUE = re.compile(r"(?<!\\)=")
_UNESCAPED = re.compile(r"\\([,= ])")
_OF_THE_ANSWER = {"", "result", "table", "_time", "_value", "_field", "_measurement", "_start", "_stop"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """What makes two points one: measurement, tags in order of their names, time in nanoseconds since 1970."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    at_ns: int


Points = dict[Place, Fields]


def points_written(lines: Iterable[Line]) -> Points:
    """The points that lines write; of one place the later fields stand."""
    points: Points = {}
    for line, _ in lines:
        head, rest = _split(line)
        fields, _, at = rest.rpartition(" ")
        measurement, *tags = _BETWEEN_TAGS.split(head)
        pairs = [_NAME_AND_VALUE.split(tag, maxsplit=1) for tag in tags]
        place = Place(measurement, tuple(sorted((_plain(name), _plain(value)) for name, value in pairs)), int(at))
        written = {name: _canonical(value) for name, value in _FIELD.findall(fields)}
        points.setdefault(place, {}).update(written)
    return points


def points_answered(answer: str, measurement: str) -> Points:
    """The points in an answer with the annotation `datatype`; ValueError or LookupError when it ends with an error."""
    points: Points = {}
    table: list[str] = []
    for head, types, cells in records_answered(answer):
        if head is not table:
            table = head
            at, field, value = head.index("_time"), head.index("_field"), head.index("_value")
            tags = sorted((name, column) for column, name in enumerate(head) if name not in _OF_THE_ANSWER)
        place = Place(measurement, tuple([(name, cells[column]) for name, column in tags]), _nanoseconds(cells[at]))
        points.setdefault(place, {})[cells[field]] = _typed(cells[value], types[value])
    return points


def line_of(place: Place, fields: Fields) -> str:
    """A point as a line, as it can be written back."""
    tags = "".join(f",{name.translate(TAG_ESCAPES)}={value.translate(TAG_ESCAPES)}" for name, value in place.tags)
    return f"{place.measurement}{tags} {','.join(f'{name}={value}' for name, value in fields.items())} {place.at_ns}"


def _split(line: str) -> tuple[str, str]:
    found = _HEAD.match(line)
    assert found is not None, line
    return found[1], line[found.end() :]


def _plain(text: str) -> str:
    return _UNESCAPED.sub(r"\1", text)


def _canonical(value: str) -> str:
    """A number as Python writes it; everything else as it stands."""
    if value[:1] == '"' or value.endswith("i") or value in {"true", "false"}:
        return value
    return repr(float(value))


def _typed(text: str, datatype: str) -> str:
    if datatype == "long":
        return f"{text}i"
    if datatype == "double":
        return repr(float(text))
    if datatype == "boolean":
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _nanoseconds(text: str) -> int:
    """RFC 3339 with up to nine digits behind the second: exact, where a float or a datetime is not."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    since = datetime.fromisoformat(f"{whole}+00:00") - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)
