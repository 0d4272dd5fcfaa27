"""Drills as people run them: beside a service that works, with real channels, to the last message and the report.

Goal: who is drilled is told like in earnest and never without the mark; of the real service nothing changes.
Method: a service with a real alert, a mosquitto, a mail server, a web hook, a sink for InfluxDB; then the command.
"""

import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion

from gauge_ingest.outbound.record import delivered
from tests.cap.alerts import Validators, said
from tests.delivery.sink import Arrived, sink
from tests.delivery.test_apprise import Post
from tests.desk.serving import free_port
from tests.drill.place import MINUTES, County, Presser, descendants, finished, marked
from tests.edges.broker import running_mosquitto
from tests.simulation.service import running_service, until
from tests.worlds import MINUTE, message

REAL_TIPS = 40  # of 0.5 mm in half an hour: move at once


@contextmanager
def listening(port: int) -> Iterator[list[Any]]:
    """Everything that reaches a broker from now on, retained states first."""
    heard: list[Any] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _state, one: heard.append((one.topic, one.payload))
    client.connect("127.0.0.1", port)
    client.subscribe("#", qos=1)
    client.loop_start()
    try:
        yield heard
    finally:
        client.loop_stop()
        client.disconnect()


def whole(journal: Path) -> list[str]:
    """Every row of every table."""
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        return list(db.iterdump())


