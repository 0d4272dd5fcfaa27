"""Everything that a message may say of an alert event, as plain values; pure, by the event and those before it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gauge_ingest.core.actions import Actions, Words
from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Rule, State
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.core.told import RISES, acknowledgements, newest_rise
from gauge_ingest.messages.evidence import rain_facts, trust_facts
from gauge_ingest.messages.findings import FINDINGS, finding_words
from gauge_ingest.messages.reasons import finding_reason, merged_into, reason_text
from gauge_ingest.messages.words import clock_text, elapsed_text, mm_text, one_line, window_text

NAME_MAX = 64  # characters of a place, a rule, a level
TEXT_MAX = 500  # characters of what a person wrote, and of a contingency text
BRIEF_MAX = 18
WHO_MAX = 100
LINK_MAX = 2_048
COMMAND = "gauge-ingest alerts acknowledge {id}"

_CHANGES = (*RISES, EventKind.EASED)
_WARNS = (*_CHANGES, EventKind.ESCALATED, EventKind.REMINDED)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class World:
    """What the facts are looked up in: names of scopes, rules by id, the contingency plan.

    `command`: how an alert is acknowledged without a link; {id} in it stands for the alert.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    actions: Actions = field(default_factory=Actions)
    command: str = COMMAND


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may say. Empty text means that there is nothing to say; times are those of a clock in Beijing."""

    kind: str  # raised, strengthened, eased, cleared, withdrawn, lapsed, acknowledged, commented, escalated, reminded
    service: bool  # a finding about the service or a station, not about rain
    repeated: bool
    drill: bool
    # where, and how grave
    place: str
    place_id: str
    where: str
    level: str
    level_id: str
    grade: int
    evacuates: bool
    highest_level: str
    # how much in how long against what
    rain_mm: str
    rain_mm_max: str
    duration: str
    duration_short: str
    threshold_mm: str
    reached: bool
    rain_since: str
    rain_until: str
    highest_rain_mm: str
    highest_duration: str
    highest_duration_short: str
    highest_threshold_mm: str
    # rising or falling, and what was told before
    trend: str
    again: bool
    before_kind: str
    before_level: str
    before_rain_mm: str
    before_duration: str
    before_at: str
    # whether it can be trusted
    unconfirmed: bool
    doubted_mm: str
    coverage_percent: int
    incomplete: bool  # reports do not speak for all of that time
    at_least: bool  # it may have rained more
    late: bool
    late_by: str
    rain_age: str
    # what to do, and how to say that it was seen
    action: str
    brief: str
    warns: bool  # the message warns: the level stands, and people are to act by it
    asks: bool  # it warns, and nobody has acknowledged yet
    link: str
    command: str
    acknowledged_by: str
    unacknowledged_for: str
    # when, who, why
    since: str
    until: str
    rained_at: str
    known_at: str
    told_at: str
    ended: str  # the alert has ended since: cleared, withdrawn or lapsed
    now_level: str  # the alert stands at another level since
    reason: str
    merged_into: str
    who: str
    said: str
    alert: int
    event: int
    rule: str
    source: str
    # of a finding
    finding: str
    finding_means: str
    finding_todo: str
    finding_over: str
    finding_why: str
    doubt_since: str
    doubt_until: str


def facts_of(
    event: AlertEvent,
    alert: Alert,
    events: Sequence[AlertEvent],
    world: World,
    *,
    language: str,
    link: str,
    repeated: bool,
    drill: bool,
) -> Facts:
    """Everything that a message may say, in the words of a language; of the alert's `events` none that came after."""
    before = [one for one in events if one.id < event.id]
    rule = world.rules.get(alert.rule)
    level = _level(event, alert, rule)
    evidence = event.evidence or alert.evidence
    service = rule is None and (evidence is None or alert.rule in FINDINGS)
    return Facts(
        kind=event.kind.value,
        service=service,
        repeated=repeated,
        drill=drill,
        **_where(alert.scope, world, language),
        **_gravity(level, alert, rule, language),
        **rain_facts(evidence, alert.evidence or evidence, language),
        **_course(event, before, rule, language),
        **trust_facts(event, evidence, language),
        **_answer(event, alert, before, world, level, language),
        link=one_line(link, LINK_MAX) if link else "",
        **_when(event, alert),
        **_since_then(event, alert, rule, language),
        **_why(event, service=service, language=language),
        alert=alert.id,
        event=event.id,
        rule=_name(alert.rule),
        source=one_line(rule.source, TEXT_MAX) if rule is not None else "",
        **_finding(event, alert, service=service, language=language),
    )


def _level(event: AlertEvent, alert: Alert, rule: Rule | None) -> Level:
    """The level that is spoken of: of an end, the highest that was warned of."""
    levels = () if rule is None else rule.levels
    return level_of(event.level or alert.peak or alert.level, levels)


def _gravity(level: Level, alert: Alert, rule: Rule | None, language: str) -> dict[str, Any]:
    return {
        "level": _word(level, language),
        "level_id": _name(level.id),
        "grade": level.grade,
        "evacuates": level.evacuates,
        "highest_level": _word(level_of(alert.peak, () if rule is None else rule.levels), language),
    }


def _word(level: Level, language: str) -> str:
    return _name(level.zh if language == "zh" else level.en)


