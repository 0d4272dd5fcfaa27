"""What the page says of how sure an alert is, and of alerts that are about no rain."""

import html
from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.core.actions import Actions, Words
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, State
from gauge_ingest.core.people import Person
from gauge_ingest.core.reasons import because
from gauge_ingest.core.told import RULE_GONE
from gauge_ingest.desk.known import Known
from gauge_ingest.desk.page import HISTORY_MAX, Seen, alert_page
from gauge_ingest.desk.words import EN, ZH
from gauge_ingest.messages.findings import finding_words
from tests.desk.serving import LI, SECRET, WANG
from tests.worlds import HOUR, MINUTE, T0, rule

SURE = Evidence(
    window_s=3_600, since=T0 - HOUR, until=T0, rain_mm=15.5, rain_mm_max=15.5, threshold_mm=15.0, coverage=1.0
)
ALERT = Alert(7, "flash_flood", "HTB01", "immediate", "immediate", State.RAISED, T0, T0, T0, T0, None, SURE)
RAISED = AlertEvent(1, 7, "flash_flood", "HTB01", EventKind.RAISED, "immediate", T0, T0, T0, False, False, True, SURE)


def page(alert: Alert = ALERT, *events: AlertEvent, person: Person = LI) -> str:
    known = Known(
        journal=Path(),
        outbound=Path(),
        stations={},
        names={"HTB01": "石门"},
        rules={"flash_flood": rule()},
        people={},
        secret=SECRET,
        link_hours=48,
        configured="",
        now=lambda: T0,
        actions=Actions({"immediate": Words("全村上山", "everybody up the hill")}),
    )
    seen = Seen(alert, events or (RAISED,), person, "token", linked=1)
    return alert_page(seen, known, now=T0 + 9 * MINUTE)


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({}, ["No quality check doubts it", "Reports cover all of this time"], ["sure", "Unconfirmed", "doubted"]),
        ({"coverage": 0.999}, ["Reports cover 99% of this time: there may be more rain"], ["all of this time"]),
        (
            {"rain_mm_max": 22.0},
            ["No quality check doubts it", "15.5 mm are sure", "as much as 22.0 mm"],
            ["Unconfirmed"],
        ),
        ({"rain_mm_max": 22.0, "unconfirmed": True}, ["Unconfirmed: perhaps a higher level already"], ["below this"]),
        ({"doubted_mm": 0.5}, ["0.5 mm of it doubted by quality checks"], ["Unconfirmed", "No quality check"]),
        ({"doubted_mm": 4.5, "unconfirmed": True}, ["Unconfirmed: quality checks doubt 4.5 mm"], ["a higher level"]),
        ({"doubted_mm": 0.5, "unconfirmed": True}, ["0.5 mm of it doubted", "a higher level"], ["without these"]),
    ],
)
def test_how_sure_an_alert_is_stands_on_its_page(changes: dict[str, float], said: list[str], unsaid: list[str]) -> None:
    shown = page(replace(ALERT, evidence=replace(SURE, **changes)))  # type: ignore[arg-type]  # any field, by its name

    assert [words for words in said if words not in shown] == []
    assert [words for words in unsaid if words in shown] == []


def test_late_rain_is_marked() -> None:
    late = replace(RAISED, late=True, known_at=T0 + 3 * HOUR)

    assert "Late: known 3 h after it rained" in page(ALERT, late)
    assert "Late" not in page()


def test_an_alert_about_the_service_says_so_with_its_reason() -> None:
    found = replace(
        ALERT,
        rule="session_lost",
        scope="service",
        level="warning",
        peak="warning",
        evidence=None,
        reason="lost & gone",
    )
    event = replace(RAISED, rule="session_lost", level="warning", evidence=None, reason=found.reason)

    shown = page(found, event)

    for words in (
        "WARNING",
        "the service itself: RAIN REPORTS MAY BE LOST",
        "lost &amp; gone",
        EN["no_rain"],
        "yellow",
    ):
        assert words in shown
    assert EN["trusted"] not in shown


@pytest.mark.parametrize("state", [State.CLEARED, State.WITHDRAWN, State.LAPSED])
def test_an_alert_that_has_ended_is_grey_and_has_no_button(state: State) -> None:
    shown = page(replace(ALERT, state=state, ended_at=T0 + HOUR))

    assert ('class="over"' in shown, "<form" in shown, 'class="red"' in shown) == (True, False, False)
    assert EN[f"{state.value}_state"] in shown


def test_every_kind_of_event_has_its_words_in_both_languages() -> None:
    assert ZH.keys() == EN.keys()
    for person, words in ((WANG, ZH), (LI, EN)):
        events = [replace(RAISED, id=number, kind=kind) for number, kind in enumerate(EventKind, start=1)]
        shown = page(ALERT, *events, person=person)
        for kind in EventKind:
            assert words.get(f"said_{kind.value}", words.get(kind.value, "nothing")) in shown, kind


def test_of_a_long_history_the_newest_is_shown() -> None:
    events = [replace(RAISED, id=number, reason=f"reason{number}.") for number in range(1, HISTORY_MAX + 3)]

    shown = page(ALERT, *events)

    assert ("reason2." in shown, "reason3." in shown, f"reason{HISTORY_MAX + 2}." in shown) == (False, True, True)
    assert "2 earlier: gauge-ingest alerts show 7" in shown


@pytest.mark.parametrize(
    ("person", "said"),
    [(WANG, "5分钟无人确认，已加报陈主任"), (LI, "nobody acknowledged within 5 min: 陈主任 is told too")],
)
def test_why_the_next_in_the_chain_are_told_stands_in_the_language_of_the_page(person: Person, said: str) -> None:
    cause = because("waited_one_too", waited_min=5.0, people=["陈主任"])
    step = replace(RAISED, id=2, kind=EventKind.ESCALATED, reason=cause.text, cause=cause)
    withdrawn = replace(ALERT, state=State.WITHDRAWN, reason=RULE_GONE)

    assert said in page(ALERT, RAISED, step, person=person)
    assert (RULE_GONE in page(withdrawn, person=person)) == (person is LI)


def test_what_to_do_stands_on_the_page_while_the_alert_stands() -> None:
    cleared = replace(ALERT, state=State.CLEARED, ended_at=T0 + HOUR)
    found = replace(ALERT, rule="session_lost", scope="service", level="warning", peak="warning", evidence=None)

    assert "<dt>Do</dt><dd>everybody up the hill" in page()
    assert "<dt>处置</dt><dd>全村上山" in page(person=WANG)
    assert "up the hill" not in page(cleared)
    assert finding_words("session_lost").todo.en in html.unescape(page(found, replace(RAISED, evidence=None)))


def test_a_rise_and_a_figure_of_a_basin_are_called_what_they_are() -> None:
    rise = replace(ALERT, evidence=replace(SURE, measure="rise"))
    basin = replace(ALERT, evidence=replace(SURE, stations=(("HTB01", 20.0),)))

    assert "1 小时内 15.5 毫米" in page(person=WANG)
    assert "1 小时内雨量比前1小时增加 15.5 毫米" in page(rise, person=WANG)
    assert "15.5 mm in 1 h (rise over the 1 h before)" in page(rise)
    assert "15.5 mm in 1 h (mean of the basin)" in page(basin)
    assert "15.5 mm in 1 h<" in page()
