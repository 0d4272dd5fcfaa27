"""The delivery to people, put together: channels from their settings, and what it takes from other parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gauge_ingest.configuration import Configuration
from gauge_ingest.core.people import Person
from gauge_ingest.notifiers import Channel
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.delivery import Delivering, Recipients, Silenced
from gauge_ingest.outbound.queue import Queue
from gauge_ingest.outbound.wording import Link, Writer
from gauge_ingest.outbound.workers import Desk, Held, Way


@dataclass(frozen=True, slots=True)
class Parts:
    """What the delivery takes from the parts that know people, silences, words and links."""

    recipients: Recipients
    held_until: Held
    silenced: Silenced
    writer: Writer
    link: Link


def delivery(
    configuration: Configuration, positions: Positions, now: Callable[[], int], parts: Parts | None
) -> Delivering | None:
    """The delivery to the people of people.toml, not started; None when nobody is in it."""
    people, channels = reached(configuration)
    if not people or parts is None:
        return None
    settings = configuration.settings
    desk = Desk(
        queue=Queue(settings.outbound_path),
        journal=settings.journal_path,
        people=people,
        writer=parts.writer,
        held_until=parts.held_until,
        link=parts.link,
        now=now,
    )
    return Delivering(
        desk,
        positions,
        [_way(name, one, now) for name, one in channels.items()],
        recipients=parts.recipients,
        silenced=parts.silenced,
        levels={rule.id: rule.levels for rule in configuration.rules},
        retry_max_s=float(settings.outbound.retry_max_s),
    )


def reached(configuration: Configuration) -> tuple[Mapping[str, Person], Mapping[str, ChannelSettings]]:
    """The people of a configuration, and the channels on which they are reached."""
    roster = getattr(configuration, "roster", None)
    channels: Mapping[str, ChannelSettings] = getattr(configuration, "channels", {})
    return (roster.people if roster is not None else {}), channels


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
