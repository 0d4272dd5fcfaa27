"""The files of Grafana: dashboards as it reads them, sources and providers, and what people see in them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from gauge_ingest.commands.svg_shapes import LEVEL_COLOURS
from gauge_ingest.core.levels import LEVELS
from gauge_ingest.core.model import EventKind
from gauge_ingest.core.watch import WATCHING
from gauge_ingest.desk.metrics import MISSED_MAX
from gauge_ingest.wellbeing import FREE_BYTES_MIN
from tests.views.grafana import INFLUX, METRICS, dashboards
from tests.views.storm import ROOT

DASHBOARDS = dashboards()
PANELS = [
    pytest.param(panel, id=f"{name}-{panel['id']}") for name, one in DASHBOARDS.items() for panel in one["panels"]
]
WIDTH = 24
UNITS = {"lengthmm", "suffix: mm/h", "volt", "dBm", "celsius", "percentunit", "m", "s", "bytes", "none"}
SCHEMA = {
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "timezone", "time", "refresh", "panels", "templating", "tags"],
    "properties": {
        "uid": {"type": "string", "pattern": "^[a-z-]{1,40}$"},
        "id": False,
        "schemaVersion": {"type": "integer", "minimum": 39},
        "timezone": {"const": "Asia/Shanghai"},
        "time": {"required": ["from", "to"], "properties": {"to": {"const": "now"}}},
        "panels": {"type": "array", "minItems": 3, "items": {"$ref": "#/$defs/panel"}},
    },
    "$defs": {
        "source": {
            "type": "object",
            "required": ["type", "uid"],
            "oneOf": [
                {"properties": {"type": {"const": "influxdb"}, "uid": {"const": INFLUX}}},
                {"properties": {"type": {"const": "prometheus"}, "uid": {"const": METRICS}}},
            ],
        },
        "panel": {
            "type": "object",
            "required": ["id", "type", "title", "datasource", "gridPos", "fieldConfig", "options", "targets"],
            "properties": {
                "id": {"type": "integer", "minimum": 1},
                "type": {"enum": ["stat", "table", "timeseries", "state-timeline"]},
                "datasource": {"$ref": "#/$defs/source"},
                "gridPos": {
                    "required": ["x", "y", "w", "h"],
                    "additionalProperties": {"type": "integer", "minimum": 0},
                },
                "fieldConfig": {
                    "required": ["defaults", "overrides"],
                    "properties": {
                        "overrides": {
                            "items": {
                                "required": ["matcher", "properties"],
                                "properties": {
                                    "matcher": {"properties": {"id": {"enum": ["byName", "byRegexp", "byFrameRefID"]}}},
                                    "properties": {"items": {"required": ["id", "value"]}},
                                },
                            }
                        }
                    },
                },
                "targets": {
                    "minItems": 1,
                    "items": {
                        "required": ["refId", "datasource"],
                        "properties": {"datasource": {"$ref": "#/$defs/source"}},
                        "oneOf": [{"required": ["query"]}, {"required": ["expr"]}],
                    },
                },
            },
        },
    },
}


def limits(panel: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The fields of a panel by name, with what is said of each: the defaults too, without a name."""
    yield "", panel["fieldConfig"]["defaults"]
    for one in panel["fieldConfig"]["overrides"]:
        yield one["matcher"]["options"], {prop["id"]: prop["value"] for prop in one["properties"]}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_has_the_shape_that_grafana_reads(name: str) -> None:
    wrong = [f"{'/'.join(map(str, one.path))}: {one.message}" for one in Draft202012Validator(SCHEMA).iter_errors(DASHBOARDS[name])]  # fmt: skip  # noqa: E501

    assert wrong == []


