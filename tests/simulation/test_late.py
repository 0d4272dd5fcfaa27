"""Late rain among live traffic, a session that is gone, payloads of every kind: through the running service."""

import random
import time
from collections.abc import Iterable
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gauge_ingest.pump import Delivery
from tests.edges.broker import running_mosquitto
from tests.edges.influx_server import real_influxdb
from tests.simulation.service import Service, running_service, until
from tests.simulation.test_stores import copied, expected, influx_rows
from tests.worlds import MINUTE, message

DAY_MINUTES = 24 * 60


def publish(port: int, deliveries: Iterable[Delivery]) -> None:
    """Publish with QoS 1 and wait for every acknowledgement."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = [client.publish(delivery.topic, delivery.payload, qos=1) for delivery in deliveries]
    for one in sent:
        one.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def connected(service: Service) -> bool:
    """The service is at its broker."""
    return service.journal.exists() and any(
        one["name"] == "broker" and one["ok"] for one in service.ask("health")["checks"]
    )


def derived(service: Service, readings: int) -> bool:
    """So many readings are kept and nothing is owed."""
    reader = service.reader()
    owed = reader.debts()
    reader.close()
    return owed == 0 and sum(map(len, service.rows().values())) == readings


def a_day(now: int) -> list[tuple[int, int]]:
    """A station's day of five-minute readings up to now: a storm in the third hour, 24 tips."""
    readings, count = [], 100
    for minute in range(DAY_MINUTES, -1, -5):
        count += 3 if DAY_MINUTES - 180 < minute <= DAY_MINUTES - 140 else 0
        readings.append((now // 1000 * 1000 - minute * MINUTE, count))
    return readings


def test_a_report_that_comes_a_day_late_sets_its_span_right_in_journal_and_influxdb(tmp_path: Path) -> None:
    """
    Goal: a late report changes its two neighbours, wherever they have been copied to, and the alert for its time.
    Method: a day of readings without those of a storm's hour; live readings go on while the missing ones arrive.
    """
    now = time.time_ns() // 1_000_000
    day = a_day(now)
    missing = [reading for reading in day if -200 * MINUTE < reading[0] - day[0][0] - 300 * MINUTE <= -100 * MINUTE]
    early = [reading for reading in day[:-4] if reading not in missing]

    with (
        real_influxdb(tmp_path) as influx,
        influx.bucket() as bucket,
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(
            tmp_path,
            port=broker.port,
            **influx.environ(bucket),
        ) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service is at its broker")
        publish(broker.port, [message([reading], seq=number) for number, reading in enumerate(early)])
        until(lambda: derived(service, len(early)) and copied(service), within_s=30, what="the day is copied")
        gap = [
            row for row in service.ask("history", "HTB01", "--since", "25h", "--every", "raw") if row["step"] == "gap"
        ]
        assert [row["tips"] for row in gap] == [24]
        assert service.ask("alerts", "--all") == []

        mixed = [*missing, *day[-4:]]
        random.Random(7).shuffle(mixed)
        publish(broker.port, [message([reading], seq=1000 + number) for number, reading in enumerate(mixed)])
        until(lambda: derived(service, len(day)) and copied(service), within_s=30, what="the late ones are copied")

        raw = ("history", "HTB01", "--since", "25h", "--every", "raw")
        assert service.ask(*raw, "--source", "influx") == service.ask(*raw, "--source", "journal")
        assert all(row["step"] in ("first", "steady") for row in service.ask(*raw))
        assert sum(row["tips"] for row in service.ask(*raw)) == 24
        assert influx_rows(influx, bucket) == expected(service)
        alert = service.ask("alerts", "--all")[-1]
        assert alert["scope"] == "HTB01"
        assert alert["state"] == "cleared"
        assert alert["events"][0]["late"] is True


def test_a_thousand_readings_of_broken_payloads_reach_quarantine_with_reasons_and_the_good_ones_are_kept(
    tmp_path: Path,
) -> None:
    """
    Goal: the service lives, says of each payload what is wrong with it, and keeps the good reading beside a bad one.
    Method: a thousand payloads mutated at random among good ones, through a real broker.
    """
    now = time.time_ns() // 1_000_000 // 1000 * 1000
    seed = random.randrange(1 << 30)
    draw = random.Random(seed)
    good = [message([(now - minute * MINUTE, 50)], seq=minute) for minute in range(100)]
    half = [
        message([(now - minute * MINUTE, 50), {"observed_at": "yesterday", "count": minute}], seq=minute, sent_at=now)
        for minute in range(100, 200)
    ]
    bad = [Delivery(one.topic, mutated(one.payload, draw)) for one in draw.choices(good, k=1000)]

    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service is at its broker")
        mixed = [*good, *half, *bad]
        draw.shuffle(mixed)
        publish(broker.port, mixed)
        publish(broker.port, [message([(now + MINUTE, 50)], seq=999_999)])
        until(
            lambda: (now + MINUTE) in {row.observed_at for row in service.rows()["HTB01"]},
            within_s=30,
            what=f"the last one is kept (seed {seed})",
        )

        kept = {row.observed_at for row in service.rows()["HTB01"]}
        assert {now - minute * MINUTE for minute in range(200)} <= kept, f"seed {seed}"
        quarantine = service.ask("quarantine", "list")
        assert len([one for one in quarantine if "readings.1.observed_at" in one["reason"]]) == 100
        assert all(one["reason"] and "fault of this program" not in one["reason"] for one in quarantine), f"seed {seed}"
        assert service.process is not None
        assert service.process.poll() is None


def mutated(payload: bytes, draw: random.Random) -> bytes:
    """A payload with a few bytes changed, cut, doubled, or nothing of it left."""
    changed = bytearray(payload)
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(changed) or 1)
        match draw.randrange(4):
            case 0:
                changed[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del changed[at : at + draw.randrange(1, 20)]
            case 2:
                changed[at:at] = changed[at : at + draw.randrange(1, 20)]
            case _:
                changed[at:at] = draw.randbytes(3)
    return bytes(changed) if draw.random() > 0.02 else draw.randbytes(draw.randrange(200))


def test_a_broker_that_has_forgotten_our_session_is_an_alert_with_the_span_in_doubt(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    with running_mosquitto(folder) as broker, running_service(tmp_path, port=broker.port) as service:
        until(lambda: connected(service), within_s=30, what="the service is at its broker")
        assert service.ask("alerts") == []
        broker.stop()
        (folder / "mosquitto.db").unlink()
        broker.start()
        until(lambda: service.ask("alerts"), within_s=30, what="the alert about the session")
        alert = service.ask("alerts")[0]

    assert alert["rule"] == "session_lost"
    assert "in doubt" in alert["events"][0]["reason"]
