"""Calendar jobs of the outbound process: what is to be done how often. Who calls them, and when, is the caller's."""

from collections.abc import Callable
from typing import NamedTuple


class Job(NamedTuple):
    """Something done every so often, by the service's own clock."""

    name: str
    every_s: int
    do: Callable[[], None]


def due(every_s: int, *, now: int, last_done: int | None) -> bool:
    """Whether something done every `every_s` seconds is due; a clock that was set back makes it due, too."""
    return last_done is None or now - last_done >= every_s * 1000 or now < last_done
