"""Every sample says, word for word, what its file says, in both languages and both forms.

Goal: no word that reaches a person changes by accident. Method: files that only a command of its own writes.
"""

import re

import pytest

from gauge_ingest.messages import LANGUAGES, SHORT_MAX
from gauge_ingest.messages.samples import NAMES, SAMPLES
from gauge_ingest.messages.words import units
from tests.messages.goldens import FOLDER, golden, path_of, sample


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_says_what_its_file_says(name: str, language: str) -> None:
    message = sample(name, language)

    assert golden(message) == path_of(name, language).read_text(encoding="utf-8")
    assert units(message.short) <= SHORT_MAX


def test_every_file_belongs_to_a_sample() -> None:
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.txt")}

    assert files == {f"{language}/{name}.txt" for language in LANGUAGES for name in NAMES}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SAMPLES)
def test_the_first_line_alone_names_the_place_and_how_grave_it_is(name: str, language: str) -> None:
    facts, message = SAMPLES[name].facts(language), sample(name, language)
    first = message.text.split("\n")[0]

    assert first == message.subject
    assert facts.finding in first if facts.service else f"{facts.place}" in first and facts.level in first


def test_a_drill_says_so_in_every_line_that_can_be_read_alone() -> None:
    for language in LANGUAGES:
        message = sample("drill", language)

        assert message.drill
        assert all(re.match(r"[\[【]演习 DRILL[\]】]", line) for line in [message.subject, *message.text.split("\n")])
        assert message.short.startswith("演习DRILL")


def test_no_message_carries_a_traceback() -> None:
    for language in LANGUAGES:
        message = sample("system_broken", language)

        assert "Traceback" not in message.text
        assert "KeyError" not in message.text


def test_what_is_over_is_no_promise_and_what_is_unknown_no_all_clear() -> None:
    assert "洪峰可能晚到" in sample("cleared", "zh").text
    assert "Not promised" in sample("cleared", "en").text
    assert "不等于解除" in sample("lapsed", "zh").subject
    assert "NO all-clear" in sample("lapsed", "en").subject
    assert "非解除" in sample("lapsed", "zh").short
    assert "NOT CLEAR" in sample("lapsed", "en").short


def test_a_warning_that_goes_on_under_another_number_is_not_called_withdrawn() -> None:
    assert "撤销" not in sample("merged", "zh").text
    assert "WITHDRAWN" not in sample("merged", "en").text
