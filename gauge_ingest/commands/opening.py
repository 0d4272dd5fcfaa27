"""What every command begins with: its options, the configuration, the clock, the journal; or a refusal."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import DatabaseError
from typing import Annotated, NoReturn

import typer

from gauge_ingest.clock import Clock, clock_from
from gauge_ingest.commands.output import Status, no_journal, notice, stop
from gauge_ingest.configuration import (
    Configuration,
    ConfigurationRefused,
    Mistake,
    Usable,
    configuration_directory,
    usable,
)
from gauge_ingest.core.model import Station
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.spans import parse_moment
from gauge_ingest.journal import JournalUnavailable, Reader

MOMENT = "a duration back from now (90m, 24h, 7d) or an instant (2026-07-15T18:00:00+08:00)"

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="DIR", help="Folder of the configuration [default: GAUGE_CONFIG, else config/]"),
]
WhoOption = Annotated[
    str | None, typer.Option("--who", metavar="NAME", help="Who says so [default: the machine's user]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
StationArgument = Annotated[str, typer.Argument(metavar="STATION", help="The station's id, such as HTB01.")]
SinceOption = Annotated[str, typer.Option("--since", metavar="T", help=f"From when: {MOMENT}.")]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="T", help="Until when, written like --since.")]


def directory_of(given: Path | None) -> Path:
    """The folder of the configuration."""
    return configuration_directory(given, os.environ)


def configured(given: Path | None) -> Configuration:
    """The configuration that a service runs on, or an end that names every mistake in it.

    Where the folder is refused, that is the one accepted last: whoever must look at alerts at night can do so.
    """
    found = found_usable(given)
    if found.refusal is not None:
        notice(f"the configuration in {directory_of(given)} cannot be used:")
        for mistake in found.refusal.mistakes:
            notice(str(mistake))
        notice(f"the one accepted at {found.refusal.accepted} is used in its place")
    return found.configuration


def configured_on_disk(given: Path | None) -> Configuration:
    """The configuration as it stands in its folder, or an end that names every mistake in it."""
    found = found_usable(given)
    if found.refusal is not None:
        _stop_refused(given, found.refusal.mistakes)
    return found.configuration


def found_usable(given: Path | None) -> Usable:
    """The configuration that a service would start with, in place of which one, or an end with every mistake."""
    try:
        found = usable(directory_of(given), os.environ)
    except ConfigurationRefused as refused:
        _stop_refused(given, refused.mistakes)
    if found.configuration.settings.drill.name:
        notice(f"演习 DRILL, nothing of this is real: {found.configuration.settings.drill.name}")
    return found


def clock_of_environment() -> Clock:
    """The clock, or an end that says what is wrong with GAUGE_CLOCK."""
    try:
        return clock_from(os.environ)
    except ValueError as error:
        stop(Status.WRONG_USE, str(error))


@contextmanager
def reading(configuration: Configuration) -> Iterator[Reader]:
    """The journal, open for reading, or an end that says why it is not."""
    path = configuration.settings.journal_path
    try:
        if not path.exists():
            stop(Status.UNREACHABLE, no_journal(path))
        reader = Reader.open(path)
    except (JournalUnavailable, DatabaseError, OSError) as error:
        stop(Status.UNREACHABLE, f"the journal cannot be read: {_named(path, error)}")
    try:
        yield reader
    except DatabaseError as error:
        stop(Status.UNREACHABLE, f"the journal cannot be read: {_named(path, error)}")
    finally:
        reader.close()


def span(since: str, until: str | None, *, now: int) -> tuple[int, int]:
    """The instants that --since and --until name, or an end that names the option."""
    begin = moment("--since", since, now)
    end = now if until is None else moment("--until", until, now)
    if begin >= end:
        later = "now" if until is None else f"--until {until}"
        stop(Status.WRONG_USE, f"--since {since}: must be before {later}")
    return begin, end


def moment(option: str, text: str, now: int) -> int:
    """The instant that an option names, or an end that names the option."""
    try:
        return parse_moment(text, now=now)
    except ValueError as error:
        stop(Status.WRONG_USE, f"{option} {text!r}: {error}")


def station_named(name: str, stations: Mapping[str, Station]) -> Station:
    """The configured station of that name, or an end that suggests the nearest one."""
    station = stations.get(name)
    if station is None:
        stop(Status.WRONG_USE, f"station {name!r} is not in stations.toml: {nearest(name, stations)}")
    return station


def _named(path: Path, error: Exception) -> str:
    return str(error) if str(path) in str(error) else f"{path}: {error}"


def _stop_refused(given: Path | None, mistakes: Sequence[Mistake]) -> NoReturn:
    stop(Status.WRONG_USE, f"the configuration in {directory_of(given)} cannot be used:", *map(str, mistakes))
