"""[channels.ID] of people.toml: ways to reach people, and their secrets from the environment."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from gauge_ingest.configuration.basins import ID
from gauge_ingest.configuration.mistakes import Mistake, Place, judge, nearest
from gauge_ingest.configuration.overrides import ENVIRONMENT, SECRET_CHARACTERS_MAX
from gauge_ingest.notifiers.settings import ChannelSettings

PREFIX = "GAUGE_SECRET_"
FILE_SUFFIX = "_FILE"

_MAIL = "mailto://smtp.example.org?from=rain@example.org&to={to}"
# What follows a colon is a password, but for a port before a query that holds an @ itself: relay:25?from=us@example.org
_PASSWORD = re.compile(r"^[^:/]+://[^/@]*:(?P<given>(?!\d{1,5}\?)[^/@]+)@")


def secret_name(channel: str) -> str:
    """The variable that holds the secret of a channel."""
    return PREFIX + channel.upper().replace("-", "_")


def read_channels(
    raw: Mapping[str, object], place: Place, environ: Mapping[str, str], read_text: Callable[[Path], str]
) -> tuple[dict[str, ChannelSettings], list[Mistake]]:
    """The channels of a table with their secrets, and every mistake in either."""
    mistakes: list[Mistake] = []
    names: dict[str, str] = {}
    for channel in raw:
        name = secret_name(channel)
        before = names.setdefault(name, channel)
        if not ID.fullmatch(channel) or name.endswith(FILE_SUFFIX):
            remedy = "an id is 1 to 32 of the characters A-Z a-z 0-9 _ -, and does not end in _file"
            mistakes.append(place.at(channel).mistake(remedy))
        elif before != channel:
            mistakes.append(
                place.at(channel).mistake(f"would share its secret {name} with {before}: name it otherwise")
            )
    secrets = _secrets(environ, names, read_text, mistakes)
    channels = {}
    for channel, item in raw.items():
        here = place.at(channel)
        if isinstance(item, Mapping):
            channels[channel] = _channel(item, here, secrets.get(channel), secret_name(channel), mistakes)
        else:
            mistakes.append(here.mistake(f"must be a table, written [channels.{channel}]"))
    return channels, mistakes


def _channel(
    item: Mapping[str, object], place: Place, secret: str | None, variable: str, mistakes: list[Mistake]
) -> ChannelSettings:
    plain = dict(item)
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
        mistakes += _wrong_url(channel, place.at("url"), None if secret is not None else variable)
    return channel


def _wrong_url(channel: ChannelSettings, place: Place, missing: str | None) -> list[Mistake]:
    """What an address lacks; `missing`: the variable of the secret, if it is not set."""
    if channel.kind == "bell":
        return []
    if not channel.url:
        example = "https://example.org/alerts" if channel.kind == "webhook" else _MAIL
        return [place.mistake(f"is required: where the channel sends to, e.g. {example}")]
    if channel.kind == "webhook" and not re.match(r"https?://[^/]", channel.url):
        return [place.mistake("must begin with http:// or https:// and name a host")]
    if "{secret}" in channel.url and missing:
        return [place.mistake(f"needs its secret: set {missing} or {missing}{FILE_SUFFIX}")]
    return []


def _secrets(
    environ: Mapping[str, str], names: Mapping[str, str], read_text: Callable[[Path], str], mistakes: list[Mistake]
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
            known = [*names, *(f"{name}{FILE_SUFFIX}" for name in names)]
            mistakes.append(here.mistake(f"no channel of people.toml has this secret; {nearest(variable, known)}"))
            continue
        found.setdefault(channel, "")
        if plain != variable and environ.get(plain):
            mistakes.append(here.mistake(f"set either {variable} or {plain}, not both"))
            continue
        secret = text if plain == variable else _from_file(Path(text), here, read_text, mistakes)
        if secret is None:
            continue
        if 1 <= len(secret) <= SECRET_CHARACTERS_MAX and secret.isprintable():
            found[channel] = secret
        else:
            remedy = f"must hold one line of 1 to {SECRET_CHARACTERS_MAX} printable characters"
            mistakes.append(here.mistake(remedy))
    return found


def _from_file(path: Path, place: Place, read_text: Callable[[Path], str], mistakes: list[Mistake]) -> str | None:
    try:
        return read_text(path).removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        mistakes.append(place.mistake(f"cannot be read ({reason}): name a file that holds the secret", str(path)))
        return None
