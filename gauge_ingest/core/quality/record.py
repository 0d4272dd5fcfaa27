"""What a station's checks remember of its rain and of its presence: wet readings with running sums, runs of reports."""

from bisect import bisect_left, bisect_right

from gauge_ingest.core.model import DAY_MS, HOUR_MS

KEPT_MS = 2 * DAY_MS
PRUNED_FROM = 4_096


class Rain:
    """Wet readings of one gauge in order of time; sums over any span of what ended in it, in micrometres."""

    __slots__ = ("_recent", "_recent_of", "since", "total", "until")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.since: list[int] = []
        self.until: list[int] = []
        self.total: list[int] = [0]  # running sum, one longer
        self._recent, self._recent_of = (0, 0), (0, 0)

    def add(self, since: int, until: int, rain_um: int) -> None:
        """The next wet reading."""
        self.since.append(since)
        self.until.append(until)
        self.total.append(self.total[-1] + rain_um)

    def ended_um(self, since: int, until: int) -> int:
        """What ended in (since, until]."""
        ends = self.until
        if not ends or ends[-1] <= since:
            return 0
        last = -1 if ends[-1] <= until else bisect_right(ends, until)
        return self.total[last] - self.total[bisect_right(ends, since)]

    def recent_um(self, until: int) -> tuple[int, int]:
        """What ended in the hour and in the day up to an instant; asked by several checks of one reading."""
        of = until, len(self.until)
        if of != self._recent_of:
            self._recent_of = of
            self._recent = self.ended_um(until - HOUR_MS, until), self.ended_um(until - DAY_MS, until)
        return self._recent

    def within_um(self, since: int, until: int, *, slack_ms: int) -> int:
        """What ended in (since, until], of readings that began no earlier than `slack_ms` before it."""
        first = bisect_right(self.until, since)
        last = bisect_right(self.until, until)
        while first < last and self.since[first] < since - slack_ms:
            first += 1
        return self.total[last] - self.total[first]

    def next_after(self, at: int) -> int | None:
        """When the first wet reading after an instant ended."""
        if not self.until or self.until[-1] <= at:
            return None
        return self.until[bisect_right(self.until, at)]

    def prune(self, before: int) -> bool:
        """Forget what ended before an instant, once there is much of it; whether anything was forgotten."""
        if len(self.until) < PRUNED_FROM or self.until[0] >= before:
            return False
        number = bisect_left(self.until, before)
        del self.since[:number], self.until[:number], self.total[:number]
        return True


class Presence:
    """When a station was heard: runs of reports without a silence longer than `silence_ms`."""

    __slots__ = ("_ends", "_starts", "heard_until", "run_since", "silence_ms")

    def __init__(self, silence_ms: int) -> None:
        self.silence_ms = silence_ms
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self._starts: list[int] = []
        self._ends: list[int] = []  # of every run but the last
        self.heard_until = -(1 << 62)
        self.run_since = 1 << 62  # when the last run began

    def heard(self, at: int) -> None:
        """A report of the station, no earlier than the one before."""
        if at - self.heard_until > self.silence_ms:
            if self._starts:
                self._ends.append(self.heard_until)
            self._starts.append(at)
            self.run_since = at
        self.heard_until = at

    def add_run(self, first_at: int, last_at: int) -> None:
        """A run of reports, later than all that is known."""
        self.heard(first_at)
        self.heard_until = last_at

    def online(self, at: int) -> bool:
        """Whether a report no older than the silence was there at an instant."""
        return self.until_when(at) >= at

    def until_when(self, at: int) -> int:
        """Up to when the run of reports that an instant lies in, or after, keeps the station online."""
        if at >= self.run_since:
            return self.heard_until + self.silence_ms
        run = bisect_right(self._starts, at) - 1
        if run < 0:
            return -(1 << 62)
        return (self._ends[run] if run < len(self._ends) else self.heard_until) + self.silence_ms

    def there_from(self, at: int) -> int | None:
        """From when on, at an instant or after it, the station is known to be there; None while nothing says so."""
        if self.online(at):
            return at
        later = bisect_right(self._starts, at)
        return self._starts[later] if later < len(self._starts) else None

    def prune(self, before: int) -> None:
        """Forget runs that ended before an instant."""
        number = bisect_left(self._ends, before)
        del self._starts[:number], self._ends[:number]
