"""report: the report of a day, for any day, whether the service runs or not."""

from pathlib import Path
from typing import Annotated

import typer

from gauge_ingest.commands.opening import ConfigOption, JsonOption, clock_of_environment, configured, reading
from gauge_ingest.commands.output import Status, notice, print_json, print_text, stop
from gauge_ingest.commands.report_svg import STATIONS_MAX, svg
from gauge_ingest.core.days import DAY_BEGINS_MIN, day_end, due_at
from gauge_ingest.core.model import DAY_MS
from gauge_ingest.reports.day import day_report
from gauge_ingest.reports.day_document import document
from gauge_ingest.reports.day_hours import day_hours
from gauge_ingest.reports.day_text import text

app = typer.Typer(no_args_is_help=True)

DayOption = Annotated[
    str | None,
    typer.Option(
        "--day",
        metavar="DAY",
        help="The date on which it begins at 08:00, such as 2026-07-15 [default: the last whole]",
    ),
]


SvgOption = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Where a picture of the day goes, as an SVG file.")
]


@app.callback()
def report() -> None:
    """Reports for people: daily."""


@app.command()
def daily(
    *,
    day: DayOption = None,
    svg_file: SvgOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the report of a day, 08:00 to 08:00: rain of each station, alerts, what is not well."""
    configuration, clock = configured(config), clock_of_environment()
    now = clock.now()
    try:
        (until,) = due_at(DAY_BEGINS_MIN, now=now, done=(), most=1) if day is None else [day_end(day)]
    except ValueError as error:
        stop(Status.WRONG_USE, f"--day {day!r}: {error}")
    if until - DAY_MS >= now:
        stop(Status.WRONG_USE, f"--day {day}: has not begun yet")
    with reading(configuration) as reader:
        made = document(day_report(reader, configuration.stations, names=configuration.names, until=until, now=now))
        course = None if svg_file is None else day_hours(reader, configuration.stations, until=until, now=now)
    if svg_file is not None and course is not None:
        _draw(svg_file, svg(course, configuration.names, configuration.rules), stations=len(course.stations))
    if as_json:
        print_json(made)
        return
    print_text(text(made))
    if until > now:
        print_text("\nthe day is not over yet")


def _draw(path: Path, picture: str, *, stations: int) -> None:
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        stop(Status.WRONG_USE, f"--svg {path}: cannot be written: {error.strerror}")
    if stations > STATIONS_MAX:
        notice(f"--svg {path}: holds the {STATIONS_MAX} wettest of {stations} stations")
