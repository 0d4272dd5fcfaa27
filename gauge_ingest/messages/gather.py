"""Puts together everything that a message may say of an alert event; pure, by the event and those before it."""

import re
from collections.abc import Sequence
from typing import Any

from gauge_ingest.core.actions import Words
from gauge_ingest.core.escalation import is_for_want_of_duty
from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Rule, State
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.core.told import RISES, acknowledgements, first_telling, newest_rise
from gauge_ingest.messages.evidence import around_facts, rain_facts, trust_facts
from gauge_ingest.messages.facts import Facts, World
from gauge_ingest.messages.findings import FINDINGS, finding_words
from gauge_ingest.messages.reasons import finding_reason, merged_into, reason_text
from gauge_ingest.messages.words import clock_text, elapsed_text, mm_text, one_line, window_text

NAME_MAX = 64  # characters of a place, a rule, a level
TEXT_MAX = 500  # characters of what a person wrote, and of a contingency text
BRIEF_MAX = 18
WHO_MAX = 100
LINK_MAX = 2_048
MOVE_NOBODY = Words("不转移只确认", "move nobody")  # of a drill
STAY_OUT = Words("已转移的勿返回", "stay out")
STANDING_MAX = 3  # other alerts that are named

_CHANGES = (*RISES, EventKind.EASED)
_ENDS = (EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED)
_SAID = (EventKind.ACKNOWLEDGED, EventKind.COMMENTED)
_WARNS = (*_CHANGES, EventKind.ESCALATED, EventKind.REMINDED)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:\d\d")


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
    beside: Sequence[Alert] = (),
) -> Facts:
    """Everything that a message may say, in the words of a language; of the alert's `events` none that came after.

    `beside`: other alerts that stand at the same place.
    """
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
        **rain_facts(evidence, alert.evidence or evidence, rule, language),
        **_course(event, before, rule, language),
        **trust_facts(event, evidence, language),
        **around_facts(event, evidence, world.places, language),
        **_answer(event, alert, before, world, level, language, drill=drill) | {"link": one_line(link, LINK_MAX)},
        **_when(event, alert),
        **_since_then(event, alert, rule, language) | {"standing": _standing(event, beside, world, language)},
        **_why(event, service=service, language=language),
        **_numbers(event, alert, rule),
        **_finding(event, alert, service=service, language=language),
    )


def _numbers(event: AlertEvent, alert: Alert, rule: Rule | None) -> dict[str, Any]:
    source = one_line(rule.source, TEXT_MAX) if rule is not None else ""
    return {"alert": alert.id, "event": event.id, "rule": _name(alert.rule), "source": source}


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
    known = world.places.get(scope, scope)
    if scope in world.rules and scope not in world.places:  # a rule that does not work
        known = f"规则 {scope}" if language == "zh" else f"rule {scope}"
    place, place_id = _name(known), _name(scope)
    if known != scope and scope in world.rules:
        return {"place": place, "place_id": place_id, "where": place}
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
    """What has become of the alert since an event that warns or that a person made; it may come late, or again."""
    warns, stands = event.kind in _WARNS, alert.state is State.RAISED
    moved = warns and stands and event.level and alert.level != event.level
    levels = () if rule is None else rule.levels
    return {
        "ended": alert.state.value if (warns or event.kind in _SAID) and not stands else "",
        "now_level": _word(level_of(alert.level, levels), language) if moved else "",
    }


def _standing(event: AlertEvent, beside: Sequence[Alert], world: World, language: str) -> str:
    """Of an end, what else warns of this place: else who reads it takes the whole place for safe."""
    if event.kind not in _ENDS or merged_into(event.reason):
        return ""
    named = [
        (one, level_of(one.level, world.rules[one.rule].levels if one.rule in world.rules else ())) for one in beside
    ]
    warning = [(one, level) for one, level in named if one.rule in world.rules or level.evacuates]
    warning.sort(key=lambda pair: (-pair[1].grade, pair[0].id))
    words = [f"{_word(level, language)} #{one.id}" for one, level in warning[:STANDING_MAX]]
    return ("、" if language == "zh" else ", ").join(words)


