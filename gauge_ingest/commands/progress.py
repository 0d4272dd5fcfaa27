"""A bar on stderr for answers that take longer than a second, where a person looks on."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gauge_ingest.core.model import Row

SHOWN_AFTER_S = 1.0
# So many rows are read between two looks at the bar.
LOOK_EVERY = 1_000

Advance = Callable[[float], None]
"""Told the share of the whole that is done, from 0 to 1."""


@contextmanager
def progress(doing: str) -> Iterator[Advance]:
    """A bar that appears when a second has passed, and is gone at the end; none where stderr is no terminal."""
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn()
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(doing, total=1.0)
    begun_s = time.monotonic()
    is_shown = False

    def advance(done: float) -> None:
        nonlocal is_shown
        if not is_shown and time.monotonic() - begun_s >= SHOWN_AFTER_S:
            bar.start()
            is_shown = True
        bar.update(task, completed=done)

    try:
        yield advance
    finally:
        bar.stop()


def followed(rows: Iterable[Row], *, since: int, until: int, advance: Advance) -> Iterator[Row]:
    """Rows of (since, until] in order of time; on the way it is told how much of that has been read."""
    for number, row in enumerate(rows):
        if number % LOOK_EVERY == 0:
            advance(min(1.0, (row.observed_at - since) / (until - since)))
        yield row


def of_part(advance: Advance, *, number: int, parts: int) -> Advance:
    """For one of several parts, by its number from 0: its share becomes a share of the whole."""
    return lambda done: advance((number + done) / parts)
