"""The rain of fixed windows: what every history, hourly row, daily row and export is made with, so that all agree."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from gauge_ingest.core.ledger import COVERING
from gauge_ingest.core.model import DAY_MS, HOUR_MS, SECOND_MS, Flag, Station, Step
from gauge_ingest.core.spans import instant_ms

# Windows end on the clock. A day from 08:00 to 08:00 at +08:00 ends at midnight UTC: all steps are multiples of
# themselves since 1970.
STEPS_MS = {"5m": 300 * SECOND_MS, "1h": HOUR_MS, "1d": DAY_MS}

_WORST_FIRST = (Flag.FAIL, Flag.SUSPECT, Flag.NOT_EVALUATED, Flag.GOOD)
_NO_RAIN = frozenset({Step.VOID, Step.OWED})
# For every increment of a year: to look a member up is slow (Python 3.11), an index is not.
_STEPS, _FLAGS = tuple(Step(number) for number in range(len(Step))), {int(flag): flag for flag in Flag}
_COVERS, _SAYS_NOTHING = [step in COVERING for step in _STEPS], [step in _NO_RAIN for step in _STEPS]


StoredIncrement = tuple[int, int, int, int, int, int, int]
"""since, until, tips, tips_min, tips_max, step, flag."""


class Ended(NamedTuple):
    """An increment that counts, over (since, until]."""

    since: int
    until: int
    tips: int
    tips_min: int
    tips_max: int
    step: Step
    flag: Flag


class Outline(NamedTuple):
    """What gives the same sums, coverage and flags of whole hours as all increments of a span do.

    `ended`: increments in order, with what several dry ones cover drawn together, its flag MISSING; what ends behind
    the span and began before comes with it. `dry_at`: instants in order, one for each hour in which good dry ones end.
    """

    ended: list["Ended"]
    dry_at: list[int]


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


def ended_of(stored: Iterable[StoredIncrement]) -> list[Ended]:
    """The increments that count of (since, until, tips, tips_min, tips_max, step, flag): not void and not owed."""
    return [
        Ended(since, until, tips, least, most, _STEPS[step], _FLAGS[flag])
        for since, until, tips, least, most, step, flag in stored
        if not _SAYS_NOTHING[step]
    ]


def windows(
    station: Station, ended: Sequence[Ended], *, first: int, number: int, step_ms: int, across: Sequence[Ended] = ()
) -> list[Fixed]:
    """So many windows of a step from `first` on, of increments in order of time.

    An increment counts in the window where it ends; its span counts as covered wherever it lies. `across`: the
    increment that ends behind the last window, if there is one: it may have begun before.
    """
    edges = range(first, first + number * step_ms + 1, step_ms)
    return windows_between(station, ended, edges, across=across)


def windows_between(
    station: Station,
    ended: Sequence[Ended],
    edges: Sequence[int],
    *,
    across: Sequence[Ended] = (),
    dry_at: Sequence[int] = (),
) -> list[Fixed]:
    """The windows between instants in order, one next to the other; otherwise as `windows`.

    `dry_at`: instants in order at which good dry increments end that `ended` leaves out, one for a window will do.
    """
    edges = [*edges]
    covered = _covered([*ended, *across], edges)
    ends = [one.until for one in ended]
    found: list[Fixed] = []
    place, dry, number, dry_number = (
        bisect_right(ends, edges[0]),
        bisect_right(dry_at, edges[0]),
        len(ends),
        len(dry_at),
    )
    for (begin, end), covered_ms in zip(pairwise(edges), covered, strict=True):
        start, flag = place, Flag.MISSING
        while place < number and ends[place] <= end:
            place += 1
        while dry < dry_number and dry_at[dry] <= end:
            dry, flag = dry + 1, Flag.GOOD
        share = 1.0 if covered_ms == end - begin else round(covered_ms / (end - begin), 4)
        if start == place:
            found.append(tuple.__new__(Fixed, (begin, end, 0, 0, 0, 0.0, 0.0, share, flag)))  # a year has many
        else:
            found.append(_window(station, ended[start:place], begin, end, share, flag))
    return found


def told_of(stored: Iterable[StoredIncrement], *, first: int, number: int, step_ms: int) -> int:
    """Which of so many windows of a step from `first` on anything is told of: a bit for each, the first is the lowest.

    Of each increment, void ones too: the window in which it ends, and those in which it begins or that it spans.
    """
    last, told = first + number * step_ms, 0
    for since, until, *_ in stored:
        begin, end = max(min(since, until - 1), first), min(until, last)
        if begin < end:
            told |= (2 << (end - 1 - first) // step_ms) - (1 << (begin - first) // step_ms)
    return told


def month_edges(*, since: int, until: int) -> list[int]:
    """Where the months begin that together hold (since, until], and where the last one ends.

    A month of hydrologists begins at 08:00 of its first day at +08:00, which is midnight UTC.
    """
    first = datetime.fromtimestamp(since / 1000, UTC)
    year, month = first.year, first.month
    edges = [instant_ms(datetime(year, month, 1, tzinfo=UTC))]
    while edges[-1] < until:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        edges.append(instant_ms(datetime(year, month, 1, tzinfo=UTC)))
    return edges


def coverage(one: Ended) -> float:
    """How much of an increment's span reports speak for: all of it, or nothing."""
    return 1.0 if one.step in COVERING else 0.0


