"""A county with two people, a web hook and a mail server, and the command that drills them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple

import httpx
from typer.testing import CliRunner, Result

from gauge_ingest.cli import app
from tests.delivery.sink import Arrived, Sink
from tests.delivery.test_apprise import Post
from tests.desk.serving import fields

ROOT = Path(__file__).resolve().parents[2]
SPEED = 300
STORM = """
intent = "A cloudburst over the mountains, and nothing below them."
minutes = 10

[weather]
temperature_c = 18.0
lightning_per_mm = 0.0

[[weather.rain]]
kind = "design"
stations = ["HTB01", "HTB02", "HTB03"]
shape = "uniform"
depth_mm = 12.0
duration_min = 6.0
since_min = 0.0
"""
RUNNER = CliRunner()
NOTHING: Mapping[str, None] = {name: None for name in os.environ if name.startswith("GAUGE_")}
PEOPLE = """
[channels.hook]
kind = "webhook"
url = "{hook}"
group_s = 0
[channels.mail]
kind = "apprise"
url = "{mail}"
group_s = 0
[people.liu]
name = "刘伟"
reach = [["hook", "liu"]]
quiet = "22:00-07:00"
[people.chen]
name = "Chen"
language = "en"
reach = [["mail", "chen@example.org"]]
[people.wu]
name = "吴"
reach = [["mail", "wu@example.org"]]
[[duty.weekly]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
hours = "08:00-08:00"
people = ["liu"]
"""
# Nobody else is asked while a test runs.
DAYS = """
[chains.immediate]
steps = [{ after = "0m", tell = ["duty", "chen"] }, { after = "24h", tell = ["everybody"] }]
[chains.default]
steps = [{ after = "0m", tell = ["duty"] }, { after = "24h", tell = ["everybody"] }]
"""
# Seconds, at SPEED.
MINUTES = """
[chains.default]
steps = [{ after = "0m", tell = ["duty"] }, { after = "10m", tell = ["chen"] }, { after = "25m", tell = ["everybody"] }]
"""


class Process(NamedTuple):
    """A process, told from a later one of the same number by when it was started."""

    pid: int
    started: str
    words: str

    @property
    def alive(self) -> bool:
        """Whether it runs; one that has ended and waits to be asked for its status does not."""
        now = _status(self.pid)
        return now is not None and now.started == self.started and now.state != "Z"


class _Status(NamedTuple):
    state: str
    parent: int
    started: str


def descendants(pid: int) -> list[Process]:
    """Everything that a process has started, and what that has."""
    found = {int(one.name): _status(int(one.name)) for one in Path("/proc").iterdir() if one.name.isdigit()}
    below, wanted = list[Process](), [pid]
    while wanted:
        parent = wanted.pop()
        for child, status in found.items():
            if status is not None and status.parent == parent:
                words = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                below.append(Process(child, status.started, words))
                wanted.append(child)
    return below


def _status(pid: int) -> _Status | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return _Status(fields[0], int(fields[1]), fields[19])


class County:
    """A configuration folder in use, and its environment."""

    def __init__(self, folder: Path, hook: Sink, post: Post | None = None, *, chains: str = DAYS) -> None:
        self.folder, self.hook, self.post = folder, hook, post
        self.config = folder / "config"
        copytree(ROOT / "config", self.config)
        mail = f"mailto://127.0.0.1:{9 if post is None else post.port}/?from=rain@example.org&to={{to}}"
        people = PEOPLE.format(hook=hook.url(), mail=mail) + chains
        (self.config / "people.toml").write_text(people, encoding="utf-8")
        rules = self.config / "rules.toml"  # a machine that is busy is late: its stations are not silent for that
        rules.write_text(rules.read_text("utf-8").replace('watch = "on"', 'watch = "off"'), encoding="utf-8")
        self.scenario = folder / "soon.toml"
        self.scenario.write_text(STORM, encoding="utf-8")
        self.journal = folder / "journal.db"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
        self.environ = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "GAUGE_CONFIG": str(self.config),
            "GAUGE_JOURNAL_PATH": str(self.journal),
            "GAUGE_CAP_FOLDER": str(folder / "cap"),
            "GAUGE_CAP_SENDER": "rain@hutubi.example",
            "GAUGE_CAP_STATUS": "Actual",
            "GAUGE_SECRET_HOOK": "of-the-tests-0123456789",
        }

    @property
    def drills(self) -> list[Path]:
        """The folders of its drills."""
        there = self.folder / "drills"
        return sorted(one for one in there.iterdir() if one.is_dir()) if there.is_dir() else []

    def command(self, *words: str) -> Result:
        """What a command answers here, in this process: starting one takes longer than a test should."""
        return RUNNER.invoke(app, words, env={**NOTHING, **self.environ})

    @contextmanager
    def drill(self, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """The command `drill` while it runs; its last lines are on its stdout, its progress on stderr."""
        line = [sys.executable, "-m", "gauge_ingest", "drill", str(self.scenario), "--speed", str(SPEED)]
        line += ["--yes", "--json", *words]
        process = subprocess.Popen(
            line,
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def finished(process: "subprocess.Popen[str]", meanwhile: Callable[[], None] = lambda: None) -> Any:
    """The report that a drill prints; `meanwhile` is done again and again until it ends."""
    while process.poll() is None:
        meanwhile()
        time.sleep(0.05)
    assert process.stdout is not None
    assert process.stderr is not None
    printed, said = process.stdout.read(), process.stderr.read()
    assert process.returncode in (0, 1), said
    return json.loads(printed)


class Presser:
    """Somebody with a phone who opens each link that comes and presses the button."""

    def __init__(self, hook: Sink) -> None:
        self._hook, self._read = hook, 0
        self._links: list[str] = []
        self.pages: list[str] = []

    def __call__(self) -> None:
        """Press what has come since."""
        arrived = self._hook.arrived[self._read :]
        self._read += len(arrived)
        for one in arrived:
            self._links += re.findall(r"http://127\.0\.0\.1:\d+/a/[\w.~-]+", one.document["text"])
        while self._links:
            try:
                self.pages.append(self._press(self._links[0]))
            except httpx.TransportError:  # it does not listen yet, or no longer
                return
            self._links.pop(0)

    def _press(self, address: str) -> str:
        with httpx.Client(trust_env=False, timeout=5) as client:
            page = client.get(address)
            client.post(address, data={**fields(page), "comment": "已通知"})
        return page.text


def marked(one: Arrived) -> bool:
    """Whether each part of a hook's message says that it is a drill."""
    document: Mapping[str, Any] = one.document
    lines = str(document["text"]).splitlines()
    parts = [document["subject"], document["short"], *lines]
    return document["drill"] is True and all("DRILL" in part and "演习" in part for part in parts)
