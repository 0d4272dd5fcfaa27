"""Writes messages: facts and templates to subject, text and short form. A message always comes out."""

import logging
import re
import shlex
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, NamedTuple

from jinja2 import Template

from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import Alert, AlertEvent, EventKind
from gauge_ingest.core.people import Person
from gauge_ingest.messages import LANGUAGES, SHORT_MAX
from gauge_ingest.messages.facts import WHO, Facts, World
from gauge_ingest.messages.gather import facts_of
from gauge_ingest.messages.rendering import FAULTS, GROUP_OUTPUT_MAX, OUTPUT_MAX, compiled, said, shipped
from gauge_ingest.messages.short import SINGLE_MAX, fitted, more
from gauge_ingest.messages.words import cut, one_line, units
from gauge_ingest.notifiers import Message

log = logging.getLogger("gauge_ingest.messages")

HEADLINE_MAX = 320  # characters of a subject
TEXTS_MAX = 4_000  # of a group, characters of messages told in full; the others are told by their first line
LINES_MAX = 100  # of a group, messages that have a line of their own
FAILURES_MAX = 100

DRILL = {"zh": "【演习 DRILL】", "en": "[演习 DRILL] "}
DRILL_MEANS = {
    "zh": "这是演习：不转移任何人，不鸣锣，不拉警报{asks}。以下是真有险情时的做法。",
    "en": "This is a drill: move nobody, sound no alarm{asks}. The rest says what would be done in earnest.",
}
DRILL_ASKS = {"zh": "，只须确认收到", "en": ", only acknowledge"}
DRILL_SHORT = "演习DRILL "
REPEAT_SHORT = {"zh": "重发 ", "en": "REPEAT "}
REPEAT = {"zh": "【重发】", "en": "[REPEAT] "}
_LOOSE = re.compile(r"(?<=[：，。】〕）]) | (?=[〔【（，：—])")
_SETTLED = (EventKind.CLEARED, EventKind.ACKNOWLEDGED, EventKind.COMMENTED)
_MORE = {"zh": "另有{count}条：gauge-ingest alerts", "en": "{count} more: gauge-ingest alerts"}


class Failure(NamedTuple):
    """A template that tripped; the message went out with the shipped words."""

    file: str
    error: str
    event: int


