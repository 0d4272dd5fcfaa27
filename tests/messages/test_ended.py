"""What is said of an alert that has ended, and of a place where another one stands: nobody is lulled."""

from dataclasses import replace

import pytest

from gauge_ingest.core.model import Alert, EventKind, State
from gauge_ingest.messages.samples import SAMPLES, WORLD
from gauge_ingest.messages.writer import Writer
from gauge_ingest.notifiers import Message
from tests.messages.goldens import reader

CLEARED = SAMPLES["cleared"]
OTHER = replace(SAMPLES["raised"].alert, id=7, level="prepare", peak="prepare")
MOVING = replace(OTHER, id=9, level="immediate")
BATTERY = replace(OTHER, id=8, rule="battery_low", level="warning", evidence=None)
DANGER = replace(OTHER, id=10, rule="danger_in_silence")


def told(name: str, *beside: Alert, language: str = "zh", state: State | None = None) -> Message:
    one = SAMPLES[name]
    alert = one.alert if state is None else replace(one.alert, state=state)
    return Writer(WORLD).message(one.event, alert, one.events, person=reader(language), beside=beside)


@pytest.mark.parametrize("name", ["cleared", "withdrawn"])
def test_an_end_names_the_warnings_that_stand_at_the_place_the_gravest_first(name: str) -> None:
    chinese, english = told(name, OTHER, MOVING), told(name, OTHER, MOVING, language="en")

    assert "〔此处仍有预警：立即转移 #9、准备转移 #7〕" in chinese.subject
    assert "此处还有预警有效：立即转移 #9、准备转移 #7，按它执行" in chinese.text
    assert "此处仍有立即转移 #9、" in chinese.short
    assert "[STILL STANDING HERE: MOVE AT ONCE #9, PREPARE TO MOVE #7]" in english.subject
    assert "still stand: MOVE AT ONCE #9, PREPARE TO MOVE #7. Go by them." in english.text


def test_equipment_is_no_warning_of_a_place_and_danger_in_silence_is_one() -> None:
    assert "仍有" not in told("cleared", BATTERY).text
    assert "准备转移 #10" in told("cleared", BATTERY, DANGER).text
    assert "仍有" not in told("cleared").text


@pytest.mark.parametrize("name", ["raised", "eased", "merged", "acknowledged"])
def test_what_is_no_end_says_nothing_of_other_warnings(name: str) -> None:
    message = told(name, OTHER)

    assert "#7" not in f"{message.subject} {message.short} {message.text}"


@pytest.mark.parametrize("kind", ["acknowledged", "commented"])
@pytest.mark.parametrize(
    ("state", "zh", "en"),
    [
        (State.CLEARED, "现已解除", "CLEARED"),
        (State.WITHDRAWN, "现已撤销", "WITHDRAWN"),
        (State.LAPSED, "现已中断", "LAPSED"),
    ],
)
def test_what_a_person_says_of_an_alert_that_has_ended_is_marked(kind: str, state: State, zh: str, en: str) -> None:
    chinese, english = told(kind, state=state), told(kind, state=state, language="en")

    assert chinese.subject.startswith(f"〔{zh}〕")
    assert english.subject.startswith(f"[NOW {en}]")
    assert (zh in chinese.short, f"({en})" in english.short) == (True, True)
    assert "须重新确认" not in chinese.text
    assert zh not in told(kind).subject


@pytest.mark.parametrize("state", [State.CLEARED, State.WITHDRAWN, State.LAPSED])
def test_nobody_is_asked_to_acknowledge_what_has_ended(state: State) -> None:
    assert "收到请确认" in told("raised").text
    assert "收到请确认" not in told("raised", state=state).text


@pytest.mark.parametrize(
    ("doubted_mm", "most_mm", "unconfirmed", "said", "unsaid"),
    [
        (0.0, 31.5, False, ["数据完整，未发现可疑"], ["多达", "存疑"]),
        (0.0, 37.5, False, ["已收到的数据未发现可疑", "多达37.5毫米"], ["数据完整"]),
        (1.0, 31.5, False, ["去掉存疑的雨量，仍达到这个级别", "其中1毫米"], ["未发现可疑"]),
        (8.0, 36.0, True, ["数据未经核实", "其中8毫米", "多达36毫米"], ["未发现可疑"]),
    ],
)
def test_what_stands_against_the_figure_is_said_whether_or_not_it_decides(
    doubted_mm: float, most_mm: float, *, unconfirmed: bool, said: list[str], unsaid: list[str]
) -> None:
    one = SAMPLES["raised"]
    assert one.event.evidence is not None
    evidence = replace(one.event.evidence, doubted_mm=doubted_mm, rain_mm_max=most_mm, unconfirmed=unconfirmed)

    text = Writer(WORLD).message(replace(one.event, evidence=evidence), one.alert, (), person=reader("zh")).text

    assert [words for words in said if words not in text] == []
    assert [words for words in unsaid if words in text] == []


def test_who_has_moved_stays_away_when_the_level_falls() -> None:
    eased = told("eased")

    assert "已经转移的人员先不返回" in eased.text
    assert "尚未持续低于解除标准" in eased.text
    assert "先不返回" not in told("raised").text


def test_a_merged_alert_names_the_other_in_its_short_form() -> None:
    assert "并入#9" in told("merged").short
    assert "GOES ON AS #9" in told("merged", language="en").short


def test_the_words_of_a_comment_stand_in_the_short_form_as_far_as_there_is_room() -> None:
    one = SAMPLES["commented"]
    long = replace(one.event, kind=EventKind.COMMENTED, reason="桥被冲了" * 30)

    short = Writer(WORLD).message(long, one.alert, one.events, person=reader("zh")).short

    assert "现场雨已减小" in told("commented").short
    assert "桥被冲了桥被冲" in short
    assert "立即转移 雀尔沟镇" in short
