"""Whoever reads Chinese reads Chinese alone: no sentence of the service reaches them in English."""

import re
from dataclasses import replace
from itertools import product
from string import Formatter

import pytest

from gauge_ingest.core.findings import Finding
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, State
from gauge_ingest.core.reason_words import SENTENCES
from gauge_ingest.core.reasons import Reason, Value, as_text, from_text, sentence
from gauge_ingest.core.spans import instant_text
from gauge_ingest.core.told import MERGED, REVISED, RULE_GONE, TAKEN_BACK
from gauge_ingest.core.withdrawals import STATION_GONE
from gauge_ingest.messages.samples import NAMES, SAMPLES, WORLD
from gauge_ingest.messages.writer import Writer
from gauge_ingest.notifiers.cap_chain import LEVEL_KINDS
from tests.cap.alerts import event as cap_event
from tests.cap.alerts import issuer, published, said, told
from tests.messages.goldens import reader, sample

# What may stand in a Chinese message in Latin letters.
ALLOWED = (
    r"gauge-ingest(?: [a-z]+)*(?: HTB\d+)?",  # a command, typed as it stands
    r"https?://\S+",  # a link
    r"\bHTB\d+\b",  # id of a station
    r"\bsouth\b",  # id of a basin
    r"类别 \w+|规则 \w+",  # id of a finding or a rule, for whoever looks it up
    r"\bflash_flood\b",  # id of a rule where it is the place of a finding
    r"\binflux\b|\bgauge-ingest-1\b",  # names of a store and of a connection
    r"people\.toml: people\.wang\.reach",  # where in the configuration a mistake stands
    r"DRILL",  # beside 演习, for whoever reads no Chinese
)
# Fields that hold what another program said; no Chinese sentence may use them.
ENGLISH_ALONE = {"error", "trace"}
CHINESE_ALONE = {"where"}  # the English error says it itself
FIELDS: dict[str, Value] = {
    "station": "HTB03",
    "store": "influx",
    "session": "gauge-ingest-1",
    "what": "HTB02",
    "share": "0.4%",
    "words": "写明",
    "error": "503 Service Unavailable",
    "trace": "Traceback",
    "where": "people.toml: people.wang.reach",
    "stations": ["HTB01", "HTB02"],
    "around": ["石门 HTB01 12.0 mm"],
}


