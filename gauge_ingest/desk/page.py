"""The page of one alert, and the pages that say why there is none; HTML without a script, an image or a font."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gauge_ingest.core.escalation import is_for_want_of_duty
from gauge_ingest.core.findings import SERVICE
from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.measures import measure_of
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, Rule, State
from gauge_ingest.core.people import Person
from gauge_ingest.core.told import RISES, acknowledgements, newest_rise
from gauge_ingest.core.withdrawals import said_in
from gauge_ingest.desk.known import Known
from gauge_ingest.desk.words import LANGUAGES, Words, ago_words, instant_words, length_words, short_instant
from gauge_ingest.messages.findings import FINDINGS, finding_words

COMMENT_MAX = 300  # characters: percent-encoded Chinese then stays within BODY_BYTES_MAX of the site
# A page stays below 20 KB, also with the longest comments that commands take, in Chinese.
HISTORY_MAX = 20
HISTORY_WORDS_MAX = 100  # characters
SEEN_BY_MAX = 3
REASON_MAX = 500

_PAGES = Path(__file__).parent / "pages"
_COLOURS = {1: "blue", 2: "yellow", 3: "orange", 4: "red"}
_OVER = "over"
_SAID = (EventKind.ACKNOWLEDGED, EventKind.COMMENTED)
_ENDS = (EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED)
_BY_THE_CLOCK = (EventKind.ESCALATED, EventKind.REMINDED)


class Notice(NamedTuple):
    """A key of the words that the page begins with, whether it is good news, and what else there is to say."""

    key: str
    good: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert as one person sees it through a link. `linked`: the event that the person's message told of."""

    alert: Alert
    events: Sequence[AlertEvent]
    person: Person
    token: str
    linked: int
    notice: Notice | None = None
    comment: str = field(default="", repr=False)

    @property
    def newest(self) -> int | None:
        """The event of the newest rise: what is acknowledged by whoever presses the button on this page."""
        rise = newest_rise(self.events)
        return None if rise is None else rise.id

    @property
    def acknowledged(self) -> bool:
        """Whether this person has acknowledged the alert as it stands."""
        return any(known.who == self.person.name for known in acknowledgements(self.events))


def alert_page(seen: Seen, known: Known, *, now: int) -> str:
    """What, where, since when, how much, how sure, who has seen it; and the form for whoever has not."""
    alert, words = seen.alert, LANGUAGES[seen.person.language]
    stands, newest = alert.state is State.RAISED, seen.newest
    levels = _levels(known, alert)
    history = [_told(words, known, event, levels) for event in reversed(seen.events[-HISTORY_MAX:])]
    left = len(seen.events) - len(history)
    notice = seen.notice
    return _render(
        "alert.html",
        w=words,
        drill=bool(known.drill_options),
        level=_word(words, level_of(alert.level if stands else alert.peak, levels)),
        colour=_COLOURS[level_of(alert.level, levels).grade] if stands else _OVER,
        place=_place(words, known, alert),
        state=words[f"{alert.state.value}_state"],
        stands=stands,
        facts=_facts(words, known, alert, now),
        trust=_trust(words, seen),
        notice="" if notice is None else words[notice.key].format(most=COMMENT_MAX),
        notice_good=notice is not None and notice.good,
        detail="" if notice is None else notice.detail,
        newer=stands and notice is None and newest is not None and newest > seen.linked and not seen.acknowledged,
        seen_by=_seen_by(words, seen.events, now),
        form=stands and not seen.acknowledged,
        token=seen.token,
        seen="" if newest is None else newest,
        who=seen.person.name,
        comment=seen.comment,
        comment_max=COMMENT_MAX,
        history=history,
        earlier=words["earlier"].format(count=left, alert=alert.id) if left else "",
        footer=_footer(words, known, alert, now),
    )


def trouble_page(
    languages: Sequence[str], key: str, *, commands: Sequence[str], drill: bool = False, **values: object
) -> str:
    """Why there is no page, and what to do instead; in both languages where the person's is not known."""
    parts = [
        {
            "language": words["language"],
            "title": words[key],
            "why": words[f"{key}_why"].format(**values),
            **{name: words[name] for name in ("instead", "telephone", "command")},
        }
        for words in (LANGUAGES[language] for language in languages)
    ]
    return _render("trouble.html", w=LANGUAGES[languages[0]], drill=drill, parts=parts, commands=commands)


