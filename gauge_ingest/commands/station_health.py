"""stations health: how each station has been doing over the last weeks, what is ill, and why."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from gauge_ingest.commands.opening import (
    MOMENT,
    ConfigOption,
    JsonOption,
    clock_of_environment,
    configured,
    reading,
    span,
    station_named,
)
from gauge_ingest.commands.output import Status, print_json
from gauge_ingest.commands.progress import Advance, followed, of_part, progress
from gauge_ingest.commands.station_health_text import show_station, show_stations
from gauge_ingest.commands.stations import app
from gauge_ingest.core.corrections import CorrectionKind
from gauge_ingest.core.health import Grade, Judged, health_of, judged
from gauge_ingest.core.model import Station
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Reader

# A station's clock may be ahead of ours: its newest readings count all the same.
_EVER = 1 << 61

OneArgument = Annotated[
    str | None, typer.Argument(metavar="STATION", help="One station with every figure, such as HTB01.")
]
SinceOption = Annotated[str, typer.Option("--since", metavar="T", help=f"From when: {MOMENT}.")]


@app.command("health")
def station_health(
    station: OneArgument = None,
    *,
    since: SinceOption = "30d",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how the stations are doing: reports, clock, battery, signal. Exit status 1 when one is ill."""
    configuration, clock = configured(config), clock_of_environment()
    now = clock.now()
    begin, _ = span(since, None, now=now)
    asked = list(configuration.stations.values())
    if station is not None:
        asked = [station_named(station, configuration.stations)]
    doing = []
    with reading(configuration) as reader, progress("reading the journal") as advance:
        for number, one in enumerate(asked):
            done = of_part(advance, number=number, parts=len(asked))
            doing.append(doing_of(reader, one, since=begin, now=now, done=done))
    doing.sort(key=_worst_first)
    if as_json:
        print_json([_document(one) for one in doing])
    elif station is not None:
        show_station(doing[0])
    else:
        show_stations(doing, since=begin, now=now)
    if any(one.grade is Grade.ILL for one in doing):
        raise typer.Exit(int(Status.NOT_WELL))


def doing_of(reader: Reader, station: Station, *, since: int, now: int, done: Advance) -> Judged:
    """How a station did in (since, now], by the journal."""
    number = reader.number(station.id)
    rows = reader.rows(station.id, since=since, until=_EVER)
    health = health_of(
        followed(rows, since=since, until=now, advance=done),
        station,
        since=since,
        now=now,
        first_observed_at=None if number is None else reader.first_observed_at(number),
        newest=reader.newest(station.id, of_any_kind=True),
        visited_at=_visited_at(reader, station, now=now),
        calibrated_at=_calibrated_at(station, now=now),
    )
    return judged(health, station)


def _visited_at(reader: Reader, station: Station, *, now: int) -> int | None:
    """The end of the last visit that people have told of."""
    told = reader.corrections.in_force(station.id)
    return max((one.until for one in told if one.kind is CorrectionKind.VISIT and one.until <= now), default=None)


def _calibrated_at(station: Station, *, now: int) -> int | None:
    """When the gauge that is in use was last calibrated, as stations.toml has it."""
    at = station.deployment_at(now).calibrated_at
    return at if at is not None and at <= now else None


def _worst_first(one: Judged) -> tuple[int, int, int, str]:
    grades = [found.grade for found in one.found]
    return -one.grade, -grades.count(Grade.ILL), -grades.count(Grade.WATCH), one.station.id


def _document(one: Judged) -> dict[str, Any]:
    figures = {name: _told(name, value) for name, value in asdict(one.health).items()}
    days = [{name: _told(name, value) for name, value in day.items()} for day in figures.pop("days")]
    return {
        "station": figures.pop("station"),
        "name": one.station.name,
        "grade": one.grade.name.lower(),
        **figures,
        "found": [
            {"name": found.name, "grade": found.grade.name.lower(), "reason": found.reason} for found in one.found
        ],
        "days": days,
    }


def _told(name: str, value: Any) -> Any:
    is_instant = name in {"since", "until"} or name.endswith("_at")
    return instant_text(value) if is_instant and value is not None else value
