"""The rain of one station from the sky to the journal, in tips: every pulse that was counted ends in one line.

Rows that stand are a chain, each derived from the one before. Between two of them the truth knows how many pulses were
counted, and the journal how many tips it made of them. Where both differ, the row says why it may: a wrong count, a
restart that the counts do not show, times out of order, a count that the service doubts. Without such a reason, or
with tips that even the counts do not give, the difference is not explained.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from gauge_ingest.account.service_side import ServiceSide, Stored
from gauge_ingest.account.station_side import Lost, Made, StationSide, Water
from gauge_ingest.core.model import Row, Station, Step
from gauge_ingest.core.quality.verdicts import Check, Outcome, outcome_of

WATER_TOLERANCE_MM = 1e-6


class Gone(StrEnum):
    """Where pulses are that were counted and that no row of the journal tells of."""

    IN_COUNTER = "in_counter"  # in no reading yet
    WITH_COUNTER = "lost_with_counter"  # in no reading yet when the count was lost
    WITH_READINGS = "lost_with_readings"  # only in readings that are not here, before the count was lost
    BEFORE_FIRST = "before_first_stored"
    AFTER_LAST = "after_last_stored"
    UNCONFIRMED = "unconfirmed"
    OWED = "owed"


class Because(StrEnum):
    """Why the journal makes other tips of a span than the truth."""

    WRONG_COUNT = "wrong_count"  # one of both counts is not what was counted
    RESTART = "restart_not_seen"  # the count was lost between, and the counts do not show how much fell
    CLOCK = "times_out_of_order"  # a wrong clock: the later row is the earlier reading
    DOUBTED = "doubted"  # a jump that cannot have fallen: kept as nothing, or at most so much
    DEPLOYMENT = "new_deployment"  # no increment crosses one
    EARLIER = "since_an_earlier_run"  # counted from a reading that is not of this run
    CORRECTED = "corrected"  # a person has said what fell


class Unexplained(NamedTuple):
    """A difference that nothing explains, and the reading where it shows first."""

    station: str
    what: str
    amount: float
    unit: str
    observed_at: int | None = None
    shown: int | None = None  # its count
    line: int | None = None  # of the truth file


@dataclass(slots=True)
class Rain:
    """One station, or several together. `because` and `unexplained_tips` are what is stored beyond the truth."""

    water: Water | None = None
    turned_tips: int = 0
    poured_tips: int = 0
    pulses: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    left_out_tips: int = 0
    counted_tips: int = 0
    gone: Counter[Gone] = field(default_factory=Counter)
    because: Counter[Because] = field(default_factory=Counter)
    unexplained_tips: int = 0
    stored_tips: int = 0
    stored_tips_min: int = 0
    stored_tips_max: int = 0
    stored_mm: float = 0.0

    @property
    def carried_tips(self) -> int:
        """What was counted and stood in a reading before the count was lost, or the run was over."""
        return self.counted_tips - self.gone[Gone.IN_COUNTER] - self.gone[Gone.WITH_COUNTER]

    @property
    def explained_tips(self) -> int:
        """What should be stored, given everything that is known."""
        return self.counted_tips - sum(self.gone.values()) + sum(self.because.values())


def rain_account(side: StationSide, found: ServiceSide, station: Station | None) -> tuple[Rain, list[Unexplained]]:
    """The rain of one station, and what is not explained of it, in the order of its readings."""
    rain = Rain(
        water=side.water,
        turned_tips=len(side.tipped_at),
        poured_tips=side.poured,
        pulses=side.pulses,
        missed=side.missed,
        left_out_tips=side.left_out,
        counted_tips=side.counted,
    )
    unexplained = [*_gauge(side), *_logger(side)]
    chain = found.chain
    rain.gone += _head(chain)
    for before, after in pairwise(chain):
        rain.gone += _between(before, after, side.losses)
    rain.gone += _tail(chain, side, found)
    rows = [one.row for one in (*found.stored, *found.twice)] + found.strangers
    rain.stored_tips_min = sum(row.tips_min for row in rows)
    rain.stored_tips_max = sum(row.tips_max for row in rows)
    rain.stored_tips = sum(row.tips for row in rows)
    if station is not None:
        rain.stored_mm = round(sum(station.depth_mm(row.tips, until=row.observed_at) for row in rows), 3)
    for difference in _differences(chain, side, found, station):
        if difference.because is None:
            rain.unexplained_tips += difference.tips
            unexplained.append(_told(side.station, difference))
        else:
            rain.because[difference.because] += difference.tips
    open_tips = rain.stored_tips - rain.explained_tips - rain.unexplained_tips
    if open_tips:
        unexplained.append(Unexplained(side.station, "that this account itself does not place", open_tips, "tips"))
        rain.unexplained_tips += open_tips
    return rain, unexplained


class _Difference(NamedTuple):
    row: Row
    made: Made | None
    tips: int  # stored beyond the truth
    because: Because | None


def _gauge(side: StationSide) -> Iterator[Unexplained]:
    """The gauge's own balance, and its turns against what it says has tipped."""
    water = side.water
    if water is None or side.bucket_depth_mm is None:
        return
    if abs(water.unexplained_mm) > WATER_TOLERANCE_MM:
        yield Unexplained(side.station, "that the gauge's balance does not place", water.unexplained_mm, "mm")
    turned = round(water.tipped_mm / side.bucket_depth_mm) - len(side.tipped_at)
    if turned:
        yield Unexplained(side.station, "in the gauge's balance beyond those that were told", turned, "tips")


def _logger(side: StationSide) -> Iterator[Unexplained]:
    if side.disagreement is not None:
        made, told = side.disagreement
        what = "that the logger says it counted beyond those that were told"
        yield Unexplained(side.station, what, told - made.counted, "tips", made.claimed_at, made.shown, made.line)


