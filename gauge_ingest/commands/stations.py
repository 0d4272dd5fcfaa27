"""stations: which ones are heard, and how much fell there in the last hours; `stations health` is beside it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

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
from gauge_ingest.core.model import HOUR_MS, Row, Station, Step
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Reader

app = typer.Typer(invoke_without_command=True)

WINDOWS_MS = {"1h": HOUR_MS, "3h": 3 * HOUR_MS, "6h": 6 * HOUR_MS, "24h": 24 * HOUR_MS}
# A station that misses so many regular reports is no longer online.
MISSED_MAX = 3
_EVER = 1 << 61


class Heard(NamedTuple):
    """A station as it stands now. None means unknown: never heard, or no report ended in the window."""

    station: Station
    last_observed_at: int | None
    last_received_at: int | None
    online: bool
    rain_mm: dict[str, float | None]
    battery_v: float | None
    flag: int | None


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
        print_json([_document(one) for one in heard])
    else:
        _show(heard, now)


def heard_of(reader: Reader, station: Station, *, now: int) -> Heard:
    """What the journal knows of a station now."""
    newest = reader.newest(station.id)
    recent = list(reader.rows(station.id, since=now - max(WINDOWS_MS.values()), until=_EVER))
    received = [row.received_at for row in (recent if newest is None else [*recent, newest])]
    last_received_at = max(received, default=None)
    told_v = [row.battery_v for row in recent if row.battery_v is not None]
    silence_max_ms = MISSED_MAX * station.report_every_s * 1000
    return Heard(
        station,
        None if newest is None else newest.observed_at,
        last_received_at,
        last_received_at is not None and now - last_received_at <= silence_max_ms,
        {name: _rain_mm(station, recent, since=now - window_ms, until=now) for name, window_ms in WINDOWS_MS.items()},
        told_v[-1] if told_v else newest.battery_v if newest is not None else None,
        None if newest is None else newest.flag,
    )


def _rain_mm(station: Station, rows: Sequence[Row], *, since: int, until: int) -> float | None:
    ended = [
        station.depth_mm(row.tips, until=row.observed_at)
        for row in rows
        if since < row.observed_at <= until and row.step not in (Step.VOID, Step.OWED, Step.VOIDED)
    ]
    return round(sum(ended), 3) if ended else None


def _document(one: Heard) -> dict[str, Any]:
    return {
        "station": one.station.id,
        "name": one.station.name,
        "last_observed_at": None if one.last_observed_at is None else instant_text(one.last_observed_at),
        "last_received_at": None if one.last_received_at is None else instant_text(one.last_received_at),
        "online": one.online,
        "rain_mm": one.rain_mm,
        "battery_v": one.battery_v,
        "flag": one.flag,
    }


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