def _why(event: AlertEvent, *, service: bool, language: str) -> dict[str, Any]:
    """Why it was taken back, and who said what."""
    return {
        "reason": _reason(event, service=service, language=language),
        "merged_into": merged_into(event.reason) if event.kind is EventKind.WITHDRAWN else "",
        "who": one_line(event.who, WHO_MAX),
        "said": one_line(event.reason, TEXT_MAX) if event.who else "",
    }


def _reason(event: AlertEvent, *, service: bool, language: str) -> str:
    if event.kind is EventKind.ESCALATED:
        return finding_reason(event.cause, event.reason, language)
    return "" if service or event.who else reason_text(event.reason, language)


def _course(event: AlertEvent, before: Sequence[AlertEvent], rule: Rule | None, language: str) -> dict[str, Any]:
    """Rising or falling by the newest change of the level, this event's or an earlier one, and the one before it."""
    changes = [one for one in before if one.kind in _CHANGES]
    newest = event if event.kind in _CHANGES else (changes[-1] if changes else None)
    if event.kind not in _CHANGES and event.kind not in _ENDS:
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
    event: AlertEvent,
    alert: Alert,
    before: Sequence[AlertEvent],
    world: World,
    level: Level,
    language: str,
    *,
    drill: bool,
) -> dict[str, Any]:
    """What is to be done, who has seen it, or for how long nobody has."""
    seen = acknowledgements([*before, event])
    warns = event.kind in _WARNS
    now = alert.level if alert.state is State.RAISED else level.id  # what is to be done goes by where it stands
    brief = MOVE_NOBODY.said_in(language) if drill else _brief(alert, world, now, language)
    asks = warns and not seen and alert.state is State.RAISED
    return {
        "warns": warns,
        "action": one_line(world.actions.todo(now, alert.scope, language), TEXT_MAX) if warns else "",
        "brief": one_line(brief, BRIEF_MAX) if warns else "",
        "stay_out": _moved_people(alert, world),
        "asks": asks,
        "command": world.command.replace("{id}", str(alert.id)) if asks else "",
        "acknowledged_by": one_line(seen[0].who, WHO_MAX) if seen else "",
        "unacknowledged_for": _unseen_for(event, before, language),
        "nobody_on_duty": is_for_want_of_duty(event) or _is_unmanned(event, before, world),
    }


def _unseen_for(event: AlertEvent, before: Sequence[AlertEvent], language: str) -> str:
    """For how long nobody has acknowledged since people were first told; empty of a step that is not about that."""
    first = first_telling([*before, event])
    if first is None or is_for_want_of_duty(event) or acknowledgements([*before, event]):
        return ""
    return elapsed_text(event.at - first.at, language)


def _is_unmanned(event: AlertEvent, before: Sequence[AlertEvent], world: World) -> bool:
    """Whether nobody was on duty when an event told people first of an alert as it rose."""
    rise, first = newest_rise([*before, event]), first_telling([*before, event])
    if rise is None or first is None or first.id != event.id:
        return False
    return world.is_unmanned(rise.level, event.at)


def _brief(alert: Alert, world: World, level: str, language: str) -> str:
    """A few words of what to do: of a finding its own; who has moved stays away when the level falls."""
    if alert.rule in FINDINGS and (words := finding_words(alert.rule).brief) != Words():
        return words.said_in(language)
    if alert.level != alert.peak and _moved_people(alert, world):
        return STAY_OUT.said_in(language)
    own = world.actions.briefs.get(level, Words()).said_in(language)
    return own or level_of(level).brief.said_in(language)


def _moved_people(alert: Alert, world: World) -> bool:
    rule = world.rules.get(alert.rule)
    return rule is not None and level_of(alert.peak, rule.levels).evacuates


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
