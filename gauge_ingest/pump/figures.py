"""Battery, clock, door and doubtful data of stations, looked at a few stations at a tick."""

from collections.abc import Mapping

from gauge_ingest.core.findings import Finding
from gauge_ingest.core.health import health_of
from gauge_ingest.core.model import DAY_MS, MINUTE_MS, Alert, Station
from gauge_ingest.core.watch import Watching, WatchSettings
from gauge_ingest.core.watchdogs import Judged, figures, opened_at
from gauge_ingest.journal import Journal

# A station costs 2.5 ms with a day of reports every five minutes: so many at a tick leave the rain its time.
STATIONS_MAX = 8
ROUND_MS = 5 * MINUTE_MS  # no station is looked at more often
FIGURES = {Finding.BATTERY_LOW, Finding.CLOCK_OFF, Finding.DOOR_OPEN, Finding.DATA_SUSPECT}


class Figures:
    """Goes round all stations, slice by slice."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._stations: Mapping[str, Station] = {}
        self._left: list[str] = []
        self._round_at: int | None = None

    def configure(self, stations: Mapping[str, Station]) -> None:
        """Begin a new round of these stations."""
        self._stations, self._left, self._round_at = stations, [], None

    def look(self, settings: WatchSettings, standing: Mapping[tuple[str, str], Alert], *, now: int) -> list[Judged]:
        """What the figures of the next few stations say."""
        tables = settings.battery, settings.clock, settings.door, settings.suspect
        if all(table.watch is Watching.OFF for table in tables):
            return []
        if not self._left:
            if self._round_at is not None and abs(now - self._round_at) < ROUND_MS:
                return []
            self._left, self._round_at = list(self._stations)[::-1], now
        judged: list[Judged] = []
        for _ in range(min(STATIONS_MAX, len(self._left))):
            station = self._stations[self._left.pop()]
            levels: dict[str, str] = {
                finding: standing[finding, station.id].level for finding in FIGURES if (finding, station.id) in standing
            }
            judged += self._station(station, settings, levels, now=now)
        return judged

    def _station(
        self, station: Station, settings: WatchSettings, levels: Mapping[str, str], *, now: int
    ) -> list[Judged]:
        rows = list(self._journal.reader.rows(station.id, since=now - DAY_MS, until=now))
        if not rows:
            return []
        health = health_of(rows, station, since=now - DAY_MS, now=now)
        return figures(health, settings, opened=opened_at(rows), standing=levels)
