"""What every codec makes of bytes: one message with its readings, and the readings that it had to refuse."""

from typing import NamedTuple

from gauge_ingest.core.model import Kind


class Undecodable(Exception):
    """The payload is no message of this codec; the text names the field and what is wrong with it."""


class Reading(NamedTuple):
    """One reading as the station claims it; instants are milliseconds since 1970 UTC."""

    observed_at: int
    counter: int
    kind: Kind
    battery_v: float | None
    signal_dbm: float | None
    temperature_c: float | None
    door_open: bool | None


class Rejected(NamedTuple):
    """A reading that could not be read, by its place in the message."""

    place: int
    reason: str


class Message(NamedTuple):
    """A decoded message; `sent_at` by the station's clock."""

    seq: int | None
    boot: int | None
    sent_at: int
    readings: list[Reading]
    rejected: list[Rejected]
