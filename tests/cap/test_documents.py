"""Every document is CAP 1.2 in the eyes of two validators, and says what the event says.

Goal: a system that is told of rain understands it without asking us. Method: documents of every kind of event, of
levels of both sets and of made-up text, held against the WMO's validator and against the schema of OASIS in another
engine; then what stands in them.
"""

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from xmlschema import XMLSchemaValidationError

from gauge_ingest.core.levels import LEVELS
from gauge_ingest.core.model import AlertEvent, Basin, EventKind, Evidence
from gauge_ingest.core.told import MERGED, REVISED, RULE_GONE, TAKEN_BACK
from gauge_ingest.notifiers.cap_chain import END_KINDS, LEVEL_KINDS, SILENT_KINDS
from gauge_ingest.notifiers.cap_document import Issuer, document, newest_document, ring
from tests.cap.alerts import (
    COLOURS,
    EPOCH,
    Validators,
    event,
    evidence,
    issuer,
    parameters,
    parsed,
    published,
    said,
    told,
)
from tests.worlds import station

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")
ODD = "a & b < c > \"d\" 'e' 呼图壁 🌧 ]]> \x00\x07\x1b\x7f\ud800\ufffe <alert>&amp;"


@pytest.mark.parametrize(("kind", "level"), [*product((*LEVEL_KINDS, *END_KINDS), (*LEVELS, "own"))])
def test_an_event_of_every_kind_and_level_is_valid(validators: Validators, kind: EventKind, level: str) -> None:
    first, then = event(1, level=level), event(2, kind, level if kind in LEVEL_KINDS else "")

    documents = published(issuer(), told(first, then))

    assert len(documents) == 2
    for one in documents:
        validators.check(one)


def test_the_validators_refuse_what_is_wrong(validators: Validators) -> None:
    good, update = published(issuer(), told(event(1), event(2, EventKind.EASED)))
    wrong = [
        good.replace(b"+08:00</sent>", b"Z</sent>"),
        good.replace(b":00+08:00</sent>", b":00.5+08:00</sent>"),
        good.replace(b"<urgency>", b"<Urgency>").replace(b"</urgency>", b"</Urgency>"),
        good.replace(b">Met<", b">Rain<"),
        update.replace(b"references>", b"incidents>"),
        good.replace(b"rain@", b"rain @"),
    ]

    for one in wrong:
        assert one not in (good, update)
        with pytest.raises((AssertionError, XMLSchemaValidationError)):
            validators.check(one)


def test_a_document_says_how_much_rain_in_how_long_against_which_threshold() -> None:
    (one,) = published(issuer(), told(event(1)))

    assert said(one, "headline") == [
        "山洪灾害雨量预警发布：石门（HTB01）准备转移，1 小时雨量至少 12.5 毫米",
        "Flash-flood rain alert raised: 石门 (HTB01) PREPARE TO MOVE, at least 12.5 mm in 1 h",
    ]
    for words in ("1 小时雨量至少 12.5 毫米", "阈值 10.0 毫米", "资料覆盖率 96%", "2026-07-15 17:59", "预警编号 7"):
        assert words in said(one, "description")[0]
    for words in ("12.5 mm in 1 h", "threshold 10.0 mm", "coverage 96%", "2026-07-15 17:59", "Alert 7"):
        assert words in said(one, "description")[1]
    assert said(one, "language") == ["zh-CN", "en"]
    assert set(said(one, "certainty")) == {"Observed"}
    found = parameters(one)
    assert found["rain_mm"] == "12.5"
    assert found["window"] == "1h"
    assert (found["alert"], found["kind"], found["station"], found["late"]) == ("7", "raised", "HTB01", "false")


def test_every_time_is_of_beijing_to_the_second_without_z_and_fraction() -> None:
    (one,) = published(issuer(), told(event(1)))

    for name in ("sent", "effective", "onset", "expires"):
        assert said(one, name)
        assert all(TIME.fullmatch(text) for text in said(one, name)), name
    assert said(one, "sent") == ["2026-07-15T18:01:00+08:00"]
    assert said(one, "expires")[0] == "2026-07-17T18:01:00+08:00"
    assert all(TIME.fullmatch(value) for name, value in parameters(one).items() if name.endswith("_at"))


