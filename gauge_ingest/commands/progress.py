"""A bar on stderr for answers that take longer than a second, where a person looks on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

SHOWN_AFTER_S = 1.0

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
