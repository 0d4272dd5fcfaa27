"""A Grafana as far as its queries go: fills in what it fills in, asks, and turns the answer into its frames.

After grafana/pkg/tsdb/influxdb/flux (macros.go, builder.go) and its documented variables. Grafana itself is not asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.edges.influx_server import InfluxServer
from tests.views.asking import Answered, ask
from tests.views.storm import ROOT

FOLDER = ROOT / "config" / "grafana" / "dashboards"
INFLUX, METRICS = "influxdb-rain", "metrics"
_VARIABLE = re.compile(r"(?m)([a-zA-Z]+)\.([a-zA-Z]+)")


class Span(NamedTuple):
    """The time that a person has chosen, in milliseconds since 1970, and how long one point of a graph is."""

    since: int
    until: int
    window_s: int = 60


class Frame(NamedTuple):
    """What a panel gets. `labels`: of a time series, what tells it from others; None: it is a table."""

    labels: Mapping[str, str] | None
    columns: dict[str, str]
    rows: list[dict[str, Any]]


def dashboards() -> dict[str, dict[str, Any]]:
    """Every dashboard by the name of its file."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The panels of a dashboard."""
    return list(dashboard["panels"])


def targets(kind: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Dashboard, panel and target of every query that goes to a data source."""
    for name, dashboard in dashboards().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                if target["datasource"]["uid"] == kind:
                    yield name, panel, target


def filled_in(query: str, span: Span, **variables: str) -> str:
    """The query as Grafana sends it."""
    for name, value in variables.items():
        query = query.replace(f"${{{name}}}", value)
    assert "${" not in query, query
    moments = {"timeRangeStart": _rfc3339(span.since), "timeRangeStop": _rfc3339(span.until)}
    texts = {**moments, "windowPeriod": _go_duration(span.window_s)}
    for whole, name in {(found[0], found[2]) for found in _VARIABLE.finditer(query)}:
        if name in texts:
            query = query.replace(whole, texts[name])
    return query


def frames(server: InfluxServer, query: str, *, token: str = "") -> list[Frame]:
    """What Grafana makes of the answer: a table that has `_value` and a time becomes a series, any other stays."""
    return [_frame(table) for table in ask(server, query, token=token)]


def _frame(table: Answered) -> Frame:
    times = [name for name, kind in table.types.items() if kind.startswith("dateTime")]
    if "_value" not in table.types or not times:
        return Frame(None, table.types, table.rows)
    names = [name for name in table.types if not name.startswith("_")]
    for name in names:
        assert table.types[name] == "string", f"{name}: Grafana takes texts alone for labels"
        assert name in table.group, f"{name}: rows of one series differ in it"
    time = "_time" if "_time" in times else times[0]
    rows = [{"time": row[time], "value": row["_value"]} for row in table.rows]
    labels = {name: str(table.rows[0][name]) for name in names}
    return Frame(labels, {"time": "time", "value": table.types["_value"]}, rows)


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _go_duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{left}s"
