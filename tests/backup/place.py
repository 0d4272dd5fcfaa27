"""A journal with rain, an alert and a silence in it; left as a kill leaves it, with its write-ahead log beside it."""

import multiprocessing
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from gauge_ingest.core.silences import Silence
from gauge_ingest.journal import Reader
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

NOW = T0 + 3 * HOUR
FORK = multiprocessing.get_context("fork")


def desk_in(folder: Path) -> Desk:
    """The journal of a folder, with one station and one rule."""
    folder.mkdir(exist_ok=True)
    return Desk(folder, [station()], [rule(quiet_s=600)])


def rain(desk: Desk, *, since_min: int, until_min: int, count: int, tips: int = 0) -> int:
    """Reports each five minutes, so many tips between two; the count at the end."""
    for minute in range(since_min, until_min, 5):
        count += tips
        desk.now = T0 + minute * MINUTE + 2_000
        desk.take(message([(T0 + minute * MINUTE, count)], seq=minute + 10_000))
    desk.settle()
    return count


def stormy(folder: Path) -> None:
    """A dry hour and a storm: alert 1 stands, and a silence is in force."""
    desk = desk_in(folder)
    count = rain(desk, since_min=0, until_min=60, count=10)
    rain(desk, since_min=60, until_min=80, count=count, tips=8)
    with desk.journal.transaction():
        silence = Silence(1, desk.now, "wang", "repair", "HTB01", "", True, desk.now, desk.now + 24 * HOUR)
        desk.journal.silences.enter(silence)
    desk.journal.close()


def later(folder: Path) -> None:
    """What comes after a copy was made: the alert ends, another one stands. Killed: the write-ahead log is left."""

    def write() -> None:
        desk = desk_in(folder)
        count = rain(desk, since_min=80, until_min=300, count=42)
        rain(desk, since_min=300, until_min=320, count=count, tips=12)
        os._exit(0)

    in_a_fork(write)


def in_a_fork(do: Callable[[], None]) -> int:
    """Do something in a process of its own; its exit status."""
    process = FORK.Process(target=do)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


def readings(journal: Path) -> int:
    """How many readings a journal has."""
    with closing(Reader.open(journal)) as reader:
        return sum(1 for one in reader.stations() for _ in reader.rows(one, since=0, until=1 << 61))
