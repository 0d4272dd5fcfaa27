"""json_v1 through the pump: what cannot be read is in quarantine with its bytes and a reason, the rest is rain."""

import random
from pathlib import Path

import pytest

from gauge_ingest.codecs import Undecodable
from gauge_ingest.pump import Delivery
from tests.codecs.goldens import Golden, decode, goldens
from tests.worlds import MINUTE, T0, Desk, message, station

GOLDENS = goldens("json_v1")
TOPIC = "rain/v1/HTB01/up"
ADMISSIBLE = range(1 << 16)  # counts below the station's modulus


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + 10 * MINUTE
    return desk


@pytest.mark.parametrize("golden", GOLDENS, ids=[golden.name for golden in GOLDENS])
def test_what_is_not_rain_is_in_quarantine_with_a_reason_that_helps(golden: Golden, desk: Desk) -> None:
    desk.take(Delivery(TOPIC, golden.payload))

    entries = desk.journal.reader.quarantine()
    assert all(entry.payload == golden.payload for entry in entries)
    assert all(entry.station == "HTB01" and entry.traceback is None for entry in entries)
    if golden.says is not None:
        assert len(entries) == 1
        assert entries[0].place is None
        assert not [word for word in golden.says if word not in entries[0].reason]
        return
    assert golden.message is not None
    reasons = {entry.place: entry.reason for entry in entries}
    for rejected in golden.message["rejected"]:
        assert not [word for word in rejected["says"] if word not in reasons[rejected["place"]]]


@pytest.mark.parametrize("golden", GOLDENS, ids=[golden.name for golden in GOLDENS])
def test_every_good_reading_beside_bad_ones_is_kept(golden: Golden, desk: Desk) -> None:
    readings = golden.message["readings"] if golden.message is not None else []
    good = {
        (one["observed_at"], one["counter"])
        for one in readings
        if one["counter"] in ADMISSIBLE and one["observed_at"] > 0
    }

    desk.take(Delivery(TOPIC, golden.payload))
    desk.settle()

    rows = desk.journal.reader.rows("HTB01", since=-(1 << 61), until=1 << 61)
    assert {(row.observed_at, row.counter) for row in rows} == good


def test_a_thousand_mangled_messages_lose_nothing_and_stop_nothing(desk: Desk) -> None:
    """Goal: promise 3. Method: each mangled payload is rain or in quarantine, and good messages between are rain."""
    draw = random.Random(7)
    bad: set[bytes] = set()
    for number in range(50):
        batch = []
        for _ in range(20):
            payload = bytearray(draw.choice(GOLDENS).payload[:3_000] or b"{")
            for _ in range(draw.randrange(1, 5)):
                place = draw.randrange(len(payload))
                payload[place : place + draw.randrange(4)] = draw.choice(
                    [draw.randbytes(2), b"null", b'"', b"-1", b"7"]
                )
            batch.append(Delivery(TOPIC, bytes(payload)))
        good = message([(T0 - number * MINUTE, 40_000 - number)], seq=number)
        desk.take(*batch, good)
        bad |= {delivery.payload for delivery in batch if not _decodes(delivery.payload)}

    entries = desk.journal.reader.quarantine()
    assert len(bad) > 500
    assert bad <= {entry.payload for entry in entries}
    assert not [entry.reason for entry in entries if entry.traceback is not None]
    assert all(len(entry.reason) >= 10 for entry in entries)
    rows = {(row.observed_at, row.counter) for row in desk.journal.reader.rows("HTB01", since=0, until=1 << 61)}
    assert {(T0 - number * MINUTE, 40_000 - number) for number in range(50)} <= rows


def test_a_place_is_the_readings_own_also_behind_readings_that_could_not_be_read(desk: Desk) -> None:
    """Of five readings the second cannot be read, and the fourth has a count that the gauge cannot show."""
    at = T0 + MINUTE
    readings: list[tuple[int, int] | dict[str, object]] = [
        (at, 1),
        {"observed_at": "yesterday", "count": 2},
        (at + 1_000, 3),
        (at + 2_000, 70_000),
        (at + 3_000, 5),
    ]

    desk.take(message(readings))

    assert sorted((entry.place, entry.reason[:12]) for entry in desk.journal.reader.quarantine()) == [
        (1, "readings.1.o"),
        (3, "count: 70000"),
    ]


def _decodes(payload: bytes) -> bool:
    try:
        decode(payload)
    except Undecodable:
        return False
    return True
