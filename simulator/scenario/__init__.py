"""Scenarios: what they are, how a file becomes one, and what is told of a file that cannot."""

from __future__ import annotations

from simulator.scenario.incidents import Incident
from simulator.scenario.loading import check_stations, find_scenario, read_scenario, scenario_names
from simulator.scenario.mistakes import ScenarioError
from simulator.scenario.schema import Scenario, StationPlan, StationSettings

__all__ = [
    "Incident",
    "Scenario",
    "ScenarioError",
    "StationPlan",
    "StationSettings",
    "check_stations",
    "find_scenario",
    "read_scenario",
    "scenario_names",
]
