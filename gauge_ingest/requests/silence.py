"""A silence as a person asks for it: checked word by word, entered, ended early; what it holds back, in words."""

from collections.abc import Collection, Mapping
from typing import Any, TypeGuard

from gauge_ingest.core.levels import LEVELS, level_of
from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, Alert
from gauge_ingest.core.silences import ALL, ALWAYS_TOLD, OF_THE_SERVICE, SERVICE, Silence
from gauge_ingest.core.spans import duration_text, instant_text
from gauge_ingest.journal import Journal
from gauge_ingest.pump.accept import Network
from gauge_ingest.pump.findings import Finding
from gauge_ingest.requests.words import WHO_MAX, WHY_MAX, Refused, words

SILENCE_MAX_MS = 7 * DAY_MS  # of one that begins now
WINDOW_MAX_MS = 30 * DAY_MS  # of one that is planned ahead
EVACUATION_MAX_MS = 6 * HOUR_MS  # of one that holds back levels that move people
AHEAD_MAX_MS = 366 * DAY_MS
# A silence that begins now is asked for a moment before it is entered.
BEHIND_MAX_MS = MINUTE_MS
INSTANT_MAX = 1 << 47  # in the year 6429: later ones cannot be written as RFC 3339 has it
NAMED_MAX = 20  # scopes that a refusal names

_NEEDED = {"scope", "until", "why"}
_KEYS = {*_NEEDED, "since", "rule", "evacuation", "who"}
_END_NEEDED = {"silence", "why"}
_END_KEYS = {*_END_NEEDED, "who"}
_ID_MAX = 2**63 - 1


def enter_silence(journal: Journal, network: Network, body: Mapping[str, Any], *, who: str, now: int) -> dict[str, Any]:
    """Enter inside the caller's transaction the silence that a request asks for; the answer to it. Raises Refused.

    `body`: `scope` (a station, a basin or "all"), `until` and perhaps `since` (else now) in milliseconds since 1970,
    `why`; perhaps `rule` (else every rule), `evacuation` (whether levels that move people are held back, too) and
    `who`, else the one given.
    """
    silence = _drafted(journal, network, body, who=who, now=now)
    journal.silences.enter(silence)
    standing = [one for one in journal.reader.alerts.all() if silence.covers(rule=one.rule, scope=one.scope)]
    return {
        "ok": True,
        "silence": document(silence, now=now),
        "holds_back": holds_back(silence),
        "tells": tells(silence, is_basin=silence.scope in network.basins),
        "alerts": [_standing(alert, silence, network) for alert in reversed(standing)],
    }


def end(journal: Journal, body: Mapping[str, Any], *, who: str, now: int) -> dict[str, Any]:
    """End a silence before its time inside the caller's transaction; the answer to the request. Raises Refused.

    `body`: `silence`, its number; `why`; perhaps `who`, else the one given.
    """
    _refuse_keys(body, needed=_END_NEEDED, known=_END_KEYS, what="the end of a silence")
    number = body["silence"]
    silence = journal.reader.silences.one(number) if _is_whole(number) and 0 < number <= _ID_MAX else None
    if silence is None:
        raise Refused(f"silence {number!r}: there is no such silence; silences list --all lists them")
    named, why = words("who", body.get("who", who), WHO_MAX), words("why", body["why"], WHY_MAX)
    if silence.ended_at is not None:
        raise Refused(f"silence {silence.id}: {silence.ended_by} ended it at {instant_text(silence.ended_at)}")
    if silence.is_over(now):
        raise Refused(f"silence {silence.id}: is over since {instant_text(silence.until)}")
    journal.silences.end(silence.id, at=now, who=named, why=why)
    ended = journal.reader.silences.one(silence.id)
    assert ended is not None
    return {"ok": True, "silence": document(ended, now=now)}


def longest_ms(*, planned: bool, evacuation: bool) -> int:
    """How long a silence may last."""
    if evacuation:
        return EVACUATION_MAX_MS
    return WINDOW_MAX_MS if planned else SILENCE_MAX_MS


def document(silence: Silence, *, now: int) -> dict[str, Any]:
    """A silence as commands and requests print it."""
    return {
        "id": silence.id,
        "state": "ended" if silence.ended_at is not None else _state(silence, now),
        "scope": silence.scope,
        "rule": silence.rule or None,
        "evacuation": silence.evacuation,
        "since": instant_text(silence.since),
        "until": instant_text(silence.until),
        "why": silence.why,
        "who": silence.who,
        "at": instant_text(silence.at),
        "ended_at": None if silence.ended_at is None else instant_text(silence.ended_at),
        "ended_by": silence.ended_by or None,
        "ended_why": silence.ended_why or None,
    }


def holds_back(silence: Silence) -> str:
    """What people are not told while a silence is in force, in a sentence."""
    where = "every station and basin" if silence.scope == ALL else silence.scope
    what = "alerts" if not silence.rule else f"alerts of the rule {silence.rule}"
    levels = "of every level, those that move people too" if silence.evacuation else "of levels that do not move people"
    return f"{what} of {where}, {levels}: when they are raised or strengthened"


def tells(silence: Silence, *, is_basin: bool = False) -> str:
    """What people are told all the same, in a sentence."""
    moving = ", ".join(level.id for level in LEVELS.values() if level.evacuates)
    parts = [] if silence.evacuation else [f"levels that move people ({moving}; the highest of a rule of your own)"]
    parts.append("the end of what they know of already")
    if silence.rule:
        parts.append("alerts of every other rule")
    if silence.scope == ALL and not silence.rule:
        parts.append("findings about the service itself")
    elif silence.scope != ALL:
        parts.append("alerts of every other scope" + (", such as the basin's stations" if is_basin else ""))
    parts.append("when the silence is over, what rose within it and still stands")
    return "; ".join(parts)