def _where(scope: str, world: World, language: str) -> dict[str, Any]:
    """The name and the id of a place, and both together."""
    place, place_id = _name(world.places.get(scope, scope)), _name(scope)
    both = f"{place}（{place_id}）" if language == "zh" else f"{place} ({place_id})"
    return {"place": place, "place_id": place_id, "where": place if place == place_id else both}


def _name(text: str) -> str:
    return one_line(text, NAME_MAX) or "?"


def _when(event: AlertEvent, alert: Alert) -> dict[str, Any]:
    return {
        "since": clock_text(alert.rained_since),
        "until": clock_text(max(alert.rained_until, alert.rained_since)),
        "rained_at": clock_text(event.rained_at),
        "known_at": clock_text(event.known_at),
        "told_at": clock_text(event.at),
    }


def _since_then(event: AlertEvent, alert: Alert, rule: Rule | None, language: str) -> dict[str, Any]:
    """What has become of the alert since an event that warns; a message may come late, or again."""
    warns, stands = event.kind in _WARNS, alert.state is State.RAISED
    moved = warns and stands and event.level and alert.level != event.level
    levels = () if rule is None else rule.levels
    return {
        "ended": alert.state.value if warns and not stands else "",
        "now_level": _word(level_of(alert.level, levels), language) if moved else "",
    }


def _why(event: AlertEvent, *, service: bool, language: str) -> dict[str, Any]:
    """Why it was taken back, and who said what."""
    return {
        "reason": "" if service or event.who else reason_text(event.reason, language),
        "merged_into": merged_into(event.reason) if event.kind is EventKind.WITHDRAWN else "",
        "who": one_line(event.who, WHO_MAX),
        "said": one_line(event.reason, TEXT_MAX) if event.who else "",
    }


def _course(event: AlertEvent, before: Sequence[AlertEvent], rule: Rule | None, language: str) -> dict[str, Any]:
    """Rising or falling by the newest change of the level, this event's or an earlier one, and the one before it."""
    changes = [one for one in before if one.kind in _CHANGES]
    newest = event if event.kind in _CHANGES else (changes[-1] if changes else None)
    if event.kind not in _CHANGES and event.kind not in (EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED):
        changes = changes[:-1]  # what stands, as this event finds it, is the newest of them
    last = changes[-1] if changes else None
    trend = "" if newest is None else "rising" if newest.kind in RISES else "falling"
    shown = None if last is None else last.evidence
    levels = () if rule is None else rule.levels
    return {
        "trend": trend,
        "again": event.kind is EventKind.RAISED and bool(changes),
        "before_kind": "" if last is None else last.kind.value,
        "before_level": "" if last is None else _word(level_of(last.level, levels), language),
        "before_rain_mm": "" if shown is None else mm_text(shown.rain_mm),
        "before_duration": "" if shown is None else window_text(shown.window_s, language),
        "before_at": "" if last is None else clock_text(last.at),
    }


def _answer(
    event: AlertEvent, alert: Alert, before: Sequence[AlertEvent], world: World, level: Level, language: str
) -> dict[str, Any]:
    """What is to be done, who has seen it, or for how long nobody has."""
    rise = newest_rise([*before, event])
    seen = acknowledgements([*before, event])
    warns = event.kind in _WARNS
    now = alert.level if alert.state is State.RAISED else level.id  # what is to be done goes by where it stands
    asks = warns and not seen
    return {
        "warns": warns,
        "action": one_line(world.actions.todo(now, alert.scope, language), TEXT_MAX) if warns else "",
        "brief": one_line(_brief(world, now, language), BRIEF_MAX) if warns else "",
        "asks": asks,
        "command": world.command.replace("{id}", str(alert.id)) if asks else "",
        "acknowledged_by": one_line(seen[0].who, WHO_MAX) if seen else "",
        "unacknowledged_for": "" if seen or rise is None else elapsed_text(event.at - rise.at, language),
    }


def _brief(world: World, level: str, language: str) -> str:
    own = world.actions.briefs.get(level, Words()).said_in(language)
    return own or level_of(level).brief.said_in(language)


def _finding(event: AlertEvent, alert: Alert, *, service: bool, language: str) -> dict[str, Any]:
    names = ("finding", "finding_means", "finding_todo", "finding_over", "finding_why", "doubt_since", "doubt_until")
    if not service:
        return dict.fromkeys(names, "")
    words = finding_words(alert.rule)
    said = [words.title, words.means, words.todo, words.over]
    found = dict(zip(names, (one.said_in(language) for one in said), strict=False))
    # Of a warning that is told when it is over what was seen then; the alert has the reason of its end.
    is_past = event.kind in _CHANGES and alert.state is not State.RAISED
    reason, cause = (event.reason, event.cause) if is_past else (alert.reason, alert.cause)
    why = finding_reason(cause, reason, language) if words.tells_why else ""
    instants = _instants(reason.partition("\n")[0])
    since, until = instants if len(instants) == 2 else ("", "")
    return {**found, "finding_why": why, "doubt_since": since, "doubt_until": until}


def _instants(text: str) -> list[str]:
    found = []
    for written in _INSTANT.findall(text):
        try:
            found.append(clock_text(parse_instant(written)))
        except ValueError:
            return []
    return found
