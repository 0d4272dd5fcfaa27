"""What the machine is, what a process has cost, and how processes of a benchmark are started and ended."""

import os
import platform
import shutil
import socket
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

START_MAX_S = 60.0
END_MAX_S = 20.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Program:
    """A process of the benchmark; what it says goes to a file."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        name: str,
        *,
        environ: Mapping[str, str] | None = None,
        talks: bool = False,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
                env=dict(os.environ if environ is None else environ),
                text=True,
            )

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.process.pid

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Return when it is ready; AssertionError with its last words when it ends before, or takes too long."""
        deadline = time.monotonic() + START_MAX_S
        while not ready():
            assert self.process.poll() is None, f"{self.name} has ended: {self.last_words()}"
            assert time.monotonic() < deadline, f"{self.name} does not get ready: {self.last_words()}"
            time.sleep(0.02)

    def hear(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, f"{self.name} has ended: {self.last_words()}"
        return line

    def tell(self, line: str) -> None:
        """Write a line to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """End it, by force when it takes too long."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(END_MAX_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def last_words(self) -> str:
        """The end of what it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2_000:]


def cpu_s(pid: int) -> float:
    """User and system time of a process so far, all threads, without its children; granularity 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def busy_s() -> float:
    """What all processors together have worked since the machine started."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    user, nice, system, _idle, _wait, irq, softirq, _steal = map(int, fields)
    return (user + nice + system + irq + softirq) / TICKS_PER_S


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sync_ms(folder: Path) -> float:
    """What it takes the disk under a folder to make 4 KiB durable; the median of twenty."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(20):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1_000)
    return statistics.median(times)


def machine(folder: Path) -> dict[str, Any]:
    """What all figures depend on."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "model": models[0].partition(":")[2].strip() if models else platform.machine(),
        "load_before": round(os.getloadavg()[0], 2),
        "disk_sync_ms": round(sync_ms(folder), 3),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "paho": version("paho-mqtt"),
        "mosquitto": _first_line("mosquitto", "-h"),
        # Debian's does not know its own version.
        "victoria-metrics": "victoria-metrics" if program_path("victoria-metrics") else "",
        "influxd": _first_line("influxd", "version"),
    }


def _first_line(program: str, flag: str) -> str:
    path = program_path(program)
    if path is None:
        return ""
    answer = subprocess.run([path, flag], capture_output=True, text=True, check=False, timeout=30)
    words = (answer.stdout.strip() or answer.stderr.strip()).splitlines()
    return words[0] if words else "?"


def program_path(name: str) -> str | None:
    """Where a program is; Debian keeps servers where an ordinary user's PATH does not look."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
