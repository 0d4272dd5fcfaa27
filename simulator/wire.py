"""The json_v1 wire format: a message to bytes.

Written for the simulator alone: sharing code with the service would let one mistake cancel itself out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from simulator.clock import rfc3339

SEQ_MODULUS = 2**32


@dataclass(frozen=True, slots=True)
class Reading:
    """What a station saw at a whole second of its clock."""

    observed_at: datetime
    count: int
    kind: str  # "timed" or "event"
    battery_v: float
    signal_dbm: int
    temperature_c: float
    door_open: bool


@dataclass(frozen=True, slots=True)
class Message:
    """Readings under one sequence number. It is never changed after it was made."""

    station: str
    seq: int
    boot: int
    sent_at: datetime
    readings: tuple[Reading, ...]


def topic(station: str) -> str:
    """Return the topic a station's messages go to."""
    return f"rain/v1/{station}/up"


def encode(message: Message) -> bytes:
    """Return the payload of a message."""
    document = {
        "v": 1,
        "seq": message.seq,
        "boot": message.boot,
        "sent_at": rfc3339(message.sent_at),
        "readings": [_reading_object(reading) for reading in message.readings],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _reading_object(reading: Reading) -> dict[str, object]:
    return {
        "observed_at": rfc3339(reading.observed_at),
        "count": reading.count,
        "kind": reading.kind,
        "battery_v": reading.battery_v,
        "signal_dbm": reading.signal_dbm,
        "temperature_c": reading.temperature_c,
        "door_open": reading.door_open,
    }
