"""Readings of the journal as the quality checks see them, and checks brought to where a station's record stands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from gauge_ingest.core.model import DAY_MS, HOUR_MS, SECOND_MS, Increment, Kind, Report, Row, Station, Step
from gauge_ingest.core.quality.amount import FAST_WITHIN_MS
from gauge_ingest.core.quality.checks import NEIGHBOURS_MAX, Gauge, StationChecks
from gauge_ingest.core.quality.neighbours import TRAVEL_MS
from gauge_ingest.core.quality.record import Presence, Rain
from gauge_ingest.core.quality.seen import UM_PER_MM, Said, Seen
from gauge_ingest.core.quality.station import BEHIND_READINGS
from gauge_ingest.core.quality.verdicts import Verdict
from gauge_ingest.journal import Reader

# Of a neighbour's rain so much more is looked at than of the station's own: a day's sum, and rain that travels.
AROUND_MS = DAY_MS + HOUR_MS
_STEPS = {int(step): step for step in Step}
_KINDS = {int(kind): kind for kind in Kind}
_OBSERVED_AT = attrgetter("observed_at")
_NOT_TAKEN = (Step.VOID, Step.OWED, Step.VOIDED)


class Heard:
    """A neighbour as the checks see it: its rain and its presence."""

    def __init__(self, presence: Presence) -> None:
        self.rain = Rain()
        self.presence = presence


def gauge_of(station: Station, *, at: int) -> Gauge:
    """What the checks must know of the gauge that a station had at an instant."""
    return Gauge(
        bucket_um(station, at),
        station.report_every_s * SECOND_MS,
        station.gap_after_ms,
        station.intensity_max_mm_per_min,
    )


def bucket_um(station: Station, at: int) -> int:
    """The bucket of a station at an instant, in micrometres."""
    return round(station.deployment_at(at).bucket_depth_mm * 1000)


def warm_ms(station: Station) -> int:
    """How much of its record a station's checks must see again to say what they would have said all along.

    What they look back to beyond that is asked of the journal: sums, the last rain, the last frost.
    """
    settings = station.quality
    visit_ms = (settings.visit_joined_s + settings.visit_s) * SECOND_MS
    lag_ms = settings.neighbours_lag_s * SECOND_MS + TRAVEL_MS
    # Whether the first of many tips was fast, the tip before it tells.
    fast_ms = FAST_WITHIN_MS + round(settings.fast_tip_s * SECOND_MS)
    return max(fast_ms, visit_ms, (BEHIND_READINGS + 1) * station.gap_after_ms, lag_ms)


def of_report(report: Report, increment: Increment, station: Station) -> Seen:
    """A report that has just been derived."""
    return Seen(
        increment.since,
        increment.until,
        increment.tips * bucket_um(station, increment.until) if increment.tips else 0,
        increment.tips,
        increment.step,
        report.kind,
        report.received_at,
        report.claimed_at,
        report.seq,
        report.boot,
        report.battery_v,
        report.temperature_c,
        report.door_open,
        perhaps=increment.tips_max > increment.tips == 0,
    )


def of_row(row: Row, station: Station, *, rival: bool) -> Seen:
    """A row that stands, as the checks see it."""
    return Seen(
        row.since,
        row.observed_at,
        row.tips * bucket_um(station, row.observed_at) if row.tips else 0,
        row.tips,
        _STEPS[row.step],
        _KINDS[row.kind],
        row.received_at,
        row.claimed_at,
        row.seq,
        row.boot,
        row.battery_v,
        row.temperature_c,
        None if row.door_open is None else bool(row.door_open),
        rival,
        perhaps=row.tips_max > row.tips == 0,
    )


def warm(checks: StationChecks, reader: Reader, station: Station, around: Sequence[Station], *, at: int) -> None:
    """Bring checks that were reset to where they stand after the readings up to `at`.

    Their rain and presence, and those of the stations around, must be known from AROUND_MS before what they see again.
    """
    number = reader.number(station.id)
    if number is None:
        return
    settings = station.quality
    begin = at - warm_ms(station)
    count = max(settings.repeated_times, settings.repeated_few_times, settings.repeated_large_times)
    earlier = reader.quality.last_wet(number, until=begin, count=count)
    frost_since = begin - settings.melt_s * SECOND_MS
    frozen_at = reader.quality.frozen_at(number, since=frost_since, until=begin, frost_c=settings.frost_c)
    wet = [Seen(one.since, one.until, one.tips * bucket_um(station, one.until), one.tips) for one in earlier]
    checks.remember(wet, frozen_at=frozen_at)
    before = reader.newest(station.id, before=begin + 1)
    if before is not None:
        checks.calm.last_until, checks.calm.last_at = before.observed_at, before.received_at
    begun_at = reader.quality.begun_at(number, until=begin)
    if begun_at is not None:
        summed_until = max(begun_at, begin - checks.dry.lag_ms)
        sums_um = [sum(rain[2] for rain in _wet(reader, one, begun_at, summed_until)) for one in around]
        checks.dry.begin(begun_at, sums_um, summed_until=summed_until)
    for _ in replayed(checks, reader.rows(station.id, since=begin, until=at), station):
        checks.marks.clear()


def replayed(
    checks: StationChecks, rows: Iterable[Row], station: Station
) -> Iterator[tuple[Row, list[Said] | Verdict | None]]:
    """Drive checks over rows: what each check says, or the verdict of a calm one, or None where nothing stands."""
    for row, rival in _rivals(rows, station):
        if not _stands(row):
            yield row, None
            continue
        if not rival and not row.tips_max and row.step == Step.STEADY and not row.door_open and row.kind <= Kind.EVENT:
            calm = _calm(checks, row)
            if calm is not None:
                yield row, calm
                continue
        yield row, checks.take(of_row(row, station, rival=rival))


def hear(heard: "Heard | StationChecks", reader: Reader, station: Station, *, since: int, until: int) -> None:
    """Fill in rain of a station from the journal, over (since, until], and its presence from AROUND_MS later on."""
    number = reader.number(station.id)
    if number is None:
        return
    for begin, end, rain_um in _wet(reader, station, since, until):
        heard.rain.add(begin, end, rain_um)
    silence_ms = heard.presence.silence_ms
    here = since + AROUND_MS - 2 * silence_ms
    for first_at, last_at in reader.quality.heard(number, since=here, until=until, silence_ms=silence_ms):
        heard.presence.add_run(first_at, last_at)


def neighbours_of(station: Station, stations: Mapping[str, Station]) -> list[Station]:
    """The stations that a station is compared with, the nearest first."""
    return [stations[name] for name in station.neighbours if name in stations][:NEIGHBOURS_MAX]


def _wet(reader: Reader, station: Station, since: int, until: int) -> list[tuple[int, int, int]]:
    """Begin, end and micrometres of the wet readings of a station that ended in (since, until]."""
    number = reader.number(station.id)
    wet = [] if number is None else reader.quality.wet(number, since=since, until=until)
    return [(one.since, one.until, one.tips * bucket_um(station, one.until)) for one in wet]


def _stands(row: Row) -> bool:
    return row.kind != Kind.TEST and row.step not in _NOT_TAKEN


def _calm(checks: StationChecks, row: Row) -> Verdict | None:
    """The verdict of a dry row that nothing stands against, None when it must be looked at."""
    # What was told just before may not have been taken: after a gap of that kind a reading is looked at.
    if row.claimed_at != row.observed_at or row.since - checks.calm.last_until > checks.gauge.gap_after_ms:
        return None
    return checks.calm.verdict(
        row.observed_at,
        _KINDS[row.kind],
        received_at=row.received_at,
        celsius=row.temperature_c,
        volts=row.battery_v,
    )


def _rivals(rows: Iterable[Row], station: Station) -> Iterator[tuple[Row, bool]]:
    """Rows in order of time, each with whether quite another count was told for the same time.

    A timed report and one of an event often share a second, in some protocols a minute: what can fall in a minute
    between two counts is no conflict.
    """
    for _, group in groupby(rows, key=_OBSERVED_AT):
        together = list(group)
        rival = False
        if len(together) > 1:
            counts = [row.counter for row in together if row.kind != Kind.TEST] or [0]
            apart_um = (max(counts) - min(counts)) * bucket_um(station, together[0].observed_at)
            rival = apart_um > station.intensity_max_mm_per_min * UM_PER_MM
        for row in together:
            yield row, rival
