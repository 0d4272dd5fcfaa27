"""Which rules watch which station and which basin, and what a rule's scope is made of."""

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from operator import attrgetter

from gauge_ingest.core.antecedent import Days
from gauge_ingest.core.basin import BasinRecord
from gauge_ingest.core.ledger import COVERING, Ledger
from gauge_ingest.core.model import DAY_MS, Basin, Kind, Row, Station, Step
from gauge_ingest.core.quality.verdicts import doubted
from gauge_ingest.core.rules import Record, Thresholds
from gauge_ingest.journal import Reader
from gauge_ingest.pump.rows import increment_of

_OBSERVED_AT = attrgetter("observed_at")


class Scope:
    """A station, or a basin of several: what a rule is judged at."""

    def __init__(self, scope_id: str, stations: Sequence[Station], basin: Basin | None = None) -> None:
        self.id = scope_id
        self.stations = stations
        self.basin = basin

    def newest_at(self, reader: Reader, *, before: int | None = None) -> int | None:
        """The newest report that counts at any of its stations, before an instant if one is given."""
        found = [reader.newest(station.id, before=before) for station in self.stations]
        return max((row.observed_at for row in found if row is not None), default=None)

    def instants(self, reader: Reader, *, since: int, until: int) -> Iterator[list[Row]]:
        """The rows of all its stations with since < observed_at <= until, together by instant, in order of time."""
        rows = merge(
            *(reader.rows(station.id, since=since, until=until) for station in self.stations), key=_OBSERVED_AT
        )
        for _, together in groupby(rows, key=_OBSERVED_AT):
            yield list(together)

    def filling(self, thresholds: Thresholds, reader: Reader, *, since: int) -> "Filling":
        """An empty record, to be filled with rows after `since`; of the days before it knows what a rule asks."""
        ledgers = {station.id: ledger_of(station, thresholds, reader, since=since) for station in self.stations}
        if self.basin is None:
            return Filling(ledgers, ledgers[self.id])
        configured = {station.id: station for station in self.stations}
        return Filling(ledgers, BasinRecord(self.basin, thresholds.rule, configured, ledgers))


class Filling:
    """A record that is being filled."""

    def __init__(self, ledgers: Mapping[str, Ledger], record: Record) -> None:
        self._ledgers = ledgers
        self.record = record

    def take(self, rows: Sequence[Row]) -> bool:
        """Take the rows of one instant; whether any of them stands, so that rules are to be judged at it."""
        stands = False
        for row in rows:
            if row.kind != Kind.TEST and row.step not in (Step.VOID, Step.OWED):
                self._ledgers[row.station].append(increment_of(row), doubted=doubted(row.checks))
                stands = True
        return stands


class Rulebook:
    """Made of an accepted configuration; asked for every station that is loaded and every debt that is paid."""

    def __init__(self, stations: Mapping[str, Station], basins: Mapping[str, Basin], rules: Sequence[Thresholds]):
        self._of: dict[str, list[Thresholds]] = {}
        for rule in rules:
            for scope in (*rule.rule.stations, *rule.rule.basins):
                self._of.setdefault(scope, []).append(rule)
        self._scopes = {station.id: Scope(station.id, [station]) for station in stations.values()}
        self._basins_with: dict[str, list[str]] = {}
        for basin in basins.values():
            members = [stations[name] for name in basin.stations if name in stations]
            self._scopes[basin.id] = Scope(basin.id, members, basin)
            for station in members if self._of.get(basin.id) else ():
                self._basins_with.setdefault(station.id, []).append(basin.id)
        self.reach_ms = max((rule.reach_ms for rule in rules), default=0)

    def of(self, scope: str) -> Sequence[Thresholds]:
        """The rules that watch a station or a basin."""
        return self._of.get(scope, ())

    def scope(self, scope: str) -> Scope | None:
        """A station or a basin by its id."""
        return self._scopes.get(scope)

    @property
    def basins(self) -> list[Scope]:
        """Every basin that a rule watches."""
        return [scope for scope in self._scopes.values() if scope.basin is not None and scope.id in self._of]

    def basins_with(self, station: str) -> Sequence[str]:
        """The basins that a rule watches and that a station belongs to."""
        return self._basins_with.get(station, ())

    def asking(self, station: str) -> list[Thresholds]:
        """Every rule that looks at a station's rain: its own, and those of its basins."""
        return [*self.of(station), *(rule for basin in self.basins_with(station) for rule in self.of(basin))]


def wet_days(rules: Sequence[Thresholds]) -> int:
    """How many days back any of the rules asks how wet the ground was; 0 when none does."""
    return max((rule.rule.wetness.days for rule in rules if rule.rule.wetness is not None), default=0)


def ledger_of(station: Station, thresholds: Thresholds, reader: Reader, *, since: int) -> Ledger:
    """An empty ledger of a station that is filled from `since` on."""
    return Ledger(station, days=days_before(station, wet_days([thresholds]), reader, until=since))


def days_before(station: Station, days: int, reader: Reader, *, until: int) -> Days | None:
    """Rain and coverage of the days before an instant, its own as far as it has gone; None when nobody asks."""
    if not days:
        return None
    known, number = Days(), reader.number(station.id)
    begin = ((until - 1) // DAY_MS - days) * DAY_MS
    if number is None:
        return known
    for at, tips_max in reader.quality.perhaps_wet(number, since=begin, until=until):
        bucket_um = round(station.deployment_at(at).bucket_depth_mm * 1000)
        known.add(at, tips_max * bucket_um, 0)
    for day, covered_ms in reader.quality.covered(number, since=begin, until=until, steps=sorted(COVERING)):
        known.add((day + 1) * DAY_MS, 0, covered_ms)
    return known
