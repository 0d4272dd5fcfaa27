"""Where the rules of basins stand: remembered from reading to reading, loaded from the journal at first touch."""

from collections.abc import Callable
from functools import partial

from gauge_ingest.core.alerts import IDLE, Standing
from gauge_ingest.core.basin_rule import BasinRule
from gauge_ingest.core.model import Station
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.journal import Reader
from gauge_ingest.pump.guard import Fault, attempt
from gauge_ingest.pump.memory import StationMemory, standing_at
from gauge_ingest.pump.rulebook import Rulebook, Scope


class Basins:
    """The basins that are remembered. One is dropped with the memory of any of its stations."""

    def __init__(self, rulebook: Rulebook, reader: Reader, memory: Callable[[Station], StationMemory]) -> None:
        """`memory`: of a station, loaded."""
        self._rulebook = rulebook
        self._reader = reader
        self._memory = memory
        self._known: dict[str, list[BasinRule]] = {}
        self.faults: list[
            tuple[str, Fault]
        ] = []  # of rules that could not be recalled, until somebody has told of them
        # The basins of which a rule does not rest, or of which nothing is known yet: whatever comes wakes them.
        self.busy = {scope.id for scope in rulebook.basins}

    def of(self, basin: str) -> list[BasinRule]:
        """The rules of a basin."""
        known = self._known.get(basin)
        if known is None:
            known = self._known[basin] = self._recall(basin)
            self.note(basin)
        return known

    def note(self, basin: str) -> None:
        """Where the rules of a basin stand has changed."""
        if any(not one.rests for one in self._known[basin]):
            self.busy.add(basin)
        else:
            self.busy.discard(basin)

    def drop(self, scope: str) -> None:
        """Forget a basin, or those that a station belongs to."""
        for basin in (scope, *self._rulebook.basins_with(scope)):
            if self._known.pop(basin, None) is not None:
                self.busy.add(basin)

    def _recall(self, basin: str) -> list[BasinRule]:
        scope = self._rulebook.scope(basin)
        assert scope is not None
        assert scope.basin is not None
        members = [self._memory(station) for station in scope.stations]
        ledgers = {memory.station.id: memory.ledger for memory in members}
        stations = {station.id: station for station in scope.stations}
        # As the journal has it: the reading that wakes the basin is not in there yet.
        newest_at = scope.newest_at(self._reader)
        wet_until = max((memory.ledger.wet_until for memory in members), default=0)
        known: list[BasinRule] = []
        for rule in self._rulebook.of(basin):
            made = partial(BasinRule, scope.basin, rule, stations, ledgers, known_from=newest_at or 0)
            fault = attempt(partial(self._add, known, scope, rule, made, newest_at, wet_until))
            if fault is not None:  # the rule is left out until it is mended; the rain and the other rules go on
                self.faults.append((rule.rule.id, fault))
        return known

    def _add(
        self,
        known: list[BasinRule],
        scope: Scope,
        rule: Thresholds,
        made: "partial[BasinRule]",
        newest_at: int | None,
        wet_until: int,
    ) -> None:
        standing = IDLE if newest_at is None else self._standing(scope, rule, newest_at, wet_until)
        known.append(made(standing=standing))

    def _standing(self, scope: Scope, rule: Thresholds, newest_at: int, wet_until: int) -> Standing:
        alerts = self._reader.alerts.overlapping(rule.rule.id, scope.id, since=newest_at, until=newest_at)
        dry = wet_until <= newest_at - rule.reach_ms - rule.rule.minimum_s * 1000
        return standing_at(scope, rule, alerts, self._reader, newest_at, dry=dry)
