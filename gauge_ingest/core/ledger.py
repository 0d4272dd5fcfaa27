"""A station's recent rain in memory: wet increments with running sums, spans without coverage, bounds of any window."""

from bisect import bisect_right
from math import ceil
from operator import mul
from typing import NamedTuple

from gauge_ingest.core.antecedent import Days
from gauge_ingest.core.model import Increment, Station, Step, Wetness

# Steps whose sum stands for everything that fell in their span.
COVERING = frozenset({Step.STEADY, Step.WRAPPED, Step.GAP, Step.CORRECTED, Step.IMPORTED})
# For every reading: a member of an enumeration is slow to name and slow to hash (Python 3.11), an index is not.
_VOID, _OWED = Step.VOID, Step.OWED
_COVERS = [step in COVERING for step in sorted(Step)]


# Of a mean's micrometres: what is left of a float's last bits then weighs nothing, and a mean, or the difference of
# two, that is a threshold to the micrometre is told as just that.
MEAN_DIGITS = 3


class Window(NamedTuple):
    """Rain over (since, until], in micrometres: what surely and what possibly fell.

    Of a station they are whole, so that sums stay exact; the mean of a basin is told to a thousandth of one. A named
    tuple, because dozens are made for every reading that is judged.
    """

    since: int
    until: int
    rain_um_min: float
    rain_um_max: float
    doubted_um: float = 0  # of what surely was counted, what a quality check doubts


class Unknowable(Exception):
    """Memory does not go back so far: the journal must be asked."""


