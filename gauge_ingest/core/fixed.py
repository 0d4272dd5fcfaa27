"""The rain of fixed windows: what every history, hourly row, daily row and export is made with, so that all agree."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gauge_ingest.core.ledger import COVERING
from gauge_ingest.core.model import DAY_MS, HOUR_MS, SECOND_MS, Flag, Station, Step

# Windows end on the clock. A day from 08:00 to 08:00 at +08:00 ends at midnight UTC: all steps are multiples of
# themselves since 1970.
STEPS_MS = {"5m": 300 * SECOND_MS, "1h": HOUR_MS, "1d": DAY_MS}

_WORST_FIRST = (Flag.FAIL, Flag.SUSPECT, Flag.NOT_EVALUATED, Flag.GOOD)
_NO_RAIN = frozenset({Step.VOID, Step.OWED})


class Ended(NamedTuple):
    """An increment that counts, over (since, until]."""

    since: int
    until: int
    tips: int
    tips_min: int
    tips_max: int
    step: Step
    flag: Flag


class Fixed(NamedTuple):
    """The rain of a window (since, until]: of the increments that end in it, and how much of it reports speak for.

    `tips_min` surely fell and `tips_max` may have fallen, as far as the increments that end in it say. `rain_mm` is
    what was counted, `corrected_mm` what fell by the station's calibration: the same where it has none.
    """

    since: int
    until: int
    tips: int
    tips_min: int
    tips_max: int
    rain_mm: float
    corrected_mm: float
    coverage: float
    flag: Flag


def ended_of(stored: Iterable[tuple[int, int, int, int, int, int, int]]) -> list[Ended]:
    """The increments that count of (since, until, tips, tips_min, tips_max, step, flag): not void and not owed."""
    ended = (Ended(*row[:5], Step(row[5]), Flag(row[6])) for row in stored)
    return [one for one in ended if one.step not in _NO_RAIN]


def windows(
    station: Station, ended: Sequence[Ended], *, first: int, number: int, step_ms: int, across: Sequence[Ended] = ()
) -> list[Fixed]:
    """So many windows of a step from `first` on, of increments in order of time.

    An increment counts in the window where it ends; its span counts as covered wherever it lies. `across`: the
    increment that ends behind the last window, if there is one: it may have begun before.
    """
    covered = _covered([*ended, *across], first=first, number=number, step_ms=step_ms)
    ends = [one.until for one in ended]
    found: list[Fixed] = []
    for place in range(number):
        begin, end = first + place * step_ms, first + (place + 1) * step_ms
        inside = ended[bisect_right(ends, begin) : bisect_right(ends, end)]
        found.append(_window(station, inside, begin, end, round(covered[place] / step_ms, 4)))
    return found


def coverage(one: Ended) -> float:
    """How much of an increment's span reports speak for: all of it, or nothing."""
    return 1.0 if one.step in COVERING else 0.0


def depths_mm(station: Station, one: Ended | Fixed) -> tuple[float, float]:
    """The rain of an increment or a window as it was counted, and as it fell by the station's calibration."""
    if isinstance(one, Fixed):
        return one.rain_mm, one.corrected_mm
    counted_mm = station.depth_mm(one.tips, until=one.until)
    return counted_mm, _fell_mm(station, one)


def _fell_mm(station: Station, one: Ended) -> float:
    """What a person or an old record said that fell has fallen; else what fell by the station's calibration."""
    if one.step in (Step.CORRECTED, Step.IMPORTED):
        return station.depth_mm(one.tips, until=one.until)
    return station.corrected_mm(one.tips, since=one.since, until=one.until)


def _window(station: Station, inside: Sequence[Ended], begin: int, end: int, covered: float) -> Fixed:
    rain_mm = corrected_mm = round(sum(station.depth_mm(one.tips, until=one.until) for one in inside), 3)
    if station.corrects:
        corrected_mm = round(sum(_fell_mm(station, one) for one in inside), 3)
    flags = {one.flag for one in inside}
    worst = next((flag for flag in _WORST_FIRST if flag in flags), Flag.MISSING)
    tips, least, most = (sum(one[place] for one in inside) for place in (2, 3, 4))
    return Fixed(begin, end, tips, least, most, rain_mm, corrected_mm, covered, worst)


def _covered(ended: Iterable[Ended], *, first: int, number: int, step_ms: int) -> list[int]:
    """Of each window the milliseconds that increments speak for; what two of them speak for counts once."""
    covered = [0] * number
    up_to, last = first, first + number * step_ms
    for one in ended:
        if one.step not in COVERING:
            continue
        begin, end = max(one.since, up_to), min(one.until, last)
        up_to = max(up_to, end)
        while begin < end:
            place = (begin - first) // step_ms
            edge = min(end, first + (place + 1) * step_ms)
            covered[place] += edge - begin
            begin = edge
    return covered
