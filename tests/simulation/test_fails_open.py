"""When people, files and disks are not as they should be, more people are told, never fewer; it is on record."""

import re
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from resource import RLIM_INFINITY
from typing import Any

import httpx
import pytest

from gauge_ingest.clock import clock_from
from gauge_ingest.core.model import AlertEvent
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.record import Delivered, delivered
from tests.delivery.sink import Sink
from tests.desk.serving import free_port
from tests.edges.broker import running_mosquitto
from tests.simulation.county import SECRET, Post, configured
from tests.simulation.service import Service, running_service, scaled_clock, until
from tests.simulation.test_late import connected, publish
from tests.simulation.told import Line, heard
from tests.worlds import MINUTE, message

SPEED = 60
WITHIN_S = 90
TROUBLE_S = 8
PAST_THE_CHAIN_S = 500  # the last step of the chain in county.py is 8 min after a rise
DUTY = "[[duty.weekly]]"
NOBODY = '[[duty.shifts]]\nsince = 2020-01-01T08:00:00+08:00\nuntil = 2020-01-02T08:00:00+08:00\npeople = ["liu"]\n'


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

    def deliveries(self, scope: str) -> list[Delivered]:
        """What is on record of a scope's alert."""
        ids = {one.id for one in self.events(scope)}
        return [one for one in delivered(self.service.folder / "outbound.db", since=0) if one.delivery.event in ids]

    def waits(self, scope: str) -> bool:
        """Whether somebody is still to be told of a scope's alert."""
        return any(one.delivery.state in ("waiting", "begun") for one in self.deliveries(scope))

    def said_of(self, event: AlertEvent) -> list[tuple[str, str, str]]:
        """Each message that tells of an event: by mail or hook, its line about it, and the whole."""
        texts = [("mail", one.text) for one in self.post.mails]
        texts += [("hook", one.document["text"]) for one in self.hook.arrived]
        mark = f"<{event.alert_id}.{event.id}."
        return [(via, line, text) for via, text in texts for line in text.splitlines() if mark in line]

    def tells(self) -> bool:
        """Whether the outbound process is there and has found out whom to tell."""
        path = self.service.folder / "outbound.db"
        if not path.exists():
            return False
        with closing(Positions(path)) as positions:
            return positions.get("people") is not None


@contextmanager
def town(folder: Path, change: Callable[[str], str] = str, **environ: str) -> Iterator[Town]:
    """A town, until the block ends."""
    post, hook = Post(), Sink()
    config = configured(folder, post=post.port, hook=hook.port)
    file = config / "people.toml"
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    environ = {"GAUGE_CONFIG": str(config), "GAUGE_SECRET_HOOK": SECRET, **environ}
    with (
        running_mosquitto(folder / "broker") as broker,
        running_service(folder, port=broker.port, clock=scaled_clock(SPEED), **environ) as service,
    ):
        until(lambda: connected(service), within_s=WITHIN_S, what="the service at its broker")
        place = Town(service, config, broker.port, post, hook)
        until(place.tells, within_s=WITHIN_S, what="the outbound process")
        yield place
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

        before = len(place.heard())
        place.service.kill()
        for path in place.service.folder.glob("outbound.db*"):
            path.unlink(missing_ok=True)
        place.service.start()
        place.rain("HTB03")
        soon(lambda: place.hears("liu", "wang", scope="HTB03"), place)
        first = {one.id for scope in ("HTB01", "HTB02") for one in place.events(scope) if one.kind == "raised"}
        again = [line for line in place.heard()[before:] if line.event in first]

    assert again
    assert all(line.repeated for line in again)


@pytest.mark.slow
def test_a_record_that_takes_nothing_delays_and_loses_nobody(tmp_path: Path) -> None:
    """Method: another program holds the file; then no outbound process may write more than 4 KB to any file."""
    with town(tmp_path) as place:
        for scope, trouble in (("HTB01", locked), ("HTB02", full)):
            with trouble(place):
                place.rain(scope)
                soon(lambda scope=scope: len(place.events(scope)) > 0, place)  # type: ignore[misc]  # one of the two
                time.sleep(TROUBLE_S)
                assert not place.hears("liu", "wang", scope=scope)
            soon(lambda scope=scope: place.hears("liu", "wang", scope=scope), place)  # type: ignore[misc]  # the same


