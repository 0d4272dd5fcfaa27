"""Increments as they are, and the windows of a step or of months that hold them."""

from collections.abc import Sequence

from gauge_ingest.core.fixed import Ended, Fixed, month_edges, windows_between
from gauge_ingest.core.model import HOUR_MS, Station
from gauge_ingest.history.sources import Source
from gauge_ingest.journal.windows import LOOK_AHEAD_MS

WINDOWS_MAX = 120_000  # a year of five minutes


class TooManyWindows(Exception):
    """More windows were asked for than anybody can read."""


def increments(source: Source, station: Station, *, since: int, until: int) -> list[Ended]:
    """Increments of a station that end in (since, until], in order."""
    return source.increments(station.id, since=since, until=until)


def fixed_steps(source: Source, station: Station, *, since: int, until: int, step_ms: int) -> list[Fixed]:
    """Whole windows of a step that together hold (since, until]; or TooManyWindows.

    An increment counts in the window where it ends; its span counts as covered wherever it lies.
    """
    first, last = since // step_ms * step_ms, -(-until // step_ms) * step_ms
    number = (last - first) // step_ms
    if number > WINDOWS_MAX:
        raise TooManyWindows(f"{number} windows, more than {WINDOWS_MAX}: ask for a shorter time or a longer step")
    return between(source, station, range(first, last + 1, step_ms))


def months(source: Source, station: Station, *, since: int, until: int) -> list[Fixed]:
    """Whole months, from 08:00 of the first at +08:00, that together hold (since, until]; otherwise as a step."""
    return between(source, station, month_edges(since=since, until=until))


def between(source: Source, station: Station, edges: Sequence[int]) -> list[Fixed]:
    """The windows between instants in order, one next to the other."""
    first, last = edges[0], edges[-1]
    if all(edge % HOUR_MS == 0 for edge in edges):
        outline = source.outline(station.id, since=first, until=last)
        if outline is not None:
            return windows_between(station, outline.ended, edges, dry_at=outline.dry_at)
    ended = source.increments(station.id, since=first, until=last)
    return windows_between(station, ended, edges, across=_across(source, station.id, last))


def _across(source: Source, station: str, end: int) -> list[Ended]:
    """The first increment that ends after an instant: it may have begun before."""
    since = end
    for ahead_ms in LOOK_AHEAD_MS:
        found = source.increments(station, since=since, until=end + ahead_ms)
        if found:
            return found[:1]
        since = end + ahead_ms
    return []
