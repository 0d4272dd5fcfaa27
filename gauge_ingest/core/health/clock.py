"""How far a station's clock is off, and how fast it goes wrong: the lower envelope of received - claimed time.

A report is received later than it was read by its way and by its wait, and by as much as the station's clock is behind.
The way is never shorter than nothing, so the least of these delays is the clock's error and the shortest way. The two
cannot be told apart: a clock that is always 5 s behind looks like a link that always takes 5 s. A clock that is ahead
makes the least delay negative. What was mended counts by what the clock claimed.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gauge_ingest.core.health.trend import Point, median, slope
from gauge_ingest.core.model import DAY_MS, MINUTE_MS, SECOND_MS, Row

# What waited in a memory has a delay that shrinks from report to report. Where it stays the same over a report, to
# half the time between them and to a minute, nothing waited, or the clock is off by so much (decision 0012).
STEADY_WITHIN_MS = MINUTE_MS
# The offset is that of the newest so many reports that did not wait: an hour of five minutes.
NEWEST = 12
NEWEST_MIN = 3
DRIFT_DAYS_MIN = 3
# From one day to the next a clock that differs by more than this from its usual drift was set.
SET_MS = 10 * SECOND_MS

_NEVER = (0, -(1 << 61))


class ClockRecord:
    """The delays of a station's reports, taken in order of the time that they claim."""

    __slots__ = ("_arrived", "_claimed_at", "_days", "_newest", "_now", "_received_at", "mended", "mended_at")

    def __init__(self, *, now: int) -> None:
        self._now = now
        self._received_at: int | None = None  # of the arrival at hand
        self._claimed_at = 0  # the latest time that it claims
        self._arrived = _NEVER  # claim and delay of the arrival before it
        self._days: dict[int, tuple[int, int]] = {}  # days back from now -> least delay, when that was
        self._newest: deque[int] = deque(maxlen=NEWEST)
        self.mended = 0
        self.mended_at: int | None = None

    def take(self, row: Row) -> None:
        """Take one row; of several that were received together the latest claim counts, for the others waited."""
        claimed_at, received_at = row.claimed_at, row.received_at
        if claimed_at != row.observed_at:
            self.mended += 1
            self.mended_at = row.observed_at
        if received_at == self._received_at:
            if claimed_at > self._claimed_at:
                self._claimed_at = claimed_at
            return
        if self._received_at is not None:
            self._close(self._received_at, self._claimed_at)
        self._received_at, self._claimed_at = received_at, claimed_at

    def offset_s(self) -> float | None:
        """How far the clock was ahead (above 0) or behind when last heard; behind includes the way of a report."""
        self._end()
        return round(-min(self._newest) / SECOND_MS, 1) if len(self._newest) >= NEWEST_MIN else None

    def drift_s_per_day(self) -> float | None:
        """How much the clock gains in a day (below 0: loses), between the times when it was set."""
        self._end()
        points = [(at / DAY_MS, -delay_ms / SECOND_MS) for delay_ms, at in sorted(self._days.values(), key=_when)]
        drift = slope(run for run in _between_settings(points) if len(run) >= DRIFT_DAYS_MIN)
        return None if drift is None else round(drift, 2)

    def _end(self) -> None:
        """After the last row its arrival is judged, too."""
        if self._received_at is not None:
            self._close(self._received_at, self._claimed_at)
            self._received_at = None

    def _close(self, received_at: int, claimed_at: int) -> None:
        """Judge an arrival by the one before it."""
        delay_ms = received_at - claimed_at
        before_at, before_ms = self._arrived
        self._arrived = (claimed_at, delay_ms)
        changed_ms = abs(delay_ms - before_ms)
        if changed_ms > STEADY_WITHIN_MS or 2 * changed_ms > claimed_at - before_at:
            return
        self._newest.append(delay_ms)
        day = (self._now - received_at) // DAY_MS
        known = self._days.get(day)
        if known is None or delay_ms < known[0]:
            self._days[day] = (delay_ms, received_at)


def _when(least: tuple[int, int]) -> int:
    return least[1]


def _between_settings(points: Sequence[Point]) -> Iterator[list[Point]]:
    """The days (day, s ahead) in order, parted where the clock was set."""
    if not points:
        return
    rises = [(later[1] - point[1]) / (later[0] - point[0]) for point, later in pairwise(points)]
    usual = median(rises) if rises else 0.0
    run = [points[0]]
    for point, later in pairwise(points):
        if abs(later[1] - point[1] - usual * (later[0] - point[0])) * SECOND_MS > SET_MS:
            yield run
            run = []
        run.append(later)
    yield run
