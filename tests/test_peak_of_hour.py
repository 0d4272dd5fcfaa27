"""The wettest hour of a day's report: counted by the minute at which rain ended, never from a sum without a course."""

import pytest

from gauge_ingest.core.fixed import Ended
from gauge_ingest.core.model import Flag, Step
from gauge_ingest.reports.day import peak_of_hour
from tests.worlds import MINUTE, T0, station

CASES = [
    ("nothing was read", [], None),
    ("it was dry", [(0, 5, 0)], (0.0, 5)),
    ("one shower", [(0, 5, 3), (5, 10, 4), (10, 15, 0)], (3.5, 10)),
    ("rain an hour apart is of two hours", [(0, 5, 3), (60, 65, 4)], (2.0, 65)),
    ("just within an hour it is of one", [(0, 5, 3), (59, 64, 4)], (3.5, 64)),
    ("of two alike the first is told", [(0, 5, 3), (300, 305, 3)], (1.5, 5)),
    ("an hour that ends in the day may begin before it", [(-30, -25, 3), (10, 15, 4)], (3.5, 15)),
    ("one that ended before it is not of it", [(-30, -25, 9), (100, 105, 4)], (2.0, 105)),
    ("a sum over hours has no course", [(0, 90, 40), (90, 95, 4)], (2.0, 95)),
]


@pytest.mark.parametrize(("case", "rain", "peak"), CASES, ids=[case[0] for case in CASES])
def test_the_wettest_hour(case: str, rain: list[tuple[int, int, int]], peak: tuple[float, int] | None) -> None:
    ended = [
        Ended(T0 + since * MINUTE, T0 + until * MINUTE, tips, tips, tips, Step.STEADY, Flag.GOOD)
        for since, until, tips in rain
    ]

    found = peak_of_hour(station(), ended, after=T0)

    assert found == (None if peak is None else (peak[0], T0 + peak[1] * MINUTE)), case
