"""How regularly a station reports: each regular report speaks for the interval before it.

Slots of the clock would not do: a station reports in a rhythm of its own, which shifts when it restarts. So a report
that comes in time speaks for all the time since the one before; one that comes late, for one interval. Reports that
come too often speak for no more than the time that passed: at most one counts for each interval.
"""

from collections.abc import Sequence

from gauge_ingest.core.health.day import DayRecord
from gauge_ingest.core.model import DAY_MS, SECOND_MS

# A report may be so much later than its interval and still be in time; at least the seconds.
JITTER_SHARE, JITTER_MIN_MS = 0.1, 5 * SECOND_MS


class ReportRecord:
    """When a station reported, taken in order of observed time."""

    __slots__ = (
        "_days",
        "_every_ms",
        "_in_time_ms",
        "_last_at",
        "_longest_ms",
        "_now",
        "_regular_at",
        "began_at",
        "longest_ms",
    )

    def __init__(self, days: Sequence[DayRecord], *, every_s: int, began_at: int | None, now: int) -> None:
        self._days = days
        self._now = now
        self._every_ms = every_s * SECOND_MS
        self._in_time_ms = self._every_ms + max(JITTER_MIN_MS, int(self._every_ms * JITTER_SHARE))
        self.began_at = began_at  # None: nothing has ever been heard
        self._last_at = self._regular_at = began_at or 0
        self._longest_ms = 0

    def take(self, at: int, day: DayRecord, *, is_regular: bool) -> None:
        """Take the observed time of one report, which lies in this day."""
        if self.began_at is None:
            self.began_at = self._last_at = self._regular_at = at
        if at - self._last_at > self._longest_ms:
            self._longest_ms = at - self._last_at
        self._last_at = at
        if not is_regular:
            return
        since_ms = at - self._regular_at
        self._regular_at = at
        length_ms = since_ms if since_ms <= self._in_time_ms else self._every_ms
        if day.since <= at - length_ms and at <= day.until:  # nearly always
            day.regular_ms += length_ms
        else:
            self._speaks(length_ms, until=at)

    def close(self) -> None:
        """Take the time since the last report: what is not due yet is not missing."""
        if self.began_at is None:
            return
        self._longest_ms = max(self._longest_ms, self._now - self._last_at)
        since_ms = self._now - self._regular_at
        if since_ms <= self._in_time_ms:
            self._speaks(since_ms, until=self._now)

    @property
    def longest_silence_s(self) -> int | None:
        """The longest time without any report; None when nothing has ever been heard."""
        return None if self.began_at is None else self._longest_ms // SECOND_MS

    def figures(self) -> tuple[float | None, int | None, int | None]:
        """Regularity, regular reports expected, and of those the ones that came; after `close`."""
        expected_ms = 0 if self.began_at is None else self._now - max(self._days[0].since, self.began_at)
        if expected_ms <= 0:
            return None, None, None
        spoken_ms = min(expected_ms, sum(day.regular_ms for day in self._days))
        expected = round(expected_ms / self._every_ms)
        return round(spoken_ms / expected_ms, 4), expected, min(expected, round(spoken_ms / self._every_ms))

    def _speaks(self, length_ms: int, *, until: int) -> None:
        """Enter a length of time that ends at `until` into the days it lies in."""
        begin, end = max(until - length_ms, self._days[0].since), min(until, self._now)
        while begin < end:
            day = self._days[-1 - (self._now - end) // DAY_MS]
            edge = max(begin, day.since)
            day.regular_ms += end - edge
            end = edge
