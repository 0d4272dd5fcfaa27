"""Times that cannot be meant: incidents and rain that the run never comes to, and faults that lie upon each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from simulator.scenario.incidents import (
    EVERYWHERE,
    Clog,
    DeadInput,
    Incident,
    PowerCut,
    StuckSwitch,
    Visit,
)
from simulator.scenario.mistakes import line
from simulator.scenario.places import value_at

# What there can be only one of at a station; links may fail for two reasons at a time.
Single = Visit | StuckSwitch | DeadInput | Clog | PowerCut


def never_met(origin: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Yield the incidents and the rain of a file's table that the run would never come to."""
    minutes, incidents = table.get("minutes"), table.get("incidents")
    if not isinstance(minutes, int):
        return
    over = f"the run is over after minutes = {minutes}: must be"
    for number, incident in enumerate(incidents if isinstance(incidents, list) else ()):
        begins, ends = (incident.get(key) if isinstance(incident, dict) else None for key in ("at_min", "until_min"))
        if isinstance(begins, int | float) and begins >= minutes:
            yield line(origin, ("incidents", number, "at_min"), f"{over} below that", begins)
        if isinstance(ends, int | float) and ends > minutes:
            yield line(origin, ("incidents", number, "until_min"), f"{over} at most that", ends)
    rains = value_at(table, ("weather", "rain"))
    for number, rain in enumerate(rains if isinstance(rains, list) else ()):
        since_min = rain.get("since_min") if isinstance(rain, dict) else None
        if isinstance(since_min, int | float) and since_min >= minutes:
            yield line(origin, ("weather", "rain", number, "since_min"), f"{over} below that", since_min)


def laid_upon_another(origin: str, incidents: Sequence[Incident]) -> Iterator[str]:
    """Yield what begins at a station while the same still lasts there: the end of one would end both."""
    single = [(number, one) for number, one in enumerate(incidents) if isinstance(one, Single)]
    single.sort(key=lambda numbered: numbered[1].at_min)
    wrong: dict[int, str] = {}
    for (_, before), (number, one) in combinations(single, 2):
        for station in _shared_by(before, one) if before.what == one.what else ():
            ends_min = _ends_min(before, station, incidents)
            if one.at_min < ends_min:
                since = f"the {one.what} of at_min = {before.at_min:g} lasts at {_named(station)}"
                remedy = "to the end: leave one out" if ends_min == math.inf else f"until {ends_min:g}: begin then"
                wrong[number] = line(origin, ("incidents", number, "at_min"), f"{since} {remedy}", one.at_min)
    yield from (wrong[number] for number in sorted(wrong))


def _shared_by(one: Single, other: Single) -> Sequence[str]:
    """Return the stations that two incidents have in common; "all" where both are everywhere."""
    if EVERYWHERE in (one.station, other.station):
        return one.stations or other.stations or (EVERYWHERE,)
    return tuple(station for station in one.stations if station in other.stations)


def _named(station: str) -> str:
    return "every station" if station == EVERYWHERE else station


def _ends_min(one: Single, station: str, incidents: Sequence[Incident]) -> float:
    if one.until_min is not None:
        return one.until_min
    visits = [visit for visit in incidents if isinstance(visit, Visit) and visit.concerns(station)]
    return min((visit.at_min for visit in visits if one.what in visit.mends), default=math.inf)
