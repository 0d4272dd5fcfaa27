"""The delivery to people, put together: channels from their settings, and what it takes from other parts."""

from collections.abc import Callable

from gauge_ingest.app.messages import writer_of
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.people import held_until, recipients
from gauge_ingest.notifiers import Channel
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.delivery import Delivering
from gauge_ingest.outbound.queue import Queue
from gauge_ingest.outbound.silenced import silenced_by
from gauge_ingest.outbound.wording import Link
from gauge_ingest.outbound.workers import Desk, Way


def delivery(
    configuration: Configuration, positions: Positions, now: Callable[[], int], link: Link
) -> Delivering | None:
    """The delivery to the people of people.toml, not started; None when nobody is in it."""
    roster, settings = configuration.roster, configuration.settings
    if not roster.people:
        return None
    levels = {rule.id: rule.levels for rule in configuration.rules}
    desk = Desk(
        queue=Queue(settings.outbound_path),
        journal=settings.journal_path,
        people=roster.people,
        writer=writer_of(configuration),
        held_until=held_until,
        link=link,
        now=now,
        drill=bool(settings.drill.name),
    )
    return Delivering(
        desk,
        positions,
        [_way(name, one, now) for name, one in configuration.channels.items()],
        recipients=lambda event, events: recipients(roster, event, events, levels=levels.get(event.rule, ())),
        silenced=silenced_by(levels),
        levels=levels,
        retry_max_s=float(settings.outbound.retry_max_s),
    )


def channel(name: str, settings: ChannelSettings, now: Callable[[], int]) -> Channel:
    """A channel by its settings; nothing is connected yet."""
    # Each is loaded only where it is configured: Apprise knows a hundred services.
    if settings.kind == "apprise":
        from gauge_ingest.notifiers.apprise import AppriseChannel

        return AppriseChannel(name, settings)
    if settings.kind == "webhook":
        from gauge_ingest.notifiers.webhook import WebhookChannel

        return WebhookChannel(name, settings, now=now)
    from gauge_ingest.notifiers.bell import BellChannel

    return BellChannel(name, settings)


def _way(name: str, settings: ChannelSettings, now: Callable[[], int]) -> Way:
    return Way(
        channel(name, settings, now),
        retry_max_s=settings.retry_max_s,
        dead_after_s=settings.dead_after_s,
        group_s=settings.group_s,
    )