def fields_of(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def reason(kind: str) -> Reason:
    """A reason of a kind with every field that its sentences name."""
    whole = ("_at", "_s", "_min", "_max")
    names = fields_of(SENTENCES[kind].en) | fields_of(SENTENCES[kind].zh)
    fields: dict[str, Value] = {}
    for name in sorted(names):
        is_count = name in ("silent", "known", "heard", "entries") or (name.endswith(whole) and name != "off_s")
        amount: Value = SAMPLES["raised"].event.at if name.endswith("_at") else 300 if is_count else 11.5
        fields[name] = FIELDS.get(name, amount)
    return Reason(kind, fields)


def english_in(text: str) -> list[str]:
    """Runs of three letters and more that have no leave to stand there."""
    for allowed in ALLOWED:
        text = re.sub(allowed, "", text)
    return re.findall(r"[A-Za-z]{3,}", text)


def finding(name: str, kind: EventKind, cause: Reason) -> tuple[AlertEvent, Alert]:
    """An event of a finding, raised for a reason or ended by it."""
    danger = name == Finding.DANGER_IN_SILENCE
    of = SAMPLES["danger" if danger else "system"]
    ends = {EventKind.CLEARED: State.CLEARED, EventKind.LAPSED: State.LAPSED, EventKind.WITHDRAWN: State.WITHDRAWN}
    who = "王建国" if kind in (EventKind.ACKNOWLEDGED, EventKind.COMMENTED) else ""
    told_of = replace(of.event, rule=name, kind=kind, reason=cause.text if not who else "已派人", cause=cause, who=who)
    alert = replace(of.alert, rule=name, state=ends.get(kind, State.RAISED), reason=cause.text, cause=cause)
    return told_of, alert


@pytest.mark.parametrize("name", [one.value for one in Finding])
def test_every_event_of_every_finding_is_told_in_chinese_whatever_its_reason(name: str) -> None:
    writer = Writer(WORLD)

    for kind, cause in product(EventKind, map(reason, SENTENCES)):
        event, alert = finding(name, kind, cause)
        message = writer.message(event, alert, (event,), person=reader("zh"))

        assert english_in(message.text) == [], (kind, cause.kind, message.text)
        assert english_in(f"{message.subject} {message.short}") == []
    assert not writer.failures


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_in_chinese(name: str) -> None:
    message = sample(name, "zh")

    assert english_in(f"{message.subject}\n{message.short}\n{message.text}") == []


@pytest.mark.parametrize("kind", [*LEVEL_KINDS, EventKind.CLEARED, EventKind.LAPSED, EventKind.WITHDRAWN])
def test_the_chinese_part_of_a_cap_document_is_in_chinese(kind: EventKind) -> None:
    reasons = ["", REVISED, RULE_GONE, STATION_GONE, MERGED.format(id=3)]
    reasons += [TAKEN_BACK.format(id=3, title=title, why="注水") for title in ("void, by 王", "undo of 2, by 王")]
    who = issuer({"languages": ("zh",)})

    events = [cap_event(2, kind, reason=one) for one in reasons]
    events += [cap_event(2, kind, cause=cause, reason=cause.text) for cause in map(reason, SENTENCES)]

    for one in events:
        newest = published(who, told(cap_event(1), one))[-1]
        assert english_in(said(newest, "description")[0]) == [], one
        assert english_in(said(newest, "headline")[0]) == []


@pytest.mark.parametrize("kind", SENTENCES)
def test_both_languages_say_the_same_figures_and_chinese_nothing_of_other_programs(kind: str) -> None:
    zh, en = (fields_of(text) for text in (SENTENCES[kind].zh, SENTENCES[kind].en))

    assert zh - CHINESE_ALONE == en - ENGLISH_ALONE
    assert all(sentence(reason(kind), language, instant_text) for language in ("zh", "en"))
    assert from_text(as_text(reason(kind))) == reason(kind)


def test_a_reason_is_told_with_its_figures_in_the_readers_language() -> None:
    cause = Reason("not_heard", {"heard_at": SAMPLES["raised"].event.rained_at, "every_s": 300})
    event, alert = finding("station_silent", EventKind.RAISED, cause)

    zh, en = (Writer(WORLD).message(event, alert, (event,), person=reader(one)).text for one in ("zh", "en"))

    assert "自 07-15 18:05 起没有数据，正常每5分钟报一次" in zh
    assert "nothing heard since 07-15 18:05, it reports every 5 min" in en
    assert "nothing heard since 2026-07-15T18:05:00+08:00, it reports every 5m" in cause.text


@pytest.mark.parametrize("cause", [None, Reason("of a later version", {}), Reason("not_heard", {})])
def test_a_row_without_what_its_reason_was_made_from_is_told_as_the_journal_has_it(cause: Reason | None) -> None:
    event, alert = finding("station_silent", EventKind.RAISED, reason("not_heard"))
    old = replace(alert, cause=cause, reason="as it was written")

    assert "as it was written" in Writer(WORLD).message(event, old, (event,), person=reader("zh")).text


def test_a_warning_that_is_told_when_it_is_over_says_what_was_seen_then() -> None:
    event, alert = finding("station_silent", EventKind.RAISED, reason("not_heard"))
    over = replace(alert, state=State.CLEARED, cause=reason("heard_again"), reason="heard again")

    text = Writer(WORLD).message(event, over, (event,), person=reader("zh")).text

    assert "〔现已恢复〕" in text.split("\n")[0]
    assert "以恢复消息为准" in text
    assert "起没有数据" in text
    assert "恢复来报" not in text