class Ledger:
    """Wet increments of one station in order of time. Sums are in micrometres, whole numbers throughout."""

    __slots__ = (
        "_bucket_um",
        "_days",
        "_holes",
        "_rate_um_per_ms",
        "_since",
        "_station",
        "_tips_min",
        "_total_doubted",
        "_total_max",
        "_total_min",
        "_until",
        "before_newest_at",
        "first_at",
        "newest_at",
        "wet_until",
    )

    def __init__(self, station: Station, *, days: Days | None = None) -> None:
        """`days`: sums of hydrological days to go on from, where a rule asks how wet the ground is."""
        self._station = station
        self._days = days
        self._rate_um_per_ms = station.intensity_max_mm_per_min / 60
        self._since: list[int] = []
        self._until: list[int] = []
        self._tips_min: list[int] = []
        self._bucket_um: list[int] = []
        self._total_min: list[int] = [0]  # running sums, one longer than the increments
        self._total_max: list[int] = [0]
        self._total_doubted: list[int] = [0]
        self._holes: list[tuple[int, int]] = []
        self.first_at: int | None = None
        self.newest_at: int | None = None
        self.before_newest_at: int | None = None  # the report before the newest
        self.wet_until = -(1 << 62)  # where the newest increment ends that may hold rain

    def __len__(self) -> int:
        return len(self._until)

    def append(self, increment: Increment, *, doubted: bool = False) -> None:
        """Take the next increment of the station, and whether a check doubts its rain; void ones carry nothing.

        One that is owed is no report: of its span nobody has told.
        """
        step = increment.step
        if step is _VOID:
            return
        if self.first_at is None:
            self.first_at = increment.since if _COVERS[step] else increment.until
        elif not _COVERS[step]:
            self._holes.append((increment.since, increment.until))
        if step is _OWED:
            return
        if increment.until != self.newest_at:
            self.before_newest_at = self.newest_at
            self.newest_at = increment.until
        if self._days is not None:
            self._days.add(
                increment.until, self._day_um(increment), (increment.until - increment.since) * _COVERS[step]
            )
        if increment.tips_max:
            bucket_um = round(self._station.deployment_at(increment.until).bucket_depth_mm * 1000)
            self._since.append(increment.since)
            self._until.append(increment.until)
            self.wet_until = increment.until
            self._tips_min.append(increment.tips_min)
            self._bucket_um.append(bucket_um)
            self._total_min.append(self._total_min[-1] + increment.tips_min * bucket_um)
            self._total_max.append(self._total_max[-1] + increment.tips_max * bucket_um)
            doubted_um = increment.tips_min * bucket_um if doubted else 0
            self._total_doubted.append(self._total_doubted[-1] + doubted_um)

    def forget_before(self, at: int) -> None:
        """Drop what ended at or before an instant."""
        number = bisect_right(self._until, at)
        if number:
            for column in (self._since, self._until, self._tips_min, self._bucket_um):
                del column[:number]
            for column in (self._total_min, self._total_max, self._total_doubted):
                del column[:number]
        if self._holes and self._holes[0][1] <= at:
            self._holes = [hole for hole in self._holes if hole[1] > at]

    def most_um(self, since: int) -> int:
        """What may have fallen, at most, in increments that ended after an instant, in micrometres."""
        return self._total_max[-1] - self._total_max[bisect_right(self._until, since)]

    def window(self, *, since: int, until: int, known_until: int | None = None) -> Window:
        """Bounds of the rain in (since, until], by what ended up to `known_until` where that is given.

        Of an increment across an edge, what exceeds the highest possible rain of the part outside surely fell inside.
        """
        first = bisect_right(self._until, since)
        last = bisect_right(self._until, until)
        known = len(self._until) if known_until is None else bisect_right(self._until, known_until)
        rain_um_min = self._total_min[last] - self._total_min[first]
        rain_um_max = self._total_max[last] - self._total_max[first]
        if first < last and self._since[first] < since:
            rain_um_min -= self._outside_um(first, since - self._since[first])
        if last < known and self._since[last] < until:
            # Each part outside by itself: however short they are, a tip fits into either.
            outside_um = self._outside_um(last, self._until[last] - until)
            outside_um += self._outside_um(last, max(0, since - self._since[last]))
            rain_um_min += max(0, self._tips_min[last] * self._bucket_um[last] - outside_um)
            rain_um_max += self._total_max[last + 1] - self._total_max[last]
        doubted_um = self._total_doubted[last] - self._total_doubted[first]
        return Window(since, until, rain_um_min, rain_um_max, min(doubted_um, rain_um_min))

    def coverage(self, *, since: int, until: int, known_until: int | None = None) -> float:
        """The share of (since, until] that reports speak for, from 0 to 1; the newest of them at `known_until`."""
        if self.first_at is None or self.newest_at is None or until <= since:
            return 0.0
        newest_at = self.newest_at if known_until is None else known_until
        begin, end = max(since, self.first_at), min(until, newest_at)
        missing = sum(max(0, min(hole_until, end) - max(hole_since, begin)) for hole_since, hole_until in self._holes)
        return max(0, end - begin - missing) / (until - since)

    def wet_at(self, at: int) -> bool:
        """Whether a reading that ends at this very instant may hold rain."""
        number = bisect_right(self._until, at)
        return number > 0 and self._until[number - 1] == at

    def last_at(self, at: int) -> int | None:
        """The newest report up to an instant, None before the first; Unknowable further back than the last two."""
        for known in (self.newest_at, self.before_newest_at):
            if known is None or known <= at:
                return known
        if self.first_at is not None and at < self.first_at:
            return None
        raise Unknowable

    def peak(self, *, since: int, until: int) -> tuple[int, int, int]:
        """The most that one reading in (since, until] told, in micrometres, and over which span."""
        first, last = bisect_right(self._until, since), bisect_right(self._until, until)
        if first == last:
            return 0, since, until
        told_um = list(map(mul, self._tips_min[first:last], self._bucket_um[first:last]))
        most_um = max(told_um)
        most = first + told_um.index(most_um)
        return most_um, self._since[most], self._until[most]

    def look_from(self, at: int) -> None:
        """Nothing: a station is judged at its newest report, and knows no more."""

    def shares(self, *, since: int, until: int) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 - as a basin is asked
        """Nothing: the station is the only one."""
        return ()

    @property
    def absent(self) -> tuple[str, ...]:
        """Nobody."""
        return ()

    def antecedent(self, wetness: Wetness, at: int) -> int | None:
        """The antecedent index at an instant in micrometres, on the upper bound; None: too little is known."""
        assert self._days is not None, "a rule asks how wet the ground is, and nobody has counted days"
        return self._days.index_um(wetness, at)

    def _day_um(self, increment: Increment) -> int:
        if not increment.tips_max:
            return 0
        return increment.tips_max * round(self._station.deployment_at(increment.until).bucket_depth_mm * 1000)

    def _outside_um(self, number: int, overhang_ms: int) -> int:
        """The most of an increment that can have fallen in the part of it outside a window, at most all of it."""
        bucket_um = self._bucket_um[number]
        tips = ceil(overhang_ms * self._rate_um_per_ms / bucket_um)
        return min(tips, self._tips_min[number]) * bucket_um
