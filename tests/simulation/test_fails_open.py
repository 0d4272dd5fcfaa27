"""When people, files and disks are not as they should be, more people are told, never fewer; it is on record."""

import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from resource import RLIM_INFINITY
from typing import Any

import pytest

from gauge_ingest.clock import clock_from
from gauge_ingest.core.model import AlertEvent
from tests.delivery.sink import Sink
from tests.edges.broker import running_mosquitto
from tests.simulation.county import SECRET, Post, configured
from tests.simulation.service import Service, running_service, scaled_clock, until
from tests.simulation.test_late import connected, publish
from tests.simulation.told import Line, heard
from tests.worlds import MINUTE, message

SPEED = 60
WITHIN_S = 90
TROUBLE_S = 8


class Town:
    """A running service with its broker, its people and the servers that reach them."""

    def __init__(self, service: Service, config: Path, port: int, post: Post, hook: Sink) -> None:
        self.service, self.config, self.port, self.post, self.hook = service, config, port, post, hook
        self._seq = 0

    def rain(self, station: str) -> None:
        """So much at a station that its people must move."""
        now = clock_from(self.service.environ).now() // 1000 * 1000
        self._seq += 2
        publish(
            self.port,
            [
                message([(now - 2 * MINUTE, 100)], seq=self._seq, station_id=station),
                message([(now, 126)], seq=self._seq + 1, station_id=station),
            ],
        )

    def heard(self) -> list[Line]:
        """What people heard."""
        return heard(self.post.mails, self.hook.arrived)

    def hears(self, *people: str, scope: str = "", kind: str = "raised") -> bool:
        """Whether each of these, and nobody else, heard of a scope's event."""
        ids = {one.id for one in self.events(scope) if one.kind == kind}
        return {line.person for line in self.heard() if line.event in ids} == set(people)

    def events(self, scope: str) -> list[AlertEvent]:
        """The events of a scope's alerts about rain."""
        with closing(self.service.reader()) as reader:
            return [
                event
                for alert in reader.alerts.all(ended=True)
                if alert.scope == scope and alert.rule == "flash"
                for event in reader.alerts.events(alert.id)
            ]

    def waits(self, scope: str) -> bool:
        """Whether somebody is still to be told of a scope's alert."""
        found = self.service.ask("deliveries", "--since", "2026-07-01T00:00:00+08:00")
        ids = {one.id for one in self.events(scope)}
        return any(one["event"] in ids and one["state"] in ("waiting", "begun") for one in found)


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    """A town, until the block ends."""
    post, hook = Post(), Sink()
    config = configured(folder, post=post.port, hook=hook.port)
    environ = {"GAUGE_CONFIG": str(config), "GAUGE_SECRET_HOOK": SECRET}
    with (
        running_mosquitto(folder / "broker") as broker,
        running_service(folder, port=broker.port, clock=scaled_clock(SPEED), **environ) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service at its broker")
        yield Town(service, config, broker.port, post, hook)
    post.stop()
    hook.close()


@contextmanager
def locked(place: Town) -> Iterator[None]:
    """Nothing can be written down."""
    with closing(sqlite3.connect(place.service.folder / "outbound.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(place: Town) -> Iterator[None]:
    """Every outbound process, also the next ones, finds no room for more."""
    over = threading.Event()
    pid = place.service.process.pid if place.service.process else 0

    def limit() -> None:
        while not over.wait(0.005):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
                with suppress(ProcessLookupError):
                    resource.prlimit(int(child), resource.RLIMIT_FSIZE, (4_096, RLIM_INFINITY))

    limiting = threading.Thread(target=limit)
    limiting.start()
    yield
    over.set()
    limiting.join()
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
        resource.prlimit(int(child), resource.RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))


def soon(so: Callable[[], Any], place: Town) -> None:
    """It comes about, or what was heard is shown."""
    until(so, within_s=WITHIN_S, what=lambda: f"{place.heard()}\n{place.service.log.read_text()[-3000:]}")


@pytest.mark.slow
def test_a_record_that_is_deleted_loses_nobody_while_it_runs_and_between_two_lives(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.rain("HTB01")
        soon(lambda: place.hears("liu", "wang", scope="HTB01"), place)
        for path in place.service.folder.glob("outbound.db*"):
            path.unlink()
        place.rain("HTB02")
        soon(lambda: place.hears("liu", "wang", scope="HTB02"), place)

        time.sleep(2 * MINUTE / 1000 / SPEED)  # what is younger than a minute is not marked
        before = len(place.heard())
        place.service.kill()
        for path in place.service.folder.glob("outbound.db*"):
            path.unlink(missing_ok=True)
        place.service.start()
        place.rain("HTB03")
        soon(lambda: place.hears("liu", "wang", scope="HTB03"), place)
        first = {one.id for scope in ("HTB01", "HTB02") for one in place.events(scope) if one.kind == "raised"}
        again = [line for line in place.heard()[before:] if line.event in first]

    assert all(line.repeated for line in again)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["locked", "full"])
def test_a_record_that_takes_nothing_delays_and_loses_nobody(tmp_path: Path, trouble: str) -> None:
    """Method: another program holds the file, or no outbound process may write more than 4 KB to any file."""
    with town(tmp_path) as place:
        place.rain("HTB01")
        soon(lambda: place.hears("liu", "wang", scope="HTB01"), place)
        with {"locked": locked, "full": full}[trouble](place):
            place.rain("HTB02")
            soon(lambda: len(place.events("HTB02")) > 0, place)
            time.sleep(TROUBLE_S)
        soon(lambda: place.hears("liu", "wang", scope="HTB02"), place)


@pytest.mark.slow
def test_a_clock_that_is_put_back_an_hour_keeps_nobody_from_being_told(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.rain("HTB01")
        soon(lambda: place.hears("liu", "wang", scope="HTB01"), place)
        place.service.stop()
        clock = place.service.environ["GAUGE_CLOCK"]
        place.service.environ["GAUGE_CLOCK"] = clock.replace("T10:00", "T09:00")
        place.service.start()
        until(lambda: connected(place.service), within_s=30, what="the service at its broker")
        place.rain("HTB02")
        soon(lambda: place.hears("liu", "wang", scope="HTB02"), place)
