"""Commands of the simulator: python -m simulator run, show, truth, list, stations."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console

from simulator.clock import CLOCK_VARIABLE, ClockError, choose_clock
from simulator.live.link import Broker, Protocol
from simulator.live.load import LoadError, load_sites, stations_toml
from simulator.live.play import Ask, passwords, play, play_stations
from simulator.looking import list_scenarios, show_truth, write_truth
from simulator.scenario import Scenario, ScenarioError, find_scenario
from simulator.sites import ConfigError, Site, parse_broker, read_broker, read_sites
from simulator.truth import UnwritableError, open_text, writing
from simulator.weather import RecordError

MINUTES_MAX = 400 * 24 * 60
EVERY_MAX_S = 86_400
PASSWORD_VARIABLE = "SIMULATOR_MQTT_PASSWORD"  # noqa: S105  (the name of a variable, no password)
TRUTH_START = "2026-07-15T18:00:00+08:00"
DEFAULT_SCENARIO = "flash_flood"
LOAD_MINUTES = 5
FOLDER_IS_MADE = "A missing folder is made."

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Rain stations and their weather."
)

ScenarioName = Annotated[str, typer.Argument(help="A name that `list` shows, or a .toml file.")]
RunScenarioName = Annotated[
    str | None, typer.Argument(help="A name that `list` shows, or a .toml file.", show_default=DEFAULT_SCENARIO)
]
ConfigDir = Annotated[Path, typer.Option("--config", envvar="GAUGE_CONFIG", help="Folder with stations.toml.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same rain.")]
Minutes = Annotated[
    int | None, typer.Option("--minutes", min=1, max=MINUTES_MAX, help="Simulated minutes; default: the scenario's.")
]
TruthFile = Annotated[
    Path | None, typer.Option("--truth", help=f"Write what really happened here, as JSON lines. {FOLDER_IS_MADE}")
]
BrokerAddress = Annotated[
    str | None,
    typer.Option("--broker", help="HOST:PORT; default: the section mqtt of gauge_ingest.toml, else 127.0.0.1:1883."),
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
StationsNumber = Annotated[int | None, typer.Option("--stations", help="Load: so many made-up stations, no scenario.")]
Every = Annotated[str, typer.Option("--every", help="Load: one reading each, such as 60s or 5m.")]
OutFile = Annotated[
    Path,
    typer.Option("--out", help=f".csv or .parquet: station, minute, fell_mm, caught_mm, tips. {FOLDER_IS_MADE}"),
]
TipsFile = Annotated[
    Path | None, typer.Option("--tips", help=f".csv or .parquet with one row per tip. {FOLDER_IS_MADE}")
]
PictureFile = Annotated[
    Path | None, typer.Option("--out", help=f"Write the picture to this .svg file as well. {FOLDER_IS_MADE}")
]
StartAt = Annotated[str, typer.Option("--start", help="When the scenario starts: hour and season, sun and frost.")]


class UsageError(ValueError):
    """An option that cannot be used; the text names it, its value and the remedy."""


@app.command("run")
def run_command(
    scenario: RunScenarioName = None,
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
    stations: StationsNumber = None,
    every: Every = "60s",
) -> None:
    """Let the stations report a scenario to the broker, and end when everything is acknowledged.

    Exit status: 0 all acknowledged, 1 something outstanding or no service, 2 wrong use or configuration, a full disk.
    """
    sites = read_sites(config) if stations is None else load_sites(stations, every_s=_seconds(every))
    plan = _planned(scenario, sites, stations=stations, truth=truth)
    clock = choose_clock(speed=speed, environment=os.environ)
    host, port = parse_broker(broker) if broker else read_broker(config, environment=os.environ)
    ask = Ask(
        broker=Broker(host, port, protocol, username, _passwords([site.station for site in sites])),
        clock=clock,
        seed=seed,
        minutes=minutes or (plan.minutes if stations is None else LOAD_MINUTES),
        wait_s=wait_s,
        wait_service_s=None if no_wait else wait_service_s,
        as_json=json_progress,
    )
    if speed is not None:
        typer.echo(clock.export_line(), err=True)
    with _opened(truth) as stream:
        done = play(plan, sites, ask, truth=stream) if stations is None else play_stations(sites, ask)
    raise typer.Exit(0 if done else 1)


@app.command("truth")
def truth_command(
    scenario: ScenarioName = DEFAULT_SCENARIO,
    *,
    out: OutFile,
    config: ConfigDir = Path("config"),
    seed: Seed = 1,
    minutes: Minutes = None,
    tips: TipsFile = None,
    start: StartAt = TRUTH_START,
) -> None:
    """Write what really falls and tips in a scenario, minute by minute, without any broker. Minute 1 is the first."""
    for path in (out, tips):
        if path is not None and path.suffix not in (".csv", ".parquet"):
            raise UsageError(f"{path}: choose a name that ends in .csv or .parquet")
    if tips is not None and _are_one_file(out, tips):
        raise UsageError(f"--out {out} and --tips {tips} name one file: give each table a file of its own")
    sites, start_at = read_sites(config), _start(start)
    plan = find_scenario(scenario, sites=sites)
    for path in (out, tips):
        if path is not None:
            _writable(path)
    write_truth(plan, sites, seed=seed, start_at=start_at, minutes=minutes, out=out, tips=tips)


@app.command("show")
def show_command(
    scenario: ScenarioName = DEFAULT_SCENARIO,
    *,
    config: ConfigDir = Path("config"),
    seed: Seed = 1,
    minutes: Minutes = None,
    out: PictureFile = None,
    start: StartAt = TRUTH_START,
) -> None:
    """Show what really falls in a scenario, and what goes wrong when, as a picture in the terminal."""
    if out is not None and out.suffix != ".svg":
        raise UsageError(f"{out}: choose a name that ends in .svg")
    sites, start_at = read_sites(config), _start(start)
    plan = find_scenario(scenario, sites=sites)
    picture = _writable(out) if out is not None else None
    show_truth(Console(), plan, sites, seed=seed, start_at=start_at, minutes=minutes, out=picture)


@app.command("list")
def list_command() -> None:
    """Show the scenarios."""
    list_scenarios(Console())


@app.command("stations")
def stations_command(
    number: Annotated[int, typer.Argument(help="How many.")],
    *,
    every: Every = "60s",
) -> None:
    """Print a stations.toml with made-up stations, for a service that is to know those of `run --stations`."""
    sites = load_sites(number, every_s=_seconds(every))
    for part in stations_toml(sites):
        typer.echo(part, nl=False)


def main() -> None:
    """Run a command; a mistake of the caller, or a disk that is full, gets a line each and exit status 2."""
    try:
        app(prog_name="python -m simulator")
    except (ClockError, ConfigError, LoadError, RecordError, ScenarioError, UnwritableError, UsageError) as error:
        for line in str(error).splitlines():
            typer.echo(f"simulator: {line}", err=True)
        sys.exit(2)


def _passwords(stations: list[str]) -> dict[str, str]:
    try:
        return passwords(os.environ, stations, variable=PASSWORD_VARIABLE)
    except (OSError, UnicodeDecodeError) as error:
        name = f"{PASSWORD_VARIABLE}_FILE"
        raise UsageError(f"{name}={os.environ.get(name)!r} cannot be read: name a readable text file") from error


def _planned(scenario: str | None, sites: Sequence[Site], *, stations: int | None, truth: Path | None) -> Scenario:
    if stations is not None and scenario is not None:
        raise UsageError(f"{scenario} is a scenario and --stations {stations} a load: leave one of them out")
    if stations is not None and truth is not None:
        raise UsageError(f"--truth {truth} is of no use with --stations {stations}, a load: leave one of them out")
    return find_scenario(DEFAULT_SCENARIO if scenario is None else scenario, sites=None if stations else sites)


def _are_one_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # not there yet
        return os.path.realpath(one) == os.path.realpath(other)


def _opened(path: Path | None) -> AbstractContextManager[IO[str] | None]:
    return nullcontext() if path is None else open_text(_writable(path))


def _writable(path: Path) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    return path


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)([smh])", text)
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not 0 < seconds <= EVERY_MAX_S:
        raise UsageError(f"--every {text!r}: write a duration from 1s to 24h, such as 60s or 5m")
    return seconds


def _start(text: str) -> int:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise UsageError(f"--start {text!r} is no instant with an offset: write one such as {TRUTH_START}")
    return int(start.timestamp()) * 1000


if __name__ == "__main__":
    main()
