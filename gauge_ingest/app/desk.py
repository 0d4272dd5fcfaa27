"""Puts the desk together: from a configuration and the people in it to the thread that serves HTTP."""

from collections.abc import Mapping
from pathlib import Path

from gauge_ingest.clock import Clock
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.people import Person
from gauge_ingest.desk.known import Known
from gauge_ingest.desk.serving import DeskThread


def desk_of(
    directory: Path, configuration: Configuration, clock: Clock, *, people: Mapping[str, Person]
) -> DeskThread | None:
    """The desk, not started yet; None where `[desk] port` is 0."""
    settings, desk = configuration.settings, configuration.settings.desk
    if not desk.port:
        return None
    known = Known(
        journal=settings.journal_path,
        outbound=settings.outbound_path,
        stations=configuration.stations,
        names={station.id: station.name for station in configuration.stations.values()},
        rules={rule.id: rule for rule in configuration.rules},
        people=people,
        secret=desk.secret.get_secret_value(),
        link_hours=desk.link_hours,
        configured=f"{directory}: {len(configuration.stations)} stations",
        now=clock.now,
    )
    return DeskThread(known, host=desk.host, port=desk.port)
