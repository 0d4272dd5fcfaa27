"""Messages that no proper station sends: bytes that are no message, readings that cannot be, senders nobody knows."""

import json

from simulator.clock import rfc3339_s
from simulator.dice import Dice
from simulator.values import SECOND_MS
from tests.deterministic.days import MODULUS
from tests.deterministic.truth import Fact, Sent

TOO_LONG = 256 * 1024 + 1
STRANGERS = ("HTB09", "HTB10", "x")


def mad(dice: Dice, station: str, at: int) -> Sent:
    """Something wrong under the topic of a known station."""
    topic = f"rain/v1/{station}/up"
    kind = dice.whole(0, 9)
    whole = _message(at, [_reading(at, 5)], seq=dice.whole(0, 9))
    if kind >= 5:
        return _half_good(dice, station, topic, at)
    if kind == 2:
        bad = Fact(station, 0, 0, test=False, place=0, refused=True)
        return Sent(topic, whole.replace(b'"count"', b'"tips"'), (bad,))
    payload = (
        whole[: dice.whole(1, len(whole) - 2)],
        b"",
        b"null",
        b"\xff\xfe" + whole,
        whole + b" " * (TOO_LONG - len(whole)) if dice.chance(0.2) else b"[]",
    )[kind]
    return Sent(topic, payload, (), undecodable=True)


def stranger(dice: Dice, at: int, number: int) -> Sent:
    """A message of a sender that is not configured, or not yet."""
    station = dice.pick(STRANGERS)
    observed_at = at // SECOND_MS * SECOND_MS
    payload = _message(at, [_reading(at, 17 + number)], seq=number)
    fact = Fact(station, observed_at, 17 + number, test=False, place=0, refused=False)
    return Sent(f"rain/v1/{station}/up", payload, (fact,), stranger=True)


def _half_good(dice: Dice, station: str, topic: str, at: int) -> Sent:
    """A good reading, that of a test, and a bad one."""
    count = dice.whole(0, 9)
    good_s = at // SECOND_MS
    bad = dice.pick(
        (
            {**_reading(at, 5), "count": -1},
            {**_reading(at, 5), "count": MODULUS + 7},
            {**_reading(at, 5), "observed_at": "2026-02-30T00:00:00+08:00"},
            {**_reading(at, 5), "observed_at": "2001-01-01T00:00:00+08:00"},
        )
    )
    good = {**_reading(at, count), "kind": "test"}
    first = dice.chance(0.5)
    payload = _message(at, [bad, good] if first else [good, bad], seq=dice.whole(0, 9))
    kept = Fact(station, good_s * SECOND_MS, count, test=True, place=int(first), refused=False)
    refused = Fact(station, 0, 0, test=False, place=int(not first), refused=True)
    return Sent(topic, payload, (kept, refused))


def _reading(at: int, count: int) -> dict[str, object]:
    return {"observed_at": rfc3339_s(at // SECOND_MS), "count": count}


def _message(at: int, readings: list[dict[str, object]], *, seq: int) -> bytes:
    body = {"v": 1, "seq": seq, "sent_at": rfc3339_s(at // SECOND_MS), "readings": readings}
    return json.dumps(body, separators=(",", ":")).encode()
