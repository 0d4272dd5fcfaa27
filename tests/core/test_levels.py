"""What a level means: its name, how grave it is, and whether people move."""

import pytest

from gauge_ingest.core.levels import LEVEL_SETS, Level, level_of


@pytest.mark.parametrize(
    ("name", "english", "grade", "moves"),
    [
        ("prepare", "PREPARE TO MOVE", 3, True),
        ("immediate", "MOVE AT ONCE", 4, True),
        ("blue", "BLUE", 1, False),
        ("yellow", "YELLOW", 2, False),
        ("orange", "ORANGE", 3, True),
        ("red", "RED", 4, True),
        ("notice", "NOTICE", 1, False),
        ("warning", "WARNING", 2, False),
    ],
)
def test_nothing_that_moves_people_is_taken_for_less(name: str, english: str, grade: int, *, moves: bool) -> None:
    level = level_of(name, ("a", name))

    assert (level.id, level.en, level.grade, level.evacuates) == (name, english, grade, moves)


def test_the_sets_that_are_known_by_name_go_from_the_lowest_level_up() -> None:
    assert dict(LEVEL_SETS) == {"transfer": ("prepare", "immediate"), "colour": ("blue", "yellow", "orange", "red")}


@pytest.mark.parametrize(
    ("levels", "is_highest"), [(("look", "run"), True), (("run", "hide"), False), (("run",), True), ((), True)]
)
def test_of_names_of_ones_own_the_highest_moves_people_and_so_does_one_of_which_nothing_is_known(
    levels: tuple[str, ...], *, is_highest: bool
) -> None:
    highest = Level("run", "run", "RUN", 4, True, "Extreme", "Immediate", "Evacuate")
    other = Level("run", "run", "RUN", 2, False, "Moderate", "Expected", "Prepare")

    assert level_of("run", levels) == (highest if is_highest else other)
