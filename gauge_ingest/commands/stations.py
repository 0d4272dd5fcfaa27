"""stations: which ones are heard, and how much fell there in the last hours; `stations health` is beside it."""

from collections.abc import Sequence

import typer
from rich.text import Text

from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    clock_of_environment,
    configured,
    reading,
)
from gauge_ingest.commands.output import Status, ago, flag_text, full_instant, print_json, show, stop, table
from gauge_ingest.history.heard import WINDOWS_MS, Heard, heard_of, station_document

app = typer.Typer(invoke_without_command=True)


@app.callback()
def stations(context: typer.Context, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the stations: when last heard, rain of the last hours, battery."""
    if context.invoked_subcommand is not None:
        if config is not None or as_json:
            stop(Status.WRONG_USE, f"options come after the command: stations {context.invoked_subcommand} …")
        return
    configuration, clock = configured(config), clock_of_environment()
    now = clock.now()
    with reading(configuration) as reader:
        heard = [heard_of(reader, station, now=now) for station in configuration.stations.values()]
    if as_json:
        print_json([station_document(one) for one in heard])
    else:
        _show(heard, now)


def _show(heard: Sequence[Heard], now: int) -> None:
    rain = tuple(WINDOWS_MS)
    listing = table("station", "", "heard", "observed", *rain, "V", "flag", right=(*rain, "V"), wrap=("",))
    for one in heard:
        listing.add_row(
            one.station.id,
            one.station.name,
            Text(ago(one.last_received_at, now=now), style="" if one.online else "bold red"),
            ago(one.last_observed_at, now=now),
            *(_mm(rain_mm) for rain_mm in one.rain_mm.values()),
            "" if one.battery_v is None else f"{one.battery_v:.1f}",
            Text("") if one.flag is None else flag_text(one.flag),
        )
    online = sum(one.online for one in heard)
    title = Text(
        f"{online} of {len(heard)} stations online at {full_instant(now)}; rain of the last hours in mm", "bold"
    )
    show(title, listing)


def _mm(rain_mm: float | None) -> Text:
    if rain_mm is None:
        return Text("?", style="dim")
    return Text(f"{rain_mm:.1f}", style="bold bright_blue" if rain_mm else "")
