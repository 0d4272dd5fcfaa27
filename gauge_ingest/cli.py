"""gauge-ingest on the command line: the commands by name, each loaded when it is called."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

UNREACHABLE = 3  # the exit status of commands.output.Status, which is loaded with a command only


class Listed(NamedTuple):
    """A command as help lists it."""

    home: str  # in gauge_ingest.commands: a function, or the application of a group
    line: str  # the first sentence of its own help; a test compares them
    hidden: bool = False


# To load them all takes half a second of a processor, which each command and each start of the service would pay.
COMMANDS: Mapping[str, Listed] = {
    "run": Listed("service:run", "Run the service: receive, store, warn."),
    "demo": Listed(
        "service:demo",
        "Show everything on this machine in two minutes: broker, service, five simulated stations, a storm.",
    ),
    "readings": Listed("readings:readings", "List the readings of a station as they came, with void ones and tests."),
    "history": Listed(
        "history:history",
        "Show the rain of stations: increments, windows of 5 minutes to a month, storms, or the largest depths.",
    ),
    "verify": Listed("verify:verify", "Compare journal and InfluxDB row by row; exit status 1 when anything differs."),
    "rebuild": Listed(
        "rebuild:rebuild", "Write readings, hours, days and alerts of a span to the stores once more, from the journal."
    ),
    "silence": Listed("silence:silence", "Hold alerts of a scope back from people, for a time and a reason."),
    "duty": Listed(
        "duty:duty", "Show who is on duty and whom an alert would tell; exit status 1 when nobody is on duty."
    ),
    "handover": Listed(
        "handover:handover",
        "Show what a shift hands over to the next: what stands, what came and went, and what to do first.",
    ),
    "deliveries": Listed(
        "deliveries:deliveries", "Show who was told of which alert event, when and on which way, or why not."
    ),
    "notify-test": Listed(
        "notify_test:notify_test", "Send a person a message marked TEST on every way, and say of each how it went."
    ),
    "drill": Listed(
        "drill:drill", "Send marked alerts of a simulated storm to real people, and report who acknowledged when."
    ),
    "health": Listed("health:health", "Check the service: exit status 1 when anything is not well."),
    "backup": Listed("backup:backup", "Copy the journal to a file while the service runs, and verify the copy."),
    "restore": Listed("restore:restore", "Put a backup in the place of the journal; what was there is kept aside."),
    "import": Listed(
        "import_history:import_history", "Take in the history of old stations from a CSV file; it raises no alert."
    ),
    "check": Listed("check:check", "Check the configuration; exit status 2 with every mistake that is in it."),
    "account": Listed(
        "account:account", "Say where the rain of a simulated run went: fell, tipped, counted, reported, stored, told."
    ),
    "rehearse": Listed(
        "rehearse:rehearse_rules",
        "Play a history again under other rules: alerts, lead times, hits and misses, old against new.",
    ),
    "reload": Listed(
        "reload:reload", "Have the running service read its configuration again; a wrong one is refused as a whole."
    ),
    "schema": Listed("schema:schema", "Print the JSON Schema of json_v1, the format in which stations report."),
    "outbound": Listed(
        "service:outbound", "Run the outbound process, which the service starts by itself.", hidden=True
    ),
    "stations": Listed("station_health:app", "List the stations: when last heard, rain of the last hours, battery."),
    "alerts": Listed("alerts:app", "List the alerts that stand; with --all every alert there has been."),
    "silences": Listed("silence:app", "Silences and maintenance windows: list, show, end."),
    "influx": Listed("influx:app", "InfluxDB for its operator: setup."),
    "cap": Listed("cap:app", "Alerts as CAP 1.2 documents, for the systems of others."),
    "quarantine": Listed("quarantine:app", "What could not be admitted: list, show, replay."),
    "correct": Listed("correct:app", "What a person says of rain: void, replace, confirm, visit, undo."),
    "corrections": Listed("corrections:app", "What people have said of rain: log."),
    "quality": Listed("quality_report:app", "Whether rain can be trusted: checks, and what they flagged."),
    "report": Listed("report:app", "Reports for people: daily."),
    "messages": Listed("messages:app", "What people are told, word for word: preview, check, samples."),
    "drills": Listed("drills:app", "List the drills there have been, oldest first."),
}


class Commands(TyperGroup):
    """The commands: all are listed, and the one that is called is loaded."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, one in COMMANDS.items():
            self.add_command(TyperCommand(name, help=one.line, hidden=one.hidden))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, None if name is None or listed is None else loaded(name), rest


def loaded(name: str) -> Any:
    """The command of that name, for typer to call."""
    module, _, inside = COMMANDS[name].home.partition(":")
    found = getattr(import_module(f"gauge_ingest.commands.{module}"), inside)
    alone = _application()
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    return get_group(alone).commands[name]


def _application(**more: Any) -> typer.Typer:
    # No rich markup in help, no pretty traceback: it would print the values of variables into logs.
    return typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **more)


app = _application(name="gauge-ingest", cls=Commands, no_args_is_help=True)


@app.callback()
def gauge_ingest() -> None:
    """Rain-gauge telemetry: receives, checks and stores rain readings and raises flash-flood alerts."""


def main() -> None:
    """Run the command that the command line names."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no Chinese must not end a command
    try:
        app()
    except OSError:
        _check_stdout()
        raise


def _check_stdout() -> None:
    """One sentence on stderr where stdout takes nothing more; a pipe that was closed ends a command before, quietly."""
    try:
        sys.stdout.write("\n")  # what could not be written may be gone from the buffer: another character shows it
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python fails once more when it ends
        print(f"the answer cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201
        raise SystemExit(UNREACHABLE) from None
