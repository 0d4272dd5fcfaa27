"""Whether anybody is told of anything now: what stands above every list of alerts when nobody is."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.journal import holder
from gauge_ingest.outbound.record import RecordUnreadable, first_told
from gauge_ingest.wellbeing import status_file


class Untold(NamedTuple):
    """Why nobody is told, since when by the service's clock (None: not known), and what to do."""

    what: str
    since: int | None
    todo: str


_START = "start it (gauge-ingest run); its last words are in its log"


def untold(journal: Path) -> Untold | None:
    """Why nobody is told of what comes; None while the service says that it tells people."""
    last_at = status_file.last_at(journal)
    try:
        runs = holder(journal) is not None
    except OSError:
        runs = True  # it cannot be told: the status file says more
    if not runs:
        return Untold("THE SERVICE DOES NOT RUN: nothing is taken in, NOBODY IS TOLD", last_at, _START)
    told = status_file.read(journal)
    if isinstance(told, str):
        return Untold("THE SERVICE GIVES NO SIGN OF LIFE, perhaps NOBODY IS TOLD", last_at, "gauge-ingest health")
    if told.outbound_alive:
        return None
    what = "THE OUTBOUND PROCESS DOES NOT RUN, OR STANDS STILL: NOBODY IS TOLD"
    return Untold(what, told.outbound_heard_at, "it is started again by itself; see gauge-ingest health, and its log")


def first_heard(outbound: Path, epochs: Sequence[tuple[str, int]], alerts: Iterable[int]) -> Mapping[int, int | None]:
    """Of each alert, when a message first went out to a person; nothing where that cannot be read."""
    try:
        return first_told(outbound, epochs, alerts)
    except RecordUnreadable:
        return {}
