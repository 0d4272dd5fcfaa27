"""One day of a station, while its rows are counted."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from gauge_ingest.core.health.figures import HealthDay
from gauge_ingest.core.model import Flag

_Value = TypeVar("_Value", int, float)


class DayRecord:
    """Counts and extremes of one day, (since, until]."""

    __slots__ = ("flags", "lowest_v", "regular_ms", "signals", "since", "until")

    def __init__(self, *, since: int, until: int) -> None:
        self.since = since
        self.until = until
        self.regular_ms = 0  # for which a regular report speaks
        self.lowest_v: float | None = None
        self.signals: dict[float, int] = {}  # dBm -> how often
        self.flags: dict[int, int] = {}  # of the rows that stand -> how many

    def regularity(self, *, began_at: int | None) -> float | None:
        """The share of the day's expected regular reports that came, from `began_at` on."""
        expected_ms = 0 if began_at is None else self.until - max(self.since, began_at)
        return round(min(1.0, self.regular_ms / expected_ms), 4) if expected_ms > 0 else None

    def health(self, *, began_at: int | None) -> HealthDay:
        """The day's figures."""
        return HealthDay(
            since=self.since,
            until=self.until,
            regularity=self.regularity(began_at=began_at),
            battery_min_v=self.lowest_v,
            signal_dbm=median_of(self.signals),
            suspect_share=share_of(self.flags, Flag.SUSPECT),
            failed_share=share_of(self.flags, Flag.FAIL),
            missing_share=share_of(self.flags, Flag.MISSING),
        )


def share_of(counts: Mapping[int, int], value: int) -> float | None:
    """The share of a value, from 0 to 1, among all that were counted; None of nothing."""
    number = sum(counts.values())
    return round(counts.get(value, 0) / number, 4) if number else None


def summed(counts: Iterable[Mapping[_Value, int]]) -> dict[_Value, int]:
    """Counts added up."""
    total: dict[_Value, int] = {}
    for one in counts:
        for value, number in one.items():
            total[value] = total.get(value, 0) + number
    return total


def median_of(counts: Mapping[float, int]) -> float | None:
    """The median of values that are given with how often each was seen."""
    number, passed = sum(counts.values()), 0
    middle: list[float] = []  # the two in the middle, or one twice
    for value in sorted(counts):
        passed += counts[value]
        middle += [value] * ((passed > (number - 1) // 2) + (passed > number // 2) - len(middle))
    return sum(middle) / 2 if middle else None
