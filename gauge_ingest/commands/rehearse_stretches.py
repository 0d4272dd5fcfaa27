"""What a picture of a rehearsal shows: the stretches of time in which anything happened, and the rain in them."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, EventKind, Rule, State, Threshold
from gauge_ingest.rehearsal.known import ALL, KnownEvent, Told
from gauge_ingest.rehearsal.result import Rehearsal, Rehearsed
from gauge_ingest.rehearsal.steps import Steps

# So much is shown before and after what happened; what is nearer to each other is one stretch.
AROUND_MS = 2 * HOUR_MS
STRETCHES_MAX = 12
STATIONS_MAX = 8
# A history that is no longer than this is shown whole.
WHOLE_MS = 48 * HOUR_MS
_UM_PER_MM = 1_000
_MOVES = (EventKind.RAISED, EventKind.STRENGTHENED, EventKind.EASED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, the stations at which something happened in it, and the known events."""

    since: int
    until: int
    stations: Sequence[str]
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
    every = [course.station.id for course in record.courses]
    matters = [event.at for event in rehearsal.events] + [pair.at for pair in rehearsal.pairs if pair.kind != "same"]
    by_weight = sorted(merged, key=lambda one: not any(one[0] <= at <= one[1] for at in matters))
    shown = []
    for since, until, scopes in sorted(by_weight[:STRETCHES_MAX], key=lambda one: one[0]):
        stations = [name for name in every if name in scopes] or every
        events = [event for event in rehearsal.events if since <= event.at <= until]
        shown.append(Stretch(since, until, stations[:STATIONS_MAX], events))
    return shown, max(0, len(merged) - STRETCHES_MAX)


def at_station(stretch: Stretch, station: str) -> list[KnownEvent]:
    """The events of a stretch that concern a station."""
    return [event for event in stretch.events if event.scope in (ALL, station)]


def alerts_in(file: Rehearsed, stretch: Stretch, station: str, *, ends_at: int) -> list[Told]:
    """The alerts of a file at a station that stand somewhere in a stretch."""
    return [
        one
        for one in file.told
        if one.alert.scope == station and one.alert.known_at <= stretch.until and _ended(one, ends_at) >= stretch.since
    ]


def thresholds_of(file: Rehearsed, told: Sequence[Told], station: str) -> list[Threshold]:
    """Of the rule that rose here, or else watches the station, the thresholds of the duration that decided."""
    rules: Mapping[str, Rule] = {rule.id: rule for rule in file.file.rules if station in rule.stations}
    if not rules:
        return []
    alert = told[0].alert if told else None
    rule = rules[alert.rule] if alert is not None and alert.rule in rules else next(iter(rules.values()))
    if alert is not None and alert.evidence is not None:
        window_s = alert.evidence.window_s
    else:
        window_s = min(threshold.window_s for threshold in rule.thresholds)
    return [threshold for threshold in rule.thresholds if threshold.window_s == window_s]


def series(rehearsal: Rehearsal, stretch: Stretch, station: str, *, window_s: int, slots_max: int) -> Series:
    """The rain of a station in a stretch, as it is known in the end."""
    course = next(course for course in rehearsal.record.courses if course.station.id == station)
    step_ms = course.step_ms if isinstance(course, Steps) else course.station.report_every_s * 1000
    least_ms = max(step_ms, ceil((stretch.until - stretch.since) / slots_max))
    slot_ms = ceil(least_ms / MINUTE_MS) * MINUTE_MS
    number = ceil((stretch.until - stretch.since) / slot_ms)
    rain_um, window_um = [0.0] * number, [0.0] * number
    within: deque[tuple[int, float]] = deque()
    held_um = 0.0
    for increment, _ in course.increments(stretch.since - window_s * 1000, stretch.until):
        at = increment.until
        um = increment.tips * course.station.deployment_at(at).bucket_depth_mm * _UM_PER_MM
        within.append((at, um))
        held_um += um
        while within[0][0] <= at - window_s * 1000:
            held_um -= within.popleft()[1]
        slot = (at - 1 - stretch.since) // slot_ms
        if 0 <= slot < number:
            rain_um[slot] += um
            window_um[slot] = max(window_um[slot], held_um)
    return Series(slot_ms, [um / _UM_PER_MM for um in rain_um], [um / _UM_PER_MM for um in window_um])


def levels_of(one: Told, *, ends_at: int) -> list[tuple[int, int, str]]:
    """From when to when an alert stood at which level, as it was known."""
    parts: list[tuple[int, int, str]] = []
    changes = [(event.known_at, event.level) for event in one.events if event.kind in _MOVES]
    for number, (at, level) in enumerate(changes):
        until = changes[number + 1][0] if number + 1 < len(changes) else _ended(one, ends_at)
        parts.append((at, max(at, until), level))
    return parts


def _ended(one: Told, ends_at: int) -> int:
    ended = one.alert.ended_at
    return ends_at if one.alert.state is State.RAISED or ended is None else ended
