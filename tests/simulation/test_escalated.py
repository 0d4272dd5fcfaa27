"""Escalation by the running service: every step told once, through kill -9, with the rota of a calendar."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_ingest.configuration import load
from gauge_ingest.core.model import AlertEvent
from gauge_ingest.core.people import recipients
from tests.edges.broker import running_mosquitto
from tests.simulation.service import BEGINS, ROOT, Service, running_service, scaled_clock, until
from tests.simulation.test_late import connected, publish
from tests.worlds import MINUTE, message

PEOPLE = """
[channels.mail]
kind = "apprise"
url = "mailto://smtp.example.org?from=rain@example.org&to={to}"
[people.liu]
name = "刘伟"
reach = [["mail", "liu@example.org"]]
[people.chen]
name = "陈主任"
reach = [["mail", "chen@example.org"]]
[people.wang]
name = "王伟"
reach = [["mail", "wang@example.org"]]
[chains.default]
steps = [
  { after = "0m", tell = ["duty"] }, { after = "10m", tell = ["duty", "chen"] }, { after = "25m", tell = ["chen"] },
]
[duty]
calendar = "duty.ics"
"""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
DTSTART;TZID=Asia/Shanghai:20260701T080000
DURATION:PT24H
RRULE:FREQ=DAILY
SUMMARY:值班：刘伟
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    (folder / "people.toml").write_text(PEOPLE, encoding="utf-8")
    (folder / "duty.ics").write_text(CALENDAR, encoding="utf-8")
    return folder


@pytest.fixture
def service(tmp_path: Path, config: Path) -> Iterator[Service]:
    with (
        running_mosquitto(tmp_path) as broker,
        running_service(tmp_path, port=broker.port, clock=scaled_clock(60), GAUGE_CONFIG=str(config)) as started,
    ):
        until(lambda: connected(started), within_s=30, what="the service at its broker")
        yield started


def told(service: Service) -> list[AlertEvent]:
    reader = service.reader()
    found = reader.alerts.events(1)
    reader.close()
    return found


@pytest.mark.slow
def test_each_step_is_recorded_once_though_the_service_is_killed_between_them(service: Service, config: Path) -> None:
    t0 = int(BEGINS.timestamp() * 1000)
    publish(
        int(service.environ["GAUGE_MQTT_PORT"]),
        [message([(t0 - 10 * MINUTE, 100)], seq=1), message([(t0 - 5 * MINUTE, 114)], seq=2)],
    )

    until(lambda: len(told(service)) == 2, within_s=40, what="the first step")
    service.kill()
    service.start()
    until(lambda: len(told(service)) == 3, within_s=40, what="the second step")
    service.kill()
    time.sleep(1)
    service.start()
    until(lambda: len(told(service)) == 4, within_s=60, what="the end of the chain")
    same = service.command("reload")
    events = told(service)

    assert [(one.kind.value, one.step) for one in events] == [
        ("raised", 0),
        ("escalated", 1),
        ("escalated", 2),
        ("escalated", 99),
    ]
    assert same.returncode == 0
    kept = service.folder / "accepted-config"
    assert {"people.toml", "duty.ics"} <= {path.name for path in kept.iterdir()}
    roster = load(kept, {}).roster
    people = [sorted(one.id for one in recipients(roster, each, events)) for each in events]
    assert people == [["liu"], ["chen", "liu"], ["chen", "liu"], ["chen", "liu", "wang"]]
    lines = service.log.read_text(encoding="utf-8")
    assert "nobody acknowledged within 10 min: 陈主任 is told too" in lines

    (config / "duty.ics").write_text(CALENDAR.replace("刘伟", "张三"), encoding="utf-8")
    answer = service.command("reload")
    assert answer.returncode == 2
    assert "张三" in answer.stdout + answer.stderr
