"""report: the report of a day, for any day, whether the service runs or not."""

from typing import Annotated

import typer

from gauge_ingest.commands.opening import ConfigOption, JsonOption, clock_of_environment, configured, reading
from gauge_ingest.commands.output import Status, print_json, print_text, stop
from gauge_ingest.core.days import DAY_BEGINS_MIN, day_end, due_at
from gauge_ingest.core.model import DAY_MS
from gauge_ingest.reports.day import day_report
from gauge_ingest.reports.day_document import document
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


@app.callback()
def report() -> None:
    """Reports for people: daily."""


@app.command()
def daily(*, day: DayOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
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
    if as_json:
        print_json(made)
        return
    print_text(text(made))
    if until > now:
        print_text("\nthe day is not over yet")