def test_rain_that_a_check_doubts_makes_a_level_possible_and_more_rain_leaves_it_observed() -> None:
    doubted = event(1, unconfirmed=True, evidence=evidence(12.5, doubted_mm=4.0, unconfirmed=True))
    more = event(2, unconfirmed=True, evidence=evidence(12.5, rain_mm_max=22.0, unconfirmed=True))
    enough = event(3, evidence=evidence(22.0, doubted_mm=4.0))

    first, second, third = published(issuer(), told(doubted, more, enough))

    assert set(said(first, "certainty")) == {"Possible"}
    assert "4.0 毫米被质量检查存疑" in said(first, "description")[0]
    assert "未经证实" in said(first, "description")[0]
    assert set(said(second, "certainty")) == {"Observed"}
    assert "perhaps 22.0 mm" in said(second, "description")[1]
    assert set(said(third, "certainty")) == {"Observed"}


def test_a_rise_is_said_to_be_one_and_stations_that_were_not_there_are_named(validators: Validators) -> None:
    why = evidence(7.5, measure="rise", absent=("HTB03", "HTB04"), wetness="wet")

    (one,) = published(issuer(), told(event(1, evidence=why)))

    validators.check(one)
    assert "1 小时雨量比前1小时增加至少 7.5 毫米" in said(one, "headline")[0]
    assert "at least 7.5 mm in 1 h (rise over the 1 h before)" in said(one, "headline")[1]
    assert "缺测站：HTB03、HTB04。" in said(one, "description")[0]
    assert "Stations without readings: HTB03, HTB04." in said(one, "description")[1]
    found = parameters(one)
    assert (found["measure"], found["absent"], found["wetness"]) == ("rise", "HTB03 HTB04", "wet")
    (named,) = published(issuer(), told(event(1, evidence=evidence(7.5, absent=("HTB01",)))))
    assert "缺测站：石门（HTB01）。" in said(named, "description")[0]


def test_what_reports_speak_for_in_full_is_no_lower_bound_and_a_figure_of_a_basin_is_called_one() -> None:
    whole = evidence(12.5, coverage=1.0)

    (one,) = published(issuer(), told(event(1, evidence=whole)))
    (basin,) = published(issuer(), told(event(1, evidence=replace(whole, stations=(("HTB01", 20.0),)))))

    assert said(one, "headline")[0].endswith("1 小时雨量 12.5 毫米")
    assert said(one, "headline")[1].endswith(", 12.5 mm in 1 h")
    assert said(basin, "headline")[0].endswith("1 小时面雨量 12.5 毫米")
    assert said(basin, "headline")[1].endswith("12.5 mm in 1 h (mean of the basin)")


def test_late_rain_is_said_to_be_late(validators: Validators) -> None:
    (one,) = published(issuer(), told(event(1, late=True)))

    validators.check(one)
    assert "资料迟到" in said(one, "description")[0]
    assert "Late: " in said(one, "description")[1]
    assert parameters(one)["late"] == "true"


def test_an_end_by_low_rain_is_an_all_clear_and_an_end_by_silence_is_none() -> None:
    cleared = published(issuer(), told(event(1), event(2, EventKind.CLEARED, "")))[1]
    lapsed = published(issuer(), told(event(1), event(2, EventKind.LAPSED, "")))[1]

    assert said(cleared, "msgType") == said(lapsed, "msgType") == ["Update"]
    assert set(said(cleared, "responseType")) == {"AllClear"}
    assert set(said(lapsed, "responseType")) == {"Monitor"}
    assert set(said(lapsed, "certainty")) == {"Unknown"}
    assert set(said(lapsed, "severity")) == {"Severe"}
    assert "这不是解除" in said(lapsed, "description")[0]
    assert "no all-clear" in said(lapsed, "description")[1]
    assert "原等级：准备转移" in said(cleared, "description")[0]


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        (REVISED, "原因：后到或订正后的数据表明，雨量未达到该级别。"),
        (RULE_GONE, "原因：该预警规则不再适用于此处。"),
        (MERGED.format(id=5), "原因：与预警5为同一场降雨，并入预警5。"),
        (
            TAKEN_BACK.format(id=3, title="void, by 王伟", why="有人\n倒水"),
            "原因：王伟订正数据（雨量作废，订正编号3）：有人\n倒水。",
        ),
        ("words of a person", "原因：words of a person。"),
    ],
)
def test_a_withdrawal_is_a_cancel_with_its_reason_and_says_nothing_of_the_danger(
    validators: Validators, reason: str, chinese: str
) -> None:
    one = published(issuer(), told(event(1), event(2, EventKind.WITHDRAWN, "prepare", reason=reason)))[1]

    validators.check(one)
    assert said(one, "msgType") == ["Cancel"]
    assert chinese in said(one, "description")[0]
    assert f"Reason: {reason}." in said(one, "description")[1]
    assert said(one, "responseType") == []
    assert set(said(one, "urgency") + said(one, "severity") + said(one, "certainty")) == {"Unknown"}


