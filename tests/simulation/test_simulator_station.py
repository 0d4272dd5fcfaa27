"""A logger alone: its counters, its reports, its wire format."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from simulator.sites import Site
from simulator.station import Station
from simulator.wire import SEQ_MODULUS, Message, Reading, encode, topic

SITE = Site(
    station="HTB01",
    latitude=43.75,
    longitude=86.57,
    elevation_m=1250.0,
    bucket_depth_mm=0.5,
    counter_modulus=65536,
    report_every_s=300,
)
START_S = 1_784_109_600  # 2026-07-15T18:00:00+08:00


def _station(site: Site = SITE, **options: int) -> Station:
    return Station(site, boot=3, rng=random.Random(1), **options)  # type: ignore[arg-type]


def _run(station: Station, *, until_s: int) -> list[Reading | Message]:
    made: list[Reading | Message] = []
    while (wake_s := station.next_wake_s()) <= until_s:
        made.extend(station.wake(int(wake_s)))
    return made


def test_a_counter_wraps_at_its_modulus() -> None:
    station = _station(replace(SITE, counter_modulus=100), first_count=98)
    station.start(START_S)

    for nth in range(3):
        station.tip((START_S + 1 + nth) * 1000)

    assert station.close(START_S + 60)[0].count == 1  # type: ignore[union-attr]


def test_a_counter_with_modulus_0_never_wraps() -> None:
    station = _station(replace(SITE, counter_modulus=0), first_count=65535)
    station.start(START_S)

    station.tip(START_S * 1000 + 500)

    assert station.close(START_S + 60)[0].count == 65536  # type: ignore[union-attr]


def test_sequence_numbers_wrap_after_the_largest() -> None:
    station = _station(first_seq=SEQ_MODULUS - 1)
    station.start(START_S)

    made = _run(station, until_s=START_S + 310)

    assert [message.seq for message in made if isinstance(message, Message)] == [SEQ_MODULUS - 1, 0]


def test_an_event_report_counts_the_fourth_tip_at_the_next_whole_second() -> None:
    station = _station()
    station.start(START_S)

    for at_ms in (10_100, 10_200, 10_300, 10_400):
        station.tip(START_S * 1000 + at_ms)
    made = _run(station, until_s=START_S + 20)

    events = [reading for reading in made if isinstance(reading, Reading)]
    assert [(reading.kind, reading.count) for reading in events] == [("event", 4)]
    assert events[0].observed_at.timestamp() == START_S + 11


def test_a_timed_and_an_event_report_of_one_second_are_one_reading() -> None:
    station = _station()
    station.start(START_S)

    for _ in range(4):
        station.tip((START_S + 300) * 1000 - 500)
    made = _run(station, until_s=START_S + 300)

    readings = [reading for reading in made if isinstance(reading, Reading)]
    assert [(reading.kind, reading.count) for reading in readings] == [("timed", 4)]


def test_a_link_that_fails_while_the_modem_wakes_up_delays_the_message() -> None:
    station = Station(SITE, boot=3, offline=((START_S + 1, START_S + 100),), rng=random.Random(1))
    station.start(START_S)

    made = _run(station, until_s=START_S + 200)

    (message,) = (one for one in made if isinstance(one, Message))
    assert START_S + 100 < message.sent_at.timestamp() <= START_S + 104


def test_a_message_is_json_v1_on_the_wire() -> None:
    station = _station(first_count=40213, first_seq=1234)
    station.start(START_S)

    (message,) = (one for one in station.close(START_S) if isinstance(one, Message))

    document = json.loads(encode(message))
    assert topic(message.station) == "rain/v1/HTB01/up"
    assert list(document) == ["v", "seq", "boot", "sent_at", "readings"]
    assert (document["v"], document["seq"], document["boot"]) == (1, 1234, 3)
    assert document["sent_at"] == "2026-07-15T18:00:00+08:00"
    reading = document["readings"][0]
    assert (reading["observed_at"], reading["count"], reading["kind"]) == ("2026-07-15T18:00:00+08:00", 40213, "timed")
    assert 11.0 < reading["battery_v"] < 14.5
    assert -110 < reading["signal_dbm"] < -60
    assert -10.0 < reading["temperature_c"] < 40.0
    assert reading["door_open"] is False
