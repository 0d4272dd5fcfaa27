"""Puts the desk together: from a configuration and the people in it to the thread that serves HTTP, and to links."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gauge_ingest.clock import Clock, speed_of
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.model import AlertEvent
from gauge_ingest.core.people import Person
from gauge_ingest.desk.links import link

if TYPE_CHECKING:
    from gauge_ingest.desk.serving import DeskThread


def desk_of(
    directory: Path, configuration: Configuration, clock: Clock, *, people: Mapping[str, Person]
) -> "DeskThread | None":
    """The desk, not started yet; None where `[desk] port` is 0."""
    settings, desk = configuration.settings, configuration.settings.desk
    if not desk.port:
        return None
    # Loaded only where it is configured: the libraries behind it cost a quarter of a second at each start.
    from gauge_ingest.desk.known import Known
    from gauge_ingest.desk.serving import DeskThread

    known = Known(
        journal=settings.journal_path,
        outbound=settings.outbound_path,
        stations=configuration.stations,
        names=configuration.names,
        rules={rule.id: rule for rule in configuration.rules},
        people=people,
        secret=desk.secret.get_secret_value(),
        link_hours=desk.link_hours,
        configured=f"{directory}: {len(configuration.stations)} stations",
        now=clock.now,
        speed=speed_of(clock),
        drill_options=settings.drill_options,
        actions=configuration.actions,
        api=desk.api,
        api_token=desk.api_token.get_secret_value(),
    )
    return DeskThread(known, host=desk.host, port=desk.port)


def link_of(configuration: Configuration, clock: Clock) -> Callable[[Person, AlertEvent], str]:
    """What a message to a person about an event links to; "" where no phone reaches the desk."""
    desk = configuration.settings.desk

    def linked(person: Person, event: AlertEvent) -> str:
        if not desk.public_url:
            return ""
        return link(
            desk.secret.get_secret_value(),
            desk.public_url,
            alert_id=event.alert_id,
            event_id=event.id,
            person_id=person.id,
            now=clock.now(),
        )

    return linked
