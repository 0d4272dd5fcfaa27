"""What a threshold rule is: durations and levels, whom it watches, and what moves its thresholds."""

from dataclasses import dataclass
from enum import StrEnum


class Over(StrEnum):
    """How a rule of a basin makes one figure of its stations' rain."""

    MEAN = "mean"  # weighted by area, over the stations that are there
    MAXIMUM = "maximum"
    KTH = "kth"  # reached by `at_least` stations, each by itself


@dataclass(frozen=True, slots=True)
class Threshold:
    """Rain in `window_s` that reaches `level`."""

    window_s: int
    level: str
    rain_mm: float


@dataclass(frozen=True, slots=True)
class Season:
    """From one day of the year to another (both included, Beijing time, (month, day)) thresholds are times `ratio`."""

    name: str
    since: tuple[int, int]
    until: tuple[int, int]
    ratio: float


@dataclass(frozen=True, slots=True)
class WetClass:
    """While the antecedent index is at most `at_most_mm`, these thresholds stand instead of the rule's own."""

    name: str
    at_most_mm: float
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class Wetness:
    """Antecedent wetness by days of 08:00 to 08:00 Beijing time: index(d + 1) = k (index(d) + rain(d)).

    With `capacity_mm` (Wm) the index is the Chinese Pa and never above it; without, the API of Kohler and Linsley
    (1951). It goes back over `days`, which reports must cover by `coverage_min`: else the ground counts as wet.
    `classes` go from the driest up; above the last of them the rule's own thresholds stand, the lowest there are.
    """

    k_per_day: float
    capacity_mm: float | None
    days: int
    coverage_min: float
    classes: tuple[WetClass, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Thresholds over several durations, each with named levels from the lowest to the highest.

    `thresholds` are sums of a duration; `rises` say how much more fell in a duration than in the one before it.
    Levels are left below `clear_ratio` of their threshold, for `quiet_s`, with at least `coverage_min` of every
    window covered by reports; an episode whose coverage does not return within `lapse_s` lapses.
    """

    id: str
    levels: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    stations: tuple[str, ...]
    source: str = ""
    clear_ratio: float = 0.8
    minimum_s: int = 0
    quiet_s: int = 1_800
    coverage_min: float = 0.8
    lapse_s: int = 86_400
    late_after_s: int = 1_800
    tell_within_s: int = 259_200
    rises: tuple[Threshold, ...] = ()
    basins: tuple[str, ...] = ()
    over: Over = Over.MEAN
    at_least: int = 1
    seasons: tuple[Season, ...] = ()
    wetness: Wetness | None = None
    dated: str = ""  # when the source was made, as an ISO date

    @property
    def window_max_s(self) -> int:
        """How far back the rule looks from an instant: its longest duration, twice that of a rise."""
        sums = max((threshold.window_s for threshold in self.thresholds), default=0)
        return max(sums, 2 * max((rise.window_s for rise in self.rises), default=0))
