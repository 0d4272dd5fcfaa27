"""A station's battery: the lowest voltage of each day, its trend, and the days until the logger falls silent.

A battery with a solar panel swings by a volt and more between noon and the hour before sunrise. What tells how full it
is, is the lowest voltage of a whole day; days of 24 hours counted back from now hold one sunrise each. Without sun a
station takes the same charge each day, and the voltage falls the faster the emptier the battery: so the days that are
left are counted in charge (decision 0017).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from gauge_ingest.core.health.trend import is_falling, level_at, slope

# What no supply of a logger shows: a figure that stands for a missing one (99.99 V of Hikvision loggers), or 0.
VOLTS_MIN, VOLTS_MAX = 1.0, 40.0
# A 12 V lead-acid battery is charged with 15 V at most, also in the cold: what shows more has two of them.
TWO_BATTERIES_FROM_V = 18.0
# A battery without sun lasts a small station for ten to fourteen days (7 Ah): the shorter length sees a panel that has
# just failed, the longer one a slow fall among clouds.
TREND_DAYS = 5, 10
TREND_DAYS_MIN = 5
# A day tells its lowest voltage only if reports came for most of it.
REGULARITY_MIN = 0.75
# Less than this between first and last day is no fall: a converter's noise, a warmer night.
FALL_MIN_V = 0.1

# Voltage of a resting 12 V lead-acid battery -> share of its charge, after the Deep Cycle Battery FAQ of Northern
# Arizona Wind and Sun. Before sunrise a station's few milliamperes are nearly rest.
CHARGE = (
    (10.5, 0.0),
    (11.31, 0.1),
    (11.58, 0.2),
    (11.75, 0.3),
    (11.9, 0.4),
    (12.06, 0.5),
    (12.2, 0.6),
    (12.32, 0.7),
    (12.42, 0.8),
    (12.5, 0.9),
    (12.7, 1.0),
)


class Low(NamedTuple):
    """The lowest voltage of a day; `day` counts up with time, `whole` says that reports came for most of it."""

    day: int
    volts: float
    whole: bool


class Trend(NamedTuple):
    """Where the battery goes. `days_to_empty` is None when it does not fall, or nobody can say."""

    volts_per_day: float | None = None
    days_to_empty: float | None = None


class VoltsRecord:
    """Voltages in order of time, without those that stand alone: one wrong figure is not a low battery."""

    __slots__ = ("_before", "_last", "newest_v", "told_at")

    def __init__(self) -> None:
        self._before: float | None = None
        self._last: float | None = None
        self.newest_v: float | None = None
        self.told_at = 0

    def take(self, volts: float, *, at: int) -> float:
        """The middle one of the last three voltages; of two the higher."""
        self.told_at = at
        before, last = self._before, self._last
        self._before, self._last = last, volts
        if last is None or before is None:
            self.newest_v = volts if last is None or volts > last else last
        elif before < last:
            self.newest_v = before if volts < before else last if volts > last else volts
        else:
            self.newest_v = last if volts < last else before if volts > before else volts
        return self.newest_v


def batteries(battery_v: float) -> int:
    """How many batteries of 12 V stand one behind the other: thresholds are for each."""
    return 2 if battery_v > TWO_BATTERIES_FROM_V else 1


def charge_share(volts: float) -> float:
    """The share of its charge that a resting 12 V lead-acid battery has at this voltage, from 0 to 1."""
    for (low_v, low_share), (high_v, high_share) in pairwise(CHARGE):
        if volts < high_v:
            return max(0.0, low_share + (high_share - low_share) * (volts - low_v) / (high_v - low_v))
    return 1.0


def trend_of(lows: Sequence[Low], *, empty_v: float) -> Trend:
    """The trend of the newest days (in order), and the days until `empty_v` of each battery at this rate.

    Of the lengths of time in which the battery falls the one counts that leaves the fewest days; where it falls in
    none, the trend is that of the longest.
    """
    trends = [_over(lows, days, empty_v=empty_v) for days in TREND_DAYS]
    falling = [trend for trend in trends if trend.days_to_empty is not None]
    return min(falling, key=_days_left, default=trends[-1])


def _over(lows: Sequence[Low], days: int, *, empty_v: float) -> Trend:
    newest = lows[-1].day if lows else 0
    points = [(float(low.day), low.volts) for low in lows if low.whole and newest - low.day < days]
    rise = slope([points]) if len(points) >= TREND_DAYS_MIN else None
    if rise is None:
        return Trend()
    told = round(rise, 3)
    if rise * (points[-1][0] - points[0][0]) > -FALL_MIN_V or not is_falling([volts for _, volts in points]):
        return Trend(told)
    number = batteries(points[-1][1])
    charges = [(day, charge_share(volts / number)) for day, volts in points]
    rise_share = slope([charges]) or 0.0
    if rise_share >= 0.0:  # still full
        return Trend(told)
    left_share = level_at(float(newest), charges, rise_share) - charge_share(empty_v)
    return Trend(told, round(max(0.0, left_share / -rise_share), 1))


def _days_left(trend: Trend) -> float:
    return trend.days_to_empty or 0.0
