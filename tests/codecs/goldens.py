"""Golden payloads: bytes as a station sent them, and what they mean, written by hand."""

import json
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from gauge_ingest.codecs import Message, json_v1
from gauge_ingest.core.model import Report

# For what does not depend on who sent a message, and when.
decode = partial(json_v1.decode, station="HTB01", received_at=0, message_id=0)
FOLDER = Path(__file__).parents[1] / "payloads"


class Golden(NamedTuple):
    """A case: exactly one of `message` and `says` is given."""

    name: str
    payload: bytes
    message: dict[str, Any] | None  # of each rejected reading: its place, and words that the reason must say
    says: list[str] | None  # words that the reason must say why it is no message


def goldens(codec: str) -> list[Golden]:
    """Every case of a codec, by name."""
    found = []
    for folder in sorted((FOLDER / codec).iterdir()):
        expected = json.loads((folder / "expected.json").read_text("utf-8"))
        payload = (folder / "payload.json").read_bytes()
        found.append(Golden(folder.name, payload, expected.get("message"), expected.get("undecodable")))
    return found


def _as_claimed(report: Report) -> dict[str, Any]:
    beside = {name: getattr(report, name) for name in ("battery_v", "signal_dbm", "temperature_c", "door_open")}
    observed = {"observed_at": report.observed_at, "counter": report.counter, "kind": report.kind.name.lower()}
    return {**observed, **beside}


def as_found(message: Message) -> dict[str, Any]:
    """A message in the words of expected.json, reasons left out."""
    return {
        "seq": message.seq,
        "boot": message.boot,
        "sent_at": message.sent_at,
        "readings": [_as_claimed(report) for report in message.reports],
        "rejected": [{"place": one.place} for one in message.rejected],
    }
