"""What people say of rain, and gauges that are calibrated anew, through the running service into InfluxDB.

Goal: the copy follows every correction, every undoing and every change of the bucket, in each point and each alert.
Method: one service for all, each test with a station of its own; journal and InfluxDB are compared row by row.
"""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gauge_ingest.core.model import AlertEvent, Step
from gauge_ingest.core.told import REVISED
from gauge_ingest.pump import Delivery
from tests.edges.broker import running_mosquitto
from tests.edges.influx_server import InfluxServer, real_influxdb
from tests.simulation.service import ROOT, Service, running_service, until
from tests.simulation.test_late import connected, derived, publish
from tests.simulation.test_stores import copied, expected, instant
from tests.worlds import MINUTE, message, text

NOW = time.time_ns() // 1_000_000 // MINUTE * MINUTE
STORM = NOW - 120 * MINUTE  # 40 minutes of 4 tips in five, of 0.5 mm each; 20 minutes later a shower of one tip
RESTART = STORM + 25 * MINUTE  # the logger begins anew, and the checks doubt the four tips that it then tells
RULE = "flash_flood"
READINGS = {"HTB01": 49, "HTB02": 49, "HTB03": 600}  # the long record is owed for a while when it is corrected
WITHDRAWN = "withdrawn by correction {} (void, by wang): bucket emptied at the visit"
SAID = ("--who", "wang", "--why", "bucket emptied at the visit")


