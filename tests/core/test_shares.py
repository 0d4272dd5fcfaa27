"""Rain in whole tips, in proportion: sums are exact, and no stretch of readings holds a tip more than its share."""

from itertools import accumulate, combinations

from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.core.shares import shares

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
