"""What the desk knows of the service that it stands in: values and paths, and no more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gauge_ingest.core.actions import Actions
from gauge_ingest.core.model import Rule, Station
from gauge_ingest.core.people import Person


@dataclass(frozen=True, slots=True)
class Known:
    """`names`: what people call each scope; `configured`: what /readyz says of the configuration.

    `speed`: how many times as fast as real time `now` runs.
    `drill_options`: of a drill, what its commands take behind them; empty where everything is real.
    `api`: whether the read-only API is there; `api_token`: who shows it is told names. Empty: nobody is.
    """

    journal: Path
    outbound: Path
    stations: Mapping[str, Station]
    names: Mapping[str, str]
    rules: Mapping[str, Rule]
    people: Mapping[str, Person]
    secret: str
    link_hours: int
    configured: str
    now: Callable[[], int]
    drill_options: str = ""
    speed: float = 1.0
    actions: Actions = field(default_factory=Actions)
    api: bool = False
    api_token: str = ""
