"""What a message may say, case by case: rising or falling, how far to be trusted, what went before."""

from dataclasses import replace
from typing import Any

import pytest

from gauge_ingest.core.actions import Actions, Words
from gauge_ingest.core.model import AlertEvent, EventKind, State
from gauge_ingest.core.reasons import because
from gauge_ingest.core.told import MERGED, REVISED, RULE_GONE, TAKEN_BACK
from gauge_ingest.core.withdrawals import STATION_GONE
from gauge_ingest.messages.facts import Facts
from gauge_ingest.messages.findings import FINDINGS
from gauge_ingest.messages.gather import facts_of
from gauge_ingest.messages.reasons import reason_text
from gauge_ingest.messages.samples import SAMPLES, WORLD
from gauge_ingest.messages.words import clock_text, elapsed_text, mm_text, one_line, window_text
from gauge_ingest.pump import accept
from gauge_ingest.pump.findings import Finding

RAISED = SAMPLES["raised"]
MINUTE = 60_000


def step(number: int, kind: EventKind, level: str = "immediate", minutes: int = 0, **more: Any) -> AlertEvent:
    at = RAISED.event.at + minutes * MINUTE
    return replace(RAISED.event, id=number, kind=kind, level=level, at=at, known_at=at, **more)


def facts(*events: AlertEvent, language: str = "en", **alert: Any) -> Facts:
    """The facts of the last of the events."""
    of = replace(RAISED.alert, **alert)
    return facts_of(*(events[-1], of, events, WORLD), language=language, link="", repeated=False, drill=False)


UP = step(1, EventKind.RAISED, "prepare")
HIGHER = step(2, EventKind.STRENGTHENED, minutes=5)
LOWER = step(3, EventKind.EASED, "prepare", minutes=9)
SEEN = step(4, EventKind.ACKNOWLEDGED, minutes=10, who="wang", reason="on my way")


@pytest.mark.parametrize(
    ("events", "trend", "before", "again"),
    [
        ((UP,), "rising", "", False),
        ((UP, HIGHER), "rising", "PREPARE TO MOVE", False),
        ((UP, HIGHER, LOWER), "falling", "MOVE AT ONCE", False),
        ((UP, step(2, EventKind.ESCALATED, minutes=5)), "rising", "", False),
        ((UP, HIGHER, LOWER, step(4, EventKind.REMINDED, "prepare")), "falling", "MOVE AT ONCE", False),
        ((UP, HIGHER, step(3, EventKind.CLEARED, "")), "rising", "MOVE AT ONCE", False),
        ((UP, step(2, EventKind.CLEARED, ""), step(3, EventKind.RAISED)), "rising", "PREPARE TO MOVE", True),
    ],
)
def test_rising_or_falling_is_seen_against_what_was_told_before(
    events: tuple[AlertEvent, ...],
    *,
    trend: str,
    before: str,
    again: bool,
) -> None:
    found = facts(*events)

    assert (found.trend, found.before_level, found.again) == (trend, before, again)


def test_what_came_after_an_event_is_not_told_of() -> None:
    found = facts_of(
        *(UP, RAISED.alert, (UP, HIGHER, SEEN), WORLD), language="en", link="", repeated=False, drill=False
    )

    assert found.acknowledged_by == ""
    assert found.asks


@pytest.mark.parametrize(
    ("events", "asks", "by", "nobody_for"),
    [
        ((UP,), True, "", "0 s"),
        ((UP, HIGHER, LOWER, SEEN), False, "wang", ""),
        ((UP, SEEN, step(5, EventKind.EASED, "prepare")), False, "wang", ""),
        ((UP, SEEN, step(5, EventKind.STRENGTHENED)), True, "", "0 s"),
        ((UP, step(2, EventKind.ESCALATED, minutes=12)), True, "", "12 min"),
        (
            (UP, step(2, EventKind.REMINDED, minutes=13), step(3, EventKind.ESCALATED, minutes=18)),
            *(True, "", "5 min"),
        ),
        ((UP, replace(step(2, EventKind.ESCALATED), cause=because("nobody_everybody"))), True, "", ""),
    ],
)
def test_who_has_seen_it_and_for_how_long_nobody_has(
    events: tuple[AlertEvent, ...],
    *,
    asks: bool,
    by: str,
    nobody_for: str,
) -> None:
    found = facts(*events)

    assert (found.asks, found.acknowledged_by, found.unacknowledged_for) == (asks, by, nobody_for)
    assert bool(found.command) == asks


def test_coverage_that_is_almost_whole_is_not_called_whole() -> None:
    evidence = RAISED.event.evidence
    assert evidence is not None

    shares = {share: facts(replace(UP, evidence=replace(evidence, coverage=share))) for share in (1.0, 0.999, 0.29, 0)}

    assert [found.coverage_percent for found in shares.values()] == [100, 99, 29, 0]
    assert [found.incomplete for found in shares.values()] == [False, True, True, True]
    assert [found.at_least for found in shares.values()] == [False, True, True, True]


