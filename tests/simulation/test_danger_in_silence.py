"""A station falls silent in heavy rain, the service is killed, the station comes back: through broker and processes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gauge_ingest.clock import clock_from
from gauge_ingest.configuration import load
from tests.edges.broker import running_mosquitto
from tests.simulation.service import ROOT, Service, running_service, scaled_clock, until
from tests.simulation.test_late import connected, publish
from tests.worlds import MINUTE, message

SPEED = 120.0
RAIN_MM = 3.0  # in five minutes
DANGER = "danger_in_silence"


class Storm:
    """Every station reports every five minutes that it rains hard, but those that are silent."""

    def __init__(self, port: int, clock: str) -> None:
        self.silent: set[str] = set()
        self.over = threading.Event()
        self._port = port
        self._clock = clock_from({"GAUGE_CLOCK": clock})
        self._buckets_mm = {
            name: one.deployments[0].bucket_depth_mm for name, one in load(ROOT / "config", {}).stations.items()
        }
        self._seq = self._reports = 0

    def report(self) -> None:
        """One report of every station."""
        now = self._clock.now() // 1000 * 1000
        deliveries = []
        self._reports += 1
        for name, bucket_mm in self._buckets_mm.items():
            self._seq += 1
            count = 100 + round(self._reports * RAIN_MM / bucket_mm)
            if name not in self.silent:
                deliveries.append(message([(now, count)], seq=self._seq, station_id=name, sent_at=now))
        publish(self._port, deliveries)

    def rage(self) -> None:
        """Until it is over."""
        while not self.over.wait(5 * MINUTE / 1000 / SPEED):
            self.report()


@contextmanager
def raging(storm: Storm) -> Iterator[None]:
    """A storm that ends with the block."""
    thread = threading.Thread(target=storm.rage)
    thread.start()
    try:
        yield
    finally:
        storm.over.set()
        thread.join()


def dangers(service: Service) -> list[dict[str, Any]]:
    """Every alert of this kind there has been."""
    return [one for one in service.ask("alerts", "--all") if one["rule"] == DANGER]


def test_a_station_that_is_silent_in_a_storm_is_told_once_through_kill_9_and_ends_when_it_is_back(
    tmp_path: Path,
) -> None:
    clock = scaled_clock(SPEED)
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=clock) as service,
    ):
        until(lambda: connected(service), within_s=30, what="connected")
        storm = Storm(broker.port, clock)
        with raging(storm):
            until(lambda: len(service.rows().get("HTB01", ())) >= 10, within_s=90, what="it rains")
            assert dangers(service) == []
            storm.silent = {"HTB01"}
            until(lambda: dangers(service), within_s=60, what="danger in silence is told")
            service.kill()
            service.start()
            until(lambda: connected(service), within_s=30, what="connected again")
            (stands,) = dangers(service)
            storm.silent = set()
            until(lambda: dangers(service)[0]["state"] == "cleared", within_s=90, what="it ends")

        (ended,) = dangers(service)
        assert (stands["scope"], stands["level"], stands["state"]) == ("HTB01", "prepare", "raised")
        assert [event["kind"] for event in ended["events"]] == ["raised", "cleared"]
        assert "SILENT IN HEAVY RAIN" in ended["events"][0]["reason"]
        assert "has told of its time away" in ended["events"][1]["reason"]
