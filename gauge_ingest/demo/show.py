"""Runs the demonstration: starts the parts, watches the journal, ends with what fell beside what was stored."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from gauge_ingest.clock import ScaledClock, SystemClock, clock_text
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
    """The demonstration; the exit status is 0 when everything that tipped is stored, or at Ctrl-C."""
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
        _settle(reader)
        status = _summary(reader, configuration, truth, stage, console)
        _what_next(stage, console)
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


def _settle(reader: Reader) -> None:
    """Wait until nothing is owed any more."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while reader.debts() and time.monotonic() < deadline:
        time.sleep(0.05)


def _summary(reader: Reader, configuration: Configuration, truth: Path, stage: Stage, console: Console) -> int:
    """What fell, what tipped and what was stored, station by station; 0 when no tip is missing or invented."""
    tipped: dict[str, int] = {}
    fell_mm = _fell_mm(stage)
    for line in truth.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["event"] == "tip":
            tipped[event["station"]] = tipped.get(event["station"], 0) + 1
    table = Table(title="what fell, beside what was stored", box=None, padding=(0, 1))
    for column in ("station", "mm fell", "tips", "tips stored", "mm stored", "readings", "alerts"):
        table.add_column(column, justify="left" if column == "station" else "right", no_wrap=True)
    same = True
    for station in configuration.stations.values():
        rows = list(reader.rows(station.id, since=0, until=1 << 61))
        stored = sum(row.tips for row in rows)
        same = same and stored == tipped.get(station.id, 0)
        alerts = sum(alert.scope == station.id for alert in reader.alerts.all(ended=True))
        depth = f"{station.depth_mm(stored, until=1 << 61):.1f}"
        fell = f"{fell_mm.get(station.id, 0.0):.1f}"
        cells = (fell, str(tipped.get(station.id, 0)), str(stored), depth, str(len(rows)), str(alerts))
        table.add_row(f"{station.id} {station.name}", *cells)
    console.print(table)
    console.print("what fell and has not tipped is still in the bucket", style="dim")
    verdict = "every tip is stored once" if same else f"NOT THE SAME: see {stage.folder}/service.log"
    console.print(f"{verdict}; quarantine: {reader.quarantine_size()}; still raised: {len(reader.alerts.all())}")
    return 0 if same else 1


def _fell_mm(stage: Stage) -> dict[str, float]:
    """What fell at each station, as the stations' own progress said last."""
    fell_mm: dict[str, float] = {}
    for line in (stage.folder / "stations.log").read_text(encoding="utf-8").splitlines():
        if line.startswith('{"at"'):
            said = json.loads(line)
            fell_mm[said["station"]] = said["fell_total_mm"]
    return fell_mm


def _what_next(stage: Stage, console: Console) -> None:
    program = Path(sys.executable).parent / "gauge-ingest"
    name = str(program.relative_to(Path.cwd())) if program.is_relative_to(Path.cwd()) else str(program)
    console.print("\nlook further (everything is still there):")
    for words in ("history HTB03 --since 10h --every 1h", "alerts --all", "stations", "readings HTB03 --since 10h"):
        console.print(f"  {name} {words} --config {stage.config}", soft_wrap=True, markup=False)


def _clock() -> ScaledClock:
    """A clock that is behind by the storm's length now, and shows the machine's time when the storm is over.

    So the commands that are tried afterwards need no clock of their own.
    """
    wall = SystemClock().now() // 1000 * 1000
    speed = STORM_MINUTES * 60 / RUN_S
    run_ms = (RUN_S + START_S) * 1000
    return ScaledClock(speed=speed, wall=wall, sim=wall + run_ms - round(run_ms * speed))
