"""Every cell of the InfluxDB template, run as the user interface runs it, in the storm and in the calm."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.edges.influx_server import InfluxServer
from tests.views.asking import Answered, ask
from tests.views.grafana import Span, filled_in
from tests.views.grafana import dashboards as grafana_dashboards
from tests.views.storm import BEGIN, END, ROOT, Storm
from tests.views.test_grafana_queries import CALM, EVENING, NIGHT

PARTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "config/influxdb/template.yml").read_text(encoding="utf-8"))
)
DASHBOARDS = [part for part in PARTS if part["kind"] == "Dashboard"]
CELLS = [
    pytest.param(cell, id=f"{dashboard['metadata']['name']}-{number}")
    for dashboard in DASHBOARDS
    for number, cell in enumerate(dashboard["spec"]["charts"])
]
WIDTH = 12


def shown(server: InfluxServer, query: str, span: Span, station: str) -> list[Answered]:
    """What a cell gets: the user interface hands the chosen time and the variables over as a file of their own."""
    since, until = (f"time(v: {at * 1_000_000})" for at in span[:2])
    options = (
        f"option v = {{timeRangeStart: {since}, timeRangeStop: {until},"
        f' windowPeriod: {span.window_s * 1000}ms, rain_station: "{station}"}}'
    )
    return ask(server, query, extern=_parsed(server, options))


def _parsed(server: InfluxServer, flux: str) -> Any:
    return server.call("POST", "/api/v2/query/ast", {"query": flux})["ast"]["files"][0]


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_has_something_to_draw_in_the_storm_and_words_for_the_calm(
    storm: Storm, cell: dict[str, Any]
) -> None:
    for span in (Span(BEGIN, END, 600), EVENING, NIGHT, CALM):
        for station in ("HTB01", "HTB05"):
            found = [table for query in cell["queries"] for table in shown(storm.influx, query["query"], span, station)]

            assert found or (cell.get("note") and cell["noteOnEmpty"]), cell["name"]
            for table in found:
                columns = set(table.types)
                if cell["kind"] == "Xy":
                    assert columns == {"_time", "station", "_value"}
                    assert table.group == {"station"}
                if cell["kind"] == "Table":
                    assert {one["fieldName"] for one in cell["fieldOptions"]} >= columns
                if cell["kind"] == "Single_Stat":
                    assert len(table.rows) == 1


def test_cells_ask_what_the_panels_of_grafana_ask() -> None:
    """One question has one query: whoever looks at both sees the same."""
    panels = {
        filled_in(target["query"], EVENING, station="HTB01")
        for one in grafana_dashboards().values()
        for panel in one["panels"]
        for target in panel["targets"]
        if "query" in target
    }
    queries = [query["query"] for part in DASHBOARDS for cell in part["spec"]["charts"] for query in cell["queries"]]
    as_sent = [filled_in(query.replace("v.rain_station", '"HTB01"'), EVENING) for query in queries]

    own = [query for query in as_sent if query not in panels and query.rstrip() + "\n" not in panels]

    assert len(queries) == len(CELLS) > 20
    assert [query for query in own if "coverage_percent" not in query] == []


@pytest.mark.parametrize("part", DASHBOARDS, ids=lambda part: part["metadata"]["name"])
def test_cells_do_not_overlap_and_say_their_units(part: dict[str, Any]) -> None:
    taken = set[tuple[int, int]]()
    for cell in part["spec"]["charts"]:
        squares = {
            (x, y)
            for x in range(cell["xPos"], cell["xPos"] + cell["width"])
            for y in range(cell["yPos"], cell["yPos"] + cell["height"])
        }
        assert not squares & taken, cell["name"]
        taken |= squares
        assert cell["xPos"] + cell["width"] <= WIDTH
        assert any("一" <= letter <= "鿿" for letter in cell["name"]), cell["name"]
        assert any(letter.isascii() and letter.isalpha() for letter in cell["name"])
        if cell["kind"] == "Xy":
            y = next(axis for axis in cell["axes"] if axis["name"] == "y")
            assert y["suffix"].strip() == y["label"]
            if "雨量" in cell["name"]:
                assert y["label"] in ("mm", "mm/h")


def test_everything_carries_the_label_and_no_bucket_is_made() -> None:
    assert {part["kind"] for part in PARTS} == {"Label", "Variable", "Dashboard"}
    assert len({(part["kind"], part["metadata"]["name"]) for part in PARTS}) == len(PARTS)
    for part in PARTS:
        if part["kind"] != "Label":
            assert part["spec"]["associations"] == [{"kind": "Label", "name": "gauge-ingest"}]


def test_the_variable_lists_the_stations(storm: Storm) -> None:
    (variable,) = (part for part in PARTS if part["kind"] == "Variable")

    found = shown(storm.influx, variable["spec"]["query"], CALM, "")

    assert [row["_value"] for table in found for row in table.rows] == sorted(storm.stations)


def test_the_server_takes_the_template_as_influx_apply_sends_it(storm: Storm) -> None:
    org = storm.influx.org_id()
    text = (ROOT / "config/influxdb/template.yml").read_text(encoding="utf-8")
    body = {
        "orgID": org,
        "dryRun": True,
        "template": {"contentType": "json", "contents": list(yaml.safe_load_all(text))},
    }

    answer = storm.influx.call("POST", "/api/v2/templates/apply", body)

    assert not answer.get("errors")
    assert {one["new"]["name"] for one in answer["diff"]["dashboards"]} == {part["spec"]["name"] for part in DASHBOARDS}
