"""What a picture of a rehearsal shows: the stretches of time in which anything happened, and the rain in them."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from math import ceil

from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, EventKind, Over, Rule, State, Threshold
from gauge_ingest.rehearsal.counts import Counts
from gauge_ingest.rehearsal.known import ALL, KnownEvent, Told
from gauge_ingest.rehearsal.result import Rehearsal, Rehearsed
from gauge_ingest.rehearsal.steps import Steps

# So much is shown before and after what happened; what is nearer to each other is one stretch.
AROUND_MS = 2 * HOUR_MS
STRETCHES_MAX = 12
SCOPES_MAX = 8
# A history that is no longer than this is shown whole.
WHOLE_MS = 48 * HOUR_MS
_UM_PER_MM = 1_000
_MOVES = (EventKind.RAISED, EventKind.STRENGTHENED, EventKind.EASED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, the stations and basins at which something happened in it, and the known events."""

    since: int
    until: int
    scopes: Sequence[str]
    events: Sequence[KnownEvent]


@dataclass(frozen=True, slots=True)
class Series:
    """Rain by slots: what fell in each, and the most that a window over the longer duration held in it."""

    slot_ms: int
    rain_mm: Sequence[float]
    window_mm: Sequence[float]


def stretches(rehearsal: Rehearsal) -> tuple[list[Stretch], int]:
    """The stretches to be shown, in order, and how many are left out for want of room: first those without a change."""
    record = rehearsal.record
    happened: list[tuple[int, int, str]] = [(event.at, event.at, event.scope) for event in rehearsal.events]
    told = [one for file in rehearsal.files for one in file.told]
    happened += [
        (min(one.alert.rained_since, one.alert.known_at), _ended(one, record.until), one.alert.scope) for one in told
    ]
    whole = record.until - record.since <= WHOLE_MS
    merged: list[tuple[int, int, set[str]]] = [(record.since, record.until, set())] if whole else []
    for since, until, scope in sorted(happened):
        begin, end = since - AROUND_MS, until + AROUND_MS
        if merged and begin <= merged[-1][1]:
            merged[-1] = (min(merged[-1][0], begin), max(merged[-1][1], end), merged[-1][2] | {scope})
        else:
            merged.append((begin, end, {scope}))
    stations = [course.station.id for course in record.courses]
    every = [*stations, *(basin.id for basin in record.basins)]
    matters = [event.at for event in rehearsal.events] + [pair.at for pair in rehearsal.pairs if pair.kind != "same"]
    by_weight = sorted(merged, key=lambda one: not any(one[0] <= at <= one[1] for at in matters))
    shown = []
    for since, until, scopes in sorted(by_weight[:STRETCHES_MAX], key=lambda one: one[0]):
        names = [name for name in every if name in scopes] or stations
        events = [event for event in rehearsal.events if since <= event.at <= until]
        shown.append(Stretch(since, until, names[:SCOPES_MAX], events))
    return shown, max(0, len(merged) - STRETCHES_MAX)


def at_scope(stretch: Stretch, scope: str) -> list[KnownEvent]:
    """The events of a stretch that concern a station or a basin."""
    return [event for event in stretch.events if event.scope in (ALL, scope)]


def alerts_in(file: Rehearsed, stretch: Stretch, scope: str, *, ends_at: int) -> list[Told]:
    """The alerts of a file at a station or a basin that stand somewhere in a stretch."""
    return [
        one
        for one in file.told
        if one.alert.scope == scope and one.alert.known_at <= stretch.until and _ended(one, ends_at) >= stretch.since
    ]


def rule_of(file: Rehearsed, told: Sequence[Told], scope: str) -> Rule | None:
    """The rule that rose here, or else the first that watches the scope."""
    rules: Mapping[str, Rule] = {rule.id: rule for rule in file.file.rules if scope in (*rule.stations, *rule.basins)}
    rose = [rules[one.alert.rule] for one in told if one.alert.rule in rules]
    return next(iter([*rose, *rules.values()]), None)


