"""The report of a day, from the journal: rain of each station, alerts, silences, corrections, what is not well.

It says what was recorded of the day's rain by now, and of alerts what was recorded until the day's end; so a report
that is made again differs only where rain came late or was corrected.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gauge_ingest.core.corrections import Correction
from gauge_ingest.core.fixed import Ended
from gauge_ingest.core.health import Grade, Graded, health_of, judged
from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import DAY_MS, HOUR_MS, Alert, AlertEvent, EventKind, Flag, Station, Step
from gauge_ingest.core.silences import Silence
from gauge_ingest.history import JournalHistory, fixed_steps, increments
from gauge_ingest.journal import Reader

# What a station's own day says of how it is doing; the other figures of its health need weeks.
LOOKED_AT = ("heard", "regularity", "silence", "messages", "restarts", "clock", "mended", "battery", "signal", "data")
ALERTS_MAX = 500
ENDS = {EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED}


@dataclass(frozen=True, slots=True)
class StationDay:
    """A station's day. Rain in mm: `rain_mm` the best answer, between what surely fell and what may have fallen.

    `hour_mm`: the most that was counted in any hour that ends in the day, and when it ended; None where no course is
    known. `coverage`: of the day, what reports speak for.
    """

    station: Station
    tips: int
    rain_mm: float
    rain_mm_min: float
    rain_mm_max: float
    corrected_mm: float
    hour_mm: float | None
    hour_until: int | None
    coverage: float
    flag: Flag
    battery_min_v: float | None
    found: tuple[Graded, ...]


@dataclass(frozen=True, slots=True)
class AlertDay:
    """An alert of which something was told in the day, or that stood through it; `stands`: at the day's end."""

    alert: Alert
    level: str
    peak: str
    stands: bool
    acknowledged_by: str
    events: tuple[AlertEvent, ...]  # of the day


@dataclass(frozen=True, slots=True)
class DayReport:
    """The day over (since, until]. `owed`: spans that were still to be derived when it was made.

    `names`: what people call each station and each basin, by its id.
    """

    since: int
    until: int
    made_at: int
    stations: tuple[StationDay, ...]
    alerts: tuple[AlertDay, ...]
    silences: tuple[Silence, ...]
    corrections: tuple[Correction, ...]
    owed: int
    names: Mapping[str, str]


def day_report(
    reader: Reader, stations: Mapping[str, Station], *, names: Mapping[str, str], until: int, now: int
) -> DayReport:
    """The report of the day that ends at an instant, as the journal has it now."""
    since = until - DAY_MS
    return DayReport(
        since,
        until,
        now,
        tuple(_station_day(reader, station, since=since, until=until, now=now) for station in stations.values()),
        tuple(_alerts(reader, since=since, until=until)),
        tuple(one for one in reader.silences.all() if one.since < until and (one.ended_at or one.until) > since),
        tuple(entry for entry in reader.corrections.entries() if since < entry.at <= until),
        reader.debts(),
        names,
    )


def peak_of_hour(station: Station, ended: Iterable[Ended], *, after: int) -> tuple[float, int] | None:
    """The most rain that ended within one hour, in mm, and the end of that hour, later than `after`.

    What is known only as a sum over more than an hour has no course and is left out.
    """
    window: list[tuple[int, float]] = []
    rain_mm, best = 0.0, None
    for one in ended:
        if one.until - one.since > HOUR_MS or one.step is Step.VOIDED:
            continue
        depth_mm = station.depth_mm(one.tips, until=one.until)
        window.append((one.until, depth_mm))
        rain_mm += depth_mm
        while window[0][0] <= one.until - HOUR_MS:
            rain_mm -= window.pop(0)[1]
        told_mm = round(rain_mm, 3)
        if one.until > after and (best is None or told_mm > best[0]):
            best = (told_mm, one.until)
    return best


def _station_day(reader: Reader, station: Station, *, since: int, until: int, now: int) -> StationDay:
    source = JournalHistory(reader)
    (day,) = fixed_steps(source, station, since=since, until=until, step_ms=DAY_MS)
    ended = increments(source, station, since=since - HOUR_MS, until=until)
    inside = [one for one in ended if one.until > since]
    mm_min = round(sum(station.depth_mm(one.tips_min, until=one.until) for one in inside), 3)
    mm_max = round(sum(station.depth_mm(one.tips_max, until=one.until) for one in inside), 3)
    peak = peak_of_hour(station, ended, after=since)
    battery_min_v, found = _health(reader, station, since=since, until=min(until, max(now, since + 1)))
    return StationDay(
        station=station,
        tips=day.tips,
        rain_mm=day.rain_mm,
        rain_mm_min=mm_min,
        rain_mm_max=mm_max,
        corrected_mm=day.corrected_mm,
        hour_mm=None if peak is None else peak[0],
        hour_until=None if peak is None or not peak[0] else peak[1],
        coverage=day.coverage,
        flag=day.flag,
        battery_min_v=battery_min_v,
        found=found,
    )


def _health(reader: Reader, station: Station, *, since: int, until: int) -> tuple[float | None, tuple[Graded, ...]]:
    number = reader.number(station.id)
    health = health_of(
        reader.rows(station.id, since=since, until=until),
        station,
        since=since,
        now=until,
        first_observed_at=None if number is None else reader.first_observed_at(number),
        newest=reader.newest(station.id, before=since + 1, of_any_kind=True),
    )
    found = judged(health, station).found
    lowest = health.days[-1].battery_min_v if health.days else None
    return lowest, tuple(one for one in found if one.name in LOOKED_AT and one.grade >= Grade.WATCH)


def _alerts(reader: Reader, *, since: int, until: int) -> Iterable[AlertDay]:
    for number in reader.alerts.of_span(since=since, until=until, alerts_max=ALERTS_MAX):
        alert = reader.alerts.one(number)
        told = [event for event in reader.alerts.events(number) if event.at <= until]
        if alert is None or not told:
            continue
        of_day = tuple(event for event in told if event.at > since)
        stands = _stands(told)
        if of_day or stands:
            yield _alert_day(alert, told, of_day, stands=stands)


def _alert_day(alert: Alert, told: Sequence[AlertEvent], of_day: tuple[AlertEvent, ...], *, stands: bool) -> AlertDay:
    said = {EventKind.ACKNOWLEDGED, EventKind.COMMENTED}
    levels = [event.level for event in told if event.kind not in said and event.kind not in ENDS]
    known = [event.who for event in told if event.kind is EventKind.ACKNOWLEDGED]
    names = ", ".join(dict.fromkeys(known))
    level = levels[-1] if levels else alert.level
    peak = max(levels, key=lambda name: level_of(name).grade, default=alert.peak)
    return AlertDay(alert, level, peak, stands, names, of_day)


def _stands(told: Sequence[AlertEvent]) -> bool:
    """Whether an alert stands after these events."""
    said = {EventKind.ACKNOWLEDGED, EventKind.COMMENTED}
    last = [event.kind for event in told if event.kind not in said]
    return bool(last) and last[-1] not in ENDS