@cache
def style_source() -> str:
    """The source that a Content-Security-Policy names for the style of these pages."""
    digest = hashlib.sha256(_style().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


# --- parts of the page -------------------------------------------------------------------------------------------


def _facts(words: Words, known: Known, alert: Alert, now: int) -> list[tuple[str, str, str]]:
    facts = []
    if todo := _todo(words, known, alert):
        facts.append((words["todo"], todo, ""))
    if alert.evidence is not None:
        amount, threshold = _amount(words, alert.evidence, known.rules.get(alert.rule))
        facts.append((words["rain"], amount, threshold))
    since = instant_words(words, alert.rained_since)
    facts.append((words["since"], since, ago_words(words, alert.rained_since, now=now)))
    if alert.state is not State.RAISED:
        facts.append((words["until"], instant_words(words, alert.rained_until), ""))
    if alert.peak != alert.level:
        facts.append((words["peak"], _word(words, level_of(alert.peak, _levels(known, alert))), ""))
    if alert.reason:
        facts.append((words["reason"], _why(words, alert, REASON_MAX), ""))
    return facts


def _todo(words: Words, known: Known, alert: Alert) -> str:
    """What to do while it stands: of a finding what it asks for, else what the contingency plan says."""
    language = words["language"][:2]
    if alert.state is not State.RAISED:
        return ""
    if alert.rule in FINDINGS:
        return finding_words(alert.rule).todo.said_in(language)
    return known.actions.todo(alert.level, alert.scope, language)


def _amount(words: Words, evidence: Evidence, rule: Rule | None) -> tuple[str, str]:
    window, rain = length_words(words, evidence.window_s), f"{evidence.rain_mm:.1f}"
    of = measure_of(evidence, rule, words["language"][:2], window).words.removeprefix("累计雨量")
    until, threshold = instant_words(words, evidence.until), f"{evidence.threshold_mm:.1f}"
    return (
        words["amount"].format(window=window, of=of, rain=rain),
        words["threshold"].format(threshold=threshold, until=until),
    )


def _trust(words: Words, seen: Seen) -> list[tuple[str, bool]]:
    """Each mark, and whether it is a doubt."""
    evidence, rise = seen.alert.evidence, newest_rise(seen.events)
    if evidence is None:
        return [(words["no_rain"], False)]
    rain, most = f"{evidence.rain_mm:.1f}", f"{evidence.rain_mm_max:.1f}"
    rests_on_doubt = evidence.doubted_mm > 0 and evidence.rain_mm - evidence.doubted_mm < evidence.threshold_mm
    marks = [(words["trusted"], False)]
    if evidence.doubted_mm:
        key = "rests_on_doubt" if rests_on_doubt else "doubted"
        marks = [(words[key].format(rain=f"{evidence.doubted_mm:.1f}"), True)]
    if evidence.unconfirmed and not rests_on_doubt:
        marks.append((words["higher"], True))
    if evidence.rain_mm_max > evidence.rain_mm:
        marks.append((words["perhaps"].format(rain=rain, most=most), False))
    if rise is not None and rise.late:
        passed = length_words(words, (rise.known_at - rise.rained_at) // 1000)
        marks.append((words["late"].format(elapsed=passed), True))
    key = "covered" if evidence.coverage >= 1 else "partly_covered"
    covered = words[key].format(coverage=f"{int(evidence.coverage * 100)}%")
    return [*marks, (covered, False)]


def _seen_by(words: Words, events: Sequence[AlertEvent], now: int) -> list[dict[str, str]]:
    return [
        {
            "line": words["acknowledged"].format(
                who=event.who, at=f"{instant_words(words, event.at)} ({ago_words(words, event.at, now=now)})"
            ),
            "words": _cut(event.reason, COMMENT_MAX),
        }
        for event in acknowledgements(events)[:SEEN_BY_MAX]
    ]


def _told(words: Words, known: Known, event: AlertEvent, rule_levels: Sequence[str]) -> dict[str, str]:
    said = event.kind in _SAID
    plain = "nobody_on_duty" if is_for_want_of_duty(event) else event.kind.value
    what = words[f"said_{plain}" if said else plain]
    if event.kind not in (*_ENDS, *_SAID, *_BY_THE_CLOCK):
        what = words["with_level"].format(what=what, level=_word(words, level_of(event.level, rule_levels)))
    rose = event.kind in RISES and event.evidence is not None
    amount = _amount(words, event.evidence, known.rules.get(event.rule))[0] if rose and event.evidence else ""
    return {
        "at": short_instant(event.at),
        "what": what,
        "who": event.who,
        "words": _why(words, event, HISTORY_WORDS_MAX) or amount,
    }


def _why(words: Words, of: Alert | AlertEvent, most: int) -> str:
    """A reason in the language of the page, its first line alone; what a person wrote stays as it is."""
    return _cut(said_in(words["language"][:2], of.reason, of.cause, short_instant).split("\n")[0], most)


def _footer(words: Words, known: Known, alert: Alert, now: int) -> list[str]:
    rule = known.rules.get(alert.rule)
    source = [words["source"].format(source=rule.source)] if rule is not None and rule.source else []
    about = words["alert"].format(alert=alert.id, rule=alert.rule)
    return [words["page_at"].format(at=instant_words(words, now)), about, *source]


def _place(words: Words, known: Known, alert: Alert) -> str:
    name = known.names.get(alert.scope)
    place = alert.scope if name is None else f"{name} {alert.scope}"
    if alert.rule not in FINDINGS:
        return place
    found = finding_words(alert.rule).title.said_in(words["language"][:2])
    return f"{words['service'] if alert.scope == SERVICE else place}: {found}"


def _levels(known: Known, alert: Alert) -> Sequence[str]:
    """The levels of the alert's rule, from the lowest to the highest."""
    rule = known.rules.get(alert.rule)
    return () if rule is None else rule.levels


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _word(words: Words, level: Level) -> str:
    return level.zh if words is LANGUAGES["zh"] else level.en


def _render(name: str, **values: Any) -> str:
    return _templates().get_template(name).render(style=_style(), **values)


@cache
def _style() -> str:
    return (_PAGES / "page.css").read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
