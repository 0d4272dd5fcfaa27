"""Rain in whole tips, in proportion: sums are exact, and no stretch of readings holds a tip more than its share."""

from fractions import Fraction
from itertools import accumulate, combinations

from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.core.shares import among_buckets, exact, shares

WEIGHTS = st.lists(st.one_of(st.just(0), st.integers(1, 3), st.integers(0, 10_000)), min_size=1, max_size=40)


@given(st.integers(0, 3_000), WEIGHTS)
def test_no_stretch_of_readings_is_a_tip_off_its_share_and_the_sum_is_exact(tips: int, weights: list[int]) -> None:
    found, whole = shares(tips, weights), sum(weights)

    assert sum(found) == (tips if whole else 0)
    assert all(share == 0 for share, weight in zip(found, weights, strict=True) if weight == 0)
    given_so_far, counted_so_far = list(accumulate(found, initial=0)), list(accumulate(weights, initial=0))
    for begin, end in combinations(range(len(weights) + 1), 2):
        off = (given_so_far[end] - given_so_far[begin]) * whole - tips * (counted_so_far[end] - counted_so_far[begin])
        assert abs(off) < max(whole, 1)


def test_half_of_an_even_rain_is_even_rain() -> None:
    found = shares(30, [1] * 60)

    assert [sum(found[hour : hour + 12]) for hour in range(0, 60, 12)] == [6] * 5


def test_a_reading_that_comes_late_moves_no_rain_outside_its_own_increment() -> None:
    assert shares(7, [3, 5, 4, 6]) == [1, 2, 2, 2]
    assert shares(7, [3, 2, 3, 4, 6]) == [1, 1, 1, 2, 2]


BUCKETS = st.dictionaries(st.sampled_from([0.1, 0.2, 0.254, 0.5, 1.0]), st.integers(0, 10_000), min_size=1, max_size=4)


@given(st.sampled_from([0.1, 0.2, 0.254, 0.5, 1.0]), st.integers(0, 400), BUCKETS)
def test_a_depth_among_buckets_is_whole_to_half_a_tip_of_the_finest_and_in_proportion_to_a_tip(
    said_with_mm: float, said_tips: int, counted: dict[float, int]
) -> None:
    rain_mm = round(said_tips * said_with_mm, 3)
    weights = {depth_mm: Fraction(weight) for depth_mm, weight in counted.items()}
    weighty = sorted((depth_mm for depth_mm, weight in counted.items() if weight), reverse=True)

    found = among_buckets(rain_mm, weights)

    assert {depth_mm for depth_mm, tips in found.items() if tips} <= set(weighty)
    assert min(found.values()) >= 0
    if weighty:
        given_mm = sum(tips * exact(depth_mm) for depth_mm, tips in found.items())
        assert abs(given_mm - exact(rain_mm)) <= exact(weighty[-1]) / 2
    for before_mm, depth_mm in zip([0.0, *weighty], weighty, strict=False):
        share_mm = exact(rain_mm) * weights[depth_mm] / sum(weights.values())
        assert abs(found[depth_mm] * exact(depth_mm) - share_mm) <= exact(depth_mm) + exact(before_mm)


@given(st.integers(0, 400), st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_depth_said_in_half_millimetres_is_there_exactly_where_a_part_is_in_fifths(
    said_tips: int, coarse: int, fine: int
) -> None:
    found = among_buckets(said_tips / 2, {0.5: Fraction(coarse), 0.2: Fraction(fine)})

    assert exact(said_tips / 2) - found[0.5] * exact(0.5) - found[0.2] * exact(0.2) in (0, exact(0.1), -exact(0.1))
    if said_tips * fine >= coarse + fine:  # the finer part has half a millimetre to give or take
        assert found[0.5] * 5 + found[0.2] * 2 == said_tips * 5
