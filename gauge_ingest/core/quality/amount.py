"""Checks of the amount of rain that need nothing but the gauge's own record."""

from collections import deque
from datetime import UTC, datetime, timedelta

from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Kind, Step
from gauge_ingest.core.quality.record import Rain
from gauge_ingest.core.quality.seen import (
    NOT_CHECKED,
    PASSED,
    UM_PER_MM,
    Mark,
    Said,
    Seen,
    failed,
    lasted,
    mm,
    suspect,
)
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.verdicts import Check

# Tips that a rate may be exceeded by: the residue of the tip before, and one bounce.
SLACK_TIPS = 2
# A reading that began a little before a window belongs to it: stations do not report to the second.
SLACK_SHARE = 0.1
# Tips of one storm that are looked at together for tips that follow too fast.
FAST_OF = 20
FAST_WITHIN_MS = 3 * HOUR_MS
AMONG_FAST = suspect(f"most of {FAST_OF} tips, this one among them, followed too fast")
# Few tips in each step are often equal in steady rain, many hardly ever: from so many on, equal values are counted.
REPEATED_TIPS_MIN = 3
REPEATED_LARGE_TIPS = 20
REPEATED_WITHIN_MS = 30 * DAY_MS
# No check marks what is older than this.
RETRO_MS = DAY_MS
# A silence of so many steps is long enough for all of its rain to be told in the first one after it.
GAP_STEPS_MIN = 5
# So many readings with rain in turn, at one time of day and each after so much dry time, are sums of days.
DAILY_TIMES = 3
DAILY_DRY_MS = 20 * HOUR_MS
# A sum of more hours than these is no sudden rain, whatever came before it.
ACCUMULATED_SPAN_MS = 3 * HOUR_MS
# How a depth that is remarkable in five minutes grows with duration: rain records do so about like its square root.
FIVE_MINUTES_MS = 5 * MINUTE_MS
GROWTH = 0.45
# Named once: naming a member of an enumeration costs as much as a short check (Python 3.11).
_GAP, _EVENT = Step.GAP, Kind.EVENT
_LOCAL_MS = 8 * HOUR_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")


def grown_um(depth_mm: float, span_ms: int) -> float:
    """What a depth of five minutes amounts to over a longer span, in micrometres."""
    return depth_mm * UM_PER_MM * float(max(1.0, span_ms / FIVE_MINUTES_MS) ** GROWTH)


def less_than_none(rain_um: int) -> Said:
    """What is said of an amount below zero."""
    return failed(f"{mm(rain_um)} is less than no rain")


class Limits:
    """More than the gauge lets through, or than has ever been measured."""

    def __init__(self, settings: QualitySettings, rain: Rain, *, through_mm_per_min: float, bucket_um: int) -> None:
        self._rain = rain
        self._slack_um = SLACK_TIPS * bucket_um
        self._through = through_mm_per_min
        self._measured = min(settings.measured_max_mm_per_min, through_mm_per_min)
        self._records = (
            (15 * MINUTE_MS, settings.rain_15m_max_mm, "15 min"),
            (HOUR_MS, settings.rain_1h_max_mm, "1 h"),
            (DAY_MS, settings.rain_24h_max_mm, "24 h"),
        )

    def take(self, seen: Seen) -> Said:
        """Failed above what can be, suspect above what the gauge measures to its accuracy."""
        if seen.rain_um < 0:
            return less_than_none(seen.rain_um)
        if not seen.rain_um:
            return PASSED
        span_ms = max(seen.until - seen.since, 0)
        hour_um, day_um = self._rain.recent_um(seen.until)
        for window_ms, most_mm, name in self._records:
            if day_um <= most_mm * UM_PER_MM:
                break  # what a day did not bring, no part of it did
            fell_um = _fell(self._rain, seen, window_ms)
            if fell_um > most_mm * UM_PER_MM:
                return failed(f"{mm(fell_um)} in {name}, more than the record of the world ({most_mm:g} mm)")
        if seen.rain_um <= self._slack_um and hour_um - self._slack_um <= self._measured * UM_PER_MM:
            return PASSED  # no minute of the hour can have been too much
        for window_ms, fell_um in ((span_ms, seen.rain_um), (MINUTE_MS, _fell(self._rain, seen, MINUTE_MS))):
            minutes = window_ms / MINUTE_MS
            if fell_um - self._slack_um > self._through * minutes * UM_PER_MM:
                said = f"{mm(fell_um)} in {lasted(window_ms)}, more than the gauge lets through"
                return failed(f"{said} ({self._through:g} mm a minute)")
            if fell_um - self._slack_um > self._measured * minutes * UM_PER_MM:
                said = f"{mm(fell_um)} in {lasted(window_ms)}, more than the gauge measures well"
                return suspect(f"{said} ({self._measured:g} mm a minute)")
        return PASSED