def depths_mm(station: Station, one: Ended | Fixed) -> tuple[float, float]:
    """The rain of an increment or a window as it was counted, and as it fell by the station's calibration."""
    if isinstance(one, Fixed):
        return one.rain_mm, one.corrected_mm
    counted_mm = station.depth_mm(one.tips, until=one.until)
    return counted_mm, fell_mm(station, one)


def fell_mm(station: Station, one: Ended) -> float:
    """What a person or an old record said that fell has fallen; else what fell by the station's calibration."""
    if one.step in (Step.CORRECTED, Step.IMPORTED):
        return station.depth_mm(one.tips, until=one.until)
    return station.corrected_mm(one.tips, since=one.since, until=one.until)


def _window(station: Station, inside: Sequence[Ended], begin: int, end: int, covered: float, flag: Flag) -> Fixed:
    rain_mm = corrected_mm = 0.0
    tips = least = most = 0
    if any(one.tips_max or one.tips for one in inside):
        rain_mm = corrected_mm = round(sum(station.depth_mm(one.tips, until=one.until) for one in inside), 3)
        if station.corrects:
            corrected_mm = round(sum(fell_mm(station, one) for one in inside), 3)
        tips, least, most = (sum(one[place] for one in inside) for place in (2, 3, 4))
    flags = {flag, *(one.flag for one in inside)}
    worst = next((flag for flag in _WORST_FIRST if flag in flags), Flag.MISSING)
    return Fixed(begin, end, tips, least, most, rain_mm, corrected_mm, covered, worst)


def _covered(ended: Iterable[Ended], edges: Sequence[int]) -> list[int]:
    """Of each window the milliseconds that increments speak for; what two of them speak for counts once."""
    whole = [end - begin for begin, end in pairwise(edges)]
    covered = [0] * len(whole)
    up_to, last, place = edges[0], edges[-1], 0
    for since, until, _, _, _, step, _ in ended:
        if not _COVERS[step] or until <= up_to:
            continue
        begin, end = max(since, up_to), min(until, last)
        up_to = max(up_to, end)
        while begin < end:
            while edges[place + 1] <= begin:
                place += 1
            if begin == edges[place] and end >= edges[place + 1]:  # windows that are covered from edge to edge
                behind = bisect_right(edges, end) - 1
                covered[place:behind] = whole[place:behind]
                place, begin = behind, edges[behind]
                continue
            edge = min(end, edges[place + 1])
            covered[place] += edge - begin
            begin = edge
    return covered
