"""corrections: everything that people have said of rain, with what was undone."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.text import Text

from gauge_ingest.commands.opening import (
    MOMENT,
    ConfigOption,
    JsonOption,
    clock_of_environment,
    configured,
    moment,
    reading,
    station_named,
)
from gauge_ingest.commands.output import instant, place_text, plain, print_json, show, stretch, table
from gauge_ingest.core.corrections import Correction, undone_by
from gauge_ingest.requests.correct import document

app = typer.Typer(no_args_is_help=True)

StationsArgument = Annotated[
    str | None, typer.Argument(metavar="[STATION]", help="The station's id, such as HTB01 [default: every station]")
]
MadeSinceOption = Annotated[str | None, typer.Option("--since", metavar="T", help=f"Entered after when: {MOMENT}.")]


@app.callback()
def corrections() -> None:
    """What people have said of rain: log."""


@app.command()
def log(
    station: StationsArgument = None,
    *,
    since: MadeSinceOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List every correction that was entered, in order, undone ones too."""
    configuration, clock = configured(config), clock_of_environment()
    after = None if since is None else moment("--since", since, clock.now())
    with reading(configuration) as reader:
        if station is not None and station not in reader.stations():
            station_named(station, configuration.stations)
        entries = reader.corrections.entries(station)
    gone = undone_by(entries)
    entered = [entry for entry in entries if after is None or entry.at > after]
    if as_json:
        print_json([document(entry, undone=gone.get(entry.id)) for entry in entered])
    else:
        _show(entered, gone, configuration.names)


def _show(entries: Sequence[Correction], gone: Mapping[int, int], names: Mapping[str, str]) -> None:
    if not entries:
        show("no correction was entered")
        return
    listing = table(
        "id", "entered", "who", "what", "station", "span", "why", right=("id",), wrap=("who", "what", "station", "why")
    )
    for entry in entries:
        undone = gone.get(entry.id)
        listing.add_row(
            str(entry.id),
            instant(entry.at),
            Text(plain(entry.who)),
            _what(entry) + ("" if undone is None else f", undone by {undone}"),
            Text(place_text(entry.station, names)),
            stretch(entry.since, entry.until),
            Text(plain(entry.why)),
            style="" if undone is None else "dim",
        )
    show(Text(f"{len(entries)} corrections, times of Beijing", style="bold"), listing)


def _what(entry: Correction) -> str:
    if entry.undoes is not None:
        return f"undo of {entry.undoes}"
    return entry.kind.value if entry.rain_mm is None else f"{entry.kind.value}: {entry.rain_mm:g} mm"
