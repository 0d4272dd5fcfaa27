"""run, outbound, demo, reload, schema: the service itself, and what concerns it as a whole."""

import os
from typing import Annotated, Any

import typer

from gauge_ingest.clock import VARIABLE, clock_starting_now, clock_text
from gauge_ingest.codecs.json_v1 import json_schema
from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    clock_of_environment,
    configured_on_disk,
    directory_of,
    found_usable,
)
from gauge_ingest.commands.output import Status, notice, plain, print_json, show, stop
from gauge_ingest.commands.writing import asked_of_service
from gauge_ingest.configuration import Mistake, rota_warnings
from gauge_ingest.journal import holder
from gauge_ingest.requests import RELOAD

SpeedOption = Annotated[
    float | None, typer.Option("--speed", metavar="X", help="Run on a clock that starts now and is X times as fast.")
]
ForeverOption = Annotated[bool, typer.Option("--forever", help="Go on until interrupted.")]


def run(*, speed: SpeedOption = None, config: ConfigOption = None) -> None:
    """Run the service: receive, store, warn."""
    if speed is not None:
        _set_clock(speed)
    clock_of_environment()
    found_usable(config)  # the service itself tells what it runs on
    # Late: it brings the broker's client and the scheduler along, and most commands need neither.
    from gauge_ingest.app import run_ingest

    raise typer.Exit(run_ingest(directory_of(config), os.environ))


def outbound(config: ConfigOption = None) -> None:
    """Run the outbound process, which the service starts by itself."""
    clock_of_environment()
    configured_on_disk(config)
    from gauge_ingest.app import run_outbound

    raise typer.Exit(run_outbound(directory_of(config), os.environ))


def demo(*, forever: ForeverOption = False, config: ConfigOption = None) -> None:
    """Show everything on this machine in two minutes: broker, service, five simulated stations, a storm."""
    configured_on_disk(config)
    from gauge_ingest import demo as demonstration

    raise typer.Exit(demonstration.run(forever, directory_of(config)))


def reload(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Have the running service read its configuration again; a wrong one is refused as a whole."""
    configuration = configured_on_disk(config)
    path = configuration.settings.journal_path
    try:
        running = holder(path) is not None
    except OSError as error:
        stop(Status.UNREACHABLE, f"the lock of {path} cannot be looked at: {error}")
    if not running:
        stop(Status.UNREACHABLE, f"no service runs on {path.absolute()}: nothing to reload")
    answer = asked_of_service(path, RELOAD, {})
    if as_json:
        print_json(answer)
    if not answer.get("ok"):
        mistakes = (
            map(_mistake_text, answer.get("mistakes", ())) if "mistakes" in answer else [str(answer.get("error"))]
        )
        stop(Status.WRONG_USE, "refused, the service keeps the configuration that it had:", *mistakes)
    if not as_json:
        show("the service has taken the configuration over")
        for section in answer.get("needs_restart", ()):
            show(f"[{section}] has changed: that takes a restart of the service")
        for warning in answer.get("warnings", ()):
            show(f"warning: {_mistake_text(warning)}")
        for ahead in rota_warnings(configuration.roster, clock_of_environment().now()):
            show(f"warning: {plain(str(ahead))}")


def schema() -> None:
    """Print the JSON Schema of json_v1, the format in which stations report."""
    print_json(json_schema())


def _set_clock(speed: float) -> None:
    if os.environ.get(VARIABLE, "").strip():
        stop(Status.WRONG_USE, f"--speed {speed:g} and {VARIABLE} name two clocks: leave one of them out")
    try:
        text = clock_text(clock_starting_now(speed))
    except ValueError as error:
        stop(Status.WRONG_USE, f"--speed: {error}")
    os.environ[VARIABLE] = text
    notice(f'export {VARIABLE}="{text}"')


def _mistake_text(mistake: Any) -> str:
    return str(Mistake(**mistake)) if isinstance(mistake, dict) else str(mistake)
