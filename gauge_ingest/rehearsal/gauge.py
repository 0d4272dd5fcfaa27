"""A station's rain as it is known: its course, the days it has been, and a ledger that is filled as far as it is asked.

A course is the rain itself, in whatever way it was told (`counts.py`, `steps.py`); what is judged looks at ledgers.
"""

from collections.abc import Iterator
from typing import Protocol

from gauge_ingest.core.antecedent import Days, day_of
from gauge_ingest.core.ledger import COVERING, Ledger
from gauge_ingest.core.model import DAY_MS, UNBOUNDED, Increment, Station

# Wet increments a ledger may hold before the ones no window reaches any more are forgotten.
LEDGER_MAX = 2_000
NEVER = -UNBOUNDED


class Course(Protocol):
    """The rain of a station as far as it is known: what a gauge needs of it."""

    @property
    def station(self) -> Station:
        """Whose rain it is."""

    @property
    def newest_at(self) -> int | None:
        """The newest instant that was told."""

    def increments(self, since: int, until: int) -> Iterator[tuple[Increment, bool]]:
        """Increments that stand and end in (since, until], in order, and whether a check doubts their rain.

        One that is owed is a hole: nobody reported at its end, so nothing is judged there.
        """

    def newest(self, before: int) -> int | None:
        """The newest instant before another at which an increment ends."""

    def wet_in(self, since: int, until: int) -> bool:
        """Whether an increment that may hold rain ends in (since, until]."""


class Gauge:
    """The ledger is of the newest reading that was judged; `reach_ms` is how far back anybody looks from there."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.reach_ms = 0
        self.wet_days = 0  # how many days back any rule asks how wet the ground was
        self.ledger = Ledger(course.station)
        self.loaded = False
        self.at = NEVER  # up to where the ledger is filled
        self._days: dict[int, tuple[int, int]] = {}

    def load(self, newest_at: int) -> None:
        """Make the ledger anew, as of the newest reading."""
        since = newest_at - self.reach_ms
        self.ledger = Ledger(self.course.station, days=self.days_before(since, self.wet_days))
        for increment, doubted in self.course.increments(since, newest_at):
            self.ledger.append(increment, doubted=doubted)
        self.loaded, self.at = True, newest_at

    def ahead(self, until: int) -> Iterator[tuple[Increment, bool]]:
        """What is not in the ledger yet: of a long time without rain no more than can be asked for."""
        return self.course.increments(self.at if self.wet_days else max(self.at, self._before(until)), until)

    def fill(self) -> None:
        """Fill the ledger up to the newest reading."""
        newest_at = self.course.newest(UNBOUNDED)
        if newest_at is None:
            return
        if not self.loaded:
            self.load(newest_at)
        elif self.at < newest_at:
            for increment, doubted in self.ahead(newest_at):
                self.ledger.append(increment, doubted=doubted)
            self.at = newest_at

    def forget_old(self) -> None:
        """Drop what no window reaches any more, once there is much of it."""
        if len(self.ledger) > LEDGER_MAX and self.ledger.newest_at is not None:
            self.ledger.forget_before(self.ledger.newest_at - self.reach_ms)

    def drop(self, since: int) -> None:
        """Rain after an instant has changed: the ledger is to be made anew."""
        self.loaded, self.at = False, NEVER
        for day in [day for day in self._days if day >= day_of(since)]:
            del self._days[day]

    def days_before(self, until: int, days: int) -> Days | None:
        """Rain and coverage of the days before an instant, its own as far as it has gone; None when nobody asks."""
        if not days:
            return None
        known = Days()
        if until <= 0:
            return known
        today = day_of(until)
        for day in range(today - days, today):
            known.add((day + 1) * DAY_MS, *self._day(day))
        known.add(until, *self._sum(today * DAY_MS, until))
        return known

    def _before(self, until: int) -> int:
        newest_at = self.course.newest(until)
        return NEVER if newest_at is None else newest_at - self.reach_ms

    def _day(self, day: int) -> tuple[int, int]:
        """Rain at most and time covered of a day. A day is remembered when it is over."""
        found = self._days.get(day)
        if found is None:
            found = self._sum(day * DAY_MS, (day + 1) * DAY_MS)
            if self.course.newest_at is not None and day < day_of(self.course.newest_at):
                self._days[day] = found
        return found

    def _sum(self, since: int, until: int) -> tuple[int, int]:
        rain_um = covered_ms = 0
        for increment, _ in self.course.increments(since, until):
            if increment.step in COVERING:
                covered_ms += increment.until - increment.since
            if increment.tips_max:
                bucket_um = round(self.course.station.deployment_at(increment.until).bucket_depth_mm * 1000)
                rain_um += increment.tips_max * bucket_um
        return rain_um, covered_ms
