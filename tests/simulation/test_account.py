"""The account of real runs: stations, broker and service as a user starts them, in a storm, and killed in one."""

import os
import random
import time
from pathlib import Path
from typing import Any

from tests.edges.broker import running_mosquitto
from tests.simulation.service import (
    Service,
    events,
    running_service,
    running_stations,
    scaled_clock,
    until,
)

SEED = int(os.environ.get("GAUGE_TEST_SEED", "0")) or random.randrange(1, 10_000)
STORM_MINUTES = 480
KILLS = 6


def accounted(service: Service, truth: Path) -> Any:
    """The document, once nothing is owed and every acknowledged reading has arrived or can arrive no more."""

    def quiet() -> bool:
        document = service.ask("account", str(truth))
        waits = document["on_the_way_readings"] or document["notices"]
        return not waits or time.monotonic() > last

    last = time.monotonic() + 20
    until(quiet, within_s=60, what="everything has arrived")
    return service.ask("account", str(truth))


def test_a_storm_over_a_real_broker_closes_to_the_tip(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=scaled_clock(STORM_MINUTES * 60 / 15)) as service,
        running_stations(service, scenario="flash_flood", seed=SEED, minutes=STORM_MINUTES, truth=truth) as stations,
    ):
        assert stations.wait(120) == 0, (tmp_path / "stations.log").read_text()
        document = accounted(service, truth)
        shown = service.command("account", str(truth))

    total = document["total"]
    assert document["closes"], total["unexplained"]
    assert document["notices"] == []
    assert total["rain"]["water"]["fell_mm"] > 20, "the storm came"
    assert total["rain"]["turned_tips"] == total["rain"]["stored_tips"] == len(events(truth, "tip"))
    assert total["readings"]["made"] == total["readings"]["stored"] == len(events(truth, "reading"))
    verdicts = {alert["verdict"] for alert in total["alerts"]}
    assert "right" in verdicts, f"seed {SEED}"
    assert "false" not in verdicts, f"seed {SEED}"
    assert shown.returncode == 0
    assert shown.stdout.startswith("the account closes to the tip")


def test_service_and_broker_killed_in_a_storm_leave_an_account_that_closes_to_the_tip(tmp_path: Path) -> None:
    """
    Goal: whatever dies, each tip and each reading ends in a line of the account.
    Method: kill -9 of mosquitto with the persistence that the documents name, or of the service, in turn at random,
    while links fail and stations hand in what they held.
    """
    draw = random.Random(SEED)
    truth = tmp_path / "truth.jsonl"
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=scaled_clock(STORM_MINUTES * 60 / 30)) as service,
        running_stations(service, scenario="outage", seed=SEED, minutes=STORM_MINUTES, truth=truth) as stations,
    ):
        until(lambda: truth.exists() and events(truth, "publish"), within_s=60, what="the stations report")
        for _ in range(KILLS):
            time.sleep(draw.uniform(0.5, 3.0))  # the instant of death is what is random here
            victim = draw.choice(["broker", "service", "both"])
            if victim != "service":
                broker.kill()
            if victim != "broker":
                service.kill()
                service.start()
            if victim != "service":
                time.sleep(draw.uniform(0.0, 0.5))
                broker.start()
        assert stations.wait(180) == 0, (tmp_path / "stations.log").read_text()
        document = accounted(service, truth)

    total = document["total"]
    assert document["closes"], f"seed {SEED}: {total['unexplained']}"
    assert total["rain"]["turned_tips"] == len(events(truth, "tip"))
    held = total["rain"]["gone_tips"]["after_last_stored"]
    assert total["rain"]["stored_tips"] == total["rain"]["turned_tips"] - held, f"seed {SEED}"
    lost = document["lost_by_broker_readings"]
    assert total["readings"]["stored"] == total["readings"]["made"] - lost, f"seed {SEED}"
    assert total["messages"]["transmissions"] >= total["messages"]["sent"] == total["messages"]["made"]
