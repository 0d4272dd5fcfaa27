"""check: the configuration, every mistake at once."""

import os
from collections.abc import Sequence

import typer

from gauge_ingest.clock import VARIABLE, clock_from
from gauge_ingest.commands.opening import ConfigOption, JsonOption, directory_of
from gauge_ingest.commands.output import Status, plain, print_json, show
from gauge_ingest.configuration import Configuration, ConfigurationRefused, Mistake, load, rota_warnings


def check(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the configuration; exit status 2 with every mistake that is in it. A warning changes no exit status."""
    directory = directory_of(config)
    mistakes: list[Mistake] = []
    warnings: list[Mistake] = []
    configuration: Configuration | None = None
    try:
        configuration = load(directory, os.environ)
        warnings += configuration.warnings
    except ConfigurationRefused as refused:
        mistakes += refused.mistakes
    try:
        now = clock_from(os.environ).now()
        warnings += rota_warnings(configuration.roster, now) if configuration is not None else []
    except ValueError as error:
        remedy = str(error).removeprefix(f"{VARIABLE}: ")
        mistakes.append(Mistake("environment", VARIABLE, "", remedy))
    if as_json:
        print_json({"ok": not mistakes, "mistakes": _shown(mistakes), "warnings": _shown(warnings)})
    elif mistakes:
        for mistake in mistakes:
            print(plain(str(mistake)))  # noqa: T201  one line each, however long, for people and for grep
        show("", f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''} in {directory}")
    elif configuration is not None:
        settings = configuration.settings
        copy = f"InfluxDB at {settings.influx.url}" if settings.influx.url else "no InfluxDB"
        copy += f", export to {settings.export.url.partition('?')[0]}" if settings.export.url else ""
        people = len(configuration.roster.people)
        what = f"stations: {len(configuration.stations)}, rules: {len(configuration.rules)}, people: {people}"
        show(f"{directory} is in order: {what}, journal {settings.journal_path}, {copy}")
        for warning in warnings:
            print(plain(f"warning: {warning}"))  # noqa: T201  one line each, as mistakes have them
    if mistakes:
        raise typer.Exit(int(Status.WRONG_USE))


def _shown(mistakes: Sequence[Mistake]) -> list[dict[str, str]]:
    return [{"file": one.file, "key": one.key, "value": one.value, "remedy": one.remedy} for one in mistakes]
