"""history: the rain of stations, raw, in windows, by storms or its maxima, as a table, a picture or a file."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from gauge_ingest.commands.history_files import PICTURES, SUFFIXES, WRITERS, Form, check_place, form_of, write
from gauge_ingest.commands.history_picture import drawn
from gauge_ingest.commands.history_source import From, asked
from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    SinceOption,
    UntilOption,
    clock_of_environment,
    configured,
    span,
    station_named,
)
from gauge_ingest.commands.output import Status, print_json, show, stop
from gauge_ingest.commands.progress import progress
from gauge_ingest.commands.rain_events_table import show_maxima, show_storms
from gauge_ingest.commands.rain_plot import show_plot
from gauge_ingest.commands.rain_table import show_rain
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import Station
from gauge_ingest.core.spans import parse_duration_s
from gauge_ingest.history import Every, Question, Rain, Source, documents, rows_expected

EVERYBODY = "all"
ROWS_MAX = 1_000_000  # of all stations: a gigabyte of memory

StationsArgument = Annotated[
    list[str], typer.Argument(metavar="STATION…", help="Stations by their ids, such as HTB01 HTB02; or all.")
]
EveryOption = Annotated[
    Every,
    typer.Option(
        "--every",
        help="Increments as they are, windows of a step (days and months begin at 08:00 Beijing time),"
        " storms, or the most within lengths of time.",
    ),
]
DryGapOption = Annotated[str, typer.Option("--dry-gap", metavar="T", help="Dry time that parts two storms: 90m, 6h.")]
SourceOption = Annotated[From, typer.Option("--source", help="auto: the journal where there is one, else InfluxDB.")]
FormOption = Annotated[
    Form | None, typer.Option("--format", help="What it looks like [default: as --out ends, else table]")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help=f"A file for the answer: {', '.join(SUFFIXES)}.")
]
PlotOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help=f"A picture beside the answer: {' or '.join(PICTURES)}.")
]
ThresholdsOption = Annotated[
    bool, typer.Option("--thresholds", help="Draw the thresholds of the rules for windows of the step.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]


class _Told(NamedTuple):
    """The answer for one station."""

    station: Station
    rain: Rain
    whole: Fixed | None = None  # the time that was asked for, of kinds whose rows leave gaps


def history(
    stations: StationsArgument,
    *,
    since: SinceOption,
    every: EveryOption,
    until: UntilOption = None,
    dry_gap: DryGapOption = "6h",
    source: SourceOption = From.AUTO,
    form: FormOption = None,
    out: OutOption = None,
    plot: PlotOption = None,
    thresholds: ThresholdsOption = False,
    force: ForceOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rain of stations: increments, windows of 5 minutes to a month, storms, or the largest depths."""
    configuration, clock = configured(config), clock_of_environment()
    begin, end = span(since, until, now=clock.now())
    chosen = _form(form, out, every, as_json=as_json)
    for option, path in (("--out", out), ("--plot", plot)):
        if path is not None:
            check_place(option, path, force=force)
    picture = None if plot is None else form_of("--plot", plot, PICTURES)
    if (picture is not None or chosen.is_picture or chosen is Form.PLOT) and not every.is_windows:
        stop(Status.WRONG_USE, f"--every {every}: a picture shows windows; choose 5m, 1h, 1d or month")
    places = _places(stations, configuration)
    question = Question(every, begin, end, _dry_gap_s(dry_gap))
    _check_size(places, question)
    told, name = asked(configuration, source, lambda asked_of: _answers(asked_of, places, question, chosen))
    rules = configuration.rules if thresholds else ()
    pairs = [(one.station, one.rain) for one in told]
    if plot is not None and picture is not None:
        write("--plot", plot, drawn(picture, pairs, question, rules))
    if chosen.is_picture and out is not None:
        write("--out", out, drawn(chosen, pairs, question, rules))
    else:
        _say(told, chosen, question, source=name, out=out)


def _form(form: Form | None, out: Path | None, every: Every, *, as_json: bool) -> Form:
    """What the answer is to look like, or an end where that cannot be."""
    if as_json and form not in (None, Form.JSON):
        stop(Status.WRONG_USE, f"--json with --format {form}: choose one of both")
    chosen = form or (Form.JSON if as_json else Form.TABLE if out is None else form_of("--out", out, SUFFIXES))
    if out is None and (chosen.is_picture or chosen is Form.PARQUET):
        stop(Status.WRONG_USE, f"--format {chosen}: needs a file: --out rain-{every}.{chosen}")
    return chosen


def _places(names: Sequence[str], configuration: Configuration) -> list[Station]:
    """The stations that are meant, each once."""
    if EVERYBODY in names and EVERYBODY not in configuration.stations:
        return list(configuration.stations.values())
    return [station_named(name, configuration.stations) for name in dict.fromkeys(names)]


def _dry_gap_s(text: str) -> int:
    try:
        return parse_duration_s(text)
    except ValueError as error:
        stop(Status.WRONG_USE, f"--dry-gap {text!r}: {error}")


def _check_size(places: Sequence[Station], question: Question) -> None:
    expected = sum(rows_expected(question, station) for station in places)
    if expected > ROWS_MAX:
        stop(
            Status.WRONG_USE,
            f"--since: about {expected} rows for {len(places)} stations, more than {ROWS_MAX}: ask for a shorter time,"
            " a longer step or fewer stations",
        )


def _answers(source: Source, places: Sequence[Station], question: Question, form: Form) -> list[_Told]:
    """Tables of storms and maxima say how much of the time is known; the rows of files have it each of its own span."""
    found, leaves_gaps = [], form is Form.TABLE and question.every in (Every.STORM, Every.MAXIMA)
    with progress("reading history") as advance:
        for number, station in enumerate(places):
            whole = question.whole(source, station) if leaves_gaps else None
            found.append(_Told(station, question.of(source, station), whole))
            advance((number + 1) / len(places))
    return found


def _say(told: Sequence[_Told], form: Form, question: Question, *, source: str, out: Path | None) -> None:
    """The answer on stdout, or in a file."""
    if form in WRITERS:
        rows = [row for one in told for row in documents(one.station, one.rain)]
        if out is not None:
            write("--out", out, WRITERS[form](question.every, rows))
        elif form is Form.JSON:
            print_json(rows)
        else:
            sys.stdout.write(WRITERS[form](question.every, rows).decode())
        return
    if out is None:
        _shown(told, form, question, source)
        return
    written = StringIO()
    with redirect_stdout(written):
        _shown(told, form, question, source)
    write("--out", out, written.getvalue().encode())


def _shown(told: Sequence[_Told], form: Form, question: Question, source: str) -> None:
    for number, (station, rain, whole) in enumerate(told):
        if number:
            show("")
        if form is Form.PLOT:
            show_plot(station, rain, every=question.every, source=source)
        elif question.every is Every.STORM and whole is not None:
            show_storms(station, rain, whole, dry_gap_s=question.dry_gap_s, source=source)
        elif question.every is Every.MAXIMA and whole is not None:
            show_maxima(station, rain, whole, source=source)
        else:
            show_rain(station, rain, every=question.every, source=source)
