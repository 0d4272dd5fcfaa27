"""Alerts of one station beside the rain that its gauge truly tipped: raised, late, false, missed."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from gauge_ingest.account.service_side import Stored
from gauge_ingest.core.model import Alert, AlertEvent, Row, Rule, State, Station
from gauge_ingest.core.told import RISES
from gauge_ingest.journal import Reader


class Verdict(StrEnum):
    """Whether the highest level that was told is the one that the true rain reached."""

    RIGHT = "right"
    FALSE = "false"  # told higher than the rain reached
    MISSED = "missed"  # the rain reached a higher level than was told


class WindowMost(NamedTuple):
    """The most rain of any window of one length."""

    window_s: int
    true_mm: float  # as the bucket tipped
    stored_mm: float  # as the rows of the journal say; an increment counts where it ends
    true_level: str  # which the true rain reaches; empty for none


class Told(NamedTuple):
    """The event that first told the highest level."""

    level: str
    rained_at: int
    known_at: int
    told_at: int
    late: bool


class Alerting(NamedTuple):
    """One rule at one station."""

    station: str
    rule: str
    windows: tuple[WindowMost, ...]
    true_level: str
    true_at: int | None  # when the true rain reached it first
    told: Told | None
    withdrawn: int  # alerts that were taken back
    late: int  # events that were told late
    verdict: Verdict


_Found = tuple[Alert, Sequence[AlertEvent]]
AlertsByScope = Mapping[tuple[str, str], Sequence[_Found]]


class _Rain(NamedTuple):
    """Amounts in order of time, with running sums in micrometres."""

    ats: list[int]
    sums_um: list[int]


def told_alerts(reader: Reader) -> AlertsByScope:
    """Every alert with its events, by rule and scope."""
    found: dict[tuple[str, str], list[_Found]] = {}
    for alert in reader.alerts.all(ended=True):
        found.setdefault((alert.rule, alert.scope), []).append((alert, reader.alerts.events(alert.id)))
    return found


def alert_account(
    alerts: AlertsByScope, rules: Sequence[Rule], station: Station, tipped_at: Sequence[int], chain: Sequence[Stored]
) -> list[Alerting]:
    """Every rule that watches the station; rules under which nothing rained and nothing was told are left out.

    So are rules that are more than sums of rain: what moves their thresholds is not in the truth of a run.
    """
    true = _summed((at, station.depth_mm(1, until=at)) for at in sorted(tipped_at))
    rows = [one.row for one in chain]
    stored = _summed((row.observed_at, station.depth_mm(row.tips, until=row.observed_at)) for row in rows if row.tips)
    judged = []
    for rule in rules:
        told = [one for one in alerts.get((rule.id, station.id), ()) if rows and _is_about(one[0], rows)]
        plain = not (rule.rises or rule.seasons or rule.wetness)
        if plain and station.id in rule.stations and (true.ats or told):
            since = rows[0].observed_at if rows else 0
            judged.append(_judged(rule, station.id, true, stored, told, since=since))
    return judged


def _is_about(alert: Alert, rows: Sequence[Row]) -> bool:
    """Whether an alert stood in the time of these rows."""
    lasts = alert.state is State.RAISED or alert.rained_until >= rows[0].observed_at
    return lasts and alert.rained_since <= rows[-1].observed_at


def _judged(rule: Rule, station: str, true: _Rain, stored: _Rain, alerts: Sequence[_Found], *, since: int) -> Alerting:
    reached_at = {level: _reached_at(rule, level, true) for level in rule.levels}
    true_level = next((level for level in reversed(rule.levels) if reached_at[level] is not None), "")
    standing = [found for found in alerts if found[0].state is not State.WITHDRAWN]
    came = [event for _, events in standing for event in events if event.kind in RISES]
    of_run = [event for event in came if event.rained_at >= since]
    told, true_height = _told(rule, of_run), _height(rule, true_level)
    verdict = _verdict(_height(rule, told.level if told else ""), true_height)
    if verdict is Verdict.MISSED:
        stood = _told(rule, came)  # before the run, and still: nothing more had to be told
        if stood is not None and _height(rule, stood.level) >= true_height:
            told, verdict = stood, Verdict.RIGHT
    return Alerting(
        station=station,
        rule=rule.id,
        windows=tuple(_most(rule, window_s, true, stored) for window_s in _windows_s(rule)),
        true_level=true_level,
        true_at=reached_at.get(true_level),
        told=told,
        withdrawn=len(alerts) - len(standing),
        late=sum(event.late for event in of_run),
        verdict=verdict,
    )


def _verdict(told: int, true: int) -> Verdict:
    if told == true:
        return Verdict.RIGHT
    return Verdict.FALSE if told > true else Verdict.MISSED


def _told(rule: Rule, came: Sequence[AlertEvent]) -> Told | None:
    """The first event of the highest level."""
    if not came:
        return None
    highest = max(came, key=lambda event: (_height(rule, event.level), -event.at, -event.id))
    return Told(highest.level, highest.rained_at, highest.known_at, highest.at, highest.late)


def _height(rule: Rule, level: str) -> int:
    """How high a level stands in its rule; 0 for none."""
    return rule.levels.index(level) + 1 if level in rule.levels else 0


def _windows_s(rule: Rule) -> list[int]:
    return sorted({threshold.window_s for threshold in rule.thresholds})


def _most(rule: Rule, window_s: int, true: _Rain, stored: _Rain) -> WindowMost:
    true_um = max((um for _, um in _windows(true, window_s)), default=0)
    stored_um = max((um for _, um in _windows(stored, window_s)), default=0)
    reached = [
        one.level for one in rule.thresholds if one.window_s == window_s and true_um >= round(one.rain_mm * 1000)
    ]
    return WindowMost(window_s, true_um / 1000, stored_um / 1000, max(reached, key=partial(_height, rule), default=""))


def _reached_at(rule: Rule, level: str, rain: _Rain) -> int | None:
    """When the rain of any of the rule's windows first reached a level."""
    ats = [
        next((at for at, um in _windows(rain, one.window_s) if um >= round(one.rain_mm * 1000)), None)
        for one in rule.thresholds
        if one.level == level
    ]
    return min((at for at in ats if at is not None), default=None)


def _windows(rain: _Rain, window_s: int) -> Iterator[tuple[int, int]]:
    """The rain in (at - window, at] for each instant at which some falls: between them no window holds more."""
    for number, at in enumerate(rain.ats):
        first = bisect_right(rain.ats, at - window_s * 1000)
        yield at, rain.sums_um[number + 1] - rain.sums_um[first]


def _summed(amounts: Iterator[tuple[int, float]]) -> _Rain:
    rain = _Rain([], [0])
    for at, mm in amounts:
        rain.ats.append(at)
        rain.sums_um.append(rain.sums_um[-1] + round(mm * 1000))
    return rain
