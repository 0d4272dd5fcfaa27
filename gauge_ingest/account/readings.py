"""Readings and messages of one station: made, lost on the way, acknowledged, stored; and counts that were wrong."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.account.rain import Unexplained, due_count, is_wrong
from gauge_ingest.account.service_side import ServiceSide, Stored
from gauge_ingest.account.station_side import Fate, Made, StationSide
from gauge_ingest.account.truth import Truth
from gauge_ingest.core.model import Kind, Row, Station, Step

REASON_CHARACTERS_MAX = 160


class Missing(StrEnum):
    """Why a reading that was made has no row in the journal."""

    MEMORY_LOST = "memory_lost"
    MEMORY_FULL = "memory_full"
    IN_NO_MESSAGE = "in_no_message"
    NOT_SENT = "not_sent"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    QUARANTINED = "quarantined"
    ACKNOWLEDGED = "acknowledged_and_not_here"


class WrongCount(NamedTuple):
    """A reading whose count is not what was counted, and what became of it."""

    made: Made
    due: int
    became: str  # a step of the journal, or why it is not there


@dataclass(slots=True)
class Readings:
    """Of one station, or of several together."""

    made: int = 0
    acknowledged: int = 0
    missing: Counter[Missing] = field(default_factory=Counter)
    stored: int = 0
    void: int = 0
    unconfirmed: int = 0
    owed: int = 0
    test: int = 0
    unexplained: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  # of readings in quarantine
    wrong: list[WrongCount] = field(default_factory=list)


@dataclass(slots=True)
class Messages:
    """Of one station, or of several together."""

    made: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    sent: int = 0
    transmissions: int = 0


def readings_account(
    truth: Truth, side: StationSide, found: ServiceSide, station: Station | None
) -> tuple[Readings, list[Unexplained]]:
    """The readings of one station, and what is not explained of them."""
    readings = Readings(made=len(side.readings), stored=len(found.here))
    unexplained: list[Unexplained] = []
    for made, fate in zip(side.readings, side.fates, strict=True):
        readings.acknowledged += fate is Fate.ACKNOWLEDGED
        if made.number not in found.here:
            readings.missing[_missing(made, fate, found)] += 1
        elif fate in (Fate.NOT_SENT, Fate.IN_NO_MESSAGE) and truth.cut_line is None:
            unexplained.append(_of(side, made, "stored that the station says it never sent"))
    readings.reasons = Counter(reason[:REASON_CHARACTERS_MAX] for reason in found.quarantined.values())
    steps = Counter(one.row.step for one in found.stored if one.row.kind != Kind.TEST)
    readings.void, readings.unconfirmed, readings.owed = (
        steps[step] for step in (Step.VOID, Step.UNCONFIRMED, Step.OWED)
    )
    readings.test = sum(one.row.kind == Kind.TEST for one in found.stored)
    unexplained += [_of(side, one.made, "stored twice") for one in found.twice]
    unexplained += [_strange(row) for row in found.strangers]
    readings.unexplained = len(unexplained)
    readings.wrong = _wrong(side, found, station)
    return readings, unexplained


def messages_account(side: StationSide) -> Messages:
    """The messages of one station."""
    fates = Counter(message.fate for message in side.messages.values())
    sent = sum(message.sent > 0 for message in side.messages.values())
    return Messages(len(side.messages), fates, sent, sum(message.sent for message in side.messages.values()))


def _missing(made: Made, fate: Fate, found: ServiceSide) -> Missing:
    if made.number in found.quarantined:
        return Missing.QUARANTINED
    return Missing[fate.name]


def _wrong(side: StationSide, found: ServiceSide, station: Station | None) -> list[WrongCount]:
    if station is None:  # without its modulus a count cannot be judged
        return []
    rows = {one.made.number: one for one in found.stored}
    wrong = []
    for made in side.readings:
        modulus = station.deployment_at(made.at).counter_modulus
        if is_wrong(made, modulus):
            became = _became(rows.get(made.number), found.quarantined.get(made.number))
            wrong.append(WrongCount(made, due_count(made, modulus), became))
    return wrong


def _became(stored: Stored | None, quarantined: str | None) -> str:
    if stored is not None:
        return Step(stored.row.step).name.lower()
    return "quarantined" if quarantined is not None else "not here"


def _of(side: StationSide, made: Made, what: str) -> Unexplained:
    return Unexplained(side.station, what, 1, "readings", made.claimed_at, made.shown, made.line)


def _strange(row: Row) -> Unexplained:
    what = "stored that no station made"
    return Unexplained(row.station, what, 1, "readings", row.observed_at, row.counter)
