"""The drill for the worst day: a backup while it rains, kill -9, a restore, a start; what is lost is named."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gauge_ingest.core.model import Step
from tests.delivery.sink import Sink
from tests.edges.broker import running_mosquitto
from tests.simulation.county import SECRET
from tests.simulation.service import ROOT, Service, running_service, until
from tests.simulation.test_late import connected, publish
from tests.worlds import MINUTE, message

PEOPLE = """
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{hook}/hook"
group_s = 0
[people.liu]
name = "Liu"
language = "en"
reach = [["hook", "liu"]]
"""


def storm(port: int, station: str, now: int, *, tips: int = 28) -> None:
    """14 mm within ten minutes up to now."""
    readings = [(now - 10 * MINUTE, 0), (now - 5 * MINUTE, tips // 2), (now, tips)]
    publish(port, [message([one], seq=n, station_id=station) for n, one in enumerate(readings)])


@contextmanager
def drizzle(port: int, station: str) -> Iterator[list[tuple[int, int]]]:
    """A tip every 50 ms, each reported and acknowledged by the broker, until the block ends; what was reported."""
    sent: list[tuple[int, int]] = []
    stop, going = threading.Event(), threading.Event()

    def go_on() -> None:
        begun = time.time_ns() // 1_000_000 - 60 * MINUTE
        while not stop.is_set():
            reading = (begun + len(sent) * 2_000, len(sent))
            publish(port, [message([reading], seq=len(sent) + 1, station_id=station, boot=1)])
            sent.append(reading)
            if len(sent) > 10:
                going.set()
            stop.wait(0.05)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        assert going.wait(30)
        yield sent
    finally:
        stop.set()
        thread.join()


def kept(service: Service, station: str) -> list[tuple[int, int]]:
    """The readings of a station in the journal."""
    return [(row.observed_at, row.counter) for row in service.rows().get(station, [])]


def told(sink: Sink, place: str) -> list[bool]:
    """Whether each message about a place was marked as a repeat."""
    texts = [one.document["text"] for one in sink.arrived]
    return ["REPEAT" in text.upper() for text in texts if place in text]


def well(service: Service) -> bool:
    """Whether health has nothing to find fault with."""
    return service.ask("health")["ok"] is True


@pytest.mark.slow
def test_after_a_restore_what_the_copy_holds_is_there_the_rest_is_named_and_the_next_alert_is_told(
    tmp_path: Path,
) -> None:
    """
    Goal: nothing of the copy is lost, what waited at the broker comes, no new alert is taken for an old one.
    Method: the real service, broker and a web hook; readings arrive while the copy is made; then kill -9 and a restore.
    """
    (tmp_path / "var").mkdir()
    sink = Sink()
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    (config / "people.toml").write_text(PEOPLE.format(hook=sink.port), encoding="utf-8")
    copy = tmp_path / "copy.db"
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(
            tmp_path / "var", port=broker.port, GAUGE_CONFIG=str(config), GAUGE_SECRET_HOOK=SECRET
        ) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service at its broker")
        now = time.time_ns() // 1_000_000_000 * 1_000
        storm(broker.port, "HTB02", now)
        until(lambda: told(sink, "HTB02"), within_s=20, what="alert 1 is told")
        with drizzle(broker.port, "HTB03") as drops:
            made = service.command("backup", str(copy))
            assert made.returncode == 0, made.stderr
            storm(broker.port, "HTB04", now, tips=70)  # of 0.2 mm
            until(lambda: told(sink, "HTB04"), within_s=20, what="alert 2 is told")
            refused = service.command("restore", str(copy))
            until(lambda: len(kept(service, "HTB03")) > 20, within_s=20, what="it drizzles")
        until(lambda: kept(service, "HTB03") == drops, within_s=20, what="every drop is kept")
        assert service.process is not None
        assert (refused.returncode, f"process {service.process.pid}" in refused.stderr) == (2, True)
        repeats = len(told(sink, "HTB02"))

        service.kill()
        publish(broker.port, [message([(now, 7)], seq=1, station_id="HTB05")])  # waits at the broker
        restored = service.command("restore", str(copy), "--json")
        assert restored.returncode == 0, restored.stderr
        service.start()

        until(lambda: kept(service, "HTB05") == [(now, 7)], within_s=30, what="what waited has come")
        until(lambda: told(sink, "HTB02")[repeats:], within_s=20, what="the alert that stands is told again")
        assert told(sink, "HTB02")[repeats:] == [True]
        in_copy = kept(service, "HTB03")
        assert in_copy == drops[: len(in_copy)]  # whole up to an instant
        assert 10 < len(in_copy) < len(drops)
        # The readings behind it are lost, their rain is not: the next count speaks for it.
        at = drops[-1][0] + 20 * MINUTE
        publish(broker.port, [message([(at, drops[-1][1] + 1)], seq=99_999, station_id="HTB03", boot=1)])
        until(lambda: kept(service, "HTB03")[len(in_copy) :], within_s=20, what="the next report")
        newest = service.rows()["HTB03"][-1]
        assert (newest.tips, newest.step) == (drops[-1][1] + 1 - in_copy[-1][1], Step.GAP)

        storm(broker.port, "HTB01", now)
        until(lambda: told(sink, "HTB01"), within_s=20, what="the alert after the restore is told")
        assert told(sink, "HTB01")[0] is False
        listed = {one["scope"]: one["id"] for one in service.ask("alerts", "--all") if one["rule"] == "flash_flood"}
        assert listed["HTB02"] == 1
        assert listed["HTB01"] == 1_000_001
        assert "HTB04" not in listed  # lost with the journal; its raising was told before
        until(lambda: well(service), within_s=30, what="health is well")
    sink.close()