class Copied(NamedTuple):
    """A service and the InfluxDB that it copies to."""

    service: Service
    influx: InfluxServer
    bucket: str

    def ask(self, *words: str) -> Any:
        """What a command prints."""
        done = self.service.answer(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def correct(self, *words: str) -> int:
        """Enter a correction; its number."""
        return int(self.ask("correct", *words, *SAID)["correction"]["id"])

    def points(self) -> dict[tuple[str, int], dict[str, float]]:
        """Every point of rain, once all is copied, and found to be what the journal has; its alerts are there too."""
        whole = sum(READINGS.values())
        until(lambda: derived(self.service, whole) and copied(self.service), within_s=60, what="all is copied")
        found = self.influx.points(self.bucket, "rain")
        points = {(one["station"], instant(one)): _numbers(one) for one in found}
        rows = {at: (one["tips"], one["tips_min"], one["count"], one["quality"]) for at, one in points.items()}
        assert rows == expected(self.service)
        for station, readings in READINGS.items():
            asked = ("history", station, *span(120 - 5 * readings, 120), "--every", "raw", "--source")
            told = self.ask(*asked, "influx")
            assert told == self.ask(*asked, "journal")
            for one in told:
                point = points[station, instant({"_time": one["until"]})]
                assert (point["rain_mm"], point["tips_max"]) == (one["rain_mm"], one["tips_max"])
        reader = self.service.reader()
        events = [_of_journal(event) for event in reader.alerts.changes(0)[1] if event.rule == RULE]
        reader.close()
        told_of = [event for event in self.influx.points(self.bucket, "alert") if event["rule"] == RULE]
        assert sorted(map(_of_influxdb, told_of)) == events
        return points

    def alerts(self, station: str) -> tuple[list[tuple[Any, ...]], list[tuple[str, str]]]:
        """Alerts of a station that were not taken back, with their evidence; kind and reason of all that was told."""
        reader = self.service.reader()
        # What the watchdogs find depends on when they look, and is not the rain's.
        of_rain = [one for one in reader.alerts.all(ended=True) if one.scope == station and one.rule == RULE]
        found = [one for one in of_rain if one.state != "withdrawn"]
        events = [event for event in reader.alerts.changes(0)[1] if event.scope == station and event.rule == RULE]
        told = [(event.kind.value, event.reason) for event in events]
        reader.close()
        return [(one.level, one.peak, one.state.value, one.rained_since, one.evidence) for one in found], told


def _numbers(point: dict[str, str]) -> dict[str, float]:
    return {name: float(value) for name, value in point.items() if name not in ("_time", "station") and value}


def _of_journal(event: AlertEvent) -> tuple[Any, ...]:
    rain_mm = event.evidence.rain_mm if event.evidence else None
    return event.id, event.alert_id, event.scope, event.kind.value, event.level, event.reason, rain_mm


def _of_influxdb(point: dict[str, str]) -> tuple[Any, ...]:
    words = (point["scope"], point["kind"], point["level"], point.get("reason", ""))
    return int(point["event_id"]), int(point["alert_id"]), *words, float(point["rain_mm"])


def span(since: int, end: int) -> tuple[str, ...]:
    """Minutes (since, end] of the storm, for a command."""
    return "--since", text(STORM + since * MINUTE), "--until", text(STORM + end * MINUTE)


def reports(station: str, *, readings: int) -> list[Delivery]:
    """Two messages: what a station counted before its logger began anew, and since."""
    lives: list[list[tuple[int, int]]] = [[], []]
    count = 100
    for at in range(NOW - (readings - 1) * 5 * MINUTE, NOW + 1, 5 * MINUTE):
        count = 0 if at == RESTART else count
        count += 4 if STORM < at <= STORM + 40 * MINUTE else int(at == STORM + 60 * MINUTE)
        lives[at >= RESTART].append((at, count))
    return [message(life, seq=boot, boot=boot, station_id=station) for boot, life in enumerate(lives, 1)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copied]:
    """A service on a configuration of its own, and all that three stations have told."""
    folder = tmp_path_factory.mktemp("corrected")
    config = shutil.copytree(ROOT / "config", folder / "config")
    with (
        real_influxdb(folder) as influx,
        influx.bucket() as bucket,
        running_mosquitto(folder / "broker") as broker,
        running_service(
            folder,
            port=broker.port,
            GAUGE_CONFIG=str(config),
            **influx.environ(bucket),
        ) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service is at its broker")
        publish(broker.port, [one for name, number in READINGS.items() for one in reports(name, readings=number)])
        yield Copied(service, influx, bucket)


def test_points_and_alert_follow_what_people_say_and_are_as_before_when_all_is_undone(world: Copied) -> None:
    def shown(since: int, end: int) -> list[tuple[float, ...]]:
        found = [points["HTB01", STORM + minute * MINUTE] for minute in range(since + 5, end + 1, 5)]
        return [(one["tips"], one["tips_max"], one["quality"], one["step"]) for one in found]

    before, (alerts, _) = world.points(), world.alerts("HTB01")
    facts = [row[: row._fields.index("since")] for row in world.service.rows()["HTB01"]]
    assert [alert[:3] for alert in alerts] == [("immediate", "immediate", "raised")]

    void = world.correct("void", "HTB01", *span(0, 40))
    points = world.points()
    assert shown(0, 40) == [(0, 0, 9, Step.VOIDED)] * 8
    standing, told = world.alerts("HTB01")
    assert (standing, told[-1]) == ([], ("withdrawn", WITHDRAWN.format(void)))

    replace = world.correct("replace", "HTB01", *span(0, 20), "--rain-mm", "3")
    visit = world.correct("visit", "HTB01", *span(55, 60))
    confirm = world.correct("confirm", "HTB01", *span(20, 40))
    points = world.points()
    assert shown(0, 20) == [(tips, tips, 1, Step.CORRECTED) for tips in (2, 1, 2, 1)]  # void tips have no share
    assert shown(20, 40) == [(4, 4, 1, Step.RESET), *[(4, 4, 1, Step.STEADY)] * 3]
    assert shown(55, 60) == [(0, 1, 4, Step.STEADY)]
    assert [(one[1], one[4].doubted_mm) for one in world.alerts("HTB01")[0]] == [("prepare", 0.0)]

    undoings = {number: world.correct("undo", str(number)) for number in (replace, void, confirm, visit)}
    assert world.points() == before
    assert world.alerts("HTB01")[0] == alerts
    assert [row[: row._fields.index("since")] for row in world.service.rows()["HTB01"]] == facts
    log = world.service.ask("corrections", "log", "HTB01")
    assert {one["id"]: one["undone_by"] for one in log if one["undone_by"]} == undoings
    assert [one["kind"] for one in log] == ["void", "replace", "visit", "confirm", *["undo"] * 4]
    assert {(one["who"], one["why"], one["at"] > text(NOW)) for one in log} == {(SAID[1], SAID[3], True)}


def test_a_bucket_that_is_entered_late_gives_the_past_other_millimetres_until_it_is_taken_out(world: Copied) -> None:
    path = Path(world.service.environ["GAUGE_CONFIG"]) / "stations.toml"
    shipped = path.read_text(encoding="utf-8")
    deployment = f"since = {text(STORM - MINUTE)}\nbucket_depth_mm = 0.2\ncorrection = {{ tip_time_s = 0.45 }}\n"
    world.correct("replace", "HTB02", *span(0, 20), "--rain-mm", "4")
    before, (alerts, _) = world.points(), world.alerts("HTB02")

    path.write_text(f"{shipped}\n[[stations.HTB02.deployments]]\n{deployment}", encoding="utf-8")
    assert world.service.ask("reload")["ok"]
    points = world.points()
    storm = [points["HTB02", STORM + minute * MINUTE] for minute in range(0, 41, 5)]
    assert [one["step"] for one in storm[:6]] == [Step.DEPLOYED, *[Step.CORRECTED] * 4, Step.RESET]
    # Of 0.8 mm in 300 s more fell by 0.45 s / 0.2 mm x 0.8 mm / 300 s; to the 4 mm that a person said nothing is added.
    assert [(one["rain_mm"], one["corrected_mm"]) for one in storm] == [(0, 0), *[(1, 1)] * 4, *[(0.8, 0.805)] * 4]
    assert all("corrected_mm" in point for (station, _), point in points.items() if station == "HTB02")
    assert world.alerts("HTB02")[1][-1] == ("withdrawn", REVISED)

    path.write_text(shipped, encoding="utf-8")
    assert world.service.process is not None
    world.service.process.send_signal(signal.SIGHUP)
    until(lambda: "by signal answer={'ok': True" in world.service.log.read_text(), within_s=30, what="the reload")
    after = world.points()
    for (station, _), point in after.items():  # a field is never deleted: docs/influxdb.md
        assert point.pop("corrected_mm", None) is None or station == "HTB02"
    assert (after, world.alerts("HTB02")[0]) == (before, alerts)


def test_a_correction_that_was_answered_before_kill_9_ends_as_without_it(world: Copied) -> None:
    whole = ("HTB03", *span(120 - 5 * READINGS["HTB03"], 40))
    first = world.correct("void", *whole)
    points, (_, told) = world.points(), world.alerts("HTB03")
    world.correct("undo", str(first))
    world.points()

    number = world.correct("void", *whole)
    world.service.kill()
    reader = world.service.reader()
    owed = reader.debts()
    reader.close()
    world.service.start()

    assert owed
    assert world.points() == points
    assert world.alerts("HTB03") == ([], [*told, ("raised", ""), ("withdrawn", WITHDRAWN.format(number))])