def test_what_may_have_been_more_is_called_at_least_where_the_difference_shows() -> None:
    evidence = RAISED.event.evidence
    assert evidence is not None

    most = {mm: facts(replace(UP, evidence=replace(evidence, rain_mm_max=mm))) for mm in (31.5, 31.54, 36.0)}

    assert [found.at_least for found in most.values()] == [False, False, True]
    assert not any(found.incomplete for found in most.values())


@pytest.mark.parametrize(("age_ms", "said"), [(0, ""), (29_999, ""), (30_000, "30 s"), (120_000, "2 min")])
def test_a_report_that_has_just_come_is_not_said_to_be_so_many_seconds_old(age_ms: int, said: str) -> None:
    evidence = RAISED.event.evidence
    assert evidence is not None

    assert facts(replace(UP, at=evidence.until + age_ms)).rain_age == said


def test_of_an_end_the_highest_level_is_told() -> None:
    found = facts(UP, step(2, EventKind.CLEARED, "", evidence=None), state=State.CLEARED)

    assert found.level == "MOVE AT ONCE"
    assert found.rain_mm == found.highest_rain_mm == "31.5"
    assert not found.ended


def test_a_warning_that_is_told_when_it_has_ended_says_so() -> None:
    assert facts(UP, state=State.WITHDRAWN).ended == "withdrawn"
    assert facts(UP).ended == ""


def test_a_place_has_its_own_text_before_the_level_has_one() -> None:
    actions = Actions(
        {"immediate": Words("走", "go"), "prepare": Words("备", "")}, {("immediate", "HTB02"): Words("上山", "")}
    )

    assert actions.todo("immediate", "HTB02", "zh") == "上山"
    assert actions.todo("immediate", "HTB02", "en") == "go"
    assert actions.todo("immediate", "HTB03", "zh") == "走"
    assert actions.todo("prepare", "HTB03", "en") == "备"
    assert actions.todo("red", "HTB03", "en") == ""


@pytest.mark.parametrize(
    ("reason", "zh"),
    [
        (REVISED, "后到或订正后的数据表明，雨量未达到该级别"),
        (RULE_GONE, "该预警规则不再适用于此处"),
        (accept.STATION_GONE, "该站已不在站网配置中"),
        (MERGED.format(id=7), "与预警7为同一场降雨，并入预警7"),
        (
            TAKEN_BACK.format(id=3, title="void, by wang", why="注水: 检修"),
            "wang订正数据（雨量作废，订正编号3）：注水: 检修",
        ),
        (TAKEN_BACK.format(id=4, title="undo of 3, by li", why="误报"), "li订正数据（撤销订正3，订正编号4）：误报"),
        ("something new\nTraceback", "something new"),
    ],
)
def test_every_reason_of_a_withdrawal_is_told_in_chinese(reason: str, zh: str) -> None:
    assert reason_text(reason, "zh") == zh
    assert reason_text(reason, "en")
    assert STATION_GONE == accept.STATION_GONE


def test_every_finding_of_the_service_has_words_of_its_own() -> None:
    assert {finding.value for finding in Finding} <= set(FINDINGS)
    for words in FINDINGS.values():
        assert all(one.zh and one.en for one in (words.title, words.means, words.todo, words.over))


def test_a_finding_that_has_no_words_yet_is_told_by_its_reason() -> None:
    alert = replace(SAMPLES["system"].alert, rule="something_new", reason="the roof leaks\nTraceback", cause=None)
    found = facts_of(*(SAMPLES["system"].event, alert, (), WORLD), language="en", link="", repeated=False, drill=False)

    assert found.finding == "SERVICE FAULT"
    assert found.finding_why == "the roof leaks"


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [
        (0, "0秒", "0 s"),
        (-5, "0秒", "0 s"),
        (59_999, "59秒", "59 s"),
        (60_000, "1分钟", "1 min"),
        (3_600_000, "1小时", "1 h"),
        (7_800_000, "2小时10分钟", "2 h 10 min"),
        (86_400_000 + 60_000, "1天", "1 d"),
        (3 * 86_400_000 + 5 * 3_600_000 + 1, "3天5小时", "3 d 5 h"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(ms: int, zh: str, en: str) -> None:
    assert (elapsed_text(ms, "zh"), elapsed_text(ms, "en")) == (zh, en)


def test_amounts_durations_and_instants_are_short() -> None:
    assert [mm_text(mm) for mm in (31.5, 30.0, 28.966, 0.04)] == ["31.5", "30", "29", "0"]
    assert [window_text(s, "en") for s in (1_800, 86_400, 90, 5_400)] == ["30 min", "24 h", "90 s", "90 min"]
    assert window_text(10_800, "zh") == "3小时"
    assert clock_text(RAISED.event.rained_at) == "07-15 18:05"
    assert clock_text(10**30) == "?"


def test_nothing_from_outside_breaks_a_line_or_turns_it() -> None:
    assert one_line("a\nb\u202ec\x00\ud800", 10) == "a bc"
    assert one_line("x" * 9, 5) == "xxxx…"
