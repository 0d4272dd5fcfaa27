"""The dashboard of the service's health: its queries against a real VictoriaMetrics that scrapes a real desk."""

from __future__ import annotations

import json
import shutil
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.commands.place import Place
from tests.desk.serving import known_of, serving
from tests.edges.influx_server import Program, call, free_port
from tests.views.grafana import METRICS, dashboards, targets
from tests.views.storm import ROOT
from tests.worlds import MINUTE, T0, message

FIRST_SCRAPE_MAX_S = 30.0
QUERIES = [pytest.param(panel, target, id=f"{panel['id']}{target['refId']}") for _, panel, target in targets(METRICS)]


class Metrics(NamedTuple):
    """A VictoriaMetrics that has scraped twice at least."""

    url: str

    def asked(self, expr: str, **more: str) -> list[dict[str, Any]]:
        """What Grafana gets: an instant, or a range when `start` is given."""
        expr = expr.replace("$__rate_interval", "1m")
        path = "query_range" if more else "query"
        query = urllib.parse.urlencode({"query": expr, **more})
        answer = json.loads(call("GET", f"{self.url}/api/v1/{path}?{query}"))
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metrics]:
    """The scrape configuration of Compose, with another address and a shorter pause."""
    folder = tmp_path_factory.mktemp("metrics")
    path = shutil.which("victoria-metrics")
    assert path is not None, "NO VICTORIAMETRICS: apt-get install victoria-metrics"
    place = Place(folder)
    with place.desk() as desk:
        for number in range(5):
            desk.now = T0 + number * 5 * MINUTE + 2_000
            desk.take(message([(T0 + number * 5 * MINUTE, number * 6)], seq=number))
    with serving(known_of(place)) as client:
        scrape = yaml.safe_load((ROOT / "config/metrics/scrape.yml").read_text(encoding="utf-8"))
        scrape["global"]["scrape_interval"] = "1s"
        scrape["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{client.base_url.port}"]}]
        (folder / "scrape.yml").write_text(yaml.safe_dump(scrape), encoding="utf-8")

        def command(port: int) -> Sequence[str]:
            storage, asked = f"-storageDataPath={folder / 'storage'}", f"-promscrape.config={folder / 'scrape.yml'}"
            now = "-search.latencyOffset=0s"  # else it keeps the newest half minute to itself
            return [path, storage, asked, f"-httpListenAddr=127.0.0.1:{port}", "-loggerLevel=WARN", now]

        program = Program(command, health="/health", log=folder / "metrics.log")
        program.port = free_port()
        program.start()
        try:
            found = Metrics(program.url)
            _await_scrapes(found, 2)
            yield found
        finally:
            program.kill()


def _await_scrapes(metrics: Metrics, number: int) -> None:
    deadline = time.monotonic() + FIRST_SCRAPE_MAX_S
    while time.monotonic() < deadline:
        counted = metrics.asked('count_over_time(up{job="gauge-ingest"}[5m])')
        if counted and float(counted[0]["value"][1]) >= number:
            return
        time.sleep(0.1)
    raise AssertionError("nothing was scraped")


@pytest.mark.parametrize(("panel", "target"), QUERIES)
def test_every_query_of_the_dashboard_has_an_answer(
    metrics: Metrics, panel: dict[str, Any], target: dict[str, Any]
) -> None:
    now = time.time()
    if target["instant"]:
        found = metrics.asked(target["expr"])
        assert len(found) == 1, panel["title"]
    else:
        found = metrics.asked(target["expr"], start=str(now - 60), end=str(now), step="1")
    # Nobody follows the journal here: a follower's series comes with its first position.
    assert found or "follower" in target["expr"], panel["title"]
    named = target["legendFormat"]
    if named.startswith("{{") and found:
        assert all(named.strip("{}") in one["metric"] for one in found), panel["title"]


def test_the_numbers_are_those_of_the_desk(metrics: Metrics) -> None:
    panels = {panel["title"]: panel for panel in dashboards()["service"]["panels"]}

    def value(title: str) -> float:
        (found,) = metrics.asked(panels[title]["targets"][0]["expr"])
        return float(found["value"][1])

    assert value("服务在运行 Service answers") == 1
    assert value("在线站 Stations online") + value("离线站 Stations not online") == 5
    assert value("未确认预警 Not acknowledged") == 1
    assert value("磁盘剩余 Disk free") > 0
    (age,) = metrics.asked("gauge_ingest_newest_message_age_seconds")
    assert value("最新来报 Newest message") == float(age["value"][1]) == pytest.approx(5_998)


def test_every_metric_that_is_asked_for_is_one_of_the_desk() -> None:
    source = (ROOT / "gauge_ingest/desk/metrics.py").read_text(encoding="utf-8")
    for _, _, target in targets(METRICS):
        for name in _names(target["expr"]):
            assert f'"{name}"' in source, name


def _names(expr: str) -> list[str]:
    prefix = "gauge_ingest_"
    words = [word.strip("()[]{}") for word in expr.replace("[", " ").replace("(", " ").replace(")", " ").split()]
    return [word.removeprefix(prefix).removesuffix("_total") for word in words if word.startswith(prefix)]


def test_the_shipped_scrape_configuration_is_one_that_victoria_metrics_takes(tmp_path: Path) -> None:
    path = shutil.which("victoria-metrics")
    assert path is not None, "NO VICTORIAMETRICS: apt-get install victoria-metrics"
    config = ROOT / "config/metrics/scrape.yml"

    def command(port: int) -> Sequence[str]:
        return [path, f"-storageDataPath={tmp_path / 's'}", f"-promscrape.config={config}", f"-httpListenAddr=127.0.0.1:{port}", "-promscrape.config.strictParse"]  # fmt: skip  # noqa: E501

    program = Program(command, health="/health", log=tmp_path / "log")
    program.start()
    program.stop()