class ClimateLimits:
    """More than this gauge is known for in this month."""

    def __init__(self, settings: QualitySettings, rain: Rain) -> None:
        self._rain = rain
        climate = settings.climate
        self._windows = (
            (MINUTE_MS, climate.rain_1m_mm, "1 min"),
            (15 * MINUTE_MS, climate.rain_15m_mm, "15 min"),
            (HOUR_MS, climate.rain_1h_mm, "1 h"),
            (DAY_MS, climate.rain_24h_mm, "24 h"),
        )
        self._least_um = min(min(limits_mm) for _, limits_mm, _ in self._windows) * UM_PER_MM
        self._day = self._month = -1

    def take(self, seen: Seen) -> Said:
        """Suspect from the limit of any duration on; the reason says how far it is passed."""
        if not seen.rain_um:
            return PASSED
        hour_um, day_um = self._rain.recent_um(seen.until)
        if day_um < self._least_um:
            return PASSED
        month = self._month_of(seen.until)
        for window_ms, limits_mm, name in self._windows:
            most_um = limits_mm[month] * UM_PER_MM
            if (day_um if window_ms == DAY_MS else hour_um) < most_um:
                continue  # what an hour did not bring, no part of it did
            fell_um = _fell(self._rain, seen, window_ms)
            if fell_um >= most_um:
                times = f"{fell_um / most_um:.2g} times the most" if most_um else "more than the most"
                return suspect(f"{mm(fell_um)} in {name}, {times} known here in {_MONTHS[month]} ({mm(most_um)})")
        return PASSED

    def _month_of(self, at: int) -> int:
        """The month of the station's calendar, 0 to 11; asked for every wet reading, so remembered for the day."""
        day = (at + _LOCAL_MS) // DAY_MS
        if day != self._day:
            self._day, self._month = day, (_EPOCH + timedelta(days=day)).month - 1
        return self._month


class Tips:
    """Tips that follow each other faster than a bucket turns: a bouncing switch, a shaken or knocked gauge."""

    def __init__(self, settings: QualitySettings, marks: list[Mark], *, to_the_minute: bool = False) -> None:
        self._marks = marks
        self._to_the_minute = to_the_minute
        self._double_ms = round(settings.double_tip_s * SECOND_MS)
        self._fast_ms = round(settings.fast_tip_s * SECOND_MS)
        self._recent: deque[tuple[int, bool]] = deque(maxlen=FAST_OF)
        self._last_at: int | None = None
        self._failing = False

    def take(self, seen: Seen) -> Said:
        """Only readings that tell of single tips are looked at; a sum of minutes does not say when they fell.

        The first that fails puts the tips before it into doubt.
        """
        if seen.kind is not _EVENT or self._to_the_minute:
            return NOT_CHECKED
        if not seen.rain_um:
            return PASSED
        last_at, self._last_at = self._last_at, seen.until
        failing, self._failing = self._failing, False
        if last_at is None:
            self._recent.append((seen.until, False))
            return PASSED
        apart_ms = seen.until - last_at
        fast = apart_ms <= self._fast_ms
        self._recent.append((seen.until, fast))
        # A logger that writes whole minutes puts all tips of a minute at one time.
        to_the_minute = not apart_ms and not seen.until % MINUTE_MS
        if fast and not to_the_minute and self._many_fast(seen.until):
            self._failing = True
            if not failing:
                self._marks.append(Mark(self._recent[0][0] - 1, seen.until, Check.TIPS, AMONG_FAST))
            return failed(
                f"{lasted(apart_ms)} after the tip before, like most of the last {FAST_OF}: no bucket tips so"
            )
        if apart_ms <= self._double_ms:
            return suspect(f"double tip: {lasted(apart_ms)} after the one before")
        return PASSED

    def _many_fast(self, at: int) -> bool:
        if len(self._recent) < FAST_OF or self._recent[0][0] <= at - FAST_WITHIN_MS:
            return False
        return sum(fast for _, fast in self._recent) * 2 > FAST_OF


