"""From an empty InfluxDB to a corrected history: after each thing that happens, journal and copy agree in every point.

Goal: no outage, kill, late report, correction or new bucket leaves a point behind that the journal does not have.
Method: a real broker, influxd and service; things happen one after another, once in peace and once with kill -9 of the
service in the middle of each; `gauge-ingest verify` is the judge, and a second look past our own code counts points.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gauge_ingest.pump import Delivery
from tests.edges.broker import Broker, running_mosquitto
from tests.edges.influx_server import InfluxServer, real_influxdb
from tests.simulation.service import ROOT, Service, running_service, until
from tests.simulation.test_late import connected, derived, publish
from tests.simulation.test_stores import copied, expected, instant
from tests.worlds import MINUTE, message, text

NOW = time.time_ns() // 1_000_000 // (5 * MINUTE) * 5 * MINUTE
DAY = 24 * 60 * MINUTE
FIVE_MINUTES = 5 * MINUTE
STATIONS = ("HTB01", "HTB02", "HTB03")
EVERYTHING = ("--since", text(NOW - 9 * DAY))
PART = 300  # readings of a message's worth of history


class World(NamedTuple):
    """Everything that runs, and what has been sent so far."""

    service: Service
    influx: InfluxServer
    broker: Broker
    bucket: str
    config: Path
    sent: list[int]
    kills: bool

    def happens(self, *what: Callable[[], Any]) -> None:
        """One thing after another; the service is killed right behind each, where this world has kills."""
        for one in what:
            one()
            if self.kills:
                self.service.kill()
                self.service.start()

    def publish(self, *parts: tuple[int, int]) -> None:
        """Five-minute readings of each station, of the places (first, last) before now."""
        self.sent[0] += sum(first - last for first, last in parts) * len(STATIONS)
        publish(self.broker.port, [reports(name, first, last) for name in STATIONS for first, last in parts])

    def whole(self) -> None:
        """Once all is copied: verify finds no difference, and the points are as many as the journal's rows."""
        self.influx_is_there()
        until(lambda: connected(self.service), within_s=60, what="the service is at its broker")
        until(self._is_copied, within_s=90, what=self._where)
        judged = self.service.ask("verify", *EVERYTHING)
        assert judged["ok"], judged
        found = {(one["station"], instant(one)) for one in self.influx.points(self.bucket, "rain")}
        assert found == set(expected(self.service))
        days = self.influx.points(self.bucket, "rain_daily")
        assert sum(int(day["tips"]) for day in days) == sum(row[0] for row in expected(self.service).values())

    def influx_is_there(self) -> None:
        """Started again where it was killed."""
        assert self.influx.program is not None
        if not self.influx.program.is_well():
            self.influx.start()

    def _is_copied(self) -> bool:
        return derived(self.service, self.sent[0]) and copied(self.service)

    def _where(self) -> str:
        return f"all is copied: {self.service.answer('health').output}"


def reports(station: str, first: int, last: int) -> Delivery:
    """Readings (first, first - 1, … last + 1) five-minute steps before now; a tip each quarter of an hour."""
    places = range(first, last, -1)
    return message(
        [(NOW - place * FIVE_MINUTES, (10_000 - place) // 3) for place in places],
        seq=first,
        station_id=station,
        sent_at=NOW,
    )


@pytest.fixture(params=[False, True], ids=["in peace", "killed in the middle"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    with (
        real_influxdb(tmp_path) as influx,
        influx.bucket() as bucket,
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(
            tmp_path,
            port=broker.port,
            GAUGE_CONFIG=str(config),
            GAUGE_OUTBOUND_RETRY_MAX_S="1",
            GAUGE_INFLUX_BATCH_ROWS_MAX="500",
            GAUGE_INFLUX_CATCH_UP_ROWS_MAX="1000",
            **influx.environ(bucket),
        ) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service is at its broker")
        yield World(service, influx, broker, bucket, config, [0], request.param)


def test_whatever_happens_the_copy_ends_as_the_journal(world: World) -> None:
    ask = world.service.ask
    span = ("--since", text(NOW - 2 * DAY), "--until", text(NOW - 2 * DAY + 60 * MINUTE))
    said = ("--who", "wang", "--why", "bucket emptied at the visit")

    world.happens(lambda: world.publish((2_000, 1_700), (1_700, 1_400)))
    world.whole()

    world.influx.kill()
    world.happens(lambda: world.publish((1_400, 1_100), (800, 500)), world.service.kill_outbound, world.influx.start)
    world.influx.kill()
    world.whole()

    world.happens(lambda: world.publish((1_100, 800)))  # late: between two stretches that are copied
    world.whole()

    world.happens(lambda: ask("correct", "void", "HTB01", *span, *said))
    world.happens(lambda: ask("correct", "replace", "HTB02", *span, *said, "--rain-mm", "7.5"))
    world.whole()

    with (world.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[[stations.HTB03.deployments]]\nsince = {text(NOW - 3 * DAY)}\nbucket_depth_mm = 0.2\n")
    world.happens(lambda: ask("reload"))
    world.happens(lambda: world.publish((500, 0)))
    world.whole()
    by_bucket = {point["rain_mm"] for point in world.influx.points(world.bucket, "rain") if point["station"] == "HTB03"}
    assert {"0.5", "0.2"} <= by_bucket

    world.influx.drop_bucket(world.bucket)
    world.happens(lambda: world.publish((0, -1)))
    world.whole()
