"""Commands of the simulator: python -m simulator run, truth, list."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulator.clock import CLOCK_VARIABLE, ClockError, ScaledClock, choose_clock, rfc3339
from simulator.link import Broker, Protocol
from simulator.progress import choose_display, summary
from simulator.runner import Run, Stop, wait_for_service
from simulator.scenario import FLASH_FLOOD, SCENARIOS, UnknownScenarioError, find_scenario
from simulator.sites import ConfigError, Site, parse_broker, read_broker, read_sites
from simulator.truth import TruthLog, write_rain, write_tips
from simulator.world import World

MINUTES_MAX = 400 * 24 * 60
PASSWORD_VARIABLE = "SIMULATOR_MQTT_PASSWORD"  # noqa: S105  (the name of a variable, no password)
TRUTH_START = "2026-07-15T18:00:00+08:00"

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Five rain stations and a storm."
)

ScenarioName = Annotated[str, typer.Argument(help="A name that `list` shows.")]
ConfigDir = Annotated[Path, typer.Option("--config", envvar="GAUGE_CONFIG", help="Folder with stations.toml.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same rain.")]
Minutes = Annotated[
    int | None, typer.Option("--minutes", min=1, max=MINUTES_MAX, help="Simulated minutes; default: the scenario's.")
]
TruthFile = Annotated[Path | None, typer.Option("--truth", help="Write what really happened here, as JSON lines.")]
BrokerAddress = Annotated[
    str | None, typer.Option("--broker", help="HOST:PORT; default: [mqtt] of gauge_ingest.toml, else 127.0.0.1:1883.")
]
Speed = Annotated[
    float | None,
    typer.Option("--speed", help=f"A clock that starts now and runs X times as fast; else {CLOCK_VARIABLE}."),
]
MqttVersion = Annotated[Protocol, typer.Option("--protocol", help="MQTT version.")]
Username = Annotated[str | None, typer.Option("--username", help="{station} in it stands for the station's id.")]
WaitS = Annotated[float, typer.Option("--wait-s", min=0.0, help="Real seconds for the last acknowledgements.")]
WaitServiceS = Annotated[float, typer.Option("--wait-service-s", min=0.0, help="Real seconds to wait for the service.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for the service before the first reading.")]
JsonProgress = Annotated[bool, typer.Option("--json-progress", help="Rain as JSON lines on stdout, for programs.")]
OutFile = Annotated[Path, typer.Option("--out", help="A .csv file: station, minute, fell_mm, caught_mm, tips.")]
TipsFile = Annotated[Path | None, typer.Option("--tips", help="A .csv file with one row per tip.")]
StartAt = Annotated[str, typer.Option("--start", help="When the scenario starts; moves the tips' instants only.")]


class UsageError(ValueError):
    """An option that cannot be used; the text names it, its value and the remedy."""


@app.command("run")
def run_command(
    scenario: ScenarioName = FLASH_FLOOD.name,
    *,
    config: ConfigDir = Path("config"),
    seed: Seed = 1,
    minutes: Minutes = None,
    truth: TruthFile = None,
    broker: BrokerAddress = None,
    speed: Speed = None,
    protocol: MqttVersion = "5",
    username: Username = None,
    wait_s: WaitS = 120.0,
    wait_service_s: WaitServiceS = 60.0,
    no_wait: NoWait = False,
    json_progress: JsonProgress = False,
) -> None:
    """Let the stations report a scenario to the broker, and end when everything is acknowledged.

    Exit status: 0 everything acknowledged, 1 something outstanding or no service, 2 wrong use or configuration.
    """
    plan = find_scenario(scenario)
    sites = read_sites(config)
    clock = choose_clock(speed=speed, environment=os.environ)
    host, port = parse_broker(broker) if broker else read_broker(config, environment=os.environ)
    door = Broker(host, port, protocol, username, _passwords(os.environ, [site.station for site in sites]))
    stop = _stop_on_signals()
    messages, out = Console(stderr=True, soft_wrap=True), Console()
    if speed is not None:
        messages.print(clock.export_line(), highlight=False, markup=False)
    with ExitStack() as files:
        log = TruthLog(None if truth is None else files.enter_context(_writable(truth).open("w", encoding="utf-8")))
        if not no_wait:
            _require_service(door, sites, wait_s=wait_service_s, stop=stop)
        world = World(plan, sites, seed=seed, start=_next_second(clock.now()), minutes=minutes)
        done = _play(world, door, clock=clock, log=log, stop=stop, wait_s=wait_s, out=out, as_json=json_progress)
    raise typer.Exit(0 if done else 1)


@app.command("truth")
def truth_command(
    scenario: ScenarioName = FLASH_FLOOD.name,
    *,
    out: OutFile,
    config: ConfigDir = Path("config"),
    seed: Seed = 1,
    minutes: Minutes = None,
    tips: TipsFile = None,
    start: StartAt = TRUTH_START,
) -> None:
    """Write the rain of a scenario to a file, without any broker. Minute 1 is the first."""
    plan = find_scenario(scenario)
    for path in (out, tips):
        if path is not None and path.suffix != ".csv":
            raise UsageError(f"{path}: only .csv can be written: choose a name that ends in .csv")
    world = World(plan, read_sites(config), seed=seed, start=_start(start), minutes=minutes)
    write_rain(_writable(out), world.happenings())
    if tips is not None:
        write_tips(_writable(tips), world.happenings())


@app.command("list")
def list_command() -> None:
    """Show the scenarios."""
    for scenario in SCENARIOS.values():
        typer.echo(f"{scenario.name:12} {scenario.intent} ({scenario.minutes} min)")


def main() -> None:
    """Run a command; a mistake of the caller gets one line and exit status 2."""
    try:
        app(prog_name="python -m simulator")
    except (ClockError, ConfigError, UnknownScenarioError, UsageError) as error:
        typer.echo(f"simulator: {error}", err=True)
        sys.exit(2)


def _play(
    world: World,
    broker: Broker,
    *,
    clock: ScaledClock,
    log: TruthLog,
    stop: Stop,
    wait_s: float,
    out: Console,
    as_json: bool,
) -> bool:
    log.write(
        "start",
        scenario=world.scenario.name,
        seed=world.seed,
        minutes=world.minutes,
        at=rfc3339(world.start),
        stations=[site.station for site in world.sites],
    )
    display = choose_display(out, world, as_json=as_json)
    run = Run(world, broker, clock=clock, truth=log, display=display, stop=stop)
    try:
        done = run.play(wait_s=wait_s)
    finally:
        display.close()
    log.write("end", at=rfc3339(clock.now(), precision="milliseconds"), outstanding=run.outstanding)
    report = Console(stderr=True) if as_json else out
    report.print(summary(run.tallies))
    if not done:
        why = "stopped before the end" if stop.wanted else f"not everything was acknowledged within {wait_s:g} s"
        typer.echo(f"simulator: {why}; {run.outstanding} messages outstanding", err=True)
        for station, trouble in run.troubles().items():
            typer.echo(f"simulator: {station}: {run.tallies[station].outstanding} outstanding; {trouble}", err=True)
    return done


def _require_service(broker: Broker, sites: tuple[Site, ...], *, wait_s: float, stop: Stop) -> None:
    reason = wait_for_service(broker, station=sites[0].station, wait_s=wait_s, stop=stop)
    if reason is not None:
        typer.echo(f"simulator: {reason}", err=True)
        raise typer.Exit(1)


def _stop_on_signals() -> Stop:
    stop = Stop()

    def want_stop(*_: object) -> None:
        stop.wanted = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, want_stop)
    return stop


def _passwords(environment: Mapping[str, str], stations: Sequence[str]) -> dict[str, str]:
    """Each station's password: one for all, or a file each where the path holds `{station}`."""
    pattern = environment.get(f"{PASSWORD_VARIABLE}_FILE")
    if not pattern:
        password = environment.get(PASSWORD_VARIABLE)
        return {} if password is None else dict.fromkeys(stations, password)
    return {station: _password_in(pattern.replace("{station}", station)) for station in stations}


def _password_in(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{PASSWORD_VARIABLE}_FILE={path!r} cannot be read: name a readable text file") from error


def _writable(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}): name a file in a folder you own") from error
    return path


def _next_second(now: datetime) -> datetime:
    return now if now.microsecond == 0 else now.replace(microsecond=0) + timedelta(seconds=1)


def _start(text: str) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise UsageError(f"--start {text!r} is no instant with an offset: write one such as {TRUTH_START}")
    return start.replace(microsecond=0)


if __name__ == "__main__":
    main()
