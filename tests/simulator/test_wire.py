"""Wire formats: what a station sends, byte for byte, and that another format needs no change elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import jsonschema
import pytest

from simulator import world as world_module
from simulator.direct import Direct
from simulator.modem import Modem
from simulator.scenario import find_scenario
from simulator.sites import Site, read_sites
from simulator.values import Message, Reading
from simulator.wire import WIRES, Wire
from simulator.world import World

ROOT = Path(__file__).parents[2]
SITE = Site("HTB01", 43.75, 86.57, 1250.0, 0.5, 65536, 300)
EVENING_S = 1_784_109_900  # 2026-07-15T18:05:00+08:00


def test_a_message_is_the_documented_json() -> None:
    reading = Reading(EVENING_S, 40213, "timed", 12.6, -87, 11.5, door_open=False, made_at=1, counted=2)
    message = Message("HTB01", 1234, 3, EVENING_S + 2, (reading,), number=9)

    payload = WIRES["json_v1"].payload(message, SITE)

    assert WIRES["json_v1"].topic(message) == "rain/v1/HTB01/up"
    assert payload == (
        b'{"v":1,"seq":1234,"boot":3,"sent_at":"2026-07-15T18:05:02+08:00","readings":['
        b'{"observed_at":"2026-07-15T18:05:00+08:00","count":40213,"kind":"timed","battery_v":12.6,"signal_dbm":-87,'
        b'"temperature_c":11.5,"door_open":false}]}'
    )


@pytest.mark.parametrize("kind", ["timed", "event", "hourly", "test", "maintenance"])
def test_every_kind_of_reading_is_one_that_the_format_knows(kind: str) -> None:
    schema = json.loads((ROOT / "docs" / "json_v1.schema.json").read_text(encoding="utf-8"))
    message = Message("HTB01", 0, 1, EVENING_S, (Reading(EVENING_S, 0, kind),))  # type: ignore[arg-type]  # from a table

    document = json.loads(WIRES["json_v1"].payload(message, SITE))

    jsonschema.validate(document, schema)
    assert "battery_v" not in document["readings"][0]


def _frame(message: Message, site: Site) -> bytes:
    """A format with nothing in common with JSON: serial, seconds and tenths of a millimetre, big-endian."""
    tenths = [round(reading.count * site.bucket_depth_mm * 10) for reading in message.readings]
    fields = [message.seq.to_bytes(4), *(reading.observed_s.to_bytes(5) for reading in message.readings)]
    return b"\x7e\x7e" + b"".join(fields) + b"".join(amount.to_bytes(4) for amount in tenths)


def test_another_format_needs_no_change_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[bytes] = []
    frame = Wire(topic=lambda message: message.station, payload=_frame, size=lambda _: 40)
    wires: Mapping[str, Wire] = MappingProxyType({**WIRES, "frames": frame})
    monkeypatch.setattr(world_module, "WIRES", wires)
    sites = read_sites(ROOT / "config")

    def uplink(station: str, modem: Modem) -> Direct:
        site = next(site for site in sites if site.station == station)

        def arrived(message: Message, _at: int) -> bool:
            frames.append(wires["frames"].payload(message, site))
            return True

        return Direct(modem, arrived)

    world = World(
        find_scenario("flash_flood"),
        sites,
        seed=1,
        start_at=EVENING_S * 1000,
        minutes=60,
        uplink=uplink,
        wire="frames",
    )
    happenings = list(world.advance(EVENING_S * 1000 + 3 * 3_600_000))

    made = sum(happening.event == "message" for happening in happenings)
    assert len(frames) == made > 60
    assert all(frame.startswith(b"\x7e\x7e") for frame in frames)
