"""What fell at a station: one interface, answered from the journal or from InfluxDB, raw or in fixed steps."""

from typing import Protocol

from gauge_ingest.core.fixed import Ended, Fixed, ended_of, windows
from gauge_ingest.core.model import Kind, Row, Station
from gauge_ingest.journal import Reader
from gauge_ingest.journal.together import rows_and_imported
from gauge_ingest.journal.windows import LOOK_AHEAD_MS
from gauge_ingest.stores.lines import StoredIncrement

WINDOWS_MAX = 120_000  # a year of five minutes


class Source(Protocol):
    """Where history is read from; every source gives the same increments."""

    @property
    def name(self) -> str:
        """What people call it."""

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""


class TooManyWindows(Exception):
    """More windows were asked for than anybody can read."""


class JournalHistory:
    """History as the journal has it: what a station reported, and what was imported of the time before."""

    name = "journal"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""
        rows = rows_and_imported(self._reader, station, since=since, until=until)
        return ended_of(_stored(row) for row in rows if row.kind != Kind.TEST)


class Rows(Protocol):
    """What this module wants of InfluxDB (gauge_ingest.stores.influx.InfluxHistory)."""

    def rows(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        """Increments that end in (since, until], in order, void ones too."""


class InfluxCopy:
    """History as InfluxDB has it; raises StoreUnavailable when it cannot be asked."""

    name = "influx"

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""
        return ended_of(self._rows.rows(station, since=since, until=until))


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
    ended = source.increments(station.id, since=first, until=last)
    across = _across(source, station.id, last)
    return windows(station, ended, first=first, number=number, step_ms=step_ms, across=across)


def _across(source: Source, station: str, end: int) -> list[Ended]:
    """The first increment that ends after an instant: it may have begun before."""
    since = end
    for ahead_ms in LOOK_AHEAD_MS:
        found = source.increments(station, since=since, until=end + ahead_ms)
        if found:
            return found[:1]
        since = end + ahead_ms
    return []


def _stored(row: Row) -> StoredIncrement:
    return (row.since, row.observed_at, row.tips, row.tips_min, row.tips_max, row.step, row.flag)
