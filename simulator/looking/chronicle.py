"""What a run was like, station by station: the rain of every minute, and what went wrong when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.gauge import Balance
from simulator.scenario import Incident
from simulator.scenario.incidents import Clog, CorruptCount, DeadInput, Lasting, StuckSwitch, Visit
from simulator.sites import Site
from simulator.values import HOUR_MS, MINUTE_MS, NEVER, Happening, Message
from simulator.world import World

WAITS_MIN = 15  # a report that is underway for longer is told
CLOCK_WRONG_S = 60.0  # a clock that is wrong by less is not told
HELD_MM_MIN = 0.05

# What goes wrong, in the order in which it is told.
NO_POWER = "no power"
NO_LINK = "no link"
WAITS = "reports wait"
LOST = "report lost"
CLOGGED = "clogged"
SNOW = "snow lies"
STUCK = "switch stuck"
DEAD = "input dead"
LIGHTNING = "lightning"
RESTART = "restart"
WRONG_COUNT = "wrong count"
WRONG_CLOCK = "clock wrong"
VISIT = "visit"
LABELS = (
    *(NO_POWER, NO_LINK, WAITS, LOST, CLOGGED, SNOW, STUCK, DEAD),
    *(LIGHTNING, RESTART, WRONG_COUNT, WRONG_CLOCK, VISIT),
)

_OF_INCIDENTS: Mapping[type, str] = {
    Clog: CLOGGED,
    StuckSwitch: STUCK,
    DeadInput: DEAD,
    CorruptCount: WRONG_COUNT,
}
# Power, link, clock, restarts, visits and lightning are told as they come about, planned or not.
_MOMENTS = {"lightning": LIGHTNING, "restart": RESTART, "dropped": LOST}


class Trouble(NamedTuple):
    """Something that is not as it should be, from minute to minute; a moment when both are the same."""

    label: str
    since_min: float
    until_min: float


@dataclass(slots=True)
class Chronicle:
    """One station: minute 1 of the run is the first of each list."""

    site: Site
    fell_mm: list[float] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)  # tips that the logger counted, and pulses that were none
    snowed: list[bool] = field(default_factory=list)
    poured_tips: int = 0
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def counted_mm(self) -> list[float]:
        """Return what the logger believes to have fallen, by minute."""
        return [number * self.site.bucket_depth_mm for number in self.counted]

    def spans(self, label: str) -> list[Trouble]:
        """Return when this was so."""
        return [trouble for trouble in self.troubles if trouble.label == label]


def chronicles(world: World) -> list[Chronicle]:
    """Play a world to its end, without waiting for anything; return what its stations lived through."""
    writers = {station.site.station: _Writer(world, station.site, station.gauge.balance) for station in world.stations}
    while (at := world.next_at()) != NEVER:
        for happening in world.advance(at + HOUR_MS):
            writers[happening.station].take(happening)
    return [writer.finish() for writer in writers.values()]


class _Writer:
    """Writes the chronicle of one station."""

    def __init__(self, world: World, site: Site, balance: Balance) -> None:
        self.chronicle = Chronicle(site)
        self._start_at = world.start_at
        self._minutes = world.minutes
        self._incidents = world.scenario.for_station(site.station).incidents
        self._balance = balance  # is a minute ahead of what happens, which no picture shows
        self._counted = 0
        self._open: dict[str, float] = {}  # what has begun, and at which minute
        self._sent: dict[int, float] = {}
        self._snow_mm = 0.0
        self._poured_at = -1

    def take(self, happening: Happening) -> None:
        """Note what happened."""
        minute, facts = (happening.at - self._start_at) / MINUTE_MS, happening.facts
        match happening.event:
            case "rain":
                self._close_minute(minute, _number(facts["fell_mm"]))
            case "tip" | "pulse" | "missed":
                self._count(happening)
            case "message":
                message = facts["message"]
                assert isinstance(message, Message)
                self._sent[message.number] = minute
            case "puback" | "dropped":
                self._arrived(minute, facts)
            case "link":
                self._turn(NO_LINK, minute, wrong=facts["state"] != "up")
            case "power":
                self._turn(NO_POWER, minute, wrong=not facts["on"])
            case "clock":
                self._turn(WRONG_CLOCK, minute, wrong=abs(_number(facts["offset_s"])) >= CLOCK_WRONG_S)
            case "visit":
                self._turn(VISIT, minute, wrong=bool(facts["begins"]))
        if happening.event in _MOMENTS or facts.get("what") == "lightning":
            self._add(_MOMENTS.get(happening.event, LIGHTNING), minute, minute)

    def finish(self) -> Chronicle:
        """Close what is still open; return the chronicle."""
        for label in list(self._open):
            self._turn(label, self._minutes, wrong=False)
        for incident in self._incidents:
            if type(incident) in _OF_INCIDENTS and incident.at_min < self._minutes:
                until = _until_min(incident, self._incidents, self._minutes)
                self._add(_OF_INCIDENTS[type(incident)], incident.at_min, until)
        silent = [*self.chronicle.spans(NO_LINK), *self.chronicle.spans(NO_POWER)]
        explained = _merged(trouble._replace(label=NO_LINK) for trouble in silent)
        self.chronicle.troubles = _merged(
            trouble
            for trouble in self.chronicle.troubles
            if trouble.label != WAITS or not any(_mostly_within(trouble, other) for other in explained)
        )
        return self.chronicle

    def _close_minute(self, minute: float, fell_mm: float) -> None:
        chronicle, snow_mm = self.chronicle, self._balance.snow_held_mm
        chronicle.fell_mm.append(fell_mm)
        chronicle.counted.append(self._counted)
        chronicle.snowed.append(snow_mm > self._snow_mm)
        self._counted, self._snow_mm = 0, snow_mm
        self._turn(SNOW, minute, wrong=snow_mm > HELD_MM_MIN)

    def _count(self, happening: Happening) -> None:
        poured = happening.at == self._poured_at
        if happening.event == "tip" and happening.facts.get("service"):
            self.chronicle.poured_tips += 1
            self._poured_at = happening.at
        elif happening.event == "missed":
            self._counted -= not poured
        else:
            self._counted += 1

    def _arrived(self, minute: float, facts: Mapping[str, object]) -> None:
        since = self._sent.pop(int(_number(facts["number"])), minute)
        if minute - since >= WAITS_MIN:
            self._add(WAITS, since, minute)

    def _turn(self, label: str, minute: float, *, wrong: bool) -> None:
        """Begin something, or end it; neither when it is so already."""
        if wrong:
            self._open.setdefault(label, minute)
        elif label in self._open:
            self._add(label, self._open.pop(label), minute)

    def _add(self, label: str, since: float, until: float) -> None:
        self.chronicle.troubles.append(Trouble(label, since, min(until, self._minutes)))


def _until_min(incident: Incident, incidents: Iterable[Incident], minutes: int) -> float:
    """Return when an incident ends: as it says, by a visit that mends it, or with the run."""
    if not isinstance(incident, Lasting):
        return incident.at_min
    ends = [float(minutes)] if incident.until_min is None else [float(minutes), incident.until_min]
    visits = [visit for visit in incidents if isinstance(visit, Visit) and incident.what in visit.mends]
    return min([*ends, *(visit.at_min for visit in visits if visit.at_min >= incident.at_min)])


def _mostly_within(trouble: Trouble, other: Trouble) -> bool:
    common = min(trouble.until_min, other.until_min) - max(trouble.since_min, other.since_min)
    return common >= 0.5 * (trouble.until_min - trouble.since_min)


def _merged(troubles: Iterable[Trouble]) -> list[Trouble]:
    """Join what overlaps under one label; in the order in which it is told."""
    merged: list[Trouble] = []
    for trouble in sorted(troubles, key=lambda one: (LABELS.index(one.label), one.since_min)):
        last = merged[-1] if merged else None
        if last is not None and last.label == trouble.label and trouble.since_min <= last.until_min:
            merged[-1] = last._replace(until_min=max(last.until_min, trouble.until_min))
        else:
            merged.append(trouble)
    return merged


def _number(value: object) -> float:
    assert isinstance(value, int | float), value
    return value
