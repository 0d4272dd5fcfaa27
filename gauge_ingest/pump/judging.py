"""Judges the newest reading of a station, inside its batch: the station's own rules, and those of its basins."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from gauge_ingest.core.alerts import Standing, advance
from gauge_ingest.core.antecedent import day_of
from gauge_ingest.core.basin_rule import BasinRule
from gauge_ingest.core.ledger import Unknowable
from gauge_ingest.core.model import DAY_MS, Episode, Station
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.core.told import Knowing, tell
from gauge_ingest.journal import Journal
from gauge_ingest.pump.around import with_around
from gauge_ingest.pump.basins import Basins
from gauge_ingest.pump.findings import Findings
from gauge_ingest.pump.guard import attempt
from gauge_ingest.pump.memory import StationMemory


class Judging:
    """Of one batch. `owed`: by scope, from when on it is to be judged as a debt."""

    def __init__(
        self,
        journal: Journal,
        findings: Findings,
        basins: Basins,
        stations: Mapping[str, Station],
        *,
        configuration: int,
        received_at: int,
    ) -> None:
        self._journal = journal
        self._findings = findings
        self._basins = basins
        self._busy_basins = basins.busy
        self._stations = stations
        self._configuration = configuration
        self._received_at = received_at
        self.owed: dict[str, int] = {}
        self.waiting: dict[str, int] = {}  # basins, and the instant that they wait to be judged at

    def owe(self, scope: str, at: int) -> None:
        """A scope is to be judged from an instant on, when there is time."""
        self.owed[scope] = min(at, self.owed.get(scope, at))

    def wanted(self, memory: StationMemory, at: int) -> bool:
        """Whether a dry reading can change anything: not while every rule rests and no threshold moves."""
        if memory.busy or at > memory.still_until:
            return True
        return bool(self._busy_basins) and not self._busy_basins.isdisjoint(memory.basins)

    def judge(self, memory: StationMemory, at: int) -> None:
        """Judge a station's newest reading; its basins wait for what others tell of the same instant."""
        if at > memory.still_until:
            memory.still_until = (day_of(at) + 1) * DAY_MS
        ledger = memory.ledger
        for place, (rule, standing) in enumerate(memory.standings):
            if standing.idle and not rule.near(ledger, at):
                continue
            self._attempt(memory.station.id, rule, at, partial(self._station, memory, place, rule, standing, at))
        for basin in memory.basins:
            self._recalled(basin)
            self.waiting[basin] = at

    def settle(self, at: int | None = None) -> None:
        """Judge the basins that wait, but for those that wait at `at`, of which more is about to be told.

        Of an instant that is told in part an alert would end, only to begin again with the next reading.
        """
        for basin, instant in list(self.waiting.items()):
            if instant == at:
                continue
            del self.waiting[basin]
            for one in self._recalled(basin):
                self._attempt(basin, one.rule, instant, partial(self._basin, basin, one, instant))
            self._basins.note(basin)

    def _recalled(self, basin: str) -> Sequence[BasinRule]:
        """The rules of a basin that could be recalled; of the others it is told that they are broken."""
        rules = self._basins.of(basin)
        for rule_id, fault in self._basins.faults:
            self._findings.broken(rule_id, fault, at=self._received_at)
        self._basins.faults.clear()
        return rules

    def _attempt(self, scope: str, rule: Thresholds, at: int, work: "partial[None]") -> None:
        fault = attempt(work)
        if fault is not None:  # the rain is stored all the same, and the judgement is owed
            self.owe(scope, at)
            self._findings.broken(rule.rule.id, fault, at=self._received_at)

    def _station(self, memory: StationMemory, place: int, rule: Thresholds, standing: Standing, at: int) -> None:
        judgement = rule.judge(memory.ledger, at, level=standing.level, why_not=not standing.idle)
        if not judgement.reached and standing.idle:
            return
        moved, ended = advance(standing, judgement, at, rule)
        memory.stand(place, moved)
        if ended is not None or moved.changes != standing.changes:
            self._tell(rule, memory.station.id, [*filter(None, [ended, moved.episode])], at)

    def _basin(self, basin: str, one: BasinRule, at: int) -> None:
        try:
            episodes = one.judge(at)
        except Unknowable:
            one.lose()
            self.owe(basin, at)
            return
        if episodes is not None:
            self._tell(one.rule, basin, episodes, at)

    def _tell(self, rule: Thresholds, scope: str, episodes: Sequence[Episode], at: int) -> None:
        since = min([at, *(episode.since for episode in episodes)])
        alerts = self._journal.reader.alerts.overlapping(rule.rule.id, scope, since=since, until=1 << 62)
        with self._journal.savepoint():
            told, events = tell(
                rule.rule,
                scope,
                episodes,
                alerts,
                knowing=Knowing(known_at=self._received_at, now=self._received_at),
                ids=count(self._journal.next_alert_id()),
            )
            beside = with_around(events, self._stations, self._journal.reader)
            self._journal.save_alerts(told, beside, self._configuration)