@pytest.mark.slow
def test_a_clock_that_is_put_back_an_hour_keeps_nobody_from_being_told(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.rain("HTB01")
        soon(lambda: place.hears("liu", "wang", scope="HTB01"), place)
        place.service.stop()
        clock = place.service.environ["GAUGE_CLOCK"]
        place.service.environ["GAUGE_CLOCK"] = clock.replace("T10:00", "T09:00")
        place.service.start()
        until(lambda: connected(place.service), within_s=WITHIN_S, what="the service at its broker")
        place.rain("HTB02")
        soon(lambda: place.hears("liu", "wang", scope="HTB02"), place)


@pytest.mark.slow
def test_with_nobody_on_the_rota_and_no_answer_everybody_is_told_twice_and_it_is_on_record(tmp_path: Path) -> None:
    with town(tmp_path, lambda text: text.partition(DUTY)[0] + NOBODY) as place:
        place.rain("HTB01")
        soon(lambda: any(one.step == 99 for one in place.events("HTB01")), place)
        last = max(one.id for one in place.events("HTB01"))
        soon(lambda: last in {one.delivery.event for one in place.deliveries("HTB01")}, place)
        soon(lambda: not place.waits("HTB01"), place)
        events, lines = place.events("HTB01"), place.heard()

    steps = [(one.step, one.reason) for one in events if one.kind == "escalated"]
    assert steps[0][1].startswith(("nobody is on duty: everybody is told", "nobody was on duty, "))
    assert "everybody is told" in steps[0][1]
    assert "the chain has ended" in steps[-1][1]
    for event in events:
        if event.kind in ("raised", "escalated"):
            told = {line.person for line in lines if line.event >= event.id and line.alert == event.alert_id}
            assert told == {"liu", "wang", "chen"}


@pytest.mark.slow
def test_a_link_in_a_mail_acknowledges_and_the_others_hear_who_did(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    desk = {"GAUGE_DESK_PORT": str(port), "GAUGE_DESK_PUBLIC_URL": url, "GAUGE_DESK_SECRET": SECRET}
    with town(tmp_path, str, **desk) as place:
        soon(lambda: "desk listens" in place.service.log.read_text(encoding="utf-8"), place)
        place.rain("HTB01")
        soon(lambda: place.hears("liu", "wang", scope="HTB01"), place)
        raised = place.events("HTB01")[0]
        soon(lambda: "mail" in {via for via, _, _ in place.said_of(raised)}, place)
        mail = next(text for via, _, text in place.said_of(raised) if via == "mail")
        link = re.search(rf"{url}/a/\S+", mail[mail.index(f"<{raised.alert_id}.{raised.id}.") :])
        assert link is not None
        with httpx.Client(trust_env=False, timeout=20) as client:
            page = client.get(link[0]).text
            form = dict(re.findall(r'name="(token|seen)" value="([^"]+)"', page))
            answer = client.post(link[0], data={**form, "comment": "going there"})
        soon(lambda: place.hears("liu", "wang", scope="HTB01", kind="acknowledged"), place)
        time.sleep(PAST_THE_CHAIN_S / SPEED)
        events = place.events("HTB01")
        (seen,) = [one for one in events if one.kind == "acknowledged"]
        said = place.said_of(seen)

    assert answer.status_code == 200
    assert seen.who == "刘伟"
    assert not [one for one in events if one.kind == "escalated" and one.id > seen.id]
    assert len(said) >= 2
    for _, line, text in said:
        assert "刘伟" in line
        assert "going there" in text


@pytest.mark.slow
def test_a_channel_and_a_person_that_a_reload_takes_away_leave_nobody_waiting(tmp_path: Path) -> None:
    with town(tmp_path) as place:
        place.hook.always = "hang"
        place.post.stop()
        place.rain("HTB01")
        soon(lambda: bool(place.deliveries("HTB01")) and bool(place.hook.arrived), place)
        file = place.config / "people.toml"
        text = re.sub(r'(, )?\["hook", "\w+"\](, )?', "", file.read_text(encoding="utf-8"))
        text = text.replace(text[text.index("[people.wang]") : text.index("[people.chen]")], "")
        file.write_text(text.replace('"liu", "wang"', '"liu"'), encoding="utf-8")
        done = place.service.command("reload")
        place.post.start()
        soon(lambda: not place.waits("HTB01"), place)
        raised = {one.id for one in place.events("HTB01") if one.kind == "raised"}
        found = {one.delivery.person: one.delivery for one in place.deliveries("HTB01") if one.delivery.event in raised}

    assert done.returncode == 0, done.stdout + done.stderr
    assert (found["wang"].state, found["wang"].reason) == ("rejected", "the person is no longer in people.toml")
    assert found["liu"].state == "done"
    assert "liu" in {line.person for line in place.heard() if line.event in raised and line.via == "mail"}
