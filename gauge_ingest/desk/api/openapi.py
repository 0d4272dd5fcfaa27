"""The OpenAPI 3.1 document: addresses, parameters as they are checked, and the shape of what is answered."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gauge_ingest.desk.api.problems import MEDIA_TYPE, PROBLEM, TITLES
from gauge_ingest.desk.api.questions import Query, parameters_of
from gauge_ingest.history import Every

PREFIX = "/api/v1"
_WORDS = ("station", "step", "name", "kind")
_WHOLE = ("tips", "tips_min", "tips_max", "flag", "duration_s", "count", "message_id", "id", "seq", "boot")


class Told(NamedTuple):
    """An address as OpenAPI tells it. `keys`: of its document or, where it is a list, of each row."""

    path: str
    summary: str
    query: type[Query]
    keys: Sequence[str]
    is_list: bool = True


READING = ("station", "seq", "boot", "observed_at", "received_at", "count", "kind", "imported", "flag", "message_id")
STATION = ("station", "name", "last_observed_at", "last_received_at", "online", "rain_mm", "battery_v", "flag")
ALERT = (
    *("id", "rule", "scope", "level", "peak", "state", "reason", "rained_since", "rained_until", "known_at"),
    *("raised_at", "told_at", "cleared_at", "acknowledged_at", "acknowledged_by", "silence", "silenced_until"),
    *("evidence", "events"),
)
WINDOW, STORM, MAXIMUM = Every.HOUR.columns, Every.STORM.columns, Every.MAXIMA.columns


def openapi(addresses: Sequence[Told]) -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gauge-ingest",
            "version": "1",
            "description": "Readings, rain and alerts of the stations. It only tells; it changes nothing.",
        },
        "paths": {PREFIX + one.path: {"get": _operation(one)} for one in addresses},
        "components": {
            "schemas": {"Problem": dict(PROBLEM)},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def row_schema(keys: Sequence[str]) -> dict[str, Any]:
    """A row with just these keys."""
    properties = {name: _schema(name) for name in keys}
    return {"type": "object", "required": list(keys), "properties": properties, "additionalProperties": False}


def _schema(name: str) -> dict[str, Any]:
    """What a key holds; what may be unknown may be null."""
    if name in _WHOLE:
        return {"type": ["integer", "null"]}
    if name == "coverage":
        return {"type": "number", "minimum": 0, "maximum": 1}
    if name.endswith(("_at", "_since", "_until")) or name in ("since", "until"):
        return {"type": ["string", "null"], "format": "date-time"}
    if name in ("online", "ok", "imported"):
        return {"type": "boolean"}
    if name in ("events", "checks"):
        return {"type": "array", "items": {"type": "object"}}
    if name in ("evidence",):
        return {"type": "object"}
    if name == "silence":
        return {"type": ["integer", "null"]}
    if name == "battery_v" or name.endswith(("_mm", "_mm_min", "_mm_max", "_mm_per_h", "mm_per_h")):
        return {"type": ["number", "object", "null"]} if name == "rain_mm" else {"type": ["number", "null"]}
    return {"type": ["string", "null"]}


def _operation(one: Told) -> dict[str, Any]:
    document = row_schema(one.keys)
    if one.keys == WINDOW:  # of every=raw alone
        document["properties"] |= {"step": {"type": "string"}}
    if one.is_list:
        more = {"type": ["string", "null"], "description": "the address of the next page; null behind the last"}
        rows = {"type": "array", "items": document}
        document = {"type": "object", "required": ["items", "next"], "properties": {"items": rows, "next": more}}
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    places = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    etag = {"ETag": {"schema": {"type": "string"}, "description": "another one whenever the document is another"}}
    answer = {"description": "the answer", "headers": etag, "content": {"application/json": {"schema": document}}}
    return {
        "operationId": "_".join(part.strip("{}").replace(".json", "") for part in one.path.split("/") if part),
        "summary": one.summary,
        "parameters": places + parameters_of(one.query),
        "security": [{}, {"token": []}],
        "responses": {
            "200": answer,
            "304": {"description": "what If-None-Match names is still the answer"},
            **{str(status): _problem(title) for status, title in TITLES.items()},
        },
    }


def _problem(title: str) -> Mapping[str, Any]:
    return {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
