"""Plays of shipped scenarios at the five stations of config/, as whoever asks in a test wants to see them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from simulator.direct import to_nobody
from simulator.scenario import Scenario, find_scenario
from simulator.sites import read_sites
from simulator.values import HOUR_MS, MINUTE_MS, NEVER, Happening, Message, Reading
from simulator.world import World

START_AT = 1_784_109_600_000  # 2026-07-15T18:00:00+08:00
SITES = read_sites(Path(__file__).parents[2] / "config")
STATIONS = tuple(site.station for site in SITES)
DEPTH_MM = {site.station: site.bucket_depth_mm for site in SITES}


class Play:
    """Everything that happened in one run, with an uplink that acknowledges at once."""

    def __init__(self, scenario: Scenario, *, seed: int) -> None:
        self.world = World(scenario, SITES, seed=seed, start_at=START_AT, uplink=to_nobody)
        self._happenings: dict[tuple[str, str], list[Happening]] = {}
        while (at := self.world.next_at()) != NEVER:
            for happening in self.world.advance(at + HOUR_MS):
                self._happenings.setdefault((happening.station, happening.event), []).append(happening)

    def of(self, station: str, event: str, *, since: float = 0.0, until: float = float("inf")) -> list[Happening]:
        """Return what happened at a station within (since, until], in minutes of the run; from 0 on, 0 too."""
        found = self._happenings.get((station, event), [])
        return [one for one in found if (since < minute(one) or not since) and minute(one) <= until]

    def readings(self, station: str, *, since: float = 0.0, until: float = float("inf")) -> list[Reading]:
        """Return the readings that a station made within (since, until]."""
        made = (one.facts["reading"] for one in self.of(station, "reading", since=since, until=until))
        return [one for one in made if isinstance(one, Reading)]

    def messages(self, station: str, *, since: float = 0.0, until: float = float("inf")) -> list[Message]:
        """Return the messages that a station made within (since, until]."""
        made = (one.facts["message"] for one in self.of(station, "message", since=since, until=until))
        return [one for one in made if isinstance(one, Message)]

    def fell_mm(self, station: str, *, since: float = 0.0, until: float = float("inf")) -> float:
        """Return what fell within (since, until]."""
        return sum(amounts(self.of(station, "rain", since=since, until=until), "fell_mm"))

    def tips_mm(self, station: str, *, since: float = 0.0, until: float = float("inf")) -> float:
        """Return what the bucket tipped within (since, until]."""
        return len(self.of(station, "tip", since=since, until=until)) * DEPTH_MM[station]

    def most_mm(self, station: str, minutes: int) -> float:
        """Return the most that the bucket tipped in any so many minutes."""
        tips = amounts(self.of(station, "rain"), "tips")
        return max(sum(tips[first : first + minutes]) for first in range(len(tips))) * DEPTH_MM[station]


@cache
def play(name: str, seed: int = 1) -> Play:
    """Return a shipped scenario's play; it is run once."""
    return Play(find_scenario(name), seed=seed)


def minute(happening: Happening) -> float:
    """Return when it happened, in minutes of the run."""
    return (happening.at - START_AT) / MINUTE_MS


def amounts(happenings: list[Happening], fact: str) -> list[float]:
    """Return one fact of each."""
    return list(_numbers(happenings, fact))


def _numbers(happenings: list[Happening], fact: str) -> Iterator[float]:
    for happening in happenings:
        value = happening.facts[fact]
        assert isinstance(value, int | float)
        yield value
