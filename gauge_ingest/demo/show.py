"""Runs the demonstration: starts the parts, watches the journal, ends with the account of all that fell."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.live import Live

from gauge_ingest.account import Account, TruthRefused, account
from gauge_ingest.clock import ScaledClock, SystemClock, clock_text
from gauge_ingest.commands.account import standing
from gauge_ingest.commands.account_table import render
from gauge_ingest.configuration import Configuration, load
from gauge_ingest.demo.screen import Scene, draw, event_line, look, plain_line
from gauge_ingest.demo.stage import FOLDER, DemoFailed, Stage, broker, child, service, set_up
from gauge_ingest.journal import Lock, Locked, Reader

SCENARIO = "flash_flood"
STORM_MINUTES = 480
RUN_S = 100  # real seconds for the whole storm; the demonstration must be over within two minutes
START_S = 6  # until the stations report
SEED = 2026
LOOK_EVERY_S = 0.25
PLAIN_EVERY_S = 5.0
SETTLED_WITHIN_S = 10.0


def run(forever: bool, directory: Path) -> int:  # noqa: FBT001 - the command's own argument
    """The demonstration; the exit status is 0 when the account closes and nothing is lost, or at Ctrl-C."""
    console = Console(highlight=False)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends it like Ctrl-C: every part is ended first
        signal.signal(number, signal.default_int_handler)
    clock = _clock()
    configuration = load(directory, {})
    try:
        lock = Lock(FOLDER).acquire()
    except Locked as error:
        console.print(f"a demonstration runs in {FOLDER}/ already (process {error.process}); end that one first")
        return 2
    try:
        return _run(console, configuration, clock, set_up(directory, clock_text(clock)), forever=forever)
    finally:
        lock.release()


def _run(console: Console, configuration: Configuration, clock: ScaledClock, stage: Stage, *, forever: bool) -> int:
    console.print(
        f"broker: {stage.broker_name} on 127.0.0.1:{stage.port}; everything of this run is in {stage.folder}/"
    )
    if not stage.mosquitto:
        console.print(
            "mosquitto is not installed; with it the same demonstration speaks MQTT 5 (apt-get install mosquitto)"
        )
    try:
        with broker(stage), service(stage):
            return _storms(stage, configuration, clock, console, forever=forever)
    except DemoFailed as error:
        console.print(f"[red]{error}[/red]")
        return 1
    except KeyboardInterrupt:
        console.print("stopped; every part has ended")
        return 0


def _storms(stage: Stage, configuration: Configuration, clock: ScaledClock, console: Console, *, forever: bool) -> int:
    reader = Reader.open(stage.journal)
    seed, status = SEED, 0
    while True:
        truth = stage.folder / f"truth-{seed}.jsonl"
        with simulator(stage, seed, truth) as stations:
            _watch(reader, configuration, clock, stations, console, forever=forever)
        if stations.returncode:
            raise DemoFailed(f"the stations ended with status {stations.returncode}; see {stage.folder}/stations.log")
        if forever:
            seed += 1
            continue
        status = _account(reader, configuration, truth, stage, console)
        _what_next(stage, truth, console)
        reader.close()
        return status


@contextmanager
def simulator(stage: Stage, seed: int, truth: Path) -> Iterator["subprocess.Popen[str]"]:
    """Five stations and a storm."""
    command = [sys.executable, "-m", "simulator", "run", SCENARIO, "--config", str(stage.config), "--seed", str(seed)]
    command += ["--minutes", str(STORM_MINUTES), "--truth", str(truth), "--broker", f"127.0.0.1:{stage.port}"]
    command += ["--protocol", "5" if stage.mosquitto else "3.1.1", "--json-progress"]
    with child(stage, "stations", command) as process:
        yield process
        process.wait()


def _watch(
    reader: Reader,
    configuration: Configuration,
    clock: ScaledClock,
    stations: "subprocess.Popen[str]",
    console: Console,
    *,
    forever: bool,
) -> None:
    """Show the journal until the stations have ended."""
    title = "a storm over Hutubi" + (", on and on (Ctrl-C ends it)" if forever else "")
    told, plain_at = 0, 0.0
    live = Live(console=console, refresh_per_second=4, transient=False) if console.is_terminal else None
    with live or nullcontext():
        while True:
            ended = stations.poll() is not None
            scene = look(reader, configuration.stations, configuration.rules[0], now=clock.now())
            if live is not None:
                live.update(draw(scene, title=title, width=console.width))
            else:
                told = _say(scene, console, told=told)
                if time.monotonic() >= plain_at:
                    plain_at = time.monotonic() + PLAIN_EVERY_S
                    console.print(plain_line(scene), soft_wrap=True)
            if ended:
                return
            time.sleep(LOOK_EVERY_S)


def _say(scene: Scene, console: Console, *, told: int) -> int:
    for event in scene.events[told:]:
        console.print(event_line(event, scene)[0], soft_wrap=True, markup=False)
    return len(scene.events)


def _account(reader: Reader, configuration: Configuration, truth: Path, stage: Stage, console: Console) -> int:
    """Where everything went; 0 when the account closes and nothing that was acknowledged is lost."""
    found = _settled(reader, configuration, truth, stage)
    console.print("\nwhere the rain went:")
    console.print(render(found, width=console.width))
    well = found.well
    if not well:
        console.print(f"see {stage.folder}/service.log", style="red")
    return 0 if well else 1


def _settled(reader: Reader, configuration: Configuration, truth: Path, stage: Stage) -> Account:
    """The account once nothing is owed and on its way any more, or at the end of patience."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    stations, rules = configuration.stations, configuration.rules
    while True:
        service = standing(stage.journal, reader.debts())
        try:
            found = account(reader, truth, stations=stations, rules=rules, service=service)
        except TruthRefused as error:
            raise DemoFailed(str(error)) from error
        if time.monotonic() > deadline or not (found.on_the_way or service.debts):
            return found
        time.sleep(LOOK_EVERY_S)


def _what_next(stage: Stage, truth: Path, console: Console) -> None:
    program = Path(sys.executable).parent / "gauge-ingest"
    name = str(program.relative_to(Path.cwd())) if program.is_relative_to(Path.cwd()) else str(program)
    console.print("\nlook further (everything is still there):")
    for words in ("history HTB03 --since 10h --every 1h", "alerts --all", "stations", f"account {truth}"):
        console.print(f"  {name} {words} --config {stage.config}", soft_wrap=True, markup=False)


def _clock() -> ScaledClock:
    """A clock that is behind by the storm's length now, and shows the machine's time when the storm is over.

    So the commands that are tried afterwards need no clock of their own.
    """
    wall = SystemClock().now() // 1000 * 1000
    speed = STORM_MINUTES * 60 / RUN_S
    run_ms = (RUN_S + START_S) * 1000
    return ScaledClock(speed=speed, wall=wall, sim=wall + run_ms - round(run_ms * speed))
