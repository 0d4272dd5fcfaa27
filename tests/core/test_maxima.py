"""The largest rain of lengths of time: against brute force over every window, and what is exact."""

from math import ceil

import pytest
from hypothesis import example, given, settings

from gauge_ingest.core.fixed import Ended
from gauge_ingest.core.maxima import DURATIONS_S, Maximum, maxima
from gauge_ingest.core.model import Flag, Step
from tests.core.increments import STATION, bucket_mm, records
from tests.worlds import HOUR, MINUTE, T0

GAP = Ended(T0, T0 + 10 * HOUR, 20, 20, 20, Step.GAP, Flag.NOT_EVALUATED)

STEADY = Ended(T0, T0 + 5 * MINUTE, 3, 3, 3, Step.STEADY, Flag.GOOD)


def surely(one: Ended, begin: int) -> int:
    """Tips of an increment that cannot all have fallen before an instant, at 8 mm a minute."""
    before_ms = max(0, begin - one.since)
    return one.tips_min - min(one.tips_min, ceil(before_ms * (8.0 / 60) / round(bucket_mm(one.until) * 1000)))


def slowly(record: list[Ended], duration_s: int, after: int) -> Maximum | None:
    """Every window that ends with rain, one by one; the first of the largest."""
    best: Maximum | None = None
    for last in record:
        begin, end = last.until - duration_s * 1000, last.until
        if last.step is Step.UNCONFIRMED or last.until <= after or not last.tips_max:
            continue
        tips, least, most, um, least_um, most_um = 0, 0, 0, 0, 0, 0
        for one in record:
            unit_um = round(bucket_mm(one.until) * 1000)
            if not begin < one.until <= end:
                continue
            told = one.tips if one.until - one.since <= duration_s * 1000 else surely(one, begin)
            tips, um = tips + told, um + told * unit_um
            least, least_um = least + surely(one, begin), least_um + surely(one, begin) * unit_um
            most, most_um = most + one.tips_max, most_um + one.tips_max * unit_um
        if um > (0 if best is None else round(best.rain_mm * 1000)):
            depths = (um / 1000, least_um / 1000, most_um / 1000, um / 1000)
            best = Maximum(duration_s, begin, end, tips, least, most, *depths)
    return best


@settings(deadline=None)
@given(records())
@example([STEADY, STEADY._replace(until=T0 + 205 * MINUTE, tips=0, tips_min=0, tips_max=9, step=Step.UNCONFIRMED)])
@example([GAP])
@example([GAP._replace(tips=2_000, tips_min=2_000, tips_max=2_000), GAP._replace(since=GAP.until, until=GAP.until + 9)])
def test_every_maximum_is_the_one_of_brute_force(record: list[Ended]) -> None:
    for after in (0, T0 + 200 * MINUTE):
        found = maxima(STATION, [one for one in record if one.tips_max], after=after)

        assert found == [one for duration_s in DURATIONS_S if (one := slowly(record, duration_s, after)) is not None]


def test_of_regular_readings_a_maximum_is_exact_and_its_hour_is_that_of_the_tips() -> None:
    tips = [0, 1, 0, 4, 3, 0, 0, 2, 0, 0, 0, 0, 5]
    record = [
        Ended(T0 + n * 5 * MINUTE, T0 + (n + 1) * 5 * MINUTE, count, count, count, Step.STEADY, Flag.GOOD)
        for n, count in enumerate(tips)
    ]

    found = {one.duration_s // 60: one for one in maxima(STATION, record, (300, 600, 3_600))}

    assert {minutes: (one.tips, one.tips_min, one.tips_max) for minutes, one in found.items()} == {
        5: (5, 5, 5),
        10: (7, 7, 7),
        60: (15, 15, 15),
    }
    assert (found[10].since, found[10].until) == (T0 + 15 * MINUTE, T0 + 25 * MINUTE)
    assert found[5].mm_per_h == 30.0


@pytest.mark.parametrize(("duration_s", "tips"), [(300, 0), (6 * 3_600, 0), (12 * 3_600, 20)])
def test_a_sum_without_a_course_makes_no_peak_in_less_than_its_span(duration_s: int, tips: int) -> None:
    found = maxima(STATION, [GAP], (duration_s,))

    assert sum(one.tips for one in found) == tips
