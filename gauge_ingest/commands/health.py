"""health: whether the service is well, check by check; the exit status is for container health checks."""

import os
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.text import Text

from gauge_ingest.clock import clock_from, speed_of
from gauge_ingest.commands.opening import ConfigOption, JsonOption, directory_of
from gauge_ingest.commands.output import Status, plain, print_json, show, table
from gauge_ingest.configuration import ConfigurationRefused, first_of, usable
from gauge_ingest.wellbeing import Check, checks_of, configuration_check, document


def health(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the service: exit status 1 when anything is not well."""
    checks = list(_checks(directory_of(config)))
    if as_json:
        print_json(document(checks))
    else:
        _show(checks)
    if not all(check.ok for check in checks):
        raise typer.Exit(int(Status.NOT_WELL))


def _checks(directory: Path) -> Iterator[Check]:
    try:
        found, clock = usable(directory, os.environ), clock_from(os.environ)
    except ConfigurationRefused as refused:
        yield Check("configuration", False, f"{first_of(refused.mistakes)}: gauge-ingest check")
        return
    except ValueError as error:
        yield Check("configuration", False, str(error))
        return
    settings = found.configuration.settings
    if found.refusal is None:
        said = f"{directory}: {len(found.configuration.stations)} stations"
        missing = found.configuration.not_exported
        said += f"; not exported, for they have no stcd: {missing}" if missing else ""
        yield configuration_check(settings.journal_path, said)
    else:
        instead = f"a start would take the one accepted at {found.refusal.accepted}"
        yield Check("configuration", False, f"{first_of(found.refusal.mistakes)}: gauge-ingest check; {instead}")
    yield from checks_of(settings.journal_path, settings.outbound_path, now=clock.now, speed=speed_of(clock))


def _show(checks: list[Check]) -> None:
    listing = table("check", "", "", wrap=("",))
    for check in checks:
        state = Text("ok", style="green") if check.ok else Text("NOT OK", style="bold white on red")
        listing.add_row(check.name, state, plain(check.detail))
    ill = [check.name for check in checks if not check.ok]
    title = f"not well: {', '.join(ill)}" if ill else "all is well"
    show(Text(title, style="bold red" if ill else "bold"), listing)
