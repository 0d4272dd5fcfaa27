"""Stores to test against, VictoriaMetrics and a real InfluxDB, and rows to write there."""

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pydantic import SecretStr

from gauge_ingest.core.model import Deployment, Row, Station
from gauge_ingest.stores.influx import InfluxSettings

START_MAX_S = 60.0
TOKEN = "a-token-that-nobody-may-ever-see-in-a-log"  # noqa: S105  of servers that live as long as a test
AT = 1_784_109_900_000  # 2026-07-15T18:05:00+08:00


def station(id_: str = "HTB01", *deployments: Deployment, bucket_depth_mm: float = 0.5) -> Station:
    """A station with one bucket, or with the deployments given."""
    only = Deployment(0, bucket_depth_mm, 65_536, 43.75, 86.57, 1250.0)
    return Station(id=id_, name="石门", deployments=deployments or (only,))


def row(**changes: Any) -> Row:
    """Three tips in the five minutes before AT; changed as asked."""
    at = changes.get("observed_at", AT)
    plain = Row("HTB01", at, 40_213, 0, at + 2_000, at, 7, 3, None, None, None, None, 1, at - 300_000, 3, 3, 3, 1, 1, False)  # fmt: skip  # noqa: E501
    return plain._replace(**changes)


def rows(count: int, *, stations: int = 10, since: int = AT) -> list[Row]:
    """Rows of several stations, one each five minutes."""
    return [
        row(station=f"HTB{number % stations:02d}", observed_at=since + number // stations * 300_000, counter=number)
        for number in range(count)
    ]


def settings_for(url: str, **changes: Any) -> InfluxSettings:
    """Settings for a test's server, with one bucket for all; a short time-out, so that a fault is no wait."""
    others = dict.fromkeys(("bucket_hourly", "bucket_daily", "bucket_alerts", "bucket_stations"), "")
    plain: dict[str, Any] = {"url": url, "token": SecretStr(TOKEN), "timeout_s": 5.0, **others}
    return InfluxSettings(**{**plain, **changes})


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A server program started for a test; it listens on one port for as long as the test runs."""

    def __init__(self, command: Callable[[int], Sequence[str]], *, health: str, log: Path) -> None:
        self._command = command
        self._health = health
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it (again, on the same port) and return when it is well."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command(self.port), stdout=log, stderr=log)
        deadline = time.monotonic() + START_MAX_S
        while not self.is_well():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                self._fail()
            time.sleep(0.02)

    def kill(self) -> None:
        """End it with -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(number)
            self._process.wait(START_MAX_S)

    def is_well(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + self._health, timeout=2) as answer:  # noqa: S310  loopback
                return bool(answer.status == 200)
        except OSError:
            return False

    def _fail(self) -> NoReturn:
        raise AssertionError(f"it does not start: {self._log.read_text(errors='replace')[-2000:]}")


def call(method: str, url: str, *, token: str = "", body: bytes | None = None, kind: str = "application/json") -> bytes:
    """One request; urllib.error.HTTPError when it is refused."""
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind})  # noqa: S310
    if token:
        request.add_header("Authorization", f"Token {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
        return bytes(answer.read())


@contextmanager
def running_victoria_metrics(folder: Path) -> Iterator["VictoriaMetrics"]:
    """VictoriaMetrics that keeps a hundred years; pytest.skip where it is not installed."""
    path = shutil.which("victoria-metrics")
    if path is None:
        pytest.skip("NO VICTORIAMETRICS: apt-get install victoria-metrics")
    server = VictoriaMetrics(path, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class VictoriaMetrics(Program):
    """Takes the write path of InfluxDB 2."""

    def __init__(self, path: str, folder: Path) -> None:
        def command(port: int) -> Sequence[str]:
            storage = f"-storageDataPath={folder / 'victoria'}"
            # Without a flush interval this short, a point is exported only a second or more after it was taken.
            return [path, storage, f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y", "-loggerLevel=WARN"]

        super().__init__(command, health="/health", log=folder / "victoria.log")

    def export(self, match: str) -> list[dict[str, Any]]:
        """Every series that matches, with all that was written until now."""
        call("GET", f"{self.url}/internal/force_flush")
        query = urllib.parse.urlencode({"match[]": match})
        text = call("GET", f"{self.url}/api/v1/export?{query}").decode()
        return [json.loads(line) for line in text.splitlines()]


@dataclass
class InfluxServer:
    """A real InfluxDB with an operator's token. `program` is None when it runs elsewhere and may not be ended."""

    url: str
    token: str
    org: str
    program: Program | None = None

    def environ(self, bucket: str) -> dict[str, str]:
        """What tells a service to copy everything into one bucket of it."""
        kinds = ("HOURLY", "DAILY", "ALERTS", "STATIONS")
        return {
            **{f"GAUGE_INFLUX_BUCKET_{kind}": "" for kind in kinds},
            "GAUGE_INFLUX_URL": self.url,
            "GAUGE_INFLUX_ORG": self.org,
            "GAUGE_INFLUX_BUCKET": bucket,
            "GAUGE_INFLUX_TOKEN": self.token,
        }

    def kill(self) -> None:
        """End it with -9; pytest.skip where it is not ours."""
        if self.program is None:
            pytest.skip("GAUGE_TEST_INFLUX_URL names a server that a test may not kill")
        self.program.kill()

    def start(self) -> None:
        """Start it again with what it had on disk."""
        assert self.program is not None
        self.program.start()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request to its API."""
        text = None if body is None else json.dumps(body).encode()
        return json.loads(call(method, self.url + path, token=self.token, body=text) or b"null")

    def org_id(self) -> str:
        """The organisation's id."""
        name = urllib.parse.quote(self.org)
        return str(self.call("GET", f"/api/v2/orgs?org={name}")["orgs"][0]["id"])

    def buckets(self, name: str) -> list[dict[str, Any]]:
        """The bucket of this name, or none."""
        found = self.call("GET", f"/api/v2/buckets?org={urllib.parse.quote(self.org)}&limit=100")["buckets"]
        return [bucket for bucket in found if bucket["name"] == name]

    def create_bucket(self, name: str, *, retention_s: int = 0) -> str:
        """A new bucket's id."""
        rules = [{"type": "expire", "everySeconds": retention_s}] if retention_s else []
        return str(self.call("POST", "/api/v2/buckets", {"orgID": self.org_id(), "name": name, "retentionRules": rules})["id"])  # noqa: E501  # fmt: skip

    @contextmanager
    def bucket(self, *, retention_s: int = 0) -> Iterator[str]:
        """A bucket's name, for one test."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.create_bucket(name, retention_s=retention_s)
        try:
            yield name
        finally:
            self.drop_bucket(name)

    def drop_bucket(self, name: str) -> None:
        """Afterwards it is not there."""
        for bucket in self.buckets(name):
            self.call("DELETE", f"/api/v2/buckets/{bucket['id']}")

    def bucket_token(self, bucket: str, *actions: str) -> str:
        """A token for one bucket that may only do these (`read`, `write`)."""
        org_id, bucket_id = self.org_id(), self.buckets(bucket)[0]["id"]
        resource = {"type": "buckets", "id": bucket_id, "orgID": org_id}
        permissions = [{"action": action, "resource": resource} for action in actions]
        return str(self.call("POST", "/api/v2/authorizations", {"orgID": org_id, "permissions": permissions})["token"])

    def write(self, bucket: str, lines: str) -> None:
        """Lines as they are, with times in nanoseconds, past our own code."""
        query = urllib.parse.urlencode({"org": self.org, "bucket": bucket, "precision": "ns"})
        call("POST", f"{self.url}/api/v2/write?{query}", token=self.token, body=lines.encode(), kind="text/plain")

    def points(self, bucket: str, measurement: str) -> list[dict[str, str]]:
        """Every point of a measurement with its tags and fields, in order of time, past our own code."""
        flux = (
            f'from(bucket: "{bucket}") |> range(start: 1970-01-01T00:00:00Z, stop: 2100-01-01T00:00:00Z)'
            f' |> filter(fn: (r) => r._measurement == "{measurement}") |> toString()'
            ' |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")'
            ' |> drop(columns: ["_start", "_stop", "_measurement"]) |> group() |> sort(columns: ["_time"])'
        )
        url = f"{self.url}/api/v2/query?{urllib.parse.urlencode({'org': self.org})}"
        text = call("POST", url, token=self.token, body=flux.encode(), kind="application/vnd.flux").decode()
        records = csv.DictReader(text.strip().splitlines())
        return [{k: v for k, v in record.items() if k not in {"", "result", "table"}} for record in records]


@contextmanager
def empty_influxd(folder: Path) -> Iterator[Program]:
    """A fresh InfluxDB of our own that nobody has set up; pytest.skip where influxd is not on PATH."""
    path = shutil.which("influxd")
    if path is None:
        pytest.skip("NO REAL INFLUXDB: put influxd on PATH or set GAUGE_TEST_INFLUX_URL, _TOKEN, _ORG")

    def command(port: int) -> Sequence[str]:
        bolt, sqlite, engine = (f"--{kind}-path={folder / 'influx' / kind}" for kind in ("bolt", "sqlite", "engine"))
        address = f"--http-bind-address=127.0.0.1:{port}"
        return [path, "run", bolt, sqlite, engine, address, "--reporting-disabled", "--log-level=error"]

    (folder / "influx").mkdir(exist_ok=True)
    program = Program(command, health="/health", log=folder / "influxd.log")
    program.start()
    try:
        yield program
    finally:
        program.kill()


@contextmanager
def running_influxd(folder: Path) -> Iterator[InfluxServer]:
    """A fresh InfluxDB of our own, set up; pytest.skip where influxd is not on PATH."""
    with empty_influxd(folder) as program:
        server = InfluxServer(program.url, TOKEN, "hutubi", program)
        setup = {"username": "test", "password": uuid.uuid4().hex, "org": server.org, "bucket": "rain", "token": TOKEN}
        server.call("POST", "/api/v2/setup", setup)
        yield server


@contextmanager
def real_influxdb(folder: Path) -> Iterator[InfluxServer]:
    """The InfluxDB that GAUGE_TEST_INFLUX_URL names, else one of our own, else pytest.skip."""
    url = os.environ.get("GAUGE_TEST_INFLUX_URL")
    if url:
        org = os.environ.get("GAUGE_TEST_INFLUX_ORG", "hutubi")
        yield InfluxServer(url.rstrip("/"), os.environ["GAUGE_TEST_INFLUX_TOKEN"], org)
    else:
        with running_influxd(folder) as server:
            yield server
