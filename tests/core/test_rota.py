"""The rota ahead at its edges: shifts that meet, overlap, name nobody, or change at the very instant asked from."""

import pytest

from gauge_ingest.core.people import Shift
from gauge_ingest.core.rota import changes, gaps
from tests.core.roster import roster
from tests.worlds import HOUR, T0

Hours = tuple[float, float, str]


def shifts(*given: Hours) -> tuple[Shift, ...]:
    """Shifts from hour to hour after T0, and who has them."""
    return tuple(
        Shift(T0 + round(since * HOUR), T0 + round(until * HOUR), tuple(who.split())) for since, until, who in given
    )


@pytest.mark.parametrize(
    ("given", "nobody"),
    [
        ((), [(0, 8)]),
        (((0, 8, "liu"),), []),
        (((-2, 3, "liu"), (3, 9, "chen")), []),  # one ends where the next begins
        (((0, 6, "liu"), (1, 2, "chen"), (5, 8, "chen")), []),  # one within another
        (((0, 6, "liu"), (1, 2, "chen")), [(6, 8)]),
        (((0, 2, "ghost"), (2, 4, "liu"), (4, 6, "ghost"), (6, 8, "chen")), [(0, 2), (4, 6)]),  # nobody's name
        (((0, 8, "ghost liu"),), []),  # one of two is somebody's
        (((1, 2, "liu"), (3, 4, "liu")), [(0, 1), (2, 3), (4, 8)]),
    ],
)
def test_nobody_is_on_duty_where_no_shift_names_anybody(
    given: tuple[Hours, ...], nobody: list[tuple[float, float]]
) -> None:
    rota = roster(shifts=shifts(*given))

    found = gaps(rota, T0, T0 + 8 * HOUR)

    assert [((since - T0) / HOUR, (until - T0) / HOUR) for since, until in found] == nobody


def test_a_change_at_the_first_instant_is_one_and_at_the_last_one_is_none() -> None:
    rota = roster(shifts=shifts((-1, 0, "liu"), (0, 2, "chen"), (2, 3, "chen"), (3, 8, "liu"), (8, 9, "chen")))

    found = changes(rota, T0, T0 + 8 * HOUR)

    assert [((at - T0) / HOUR, [person.id for person in people]) for at, people in found] == [
        (0, ["chen"]),
        (3, ["liu"]),
    ]
