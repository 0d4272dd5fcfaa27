"""The history of the page behind the link: step 0 is that nobody was on duty, not that nobody has acknowledged."""

from dataclasses import replace

import pytest

from gauge_ingest.core.model import EventKind
from gauge_ingest.core.reasons import because
from gauge_ingest.desk.page import _told
from gauge_ingest.desk.words import EN, ZH, Words
from gauge_ingest.messages.samples import SAMPLES
from tests.commands.place import Place
from tests.desk.serving import known_of


@pytest.mark.parametrize("words", [ZH, EN])
def test_step_0_says_that_nobody_is_on_duty(place: Place, words: Words) -> None:
    cause = because("nobody_everybody")
    step = replace(SAMPLES["raised"].event, kind=EventKind.ESCALATED, reason=cause.text, cause=cause)

    assert _told(words, known_of(place), step, ())["what"] == words["nobody_on_duty"]
    assert _told(words, known_of(place), replace(step, cause=None), ())["what"] == words["escalated"]
