"""json_v1: golden payloads, every truncation and bit flip of them, and whatever else a sender may send."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gauge_ingest.codecs import Message, Undecodable, json_v1
from gauge_ingest.codecs.json_v1 import READINGS_MAX, json_schema
from gauge_ingest.core.model import Kind
from tests.codecs.goldens import Golden, as_found, decode, goldens

SCHEMA = Path(__file__).parents[2] / "docs" / "json_v1.schema.json"
GOLDENS = goldens("json_v1")
WHOLE = [golden for golden in GOLDENS if golden.message is not None and not golden.message["rejected"]]
BYTES_MAX = 1_000  # of a payload whose every bit is flipped

case = pytest.mark.parametrize("golden", GOLDENS, ids=[golden.name for golden in GOLDENS])


def outcome(payload: bytes) -> Message | Undecodable:
    """A message or the reason why there is none; any other exception is a bug of ours."""
    try:
        return decode(payload)
    except Undecodable as error:
        return error


def check_reasons(found: Message | Undecodable) -> None:
    """What every outcome must be, whatever was sent: bounded readings, and a reason in plain words for the rest."""
    if isinstance(found, Undecodable):
        assert 10 <= len(str(found)) <= 2_000
        str(found).encode()
        return
    assert found.reports or found.rejected
    for reading in found.reports:
        assert type(reading.observed_at) is int
        assert type(reading.counter) is int
        assert 0 <= reading.counter < 2**32
        assert isinstance(reading.kind, Kind)
    for one in found.rejected:
        assert one.reason.startswith(f"readings.{one.place}")
        one.reason.encode()


@case
def test_a_golden_payload_means_what_it_says(golden: Golden) -> None:
    found = outcome(golden.payload)

    if golden.says is not None:
        assert isinstance(found, Undecodable), found
        assert not [word for word in golden.says if word not in str(found)], str(found)
        return
    assert golden.message is not None
    assert isinstance(found, Message), str(found)
    expected = {**golden.message, "rejected": [{"place": one["place"]} for one in golden.message["rejected"]]}
    assert as_found(found) == expected
    for one, wanted in zip(found.rejected, golden.message["rejected"], strict=True):
        assert not [word for word in wanted["says"] if word not in one.reason], one.reason
    check_reasons(found)


def test_a_report_names_its_sender_its_message_and_when_it_came() -> None:
    payload = b'{"v":1,"seq":7,"boot":2,"sent_at":"2026-07-15T18:05:02Z","readings":[%s]}'
    reading = b'{"observed_at":"2026-07-15T18:05:00Z","count":3}'

    (whole,) = json_v1.decode(payload % reading, "HTB01", 5, 9).reports
    salvaged = json_v1.decode(payload % (reading + b',{"count":1}'), "HTB01", 5, 9)

    assert (whole.station, whole.received_at, whole.message_id, whole.seq, whole.boot) == ("HTB01", 5, 9, 7, 2)
    assert whole.claimed_at == whole.observed_at
    assert salvaged.reports == [whole]


def damaged(payload: bytes) -> Iterator[bytes]:
    """Every truncation and every single bit flip."""
    for end in range(len(payload)):
        yield payload[:end]
    for place in range(len(payload)):
        for bit in range(8):
            yield payload[:place] + bytes([payload[place] ^ (1 << bit)]) + payload[place + 1 :]


@case
def test_every_truncation_and_bit_flip_is_a_message_or_says_why_not(golden: Golden) -> None:
    if len(golden.payload) > BYTES_MAX:
        pytest.skip("large: its neighbours are drawn at random below")

    for payload in damaged(golden.payload):
        check_reasons(outcome(payload))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["timed", "2026-07-15T18:05:00Z"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ["v", "seq", "boot", "sent_at", "readings", "observed_at", "count", "kind", "battery_v", "door_open"]
MESSAGES = st.fixed_dictionaries(
    {"v": st.just(1) | JSON, "seq": st.integers(0, 9) | JSON, "sent_at": st.just("2026-07-15T18:05:00Z") | JSON},
    optional={
        "boot": JSON,
        "readings": st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6) | JSON, max_size=5) | JSON,
    },
)


@seed(1)
@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_bytes_and_json_of_any_kind_are_a_message_or_say_why_not(payload: bytes) -> None:
    check_reasons(outcome(payload))


@seed(2)
@settings(max_examples=400, deadline=None)
@given(MESSAGES)
def test_a_message_with_anything_in_its_fields_is_a_message_or_says_why_not(message: dict[str, Any]) -> None:
    check_reasons(outcome(json.dumps(message).encode()))


@pytest.mark.parametrize("number", range(4))
def test_a_payload_mangled_in_many_places_is_a_message_or_says_why_not(number: int) -> None:
    draw = random.Random(number)
    for _ in range(250):
        payload = bytearray(draw.choice(GOLDENS).payload[:4_000] or b"{")
        for _ in range(draw.randrange(1, 8)):
            place = draw.randrange(len(payload))
            piece = draw.choice([draw.randbytes(draw.randrange(4)), b"9" * 5_000, b"null", b'"', b"{", b"]", b"1e999"])
            payload[place : place + draw.randrange(4)] = piece
            payload = payload or bytearray(b"[")

        check_reasons(outcome(bytes(payload)))


@pytest.mark.parametrize("golden", WHOLE, ids=[golden.name for golden in WHOLE])
def test_a_bad_reading_anywhere_takes_none_of_the_good_ones_along(golden: Golden) -> None:
    whole = json.loads(golden.payload)
    for place in range(len(whole["readings"]) + 1):
        readings = [*whole["readings"][:place], {"observed_at": "2026-07-15T18:05:00Z"}, *whole["readings"][place:]]

        found = decode(json.dumps({**whole, "readings": readings}).encode())

        assert found.reports == decode(golden.payload).reports
        assert [one.place for one in found.rejected] == [place]


def test_as_many_readings_as_fit_are_taken_and_one_more_is_refused() -> None:
    reading = {"observed_at": "2026-07-15T18:05:00Z", "count": 1}
    message = {"v": 1, "seq": 1, "sent_at": "2026-07-15T18:05:00Z"}

    assert len(decode(json.dumps({**message, "readings": [reading] * READINGS_MAX}).encode()).reports) == READINGS_MAX
    with pytest.raises(Undecodable, match=f"readings: .* at most {READINGS_MAX}"):
        decode(json.dumps({**message, "readings": [reading] * (READINGS_MAX + 1)}).encode())
    with pytest.raises(Undecodable, match=f"readings: .* at most {READINGS_MAX}"):
        decode(json.dumps({**message, "readings": [None] * (READINGS_MAX + 1)}).encode())


def test_the_schema_in_the_docs_is_the_codecs_own() -> None:
    wanted = json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"

    assert SCHEMA.read_text("utf-8") == wanted, (
        'write it anew: .venv/bin/python -c "import json; from gauge_ingest.codecs.json_v1 import json_schema;'
        ' print(json.dumps(json_schema(), ensure_ascii=False, indent=2))" > docs/json_v1.schema.json'
    )


@case
def test_the_schema_and_the_codec_agree_on_what_is_right(golden: Golden) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    if golden in WHOLE:
        validator.validate(json.loads(golden.payload))
        return
    try:
        parsed = json.loads(golden.payload.decode("utf-8"))
    except (ValueError, RecursionError):
        return

    # What a schema cannot say: that a time has an offset and stands in the calendar, that a number is finite, and
    # that half a surrogate and 20,000 levels are no text and no JSON for others.
    beyond = {"sent_at_without_offset", "half_a_surrogate", "deep_nesting_of_an_unknown_field"}
    assert golden.name in beyond or "time" in golden.name or "nan" in golden.name or not validator.is_valid(parsed)
