"""The stores that the service copies to in a benchmark, and how many readings each of them holds."""

import json
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from benchmarks.machine import Program, free_port, listens, program_path

ORG, BUCKET = "hutubi", "rain"
JSON = "application/json"
COUNT_WITHIN_S, COUNT_EVERY_S = 10.0, 0.5
RETENTION = "100y"  # VictoriaMetrics drops silently what is older than its retention


class BenchmarkStore(Protocol):
    """A store that runs."""

    name: str
    url: str
    token: str
    program: Program

    def count(self, expected: int) -> int:
        """How many readings it holds, by queries, until they are as many as expected or some seconds have passed."""


class VictoriaMetrics:
    """VictoriaMetrics, which takes the write path of InfluxDB 2."""

    name = "victoria"

    def __init__(self, folder: Path) -> None:
        port = free_port()
        path = program_path("victoria-metrics")
        assert path is not None
        self.url, self.token = f"http://127.0.0.1:{port}", "none-is-asked-for"
        self.program = Program(
            [
                path,
                f"-storageDataPath={folder / 'victoria'}",
                f"-httpListenAddr=127.0.0.1:{port}",
                f"-retentionPeriod={RETENTION}",
                "-loggerLevel=WARN",
            ],
            folder,
            "victoria",
        )
        self.program.wait_until(lambda: listens(port))

    def count(self, expected: int) -> int:
        """How many readings it holds: instants of every series of rain_tips.

        It has taken rows for good (204) that no query sees yet: while it makes a block of the rows of the last second,
        a forced flush passes them over. Seen with 1.79 on busy processors; they are there some seconds later.
        """
        return _in_time(self._count, expected)

    def _count(self) -> int:
        _call("GET", f"{self.url}/internal/force_flush")
        query = urllib.parse.urlencode({"match[]": "rain_tips"})
        text = _call("GET", f"{self.url}/api/v1/export?{query}").decode()
        return sum(len(set(json.loads(line)["timestamps"])) for line in text.splitlines())


class InfluxDb:
    """InfluxDB 2, set up for this run."""

    name = "influx"

    def __init__(self, folder: Path) -> None:
        port = free_port()
        path = program_path("influxd")
        assert path is not None
        self.url, self.token = f"http://127.0.0.1:{port}", uuid.uuid4().hex
        (folder / "influx").mkdir()
        places = [f"--{kind}-path={folder / 'influx' / kind}" for kind in ("bolt", "sqlite", "engine")]
        address = f"--http-bind-address=127.0.0.1:{port}"
        command = [path, "run", *places, address, "--reporting-disabled", "--log-level=error"]
        self.program = Program(command, folder, "influxd")
        self.program.wait_until(lambda: listens(port))
        setup = {"username": "benchmark", "password": uuid.uuid4().hex, "org": ORG, "bucket": BUCKET}
        _call("POST", f"{self.url}/api/v2/setup", body=json.dumps({**setup, "token": self.token}).encode())

    def count(self, expected: int) -> int:
        """How many readings it holds: points with a field `tips`."""
        return _in_time(self._count, expected)

    def _count(self) -> int:
        flux = (
            f'from(bucket: "{BUCKET}") |> range(start: 2000-01-01T00:00:00Z)'
            ' |> filter(fn: (r) => r._measurement == "rain" and r._field == "tips") |> group() |> count()'
            ' |> keep(columns: ["_value"])'
        )
        url = f"{self.url}/api/v2/query?{urllib.parse.urlencode({'org': ORG})}"
        answer = _call("POST", url, token=self.token, body=flux.encode(), kind="application/vnd.flux").decode()
        values = [line.rpartition(",")[2] for line in answer.split()]
        return next((int(value) for value in values if value.isdigit()), 0)


STORES: dict[str, tuple[str, type[VictoriaMetrics] | type[InfluxDb]]] = {
    "victoria": ("victoria-metrics", VictoriaMetrics),
    "influx": ("influxd", InfluxDb),
}


def started(name: str, folder: Path) -> BenchmarkStore | None:
    """A store by its name, running; None for `none`."""
    return None if name == "none" else STORES[name][1](folder)


def on_this_machine() -> list[str]:
    """The stores whose program is here."""
    return [name for name, (program, _) in STORES.items() if program_path(program)]


def _in_time(count: Callable[[], int], expected: int) -> int:
    deadline = time.monotonic() + COUNT_WITHIN_S
    while (found := count()) != expected and time.monotonic() < deadline:
        time.sleep(COUNT_EVERY_S)
    return found


def _call(method: str, url: str, *, token: str = "", body: bytes | None = None, kind: str = JSON) -> bytes:
    headers = {"Content-Type": kind, **({"Authorization": f"Token {token}"} if token else {})}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310  loopback
        return bytes(answer.read())
