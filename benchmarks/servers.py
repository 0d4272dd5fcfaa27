"""The processes of a run: broker, publisher, the service with a view of how far it is, and the client that counts."""

import json
import os
import sqlite3
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.fleet import BASIN, Part, write_configuration
from benchmarks.machine import Program, children, free_port, listens, program_path
from benchmarks.stores import BenchmarkStore

SHIPPED_RULES = Path("config/rules.toml")  # those shipped; benchmarks run from the root of the project
CONNECTIONS = 8  # of the publisher
PROTOCOLS = ("3.1.1", "5")  # of MQTT
LOOK_EVERY_S = 0.002
SETTLE_MAX_S = 120.0


class Broker:
    """mosquitto without persistence, and without limits on what is queued or under way."""

    def __init__(self, folder: Path) -> None:
        path = program_path("mosquitto")
        assert path is not None, "mosquitto is not on this machine: apt-get install mosquitto"
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence false",
            "max_inflight_messages 0",
            "max_queued_messages 0",
            "max_queued_bytes 0",
            "log_type error",
        ]
        config = folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.program = Program([path, "-c", str(config)], folder, "mosquitto")
        self.program.wait_until(lambda: listens(self.port))


class Publisher:
    """The load. Each part is sent when it is told to go."""

    def __init__(self, port: int, folder: Path, *, begin_at: int, parts: list[Part], name: str = "publisher") -> None:
        self._times = folder / f"{name}.times"
        self.program = Program([sys.executable, "-m", "benchmarks.publisher"], folder, name, talks=True)
        job = {
            "port": port,
            "name": name,
            "begin_at": begin_at,
            "connections": CONNECTIONS,
            "parts": [asdict(part) for part in parts],
            "times": str(self._times),
        }
        self.program.tell(json.dumps(job))
        self._hear()

    def go(self) -> None:
        """Send the next part."""
        assert "built" in self._hear()
        self.program.tell("go")

    def sent(self) -> dict[str, Any]:
        """Wait until every message of the part is acknowledged by the broker: begun_ns, ended_ns, cpu_s."""
        return self._hear()

    def times_ns(self, place: int) -> "array[int]":
        """When each message of a paced part was sent (CLOCK_MONOTONIC)."""
        return array("q", self._times.with_name(f"{self._times.name}.{place}").read_bytes())

    def _hear(self) -> dict[str, Any]:
        return dict(json.loads(self.program.hear()))


class Service:
    """The service in its two processes, with a configuration of its own."""

    def __init__(
        self,
        port: int,
        folder: Path,
        store: BenchmarkStore | None,
        *,
        timed: Path | None = None,
        protocol: str = PROTOCOLS[0],
        checked: bool = True,
        rules: Path = SHIPPED_RULES,
    ) -> None:
        self._folder = folder / "var"
        influx = f'[influx]\nurl = "{store.url}"\n' if store else ""
        broker = f'[mqtt]\nport = {port}\nprotocol = "{protocol}"\n'
        settings = f'{broker}\n[journal]\npath = "{self._folder / "journal.db"}"\n\n{influx}'
        basin = 0 if rules == SHIPPED_RULES else BASIN
        config = write_configuration(folder, rules=rules, settings=settings, basin=basin)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
        if store:
            environ["GAUGE_INFLUX_TOKEN"] = store.token
        if not checked:
            command = [sys.executable, "-m", "benchmarks.unchecked_service", str(config)]
        elif timed is None:
            command = [sys.executable, "-m", "gauge_ingest", "run", "--config", str(config)]
        else:
            command = [sys.executable, "-m", "benchmarks.timed_service", str(config), str(timed)]
        self.program = Program(command, folder, "service", environ=environ)
        self.program.wait_until(self._connected)
        self.outbound_pid = children(self.program.pid)[0]
        self.progress = Progress(self._folder, follows=store is not None, last_words=self.program.last_words)

    def _connected(self) -> bool:
        try:
            text = (self._folder / "journal.db.status.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        status = json.loads(text)
        return bool(status["broker"]["connected"] and status["outbound"]["alive"])


class Progress:
    """How far the service is, read from its journal and outbound.db as any other process may."""

    def __init__(self, folder: Path, *, follows: bool, last_words: Callable[[], str]) -> None:
        self._last_words = last_words
        self._journal = _open(folder / "journal.db")
        self._positions = folder / "outbound.db"
        self._outbound: sqlite3.Connection | None = None
        self._follows = follows
        self._batch, self.committed = 0, 0

    def wait_for(self, messages: int) -> None:
        """Return when so many messages are committed, nothing is owed and all of it is in the store."""
        deadline = time.monotonic() + SETTLE_MAX_S
        while not self._settled(messages):
            assert time.monotonic() < deadline, f"stuck: {self._where()} of {messages} messages\n{self._last_words()}"
            time.sleep(LOOK_EVERY_S)

    def wait_until_paid(self, messages: int) -> None:
        """Return when so many messages are committed and nothing is owed, whatever is copied."""
        deadline = time.monotonic() + SETTLE_MAX_S
        while self.look() < messages or self.debts():
            assert time.monotonic() < deadline, f"stuck: {self._where()} of {messages} messages\n{self._last_words()}"
            time.sleep(LOOK_EVERY_S)

    def debts(self) -> int:
        """How many spans are owed."""
        return int(self._journal.execute("SELECT count(*) FROM debt").fetchone()[0])

    def readings(self) -> int:
        """How many readings the journal holds."""
        return int(self._journal.execute("SELECT count(*) FROM reading").fetchone()[0])

    def alert_events(self) -> int:
        """How many alert events were told."""
        return int(self._journal.execute("SELECT count(*) FROM alert_event").fetchone()[0])

    def commits(self) -> int:
        """How many batches were committed."""
        return int(self._journal.execute("SELECT count(*) FROM batch").fetchone()[0])

    def look(self) -> int:
        """How many messages are committed; each batch is looked at once."""
        for batch, messages in self._journal.execute(
            "SELECT id, length(lengths) / 4 FROM batch WHERE id > ? ORDER BY id", (self._batch,)
        ):
            self._batch, self.committed = batch, self.committed + messages
        return self.committed

    def _settled(self, messages: int) -> bool:
        return self.look() >= messages and not self.debts() and (not self._follows or self._copied())

    def _copied(self) -> bool:
        newest = self._journal.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0]
        return self._position() >= int(newest)

    def _position(self) -> int:
        if self._outbound is None:
            self._outbound = _open(self._positions)
        of_readings = "name LIKE 'influx%' AND name NOT LIKE '% windows'"
        found = self._outbound.execute(
            f"SELECT min(seq) FROM (SELECT seq FROM position WHERE {of_readings}"  # noqa: S608  constants
            f" UNION ALL SELECT since FROM backlog WHERE {of_readings})"
        ).fetchone()
        return int(found[0] or 0)

    def _where(self) -> str:
        if not self._follows:
            return f"debts {self.debts()}, committed {self.committed}"
        newest = self._journal.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0]
        return f"debts {self.debts()}, position {self._position()} of {newest}, committed {self.committed}"


class Baseline:
    """Stock paho that counts."""

    def __init__(self, port: int, folder: Path, milestones: list[int], *, protocol: str) -> None:
        command = [sys.executable, "-m", "benchmarks.baseline", protocol, str(port), *map(str, milestones)]
        self.program = Program(command, folder, "baseline", talks=True)
        assert self.program.hear() == "ready"

    def counted_ns(self) -> int:
        """Wait for the next number of messages; when it was reached."""
        return int(self.program.hear())


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)
