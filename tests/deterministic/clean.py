"""The run in which nothing goes wrong: the same messages in the order of their first commit, debts paid after each."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from gauge_ingest.codecs import CODECS
from gauge_ingest.core.findings import Finding
from gauge_ingest.core.model import Row
from gauge_ingest.journal import Journal, Reader
from gauge_ingest.pump import Delivery, Pump, PumpSettings
from gauge_ingest.pump.accept import Network
from tests.deterministic.witness import Committed

FOR_EVER = 1 << 61
# What the service finds about itself and its stations depends on when things come, by nature.
FINDINGS = frozenset(finding.value for finding in Finding)
Rows = dict[str, list[tuple[object, ...]]]


class CleanRun:
    """A journal of its own, filled without a fault."""

    def __init__(self, path: Path, network: Network, admission: PumpSettings) -> None:
        self._at = 0
        self._journal = Journal(path)
        self._pump = Pump(self._journal, CODECS["json_v1"], admission, now=lambda: self._at)
        self._pump.configure(network)

    def take(self, committed: Sequence[Committed], *, ends_at: int) -> None:
        """Take every message once, then let time go on to the end."""
        for received_at, batch in groupby(_first(committed), key=attrgetter("received_at")):
            self._at = received_at
            self._pump.take([Delivery(f"rain/v1/{one.station}/up", one.payload) for one in batch])
            self._settle()
        self._at = ends_at
        self._pump.tick()
        self._settle()

    @property
    def reader(self) -> Reader:
        """What it has come to."""
        return self._journal.reader

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _settle(self) -> None:
        while self._pump.owing:
            self._pump.pay_debts()


def _first(committed: Iterable[Committed]) -> list[Committed]:
    """Each message as it was committed first."""
    found: dict[tuple[str, bytes], Committed] = {}
    for one in committed:
        found.setdefault((one.station, one.payload), one)
    return list(found.values())


def rows_of(reader: Reader) -> dict[str, list[Row]]:
    """Every row, by station."""
    return {station: list(reader.rows(station, since=0, until=FOR_EVER)) for station in reader.stations()}


def facts_of(row: Row) -> tuple[object, ...]:
    """A row without what says only how it came: the raw message it was cut from first."""
    return tuple(row._replace(message_id=0))


def episodes_of(reader: Reader) -> list[tuple[Any, ...]]:
    """Every alert about rain that stands or stood and was not taken back, without what depends on when we knew."""
    alerts = [one for one in reader.alerts.all(ended=True) if one.state != "withdrawn" and one.rule not in FINDINGS]
    return sorted(
        (one.rule, one.scope, one.level, one.peak, one.state.value, one.rained_since)
        + ((one.rained_until,) if one.state != "raised" else ())
        for one in alerts
    )
