"""Antecedent wetness: rain and coverage of past hydrological days, and the index that they make.

A day runs from 08:00 to 08:00 Beijing time, which is midnight to midnight UTC; an increment counts in the day in which
it ends. Rain is taken at its upper bound: what may have fallen may have wetted the ground.
"""

from gauge_ingest.core.model import DAY_MS, Wetness


def day_of(at: int) -> int:
    """The hydrological day that an instant belongs to: 08:00 itself still ends the day before."""
    return (at - 1) // DAY_MS


class Days:
    """Rain in micrometres and covered milliseconds by day, of one station."""

    __slots__ = ("_covered_ms", "_known", "_rain_um")

    def __init__(self) -> None:
        self._rain_um: dict[int, int] = {}
        self._covered_ms: dict[int, int] = {}
        self._known: tuple[int, Wetness, int | None] | None = None  # what was asked last: day, of what, the index

    def add(self, until: int, rain_um: int, covered_ms: int) -> None:
        """An increment that ends at an instant, in order of time."""
        day = (until - 1) // DAY_MS
        self._covered_ms[day] = self._covered_ms.get(day, 0) + covered_ms
        if rain_um:
            self._rain_um[day] = self._rain_um.get(day, 0) + rain_um

    def index_um(self, wetness: Wetness, at: int) -> int | None:
        """The index on the day of an instant, from the days before it; None when reports cover too little of them."""
        day = day_of(at)
        if self._known is not None and self._known[0] == day and self._known[1] == wetness:
            return self._known[2]
        self._known = day, wetness, self._index_um(wetness, day)
        return self._known[2]

    def _index_um(self, wetness: Wetness, day: int) -> int | None:
        days = range(day - wetness.days, day)
        covered_ms = sum(min(DAY_MS, self._covered_ms.get(one, 0)) for one in days)
        if covered_ms < wetness.coverage_min * wetness.days * DAY_MS:
            return None
        index_um = 0.0
        for one in days:
            index_um = wetness.k_per_day * (index_um + self._rain_um.get(one, 0))
            if wetness.capacity_mm is not None:
                index_um = min(index_um, wetness.capacity_mm * 1000)
        return round(index_um)
