"""run, outbound, demo: the service itself."""

import os
from typing import Annotated

import typer

from gauge_ingest.clock import VARIABLE, clock_starting_now, clock_text
from gauge_ingest.commands.opening import (
    ConfigOption,
    clock_of_environment,
    configured_on_disk,
    directory_of,
    found_usable,
)
from gauge_ingest.commands.output import Status, notice, stop

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


def _set_clock(speed: float) -> None:
    if os.environ.get(VARIABLE, "").strip():
        stop(Status.WRONG_USE, f"--speed {speed:g} and {VARIABLE} name two clocks: leave one of them out")
    try:
        text = clock_text(clock_starting_now(speed))
    except ValueError as error:
        stop(Status.WRONG_USE, f"--speed: {error}")
    os.environ[VARIABLE] = text
    notice(f'export {VARIABLE}="{text}"')
