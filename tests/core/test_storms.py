"""Storms by their dry gap: against brute force over every pair of increments."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.fixed import Ended, windows_between
from gauge_ingest.core.maxima import maxima
from gauge_ingest.core.model import Flag, Step
from gauge_ingest.core.storms import apart, span_of, storm_of
from tests.core.increments import STATION, bucket_mm, records
from tests.worlds import HOUR, MINUTE, T0


def slowly(record: list[Ended], dry_gap_s: int) -> list[set[Ended]]:
    """Wet increments that are joined where less than the gap lies between two of them, until nothing joins."""
    found = [{one} for one in record if one.tips]
    joined = True
    while joined:
        joined = False
        for one in found:
            for other in found:
                near = any(b.since - a.until < dry_gap_s * 1000 and b.until > a.until for a in one for b in other)
                if one is not other and near:
                    one |= other
                    found.remove(other)
                    joined = True
                    break
            if joined:
                break
    return found


@settings(deadline=None)
@given(records(), st.sampled_from((60, 300, 3_600, 6 * 3_600, 24 * 3_600)))
def test_storms_are_those_of_brute_force(record: list[Ended], dry_gap_s: int) -> None:
    wet = [one for one in record if one.tips_max]

    found = list(apart(wet, dry_gap_s=dry_gap_s))

    assert [set(storm) for storm in found] == sorted(slowly(record, dry_gap_s), key=lambda storm: min(storm).since)
    for storm in found:
        since, until = span_of(storm)
        inside = [one for one in record if since < one.until <= until]
        (rain,) = windows_between(STATION, inside, (since, until))
        whole = storm_of(STATION, rain, [one for one in wet if since < one.until <= until])
        assert whole.rain.tips == sum(one.tips for one in storm)
        assert whole.duration_s == (until - since) // 1000
        for number, told_mm in ((3, whole.rain_mm_min), (4, whole.rain_mm_max)):
            assert told_mm == round(sum(one[number] * bucket_mm(one.until) for one in inside), 3)
        assert list(whole.peaks) == maxima(STATION, [one for one in inside if one.tips_max], (300, 600, 3_600))


@pytest.mark.parametrize(("dry_min", "storms"), [(359, 1), (360, 2)])
def test_a_dry_time_of_just_the_gap_parts_two_storms(dry_min: int, storms: int) -> None:
    first = Ended(T0, T0 + 5 * MINUTE, 2, 2, 2, Step.STEADY, Flag.GOOD)
    begin = first.until + dry_min * MINUTE
    second = first._replace(since=begin, until=begin + 5 * MINUTE)

    assert len(list(apart([first, second], dry_gap_s=6 * HOUR // 1000))) == storms
