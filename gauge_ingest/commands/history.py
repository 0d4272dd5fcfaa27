"""history: the rain of a station, raw or in fixed steps, from InfluxDB or the journal, as a table with bars."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer

from gauge_ingest import history as past
from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    SinceOption,
    StationArgument,
    UntilOption,
    clock_of_environment,
    configured,
    reading,
    span,
    station_named,
)
from gauge_ingest.commands.output import Status, notice, print_json, stop
from gauge_ingest.commands.rain_table import show_rain
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.fixed import STEPS_MS, Ended, Fixed, coverage, depths_mm
from gauge_ingest.core.model import Station
from gauge_ingest.core.spans import instant_text
from gauge_ingest.history import InfluxCopy, JournalHistory, Source
from gauge_ingest.stores import StoreUnavailable

_Answer = TypeVar("_Answer")


class Every(StrEnum):
    """Steps of history."""

    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"


class From(StrEnum):
    """Where history is read from."""

    AUTO = "auto"
    INFLUX = "influx"
    JOURNAL = "journal"


EveryOption = Annotated[Every, typer.Option("--every", help="Step; days run from 08:00 to 08:00 Beijing time.")]
SourceOption = Annotated[From, typer.Option("--source", help="auto: InfluxDB when configured, else the journal.")]


def history(
    station: StationArgument,
    *,
    since: SinceOption,
    every: EveryOption,
    until: UntilOption = None,
    source: SourceOption = From.AUTO,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rain of a station: raw increments, or windows of 5 minutes, 1 hour or 1 day."""
    configuration, clock = configured(config), clock_of_environment()
    begin, end = span(since, until, now=clock.now())
    place = station_named(station, configuration.stations)
    rain: Sequence[Ended] | Sequence[Fixed]
    if every is Every.RAW:
        rain, name = _asked(configuration, source, lambda told: past.increments(told, place, since=begin, until=end))
    else:
        step_ms = STEPS_MS[every]
        rain, name = _asked(
            configuration, source, lambda told: past.fixed_steps(told, place, since=begin, until=end, step_ms=step_ms)
        )
    if as_json:
        print_json([_document(place, one) for one in rain])
    else:
        show_rain(place, rain, every=every, source=name)


def _asked(configuration: Configuration, source: From, question: Callable[[Source], _Answer]) -> tuple[_Answer, str]:
    """The answer and the name of the source that gave it, or an end that says why there is none."""
    influx = configuration.settings.influx
    try:
        if source is From.INFLUX and not influx.url:
            stop(Status.WRONG_USE, "--source influx: no InfluxDB is configured; set url in [influx]")
        if influx.url and source is not From.JOURNAL:
            try:
                return _from_influx(configuration, question), "InfluxDB"
            except StoreUnavailable as error:
                if source is From.INFLUX:
                    stop(Status.UNREACHABLE, str(error))
                notice(f"{error}; this is the journal's answer")
        with reading(configuration) as reader:
            return question(JournalHistory(reader)), "journal"
    except past.TooManyWindows as error:
        stop(Status.WRONG_USE, f"--since: {error}")


def _from_influx(configuration: Configuration, question: Callable[[Source], _Answer]) -> _Answer:
    from gauge_ingest.stores.influx import InfluxHistory

    copy = InfluxHistory(configuration.settings.influx)
    try:
        return question(InfluxCopy(copy))
    finally:
        copy.close()


def _document(station: Station, one: Ended | Fixed) -> dict[str, Any]:
    rain_mm, corrected_mm = depths_mm(station, one)
    document = {
        "station": station.id,
        "since": instant_text(one.since),
        "until": instant_text(one.until),
        "tips": one.tips,
        "rain_mm": rain_mm,
        "corrected_mm": corrected_mm,
        "coverage": one.coverage if isinstance(one, Fixed) else coverage(one),
        "flag": int(one.flag),
    }
    if isinstance(one, Ended):
        document |= {"step": one.step.name.lower(), "tips_min": one.tips_min, "tips_max": one.tips_max}
    return document
