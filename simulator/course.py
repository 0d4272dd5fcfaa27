"""The course of events: carries out at a station what its scenario has planned, begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple, Protocol

from simulator.gauge import Gauge, Turn
from simulator.radio import Radio
from simulator.rtu import Rtu
from simulator.scenario.incidents import (
    ClockReset,
    ClockStep,
    Clog,
    CorruptCount,
    DeadInput,
    Incident,
    Lasting,
    Lightning,
    NoLink,
    PowerCut,
    Reboot,
    StuckSwitch,
    Visit,
)
from simulator.sites import Site
from simulator.switch import Pulse, Switch
from simulator.values import NEVER, SECOND_MS, Happening


class Planned(NamedTuple):
    """The begin or the end of an incident."""

    at: int
    incident: Incident
    until: int  # of the incident, NEVER when it has no end
    ends: bool


class Parts(Protocol):
    """A station, as far as an incident reaches into it."""

    site: Site
    gauge: Gauge
    switch: Switch
    rtu: Rtu
    radio: Radio

    def bring(self, things: Sequence[Turn] | Sequence[Pulse]) -> None:
        """Let turns of the bucket, or pulses, come at their time."""


def planned(incidents: Sequence[Incident], *, start_at: int, end_at: int) -> list[Planned]:
    """Return begins and ends in order of time, as far as they lie within the run."""
    plan: list[Planned] = []
    for incident in incidents:
        at, until = start_at + incident.begins_ms, NEVER
        if isinstance(incident, Lasting) and incident.ends_ms is not None:
            until = start_at + incident.ends_ms
        plan.append(Planned(at, incident, until, ends=False))
        if until != NEVER:
            plan.append(Planned(until, incident, until, ends=True))
    return sorted((one for one in plan if one.at < end_at), key=attrgetter("at"))


def meet(station: Parts, planned: Planned) -> list[Happening]:
    """Let an incident begin, or end, at its station; return what happened."""
    if planned.ends:
        return _end(station, planned.incident, planned.at)
    facts: dict[str, object] = {"what": planned.incident.what}
    if planned.until != NEVER:
        facts["until"] = planned.until
    told = Happening(planned.at, station.site.station, "incident", facts)
    return [told, *_begin(station, planned.incident, planned.at, planned.until)]


def _begin(station: Parts, incident: Incident, at: int, until: int) -> list[Happening]:
    rtu, switch = station.rtu, station.switch
    match incident:
        case Visit():
            return _visit(station, incident, at, until)
        case Reboot():
            return rtu.reboot(at, loses_count=incident.loses_count, loses_memory=incident.loses_memory)
        case Lightning():
            return _strike(station, incident, at)
        case ClockStep():
            return rtu.step_clock(at, incident.by_s)
        case ClockReset():
            return rtu.set_clock(at, (incident.to_ms - at) / SECOND_MS)
        case CorruptCount():
            rtu.corrupt(at, counts=incident.counts)
        case NoLink():
            station.radio.hold_down(at, until, half_open=incident.half_open)
        case StuckSwitch():
            switch.stuck = True
        case DeadInput():
            switch.dead_input = True
        case Clog():
            station.gauge.clog(incident.lets_through_mm_per_h)
        case PowerCut():
            return rtu.cut_power(at)
    return []


def _end(station: Parts, incident: Incident, at: int) -> list[Happening]:
    match incident:
        case Visit():
            return station.rtu.visit_ends(at)
        case StuckSwitch():
            station.switch.stuck = False
        case DeadInput():
            station.switch.dead_input = False
        case Clog():
            station.gauge.unclog()
        case PowerCut():
            return station.rtu.restore_power(at)
        case _:
            pass  # the radio knows its own end; nothing else lasts
    return []


def _visit(station: Parts, visit: Visit, at: int, until: int) -> list[Happening]:
    happenings = station.rtu.visit_begins(at, as_test=visit.as_test)
    if visit.poured_tips:
        station.bring(station.gauge.service_turns(at, until, visit.poured_tips))
    for fault in visit.mends:
        match fault:
            case "clog":
                station.gauge.unclog()
            case "stuck_switch":
                station.switch.stuck = False
            case "dead_input":
                station.switch.dead_input = False
            case "clock":
                happenings += station.rtu.set_clock(at, 0.0)
    return happenings


def _strike(station: Parts, strike: Lightning, at: int) -> list[Happening]:
    if not station.switch.dead_input:
        station.bring([Pulse(at + 1 + number * 50, "lightning") for number in range(strike.spurious_pulses)])
    if strike.trips_protector:
        station.switch.dead_input = True
    if strike.reboots:
        return station.rtu.reboot(at, loses_count=False, loses_memory=False)
    return []
