"""Wire formats: a message to the topic and the bytes that a station sends. One entry of WIRES each.

Written for the simulator alone: sharing code with the service would let one mistake cancel itself out. A format gets
the neutral message and the site, and nothing else, so that another one needs no change elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.clock import rfc3339_s
from simulator.sites import Site
from simulator.values import Message, Reading


@dataclass(frozen=True, slots=True)
class Wire:
    """A format: where a message goes, and its bytes."""

    topic: Callable[[Message], str]
    payload: Callable[[Message, Site], bytes]
    size: Callable[[Message], int]  # of the payload in bytes, about: it decides only how long sending takes


def _topic(message: Message) -> str:
    return f"rain/v1/{message.station}/up"


def _json_v1(message: Message, _site: Site) -> bytes:
    document = {
        "v": 1,
        "seq": message.seq,
        "boot": message.boot,
        "sent_at": rfc3339_s(message.sent_s),
        "readings": [_json_reading(reading) for reading in message.readings],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _json_reading(reading: Reading) -> dict[str, object]:
    """What is not known is left out; the format has no word for an hourly report, which repeats timed readings."""
    fields: dict[str, object] = {
        "observed_at": rfc3339_s(reading.observed_s),
        "count": reading.count,
        "kind": "timed" if reading.kind == "hourly" else reading.kind,
    }
    beside = (
        ("battery_v", reading.battery_v),
        ("signal_dbm", reading.signal_dbm),
        ("temperature_c", reading.temperature_c),
        ("door_open", reading.door_open),
    )
    fields.update((name, value) for name, value in beside if value is not None)
    return fields


def _json_v1_size(message: Message) -> int:
    return 80 + 140 * len(message.readings)


WIRES: Mapping[str, Wire] = {"json_v1": Wire(topic=_topic, payload=_json_v1, size=_json_v1_size)}
