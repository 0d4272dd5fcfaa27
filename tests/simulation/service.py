"""The service and the simulated stations as a user starts them: child processes, to be killed at any instant."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from gauge_ingest.cli import app
from gauge_ingest.core.model import Row
from gauge_ingest.journal import Reader

ROOT = Path(__file__).resolve().parents[2]
BEGINS = datetime(2026, 7, 15, 10, tzinfo=UTC)


def scaled_clock(speed: float) -> str:
    """A value of GAUGE_CLOCK: from now on, a storm's evening at that speed."""
    return f"speed={speed:g} wall={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} sim={BEGINS.isoformat()}"


class Service:
    """`gauge-ingest run` with a journal in `folder`; kill() is kill -9, stop() is SIGTERM."""

    def __init__(self, folder: Path, *, port: int, clock: str = "", **environ: str) -> None:
        self.folder = folder
        self.journal = folder / "journal.db"
        self.log = folder / "service.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
        self.environ = {
            **kept,
            "GAUGE_CONFIG": str(ROOT / "config"),
            "GAUGE_MQTT_PORT": str(port),
            "GAUGE_JOURNAL_PATH": str(self.journal),
            **({"GAUGE_CLOCK": clock} if clock else {}),
            **environ,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and do not wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gauge_ingest", "run"], env=self.environ, cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kill_outbound(self) -> None:
        """kill -9 of the outbound process alone."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split() if children.exists() else ():
            os.kill(int(child), signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(10)

    def ask(self, *words: str) -> Any:
        """What a command prints with --json."""
        done = self.answer(*words, "--json")
        assert done.exit_code in (0, 1), done.stderr
        return json.loads(done.stdout)

    def answer(self, *words: str) -> Result:
        """What a command answers, in this process: to start one for each look would keep a processor busy."""
        gone = {name: None for name in os.environ if name.startswith("GAUGE_")}
        return CliRunner().invoke(app, words, env={**gone, **self.environ}, catch_exceptions=False)

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "gauge_ingest", *words],
            env=self.environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def reader(self) -> Reader:
        """The journal, for reading."""
        return Reader.open(self.journal)

    def rows(self) -> dict[str, list[Row]]:
        """Every reading, by station."""
        reader = self.reader()
        found = {station: list(reader.rows(station, since=0, until=1 << 61)) for station in reader.stations()}
        reader.close()
        return found


@contextmanager
def running_service(folder: Path, *, port: int, clock: str = "", **environ: str) -> Iterator[Service]:
    """A service that ends with the block."""
    service = Service(folder, port=port, clock=clock, **environ)
    service.start()
    try:
        yield service
    finally:
        if service.process is not None and service.process.poll() is None:
            service.stop()


@contextmanager
def running_stations(
    service: Service, *, scenario: str, seed: int, minutes: int, truth: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m simulator run`, on the service's clock and broker."""
    command = [sys.executable, "-m", "simulator", "run", scenario, "--seed", str(seed), "--minutes", str(minutes)]
    command += ["--truth", str(truth), "--broker", f"127.0.0.1:{service.environ['GAUGE_MQTT_PORT']}"]
    with (service.folder / "stations.log").open("ab") as log:
        process = subprocess.Popen(command, env=service.environ, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until(so: Any, *, within_s: float, what: str | Callable[[], str]) -> None:
    """Wait for a condition; an assertion error, with `what` was waited for, when it does not come about."""
    deadline = time.monotonic() + within_s
    while not so():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.05)


def events(truth: Path, kind: str) -> list[Mapping[str, Any]]:
    """The events of one kind in a truth file."""
    lines = truth.read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def tips_by_station(truth: Path) -> dict[str, int]:
    """How often each bucket tipped."""
    tips: dict[str, int] = {}
    for event in events(truth, "tip"):
        tips[event["station"]] = tips.get(event["station"], 0) + 1
    return tips


def readings_published(truth: Path) -> set[tuple[str, int, int]]:
    """Every reading that the stations made: station, observed_at in ms, count."""
    return {
        (event["station"], round(datetime.fromisoformat(event["observed_at"]).timestamp() * 1000), event["count"])
        for event in events(truth, "reading")
    }


def readings_kept(rows: Mapping[str, Sequence[Row]]) -> list[tuple[str, int, int]]:
    """Every reading in the journal."""
    return [(row.station, row.observed_at, row.counter) for found in rows.values() for row in found]


def minutes_for(seconds: float, speed: float) -> int:
    """Simulated minutes that take so many seconds."""
    return int(timedelta(seconds=seconds * speed) / timedelta(minutes=1))
