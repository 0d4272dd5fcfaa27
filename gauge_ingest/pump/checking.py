"""The quality checks of the stations that report live, ready in memory and linked with their neighbours."""

from collections.abc import Mapping
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS, SECOND_MS, UNBOUNDED, Increment, Report, Station
from gauge_ingest.core.quality.amount import DAILY_TIMES
from gauge_ingest.core.quality.checks import StationChecks, verdict
from gauge_ingest.core.quality.record import KEPT_MS
from gauge_ingest.core.quality.verdicts import Verdict
from gauge_ingest.journal import Reader
from gauge_ingest.pump.seen import AROUND_MS, gauge_of, hear, neighbours_of, of_report, warm, warm_ms


class Owed(NamedTuple):
    """Readings of a station in (since, until] whose verdicts are to be looked at again."""

    station: str
    since: int
    until: int


class Checking:
    """Holds nothing that the journal does not: what is dropped is read again, and no verdict depends on it."""

    def __init__(self, reader: Reader, stations: Mapping[str, Station]) -> None:
        self._reader = reader
        self._stations = stations
        self._checks: dict[str, StationChecks] = {}
        self._ready: set[str] = set()
        self._heard_since: dict[str, int] = {}
        self._listeners: dict[str, list[str]] | None = None
        self.latest_at = reader.quality.latest_observed_at()
        self.lag_ms = min((one.quality.neighbours_lag_s for one in stations.values()), default=0) * 1000

    def of(self, station: Station) -> StationChecks:
        """The checks of a station, ready or not."""
        known = self._checks.get(station.id)
        if known is None:
            known = self._checks[station.id] = StationChecks(gauge_of(station, at=UNBOUNDED), station.quality)
        return known

    def ready(self, station: Station, at: int) -> bool:
        """Whether the next report of a station can be taken without asking the journal."""
        return station.id in self._ready and at - self._checks[station.id].calm.last_until <= DAY_MS

    def prepare(self, station: Station, before: Report | None) -> None:
        """Read what a station's checks must remember up to its newest report, and link it with its neighbours."""
        checks = self.of(station)
        at = self.latest_at if before is None else before.observed_at
        since = at - warm_ms(station) - AROUND_MS
        around = neighbours_of(station, self._stations)
        for other in around:
            neighbour = self.of(other)
            if neighbour not in checks.neighbours:
                checks.neighbours.append(neighbour)
                neighbour.listeners.append(checks)
            self._hear(other, since=since)
        self._hear(station, since=since)
        checks.reset()
        if before is not None:
            warm(checks, self._reader, station, around, at=at)
        self._ready.add(station.id)

    def take(self, station: Station, report: Report, increment: Increment) -> tuple[Verdict, list[Owed]]:
        """The verdict of the newest report of a station that is ready, and what it makes doubtful elsewhere."""
        checks, at = self._checks[station.id], increment.until
        seen = of_report(report, increment, station)
        checks.hear(seen)
        said = checks.take(seen)
        owed = [Owed(station.id, mark.since, mark.until) for mark in checks.marks]
        checks.marks.clear()
        if increment.tips and checks.rain.prune(at - KEPT_MS):
            self._heard_since[station.id] = at - KEPT_MS
        if at + self.lag_ms <= self.latest_at:
            owed += self._overtaken(station, at, wet=increment.tips > 0)
        self.latest_at = max(self.latest_at, at)
        return verdict(said, increment.step), owed

    def drop(self, station_id: str) -> None:
        """What the journal holds of a station has changed: it is read again, and what was made of it elsewhere too."""
        self._heard_since.pop(station_id, None)
        for name in (station_id, *self.listeners(station_id)):
            self._unready(name)

    def listeners(self, station_id: str) -> list[str]:
        """The stations that a station is a neighbour of."""
        if self._listeners is None:
            self._listeners = {name: [] for name in self._stations}
            for one in self._stations.values():
                for other in neighbours_of(one, self._stations):
                    self._listeners[other.id].append(one.id)
        return self._listeners.get(station_id, [])

    def _unready(self, station_id: str) -> None:
        self._ready.discard(station_id)
        if station_id in self._checks:
            self._checks[station_id].calm.disturb()

    def _hear(self, station: Station, *, since: int) -> None:
        """See to it that a station's rain and presence are known from an instant on."""
        known = self._heard_since.get(station.id)
        if known is not None and known <= since:
            return
        checks = self.of(station)
        checks.rain.clear()
        checks.presence.clear()
        hear(checks, self._reader, station, since=since, until=UNBOUNDED)
        self._heard_since[station.id] = since

    def _overtaken(self, station: Station, at: int, *, wet: bool) -> list[Owed]:
        """Readings of the stations around that were judged without this one, which came late."""
        owed = []
        for name in self.listeners(station.id):
            listener = self.of(self._stations[name])
            lag_ms = listener.settings.neighbours_lag_s * SECOND_MS
            if listener.presence.heard_until >= at + lag_ms or name not in self._ready:
                owed.append(overtaken(self._reader, self._stations[name], since=at - 1, until=at, wet=wet))
                self._unready(name)
        return owed


def looked_back_from(reader: Reader, number: int, *, until: int) -> int:
    """Up to where readings of a station look back to its own rain up to `until`.

    Sums hold it for a day, a dry spell until it rains again, sums of days for some more readings with rain.
    """
    last = until
    for _ in range(DAILY_TIMES):
        next_at = reader.quality.next_wet_at(number, after=last)
        if next_at is None:
            return UNBOUNDED
        last = next_at
    return max(until + DAY_MS, last)


def overtaken(reader: Reader, station: Station, *, since: int, until: int, wet: bool) -> Owed:
    """The readings of a station that new facts of a neighbour in (since, until] may put into another light.

    Rain counts until the station itself has had some; that a neighbour was heard counts while it is online.
    """
    lag_ms = station.quality.neighbours_lag_s * 1000
    last = until + lag_ms + AROUND_MS
    number = reader.number(station.id)
    if wet and number is not None:
        next_at = reader.quality.next_wet_at(number, after=until + lag_ms)
        last = UNBOUNDED if next_at is None else max(last, next_at)
    return Owed(station.id, since, last)