def documents(folder: Path) -> dict[Path, bytes]:
    """Every file of a CAP folder."""
    return {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def storm(port: int) -> None:
    """Half an hour of heavy rain at one station, now."""
    now = int(time.time()) * 1000
    readings = [(now - (6 - step) * 5 * MINUTE, step * REAL_TIPS // 6) for step in range(7)]
    one = message(readings, sent_at=now)
    publish.single(one.topic, one.payload, qos=1, hostname="127.0.0.1", port=port)


class Held(NamedTuple):
    """A drill that was held beside a service that works, and everything that it may have touched, before and after."""

    folder: Path
    report: Any
    arrived: list[Arrived]
    mails: list[EmailMessage]
    pages: list[str]
    typed: str
    before: "Real"
    after: "Real"


class Real(NamedTuple):
    """What there is of the real service: journal, CAP documents, rows that InfluxDB got, what the broker has said."""

    journal: list[str]
    cap: dict[Path, bytes]
    copied: int
    heard: list[Any]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """The drill: liu opens each link, Chen types the command."""
    folder, port = tmp_path_factory.mktemp("held"), free_port()
    with sink() as hook, sink(204) as influx, post_office() as post, running_mosquitto(folder / "broker") as broker:
        county = County(folder, hook, post)
        county.environ |= {"GAUGE_INFLUX_URL": influx.url(""), "GAUGE_INFLUX_TOKEN": "of-the-tests"}
        with running_service(folder, port=broker.port, **county.environ), ExitStack() as listens:
            until(lambda: "connected" in (folder / "service.log").read_text("utf-8"), within_s=120, what="it runs")
            storm(broker.port)
            until(lambda: hook.arrived and post.box.mails and influx.arrived, within_s=120, what="a real alert is told")
            heard = listens.enter_context(listening(broker.port))
            until(lambda: heard, within_s=5, what="the retained state of the real alert")

            def real() -> Real:
                return Real(whole(county.journal), documents(folder / "cap"), len(influx.arrived), list(heard))

            before = settled(real)
            presser, typed = Presser(hook), list[str]()
            hook.arrived[:], post.box.mails[:] = [], []

            def meanwhile() -> None:
                presser()
                if post.box.mails and not typed:
                    config, alert = str(county.drills[0] / "config"), told_of(post.box.mails[0][1])
                    done = county.command("alerts", "acknowledge", alert, "--who", "Chen", "--config", config)
                    typed.append(done.stdout + done.stderr)

            words = ("--desk-port", str(port), "--public-url", f"http://127.0.0.1:{port}", "--wait", "0.3")
            with county.drill("--to", "roster", *words) as process:
                report = finished(process, meanwhile)
            mails = [one for _, one in post.box.mails]
            yield Held(*(county.drills[0], report, list(hook.arrived), mails, presser.pages, typed[0], before, real()))


def told_of(mail: EmailMessage) -> str:
    """The number of the alert that a mail is about."""
    found = re.search(r"Alert (\d+)", mail.get_content())
    assert found is not None
    return found[1]


def settled(real: Callable[[], Real]) -> Real:
    """The real service when nothing has changed for a second: everything is copied, to the last row."""
    found, since = real(), time.monotonic()
    while time.monotonic() - since < 1.0:
        time.sleep(0.1)
        now = real()
        if now != found:
            found, since = now, time.monotonic()
    return found


def test_a_drill_leaves_journal_copies_documents_and_broker_of_the_real_service_as_they_are(held: Held) -> None:
    assert held.before.cap
    assert held.before.copied
    assert held.after.heard == held.before.heard, "the real broker heard of it"
    assert held.after == held.before


def test_a_drill_tells_everybody_and_its_report_says_who_acknowledged_when(held: Held) -> None:
    report = held.report
    assert report["wrong"] == []
    assert report["ended"] == "over, everybody has acknowledged"
    people = {one["id"]: one for one in report["people"]}
    assert {one["channel"] for one in people["liu"]["told"]} == {"hook"}
    assert people["liu"]["acknowledged"][0]["comment"] == "已通知"
    assert people["chen"]["told"][0]["level"] == "immediate"
    assert people["chen"]["acknowledged"][0]["minutes"] >= 0
    assert [people[one]["over"] for one in ("liu", "chen")] == ["hook", "mail"]
    assert {one["scope"] for one in report["alerts"] if one["rain"]} == {"HTB01", "HTB02", "HTB03"}


def test_everything_that_a_drill_tells_is_marked(held: Held) -> None:
    assert held.arrived
    assert all(marked(one) for one in held.arrived)
    assert "演习结束" in held.arrived[-1].document["subject"]
    assert held.mails
    for mail in held.mails:
        assert "演习 DRILL" in mail["Subject"]
        assert all(line.startswith("[演习 DRILL]") for line in mail.get_content().strip().splitlines())
    assert held.pages
    assert all("演习 · DRILL" in page for page in held.pages)
    assert "DRILL, nothing of this is real" in held.typed


def test_in_a_drill_nobody_is_asked_to_move_a_village(held: Held) -> None:
    warnings = [one.document["text"] for one in held.arrived if "处置：" in one.document["text"]]
    assert warnings
    assert all(0 < text.find("不转移任何人") < text.find("处置：") for text in warnings)


def test_what_a_drill_leaves_is_marked_too(held: Held) -> None:
    found = documents(held.folder / "cap")
    alerts = [one for one in found.values() if b"<alert" in one]
    assert alerts
    for one in alerts:
        Validators().check(one)
        assert said(one, "status") == ["Exercise"]
    assert "演习 DRILL" in found[held.folder / "cap" / "feed.xml"].decode()
    lines = (held.folder / "service.log").read_text("utf-8").splitlines()
    told = [one for one in lines if "gauge_ingest.alerts" in one]
    assert told
    assert all("演习 DRILL" in one for one in told)


def test_where_nobody_acknowledges_a_drill_escalates_and_ctrl_c_ends_it_with_a_report_that_says_so(
    tmp_path: Path, post: Post
) -> None:
    with sink() as hook:
        county = County(tmp_path, hook, post, chains=MINUTES)
        with county.drill("--to", "roster", "--report", "report.txt") as process:

            def everybody() -> bool:
                """The last step of some chain is on record as told to all three."""
                record = (county.drills[0] / "outbound.db") if county.drills else tmp_path
                rows = [one.delivery for one in delivered(record, since=0)] if record.is_file() else []
                told: dict[int, set[str]] = {}
                for row in rows:
                    if (row.kind, row.state) == ("escalated", "done"):
                        told.setdefault(row.event, set()).add(row.person)
                return {"liu", "chen", "wu"} in told.values()

            until(lambda: everybody() or process.poll() is not None, within_s=150, what="the last step of the chain")
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)  # an impatient hand
            report = finished(process)
    text = (tmp_path / "report.txt").read_text("utf-8")

    assert process.returncode == 1
    check_unanswered(report, text)
    assert report["ended"] == "stopped by hand"
    ends = {one["id"]: one["over"] for one in report["people"]}
    assert ends == {"liu": "hook", "chen": "mail", "wu": "mail"}
    assert "人工中止" in hook.arrived[-1].document["text"]
    assert all(marked(one) for one in hook.arrived)
    assert any("无人确认" in one.document["subject"] for one in hook.arrived)
    assert any("NOT ACKNOWLEDGED" in mail["Subject"] for _, mail in post.box.mails)
    assert all(mail["Subject"].startswith(("[演习 DRILL]", "【演习 DRILL】")) for _, mail in post.box.mails)
    told = hook.arrived[0].document["text"]
    assert f"--config {county.drills[0] / 'config'} --who liu" in told, "ID alone would acknowledge a real alert"
    assert county.command("drills", "show", county.drills[0].name).stdout == text
    listed = county.command("drills")
    assert county.drills[0].name in listed.stdout
    time.sleep(0.5)
    assert "演习结束" in hook.arrived[-1].document["subject"], "nothing comes after the end"


def check_unanswered(report: Any, text: str) -> None:
    """The report of a drill in which nobody said anything: who was told when, and that nobody acknowledged."""
    rain = [one for one in report["alerts"] if one["rain"]]
    assert rain
    assert all(one["acknowledged"] == [] for one in rain)
    first, last = next(one["escalated"] for one in rain if len(one["escalated"]) == 2)
    assert (first["step"], set(first["told"])) == (1, {"liu", "chen"})
    assert first["reason"] == "nobody acknowledged within 10 min: Chen is told too"
    assert (last["step"], set(last["told"])) == (2, {"liu", "chen", "wu"})
    assert last["reason"] == "nobody acknowledged within 25 min: everybody is told"
    assert first["at"] < last["at"]
    assert {one["id"] for one in report["people"] if "escalated" in [each["kind"] for each in one["told"]]} == {
        *("liu", "chen", "wu")
    }
    assert "liu (刘伟) was told and has not acknowledged" in report["wrong"]
    begin, end = f"alert {rain[0]['id']} (flash_flood at ", f" ({rain[0]['scope']})) was acknowledged by nobody"
    assert any(one.startswith(begin) and one.endswith(end) for one in report["wrong"])
    assert "told: 3 of 3 people; acknowledged: nobody" in text
    assert text.count("HAS NOT ACKNOWLEDGED") == 3
    assert text.count("NOBODY ACKNOWLEDGED") == len(rain)
    assert "escalated to step 2, nobody acknowledged within 25 min: everybody is told; told " in text


def test_kill_9_of_the_command_leaves_no_process_of_a_drill_and_nobody_is_told_anything_more(tmp_path: Path) -> None:
    with sink() as hook:
        county = County(tmp_path, hook, chains=MINUTES)
        with county.drill("--to", "liu", "--minutes", "400") as process:
            until(lambda: hook.arrived or process.poll() is not None, within_s=150, what="somebody is told")
            started = descendants(process.pid)
            process.kill()
            process.wait()

            def left() -> list[str]:
                return [one.words for one in started if one.alive]

            until(lambda: not left(), within_s=10, what=lambda: f"they still run: {left()}")
        told = len(hook.arrived)
        time.sleep(0.5)
    words = " ".join(one.words for one in started)
    parts = ("mosquitto", "gauge_ingest run", "gauge_ingest outbound", "simulator run")
    assert [part for part in parts if part not in words] == [], words
    assert len(hook.arrived) == told
    assert "it runs, or was killed" in " ".join(county.command("drills").stdout.split())


def test_without_a_terminal_and_without_yes_nobody_is_told(tmp_path: Path) -> None:
    with sink() as hook:
        county = County(tmp_path, hook)

        done = county.command("drill", "flash_flood", "--to", "roster")

    assert done.exit_code == 2
    assert "liu 刘伟 by hook liu: told first, as of now" in done.stdout
    assert "wu 吴 by mail wu@example.org: told when the chain comes to them" in done.stdout
    assert "give --yes" in done.stderr
    assert county.drills == []
    assert not hook.arrived


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("flash_flood", "--to", "lui"), "did you mean liu?"),
        (("flash_flod", "--to", "liu"), "the stations cannot play flash_flod"),
        (("flash_flood", "--to", "liu", "--public-url", "http://127.0.0.1"), "without --desk-port"),
        (("flash_flood", "--to", "liu", "--speed", "0"), "--speed"),
        (("flash_flood", "--to", "liu", "--report", "/nowhere/there/report.json"), "cannot be written"),
    ],
)
def test_a_drill_that_cannot_be_is_refused_before_anybody_is_told(
    tmp_path: Path, words: tuple[str, ...], refusal: str
) -> None:
    with sink() as hook:
        county = County(tmp_path, hook)

        done = county.command("drill", *words, "--yes")

    assert done.exit_code == 2
    assert refusal in done.stderr
    assert county.drills == []
    assert not hook.arrived


