"""Where history is read from: the journal, or the copy in InfluxDB; each gives the same increments."""

from bisect import bisect_right
from itertools import chain
from operator import itemgetter
from typing import Protocol

from gauge_ingest.core.fixed import Ended, Outline, StoredIncrement, ended_of
from gauge_ingest.core.model import HOUR_MS, Flag, Step
from gauge_ingest.journal import Reader


class Source(Protocol):
    """Where history is read from; every source gives the same increments. Instants are milliseconds."""

    @property
    def name(self) -> str:
        """What people call it."""

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""

    def wet(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Those of them that may hold rain."""

    def outline(self, station: str, *, since: int, until: int) -> Outline | None:
        """The outline of whole hours, where that is less to read; None where all increments are to be taken."""

    def held(self, station: str, *, since: int, until: int) -> "Source":
        """A source for many questions about a span: one that has it in memory, where asking costs much."""


class JournalHistory:
    """History as the journal has it: what a station reported, and what was imported of the time before."""

    name = "journal"

    def __init__(self, reader: Reader) -> None:
        self._rain, self._windows = reader.rain, reader.windows

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""
        imported = self._windows.imported(station, since=since, until=until)
        return ended_of(chain(imported, self._rain.increments(station, since=since, until=until)))

    def wet(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Those of them that may hold rain."""
        imported = [one for one in self._windows.imported(station, since=since, until=until) if one[4]]
        return ended_of([*imported, *self._rain.wet(station, since=since, until=until)])

    def outline(self, station: str, *, since: int, until: int) -> Outline | None:
        """The outline of whole hours; None while something is owed, and where something is imported."""
        if since < self._windows.imported_until(station):
            return None
        found = self._rain.outline(station, since=since, until=until)
        if found is None:
            return None
        spells = [Ended(begin, end, 0, 0, 0, Step.STEADY, Flag.MISSING) for begin, end in found.dry if begin < end]
        ended = sorted([*ended_of(found.told), *spells], key=itemgetter(1))
        return Outline(ended, [(hour + 1) * HOUR_MS for hour in found.heard])

    def held(self, station: str, *, since: int, until: int) -> Source:  # noqa: ARG002 - the journal is asked again
        """The journal itself: asking costs little."""
        return self


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

    def wet(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Those of them that may hold rain."""
        return [one for one in self.increments(station, since=since, until=until) if one.tips_max]

    def outline(self, station: str, *, since: int, until: int) -> None:  # noqa: ARG002 - as every source is asked
        """Nothing: a copy may hold rows that no derivation has left side by side."""
        return

    def held(self, station: str, *, since: int, until: int) -> Source:
        """All of a span in memory: each question would be a call over the network."""
        return Held(self.name, self.increments(station, since=since, until=until))


class Held:
    """Increments of one station in memory, in order of time."""

    def __init__(self, name: str, ended: list[Ended]) -> None:
        self.name = name
        self._ended = ended
        self._ends = [one.until for one in ended]

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:  # noqa: ARG002 - it has but one
        """Those that end in (since, until]."""
        return self._ended[bisect_right(self._ends, since) : bisect_right(self._ends, until)]

    def wet(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Those of them that may hold rain."""
        return [one for one in self.increments(station, since=since, until=until) if one.tips_max]

    def outline(self, station: str, *, since: int, until: int) -> None:  # noqa: ARG002 - as every source is asked
        """Nothing: there is nothing to be spared."""
        return

    def held(self, station: str, *, since: int, until: int) -> Source:  # noqa: ARG002 - as every source is asked
        """Itself."""
        return self
