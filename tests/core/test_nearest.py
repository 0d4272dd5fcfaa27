"""A mistyped name leads to the one that was meant, and never to one of several that might have been."""

import pytest

from gauge_ingest.core.nearest import LISTED_MAX, near, nearest

STATIONS = ("HTB01", "HTB02", "HTB03", "HTB04", "HTB05")


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("HTB1", STATIONS, "HTB01"),
        ("HTB9", STATIONS, ""),
        ("HTB06", STATIONS, ""),
        ("HTB9", ["HTB01"], "HTB01"),
        ("soth", ["south", "north"], "south"),
        ("x", ["HTB01"], ""),
        ("HTB01", [], ""),
    ],
)
def test_a_name_is_guessed_where_one_is_nearer_than_all_others(name: str, known: list[str], meant: str) -> None:
    assert near(name, known) == meant


def test_the_bound_of_nearness_can_be_raised() -> None:
    assert near("HTB9", ["HTB01"], least=0.66) == "HTB01"
    assert near("HTB9", ["HTB01"], least=0.67) == ""


def test_without_a_guess_the_names_are_listed_and_the_others_counted() -> None:
    assert nearest("soth", ["south", "north"]) == "did you mean south?"
    assert nearest("HTB9", STATIONS) == "known: HTB01, HTB02, HTB03, HTB04, HTB05"
    assert nearest("x", []) == "there are none"
    assert nearest("soth", ["south", "north", "south"]) == "did you mean south?"
    many = [f"HTB{number:02}" for number in range(LISTED_MAX + 2)]
    assert nearest("?", many) == f"known: {', '.join(many[:LISTED_MAX])} and 2 more"
