"""What the service's side says of one station in the run: rows of the journal, and what waits in quarantine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gauge_ingest.account.station_side import Made, StationSide
from gauge_ingest.account.truth import Truth
from gauge_ingest.codecs import CODECS, Message, Undecodable
from gauge_ingest.core.model import DAY_MS, Kind, Row, Step
from gauge_ingest.journal import Quarantined, Reader

_Key = tuple[int, int, bool]
"""What a reading says of itself: the time it claims, its count, and whether it is a test."""

# Rows that are nobody's neighbour: their increment says nothing of the rain yet, or never will.
STEPS_ASIDE = frozenset({Step.VOID, Step.UNCONFIRMED, Step.OWED})


class Stored(NamedTuple):
    """A row of the journal and the reading that it is."""

    row: Row
    made: Made


@dataclass(slots=True)
class ServiceSide:
    """Everything of one station that belongs to the run. Rows are in order of observed time and count."""

    stored: list[Stored] = field(default_factory=list)
    twice: list[Stored] = field(default_factory=list)  # a second row of one reading
    strangers: list[Row] = field(default_factory=list)  # rows of the run that no station made
    here: set[int] = field(default_factory=set)  # numbers of the readings that have a row
    quarantined: dict[int, str] = field(default_factory=dict)  # of a reading that has none: the reason

    @property
    def chain(self) -> list[Stored]:
        """What stands: each row was derived from the one before it."""
        return [one for one in self.stored if one.row.step not in STEPS_ASIDE and one.row.kind != Kind.TEST]

    def waiting(self, step: Step) -> list[Stored]:
        """Rows of which it is not decided yet whether they stand."""
        return [one for one in self.stored if one.row.step == step and one.row.kind != Kind.TEST]


def service_side(reader: Reader, truth: Truth, side: StationSide, quarantine: Sequence[Quarantined]) -> ServiceSide:
    """The rows that are this run's readings, by station, claimed time and count; and what quarantine has of it."""
    found = ServiceSide()
    if not side.readings:
        return found
    free: dict[_Key, list[Made]] = {}
    for made in side.readings:
        free.setdefault(_key_of(made), []).append(made)
    first: dict[_Key, Made] = {key: candidates[0] for key, candidates in free.items()}
    instants = [at for made in side.readings for at in (made.at, made.claimed_at)]
    kept: set[_Key] = set()
    for row in reader.rows(side.station, since=min(instants) - DAY_MS, until=max(instants) + DAY_MS):
        key = _key(row.claimed_at, row.counter, row.kind == Kind.TEST)
        if key not in free:
            if _is_of_the_run(row, truth, side):
                found.strangers.append(row)
        elif not free[key]:
            found.twice.append(Stored(row, first[key]))
        else:
            kept.add(key)
            made = _made_last(free[key], row.received_at)
            free[key].remove(made)
            found.stored.append(Stored(row, made))
    # Two readings with one time and one count are one fact, unless a clock that was mended tells them apart.
    found.here = {made.number for made in side.readings if _key_of(made) in kept}
    _look_into(quarantine, side, found)
    return found


def _key(claimed_at: int, count: int, is_test: bool) -> _Key:  # noqa: FBT001  part of a key
    return claimed_at, count, is_test


def _key_of(made: Made) -> _Key:
    return made.claimed_at, made.shown, made.is_test


def _made_last(candidates: Sequence[Made], received_at: int) -> Made:
    """Of readings that say the same the last one that was made before it was received."""
    return max((made for made in candidates if made.at <= received_at), default=candidates[0])


def _is_of_the_run(row: Row, truth: Truth, side: StationSide) -> bool:
    """Whether a row claims to be of this run. A journal may hold others, before it and after it."""
    if truth.ended_at is None and row.received_at >= truth.newest_at:
        return False  # made after the truth was cut off, or read
    boots = {message.boot for message in side.messages.values()}
    first_at = min(made.claimed_at for made in side.readings)
    last_at = max(made.claimed_at for made in side.readings)
    return row.boot in boots and first_at <= row.claimed_at <= last_at


def _look_into(quarantine: Sequence[Quarantined], side: StationSide, found: ServiceSide) -> None:
    by_head = {(one.seq, one.boot, one.sent_at): one.readings for one in side.messages.values()}
    by_key = {_key_of(made): made.number for made in side.readings}
    for entry in quarantine:
        message = _decoded(entry) if entry.station == side.station else None
        if message is None:
            continue
        for number in _numbers(entry, message, by_head, by_key):
            if number not in found.here:
                found.quarantined.setdefault(number, entry.reason)


def _decoded(entry: Quarantined) -> Message | None:
    for decode in CODECS.values():
        try:
            return decode(entry.payload, entry.station, entry.received_at, 0)
        except Undecodable:
            continue
    return None


def _numbers(
    entry: Quarantined,
    message: Message,
    by_head: Mapping[tuple[int, int | None, int | None], Sequence[int]],
    by_key: Mapping[_Key, int],
) -> list[int]:
    """The readings that an entry is about: by their place in the message, or by what they say."""
    numbers = by_head.get((message.seq or 0, message.boot, message.sent_at), ())
    if entry.place is not None:
        return list(numbers[entry.place : entry.place + 1])
    keys = [_key(report.claimed_at, report.counter, report.kind is Kind.TEST) for report in message.reports]
    return list(numbers) or [by_key[key] for key in keys if key in by_key]
