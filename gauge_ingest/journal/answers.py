"""What the journal's reader answers with: positions in the change log, what changed, what is in quarantine."""

from typing import NamedTuple

from gauge_ingest.core.model import AlertEvent, Row


class Position(NamedTuple):
    """How far a follower has come: the journal's epoch and the newest change it has carried on."""

    epoch: str
    seq: int


class Changes(NamedTuple):
    """What changed in (since, seq] of the log: the present rows of every span that changed, and events in order."""

    seq: int
    since: int
    rows: list[Row]
    events: list[AlertEvent]


class Quarantined(NamedTuple):
    """A payload, or one reading of it (`place`), that could not be admitted, with the reason."""

    id: int
    received_at: int
    station: str
    topic: str
    reason: str
    payload: bytes
    size: int
    digest: str
    place: int | None
    known: bool
    traceback: str | None
    replayed_at: int | None