def _drafted(journal: Journal, network: Network, body: Mapping[str, Any], *, who: str, now: int) -> Silence:
    _refuse_keys(body, needed=_NEEDED, known=_KEYS, what="a silence")
    scope, rule = _scope(body["scope"], [*network.stations, *network.basins]), _rule(body.get("rule"), network)
    evacuation = body.get("evacuation", False)
    if not isinstance(evacuation, bool):
        raise Refused(f"evacuation {evacuation!r}: must be true or false")
    _refuse_nothing(network, scope, rule, evacuation=evacuation)
    since, until = _span(body.get("since"), body["until"], evacuation=evacuation, now=now)
    named, why = words("who", body.get("who", who), WHO_MAX), words("why", body["why"], WHY_MAX)
    return Silence(journal.silences.next_id(), now, named, why, scope, rule, evacuation, since, until)


def _refuse_keys(body: Mapping[str, Any], *, needed: Collection[str], known: Collection[str], what: str) -> None:
    missing, unknown = sorted(set(needed) - body.keys()), sorted(body.keys() - set(known))
    if missing:
        raise Refused(f"{missing[0]}: {what} needs {missing[0]}")
    if unknown:
        raise Refused(f"{unknown[0]}: {what} knows no {unknown[0]}")


def _scope(scope: object, scopes: Collection[str]) -> str:
    """A scope that alerts can have: a name that nobody uses would silence nothing, and be believed."""
    if scope == SERVICE:
        raise Refused(f"scope {scope!r}: what the service finds about itself is always told")
    if not isinstance(scope, str) or (scope != ALL and scope not in scopes):
        known = ", ".join(list(scopes)[:NAMED_MAX])
        more = " and more" if len(scopes) > NAMED_MAX else ""
        raise Refused(f"scope {scope!r}: must be a station, a basin or {ALL!r}; known are {known}{more}")
    return scope


def _rule(rule: object, network: Network) -> str:
    if rule in (None, ""):
        return ""
    known = [*(one.id for one in network.rules), *(finding.value for finding in Finding)]
    if not isinstance(rule, str) or rule not in known:
        raise Refused(f"rule {rule!r}: is not in rules.toml; known are {', '.join(known)}")
    if rule in ALWAYS_TOLD:
        raise Refused(f"rule {rule!r}: a rule that judges nothing any more is always told")
    if rule in OF_THE_SERVICE:
        raise Refused(f"rule {rule!r}: what the service finds about itself is always told")
    return rule


def _refuse_nothing(network: Network, scope: str, rule: str, *, evacuation: bool) -> None:
    """A silence that would hold nothing back is believed by whoever asked for it."""
    known = next((one for one in network.rules if one.id == rule), None)
    if known is None:
        return
    if scope != ALL and scope not in (*known.stations, *known.basins):
        watched = ", ".join([*known.stations, *known.basins][:NAMED_MAX])
        raise Refused(f"rule {rule!r}: does not watch {scope}; it watches {watched}")
    moving = [level for level in known.levels if level_of(level, known.levels).evacuates]
    if len(moving) == len(known.levels) and not evacuation:
        raise Refused(
            f"rule {rule!r}: each of its levels ({', '.join(moving)}) moves people, and is told all the same: nothing"
            f" would be held back. With evacuation (--evacuation) it is, for"
            f" {duration_text(EVACUATION_MAX_MS // 1000)} at most"
        )


def _span(since: object, until: object, *, evacuation: bool, now: int) -> tuple[int, int]:
    begin, end = now if since is None else _instant("since", since), _instant("until", until)
    if begin < now - BEHIND_MAX_MS:
        raise Refused(
            f"since {instant_text(begin)}: must not be before now, {instant_text(now)}; what was told is told"
        )
    if begin > now + AHEAD_MAX_MS:
        raise Refused(f"since {instant_text(begin)}: more than {AHEAD_MAX_MS // DAY_MS} days ahead")
    begin = max(begin, now)
    if end <= begin:
        raise Refused(f"until {instant_text(end)}: must be later than {instant_text(begin)}")
    most_ms = longest_ms(planned=begin > now, evacuation=evacuation)
    what = "a silence that holds back levels that move people" if evacuation else "a silence"
    what = what if evacuation or begin <= now else "a window planned ahead"
    if end - begin > most_ms:
        latest = instant_text(begin + most_ms)
        raise Refused(
            f"until {instant_text(end)}: {what} lasts {duration_text(most_ms // 1000)} at most, until {latest}"
        )
    return begin, end


def _instant(key: str, value: object) -> int:
    if not _is_whole(value) or not 0 <= value < INSTANT_MAX:
        raise Refused(f"{key} {value!r}: must be an instant in milliseconds since 1970")
    return value


def _state(silence: Silence, now: int) -> str:
    if silence.is_over(now):
        return "over"
    return "in force" if silence.is_in_force(now) or silence.since <= now else "planned"


def _standing(alert: Alert, silence: Silence, network: Network) -> dict[str, Any]:
    levels = next((rule.levels for rule in network.rules if rule.id == alert.rule), ())
    told = level_of(alert.level, levels).evacuates and not silence.evacuation
    return {"id": alert.id, "rule": alert.rule, "scope": alert.scope, "level": alert.level, "told_all_the_same": told}


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
