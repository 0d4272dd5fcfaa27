"""A station's rows of a span to its health: one pass, in memory that does not grow with the number of rows."""

from collections.abc import Iterable
from math import ceil

from gauge_ingest.core.health.clock import ClockRecord
from gauge_ingest.core.health.day import DayRecord, median_of, share_of, summed
from gauge_ingest.core.health.figures import StationHealth
from gauge_ingest.core.health.numbers import NumberRecord
from gauge_ingest.core.health.reports import ReportRecord
from gauge_ingest.core.health.supply import REGULARITY_MIN, VOLTS_MAX, VOLTS_MIN, Low, Trend, VoltsRecord, trend_of
from gauge_ingest.core.model import DAY_MS, HOUR_MS, Flag, Kind, Row, Station, Step

# RTU cut-off of a 12 V lead-acid battery: 10.5 to 10.8 V; the higher one is safe.
BATTERY_EMPTY_V = 10.8
# What a modem measures (3GPP TS 27.007, AT+CSQ: from -113 to -51 dBm), and room beside it. 99 and 0 stand for nothing.
SIGNAL_MIN_DBM, SIGNAL_MAX_DBM = -130, -20
# What was told longer than this before the newest report is not told any more.
TOLD_WITHIN_MS = 2 * DAY_MS
# A door that stands open for longer is no visit any more: nobody closed it, or its switch is broken.
VISIT_MAX_MS = DAY_MS
# Where reports end earlier in their last day than this, its lowest voltage may be still to come.
LAST_DAY_MIN_MS = 18 * HOUR_MS

_MAINTENANCE, _TEST = +Kind.MAINTENANCE, +Kind.TEST
_REGULAR = {+Kind.TIMED, _MAINTENANCE}
_NOT_STANDING = {+Step.VOID, +Step.OWED}


def health_of(
    rows: Iterable[Row],
    station: Station,
    *,
    since: int,
    now: int,
    first_observed_at: int | None = None,
    newest: Row | None = None,
    visited_at: int | None = None,
    calibrated_at: int | None = None,
    battery_empty_v: float = BATTERY_EMPTY_V,
) -> StationHealth:
    """How a station did in (since, now], from its rows of that span in order of observed time.

    `first_observed_at` is the station's first reading ever (None: the first of the rows), `newest` its newest row
    of all, which may be older than the span; `visited_at` a visit that people have told of.
    """
    assert since < now
    walk = _Walk(station, since=since, now=now, first_observed_at=first_observed_at)
    if newest is not None and newest.observed_at <= since:
        walk.heard(newest)
    for row in rows:
        walk.take(row)
    return walk.health(visited_at=visited_at, calibrated_at=calibrated_at, battery_empty_v=battery_empty_v)


