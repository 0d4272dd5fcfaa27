"""An outbound process that lives and stands still: seen, found, killed, and what waited is told by the next."""

import os
import shutil
import signal
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.delivery.sink import Sink
from tests.edges.broker import running_mosquitto
from tests.simulation.county import SECRET
from tests.simulation.service import BEGINS, ROOT, Service, running_service, scaled_clock, until
from tests.simulation.test_late import connected, publish
from tests.worlds import MINUTE, message

SPEED = 120  # five minutes of the watchdog are two and a half seconds
PEOPLE = """
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{hook}/hook"
[people.liu]
name = "刘伟"
reach = [["hook", "liu"]]
"""


def stop_outbound(service: Service) -> None:
    """kill -STOP of the outbound process, whichever it is now."""
    assert service.process is not None
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    for child in children.read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGSTOP)


def ill(service: Service) -> set[str]:
    """The checks that are not ok."""
    return {check["name"] for check in service.ask("health")["checks"] if not check["ok"]}


def gone(service: Service) -> list[str]:
    """What was told of the finding."""
    with closing(service.reader()) as reader:
        found = [one.id for one in reader.alerts.all(ended=True) if one.rule == "outbound_gone"]
        return [event.kind.value for number in found for event in reader.alerts.events(number)]


def still_gone(service: Service) -> list[str]:
    """What was told of the finding, with each new process stopped as well."""
    stop_outbound(service)
    return gone(service)


@pytest.mark.slow
def test_one_that_is_stopped_is_seen_and_found_and_what_waited_is_told_by_the_next(tmp_path: Path) -> None:
    config, hook = tmp_path / "config", Sink()
    shutil.copytree(ROOT / "config", config)
    (config / "people.toml").write_text(PEOPLE.format(hook=hook.port), encoding="utf-8")
    environ = {"GAUGE_CONFIG": str(config), "GAUGE_SECRET_HOOK": SECRET, "GAUGE_OUTBOUND_BEAT_LOST_S": "5"}
    t0 = int(BEGINS.timestamp() * 1000)
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=scaled_clock(SPEED), **environ) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service at its broker")
        until(lambda: not ill(service), within_s=30, what=lambda: f"a service that is well, not {ill(service)}")
        stop_outbound(service)
        publish(broker.port, [message([(t0 - 10 * MINUTE, 100)], seq=1), message([(t0 - 5 * MINUTE, 150)], seq=2)])

        until(lambda: {"outbound", "people"} <= ill(service), within_s=30, what="health says so")
        until(lambda: still_gone(service), within_s=40, what="the finding")
        until(lambda: gone(service)[-1:] == ["cleared"], within_s=40, what=lambda: f"its end: {gone(service)}")
        until(lambda: hook.arrived, within_s=30, what="the rain is told")
        until(lambda: not ill(service), within_s=30, what=lambda: f"a service that is well, not {ill(service)}")

    hook.close()
    assert "outbound process stands still" in service.log.read_text(encoding="utf-8")