@pytest.mark.parametrize(
    ("status", "zh", "en"),
    [("Draft", "【草稿", "DRAFT"), ("Test", "【测试】", "TEST"), ("Exercise", "【演练】", "EXERCISE")],
)
def test_what_is_not_actual_says_so_at_the_head_of_its_line(
    validators: Validators, status: str, zh: str, en: str
) -> None:
    (one,) = published(issuer({"status": status}), told(event(1)))

    validators.check(one)
    assert said(one, "status") == [status]
    assert said(one, "headline")[0].startswith(zh)
    assert said(one, "headline")[1].startswith(en)


@pytest.mark.parametrize("status", ["Actual", "Draft", "Test"])
def test_a_drill_is_an_exercise_whatever_the_settings_say(validators: Validators, status: str) -> None:
    (one,) = published(issuer({"status": status}, is_drill=lambda _: True), told(event(1)))

    validators.check(one)
    assert said(one, "status") == ["Exercise"]
    assert "演练" in said(one, "note")[0]
    assert said(one, "headline")[0].startswith("【演练】")


def test_findings_about_the_service_are_told_only_when_asked_for_and_as_system(validators: Validators) -> None:
    broken = event(1, level="warning", rule="session_lost", scope="service", evidence=None, reason="the broker forgot")
    over = replace(broken, id=2, kind=EventKind.CLEARED, reason="")

    assert published(issuer(), told(broken, over)) == []
    first, second = published(issuer({"findings": True}), told(broken, over))

    validators.check(first)
    validators.check(second)
    assert said(first, "status") == ["System"]
    assert set(said(first, "category")) == {"Infra"}
    assert set(said(second, "responseType")) == {"AllClear"}


def test_what_to_do_comes_from_the_plan_of_the_county_while_the_level_stands() -> None:
    who = issuer(instruction=lambda level, scope, language: f"{language} {scope} {level}")

    first, second = published(who, told(event(1), event(2, EventKind.CLEARED, "")))

    assert said(first, "instruction") == ["zh HTB01 prepare", "en HTB01 prepare"]
    assert said(second, "instruction") == []


def test_an_area_is_the_polygon_of_its_scope_else_a_circle_around_the_station_else_the_division(
    validators: Validators,
) -> None:
    basin = event(1, scope="upper")
    points = [(43.7, 86.5), (43.9, 86.5), (43.9, 86.8)]
    upper = Basin("upper", "上游", (("HTB01", 2.0), ("HTB09", 1.0)), tuple(points))
    who = issuer({"radius_km": 7.5}, basins={"upper": upper})
    by_stations = issuer({"radius_km": 7.5}, basins={"upper": replace(upper, polygon=())})

    (with_polygon,) = published(who, told(basin))
    (without,) = published(issuer(), told(basin))
    (around,) = published(who, told(event(1)))
    (around_each,) = published(by_stations, told(basin))

    assert set(said(with_polygon, "polygon")) == {"43.7,86.5 43.9,86.5 43.9,86.8 43.7,86.5"}
    assert said(with_polygon, "areaDesc") == ["上游（upper）", "上游 (upper)"]
    assert said(without, "polygon") == said(without, "circle") == said(with_polygon, "circle") == []
    assert set(said(around, "circle")) == set(said(around_each, "circle")) == {"43.75,86.57 7.5"}
    assert parameters(without, "geocode") == {"GB/T 2260": "652323"}
    for one in (with_polygon, without, around, around_each):
        validators.check(one)


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=8))
def test_a_polygon_is_closed_and_has_four_points_or_is_none(points: list[tuple[float, float]]) -> None:
    edge = ring(points)

    assert ring([*points, *points[:1]]) == edge
    if edge:
        assert len(edge) >= 4
        assert edge[0] == edge[-1]
        assert all(re.fullmatch(r"-?\d+(\.\d{1,5})?,-?\d+(\.\d{1,5})?", point) for point in edge)


TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.just(ODD) | st.just("很长" * 5_000)
MM = st.floats(0, 500)
EVIDENCE = st.none() | st.builds(
    lambda window_s, one, other, threshold, coverage, doubted: evidence(
        min(one, other), window_s=window_s, rain_mm_max=max(one, other), threshold_mm=threshold, coverage=coverage,
        doubted_mm=doubted,
    ),
    st.sampled_from([60, 1_800, 5_400, 86_400]), MM, MM, MM, st.floats(0, 1), MM,
)  # fmt: skip


@st.composite
def alerts(draw: st.DrawFn) -> list[AlertEvent]:
    """Any sequence of events, with any text that a person or a file can put into it."""
    rule, scope = draw(st.sampled_from(["flash_flood", "storm", "gone"])), draw(st.sampled_from(["HTB01", "x"]))
    levels = st.sampled_from([*LEVELS, "own", ""])
    return [
        event(
            number,
            draw(st.sampled_from(EventKind)),
            draw(levels),
            rule=rule,
            scope=scope,
            evidence=draw(EVIDENCE),
            reason=draw(TEXT),
            late=draw(st.booleans()),
            unconfirmed=draw(st.booleans()),
            sent=draw(st.booleans()) or number < 3,
        )
        for number in range(1, draw(st.integers(1, 6)) + 1)
    ]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([event(1, reason=ODD)], ODD)
@given(alerts(), TEXT)
def test_whatever_stands_in_an_alert_its_documents_are_valid(
    validators: Validators, events: list[AlertEvent], text: str
) -> None:
    named = replace(station(), name=text)
    who = Issuer(
        issuer({"findings": True, "sender_name": "a & b <呼图壁>", "contact": "\"'&<"}).settings,
        {"HTB01": named},
        {"flash_flood": replace(COLOURS, id="flash_flood", source=text)},
        instruction=lambda *_: text,
    )

    documents = published(who, told(*events))

    for one in documents:
        validators.check(one)
        assert all(len(headline) <= 160 for headline in said(one, "headline"))
    identifiers = [said(one, "identifier")[0] for one in documents]
    assert len(set(identifiers)) == len(identifiers)
    assert documents == published(who, told(*events))


def test_text_that_xml_cannot_hold_is_left_out_and_the_rest_stays() -> None:
    one = published(issuer(), told(event(1), event(2, EventKind.WITHDRAWN, reason=ODD)))[1]

    assert "a & b < c > \"d\" 'e' 呼图壁 🌧 ]]>  <alert>&amp;" in said(one, "description")[0]
    assert len(parsed(one).findall(".//{*}alert")) == 0


def test_an_identifier_and_a_sender_hold_no_space_comma_or_sign_of_xml() -> None:
    (one,) = published(issuer(), told(event(1)))

    assert said(one, "identifier") == [f"{EPOCH}-7-1"]
    for name in ("identifier", "sender"):
        assert not re.search(r"[\s,<&]", said(one, name)[0])


@pytest.mark.parametrize("kind", SILENT_KINDS)
def test_what_people_say_and_whom_we_told_makes_no_document(kind: EventKind) -> None:
    events = told(event(1), event(2, kind, who="李"))

    assert document(issuer(), 2, events) is None
    newest = newest_document(issuer(), events, now=event(2).at)
    assert newest is not None
    assert newest.identifier == f"{EPOCH}-7-1"


def test_every_kind_of_event_is_a_message_or_is_said_to_be_none() -> None:
    assert {*LEVEL_KINDS, *END_KINDS, *SILENT_KINDS} == set(EventKind)
    assert isinstance(evidence(), Evidence)
