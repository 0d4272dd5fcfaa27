"""Readings and messages of one station: made, lost on the way, acknowledged, stored; and counts that were wrong."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
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
    NOT_ADMITTED = "station_not_known"
    LOST_BY_BROKER = "lost_by_broker"
    ON_THE_WAY = "on_the_way"
    ACKNOWLEDGED = "acknowledged_and_lost"


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
    truth: Truth,
    side: StationSide,
    found: ServiceSide,
    station: Station | None,
    *,
    broker_lost_at: Sequence[int] = (),
) -> tuple[Readings, list[Unexplained]]:
    """The readings of one station, and what is not explained of them.

    `broker_lost_at`: when connections ended at the broker's side, or it had forgotten our session, in order.
    """
    order = _Order(side, found, broker_lost_at)
    readings = Readings(made=len(side.readings), stored=len(found.here))
    unexplained: list[Unexplained] = []
    for made, fate in zip(side.readings, side.fates, strict=True):
        readings.acknowledged += fate is Fate.ACKNOWLEDGED
        if made.number not in found.here:
            why = _missing(made, fate, found, known=station is not None, order=order)
            readings.missing[why] += 1
            if why is Missing.ACKNOWLEDGED:
                unexplained.append(_of(side, made, "acknowledged to the station and lost: a later one is here"))
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


class _Order:
    """The order in which messages went to the broker, which hands them on in this order as long as it lives."""

    def __init__(self, side: StationSide, found: ServiceSide, broker_lost_at: Sequence[int]) -> None:
        self._broker_lost_at = broker_lost_at
        self._sent_at: dict[int, int] = {}  # by reading: the last time before it was acknowledged
        self._here_at: list[int] = []
        for message in side.messages.values():
            if message.fate is Fate.ACKNOWLEDGED:
                for number in message.readings:
                    self._sent_at[number] = max(self._sent_at.get(number, 0), message.last_sent_at)
            if message.sent and any(number in found.here for number in message.readings):
                self._here_at.append(message.first_sent_at)
        self._here_at.sort()

    def missing(self, made: Made) -> Missing:
        """What became of a reading that was acknowledged to its station and is not here."""
        sent_at = self._sent_at.get(made.number, made.at)
        lost_at = _first_after(self._broker_lost_at, sent_at)
        later_at = _first_after(self._here_at, sent_at)
        if later_at is not None and (lost_at is None or later_at < lost_at):
            return Missing.ACKNOWLEDGED
        return Missing.ON_THE_WAY if lost_at is None else Missing.LOST_BY_BROKER


def _first_after(instants: Sequence[int], at: int) -> int | None:
    place = bisect_right(instants, at)
    return instants[place] if place < len(instants) else None


def _missing(made: Made, fate: Fate, found: ServiceSide, *, known: bool, order: _Order) -> Missing:
    if made.number in found.quarantined:
        return Missing.QUARANTINED
    if fate is not Fate.ACKNOWLEDGED:
        return Missing[fate.name]
    return order.missing(made) if known else Missing.NOT_ADMITTED


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
