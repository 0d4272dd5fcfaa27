"""Drills as people run them: beside a service that works, with real channels, to the last message and the report.

Goal: who is drilled is told like in earnest and never without the mark; of the real service nothing changes.
Method: a service with a real alert, a mosquitto, a mail server, a web hook, a sink for InfluxDB; then the command.
"""

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion

from tests.cap.alerts import Validators, said
from tests.delivery.sink import sink
from tests.delivery.test_apprise import Post
from tests.desk.serving import free_port
from tests.drill.place import County, Presser, finished, marked
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


def test_a_drill_tells_everybody_marked_and_leaves_the_real_alerts_as_they_are(tmp_path: Path, post: Post) -> None:
    port, validators = free_port(), Validators()
    with sink() as hook, sink(204) as influx, running_mosquitto(tmp_path / "broker") as broker:
        county = County(tmp_path, hook, post)
        county.environ |= {"GAUGE_INFLUX_URL": influx.url(""), "GAUGE_INFLUX_TOKEN": "of-the-tests"}
        with running_service(tmp_path, port=broker.port, **county.environ):
            until(lambda: "connected" in (tmp_path / "service.log").read_text("utf-8"), within_s=20, what="it runs")
            storm(broker.port)
            until(lambda: hook.arrived and post.box.mails and influx.arrived, within_s=20, what="a real alert is told")
            time.sleep(1.5)  # and copied, to the last row
            before, real, copied = whole(county.journal), len(hook.arrived), len(influx.arrived)
            real_cap = documents(tmp_path / "cap")
            with listening(broker.port) as heard:
                until(lambda: heard, within_s=5, what="the retained state of the real alert")
                states, presser, typed = list(heard), Presser(hook), list[str]()
                hook.arrived[:], post.box.mails[:] = [], []

                def meanwhile() -> None:
                    presser()
                    if post.box.mails and not typed:
                        config = str(county.drills[0] / "config")
                        done = county.command("alerts", "acknowledge", "1", "--who", "Chen", "--config", config)
                        typed.append(done.stdout + done.stderr)

                words = ("--desk-port", str(port), "--public-url", f"http://127.0.0.1:{port}", "--wait", "0.2")
                with county.drill("--to", "roster", *words) as process:
                    report = finished(process, meanwhile)

                assert heard == states, "the real broker heard of it"
            assert whole(county.journal) == before
            assert len(influx.arrived) == copied
            assert documents(tmp_path / "cap") == real_cap
    assert real

    assert report["wrong"] == []
    assert report["ended"] == "over, everybody has acknowledged"
    people = {one["id"]: one for one in report["people"]}
    assert {one["channel"] for one in people["liu"]["told"]} == {"hook"}
    assert people["liu"]["acknowledged"][0]["comment"] == "已通知"
    assert people["chen"]["told"][0]["level"] == "immediate"
    assert people["chen"]["acknowledged"][0]["minutes"] >= 0
    assert [people[one]["over"] for one in ("liu", "chen")] == ["hook", "mail"]
    assert {one["scope"] for one in report["alerts"] if one["rain"]} == {"HTB01", "HTB02", "HTB03"}

    assert hook.arrived
    assert all(marked(one) for one in hook.arrived)
    assert "演习结束" in hook.arrived[-1].document["subject"]
    for _, mail in post.box.mails:
        first = mail.get_content().strip().splitlines()[0]
        assert "演习 DRILL" in mail["Subject"]
        assert "演习 DRILL" in first
    assert presser.pages
    assert all("演习 · DRILL" in page for page in presser.pages)
    assert "DRILL, nothing of this is real" in typed[0]
    check_files(county.drills[0], validators)


def check_files(folder: Path, validators: Validators) -> None:
    """What a drill leaves is marked too."""
    alerts = [one for one in documents(folder / "cap").values() if b"<alert" in one]
    assert alerts
    for one in alerts:
        validators.check(one)
        assert said(one, "status") == ["Exercise"]
    lines = [one for one in (folder / "service.log").read_text("utf-8").splitlines() if "gauge_ingest.alerts" in one]
    assert lines
    assert all("演习 DRILL" in one for one in lines)


def test_ctrl_c_ends_a_drill_with_a_report_and_says_to_those_who_were_told_that_it_is_over(tmp_path: Path) -> None:
    with sink() as hook:
        county = County(tmp_path, hook)
        with county.drill("--to", "liu", "--report", "report.txt") as process:
            until(lambda: hook.arrived or process.poll() is not None, within_s=60, what="somebody is told")
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)  # an impatient hand
            report = finished(process)

    assert process.returncode == 1
    assert report["ended"] == "stopped by hand"
    assert [(one["id"], one["over"]) for one in report["people"]] == [("liu", "hook")]
    assert "liu (刘伟) was told and has not acknowledged" in report["wrong"]
    assert "人工中止" in hook.arrived[-1].document["text"]
    assert all(marked(one) for one in hook.arrived)
    told = hook.arrived[0].document["text"]
    assert f"--config {county.drills[0] / 'config'} --who NAME" in told, "ID alone would acknowledge a real alert"
    assert "HAS NOT ACKNOWLEDGED" in (tmp_path / "report.txt").read_text("utf-8")
    shown = county.command("drills", "show", county.drills[0].name)
    assert "stopped by hand" in shown.stdout
    listed = county.command("drills")
    assert county.drills[0].name in listed.stdout
    time.sleep(0.5)
    assert "演习结束" in hook.arrived[-1].document["subject"], "nothing comes after the end"


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


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server that runs."""
    one = Post()
    one.controller.start()
    yield one
    one.controller.stop()
