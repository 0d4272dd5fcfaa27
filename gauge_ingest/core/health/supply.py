"""A station's battery: the lowest voltage of each day, its trend, and the days until the logger falls silent.

A battery with a solar panel swings by a volt and more between noon and the hour before sunrise. What tells how full it
is, is the lowest voltage of a whole day; days of 24 hours counted back from now hold one sunrise each.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.health.trend import is_falling, level_at, slope

# What no supply of a logger shows: a figure that stands for a missing one (99.99 V of Hikvision loggers), or 0.
VOLTS_MIN, VOLTS_MAX = 1.0, 40.0
# A 12 V lead-acid battery is charged with 15 V at most, also in the cold: what shows more has two of them.
TWO_BATTERIES_FROM_V = 18.0
# A battery without sun lasts a small station for about twelve days (7 Ah at 25 mA): the trend must be quicker.
TREND_DAYS = 10
TREND_DAYS_MIN = 5
# A day tells its lowest voltage only if reports came for most of it.
REGULARITY_MIN = 0.75
# Less than this between first and last day is no fall: a converter's noise, a warmer night.
FALL_MIN_V = 0.1


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


def trend_of(lows: Sequence[Low], *, empty_v: float) -> Trend:
    """The trend of the newest days (in order), and the days until `empty_v` of each battery at this rate."""
    newest = lows[-1].day if lows else 0
    points = [(float(low.day), low.volts) for low in lows if low.whole and newest - low.day < TREND_DAYS]
    if len(points) < TREND_DAYS_MIN:
        return Trend()
    rise = slope([points])
    if rise is None:
        return Trend()
    (first_day, _), (last_day, _) = points[0], points[-1]
    told = round(rise, 3)
    if rise * (last_day - first_day) > -FALL_MIN_V or not is_falling([volts for _, volts in points]):
        return Trend(told)
    level_v = level_at(float(newest), points, rise)
    left_v = level_v - empty_v * batteries(level_v)
    return Trend(told, round(max(0.0, left_v / -rise), 1))
