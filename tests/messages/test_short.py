"""What the short form leaves out, in which order; and how it says that there are more messages."""

from collections.abc import Mapping
from typing import Any

import pytest

from gauge_ingest.messages import LANGUAGES, SHORT_MAX
from gauge_ingest.messages.short import COUNT_MAX, SINGLE_MAX, fitted, more
from gauge_ingest.messages.words import units

NAMES: dict[str, Any] = {
    "said": "S" * 20,
    "now_level": "N" * 10,
    "who": "W" * 10,
    "incomplete": True,
    "place": "P" * 10,
    "brief": "todo",
    "asks": True,
    "finding": "F" * 10,
    "standing": "X" * 10,
    "level": "L" * 10,
    "threshold_mm": "30",
    "late": True,
    "unconfirmed": True,
    "at_least": True,
    "nobody_on_duty": True,
    "rain_mm": "31.5",
}


def say(names: Mapping[str, Any]) -> str:
    marks = {"incomplete": "I", "asks": "A", "late": "T", "unconfirmed": "U", "at_least": "+", "nobody_on_duty": "D"}
    return "".join(marks[name] if value is True else "" if value is False else value for name, value in names.items())


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (96, f"{'S' * 20}NNNNNNNNNNWWWWWWWWWWIPPPPPPPPPPtodoAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (88, f"{'S' * 11}…NNNNNNNNNNWWWWWWWWWWIPPPPPPPPPPtodoAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (82, f"{'S' * 11}…NNN…WWWWWWWWWWIPPPPPPPPPPtodoAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (75, f"{'S' * 11}…NNN…WW…IPPPPPPPPPPtodoAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (70, f"{'S' * 11}…NNN…WW…PPPPP…todoAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (69, f"{'S' * 11}…NNN…WW…PPPPP…todoAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (65, f"{'S' * 11}…NNN…WW…PPPPP…AFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (64, f"{'S' * 11}…NNN…WW…PPPPP…FFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (52, "NNN…WW…PPPPP…FFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (49, "NNN…WW…PP…FFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (47, "NNN…WW…PP…FFFFFFFFFFXXXXXXX…LLLLLLLLLL30TU+31.5"),
        (41, "NNN…WW…PP…FFF…XXXXXXX…LLLLLLLLLL30TU+31.5"),
        (35, "NNN…WW…PP…FFF…XXXXXXX…LLL…30TU+31.5"),
        (33, "NNN…WW…PP…FFF…XXXXXXX…LLL…TU+31.5"),
        (32, "NNN…WW…PP…FFF…XXXXXXX…LLL…U+31.5"),
        (31, "NNN…WW…PP…FFF…XXXXXXX…LLL…+31.5"),
        (30, "NNN…WW…PP…FFF…XXXXXXX…LLL…31.5"),
        (5, "NNN…WW…PP…FFF…XXXXXXX…LLL…31.5"),
    ],
)
def test_what_weighs_least_is_left_out_first_and_a_number_never_becomes_shorter(room: int, line: str) -> None:
    assert fitted(say, NAMES, room) == line


def test_what_fits_stays_as_it_is_and_blanks_do_not_count() -> None:
    assert fitted(lambda names: f" {say(names)} \n ", NAMES, len(say(NAMES))) == say(NAMES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_many_more_there_are_has_its_room_beside_a_whole_message(language: str) -> None:
    assert "3" in more(3, language)
    assert more(1_000, language) == more(COUNT_MAX, language)
    assert SINGLE_MAX + units(more(1_000, language)) <= SHORT_MAX
