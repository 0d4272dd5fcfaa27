"""Checks of what surrounds the rain: clock, gaps, counter, frost, visits, supply, the station's own sums."""

from collections import deque

from gauge_ingest.core.model import MINUTE_MS, SECOND_MS, UNBOUNDED, Kind, Step
from gauge_ingest.core.quality.seen import NOT_CHECKED, PASSED, Mark, Said, Seen, failed, lasted, suspect
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.verdicts import Check

# A clock is behind when so many readings in a row came late by the same time, and not all at once.
BEHIND_READINGS = 6
BEHIND_SPREAD_MS = 2 * MINUTE_MS
BEHIND_APART_MS = MINUTE_MS
# Named once: naming a member of an enumeration costs as much as a short check (Python 3.11).
_STEADY, _GAP, _EVENT, _MAINTENANCE = Step.STEADY, Step.GAP, Kind.EVENT, Kind.MAINTENANCE


class Clock:
    """A clock that is ahead was mended; one that is behind delays every reading by the same time."""

    def __init__(self, settings: QualitySettings, *, gap_after_ms: int) -> None:
        self._behind_ms = settings.clock_behind_s * SECOND_MS
        self._gap_after_ms = gap_after_ms
        self._late: deque[int] = deque(maxlen=BEHIND_READINGS)
        self._last_until = 0

    def take(self, seen: Seen, *, heard_until: int, heard_at: int) -> Said:
        """Suspect where the time of a reading is not what the station said, or cannot be.

        `heard_until` and `heard_at`: when the reading before was observed and received. Readings that come in one go
        are a backlog; a clock that is behind goes on behind, without a gap.
        """
        if not seen.received_at:
            return NOT_CHECKED
        ahead_ms = seen.claimed_at - seen.until
        if ahead_ms:
            return suspect(f"the station's clock was {lasted(abs(ahead_ms))} ahead: the time was mended")
        last_until, self._last_until = self._last_until, seen.until
        late_ms = seen.received_at - seen.until
        in_one_go = seen.received_at - heard_at < BEHIND_APART_MS
        gap = seen.until - heard_until > self._gap_after_ms
        if late_ms < self._behind_ms or in_one_go or gap or last_until != heard_until:
            self._late.clear()
        if late_ms < self._behind_ms or in_one_go:
            return PASSED
        self._late.append(late_ms)
        if len(self._late) < BEHIND_READINGS or max(self._late) - min(self._late) > BEHIND_SPREAD_MS:
            return PASSED
        behind = lasted(min(self._late))
        return suspect(f"every reading comes {behind} late: the clock is behind, or the link always waits")


class Arrival:
    """In conflict with another reading. What came early within the tolerance of clocks, late or twice stands."""

    def take(self, seen: Seen) -> Said:
        """Suspect where another count was told for the same time."""
        return suspect("another count was told for the same time") if seen.rival else PASSED


class Gap:
    """Reports are missing before this one."""

    def __init__(self, *, gap_after_ms: int) -> None:
        self._gap_after_ms = gap_after_ms

    def take(self, seen: Seen, *, heard_until: int) -> Said:
        """Not checked across a gap: with a counter the sum is known, its course is not."""
        if seen.step is _GAP:
            gone = lasted(seen.until - seen.since)
            return NOT_CHECKED._replace(reason=f"no report for {gone}: the sum is known, its course is not")
        missing_ms = seen.since - heard_until
        if heard_until > -UNBOUNDED and missing_ms > self._gap_after_ms:
            return PASSED._replace(reason=f"nothing is known of {lasted(missing_ms)} before it")
        return PASSED


class Counter:
    """What the count alone tells."""

    def take(self, seen: Seen) -> Said:
        """Suspect where the counter restarted, jumped, or stands unconfirmed."""
        if seen.step is _STEADY:
            return PASSED
        if seen.step is Step.RESET:
            return suspect("the counter restarted or was replaced: what fell just before is unknown")
        if seen.step is Step.UNCONFIRMED:
            return suspect("an unlikely count that no further report has confirmed yet")
        if seen.step in (Step.FIRST, Step.DEPLOYED):
            return NOT_CHECKED
        return PASSED


