"""Simulated days with faults: one by its seed, many, as many as a time allows, or the deliberate faults."""

import argparse
import sys
import time
from collections.abc import Iterable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.deterministic.many import CI_SEEDS, JOBS, Tally, be_quiet, catch_all, from_now_on, play_many
from tests.deterministic.play import Failed, play

out = Console()


def main() -> int:
    """The exit status is 1 when a promise was broken, or a deliberate fault was not caught."""
    asked = argparse.ArgumentParser(prog="python -m tests.deterministic", description=__doc__)
    what = asked.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", type=int, help="one world, told when --verbose is given")
    what.add_argument("--worlds", type=int, help="so many worlds")
    what.add_argument("--minutes", type=float, help="new worlds until the time is over")
    what.add_argument("--mutants", action="store_true", help="faults put into the service on purpose")
    asked.add_argument("--verbose", action="store_true", help="tell the story of the world")
    asked.add_argument("--jobs", type=int, default=JOBS, help="processes")
    asked.add_argument("--first", type=int, help="the first seed")
    given = asked.parse_args()
    if given.seed is not None:
        return _one(given.seed, aloud=given.verbose)
    if given.mutants:
        return _mutants(jobs=given.jobs)
    if given.worlds is not None:
        first = CI_SEEDS[0] if given.first is None else given.first
        return _many(range(first, first + given.worlds), total=given.worlds, jobs=given.jobs, until=None)
    # Other seeds than yesterday's: the minute says where to begin, and every failure names its own.
    first = int(time.time()) // 60 * 1_000 if given.first is None else given.first
    until = time.monotonic() + given.minutes * 60
    return _many(from_now_on(first), total=None, jobs=given.jobs, until=until)


def _one(seed: int, *, aloud: bool) -> int:
    be_quiet()
    try:
        played = play(seed, aloud=aloud)
    except Failed as error:
        out.print(str(error), markup=False, style="red")
        return 1
    tally = Tally()
    tally.add(played)
    if aloud:
        out.print(tally.table())
    print(f"seed {seed}: {played.steps} steps, {played.messages} messages, story {played.digest}")  # noqa: T201
    return 0


def _many(seeds: Iterable[int], *, total: int | None, jobs: int, until: float | None) -> int:
    tally, began = Tally(), time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, disable=not out.is_terminal) as progress:
        task = progress.add_task("worlds", total=total)
        for played in play_many(seeds, jobs=jobs, until=until):
            tally.add(played)
            progress.advance(task)
            if isinstance(played, str):
                progress.console.print(played, markup=False, style="red")
    out.print(tally.table())
    taken_s = time.monotonic() - began
    out.print(f"{taken_s:.0f} s, {taken_s * jobs / max(1, tally.worlds):.2f} s a world on each of {jobs} processors")
    if tally.never:
        out.print(f"nobody was killed here: {', '.join(tally.never)}")
    return 1 if tally.failures else 0


def _mutants(*, jobs: int) -> int:
    table = Table(title="Faults put into the service on purpose")
    for column in ("fault", "first seed that caught it", "what was broken"):
        table.add_column(column)
    caught = catch_all(jobs=jobs)
    for one in caught:
        table.add_row(one.mutant, "NOT CAUGHT" if one.seed is None else str(one.seed), one.invariant)
    out.print(table)
    return 1 if any(one.seed is None for one in caught) else 0


if __name__ == "__main__":
    sys.exit(main())
