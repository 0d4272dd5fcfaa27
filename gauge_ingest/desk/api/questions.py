"""What can be asked: the parameters of each address, as they are checked and as OpenAPI tells them."""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gauge_ingest.core.spans import duration_text, parse_duration_s, parse_moment
from gauge_ingest.core.storms import DRY_GAP_S
from gauge_ingest.desk.api.problems import Problem, refused
from gauge_ingest.history import Every

WINDOWS_MAX, READINGS_MAX, STATIONS_MAX, ALERTS_MAX = 2_000, 2_000, 100, 200
ID_MAX = 2**63 - 1
_Query = TypeVar("_Query", bound="Query")
_MOMENT = "a length of time back from now (24h, 7d), or an instant (2026-07-15T18:00:00+08:00, its + written %2B)"


class Query(BaseModel):
    """Parameters of an address: nothing else may be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Query):
    """No parameter at all."""


class Stations(Query):
    """Of the list of stations."""

    after: str = Field("", max_length=64, description="the id of a station: only those behind it")
    limit: int = Field(STATIONS_MAX, ge=1, le=STATIONS_MAX, description="stations of a page")


class Span(Query):
    """A span of observed time."""

    since: str = Field(max_length=40, description=f"from when, itself left out: {_MOMENT}", examples=["24h"])
    until: str = Field("", max_length=40, description="until when, itself in, written like since; now where not given")

    def bounds(self, *, now: int) -> tuple[int, int]:
        """Its instants in ms; or a Problem."""
        begin = _moment("since", self.since, now)
        end = _moment("until", self.until, now) if self.until else now
        if begin >= end:
            later = f"until={self.until}" if self.until else "now"
            raise Problem(400, [("since", self.since, f"must be before {later}")])
        return begin, end


class Readings(Span):
    """Readings of a station."""

    limit: int = Field(500, ge=1, le=READINGS_MAX, description="readings of a page")


class History(Span):
    """Windows of a station, or increments."""

    every: Literal["raw", "5m", "1h", "1d", "month"] = Field(
        description="increments as they are, or windows of a step; days and months begin at 08:00 Beijing time",
        examples=["1h"],
    )
    source: Literal["journal"] = Field("journal", description="where it is read from: the journal alone")
    limit: int = Field(500, ge=1, le=WINDOWS_MAX, description="windows of a page")

    @property
    def kind(self) -> Every:
        """The kind of history."""
        return Every(self.every)


class Storms(Span):
    """Storms of a station."""

    dry_gap: str = Field(duration_text(DRY_GAP_S), max_length=12, description="dry time that parts two storms")

    def gap_s(self) -> int:
        """It in seconds; or a Problem."""
        try:
            return parse_duration_s(self.dry_gap)
        except ValueError as error:
            raise Problem(400, [("dry_gap", self.dry_gap, str(error))]) from None


class Alerts(Query):
    """The list of alerts, newest first."""

    state: Literal["standing", "all"] = Field("standing", description="those that stand, or all there have been")
    before: int | None = Field(None, ge=1, le=ID_MAX, description="only alerts with a lower number")
    limit: int = Field(50, ge=1, le=ALERTS_MAX, description="alerts of a page")


def read(kind: type[_Query], parameters: dict[str, str]) -> _Query:
    """The parameters as they were meant; or a Problem that names each that is wrong."""
    try:
        return kind.model_validate(parameters)
    except ValidationError as error:
        raise refused(error, kind) from None


def parameters_of(kind: type[Query]) -> list[dict[str, Any]]:
    """The parameters of an address for OpenAPI, from what checks them."""
    schema = kind.model_json_schema()
    required = schema.get("required", ())
    found = []
    for name, one in schema.get("properties", {}).items():
        described = {"description": one.pop("description")}
        if examples := one.pop("examples", None):
            described["example"] = examples[0]
        one.pop("title", None)
        found.append({"name": name, "in": "query", "required": name in required, **described, "schema": one})
    return found


def _moment(name: str, text: str, now: int) -> int:
    try:
        return parse_moment(text, now=now)
    except ValueError as error:
        right = str(error)
        if " " in text:  # what a + becomes in an address
            right += "; write the + of an offset as %2B"
        raise Problem(400, [(name, text, right)]) from None
