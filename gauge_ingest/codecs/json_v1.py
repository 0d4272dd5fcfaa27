"""The project's own wire format: one JSON message with one reading or more (docs/stations.md, json_v1.schema.json)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from gauge_ingest.codecs.message import Message, Rejected, Undecodable
from gauge_ingest.core.model import Kind, Report

READINGS_MAX = 5_000
KINDS: Mapping[str, Kind] = {kind.name.lower(): kind for kind in Kind}

# RFC 3339, with the offset that it demands. Kept as text by the validation, for numbers pass as datetimes elsewhere.
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
MOMENT_WANTED = "must be an instant with its timezone offset, e.g. 2026-07-15T18:05:00+08:00"
MINUTES_MAX = 20_000  # minutes remembered by their text

_Moment = Annotated[str, Field(pattern=MOMENT, json_schema_extra={"format": "date-time"})]
_Number = Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)]
# Only what is no number is refused: a modem that says 99 for "unknown" must not cost the rain beside it.
_Beside = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


class ReadingV1(TypedDict):
    """What the station saw at one instant. Unknown fields are kept with the raw message and otherwise ignored."""

    __pydantic_config__ = ConfigDict(strict=True, extra="ignore")  # type: ignore[misc]  # pydantic's way for TypedDict

    observed_at: Annotated[_Moment, Field(description="when the count was read, RFC 3339 with offset")]
    count: Annotated[_Number, Field(description="tips counted so far, cumulative, below the station's counter_modulus")]
    kind: NotRequired[
        Annotated[
            Literal["timed", "event", "maintenance", "test"],
            Field(description="why the reading was taken; timed when it is missing"),
        ]
    ]
    battery_v: NotRequired[Annotated[_Beside | None, Field(description="supply voltage, V")]]
    signal_dbm: NotRequired[Annotated[_Beside | None, Field(description="received signal strength, dBm")]]
    temperature_c: NotRequired[Annotated[_Beside | None, Field(description="air temperature, degrees Celsius")]]
    door_open: NotRequired[Annotated[bool | None, Field(description="whether the cabinet's door is open")]]


class HeadV1(TypedDict):
    """What a message says beside its readings."""

    __pydantic_config__ = ConfigDict(strict=True, extra="ignore")  # type: ignore[misc]

    v: Annotated[Literal[1], Field(description="version of this format")]
    seq: Annotated[_Number, Field(description="number of the message, wraps; a message sent again keeps its number")]
    boot: NotRequired[Annotated[_Number | None, Field(description="how often the logger has started")]]
    sent_at: Annotated[_Moment, Field(description="when the message was made, by the station's clock")]


class MessageV1(HeadV1):
    """One message: topic rain/v1/<station>/up."""

    readings: Annotated[list[ReadingV1], Field(min_length=1, max_length=READINGS_MAX)]


_MESSAGE: TypeAdapter[MessageV1] = TypeAdapter(MessageV1)
_HEAD: TypeAdapter[HeadV1] = TypeAdapter(HeadV1)
_READING: TypeAdapter[ReadingV1] = TypeAdapter(ReadingV1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_validated = _MESSAGE.validator.validate_json
_minutes: dict[str, int] = {}
_SECONDS = {f"{second:02d}": second * 1000 for second in range(60)}


def decode(payload: bytes, station: str, received_at: int, message_id: int) -> Message:
    """A message from its bytes; raises Undecodable with the field's name. Bad readings are set apart."""
    try:
        found: MessageV1 = _validated(payload)
        seq, boot = found["seq"], found.get("boot")
        reports = [_report(reading, station, received_at, seq, boot, message_id) for reading in found["readings"]]
        # Here and in _report tuple.__new__ saves the call of the named tuple's own __new__, for every reading.
        return tuple.__new__(Message, (seq, boot, _instant(found["sent_at"]), reports, []))
    except ValueError as error:
        return _salvage(payload, error, station, received_at, message_id)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the format, for those who build stations."""
    schema = _MESSAGE.json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "gauge-ingest json_v1"}


def _salvage(payload: bytes, error: ValueError, station: str, received_at: int, message_id: int) -> Message:
    """Keep the good readings of a message that is not valid as a whole."""
    try:
        parsed = json.loads(payload)
    except (ValueError, RecursionError):
        raise Undecodable(_reasons(error)) from None
    readings = parsed.get("readings") if isinstance(parsed, dict) else None
    if not isinstance(readings, list) or not 1 <= len(readings) <= READINGS_MAX:
        raise Undecodable(_reasons(error))
    try:
        head = _HEAD.validate_json(payload)
        seq, boot, sent_at = head["seq"], head.get("boot"), _instant(head["sent_at"])
    except ValueError as head_error:
        raise Undecodable(_reasons(head_error, "sent_at")) from None
    good: list[Report] = []
    rejected: list[Rejected] = []
    for place, reading in enumerate(readings):
        try:
            found = _READING.validate_json(json.dumps(reading))
            good.append(_report(found, station, received_at, seq, boot, message_id))
        except ValueError as reading_error:
            rejected.append(Rejected(place, _reasons(reading_error, "observed_at", prefix=f"readings.{place}")))
    return Message(seq, boot, sent_at, good, rejected)


def _report(found: ReadingV1, station: str, received_at: int, seq: int, boot: int | None, message_id: int) -> Report:
    observed_at, count, kind = _instant(found["observed_at"]), found["count"], KINDS[found.get("kind", "timed")]
    get = found.get
    beside = (get("battery_v"), get("signal_dbm"), get("temperature_c"), get("door_open"))
    facts = (station, observed_at, count, kind, received_at, observed_at, seq, boot, *beside, message_id)
    return tuple.__new__(Report, facts)  # in the order of Report's fields


def _instant(text: str) -> int:
    """Milliseconds since 1970 UTC; ValueError for a date or time that does not exist.

    Readings crowd into few minutes: looking a minute up is a third of the price of parsing its text.
    """
    minute, second = text[:17] + text[19:], text[17:19]
    if minute in _minutes and second in _SECONDS:
        return _minutes[minute] + _SECONDS[second]
    try:
        at = (datetime.fromisoformat(text.upper()) - _EPOCH) // _MS
    except ValueError as error:
        raise ValueError(f"{error}; {MOMENT_WANTED} (got {text!r})") from None
    if len(_minutes) >= MINUTES_MAX:
        _minutes.clear()
    _minutes[minute] = at - _SECONDS[second]
    return at


def _reasons(error: ValueError, moment: str = "", *, prefix: str = "") -> str:
    """What is wrong, field by field, in words for the person who reads the quarantine."""
    if not isinstance(error, ValidationError):
        return ".".join(part for part in (prefix, moment) if part) + f": {error}"
    found = error.errors(include_url=False, include_context=False)
    lines = []
    for one in found[:5]:
        place = ".".join(str(part) for part in (prefix, *one["loc"]) if part != "")
        value = "" if one["type"] in ("missing", "json_invalid") else f" (got {str(one['input'])[:60]!r})"
        words = MOMENT_WANTED if one["type"] == "string_pattern_mismatch" else one["msg"]
        lines.append(f"{place}: {words}{value}" if place else f"{words}{value}")
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return "; ".join(lines) + more