class _Walk:
    """What is remembered of the rows that have passed."""

    def __init__(self, station: Station, *, since: int, now: int, first_observed_at: int | None) -> None:
        self._station, self._since, self._now = station, since, now
        number = ceil((now - since) / DAY_MS)
        ends = [now - back * DAY_MS for back in range(number)][::-1]
        self._days = [DayRecord(since=max(since, end - DAY_MS), until=end) for end in ends]
        self._day = self._days[0]
        began_at = None if first_observed_at is None else max(since, first_observed_at)
        self._reports = ReportRecord(self._days, every_s=station.report_every_s, began_at=began_at, now=now)
        self._clock = ClockRecord(now=now)
        self._numbers = NumberRecord()
        self._volts = VoltsRecord()
        self._heard_at = 0  # 0: never
        self._observed_at = 0
        self._visited_at: int | None = None
        self._opened_at: int | None = None  # since when the door has stood open
        self._door_open: bool | None = None

    def heard(self, row: Row) -> None:
        """Take from a row only that it was heard."""
        self._heard_at, self._observed_at = row.received_at, row.observed_at

    def take(self, row: Row) -> None:
        """Take one row, the next in order."""
        at, kind = row.observed_at, row.kind
        if at > self._day.until:
            self._day = self._days[-1 - max(0, (self._now - at) // DAY_MS)]
        day = self._day
        self._observed_at = at
        if row.received_at > self._heard_at:
            self._heard_at = row.received_at
        self._reports.take(at, day, is_regular=kind in _REGULAR)
        self._clock.take(row)
        self._numbers.take(row)
        volts, dbm = row.battery_v, row.signal_dbm
        if volts is not None and VOLTS_MIN < volts < VOLTS_MAX:
            volts = self._volts.take(volts, at=at)
            if day.lowest_v is None or volts < day.lowest_v:
                day.lowest_v = volts
        if dbm is not None and SIGNAL_MIN_DBM <= dbm <= SIGNAL_MAX_DBM:
            day.signals[dbm] = day.signals.get(dbm, 0) + 1
        if row.door_open or row.door_open != self._door_open or kind == _MAINTENANCE:
            self._look_for_visit(row)
        if row.step not in _NOT_STANDING and kind != _TEST:
            day.flags[row.flag] = day.flags.get(row.flag, 0) + 1

    def health(self, *, visited_at: int | None, calibrated_at: int | None, battery_empty_v: float) -> StationHealth:
        """The figures, after the last row."""
        self._reports.close()
        regularity, expected, seen = self._reports.figures()
        gaps, missing, numbered = self._numbers.missing() or (None, None, None)
        flags = summed(day.flags for day in self._days)
        signals = summed(day.signals for day in self._days)
        battery_v, battery_min_v, trend = self._battery(battery_empty_v)
        return StationHealth(
            station=self._station.id,
            since=self._since,
            until=self._now,
            last_heard_at=self._heard_at or None,
            last_observed_at=self._observed_at or None,
            regularity=regularity,
            reports_expected=expected,
            reports_seen=seen,
            longest_silence_s=self._reports.longest_silence_s,
            seq_gaps=gaps,
            seq_missing=missing,
            seq_seen=numbered,
            restarts=self._numbers.restarts,
            clock_offset_s=self._clock.offset_s(),
            clock_drift_s_per_day=self._clock.drift_s_per_day(),
            clock_mended=self._clock.mended if flags else None,
            clock_mended_at=self._clock.mended_at,
            battery_v=battery_v,
            battery_min_v=battery_min_v,
            battery_trend_v_per_day=trend.volts_per_day,
            battery_days_to_empty=trend.days_to_empty,
            signal_dbm=median_of(signals),
            signal_worst_dbm=float(min(signals)) if signals else None,
            suspect_share=share_of(flags, Flag.SUSPECT),
            failed_share=share_of(flags, Flag.FAIL),
            missing_share=share_of(flags, Flag.MISSING),
            days_since_visit=_days(_newest(visited_at, self._visited_at), self._now),
            days_since_calibration=_days(calibrated_at, self._now),
            door_open=self._door_open,
            days=tuple(day.health(began_at=self._reports.began_at) for day in self._days),
        )

    def _look_for_visit(self, row: Row) -> None:
        if row.door_open is not None:
            self._door_open = bool(row.door_open)
            if not row.door_open:
                self._opened_at = None
            elif self._opened_at is None:
                self._opened_at = row.observed_at
        stands_open = self._opened_at is not None and row.observed_at - self._opened_at <= VISIT_MAX_MS
        if row.kind == _MAINTENANCE or (row.door_open and stands_open):
            self._visited_at = row.observed_at

    def _battery(self, empty_v: float) -> tuple[float | None, float | None, Trend]:
        """Voltage now, lowest of its last day, trend; nothing where the station has stopped to tell."""
        if self._volts.newest_v is None or self._observed_at - self._volts.told_at > TOLD_WITHIN_MS:
            return None, None, Trend()
        lows = [
            Low(number, day.lowest_v, self._is_whole(day))
            for number, day in enumerate(self._days)
            if day.lowest_v is not None
        ]
        last = self._days[lows[-1].day]
        back = 0 if self._volts.told_at - last.since >= LAST_DAY_MIN_MS else 1
        lowest_v = min(low.volts for low in lows if low.day >= lows[-1].day - back)
        return self._volts.newest_v, lowest_v, trend_of(lows, empty_v=empty_v)

    def _is_whole(self, day: DayRecord) -> bool:
        """Whether reports speak for most of 24 hours, so that its lowest voltage is that before sunrise."""
        began_at = self._reports.began_at or 0
        if day.until - max(day.since, began_at) < LAST_DAY_MIN_MS:
            return False
        return (day.regularity(began_at=began_at) or 0.0) >= REGULARITY_MIN


def _newest(*instants: int | None) -> int | None:
    return max((at for at in instants if at is not None), default=None)


def _days(at: int | None, now: int) -> float | None:
    return None if at is None else round(max(0, now - at) / DAY_MS, 1)