class Writer:
    """Made from plain values; `own` are the templates of the configuration by file, such as zh/text.txt.j2.

    `failures` are the newest templates that tripped; each is logged as well.
    """

    def __init__(self, world: World, own: Mapping[str, str] | None = None) -> None:
        self._world = world
        self.failures: deque[Failure] = deque(maxlen=FAILURES_MAX)
        self._own = self._compiled(own or {})
        try:
            self._shipped = self._compiled(shipped())
        except OSError as error:
            self._fail("shipped", error, 0)
            self._shipped = {}

    def message(
        self,
        event: AlertEvent,
        alert: Alert,
        events: Sequence[AlertEvent],
        *,
        person: Person,
        link: str = "",
        repeated: bool = False,
        drill: bool = False,
        beside: Sequence[Alert] = (),
    ) -> Message:
        """What a person is told of an event. `events` are all of the alert; without a `link` a command is named.

        `beside`: other alerts that stand at the same place.
        """
        language = _language(person)
        try:
            facts = facts_of(
                *(event, alert, events, self._world),
                language=language,
                link=link,
                repeated=repeated,
                drill=drill,
                beside=beside,
            )
            whose = f" --who {shlex.quote(person.id)}" if person.id else ""
            facts = replace(facts, command=facts.command.replace(WHO, whose))
        except FAULTS as error:
            self._fail("facts", error, event.id)
            return _plainest(event, alert, language, repeated=repeated, drill=drill)
        return self.written(facts, language)

    def written(self, facts: Facts, language: str) -> Message:
        """The message that says these facts."""
        kind = "service_" if facts.service else ""
        names: dict[str, Any] = asdict(facts)
        headline = self._say(f"{language}/{kind}headline.txt.j2", names, facts.event) or _sentence(facts)
        headline = _tight(headline)
        text = self._say(f"{language}/{kind}text.txt.j2", names | {"headline": headline}, facts.event)
        text = _lines(text) if text else headline
        before = (DRILL[language] if facts.drill else "") + (REPEAT[language] if facts.repeated else "")
        if facts.drill:
            text = _drilled(text, language, asks=facts.asks)
        if facts.repeated:
            start = DRILL[language] if facts.drill else ""
            text = before + text.removeprefix(start)
        short = self._short(f"{language}/{kind}short.txt.j2", facts, headline, language)
        return Message(
            event=facts.event,
            subject=before + headline,
            text=text,
            short=short,
            grade=1 if facts.kind in _SETTLED else facts.grade,
            drill=facts.drill,
        )

    def group(self, messages: Sequence[Message], person: Person) -> Message:
        """Several messages for one person as one, the gravest first, none of them left out; one stays as it is."""
        assert messages
        if len(messages) == 1:
            return messages[0]
        language = _language(person)
        ordered = sorted(messages, key=lambda one: (one.drill, -one.grade, -one.event))
        first, newest = ordered[0], max(one.event for one in messages)
        drill = all(one.drill for one in messages)
        headlines = [one.subject for one in ordered[:LINES_MAX]]
        if len(ordered) > LINES_MAX:
            headlines.append(_MORE[language].format(count=len(ordered) - LINES_MAX))
        names = {
            "count": len(messages),
            "headline": first.subject,
            "headlines": headlines,
            "texts": _in_full(ordered),
            "drill": drill,
        }
        subject = (
            self._say(f"{language}/group_headline.txt.j2", names, newest) or f"{first.subject} (+{len(ordered) - 1})"
        )
        subject = _tight(subject)
        text = self._say(f"{language}/group_text.txt.j2", names | {"headline": subject}, newest)
        text = text or "\n".join([subject, *headlines])
        if drill:
            text = "\n".join(_marked(line, DRILL[language]) for line in _lines(text).split("\n"))
            subject = _marked(subject, DRILL[language])
        others = more(len(ordered) - 1, language)
        short = cut(first.short, SHORT_MAX - units(others)) + others
        return Message(newest, subject, _lines(text), short, max(one.grade for one in messages), drill)

    def _short(self, file: str, facts: Facts, headline: str, language: str) -> str:
        """The short form: the place becomes shorter first, then the level; a template of one's own may be too long."""
        marks = (DRILL_SHORT if facts.drill else "") + (REPEAT_SHORT[language] if facts.repeated else "")
        room = SINGLE_MAX - units(marks)
        names: dict[str, Any] = asdict(facts) | {"headline": headline}
        for templates in (self._own, self._shipped):
            line = fitted(partial(self._tried, templates, file, event=facts.event), names, room)
            if line and units(line) <= room:
                return marks + line
            if line:
                self._fail(file, f"longer than {SINGLE_MAX} characters", facts.event)
        return marks + cut(_sentence(facts), room)

    def _say(self, file: str, names: Mapping[str, Any], event: int) -> str:
        """What the file says: one's own, else the shipped one; empty when both trip."""
        return self._tried(self._own, file, names, event) or self._tried(self._shipped, file, names, event)

    def _tried(self, templates: Mapping[str, Template], file: str, names: Mapping[str, Any], event: int) -> str:
        template = templates.get(file)
        if template is None:
            return ""
        try:
            text = said(template, names, GROUP_OUTPUT_MAX if "/group_" in file else OUTPUT_MAX)
        except FAULTS as error:
            self._fail(file, error, event)
            return ""
        return text if text.strip() else ""

    def _compiled(self, sources: Mapping[str, str]) -> dict[str, Template]:
        """Those of the templates that can be read; faults in them are told when the configuration is checked."""
        found = {}
        for file, source in sources.items():
            try:
                found[file] = compiled(source)
            except (*FAULTS, RecursionError, SyntaxError) as error:
                self._fail(file, error, 0)
        return found

    def _fail(self, file: str, error: object, event: int) -> None:
        words = one_line(str(error), 300)
        self.failures.append(Failure(file, words, event))
        log.error("template failed, shipped words are used file=%s event=%d error=%s", file, event, words)


def _language(person: Person) -> str:
    return person.language if person.language in LANGUAGES else LANGUAGES[0]


def _tight(headline: str) -> str:
    """One line, without the blanks that Chinese punctuation needs none of."""
    return one_line(_LOOSE.sub("", one_line(headline, 2 * HEADLINE_MAX)), HEADLINE_MAX)


def _lines(text: str) -> str:
    """Lines without blanks at their ends, and without empty ones."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _drilled(text: str, language: str, *, asks: bool) -> str:
    """Each line marked, and below the first what a drill asks of people: nobody shall move a village at night."""
    first, *others = text.split("\n")
    means = DRILL_MEANS[language].format(asks=DRILL_ASKS[language] if asks else "")
    return "\n".join(f"{DRILL[language]}{line}" for line in (first, means, *others))


def _in_full(ordered: Sequence[Message]) -> list[str]:
    """The texts of the first messages, as many as people read; always the first one."""
    texts, length = [ordered[0].text], len(ordered[0].text)
    for one in ordered[1:]:
        length += len(one.text)
        if length > TEXTS_MAX:
            break
        texts.append(one.text)
    return texts


def _marked(line: str, mark: str) -> str:
    return line if line.startswith(mark.strip()) else mark + line


def _sentence(facts: Facts) -> str:
    """What is said when no template can be: the same things in the order of their weight."""
    rain = f" {facts.rain_mm}mm/{facts.duration_short} ({facts.threshold_mm}mm)" if facts.rain_mm else ""
    return f"{facts.level} {facts.kind} {facts.place}{rain} #{facts.alert}"


def _plainest(event: AlertEvent, alert: Alert, language: str, *, repeated: bool, drill: bool) -> Message:
    """What is said when not even the facts can be put together."""
    level = level_of(event.level or alert.peak)
    word = level.zh if language == "zh" else level.en
    marks = (DRILL[language] if drill else "") + (REPEAT[language] if repeated else "")
    line = one_line(f"{word} {event.kind.value} {alert.scope} ({alert.rule}) #{alert.id}", HEADLINE_MAX)
    short = cut((DRILL_SHORT if drill else "") + line, SHORT_MAX)
    return Message(event.id, marks + line, marks + line, short, level.grade, drill)
