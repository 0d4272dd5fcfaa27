"""A message always comes out, says where, how grave and how much, and its short form fits one SMS."""

import re
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from gauge_ingest.core.model import EventKind
from gauge_ingest.messages import LANGUAGES, SHORT_MAX, rendering
from gauge_ingest.messages.facts import COMMAND, WHO
from gauge_ingest.messages.findings import FINDINGS, finding_words
from gauge_ingest.messages.gather import facts_of
from gauge_ingest.messages.rendering import FILES
from gauge_ingest.messages.samples import SAMPLES, WORLD
from gauge_ingest.messages.words import cut, shortened, units
from gauge_ingest.messages.writer import FAILURES_MAX, Writer
from gauge_ingest.notifiers import Message
from tests.messages.goldens import reader, sample
from tests.messages.world import told

RAISED = SAMPLES["raised"]


def write(writer: Writer, language: str = "zh", *, drill: bool = False) -> Message:
    return writer.message(RAISED.event, RAISED.alert, RAISED.events, person=reader(language), drill=drill)


@pytest.mark.parametrize("seed", range(300))
def test_whatever_happens_the_text_names_place_level_and_rain(seed: int) -> None:
    dice = Random(seed)
    event, alert, events, world = told(dice)
    language, link = dice.choice(LANGUAGES), dice.choice(["", "https://h/a?b=c"])
    repeated, drill = dice.random() < 0.3, dice.random() < 0.3
    writer = Writer(world)

    message = writer.message(event, alert, events, person=reader(language), link=link, repeated=repeated, drill=drill)
    facts = facts_of(event, alert, events, world, language=language, link=link, repeated=repeated, drill=drill)

    rain_mm = facts.highest_rain_mm if facts.kind in ("cleared", "lapsed") else facts.rain_mm
    for said in (message.subject, message.text):
        assert facts.place in said
        assert facts.place_id in said
        assert facts.level in said
        assert re.search(rf"(?<![\d.]){re.escape(rain_mm)} ?(mm|毫米)", said)
        assert not repeated or "重发" in said or "REPEAT" in said
    assert units(message.short) <= SHORT_MAX
    assert facts.level[:3] in message.short
    assert facts.place[0] in message.short
    assert re.search(rf"(?<![\d.]){re.escape(rain_mm)}\+?mm", message.short)
    assert message.short.endswith(f"#{alert.id}")
    assert not link or not facts.asks or link in message.text
    assert not facts.asks or link or f"gauge-ingest alerts acknowledge {alert.id}" in message.text
    assert not drill or all("DRILL" in line for line in [message.subject, message.short, *message.text.split("\n")])
    assert not writer.failures


@pytest.mark.parametrize("seed", range(100))
def test_a_group_leaves_no_message_out_and_fits_one_sms(seed: int) -> None:
    dice = Random(seed)
    language, drills = dice.choice(LANGUAGES), dice.choice([0.0, 0.5, 1.0])
    messages = []
    for _ in range(dice.randint(1, 12)):
        event, alert, events, world = told(dice)
        drill = dice.random() < drills
        messages.append(Writer(world).message(event, alert, events, person=reader(language), drill=drill))
    writer = Writer(WORLD)

    group = writer.group(messages, reader(language))

    assert all(one.subject in group.text for one in messages)
    assert units(group.short) <= SHORT_MAX
    assert any(group.short.startswith(one.short) for one in messages)
    assert group.event == max(one.event for one in messages)
    assert group.grade == max(one.grade for one in messages)
    assert group.drill == all(one.drill for one in messages)
    assert not group.drill or all("DRILL" in line for line in [group.subject, *group.text.split("\n")])
    assert not writer.failures


@pytest.mark.parametrize("rule", [*FINDINGS, "of_tomorrow"])
def test_every_finding_of_every_kind_fits_and_names_itself(rule: str) -> None:
    writer, sample_of = Writer(WORLD), SAMPLES["system"]
    for language, kind, scope, drill in product(LANGUAGES, EventKind, ("service", "HTB02", "x" * 32), (False, True)):
        alert = replace(sample_of.alert, rule=rule, scope=scope, id=1_234_567, reason="because\nTraceback")
        event = replace(sample_of.event, rule=rule, scope=scope, kind=kind, who="王建国" * 30)

        message = writer.message(event, alert, [event], person=reader(language), repeated=True, drill=drill)

        title = finding_words(rule).title.said_in(language)
        assert title in message.subject
        assert title in message.text
        assert "Traceback" not in message.text
        assert units(message.short) <= SHORT_MAX
        assert title[:3] in message.short
        assert message.short.endswith("#1234567")
    assert not writer.failures


def test_a_real_warning_comes_before_a_drill_in_a_group() -> None:
    drill, real = sample("drill", "zh"), sample("prepare", "zh")

    group = Writer(WORLD).group([drill, real], reader("zh"))

    assert group.subject.startswith("【准备转移】")
    assert group.short.startswith("准备转移")
    assert not group.drill


def test_the_place_becomes_shorter_before_the_level_does() -> None:
    long = replace(RAISED.facts("en"), place="呼" * 64, unconfirmed=True, late=True, level="PREPARE TO MOVE")

    short = Writer(WORLD).written(long, "en").short

    assert short.startswith("PREPARE TO MOVE 呼")
    assert "…" in short
    assert short.endswith("31.5mm/3h≥30 UNCONF: ACT LATE #12")
    assert units(short) <= SHORT_MAX