class Repeated:
    """The same amount again and again: a stuck register, or a value that is sent although nothing was measured.

    Equal amounts count in steps without a break, of one or two tips more of them; large ones across dry steps as well.
    """

    def __init__(self, settings: QualitySettings, marks: list[Mark], *, bucket_um: int) -> None:
        self._times = settings.repeated_times
        self._large_times = settings.repeated_large_times
        self._few_times = settings.repeated_few_times
        self._marks = marks
        self._few_um = REPEATED_TIPS_MIN * bucket_um
        self._large_um = REPEATED_LARGE_TIPS * bucket_um
        self._value_um = 0
        self._first = self._run_first = self._last = Seen(0, 0, 0, 0)
        self._unbroken = self._counted = 0

    def take(self, seen: Seen) -> Said:
        """Suspect from the first to the last of too many equal amounts."""
        if not seen.rain_um or seen.step is _GAP:
            return PASSED if not seen.rain_um else NOT_CHECKED
        if seen.kind is _EVENT:
            return NOT_CHECKED
        recent = seen.until - self._first.until <= REPEATED_WITHIN_MS
        if seen.rain_um != self._value_um or not recent:
            self._value_um, self._first, self._unbroken, self._counted = seen.rain_um, seen, 0, 0
        follows = seen.since <= self._last.until + (seen.until - seen.since) // 2
        self._unbroken = self._unbroken + 1 if follows else 1
        if self._unbroken == 1:
            self._run_first = seen
        self._counted += 1
        self._last = seen
        large = self._value_um >= self._large_um and self._counted >= self._large_times
        times = self._times if self._value_um >= self._few_um else self._few_times
        if not large and self._unbroken < times:
            return PASSED
        least = self._large_times if large else times
        number = self._counted if large else self._unbroken
        said = suspect(f"{mm(self._value_um)} at least {least} times" + ("" if large else " on end"))
        if number == least:
            first = self._first if large else self._run_first
            since = max(first.until - 1, seen.until - RETRO_MS)
            self._marks.append(Mark(since, seen.until, Check.REPEATED, said))
        return said


class Accumulation:
    """Rain of a silence that comes at once: a plug that gives way, or a logger that tells what it kept in one sum."""

    def __init__(self, settings: QualitySettings) -> None:
        self._settings = settings
        self._rained_at: int | None = None
        self._alone_at: int | None = None
        self._alone = 0

    def take(self, seen: Seen, *, heard_until: int) -> Said:
        """Suspect when one reading after a silence holds more than a cloud gives so suddenly."""
        rained_at = self._rained_at
        if seen.rain_um:
            self._rained_at = seen.until
        if not seen.rain_um:
            return PASSED
        if rained_at is None:
            return NOT_CHECKED
        settings, span_ms = self._settings, seen.until - seen.since
        gap_ms, dry_ms = seen.since - heard_until, seen.since - rained_at
        # All rain counts here, however it was told: what is remembered after a restart does not say how.
        daily = self._daily(seen, dry_ms, span_ms)
        if seen.step is _GAP or seen.kind is _EVENT:
            return NOT_CHECKED
        if daily:
            times = f"rain only ever at one time of day, {DAILY_TIMES} times in turn or more"
            return suspect(f"{times}: it may be the sum of a day")
        if gap_ms >= settings.accumulation_gap_s * SECOND_MS:
            # One value among many that are missing is worth a doubt only when it is much for its own length.
            whole = gap_ms >= GAP_STEPS_MIN * span_ms
            gap_um = settings.accumulation_gap_mm * UM_PER_MM
            most_um = gap_um if whole else grown_um(settings.accumulation_gap_mm, span_ms)
            silence = f"{lasted(gap_ms)} without a report"
        elif dry_ms >= settings.accumulation_silence_s * SECOND_MS and span_ms <= ACCUMULATED_SPAN_MS:
            most_um, silence = settings.accumulation_mm * UM_PER_MM, f"{lasted(dry_ms)} without rain"
        else:
            return PASSED
        if seen.rain_um < most_um:
            return PASSED
        return suspect(f"{mm(seen.rain_um)} in one reading after {silence}: it may be the rain of all that time")

    def _daily(self, seen: Seen, dry_ms: int, span_ms: int) -> bool:
        """Whether wet readings come at one time of day and a dry day apart, as sums of days do."""
        if dry_ms < DAILY_DRY_MS or span_ms > ACCUMULATED_SPAN_MS:
            self._alone_at, self._alone = None, 0
            return False
        in_turn = self._alone_at is not None and not (seen.until - self._alone_at) % DAY_MS
        self._alone_at, self._alone = seen.until, self._alone + 1 if in_turn else 1
        return self._alone >= DAILY_TIMES


def _fell(rain: Rain, seen: Seen, window_ms: int) -> int:
    """What fell within a window that ends with this reading, itself included; 0 when it is longer than the window.

    `rain` holds this reading already. Of a reading longer than the window nobody knows what fell within it.
    """
    if seen.until - seen.since > window_ms * (1 + SLACK_SHARE):
        return 0
    return rain.within_um(seen.until - window_ms, seen.until, slack_ms=round(window_ms * SLACK_SHARE))
