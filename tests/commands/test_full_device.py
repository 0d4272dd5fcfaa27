"""stdout that takes nothing more: one sentence and exit status 3; a pipe that was closed: nothing said."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.place import Place
from tests.worlds import T0, message

LONG, SHORT = ("history", "all", "--since", "20d", "--every", "5m"), ("health",)


def ended(place: Place, *words: str, out: int) -> tuple[int, str]:
    """The exit status of a command that writes there, and what it says on stderr."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    command = [sys.executable, "-m", "gauge_ingest", *words, "--config", str(place.config)]
    done = subprocess.run(
        command, stdout=out, stderr=subprocess.PIPE, env={**plain, **place.environment()}, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.fixture
def filled(place: Place) -> Place:
    with place.desk() as desk:
        desk.take(message([(T0, 1)]))
    return place


@pytest.mark.parametrize("words", [LONG, (*LONG, "--json"), (*LONG, "--format", "csv"), SHORT, (*SHORT, "--json")])
def test_a_full_device_is_one_sentence_and_status_3(filled: Place, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        told = ended(filled, *words, out=full.fileno())

    assert told == (3, "the answer cannot be written: No space left on device\n")


@pytest.mark.parametrize("words", [(*LONG, "--json"), SHORT])
def test_a_pipe_that_was_closed_is_no_mistake_to_be_told(filled: Place, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        told = ended(filled, *words, out=writer)
    finally:
        os.close(writer)

    assert told == (1, "")
