"""The most that a station counted within a length of time, and what of it is sure.

Looked at are the windows (t - D, t] that end where an increment with rain ends. What an increment holds came somewhere
in its span, so a window counts those that end in it and are no longer than the window: of a longer one, a sum without
a course, no more than what surely fell inside. Of windows that counted alike the earliest is told.

The bounds are of that very window, as the rules judge it (`core.ledger`): of the increment across its beginning, what
is more than the highest possible rain of the part before surely fell inside. Where both bounds are what was counted,
the depth of the window is exact to the tip; the hour at which the bucket turned is known to the increment alone.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from gauge_ingest.core.fixed import Ended, fell_mm
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Increment, Station, Step

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
# From the peak of a storm to what fills a river.
DURATIONS_S = (
    *(minutes * MINUTE_S for minutes in (5, 10, 15, 30)),
    *(hours * HOUR_S for hours in (1, 3, 6, 12, 24)),
    3 * DAY_S,
)


class Maximum(NamedTuple):
    """The most that was counted in a window (since, until] of so many seconds, in tips and mm, with its bounds.

    `tips_min` and `rain_mm_min` surely fell in the window, `tips_max` and `rain_mm_max` may have fallen in it.
    """

    duration_s: int
    since: int
    until: int
    tips: int
    tips_min: int
    tips_max: int
    rain_mm: float
    rain_mm_min: float
    rain_mm_max: float
    corrected_mm: float

    @property
    def mm_per_h(self) -> float:
        """The mean intensity over the window."""
        return round(self.rain_mm * HOUR_S / self.duration_s, 3)


def maxima(
    station: Station, wet: Sequence[Ended], durations_s: Iterable[int] = DURATIONS_S, *, after: int = 0
) -> list[Maximum]:
    """For each duration the largest window that ends later than `after`; none where nothing was counted.

    `wet`: increments in order that may hold rain, from the longest duration before `after` on.
    """
    # What nobody has confirmed yet lies behind everything that counts: in no window.
    counted = [one for one in wet if one.step is not Step.UNCONFIRMED]
    bucket_um = [round(station.deployment_at(one.until).bucket_depth_mm * 1000) for one in counted]
    ledger = Ledger(station)
    for one in counted:
        ledger.append(Increment(*one[:6], one.flag, anchor=False))
    found = (_largest(station, counted, bucket_um, ledger, duration_s, after) for duration_s in durations_s)
    return [one for one in found if one is not None]


def _largest(
    station: Station, wet: Sequence[Ended], bucket_um: Sequence[int], ledger: Ledger, duration_s: int, after: int
) -> Maximum | None:
    """The largest window of one duration, and where it stands: by what was counted, in micrometres."""
    length_ms = duration_s * 1_000
    fell_um = list(accumulate((one.tips * um for one, um in zip(wet, bucket_um, strict=True)), initial=0))
    first, best_um, best = 0, 0, None
    for place, one in enumerate(wet):
        begin = one.until - length_ms
        while wet[first].until <= begin:
            first += 1
        if one.until <= after:
            continue
        counted_um = fell_um[place + 1] - fell_um[first]
        if one.until - one.since > length_ms or wet[first].until - wet[first].since > length_ms:
            counted_um = _without_long_um(wet, fell_um, ledger, first, place, begin)
        if counted_um > best_um:
            best_um, best = counted_um, (first, place)
    return None if best is None else _told(station, wet, bucket_um, ledger, best, length_ms)


def _without_long_um(
    wet: Sequence[Ended], fell_um: Sequence[int], ledger: Ledger, first: int, place: int, begin: int
) -> int:
    """What a window counts when the increment across its beginning is longer than the window."""
    rest_um = fell_um[place + 1] - fell_um[first + 1]
    alone = ledger.window(since=begin, until=wet[first].until)
    return rest_um + int(alone.rain_um_min)


def _told(
    station: Station,
    wet: Sequence[Ended],
    bucket_um: Sequence[int],
    ledger: Ledger,
    best: tuple[int, int],
    length_ms: int,
) -> Maximum:
    first, last = best
    until, since = wet[last].until, wet[last].until - length_ms
    window = ledger.window(since=since, until=until)
    inside = wet[first : last + 1]
    surely_um = sum(one.tips_min * um for one, um in zip(inside, bucket_um[first : last + 1], strict=True))
    # What may lie before the window is of the first increment, so of its bucket.
    outside_tips = (surely_um - int(window.rain_um_min)) // bucket_um[first]
    least = sum(one.tips_min for one in inside) - outside_tips
    is_long = wet[first].until - wet[first].since > length_ms
    parts = [*inside]
    if is_long:  # its sum has no course, and so no intensity to be corrected by
        tips = wet[first].tips_min - outside_tips
        parts[0] = wet[first]._replace(tips=tips, step=Step.CORRECTED)
    return Maximum(
        duration_s=length_ms // 1_000,
        since=since,
        until=until,
        tips=sum(one.tips for one in parts),
        tips_min=least,
        tips_max=sum(one.tips_max for one in inside),
        rain_mm=round(sum(station.depth_mm(one.tips, until=one.until) for one in parts), 3),
        rain_mm_min=round(window.rain_um_min / 1000, 3),
        rain_mm_max=round(window.rain_um_max / 1000, 3),
        corrected_mm=round(sum(fell_mm(station, one) for one in parts), 3),
    )