def thresholds_of(rule: Rule | None, told: Sequence[Told]) -> list[Threshold]:
    """The thresholds of the duration that decided, else of the shortest; as they are without season and wetness."""
    if rule is None:
        return []
    evidence = next((one.alert.evidence for one in told if one.alert.rule == rule.id), None)
    if evidence is not None:
        thresholds, window_s = rule.rises if evidence.measure == "rise" else rule.thresholds, evidence.window_s
    else:
        thresholds = rule.thresholds or rule.rises
        window_s = min(threshold.window_s for threshold in thresholds)
    return [threshold for threshold in thresholds if threshold.window_s == window_s]


def series(
    rehearsal: Rehearsal, stretch: Stretch, scope: str, rule: Rule | None, *, window_s: int, slots_max: int
) -> Series:
    """The rain of a station or a basin in a stretch, as it is known in the end."""
    courses, figure = _courses(rehearsal, scope, rule)
    least_ms = max([ceil((stretch.until - stretch.since) / slots_max), *map(_step_ms, courses)])
    slot_ms = ceil(least_ms / MINUTE_MS) * MINUTE_MS
    number = ceil((stretch.until - stretch.since) / slot_ms)
    rain_um = [[0.0] * number for _ in courses]
    window_um = [0.0] * number
    within: list[deque[tuple[int, float]]] = [deque() for _ in courses]
    held_um = [0.0] * len(courses)
    columns = [_amounts(course, place, stretch, window_s) for place, course in enumerate(courses)]
    for at, place, um in merge(*columns):
        within[place].append((at, um))
        held_um[place] += um
        for other, recent in enumerate(within):
            while recent and recent[0][0] <= at - window_s * 1000:
                held_um[other] -= recent.popleft()[1]
        slot = (at - 1 - stretch.since) // slot_ms
        if 0 <= slot < number:
            rain_um[place][slot] += um
            window_um[slot] = max(window_um[slot], figure(held_um))
    rain = [figure(fell_um) / _UM_PER_MM for fell_um in zip(*rain_um, strict=True)] if courses else [0.0] * number
    return Series(slot_ms, rain, [um / _UM_PER_MM for um in window_um])


def levels_of(one: Told, *, ends_at: int) -> list[tuple[int, int, str]]:
    """From when to when an alert stood at which level, as it was known."""
    parts: list[tuple[int, int, str]] = []
    changes = [(event.known_at, event.level) for event in one.events if event.kind in _MOVES]
    for number, (at, level) in enumerate(changes):
        until = changes[number + 1][0] if number + 1 < len(changes) else _ended(one, ends_at)
        parts.append((at, max(at, until), level))
    return parts


Figure = Callable[[Sequence[float]], float]
"""One amount for a scope from those of its stations."""


def _courses(rehearsal: Rehearsal, scope: str, rule: Rule | None) -> tuple[list[Counts | Steps], Figure]:
    """The courses of a scope, and what a rule makes of their rain; who was absent counts like the others here."""
    by_name = {course.station.id: course for course in rehearsal.record.courses}
    if scope in by_name:
        return [by_name[scope]], lambda amounts: amounts[0]
    basin = next(basin for basin in rehearsal.record.basins if basin.id == scope)
    weights = [weight for name, weight in basin.weights if name in by_name]
    courses = [by_name[name] for name in basin.stations if name in by_name]
    if rule is None or rule.over is Over.MEAN:
        return courses, lambda amounts: sum(map(float.__mul__, amounts, weights)) / sum(weights)
    place = 0 if rule.over is Over.MAXIMUM else min(rule.at_least, len(courses)) - 1
    return courses, lambda amounts: sorted(amounts, reverse=True)[place]


def _amounts(course: Counts | Steps, place: int, stretch: Stretch, window_s: int) -> Iterator[tuple[int, int, float]]:
    for increment, _ in course.increments(stretch.since - window_s * 1000, stretch.until):
        depth_mm = course.station.deployment_at(increment.until).bucket_depth_mm
        yield increment.until, place, increment.tips * depth_mm * _UM_PER_MM


def _step_ms(course: Counts | Steps) -> int:
    return course.step_ms if isinstance(course, Steps) else course.station.report_every_s * 1000


def _ended(one: Told, ends_at: int) -> int:
    ended = one.alert.ended_at
    return ends_at if one.alert.state is State.RAISED or ended is None else ended
