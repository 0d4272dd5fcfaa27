"""The words of a CAP message in Chinese and English: headline, description, and the names of things."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gauge_ingest.core.levels import Level
from gauge_ingest.core.measures import measure_of
from gauge_ingest.core.model import AlertEvent, EventKind, Evidence, Rule
from gauge_ingest.core.spans import BEIJING
from gauge_ingest.core.withdrawals import said_in
from gauge_ingest.notifiers.cap_chain import END_KINDS, Link

HEADLINE_CHARACTERS_MAX = 160
DESCRIPTION_CHARACTERS_MAX = 4_000

RAIN_EVENT = {"zh": "山洪灾害雨量预警", "en": "Flash-flood rain alert"}
FINDING_EVENT = {"zh": "雨量监测系统", "en": "Rain monitoring service"}
KINDS: Mapping[str, Mapping[EventKind, str]] = {
    "zh": {
        EventKind.RAISED: "发布",
        EventKind.STRENGTHENED: "升级",
        EventKind.EASED: "降级",
        EventKind.CLEARED: "解除",
        EventKind.LAPSED: "中断（无资料，未解除）",
        EventKind.WITHDRAWN: "撤销",
    },
    "en": {
        EventKind.RAISED: "raised",
        EventKind.STRENGTHENED: "strengthened",
        EventKind.EASED: "eased",
        EventKind.CLEARED: "ALL CLEAR",
        EventKind.LAPSED: "NO DATA, NOT CLEARED",
        EventKind.WITHDRAWN: "WITHDRAWN",
    },
}
STILL = {"zh": "仍然有效", "en": "STILL IN FORCE"}
MARKS: Mapping[str, Mapping[str, str]] = {
    "zh": {"Draft": "【草稿，勿发布】", "Test": "【测试】", "Exercise": "【演练】"},
    "en": {"Draft": "DRAFT, do not act: ", "Test": "TEST: ", "Exercise": "EXERCISE: "},
}
EXERCISE_NOTE = "演练，不是实际预警。 This is an exercise, not an alert."

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Control characters, halves of surrogate pairs and the two that are none: XML 1.0 has no way to write them.
_NOT_IN_XML = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


class Subject(NamedTuple):
    """What the words are about: a message, the level that it leaves or stands at, the place by name, its rule.

    `absent`: stations of a basin that were not heard, by name.
    """

    link: Link
    level: Level
    place: str
    status: str
    is_rain: bool
    rule: Rule | None = None
    absent: Sequence[str] = ()

    @property
    def event(self) -> AlertEvent:
        """What the message tells of."""
        return self.link.event


def clean(text: str, characters_max: int) -> str:
    """Text as XML can hold it: what it cannot is left out, and what is too long is cut."""
    text = _NOT_IN_XML.sub("", text.replace("\r", " ")).strip()
    return text if len(text) <= characters_max else text[: characters_max - 1] + "…"


def headline(subject: Subject, language: str) -> str:
    """One line: what it is worth (draft, exercise), what happened, where, at which level, how much rain."""
    event, level = subject.event, subject.level
    mark = MARKS[language].get(subject.status, "")
    kind = STILL[language] if subject.link.renewal else KINDS[language][event.kind]
    name = (RAIN_EVENT if subject.is_rain else FINDING_EVENT)[language]
    ended = event.kind in (EventKind.CLEARED, EventKind.WITHDRAWN)
    if language == "zh":
        parts = [subject.place if ended else f"{subject.place}{level.zh}"]
        parts += [_amount(subject, event.evidence, language)] if event.evidence is not None and not ended else []
        text = f"{mark}{name}{kind}：{'，'.join(parts)}"
    else:
        parts = [subject.place if ended else f"{subject.place} {level.en}"]
        parts += [_amount(subject, event.evidence, language)] if event.evidence is not None and not ended else []
        text = f"{mark}{name} {kind}: {', '.join(parts)}"
    return clean(text if subject.is_rain else f"{text} ({event.rule})", HEADLINE_CHARACTERS_MAX)


def description(subject: Subject, language: str) -> str:
    """How much rain in how long against which threshold, how sure it is, when it rained and when it was known."""
    sentences = _sentences_zh(subject) if language == "zh" else _sentences_en(subject)
    return clean(("" if language == "zh" else " ").join(sentences), DESCRIPTION_CHARACTERS_MAX)


def _sentences_zh(subject: Subject) -> list[str]:
    event, evidence = subject.event, subject.event.evidence
    was = "原" if event.kind in END_KINDS else ""
    sentences = [f"{subject.place}，{was}等级：{subject.level.zh}。"]
    if evidence is not None:
        more = f"，可能达 {evidence.rain_mm_max:.1f} 毫米" if evidence.rain_mm_max > evidence.rain_mm else ""
        amount, threshold = _amount(subject, evidence, "zh"), f"阈值 {evidence.threshold_mm:.1f} 毫米"
        covered = f"资料覆盖率 {evidence.coverage:.0%}"
        sentences.append(f"截至 {_when(evidence.until)}，{amount}{more}；{threshold}；{covered}。")
        if evidence.doubted_mm:
            sentences.append(f"其中 {evidence.doubted_mm:.1f} 毫米被质量检查存疑。")
        if subject.absent:
            sentences.append(f"缺测站：{'、'.join(subject.absent)}。")
    if subject.link.renewal:
        sentences.append(f"截至 {_when(subject.link.sent_at)} 预警仍未解除；以上雨量是级别最近一次变动时的。")
    if event.unconfirmed:
        sentences.append("未经证实。")
    sentences.append(f"雨情时间 {_when(event.rained_at)}，获知时间 {_when(event.known_at)}（北京时间）。")
    if event.late:
        sentences.append("资料迟到：获知时雨已下过一段时间。")
    if event.kind is EventKind.CLEARED:
        sentences.append("雨量已回落并持续足够时间，预警解除。" if subject.is_rain else "已恢复。")
    if event.kind is EventKind.LAPSED:
        sentences.append("长时间没有收到资料，预警中断；这不是解除。")
    if event.reason:
        sentences.append(f"原因：{_reason(subject, 'zh').rstrip('。')}。")
    return [*sentences, f"预警编号 {event.alert_id}。"]


def _sentences_en(subject: Subject) -> list[str]:
    event, evidence = subject.event, subject.event.evidence
    was = "level was" if event.kind in END_KINDS else "level"
    sentences = [f"{subject.place}, {was}: {subject.level.en}."]
    if evidence is not None:
        more = f" (perhaps {evidence.rain_mm_max:.1f} mm)" if evidence.rain_mm_max > evidence.rain_mm else ""
        amount, threshold = _amount(subject, evidence, "en"), f"threshold {evidence.threshold_mm:.1f} mm"
        covered = f"coverage {evidence.coverage:.0%}"
        sentences.append(f"Until {_when(evidence.until)}: {amount}{more}; {threshold}; {covered}.")
        if evidence.doubted_mm:
            sentences.append(f"Quality checks doubt {evidence.doubted_mm:.1f} mm of it.")
        if subject.absent:
            sentences.append(f"Stations without readings: {', '.join(subject.absent)}.")
    if subject.link.renewal:
        still = f"At {_when(subject.link.sent_at)} the alert still stands"
        sentences.append(f"{still}; the figures are those of the newest change of its level.")
    if event.unconfirmed:
        sentences.append("Unconfirmed.")
    sentences.append(f"Observed {_when(event.rained_at)}, known {_when(event.known_at)} (Beijing time).")
    if event.late:
        sentences.append("Late: it had rained some time before it was known.")
    if event.kind is EventKind.CLEARED:
        sentences.append("The rain has been low for long: all clear." if subject.is_rain else "It is well again.")
    if event.kind is EventKind.LAPSED:
        sentences.append("Nothing has been heard for long, and the alert ends; this is no all-clear.")
    if event.reason:
        sentences.append(f"Reason: {_reason(subject, 'en').rstrip('.')}.")
    return [*sentences, f"Alert {event.alert_id}."]


def _amount(subject: Subject, evidence: Evidence, language: str) -> str:
    """How much in how long; "at least" where reports do not speak for all of that time."""
    hours, rest = divmod(evidence.window_s, 3_600)
    part = evidence.coverage < 1
    if language == "zh":
        length = f"{evidence.window_s // 60} 分钟" if rest else f"{hours} 小时"
        of = measure_of(evidence, subject.rule, language, length).words.removeprefix("累计")
        return f"{length}{of}{'至少' if part else ''} {evidence.rain_mm:.1f} 毫米"
    length = f"{evidence.window_s // 60} min" if rest else f"{hours} h"
    of = measure_of(evidence, subject.rule, language, length).words
    return f"{'at least ' if part else ''}{evidence.rain_mm:.1f} mm in {length}{of}"


def _reason(subject: Subject, language: str) -> str:
    """Why; of a finding the first line alone, for a traceback behind it is nobody else's business."""
    event = subject.event
    reason = said_in(language, event.reason, event.cause, _when)
    return reason if subject.is_rain and event.cause is None else reason.partition("\n")[0]


def _when(at: int) -> str:
    """An instant to the minute, in Beijing time."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
