"""kill -9 of everything, again and again, while stations report: nothing is lost, nothing is counted twice."""

import os
import random
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from gauge_ingest.configuration import load
from gauge_ingest.core.findings import Finding
from gauge_ingest.journal import Reader
from tests.edges.broker import Broker, running_mosquitto
from tests.simulation.service import (
    ROOT,
    Service,
    events,
    readings_kept,
    readings_published,
    running_service,
    running_stations,
    scaled_clock,
    tips_by_station,
    until,
)
from tests.worlds import Desk, message

KILLS = int(os.environ.get("GAUGE_TEST_KILLS", "10"))
SEED = int(os.environ.get("GAUGE_TEST_SEED", "0")) or random.randrange(1, 10_000)
STORM_MINUTES = 480
FINDINGS = frozenset(finding.value for finding in Finding)


def settled(service: Service, truth: Path) -> bool:
    """Every reading that was published has arrived and nothing is owed."""
    reader = service.reader()
    owed = reader.debts()
    reader.close()
    return owed == 0 and len(readings_kept(service.rows())) >= len(readings_published(truth))


def unsettled(service: Service, truth: Path) -> str:
    """What is still open: the debts, and the readings that were published and are not here."""
    reader = service.reader()
    owed = reader.debts()
    reader.close()
    missing = sorted(readings_published(truth) - set(readings_kept(service.rows())), key=lambda reading: reading[1])
    return f"seed {SEED}: {owed} debts, {len(missing)} readings are not here: {missing[:10]}"


def prove(service: Service, truth: Path, folder: Path) -> None:
    """The three promises, against the truth of the stations."""
    rows = service.rows()
    kept = readings_kept(rows)
    assert len(kept) == len(set(kept)), "a reading is in the journal twice"
    assert set(kept) == readings_published(truth)
    assert {station: sum(row.tips for row in found) for station, found in rows.items()} == tips_by_station(truth)
    reader = service.reader()
    assert reader.quarantine() == []
    assert episodes(reader) == clean_run(truth, folder), "alerts differ from those of a run in which nothing died"
    assert_told_once(reader)
    reader.close()


def episodes(reader: Reader) -> list[tuple[str, ...]]:
    """Alerts about rain as they stand, without what depends on when we knew."""
    return sorted(
        (one.rule, one.scope, one.level, one.peak, one.state.value, str(one.rained_since), str(one.rained_until))
        for one in reader.alerts.all(ended=True)
        if one.state != "withdrawn" and one.rule not in FINDINGS
    )


def clean_run(truth: Path, folder: Path) -> list[tuple[str, ...]]:
    """The alerts of the same readings, derived in one go by a service that nobody kills."""
    configuration = load(ROOT / "config", {})
    desk = Desk(folder / "clean", list(configuration.stations.values()), list(configuration.rules))
    for number, (station, observed_at, count) in enumerate(sorted(readings_published(truth), key=lambda r: r[1])):
        desk.now = observed_at
        desk.take(message([(observed_at, count)], seq=number, station_id=station))
        desk.settle()
    return episodes(desk.journal.reader)


def assert_told_once(reader: Reader) -> None:
    """No alert has two events with one meaning, and none has two ids."""
    alerts = [one for one in reader.alerts.all(ended=True) if one.rule not in FINDINGS]
    standing = Counter((one.rule, one.scope, one.rained_since) for one in alerts if one.state != "withdrawn")
    assert all(number == 1 for number in standing.values()), standing
    for alert in alerts:
        told = [(event.kind, event.level) for event in reader.alerts.events(alert.id)]
        assert told[0][0] == "raised"
        assert all(before != after for before, after in pairwise(told)), told


def test_the_service_killed_at_random_loses_no_reading_and_no_alert(tmp_path: Path) -> None:
    """
    Goal: what was acknowledged is in the journal once, and alerts are those of a run without kills.
    Method: stations report a storm in accelerated time; kill -9 the ingest process, or the outbound one, at random.
    """
    draw = random.Random(SEED)
    seconds = 20 + 2.0 * KILLS
    truth = tmp_path / "truth.jsonl"

    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=scaled_clock(STORM_MINUTES * 60 / seconds)) as service,
        running_stations(service, scenario="outage", seed=SEED, minutes=STORM_MINUTES, truth=truth) as stations,
    ):
        until(lambda: truth.exists() and events(truth, "publish"), within_s=60, what="the stations report")
        for _ in range(KILLS):
            time.sleep(draw.uniform(0.1, 2.2))  # the instant of death is what is random here
            if draw.random() < 0.2:
                service.kill_outbound()
            service.kill()
            service.start()
        assert stations.wait(180) == 0, (tmp_path / "stations.log").read_text()
        until(lambda: settled(service, truth), within_s=60, what=lambda: unsettled(service, truth))
        prove(service, truth, tmp_path)
        assert service.stop() == 0


def test_broker_and_service_killed_in_turn_lose_no_reading_and_no_alert(tmp_path: Path) -> None:
    """
    Goal: the same when the broker dies too, with the persistence that the documents name.
    Method: kill -9 of mosquitto or of the service, in turn at random; both come back. Where both die, mosquitto may
    write down first what the dead service had been handed: that it forgets this otherwise is its fault, not ours.
    """
    draw = random.Random(SEED + 1)
    truth = tmp_path / "truth.jsonl"
    kills = max(4, KILLS // 2)
    seconds = 20 + 2.5 * kills

    def strike(broker: Broker, service: Service) -> None:
        time.sleep(draw.uniform(0.2, 2.0))
        victim = draw.choice(["broker", "service", "both"])
        if victim in ("service", "both"):
            service.kill()
            broker.save()  # it forgets what it handed over: docs/deployment.md, "What the broker's word is worth"
        if victim in ("broker", "both"):
            broker.kill()
        if victim in ("service", "both"):
            service.start()
        if victim in ("broker", "both"):
            time.sleep(draw.uniform(0.0, 0.5))
            broker.start()

    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=scaled_clock(STORM_MINUTES * 60 / seconds)) as service,
        running_stations(service, scenario="flash_flood", seed=SEED, minutes=STORM_MINUTES, truth=truth) as stations,
    ):
        until(lambda: truth.exists() and events(truth, "publish"), within_s=60, what="the stations report")
        for _ in range(kills):
            strike(broker, service)
        assert stations.wait(180) == 0, (tmp_path / "stations.log").read_text()
        until(lambda: settled(service, truth), within_s=60, what=lambda: unsettled(service, truth))
        prove(service, truth, tmp_path)


@pytest.mark.parametrize("number", [15, 2])
def test_a_service_told_to_end_ends_well_within_five_seconds(number: int, tmp_path: Path) -> None:
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port) as service,
    ):
        until(lambda: (tmp_path / "journal.db.status.json").exists(), within_s=20, what="the service runs")
        assert service.process is not None
        began = time.monotonic()
        service.process.send_signal(number)
        status = service.process.wait(10)

    assert status == 0
    assert time.monotonic() - began < 5
