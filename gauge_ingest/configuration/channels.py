"""[channels.ID] of people.toml: ways to reach people, and their secrets from the environment."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from pydantic import SecretStr

from gauge_ingest.configuration.basins import ID
from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.overrides import ENVIRONMENT, SECRET_CHARACTERS_MAX
from gauge_ingest.notifiers.settings import ChannelSettings

PREFIX = "GAUGE_SECRET_"
FILE_SUFFIX = "_FILE"
UNUSED = "no channel of people.toml has this secret: take it out, or see that the channel's id is spelt alike"

_MAIL = "mailto://smtp.example.org?from=rain@example.org&to={to}"
# What follows a colon is a password, but for a port before a query that holds an @ itself: relay:25?from=us@example.org
_PASSWORD = re.compile(r"^[^:/]+://[^/@]*:(?P<given>(?!\d{1,5}\?)[^/@]+)@")


def secret_name(channel: str) -> str:
    """The variable that holds the secret of a channel."""
    return PREFIX + channel.upper().replace("-", "_")


@dataclass(slots=True)
class ChannelsRead:
    """The channels of a table with their secrets, and every mistake in either.

    `warnings`: secrets in the environment that belong to no channel. A channel that is taken out must not keep the
    service down while its secret is still set.
    """

    channels: dict[str, ChannelSettings] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)


def read_channels(
    raw: Mapping[str, object], place: Place, environ: Mapping[str, str], read_text: Callable[[Path], str]
) -> ChannelsRead:
    """The channels of a table. `read_text` reads the file of a secret: OSError or ValueError."""
    read = ChannelsRead()
    names: dict[str, str] = {}
    for channel in raw:
        name = secret_name(channel)
        before = names.setdefault(name, channel)
        if not ID.fullmatch(channel) or name.endswith(FILE_SUFFIX):
            remedy = "an id is 1 to 32 of the characters A-Z a-z 0-9 _ -, and does not end in _file"
            read.mistakes.append(place.at(channel).mistake(remedy))
        elif before != channel:
            remedy = f"would share its secret {name} with {before}: name it otherwise"
            read.mistakes.append(place.at(channel).mistake(remedy))
    secrets = _secrets(environ, names, read_text, read)
    for channel, item in raw.items():
        here = place.at(channel)
        if isinstance(item, Mapping):
            read.channels[channel] = _channel(item, here, secrets.get(channel), secret_name(channel), read)
        else:
            read.mistakes.append(here.mistake(f"must be a table, written [channels.{channel}]"))
    return read


def _channel(
    item: Mapping[str, object], place: Place, secret: str | None, variable: str, read: ChannelsRead
) -> ChannelSettings:
    plain, mistakes = dict(item), read.mistakes
    if plain.pop("secret", None) is not None:
        remedy = f"a secret does not belong in a file that many may read: set {variable} or {variable}{FILE_SUFFIX}"
        mistakes.append(place.at("secret").mistake(remedy))
    given = str(item.get("url", ""))
    found = _PASSWORD.match(given)
    written = found is not None and found["given"] != "{secret}"
    if written:
        plain["url"] = ""
        remedy = f"a password does not belong in a file that many may read: write {{secret}} and set {variable}"
        mistakes.append(place.at("url").mistake(remedy))
    judged = judge(ChannelSettings, plain, place)
    shown = {place.at("url").key: ""}  # any part of an address may be a key
    mistakes += [replace(one, value=shown.get(one.key, one.value)) for one in judged.mistakes]
    channel = judged.value.model_copy(update={"secret": SecretStr(secret or "")})
    if not written and "url" not in judged.wrong and "kind" not in judged.wrong:
        wrong = _wrong_url(channel, place.at("url"))
        mistakes += wrong
        if not wrong and secret is None and channel.needs_secret:
            key = "url" if "{secret}" in channel.url else "secret"
            mistakes.append(place.at(key).mistake(_missing(channel, variable, read.warnings)))
    return channel


def _wrong_url(channel: ChannelSettings, place: Place) -> list[Mistake]:
    """What an address lacks."""
    if channel.kind == "bell":
        return []
    if not channel.url:
        example = "https://example.org/alerts" if channel.kind == "webhook" else _MAIL
        return [place.mistake(f"is required: where the channel sends to, e.g. {example}")]
    if channel.kind == "webhook" and not re.match(r"https?://[^/]", channel.url):
        return [place.mistake("must begin with http:// or https:// and name a host")]
    return []


def _missing(channel: ChannelSettings, variable: str, unused: Sequence[Mistake]) -> str:
    """What to do where a secret is not set, with the unused variable that was perhaps meant to be it."""
    why = "needs its secret" if "{secret}" in channel.url else "a web hook is signed with its secret"
    meant = get_close_matches(variable, [one.key.removesuffix(FILE_SUFFIX) for one in unused], n=1)
    slip = f"; {meant[0]} is set, and belongs to no channel" if meant else ""
    return f"{why}: set {variable} or {variable}{FILE_SUFFIX}{slip}"


def _secrets(
    environ: Mapping[str, str], names: Mapping[str, str], read_text: Callable[[Path], str], read: ChannelsRead
) -> dict[str, str]:
    """The secrets of channels, empty where one is wrong.

    A variable that is set to nothing is none: compose files pass unset ones on so.
    """
    found: dict[str, str] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or not text:
            continue
        here = Place(ENVIRONMENT, variable)
        plain = variable.removesuffix(FILE_SUFFIX)
        channel = names.get(plain)
        if channel is None:
            read.warnings.append(here.mistake(UNUSED))
            continue
        found.setdefault(channel, "")
        if plain != variable and environ.get(plain):
            read.mistakes.append(here.mistake(f"set either {variable} or {plain}, not both"))
            continue
        secret = text if plain == variable else _from_file(Path(text), here, read_text, read.mistakes)
        if secret is None:
            continue
        if 1 <= len(secret) <= SECRET_CHARACTERS_MAX and secret.isprintable():
            found[channel] = secret
        else:
            remedy = f"must hold one line of 1 to {SECRET_CHARACTERS_MAX} printable characters"
            read.mistakes.append(here.mistake(remedy))
    return found


def _from_file(path: Path, place: Place, read_text: Callable[[Path], str], mistakes: list[Mistake]) -> str | None:
    try:
        return read_text(path).removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        mistakes.append(place.mistake(f"cannot be read ({reason}): name a file that holds the secret", str(path)))
        return None
