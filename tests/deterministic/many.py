"""Many worlds on several processors, what they met as a table, and the seeds that catch each deliberate fault."""

import gc
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import nullcontext
from itertools import count
from typing import NamedTuple

from rich.table import Table

from tests.deterministic.fate import INGEST, OUTBOUND
from tests.deterministic.mutants import MUTANTS
from tests.deterministic.play import Failed, Played, play

CI_SEEDS = (*range(1, 121), 171)  # in 171 outbound is killed before a row is set aside, in none of the first 120
JOBS = 2
GC_EVERY = 10_000  # as the service has it


class Caught(NamedTuple):
    """A deliberate fault, the first seed that noticed it, and the invariant that spoke."""

    mutant: str
    seed: int | None
    invariant: str
    what: str


class Tally:
    """What many worlds came to."""

    def __init__(self) -> None:
        self.worlds = self.steps = self.messages = 0
        self.days = 0.0
        self.met: Counter[str] = Counter()
        self.failures: list[str] = []

    def add(self, played: Played | str) -> None:
        """Take a world in, or the text of its failure."""
        self.worlds += 1
        if isinstance(played, str):
            self.failures.append(played)
            return
        self.steps += played.steps
        self.messages += played.messages
        self.days += played.days
        self.met.update(played.met)

    @property
    def kills(self) -> int:
        """How often a process was killed."""
        return sum(self.met[f"kill {process} {effect}"] for process, effect in every_kill())

    @property
    def never(self) -> list[str]:
        """Places between two effects at which nobody was killed."""
        return [f"{process} {effect}" for process, effect in every_kill() if not self.met[f"kill {process} {effect}"]]

    def table(self) -> Table:
        """What they met and how often."""
        title = (
            f"{self.worlds} worlds, {self.days:.0f} simulated days, {self.messages:,} messages, {self.steps:,} steps,"
            f" {self.kills:,} kills, {len(self.failures)} failures"
        )
        table = Table(title=title)
        table.add_column("met")
        table.add_column("times", justify="right")
        for what in sorted(self.met):
            table.add_row(what, f"{self.met[what]:,}")
        return table


def every_kill() -> Iterator[tuple[str, str]]:
    """Every place at which a process can be killed."""
    yield from (("ingest", effect) for effect in INGEST)
    yield from (("outbound", effect) for effect in OUTBOUND)


def play_many(seeds: Iterable[int], *, jobs: int = JOBS, until: float | None = None) -> Iterator[Played | str]:
    """Play worlds as they come to their end; with `until`, begin none after that instant of time.monotonic()."""
    waiting: set[Future[Played | str]] = set()
    coming = iter(seeds)
    with ProcessPoolExecutor(jobs, initializer=be_quiet) as pool:
        while True:
            while len(waiting) < 2 * jobs and (until is None or time.monotonic() < until):
                seed = next(coming, None)
                if seed is None:
                    break
                waiting.add(pool.submit(play_one, seed))
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def be_quiet() -> None:
    """The service's own words are no part of the story; a world makes much that is soon gone."""
    logging.disable(logging.CRITICAL)
    gc.freeze()
    gc.set_threshold(GC_EVERY, 10, 10)


def play_one(seed: int, mutant: str = "") -> Played | str:
    """One world; the text of its failure when it fails."""
    try:
        with MUTANTS[mutant]() if mutant else nullcontext():
            return play(seed)
    except Failed as error:
        return str(error)


def catch(mutant: str, seeds: Iterable[int] = CI_SEEDS) -> Caught:
    """Play worlds with a deliberate fault until one of them notices."""
    be_quiet()
    for seed in seeds:
        try:
            with MUTANTS[mutant]():
                play(seed)
        except Failed as error:
            return Caught(mutant, seed, error.invariant, str(error))
    return Caught(mutant, None, "", "")


def catch_all(*, jobs: int = JOBS) -> list[Caught]:
    """Every deliberate fault."""
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(catch, MUTANTS))


def from_now_on(first: int) -> Iterator[int]:
    """Seeds without an end."""
    return count(first)
