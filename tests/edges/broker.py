"""A real mosquitto on a free port of the loopback, to be killed, stopped and started again by tests."""

import getpass
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

MOSQUITTO = which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
WITHIN_S = 10.0


def until(so: Callable[[], object], *, within_s: float = WITHIN_S, what: str = "") -> None:
    """Wait for a condition; an assertion error when it does not come about."""
    deadline = time.monotonic() + within_s
    while not so():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what or so}"
        time.sleep(0.01)


class Broker:
    """A mosquitto with its own folder. `kill` is a power cut, `stop` a shutdown; `start` begins another life."""

    def __init__(self, folder: Path, *, persistence: bool, extra: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.log = folder / "mosquitto.log"
        self.database = folder / "mosquitto.db"
        self._config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nuser {getpass.getuser()}\n"
            f"persistence {'true' if persistence else 'false'}\npersistence_location {folder}/\n"
            "autosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\nlog_type all\n"
            + ("" if "allow_anonymous" in extra else "allow_anonymous true\n")
            + extra
            + "\n",
            encoding="utf-8",
        )

    def start(self) -> None:
        """Start it; returns when it listens."""
        assert MOSQUITTO is not None, "NO MOSQUITTO: apt-get install mosquitto"
        assert self._process is None, "it runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stdout=log, stderr=log)
        until(self._listens, what=f"mosquitto listens, see {self.log}")

    def kill(self) -> None:
        """As a power cut would end it: kill -9."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(WITHIN_S)

    def stop(self) -> None:
        """Shut it down: it writes its sessions to disk."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(WITHIN_S)

    def save(self) -> None:
        """Have it write everything to disk now. Version 2.0.11 does not do so by itself for every message that it has
        acknowledged, whatever autosave_on_changes says."""
        assert self._process is not None
        saved = self.log.read_text("utf-8").count("Saving in-memory database")
        self._process.send_signal(signal.SIGUSR1)
        until(lambda: self.log.read_text("utf-8").count("Saving in-memory database") > saved, what="mosquitto saves")
        until(lambda: not self.database.with_name("mosquitto.db.new").exists(), what="mosquitto has saved")

    @property
    def version(self) -> tuple[int, ...]:
        """Such as (2, 0, 18)."""
        found = re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", self.log.read_text("utf-8"))
        assert found is not None
        return tuple(map(int, found.groups()))

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"mosquitto ended: {self.log.read_text('utf-8')}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def running_mosquitto(folder: Path, *, persistence: bool = True, extra: str = "") -> Iterator[Broker]:
    """A mosquitto that keeps its files in `folder` and ends with the block. `extra` is put at the end of its
    configuration; anonymous clients may do everything unless `extra` mentions allow_anonymous."""
    broker = Broker(folder, persistence=persistence, extra=extra)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