def _head(chain: Sequence[Stored]) -> Counter[Gone]:
    """Pulses up to the first row that stands: a base line, unless an earlier run gave it something to count from."""
    if not chain:
        return Counter()
    first = chain[0]
    return _positive({Gone.BEFORE_FIRST: first.made.counted - _first_tips(first)})


def _first_tips(first: Stored) -> int:
    return 0 if first.row.step == Step.FIRST else min(first.row.tips, first.made.counted)


def _between(before: Stored, after: Stored, losses: Sequence[Lost]) -> Counter[Gone]:
    """Pulses between two neighbours that were lost with the count."""
    since = before.made.counted
    last = _last_loss(before.made, after.made, losses)
    if last is None:
        return Counter()
    with_counter = _overlap(losses, since, last.counted)
    return _positive({Gone.WITH_COUNTER: with_counter, Gone.WITH_READINGS: last.counted - since - with_counter})


def _tail(chain: Sequence[Stored], side: StationSide, found: ServiceSide) -> Counter[Gone]:
    """Pulses after the last row that stands; without any, all of them."""
    since = chain[-1].made.counted if chain else 0
    gone: Counter[Gone] = Counter()
    made_max = max((made.counted for made in side.readings if not made.is_test), default=0)
    ends = (
        (Gone.UNCONFIRMED, max((one.made.counted for one in found.waiting(Step.UNCONFIRMED)), default=0)),
        (Gone.OWED, max((one.made.counted for one in found.waiting(Step.OWED)), default=0)),
        (Gone.AFTER_LAST, made_max),
        (Gone.IN_COUNTER, side.counted),
    )
    for where, until in ends:
        if until <= since:
            continue
        with_counter = _overlap(side.losses, since, until)
        gone[Gone.WITH_COUNTER] += with_counter
        gone[where] += until - since - with_counter
        since = until
    return _positive(gone)


def _differences(
    chain: Sequence[Stored], side: StationSide, found: ServiceSide, station: Station | None
) -> Iterator[_Difference]:
    for before, after in pairwise(chain):
        due = _due(before.made, after.made, side.losses)
        if after.row.tips != due:
            because = _because(before, after, side.losses, station)
            yield _Difference(after.row, after.made, after.row.tips - due, because)
    standing = {id(one.row) for one in chain}
    for one in (*found.stored, *found.twice):
        if id(one.row) not in standing and one.row.tips:
            yield _Difference(one.row, one.made, one.row.tips, None)
    if chain and (beyond := chain[0].row.tips - _first_tips(chain[0])):
        row, made = chain[0]
        earlier = row.step != Step.FIRST and row.since not in {one.observed_at for one in found.strangers}
        yield _Difference(row, made, beyond, Because.EARLIER if earlier else None)
    for row in found.strangers:
        if row.tips:
            yield _Difference(row, None, row.tips, None)


def _due(before: Made, after: Made, losses: Sequence[Lost]) -> int:
    """The tips of a span: all pulses in it, or those since the count was lost."""
    last = _last_loss(before, after, losses)
    return after.counted - (before.counted if last is None else last.counted)


def _because(before: Stored, after: Stored, losses: Sequence[Lost], station: Station | None) -> Because | None:
    row, modulus = after.row, 0
    if outcome_of(row.checks, Check.CORRECTION) is not Outcome.NOT_CHECKED:
        return Because.CORRECTED
    if station is not None:
        modulus = station.deployment_at(row.observed_at).counter_modulus
    if row.step == Step.DEPLOYED:
        return Because.DEPLOYMENT if not row.tips else None
    if row.since != before.row.observed_at or not _as_counts_say(before.row, row, modulus):
        return None  # from another reading, or not what the two counts give
    if is_wrong(before.made, modulus) or is_wrong(after.made, modulus):
        return Because.WRONG_COUNT
    if after.made.number < before.made.number:
        return Because.CLOCK
    if _last_loss(before.made, after.made, losses) is not None:
        return Because.RESTART
    return Because.DOUBTED if row.step == Step.RESET else None


def _as_counts_say(before: Row, row: Row, modulus: int) -> bool:
    """Whether the tips are what the service may make of the two counts."""
    rise = row.counter - before.counter
    match Step(row.step):
        case Step.STEADY | Step.GAP:
            return row.tips == rise
        case Step.WRAPPED:
            return row.tips == rise + modulus
        case Step.RESET:
            return row.tips in (0, rise, row.counter)  # the rise where a restart may have kept the count
        case _:
            return False


def is_wrong(made: Made, modulus: int) -> bool:
    """Whether a count is not what was counted."""
    return made.shown != due_count(made, modulus)


def due_count(made: Made, modulus: int) -> int:
    """The count that a reading should show."""
    return made.due % modulus if modulus else made.due


def _last_loss(before: Made, after: Made, losses: Sequence[Lost]) -> Lost | None:
    """The last loss of the count between two readings."""
    between = [loss for loss in losses if before.number < loss.before <= after.number]
    return between[-1] if between else None


def _overlap(losses: Sequence[Lost], since: int, until: int) -> int:
    """How many of the pulses after `since` up to `until` were in no reading when the count was lost."""
    return sum(max(0, min(until, loss.counted) - max(since, loss.counted - loss.lost)) for loss in losses)


def _positive(gone: dict[Gone, int] | Counter[Gone]) -> Counter[Gone]:
    return Counter({where: number for where, number in gone.items() if number})


def _told(station: str, difference: _Difference) -> Unexplained:
    row, made = difference.row, difference.made
    what = "of a reading that no station made" if made is None else "stored beyond what was counted"
    line = None if made is None else made.line
    return Unexplained(station, what, difference.tips, "tips", row.observed_at, row.counter, line)
