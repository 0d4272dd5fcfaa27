"""What a scenario is: the weather, the settings of every station's parts, and the dated incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

from annotated_types import Interval
from pydantic import Field

from simulator.bounds import STRICT, Text
from simulator.gauge import GaugeSettings
from simulator.radio import LinkSettings
from simulator.rtu import RtuSettings
from simulator.scenario.incidents import Incident
from simulator.switch import SwitchSettings
from simulator.weather import WeatherSettings

MINUTES_MAX = 400 * 24 * 60

Minutes = Annotated[int, Interval(ge=1, le=MINUTES_MAX)]
Incidents = tuple[Annotated[Incident, Field(discriminator="what")], ...]


class StationSettings(NamedTuple):
    """The four parts of one station."""

    gauge: GaugeSettings
    switch: SwitchSettings
    rtu: RtuSettings
    link: LinkSettings


class StationPlan(NamedTuple):
    """What a scenario has for one station: its parts, and its incidents in order of time."""

    station: str
    gauge: GaugeSettings
    switch: SwitchSettings
    rtu: RtuSettings
    link: LinkSettings
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One story that the stations live through."""

    name: str
    intent: str
    minutes: int
    weather: WeatherSettings = field(default_factory=WeatherSettings)
    gauge: GaugeSettings = field(default_factory=GaugeSettings)
    switch: SwitchSettings = field(default_factory=SwitchSettings)
    rtu: RtuSettings = field(default_factory=RtuSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    stations: Mapping[str, StationSettings] = field(default_factory=dict)  # those that differ, complete
    incidents: tuple[Incident, ...] = ()
    folder: Path = Path()  # where record files of the weather are looked for
    origin: str = ""  # the file it was read from, for messages

    def for_station(self, station: str) -> StationPlan:
        """Return what this station has to live through."""
        parts = self.stations.get(station) or StationSettings(self.gauge, self.switch, self.rtu, self.link)
        met = [incident for incident in self.incidents if incident.concerns(station)]
        return StationPlan(station, *parts, tuple(sorted(met, key=lambda incident: incident.begins_ms)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StationTable:
    """What a file may say under [stations.<ID>]: single keys of the parts, taken on its own for this station."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    gauge: dict[str, Any] = field(default_factory=dict)
    switch: dict[str, Any] = field(default_factory=dict)
    rtu: dict[str, Any] = field(default_factory=dict)
    link: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTable:
    """What a scenario file may say."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    intent: Text
    minutes: Minutes
    weather: WeatherSettings = field(default_factory=WeatherSettings)
    gauge: GaugeSettings = field(default_factory=GaugeSettings)
    switch: SwitchSettings = field(default_factory=SwitchSettings)
    rtu: RtuSettings = field(default_factory=RtuSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    stations: dict[str, StationTable] = field(default_factory=dict)
    incidents: Incidents = ()


# The parts that [stations.<ID>] may differ in.
PARTS: Mapping[str, type] = {
    "gauge": GaugeSettings,
    "switch": SwitchSettings,
    "rtu": RtuSettings,
    "link": LinkSettings,
}