def test_names_and_numbers_are_used_once() -> None:
    assert set(DASHBOARDS) == {"network", "station", "alerts", "quality", "service"}
    assert {one["uid"] for one in DASHBOARDS.values()} == {f"rain-{name}" for name in DASHBOARDS}
    assert len({one["title"] for one in DASHBOARDS.values()}) == len(DASHBOARDS)
    for one in DASHBOARDS.values():
        ids = [panel["id"] for panel in one["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in one["panels"]:
            refs = [target["refId"] for target in panel["targets"]]
            assert len(set(refs)) == len(refs)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_in_the_grid_and_none_on_another(name: str) -> None:
    taken = set[tuple[int, int]]()
    for panel in DASHBOARDS[name]["panels"]:
        place = panel["gridPos"]
        squares = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not squares & taken, panel["title"]
        assert place["x"] + place["w"] <= WIDTH
        taken |= squares
    assert len(taken) == WIDTH * (max(y for _, y in taken) + 1), "a hole in the grid"


@pytest.mark.parametrize("panel", PANELS)
def test_titles_are_chinese_and_english_and_every_panel_has_words_for_no_data(panel: dict[str, Any]) -> None:
    assert re.search(r"[一-鿿]", panel["title"])
    assert re.search(r"[A-Za-z]", panel["title"])
    if panel["datasource"]["uid"] == INFLUX:
        assert panel["fieldConfig"]["defaults"]["noValue"]


@pytest.mark.parametrize("panel", PANELS)
def test_units_decimals_and_bounds_are_said(panel: dict[str, Any]) -> None:
    for field, said in limits(panel):
        unit = said.get("unit")
        if unit is None or unit.startswith("time:"):
            continue
        assert unit in UNITS, (field, unit)
        assert "decimals" in said or field in ("A", "B"), field
        if unit == "percentunit":
            assert (said["min"], said["max"]) == (0, 1)
    if panel["type"] in ("timeseries", "state-timeline"):
        assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False, "a gap would be bridged"
        if panel["fieldConfig"]["defaults"]["unit"] in ("lengthmm", "suffix: mm/h"):
            assert panel["fieldConfig"]["defaults"]["min"] == 0


def test_a_bar_stands_before_its_stamp_which_is_the_end_of_the_interval() -> None:
    bars = [
        one["fieldConfig"]["defaults"]["custom"]
        for dashboard in DASHBOARDS.values()
        for one in dashboard["panels"]
        if one["fieldConfig"]["defaults"].get("custom", {}).get("drawStyle") == "bars"
    ]

    assert len(bars) == 3
    assert {custom["barAlignment"] for custom in bars} == {-1}


def test_thresholds_of_rain_are_those_of_the_rules() -> None:
    rules = tomllib.loads((ROOT / "config/rules.toml").read_text(encoding="utf-8"))["rules"]["flash_flood"]["rain_mm"]
    network = {panel["title"]: panel for panel in DASHBOARDS["network"]["panels"]}
    station = {panel["title"]: panel for panel in DASHBOARDS["station"]["panels"]}
    colours = {level: LEVEL_COLOURS[LEVELS[level].grade] for level in ("prepare", "immediate")}

    def expected(duration: str) -> list[tuple[float | None, str]]:
        return [(None, "transparent"), *((rules[duration][level], colours[level]) for level in colours)]

    def steps(said: dict[str, Any]) -> list[tuple[float | None, str]]:
        return [(step["value"], step["color"]) for step in said["thresholds"]["steps"]]

    hours = dict(limits(network["最近雨量 Rain of the last hours"]))
    for column, duration in (("h01", "1h"), ("h03", "3h"), ("h06", "6h"), ("h24", "24h")):
        assert steps(hours[column]) == expected(duration)
    assert steps(dict(limits(network["8时以来 Since 08:00"]))["rain_mm"]) == expected("24h")
    moving = station["一小时滑动雨量与阈值 Rain within one hour, and its thresholds"]["fieldConfig"]["defaults"]
    assert steps(moving) == expected("1h")
    assert moving["custom"]["thresholdsStyle"] == {"mode": "dashed"}


def test_a_station_turns_red_when_the_watchdog_would_call_it_silent() -> None:
    stations = tomllib.loads((ROOT / "config/stations.toml").read_text(encoding="utf-8"))["stations"]
    missed_max = tomllib.loads((ROOT / "config/rules.toml").read_text(encoding="utf-8"))["watch"]["silent"][
        "missed_max"
    ]
    panel = next(one for one in DASHBOARDS["network"]["panels"] if "Last heard" in one["title"])

    _, amber, red = dict(limits(panel))["minutes"]["thresholds"]["steps"]

    assert {one["report_every_s"] * missed_max / 60 for one in stations.values()} == {red["value"]}
    assert {one["report_every_s"] * MISSED_MAX / 60 for one in stations.values()} == {amber["value"]}


def test_battery_and_disk_turn_amber_and_red_where_the_watchdogs_speak() -> None:
    found = {
        panel["title"]: [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        for dashboard in DASHBOARDS.values()
        for panel in dashboard["panels"]
        if "thresholds" in panel["fieldConfig"]["defaults"]
    }

    assert found["电池 Battery, lowest"] == [None, WATCHING.battery.warning_v, WATCHING.battery.low_v]
    assert found["磁盘剩余 Disk free"] == [None, FREE_BYTES_MIN, WATCHING.disk.free_mb_min * 1_000_000]


def test_stations_levels_and_events_are_called_what_they_are() -> None:
    stations = tomllib.loads((ROOT / "config/stations.toml").read_text(encoding="utf-8"))["stations"]
    names = {name: f"{one['name']} {name}" for name, one in stations.items()}
    levels = {one.id: (f"{one.zh} {one.en}", LEVEL_COLOURS[one.grade]) for one in LEVELS.values()}
    seen = set[str]()
    for dashboard in DASHBOARDS.values():
        for panel in dashboard["panels"]:
            for field, said in limits(panel):
                for mapping in said.get("mappings", ()):
                    words = {key: value["text"] for key, value in mapping["options"].items()}
                    seen.add(field)
                    if field in ("station", "scope"):
                        assert words == names
                    elif field == "level":
                        found = {key: (one["text"], one["color"]) for key, one in mapping["options"].items()}
                        assert found == levels
                    elif field == "kind":
                        assert words.keys() == {kind.value for kind in EventKind}
                if field.strip("/") in names and "displayName" in said:
                    assert said["displayName"] == names[field.strip("/")]
                    seen.add("series")
    assert {"station", "scope", "level", "kind", "quality", "series"} <= seen


def test_sources_and_providers_are_as_grafana_reads_them_and_hold_no_secret() -> None:
    folder = ROOT / "config/grafana/provisioning"
    sources = yaml.safe_load((folder / "datasources/rain.yml").read_text(encoding="utf-8"))
    providers = yaml.safe_load((folder / "dashboards/rain.yml").read_text(encoding="utf-8"))

    assert (sources["apiVersion"], providers["apiVersion"]) == (1, 1)
    found = {one["uid"]: one for one in sources["datasources"]}
    assert {uid: one["type"] for uid, one in found.items()} == {INFLUX: "influxdb", METRICS: "prometheus"}
    assert found[INFLUX]["jsonData"]["version"] == "Flux"
    assert [one["isDefault"] for one in sources["datasources"]] == [True, False]
    assert {one["access"] for one in found.values()} == {"proxy"}
    secrets = [value for one in found.values() for value in one.get("secureJsonData", {}).values()]
    assert all(re.fullmatch(r"\$__file\{/secrets/[a-z-]+\}", value) for value in secrets)
    (provider,) = providers["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    whole = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "config/grafana").rglob("*.*"))
    assert not re.search(r"[A-Za-z0-9+=]{40,}", whole)