@pytest.mark.parametrize(
    ("language", "todo", "answer"), [("zh", "危险区全员转移", "值班机确认#12"), ("en", "evacuate", "duty PC: ack #12")]
)
def test_the_short_form_says_what_to_do_and_where_to_acknowledge_and_a_drill_moves_nobody(
    language: str, todo: str, answer: str
) -> None:
    facts = RAISED.facts(language)
    writer = Writer(WORLD)

    short = writer.written(facts, language).short
    drill = writer.written(replace(RAISED, drill=True).facts(language), language).short
    over = writer.written(replace(facts, ended="cleared", asks=False), language).short

    assert (todo in short, answer in short) == (True, True)
    assert (todo in drill, answer in drill) == (False, True)
    assert (todo in over, answer in over) == (False, False)


@pytest.mark.parametrize(
    ("command", "person", "said"),
    [
        (f"{COMMAND}{WHO}", "wang", "alerts acknowledge 12 --who wang\n"),
        (f"{COMMAND} --config /d{WHO}", "o'b", "alerts acknowledge 12 --config /d --who 'o'\"'\"'b'\n"),
        (f"{COMMAND}{WHO}", "", "alerts acknowledge 12\n"),
        (COMMAND, "wang", "alerts acknowledge 12\n"),
    ],
)
def test_the_command_in_a_message_says_who_acknowledges_for_it_is_for_one_person(
    command: str, person: str, said: str
) -> None:
    one = SAMPLES["raised"]
    world, whose = replace(WORLD, command=command), replace(reader("en"), id=person)

    assert said in Writer(world).message(one.event, one.alert, one.events, person=whose).text


def test_letters_outside_the_plane_of_utf_16_count_twice() -> None:
    far = replace(RAISED.facts("zh"), place="𠮷" * 64)

    short = Writer(WORLD).written(far, "zh").short

    assert len(short) < units(short) <= SHORT_MAX
    assert shortened("𠮷𠮷𠮷", 3) == "𠮷…"


def test_a_number_is_never_cut_in_the_middle() -> None:
    assert cut("立即转移 石门 31.5mm/3h≥30 #12", 16) == "立即转移 石门"
    assert cut("立即转移 石门 31.5mm/3h≥30 #12", 18) == "立即转移 石门"
    assert cut("立即转移 石门 31.5mm/3h≥30 #12", 20) == "立即转移 石门 31.5mm/3h≥30"


@pytest.mark.parametrize("source", ["{{ grade < place }}{{ 'x' }}", "{{ nothing }}", "", "   "])
def test_a_template_that_trips_gives_way_to_the_shipped_words(source: str) -> None:
    own = dict.fromkeys(FILES, source)
    writer = Writer(WORLD, own)

    message = write(writer)

    assert message == write(Writer(WORLD))
    assert bool(writer.failures) == bool(source.strip())


def test_a_short_form_of_ones_own_that_is_too_long_gives_way_to_the_shipped_one() -> None:
    writer = Writer(WORLD, {"zh/short.txt.j2": "{{ level }} {{ place }} " + "很长" * 40})

    assert write(writer) == write(Writer(WORLD))
    assert [one.file for one in writer.failures] == ["zh/short.txt.j2"]


def test_without_any_template_a_plain_sentence_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_SHIPPED", rendering._SHIPPED / "gone")
    writer = Writer(WORLD)

    for drill in (False, True):
        message = write(writer, drill=drill)
        for said in (message.subject, message.text, message.short):
            assert "立即转移" in said
            assert "雀尔沟镇" in said
            assert "31.5mm/3h" in said
            assert "#12" in said
            assert ("DRILL" in said) == drill
    assert writer.failures
    assert Writer(WORLD).group([write(writer), write(writer)], reader("zh")).text


def test_facts_that_cannot_be_put_together_still_make_a_message() -> None:
    evidence = RAISED.event.evidence
    assert evidence is not None
    writer = Writer(WORLD)

    broken = replace(RAISED.event, evidence=replace(evidence, rain_mm=None))  # type: ignore[arg-type]  # on purpose
    message = writer.message(broken, RAISED.alert, RAISED.events, person=reader("zh"), drill=True)

    assert "立即转移" in message.text
    assert "DRILL" in message.text
    assert units(message.short) <= SHORT_MAX
    assert writer.failures


def test_failures_are_kept_up_to_a_number() -> None:
    writer = Writer(WORLD, {"zh/text.txt.j2": "{{ nothing }}"})

    for _ in range(2 * FAILURES_MAX):
        write(writer)

    assert len(writer.failures) == FAILURES_MAX


def test_a_settled_matter_rings_no_bell_and_a_withdrawn_one_does() -> None:
    grades = {name: sample(name, "zh").grade for name in SAMPLES}

    assert grades["raised"] == grades["escalated"] == grades["withdrawn"] == grades["lapsed"] == 4
    assert grades["cleared"] == grades["acknowledged"] == grades["commented"] == 1


def test_somebody_whose_language_is_unknown_is_told_in_chinese() -> None:
    message = Writer(WORLD).message(RAISED.event, RAISED.alert, RAISED.events, person=reader("kk"))

    assert message == write(Writer(WORLD), "zh")
    assert RAISED.event.kind is EventKind.RAISED
