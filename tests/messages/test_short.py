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
    "stay_out": True,
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
    marks = {
        "incomplete": "I",
        "stay_out": "Y",
        "asks": "A",
        "late": "T",
        "unconfirmed": "U",
        "at_least": "+",
        "nobody_on_duty": "D",
    }
    return "".join(marks[name] if value is True else "" if value is False else value for name, value in names.items())


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (97, "SSSSSSSSSSSSSSSSSSSSNNNNNNNNNNWWWWWWWWWWIPPPPPPPPPPtodoYAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (89, "SSSSSSSSSSS…NNNNNNNNNNWWWWWWWWWWIPPPPPPPPPPtodoYAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (82, "SSSSSSSSSSS…NNNNNNNNNNWW…IPPPPPPPPPPtodoYAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (81, "SSSSSSSSSSS…NNNNNNNNNNWW…PPPPPPPPPPtodoYAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (77, "SSSSSSSSSSS…NNNNNNNNNNWW…PPPPP…todoYAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+D31.5"),
        (76, "SSSSSSSSSSS…NNNNNNNNNNWW…PPPPP…todoYAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (72, "SSSSSSSSSSS…NNNNNNNNNNWW…PPPPP…YAFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (71, "SSSSSSSSSSS…NNNNNNNNNNWW…PPPPP…AFFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (70, "SSSSSSSSSSS…NNNNNNNNNNWW…PPPPP…FFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (58, "NNNNNNNNNNWW…PPPPP…FFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (55, "NNNNNNNNNNWW…PP…FFFFFFFFFFXXXXXXXXXXLLLLLLLLLL30TU+31.5"),
        (53, "NNNNNNNNNNWW…PP…FFFFFFFFFFXXXXXXX…LLLLLLLLLL30TU+31.5"),
        (47, "NNNNNNNNNNWW…PP…FFF…XXXXXXX…LLLLLLLLLL30TU+31.5"),
        (41, "NNNNNNNNNNWW…PP…FFF…XXXXXXX…LLL…30TU+31.5"),
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
