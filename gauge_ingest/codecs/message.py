"""What every codec makes of bytes: one message with its readings, and the readings that it had to refuse."""

from typing import NamedTuple

from gauge_ingest.core.model import Report


class Undecodable(Exception):
    """The payload is no message of this codec; the text names the field and what is wrong with it."""


class Rejected(NamedTuple):
    """A reading that could not be read, by its place in the message."""

    place: int
    reason: str


class Message(NamedTuple):
    """A decoded message; `sent_at` by the station's clock, and the reports as the station claims them."""

    seq: int | None
    boot: int | None
    sent_at: int
    reports: list[Report]
    rejected: list[Rejected]