def test_a_desk_port_that_is_taken_is_refused_before_anybody_is_told(tmp_path: Path) -> None:
    with sink() as hook, socket.create_server(("127.0.0.1", 0)) as taken:
        county, port = County(tmp_path, hook), taken.getsockname()[1]
        url = "https://rain.example.org/drill"

        done = county.command("drill", "flash_flood", "--to", "liu", "--desk-port", str(port), "--public-url", url)

    assert done.exit_code == 2
    assert f"--desk-port {port}: the drill's desk cannot listen at 127.0.0.1" in done.stderr
    assert county.drills == []


def test_a_desk_without_a_url_is_said_to_be_linked_by_no_message(tmp_path: Path) -> None:
    with sink() as hook:
        county, port = County(tmp_path, hook), free_port()

        done = county.command("drill", "flash_flood", "--to", "liu", "--desk-port", str(port))

    assert f"their messages have no link to the desk at port {port} (--public-url" in done.stdout


def test_a_scenario_that_there_is_not_is_refused_with_the_names_of_those_there_are(tmp_path: Path) -> None:
    with sink() as hook:
        county = County(tmp_path, hook)

        done = county.command("drill", "shift_chnge", "--to", "liu", "--yes")

    assert "shift_change" in done.stderr
    assert "flash_flood" in done.stderr
    assert "shift_change" in county.command("drill", "--help").stdout


@contextmanager
def post_office() -> Iterator[Post]:
    """A mail server that runs."""
    one = Post()
    one.controller.start()
    yield one
    one.controller.stop()


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server that runs."""
    with post_office() as one:
        yield one
