"""The built-in scenarios: what the weather does and which links fail.

A scenario is a plain value, so that a file can describe one too.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.weather import StormPlan


@dataclass(frozen=True, slots=True)
class Outage:
    """A station without a link; minutes are since the scenario's start, stations count from 0 in the file's order."""

    nth_station: int
    since_min: int
    until_min: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story the five stations can live through."""

    name: str
    intent: str
    minutes: int = 480
    storm: StormPlan | None = None
    steady_mm_per_h: float = 0.0
    outages: tuple[Outage, ...] = ()


class UnknownScenarioError(ValueError):
    """No scenario has this name; the text lists those that exist."""


FLASH_FLOOD = Scenario(
    name="flash_flood",
    intent="Half an hour of dry weather, then a storm cell moves from the mountains to the plain and is gone.",
    storm=StormPlan(),
)
QUIET = Scenario(name="quiet", intent="No rain at all: nothing but timed reports.")
OUTAGE = Scenario(
    name="outage",
    intent="The storm of flash_flood, with links that fail while it rains and hand everything in afterwards.",
    storm=StormPlan(),
    outages=(
        Outage(nth_station=0, since_min=55, until_min=75),
        Outage(nth_station=1, since_min=60, until_min=120),
        Outage(nth_station=1, since_min=135, until_min=150),
        Outage(nth_station=2, since_min=80, until_min=200),
        Outage(nth_station=4, since_min=5, until_min=145),
    ),
)
STEADY_RAIN = Scenario(
    name="steady_rain",
    intent="About 2 mm an hour everywhere from start to end: much rain, no flash flood.",
    steady_mm_per_h=2.0,
)

SCENARIOS = {scenario.name: scenario for scenario in (FLASH_FLOOD, QUIET, OUTAGE, STEADY_RAIN)}


def find_scenario(name: str) -> Scenario:
    """Return the built-in scenario of this name."""
    if name not in SCENARIOS:
        raise UnknownScenarioError(f"no scenario is called {name!r}: choose one of {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
