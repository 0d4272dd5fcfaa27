"""Commands that change the journal at the same time: each waits for its turn and is carried out once."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gauge_ingest.commands.writing import ANSWER_MAX_S
from gauge_ingest.journal import Lock
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request, Spool
from tests.commands.place import Place
from tests.commands.serving import no_reload, service
from tests.worlds import MINUTE, T0, message, text

COMMANDS = 5
SPAN = ("--since", text(T0), "--until", text(T0 + 20 * MINUTE))


def a_shower(place: Place) -> None:
    with place.desk() as desk:
        for minute in range(0, 31, 5):
            desk.now = T0 + minute * MINUTE
            desk.take(message([(desk.now, 100 + minute)], seq=minute))


def started(place: Place, number: int) -> "subprocess.Popen[str]":
    """A correction that is being entered by a process of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    arguments = (
        "correct",
        "visit",
        "HTB01",
        *SPAN,
        "--why",
        f"visit {number}",
        "--json",
        "--config",
        str(place.config),
    )
    return subprocess.Popen(
        [sys.executable, "-m", "gauge_ingest", *arguments],
        env={**environ, **place.environment()},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ids_of(commands: list["subprocess.Popen[str]"]) -> list[int]:
    """The numbers of what was entered, once every command has ended well."""
    ended = [(command.communicate(timeout=60), command.returncode) for command in commands]
    assert [status for _, status in ended] == [0] * len(ended), ended
    return [json.loads(out)["correction"]["id"] for (out, _), _ in ended]


def requests_left(place: Place, number: int) -> list[Request]:
    """So many requests, as soon as they are in the spool."""
    spool, until_s = Spool.beside(place.journal), time.monotonic() + 60
    while len(waiting := spool.waiting()) < number:
        assert time.monotonic() < until_s
        time.sleep(0.01)
    return waiting


def spooled(place: Place) -> list[Path]:
    return list((place.journal.parent / "spool").iterdir())


def test_corrections_at_the_same_time_without_a_service_are_all_entered_once(place: Place) -> None:
    a_shower(place)
    with Lock(place.journal):  # until each of them has found the lock taken, as by another command
        commands = [started(place, number) for number in range(COMMANDS)]
        requests_left(place, COMMANDS)
    begun_s = time.monotonic()

    ids = ids_of(commands)

    assert time.monotonic() - begun_s < ANSWER_MAX_S / 2
    assert sorted(ids) == list(range(1, COMMANDS + 1))
    log = place.json("corrections", "log")
    assert {one["why"] for one in log} == {f"visit {number}" for number in range(COMMANDS)}
    assert len(log) == COMMANDS
    assert spooled(place) == []


def test_corrections_at_the_same_time_are_all_left_to_a_service_that_runs(place: Place) -> None:
    a_shower(place)

    with service(place) as seen:
        ids = ids_of([started(place, number) for number in range(COMMANDS)])

    assert sorted(ids) == list(range(1, COMMANDS + 1))
    assert sorted(one.body["why"] for one in seen) == [f"visit {number}" for number in range(COMMANDS)]
    assert len(place.json("corrections", "log")) == COMMANDS
    assert spooled(place) == []


@contextmanager
def ending(place: Place, *, answers: bool) -> Iterator[None]:
    """A service that carries one request out and ends, with its answer or just before it."""
    locked = threading.Event()

    def serve() -> None:
        with Lock(place.journal):
            locked.set()
            (request,) = requests_left(place, 1)
            with place.desk() as desk:
                answer = carry_out(desk.pump, desk.journal, request, now=place.now, reload=no_reload)
            if answers:
                Spool.beside(place.journal).answer(request, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    assert locked.wait(10)
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("answers", [True, False])
def test_what_a_service_has_carried_out_as_it_ended_is_not_done_again(place: Place, *, answers: bool) -> None:
    a_shower(place)

    with ending(place, answers=answers):
        entered = place.json("correct", "void", "HTB01", *SPAN, "--why", "a hose", "--who", "wang")

    assert entered["correction"]["id"] == 1
    assert len(place.json("corrections", "log")) == 1
    assert spooled(place) == []
