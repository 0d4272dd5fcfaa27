"""The log and the broker call a place by the name that people know, a basin as well as a station."""

import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Reader
from gauge_ingest.messages.samples import SAMPLES, WORLD
from gauge_ingest.messages.writer import Writer
from gauge_ingest.notifiers.log import LogNotifier
from gauge_ingest.notifiers.mqtt import AlertBroker, MqttNotifier
from gauge_ingest.outbound.deliveries import Batch, Told
from gauge_ingest.outbound.wording import worded
from tests.cap.alerts import event
from tests.delivery.world import World, person
from tests.edges.broker import running_mosquitto
from tests.simulation.test_acknowledged import retained

NAMES: Mapping[str, str] = {"HTB01": "石门", "mountains": "南部山区"}
ALERT = SAMPLES["raised"].alert


@pytest.mark.parametrize(
    ("scope", "place"), [("mountains", "南部山区 mountains"), ("HTB01", "石门 HTB01"), ("service", "service")]
)
def test_the_log_names_a_place_as_people_do(caplog: pytest.LogCaptureFixture, scope: str, place: str) -> None:
    with caplog.at_level(logging.WARNING, "gauge_ingest.alerts"):
        LogNotifier(NAMES).send(event(1, scope=scope), ALERT, repeated=False)

    assert f"RAISED prepare at {place} (flash_flood)" in caplog.text


def test_the_broker_has_the_name_of_a_basin_for_people_and_its_id_for_machines(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker:
        notifier = MqttNotifier(AlertBroker("127.0.0.1", broker.port, "it"), NAMES)
        notifier.send(event(1, scope="mountains"), ALERT, repeated=False)
        kept = retained(broker.port, "rain/v1/alerts/mountains/flash_flood")
        notifier.close()

    assert (kept["scope"], kept["name"]) == ("mountains", "南部山区")
    assert "at 南部山区 mountains (flash_flood)" in kept["text"]


def test_who_hears_of_an_end_hears_of_what_else_stands_at_the_place(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang"))
    world.tell(1, "raised", "prepare")
    world.tell(2, "raised", "immediate")
    cleared = world.tell(2, "cleared", "immediate")
    batch = Batch(1, "sms", "zhang", "1", 1, (Told(1, cleared, 2, 1, repeated=False, instead_of=""),))

    with closing(Reader.open(tmp_path / "journal.db")) as reader:
        message, gone = worded(
            batch, reader, Writer(WORLD), person=world.people["zhang"], link=lambda _person, _event: "", drill=False
        )

    assert message is not None
    assert "PREPARE TO MOVE #1" in message.subject
    assert "#2" not in message.subject
    assert not gone


@pytest.mark.parametrize("peak_mm", [4.0, 0.0])
def test_every_time_of_the_evidence_is_written_as_people_read_it(tmp_path: Path, peak_mm: float) -> None:
    found = SAMPLES["raised"].event.evidence
    assert found is not None
    told = replace(event(1, scope="HTB01"), evidence=replace(found, peak_mm=peak_mm))
    with running_mosquitto(tmp_path / "broker") as broker:
        notifier = MqttNotifier(AlertBroker("127.0.0.1", broker.port, "it"), NAMES)
        notifier.send(told, ALERT, repeated=False)
        kept = retained(broker.port, "rain/v1/alerts/HTB01/flash_flood")["evidence"]
        notifier.close()

    assert kept["until"] == instant_text(found.until)
    peak = [instant_text(found.peak_since), instant_text(found.peak_until)] if peak_mm else [None, None]
    assert [kept["peak_since"], kept["peak_until"]] == peak
