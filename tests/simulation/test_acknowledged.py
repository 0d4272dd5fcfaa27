"""An acknowledgement that was answered stands: in the journal after kill -9, and at the broker for whoever listens."""

import json
import time
from pathlib import Path
from typing import Any

from paho.mqtt import subscribe

from gauge_ingest.core.model import EventKind, State
from gauge_ingest.core.told import said as said_of
from gauge_ingest.notifiers.mqtt import AlertBroker, MqttNotifier
from tests.edges.broker import running_mosquitto
from tests.simulation.service import Service, running_service, until
from tests.simulation.test_late import connected, publish
from tests.worlds import MINUTE, T0, Desk, message, rule, station

NOW = time.time_ns() // 1_000_000
TOPIC = "rain/v1/alerts/HTB01/flash_flood"
WORDS = ("acknowledge", "1", "--who", "王伟", "--comment", "calling the village")


def retained(port: int, topic: str = TOPIC) -> dict[str, Any]:
    """What a listener who comes now is told of the alert."""
    told = subscribe.simple(topic, qos=1, hostname="127.0.0.1", port=port)  # type: ignore[no-untyped-call]  # paho's own
    return dict(json.loads(told.payload))


def said(service: Service) -> list[tuple[str, str | None]]:
    return [(event["kind"], event["who"]) for event in service.ask("alerts", "show", "1")["events"]]


def test_an_answered_acknowledgement_survives_kill_9_and_reaches_whoever_listens(tmp_path: Path) -> None:
    readings = [(NOW - (20 - minute) * MINUTE, 100 + minute) for minute in range(0, 20, 5)]
    with running_mosquitto(tmp_path / "broker") as broker, running_service(tmp_path, port=broker.port) as service:
        until(lambda: connected(service), within_s=30, what="the service is at its broker")
        publish(broker.port, [message([one], seq=number) for number, one in enumerate(readings)])
        until(lambda: service.ask("alerts"), within_s=30, what="the alert")
        before = said(service)

        done = service.ask("alerts", *WORDS)
        service.kill()
        service.start()
        until(lambda: retained(broker.port)["kind"] == "acknowledged", within_s=30, what="the broker has it")
        notice = retained(broker.port)

        assert done["acknowledged_by"] == "王伟"
        assert said(service) == [*before, ("acknowledged", "王伟")]
        assert service.ask("alerts")[0]["acknowledged_by"] == "王伟"
        assert (notice["state"], notice["level"], notice["who"]) == ("raised", done["level"], "王伟")
        assert f"ACKNOWLEDGED {done['level']} at 石门 HTB01 (flash_flood) by 王伟 at " in notice["text"]
        assert "calling the village" in notice["text"]


def test_what_is_said_of_an_alert_that_has_ended_hides_none_that_stands(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    for minute, count in ((0, 0), (5, 6), (10, 12), (10 + 30 * 60, 12), (20 + 30 * 60, 24)):
        desk.now = T0 + minute * MINUTE
        desk.take(message([(desk.now, count)], seq=minute))
        desk.settle()
    newer, older = desk.journal.reader.alerts.all(ended=True)
    assert (newer.state, older.state) == (State.RAISED, State.LAPSED)
    with running_mosquitto(tmp_path / "broker") as broker:
        notifier = MqttNotifier(AlertBroker("127.0.0.1", broker.port, "it"), {"HTB01": "石门"})
        for alert in (older, newer):
            for event in desk.journal.reader.alerts.events(alert.id):
                notifier.send(event, alert, repeated=False)
        events = desk.journal.reader.alerts.events(older.id)
        notifier.send(
            said_of(older, events, EventKind.COMMENTED, who="li", words="written", now=desk.now), older, repeated=False
        )
        kept = retained(broker.port, f"rain/v1/alerts/HTB01/{rule().id}")
        notifier.close()

    assert (kept["alert"], kept["kind"], kept["state"]) == (newer.id, "raised", "raised")
