"""The simulator against a real mosquitto that is killed, with a small subscriber in the service's place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.simulator.far_side import Mosquitto, Subscriber, until

ROOT = Path(__file__).parents[2]


@contextmanager
def _simulator(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "run", *arguments, "--config", str(ROOT / "config")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _events(path: Path, name: str) -> list[dict[str, object]]:
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line["event"] == name]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_no_reading_is_lost_when_links_fail_and_the_broker_is_killed(
    protocol: str, tmp_path: Path, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    """Goal: every reading the stations made arrives. Method: kill the broker in the storm, compare with the truth."""
    truth, address = tmp_path / "truth.jsonl", f"127.0.0.1:{mosquitto.port}"
    options = ("--seed", "5", "--minutes", "240", "--speed", "2400", "--wait-s", "30", "--protocol", protocol)

    subscriber.announce("gone")
    with _simulator("outage", *options, "--broker", address, "--truth", str(truth)) as process:
        time.sleep(1.0)
        assert not subscriber.payloads, "it did not wait for the service"
        subscriber.announce("online")
        until(lambda: len(subscriber.readings()) > 60, within_s=30.0)
        mosquitto.kill_and_restart(dead_s=1.0)
        output, _ = process.communicate(timeout=60)

    assert process.returncode == 0, output
    made = {(e["station"], e["observed_at"], e["count"], e["kind"]) for e in _events(truth, "reading")}
    until(lambda: len(subscriber.readings()) >= len(made), within_s=10.0)
    assert subscriber.readings() == made
    acknowledged = {(event["station"], event["seq"]) for event in _events(truth, "puback")}
    assert acknowledged == {(event["station"], event["seq"]) for event in _events(truth, "publish")}
    _assert_resent_unchanged_and_in_order(subscriber.payloads)
    _assert_nothing_was_sent_before_its_time(truth, subscriber.payloads)
    assert mosquitto.connects("sim-HTB02") > mosquitto.connects("sim-HTB04") >= 2, "HTB02 has outages, HTB04 has none"


def _assert_resent_unchanged_and_in_order(payloads: list[tuple[str, bytes]]) -> None:
    first: dict[str, dict[int, bytes]] = {}
    for topic, payload in payloads:
        assert first.setdefault(topic, {}).setdefault(json.loads(payload)["seq"], payload) == payload
    assert all(list(messages) == sorted(messages) for messages in first.values())


def _assert_nothing_was_sent_before_its_time(truth: Path, payloads: list[tuple[str, bytes]]) -> None:
    published = {(event["station"], event["seq"]): str(event["at"]) for event in reversed(_events(truth, "publish"))}
    for topic, payload in payloads:
        message = json.loads(payload)
        at = datetime.fromisoformat(published[topic.split("/")[2], message["seq"]])
        assert at >= datetime.fromisoformat(message["sent_at"])


def test_it_gives_up_when_no_service_appears(mosquitto: Mosquitto) -> None:
    with _simulator("quiet_day", "--broker", f"127.0.0.1:{mosquitto.port}", "--wait-service-s", "0.5") as process:
        output, _ = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "no service said 'online'" in output


def test_programs_can_read_the_rain_while_it_falls(mosquitto: Mosquitto) -> None:
    options = ("--no-wait", "--speed", "3600", "--minutes", "20", "--json-progress")
    with _simulator("steady_rain", *options, "--broker", f"127.0.0.1:{mosquitto.port}") as process:
        output, _ = process.communicate(timeout=20)

    assert process.returncode == 0, output
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert len(lines) == 5 * 4
    assert {"at", "station", "fell_mm", "tips"} <= set(lines[0])
    assert sum(line["fell_mm"] for line in lines if line["station"] == "HTB01") == pytest.approx(0.67, abs=0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_the_number_outstanding(number: signal.Signals, tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    options = ("--no-wait", "--speed", "600", "--broker", "127.0.0.1:1", "--truth", str(truth))

    with _simulator("steady_rain", *options) as process:
        until(lambda: truth.exists() and len(_events(truth, "reading")) > 10, within_s=10.0)
        process.send_signal(number)
        output, _ = process.communicate(timeout=10)

    assert process.returncode == 1
    assert "messages outstanding" in output
    (end,) = _events(truth, "end")
    assert isinstance(end["outstanding"], int)
    assert end["outstanding"] >= 5
