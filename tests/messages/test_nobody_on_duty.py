"""What everybody is told where nobody is on duty: that, in the reader's language, and not that nobody has answered."""

from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.app.messages import world_of
from gauge_ingest.core.model import AlertEvent, EventKind
from gauge_ingest.core.people import Person
from gauge_ingest.core.reasons import because
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.messages.samples import SAMPLES, WORLD
from gauge_ingest.messages.writer import Writer
from gauge_ingest.notifiers import Message
from tests.test_config_calendar import PEOPLE, event, loaded

RAISED = SAMPLES["raised"]
TOLD = {"zh": "无人值班，看到的人立即处置", "en": "NOBODY ON DUTY: WHO READS THIS ACTS"}
PAST = "DTSTART:20260101T000000Z\nDURATION:PT1H"
ALONE = replace(WORLD, is_unmanned=lambda level, at: (level, at) == ("immediate", RAISED.event.at))


def message(of: AlertEvent, *before: AlertEvent, language: str, alert: object = RAISED.alert) -> Message:
    writer = Writer(ALONE)
    found = writer.message(of, alert, [*before, of], person=Person("wang", "王建国", language, ()))  # type: ignore[arg-type]  # events as a sample has them
    assert not writer.failures
    return found


@pytest.mark.parametrize("language", TOLD)
def test_the_first_telling_says_that_nobody_is_on_duty_and_that_everybody_is_told(language: str) -> None:
    first = replace(RAISED.event, kind=EventKind.RAISED)
    held = replace(first, id=1, at=first.at - 60_000)
    reminded = replace(first, kind=EventKind.REMINDED)

    for told in (message(first, language=language), message(reminded, held, language=language)):
        assert TOLD[language] in told.subject
        assert {"zh": "通知原因：当时无人值班", "en": "Why you are told: nobody is on duty"}[language] in told.text
    assert TOLD[language] not in message(replace(first, at=first.at + 1), language=language).subject
    assert TOLD[language] not in message(replace(first, kind=EventKind.EASED), held, language=language).subject


def test_the_rota_of_the_configuration_is_asked(tmp_path: Path) -> None:
    chain = '[chains.default]\nsteps = [{ after = "0m", tell = ["duty"] }]\n'
    shift = '[[duty.shifts]]\nsince = 2026-07-15T18:05:00+08:00\nuntil = 2026-07-16T08:00:00+08:00\npeople = ["liu"]\n'
    at = parse_instant("2026-07-15T18:05:00+08:00")
    alone = loaded(tmp_path, event("SUMMARY:liu", times=PAST), people=PEOPLE + shift + chain)
    no_chain = loaded(tmp_path, event("SUMMARY:liu", times=PAST))

    assert world_of(alone).is_unmanned("prepare", at)
    assert not world_of(alone).is_unmanned("prepare", at + 1)
    assert not world_of(no_chain).is_unmanned("prepare", at)


@pytest.mark.parametrize("language", TOLD)
def test_step_0_says_the_same_and_not_that_nobody_has_acknowledged(language: str) -> None:
    cause = because("nobody_everybody")
    first = replace(RAISED.event, id=1)
    step = replace(first, id=2, kind=EventKind.ESCALATED, at=first.at + 6_000, reason=cause.text, cause=cause)

    told = message(step, first, language=language)

    assert TOLD[language] in told.subject
    assert not any(words in told.text + told.short for words in ("无人确认", "NOT ACK", "NO ACK"))


def test_every_escalation_says_why_in_the_language_of_the_reader_for_findings_too() -> None:
    cause = because("nobody_waited_one_too", waited_min=5.0, people=["陈主任"])
    first = replace(RAISED.event, id=1)
    step = replace(first, id=2, kind=EventKind.ESCALATED, step=1, reason=cause.text, cause=cause)
    fault = SAMPLES["system"]
    of_fault = replace(fault.event, id=99, kind=EventKind.ESCALATED, step=1, reason=cause.text, cause=cause)

    assert "通知原因：当时无人值班，5分钟无人确认，已加报陈主任" in message(step, first, language="zh").text
    in_english = "Why you are told: nobody was on duty, nobody acknowledged within 5 min: 陈主任 is told too"
    assert in_english in message(step, first, language="en").text
    assert in_english in message(of_fault, fault.event, language="en", alert=fault.alert).text
    assert "通知原因：当时无人值班" in message(of_fault, fault.event, language="zh", alert=fault.alert).text
