"""The rain of a station as it was told, in whole micrometres: its bounds in any window, coverage, wet ground.

For benchmarks/storms_truth.py; no code of the service.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

DAY_MS, MINUTE_MS = 86_400_000, 60_000
RATE_UM_PER_MIN = 8_000  # the most that a gauge can measure, as stations.toml has it by default


class Reading(NamedTuple):
    """What fell in (since, until], in whole tips."""

    since: int
    until: int
    tips: int


@dataclass
class Station:
    """The readings of a station, in order of time; `bucket_um` is the rain of one tip."""

    id: str
    readings: Sequence[Reading]
    bucket_um: int
    report_every_s: int
    ends: list[int] = field(init=False)
    fell_um: list[int] = field(init=False)  # before each reading, one longer
    days: dict[int, list[int]] = field(init=False)  # rain and covered ms by day

    def __post_init__(self) -> None:
        self.ends = [one.until for one in self.readings]
        self.fell_um = [0, *accumulate(one.tips * self.bucket_um for one in self.readings)]
        self.days = {}
        for one in self.readings:
            day = self.days.setdefault((one.until - 1) // DAY_MS, [0, 0])
            day[0] += one.tips * self.bucket_um
            day[1] += one.until - one.since

    def newest_at(self, at: int) -> int | None:
        """The newest reading up to an instant."""
        place = bisect_right(self.ends, at)
        return self.ends[place - 1] if place else None

    def wet_at(self, at: int) -> bool:
        """Whether a reading with rain ends at this instant."""
        place = bisect_right(self.ends, at)
        return place > 0 and self.ends[place - 1] == at and self.readings[place - 1].tips > 0

    def bounds_um(self, since: int, until: int, *, now: int) -> tuple[int, int]:
        """What surely and possibly fell in (since, until], by readings that end up to `now`.

        Of a reading across an edge what exceeds the most that can fall outside surely fell inside, all of it may have.
        """
        first, last = bisect_right(self.ends, since), bisect_right(self.ends, until)
        least_um = most_um = self.fell_um[last] - self.fell_um[first]
        if first < last and self.readings[first].since < since:
            least_um -= self._outside_um(self.readings[first], since - self.readings[first].since)
        if last < len(self.ends) and self.ends[last] <= now and self.readings[last].since < until:
            across, told_um = self.readings[last], self.readings[last].tips * self.bucket_um
            outside_um = self._outside_um(across, across.until - until)
            outside_um += self._outside_um(across, max(0, since - across.since))
            least_um, most_um = least_um + max(0, told_um - outside_um), most_um + told_um
        return least_um, most_um

    def covered(self, since: int, until: int) -> Fraction:
        """The share of (since, until] that readings speak for."""
        first, last = bisect_right(self.ends, since), bisect_right(self.ends, until)
        if first == last:
            return Fraction(0)
        missing_ms = sum(
            max(0, self.readings[place].since - max(since, self.ends[place - 1])) for place in range(first + 1, last)
        )
        begin, end = max(since, self.readings[first].since), self.ends[last - 1]
        return Fraction(end - begin - missing_ms, until - since)

    def ground_um(self, wetness: Mapping[str, Any], at: int) -> int | None:
        """The antecedent index on the day of an instant, None where readings cover too little of the days before."""
        count, today = wetness.get("days", 15), (at - 1) // DAY_MS
        days = [self.days.get(day, [0, 0]) for day in range(today - count, today)]
        if sum(min(DAY_MS, covered_ms) for _, covered_ms in days) < wetness.get("coverage_min", 0.8) * count * DAY_MS:
            return None
        index_um = Fraction(0)
        for rain_um, _ in days:
            index_um = exact(wetness.get("k_per_day", 0.9)) * (index_um + rain_um)
            if wetness.get("index", "pa") == "pa":
                index_um = min(index_um, exact(wetness["capacity_mm"]) * 1_000)
        return round(index_um)

    def _outside_um(self, reading: Reading, part_ms: int) -> int:
        """The most of a reading that can have fallen in so long a part of it, in whole tips."""
        tips = -(-part_ms * RATE_UM_PER_MIN // (MINUTE_MS * self.bucket_um))
        return min(reading.tips, tips) * self.bucket_um


@cache
def exact(value: float) -> Fraction:
    """A figure as it is written, not as a binary number is nearest to it."""
    return Fraction(str(value))
