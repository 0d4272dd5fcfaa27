"""The course of a day for its picture: rain of each hour now and as it was told before, gaps, levels of alerts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gauge_ingest.core.ledger import COVERING
from gauge_ingest.core.model import DAY_MS, HOUR_MS, AlertEvent, EventKind, Flag, Kind, Row, State, Station, Step
from gauge_ingest.core.told import RISES
from gauge_ingest.history import JournalHistory, fixed_steps, increments
from gauge_ingest.journal import Reader
from gauge_ingest.journal.verdicts import Former
from gauge_ingest.reports.day import ALERTS_MAX, ENDS

_DOUBTED = (Flag.SUSPECT, Flag.FAIL)
_NO_RAIN = frozenset({Step.VOID, Step.OWED, Step.VOIDED})

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hour:
    """Rain that ended in (until - 1 h, until], in mm. `before_mm`: as it was told before, where that was another.

    `is_known`: reports speak of some of the hour; where none does, 0 mm says nothing.
    """

    until: int
    rain_mm: float
    before_mm: float | None
    is_doubted: bool
    is_known: bool


@dataclass(frozen=True, slots=True)
class LevelSpan:
    """An alert at a level over (since, until] of the rain. `begins`: it rose to it then, and was told at `told_at`."""

    since: int
    until: int
    level: str
    begins: bool
    told_at: int


@dataclass(frozen=True, slots=True)
class AlertCourse:
    """The levels of an alert within the day. `stands`: at the day's end; `withdrawn`: by now."""

    id: int
    rule: str
    scope: str
    spans: tuple[LevelSpan, ...]
    withdrawn: bool
    stands: bool


@dataclass(frozen=True, slots=True)
class StationHours:
    """A station's day. `gaps`: no report speaks of them; `sums`: of more than an hour only the sum is known."""

    station: Station
    hours: tuple[Hour, ...]
    gaps: tuple[Span, ...]
    sums: tuple[Span, ...]

    @property
    def rain_mm(self) -> float:
        """All that was counted."""
        return round(sum(one.rain_mm for one in self.hours), 3)


@dataclass(frozen=True, slots=True)
class DayHours:
    """The day over (since, until], as the journal had it at `made_at`."""

    since: int
    until: int
    made_at: int
    stations: tuple[StationHours, ...]
    alerts: tuple[AlertCourse, ...]  # about rain alone


def day_hours(reader: Reader, stations: Mapping[str, Station], *, until: int, now: int) -> DayHours:
    """The course of the day that ends at an instant, as the journal has it now."""
    since = until - DAY_MS
    courses = tuple(_station(reader, one, since=since, until=until, now=now) for one in stations.values())
    return DayHours(since, until, now, courses, tuple(_alerts(reader, since=since, until=min(until, now))))


def _station(reader: Reader, station: Station, *, since: int, until: int, now: int) -> StationHours:
    source = JournalHistory(reader)
    windows = fixed_steps(source, station, since=since, until=until, step_ms=HOUR_MS)
    before = _before_mm(reader, station, since=since, until=until)
    hours = []
    for window in windows:
        was_mm = round(before.get(window.until, 0.0), 3)
        hours.append(
            Hour(
                window.until,
                window.rain_mm,
                None if was_mm == window.rain_mm else was_mm,
                window.flag in _DOUBTED and window.rain_mm > 0,
                window.coverage > 0,
            )
        )
    # The report that ends an increment across the end of the day may come later.
    ended = increments(source, station, since=since, until=until + DAY_MS)
    told = [(one.since, one.until) for one in ended if one.step in COVERING]
    sums = [
        (max(one.since, since), min(one.until, until))
        for one in ended
        if one.step is Step.GAP and one.until - one.since > HOUR_MS and one.since < until
    ]
    return StationHours(station, tuple(hours), tuple(_untold(told, since, min(until, now))), tuple(sums))


def _untold(told: Iterable[Span], since: int, until: int) -> Iterable[Span]:
    at = since
    for begin, end in sorted(told):
        if begin > at and at < until:
            yield at, min(begin, until)
        at = max(at, end)
    if at < until:
        yield at, until


def _before_mm(reader: Reader, station: Station, *, since: int, until: int) -> dict[int, float]:
    """Rain of each hour, by its end, as it stood before the first correction of the day's rain, or at the day's end.

    So what came after the day, and what people changed, shows as a change.
    """
    said = [one.at for one in reader.corrections.in_force(station.id) if one.since < until and one.until > since]
    at = min([until, *(entered_at - 1 for entered_at in said)])
    former: dict[tuple[int, int, int], list[Former]] = {}
    for one in reader.verdicts(station.id, since=since, until=until):
        former.setdefault((one.observed_at, one.counter, one.test), []).append(one)
    hours: dict[int, float] = {}
    for row in reader.rows(station.id, since=since, until=until):
        was = former.get((row.observed_at, row.counter, int(row.kind == Kind.TEST)), [])
        tips = _tips_at(row, was, at)
        if tips:
            end = -(-row.observed_at // HOUR_MS) * HOUR_MS
            hours[end] = hours.get(end, 0.0) + station.depth_mm(tips, until=row.observed_at)
    return hours


def _tips_at(row: Row, former: Sequence[Former], at: int) -> int:
    """What a reading told at an instant."""
    if row.received_at > at or row.kind == Kind.TEST:
        return 0
    step, tips = next(((one.step, one.tips) for one in former if one.at > at), (row.step, row.tips))
    return 0 if step in _NO_RAIN else tips


def _alerts(reader: Reader, *, since: int, until: int) -> Iterable[AlertCourse]:
    for number in reader.alerts.of_span(since=since, until=until, alerts_max=ALERTS_MAX):
        alert = reader.alerts.one(number)
        told = [event for event in reader.alerts.events(number) if event.at <= until]
        if alert is None or all(event.evidence is None for event in told):
            continue
        spans = tuple(one for one in _levels(told, until) if one.until > since)
        ends = [event.kind for event in told if event.kind in ENDS or event.kind in RISES]
        if spans:
            withdrawn = alert.state is State.WITHDRAWN
            stands = bool(ends) and ends[-1] not in ENDS and not withdrawn
            yield AlertCourse(alert.id, alert.rule, alert.scope, spans, withdrawn, stands)


def _levels(told: Sequence[AlertEvent], until: int) -> Iterable[LevelSpan]:
    """The levels of an alert along the rain, up to an instant; one that is taken back stood until we knew better."""
    changes = [event for event in told if event.kind in (*RISES, EventKind.EASED) or event.kind in ENDS]
    for event, after in zip(changes, [*changes[1:], None], strict=True):
        if event.kind in ENDS:
            continue
        end = until
        if after is not None:
            end = after.at if after.kind is EventKind.WITHDRAWN else after.rained_at
        yield LevelSpan(event.rained_at, max(end, event.rained_at), event.level, event.kind in RISES, event.at)
