"""The demonstration's parts: a folder, a free port, and child processes that are ended again, in order."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.demo.guard import guarded

FOLDER = Path("var/demo")
SBIN = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/sbin")
START_WITHIN_S = 20.0
END_WITHIN_S = 5.0


class DemoFailed(Exception):
    """A part of the demonstration did not come up; the text says which, and where its words are."""


class Stage(NamedTuple):
    """Where the demonstration runs."""

    folder: Path
    config: Path
    journal: Path
    port: int
    mosquitto: str | None
    environ: dict[str, str]

    @property
    def broker_name(self) -> str:
        """Which broker it is."""
        return f"mosquitto ({self.mosquitto})" if self.mosquitto else "the embedded broker (amqtt, MQTT 3.1.1)"


def set_up(directory: Path, clock: str) -> Stage:
    """A fresh folder with a configuration of its own: this port, this journal, the given stations and rules."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    config = FOLDER / "config"
    config.mkdir(parents=True)
    for name in ("stations.toml", "rules.toml"):
        shutil.copyfile(directory / name, config / name)
    port, mosquitto = _free_port(), find_mosquitto()
    journal = FOLDER / "journal.db"
    (config / "gauge_ingest.toml").write_text(
        "# Written by the demonstration.\n"
        f'[mqtt]\nport = {port}\nclient_id = "gauge-ingest-demo"\nprotocol = "{"5" if mosquitto else "3.1.1"}"\n'
        f'[journal]\npath = "{journal}"\n',
        encoding="utf-8",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    return Stage(FOLDER, config, journal, port, mosquitto, {**kept, "GAUGE_CLOCK": clock, "PYTHONUNBUFFERED": "1"})


def find_mosquitto() -> str | None:
    """The path of mosquitto, looked for in the sbin folders too: they are not on every user's PATH."""
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), *SBIN]))


@contextmanager
def broker(stage: Stage) -> Iterator[None]:
    """A broker on the stage's port."""
    command = [sys.executable, "-m", "gauge_ingest.broker", "--port", str(stage.port)]
    if stage.mosquitto:
        config = stage.folder / "mosquitto.conf"
        config.write_text(
            f"listener {stage.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence false\n",
            encoding="utf-8",
        )
        command = [stage.mosquitto, "-c", str(config)]
    with child(stage, "broker", command) as process:
        _until(lambda: _listens(stage.port), process, stage.folder / "broker.log", "the broker")
        yield


@contextmanager
def service(stage: Stage) -> Iterator[None]:
    """The service, connected to the broker."""
    command = [sys.executable, "-m", "gauge_ingest", "run", "--config", str(stage.config)]
    with child(stage, "service", command) as process:
        _until(lambda: _connected(stage), process, stage.folder / "service.log", "the service")
        yield


@contextmanager
def child(stage: Stage, name: str, command: Sequence[str], *, piped: bool = False) -> Iterator["subprocess.Popen[str]"]:
    """A child in a process group of its own, so that Ctrl-C reaches it through us, with its words in a file.

    It ends within seconds when this process is killed.
    """
    with (stage.folder / f"{name}.log").open("w", encoding="utf-8") as words:
        process = subprocess.Popen(  # noqa: S603 - our own programs and mosquitto
            guarded(command),
            env=stage.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else words,
            stderr=words,
            text=True,
            process_group=0,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the guard, its program, and what that has started
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _until(holds: Callable[[], bool], process: "subprocess.Popen[str]", words: Path, what: str) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            said = words.read_text(encoding="utf-8", errors="replace").strip()[-500:]
            raise DemoFailed(f"{what} did not come up; it says in {words}:\n{said}")
        time.sleep(0.05)


def _connected(stage: Stage) -> bool:
    status = stage.journal.with_name(stage.journal.name + ".status.json")
    try:
        return bool(json.loads(status.read_text(encoding="utf-8"))["broker"]["connected"])
    except (FileNotFoundError, ValueError):
        return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
