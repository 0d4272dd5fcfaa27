"""The guard: a program ends with whoever started it, and until then nothing of it is changed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gauge_ingest.demo import guard
from gauge_ingest.demo.guard import guarded
from tests.drill.place import ROOT, Process, descendants
from tests.simulation.service import until

STARTS = "import subprocess, sys; from gauge_ingest.demo.guard import guarded; subprocess.run(guarded(sys.argv[1:]))"


@contextmanager
def started(*words: str) -> Iterator[tuple["subprocess.Popen[bytes]", list[Process]]]:
    """Somebody who runs a program under a guard, and what they have started: the guard, the program, its children."""
    command = [sys.executable, "-c", STARTS, *words]
    somebody = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    below: list[Process] = []
    try:
        until(lambda: len(descendants(somebody.pid)) == 3, within_s=30, what="guard, program and child run")
        below += descendants(somebody.pid)
        yield somebody, below
    finally:
        somebody.kill()
        somebody.wait()
        for one in below:
            if one.alive:
                os.kill(one.pid, signal.SIGKILL)


def left(below: list[Process]) -> list[str]:
    return [one.words for one in below if one.alive]


def test_when_its_parent_is_killed_the_program_ends_and_all_that_it_has_started() -> None:
    with started("sh", "-c", "trap 'kill $!' TERM; sleep 600 & wait") as (somebody, below):
        somebody.kill()

        until(lambda: not left(below), within_s=4, what=lambda: str(left(below)))


def test_a_program_that_will_not_end_is_killed_with_all_that_it_has_started() -> None:
    with started("sh", "-c", "trap '' TERM; sleep 600 & while true; do wait; done") as (somebody, below):
        somebody.kill()

        until(lambda: not left(below), within_s=guard.END_WITHIN_S + 4, what=lambda: str(left(below)))


@pytest.mark.parametrize(("words", "status"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_the_exit_status_is_that_of_the_program(words: str, status: int) -> None:
    assert subprocess.run(guarded(["sh", "-c", words]), check=False).returncode == status


def test_a_signal_is_passed_on_and_the_program_may_end_in_order(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    words = f"trap 'exit 7' TERM; touch {ready}; while true; do sleep 0.05; done"
    with subprocess.Popen(guarded(["sh", "-c", words])) as process:
        until(ready.exists, within_s=10, what="the program runs")
        time.sleep(0.1)
        process.terminate()

        assert process.wait(5) == 7


def test_whoever_is_gone_before_the_guard_has_looked_is_gone_all_the_same() -> None:
    command = guarded(["sleep", "600"])
    command[command.index(str(os.getpid()))] = "1" if os.getppid() != 1 else "2"
    began = time.monotonic()

    assert subprocess.run(command, check=False, stderr=subprocess.PIPE).returncode == 128 + signal.SIGTERM
    assert time.monotonic() - began < guard.END_WITHIN_S
