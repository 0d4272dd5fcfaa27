"""check: the configuration, every mistake at once."""

import os

import typer

from gauge_ingest.clock import VARIABLE, clock_from
from gauge_ingest.commands.opening import ConfigOption, JsonOption, directory_of
from gauge_ingest.commands.output import Status, plain, print_json, show
from gauge_ingest.configuration import Configuration, ConfigurationRefused, Mistake, load


def check(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the configuration; exit status 2 with every mistake that is in it."""
    directory = directory_of(config)
    mistakes: list[Mistake] = []
    configuration: Configuration | None = None
    try:
        configuration = load(directory, os.environ)
    except ConfigurationRefused as refused:
        mistakes += refused.mistakes
    try:
        clock_from(os.environ)
    except ValueError as error:
        remedy = str(error).removeprefix(f"{VARIABLE}: ")
        mistakes.append(Mistake("environment", VARIABLE, "", remedy))
    if as_json:
        shown = [{"file": m.file, "key": m.key, "value": m.value, "remedy": m.remedy} for m in mistakes]
        print_json({"ok": not mistakes, "mistakes": shown})
    elif mistakes:
        for mistake in mistakes:
            print(plain(str(mistake)))  # noqa: T201  one line each, however long, for people and for grep
        show("", f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''} in {directory}")
    elif configuration is not None:
        settings = configuration.settings
        copy = f"InfluxDB at {settings.influx.url}" if settings.influx.url else "no InfluxDB"
        people = len(configuration.roster.people)
        what = f"stations: {len(configuration.stations)}, rules: {len(configuration.rules)}, people: {people}"
        show(f"{directory} is in order: {what}, journal {settings.journal_path}, {copy}")
    if mistakes:
        raise typer.Exit(int(Status.WRONG_USE))
