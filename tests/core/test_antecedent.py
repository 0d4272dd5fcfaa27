"""Days of antecedent rain at their edges: the first millisecond of a day, and a day of which nobody told."""

import pytest

from gauge_ingest.core.antecedent import Days
from gauge_ingest.core.model import DAY_MS, Wetness
from tests.worlds import T0

EIGHT = (T0 // DAY_MS + 1) * DAY_MS  # 08:00 in Beijing of 16 July


@pytest.mark.parametrize(
    ("until", "index_um"),
    [
        (EIGHT - DAY_MS, None),  # 08:00 itself still ends the day before
        (EIGHT - DAY_MS + 1, 5_000),
        (EIGHT, 5_000),
        (EIGHT + 1, None),
    ],
)
def test_an_increment_counts_in_the_day_in_which_it_ends(until: int, index_um: int | None) -> None:
    days = Days()
    days.add(until, 10_000, DAY_MS)

    assert days.index_um(Wetness(0.5, None, 1, 0.8, ()), EIGHT + DAY_MS) == index_um


@pytest.mark.parametrize(("covered_ms", "index_um"), [(DAY_MS, 4_000), (DAY_MS - 1, None)])
def test_a_day_of_which_nobody_told_is_covered_not_for_a_moment(covered_ms: int, index_um: int | None) -> None:
    days = Days()
    days.add(EIGHT, 8_000, covered_ms)

    assert days.index_um(Wetness(0.5, None, 2, 0.5, ()), EIGHT + DAY_MS) == index_um