class Frost:
    """An unheated gauge counts nothing while it is frozen, and old snow when it melts."""

    def __init__(self, settings: QualitySettings) -> None:
        self._settings = settings
        self.frozen_at: int | None = None

    def take(self, seen: Seen) -> Said:
        """Rain in frost is suspect, and so is rain just above it soon after frost; no rain in frost says nothing."""
        settings, celsius = self._settings, seen.temperature_c
        if celsius is None:
            return NOT_CHECKED
        if celsius <= settings.frost_c:
            self.frozen_at = seen.until
            if seen.rain_um:
                return suspect(f"tips at {celsius:g} °C: a frozen gauge counts no rain")
            return NOT_CHECKED._replace(reason=f"frozen at {celsius:g} °C: no tips does not mean no snow")
        thawed_ms = seen.until - self.frozen_at if self.frozen_at is not None else settings.melt_s * SECOND_MS + 1
        if seen.rain_um and celsius <= settings.melt_c and thawed_ms <= settings.melt_s * SECOND_MS:
            return suspect(f"tips at {celsius:g} °C, {lasted(thawed_ms)} after frost: melting snow counts as rain")
        return PASSED


class Visit:
    """A person at the gauge: an open door, a reading for maintenance. Tips around it are not rain."""

    def __init__(self, settings: QualitySettings, marks: list[Mark]) -> None:
        self._around_ms = settings.visit_s * SECOND_MS
        self._joined_ms = settings.visit_joined_s * SECOND_MS
        self._marks = marks
        self._last_at: int | None = None

    def take(self, seen: Seen) -> Said:
        """Tips during a visit failed, tips shortly before and after one are suspect."""
        if seen.door_open or seen.kind is _MAINTENANCE:
            return self._seen_here(seen)
        if not seen.rain_um:
            return PASSED
        if self._last_at is not None and seen.since <= self._last_at + self._around_ms:
            after_ms = max(0, seen.until - self._last_at)
            return suspect(f"{lasted(after_ms)} after somebody was at the gauge")
        return PASSED

    def _seen_here(self, seen: Seen) -> Said:
        at = seen.until
        before = suspect("shortly before somebody was at the gauge")
        if self._last_at is not None and at - self._last_at <= self._joined_ms:
            near = at - self._last_at <= 2 * self._around_ms
            during = failed("somebody was at the gauge") if near else suspect("between two visits to the gauge")
            if at > self._last_at:  # two readings may tell of one instant
                self._marks.append(Mark(self._last_at, at, Check.VISIT, during))
        else:
            self._marks.append(Mark(at - self._around_ms - 1, at, Check.VISIT, before))
        self._last_at = at
        return failed("somebody was at the gauge") if seen.rain_um else PASSED


class Supply:
    """A logger on an empty battery cannot be trusted."""

    def __init__(self, settings: QualitySettings) -> None:
        self._least_v = settings.battery_v_min

    def take(self, seen: Seen) -> Said:
        """Suspect below the least voltage."""
        if seen.battery_v is None:
            return NOT_CHECKED
        if seen.battery_v < self._least_v:
            return suspect(f"battery at {seen.battery_v:g} V, below {self._least_v:g} V: the logger may fail")
        return PASSED


class Sums:
    """A station that tells every tip must have told those that its count rose by."""

    def __init__(self, settings: QualitySettings) -> None:
        self._every_tip = settings.every_tip_reported
        self._before: Seen | None = None

    def take(self, seen: Seen) -> Said:
        """Suspect where the count rose by tips that were not told, though no message is missing."""
        before, self._before = self._before, seen
        if not self._every_tip or before is None:
            return NOT_CHECKED
        told = 1 if seen.kind is _EVENT else 0
        if seen.tips <= told:
            return PASSED
        if seen.seq is None or before.seq is None or seen.boot != before.boot or seen.step is not Step.STEADY:
            return NOT_CHECKED
        if not 0 <= seen.seq - before.seq <= 1:
            return NOT_CHECKED
        return suspect(f"the count rose by {seen.tips}, told were {told} tips, and no message is missing")
