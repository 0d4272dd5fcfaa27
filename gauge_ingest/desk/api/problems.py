"""What is wrong with a request, as RFC 9457 says it: application/problem+json with the field, its value, the remedy."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from gauge_ingest.core.nearest import nearest

MEDIA_TYPE = "application/problem+json"
VALUE_MAX = 80  # characters of a value that are told back
TITLES = {
    400: "the question cannot be answered as it stands",
    401: "the token is not the one of this service",
    404: "there is no such thing",
    405: "it can be asked for, not changed",
    414: "the address is too long",
    503: "there is no answer now",
}
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "value", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "value": {"type": ["string", "null"]},
                    "detail": {"type": "string", "description": "what would be right"},
                },
            },
        },
    },
}


class Problem(Exception):
    """A request that gets a status and a reason. `errors`: field, value (None: not given), what would be right."""

    def __init__(self, status: int, errors: Sequence[tuple[str, str | None, str]] = (), *, detail: str = "") -> None:
        told = "; ".join(f"{name}: {right}" for name, _, right in errors)
        super().__init__(detail or told)
        self.status = status
        self.errors = errors

    def response(self) -> Response:
        """As it is sent."""
        document = {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": str(self),
            "errors": [
                {"field": name, "value": None if value is None else value[:VALUE_MAX], "detail": right}
                for name, value, right in self.errors
            ],
        }
        headers = {"Retry-After": "5"} if self.status == 503 else {}
        if self.status == 405:
            headers["Allow"] = "GET, HEAD"
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(json.dumps(document, ensure_ascii=False).encode(), self.status, headers, MEDIA_TYPE)


def refused(error: ValidationError, known: type[BaseModel]) -> Problem:
    """What pydantic found, in words that say what would be right."""
    return Problem(400, [_one(found, known) for found in error.errors()])


def _one(found: Any, known: type[BaseModel]) -> tuple[str, str | None, str]:
    name, given, bounds = str(found["loc"][0]), found["input"], found.get("ctx", {})
    value = given if isinstance(given, str) else None
    match found["type"]:
        case "missing":
            return name, None, f"is required, e.g. {_example(known, name)}"
        case "extra_forbidden":
            return name, value, f"is no parameter here; {nearest(name, known.model_fields)}"
        case "int_parsing" | "int_from_float" | "int_parsing_size":
            return name, value, "must be a whole number"
        case "greater_than_equal":
            return name, value, f"must be at least {bounds['ge']}"
        case "less_than_equal":
            return name, value, f"must be at most {bounds['le']}"
        case "literal_error" | "enum":
            return name, value, f"must be one of {bounds['expected']}"
        case _:
            return name, value, str(found["msg"])


def _example(known: type[BaseModel], name: str) -> str:
    examples = known.model_fields[name].examples or []
    return f"{name}={examples[0]}" if examples else name


def once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters of a query, each given once."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Problem(400, [(name, value, "is given twice: give it once")])
        found[name] = value
    return found
