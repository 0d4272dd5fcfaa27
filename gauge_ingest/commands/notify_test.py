"""notify-test: a marked test message to one person on every way, to be sure before the rain that it arrives."""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, NamedTuple

import typer
from rich.text import Text

from gauge_ingest.commands.opening import ConfigOption, clock_of_environment, configured
from gauge_ingest.commands.output import Status, full_instant, plain, show, stop, table
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import Person
from gauge_ingest.notifiers import Channel, Message, NotifierRejected, NotifierUnavailable

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="The person's id in people.toml.")]
ChannelOption = Annotated[
    str | None, typer.Option("--channel", metavar="C", help="On this channel alone [default: on every way]")
]

_SUBJECT = {"zh": "【测试 TEST】雨量预警通知测试", "en": "TEST of the rain alerts"}
_TEXT = {
    "zh": "【测试 TEST】这是雨量预警系统于 {at} 发出的测试消息，没有预警，请勿行动。收件人：{name}。方式：{channel}。",
    "en": "TEST. The rain alerts sent this at {at} to be sure that it arrives. There is no alert: do nothing."
    " To {name}, by {channel}.",
}
_SHORT = {
    "zh": "【测试 TEST】雨量预警通知测试，没有预警 {at}",
    "en": "TEST of the rain alerts, there is no alert. {at}",
}


class Tried(NamedTuple):
    """One way and how it went; `reason` is empty when it worked."""

    channel: str
    to: str
    took_s: float
    reason: str
    reached: bool  # somebody answered, be it with a refusal


def notify_test(person: PersonArgument, *, channel: ChannelOption = None, config: ConfigOption = None) -> None:
    """Send a person a message marked TEST on every way, and say of each how it went."""
    from gauge_ingest.app.delivery import channel as made  # only here: a command starts without the service

    configuration, clock = configured(config), clock_of_environment()
    people, settings = configuration.roster.people, configuration.channels
    known = people.get(person)
    if known is None:
        stop(Status.WRONG_USE, f"people.toml has nobody with the id {person!r}: {nearest(person, people)}")
    ways = {way.channel for way in known.reach}
    if channel is not None and channel not in ways:
        stop(Status.WRONG_USE, f"{person} has no way by channel {channel!r}: {nearest(channel, ways)}")
    channels = {name: made(name, settings[name], clock.now) for name in ways if channel in (None, name)}
    tried = try_ways(known, channels, at=full_instant(clock.now()))
    _show(tried)
    if not any(one.reason == "" for one in tried) and not any(one.reached for one in tried):
        raise typer.Exit(int(Status.UNREACHABLE))
    if any(one.reason for one in tried):
        raise typer.Exit(int(Status.NOT_WELL))


def try_ways(
    person: Person,
    channels: Mapping[str, Channel],
    *,
    at: str,
    monotonic: Callable[[], float] = time.monotonic,
) -> list[Tried]:
    """Send a test message on each of a person's ways whose channel is given, one after the other."""
    tried = []
    for way in person.reach:
        one = channels.get(way.channel)
        if one is None:
            continue
        began_at, reason, is_reached = monotonic(), "", True
        try:
            one.send(way.to, message_for(person, way.channel, at=at))
        except NotifierRejected as error:
            reason = f"refused: {error}"
        except NotifierUnavailable as error:
            reason, is_reached = str(error), False
        tried.append(Tried(way.channel, way.to, monotonic() - began_at, reason, is_reached))
    return tried


def message_for(person: Person, channel: str, *, at: str) -> Message:
    """The test message: marked in its first word, of no event."""
    language = person.language if person.language in _TEXT else "en"
    return Message(
        event=0,
        subject=_SUBJECT[language],
        text=_TEXT[language].format(at=at, name=person.name, channel=channel),
        short=_SHORT[language].format(at=at),
        grade=1,
        drill=True,
    )


def _show(tried: list[Tried]) -> None:
    listing = table("way", "to", "", "took", "", wrap=("",), right=("took",))
    for one in tried:
        result = Text("taken", style="green") if not one.reason else Text("FAILED", style="bold red")
        listing.add_row(plain(one.channel), plain(one.to), result, f"{one.took_s:.1f} s", plain(one.reason))
    failed = sum(bool(one.reason) for one in tried)
    title = f"{failed} of {len(tried)} ways failed" if failed else "every way took the test message"
    show(Text(title, style="bold red" if failed else "bold"), listing)
    show("taken: the service took it. Only the person can say whether it arrived." if failed < len(tried) else "")
