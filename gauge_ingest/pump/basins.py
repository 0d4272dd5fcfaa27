"""Where the rules of basins stand, and how they are judged as stations report one after another.

Stations that report at one instant arrive one after another, and the first of them makes the basin judged at that
instant already. So each judgement is remembered with where the rule stood before it: what comes for an instant that
was judged takes the later judgements back and makes them anew. What goes further back than memory does is owed.
"""

from collections import deque
from collections.abc import Callable, Sequence

from gauge_ingest.core.alerts import IDLE, Standing, advance
from gauge_ingest.core.basin import BasinRecord
from gauge_ingest.core.ledger import Unknowable
from gauge_ingest.core.model import HOUR_MS, UNBOUNDED, Episode, Station
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.journal import Reader
from gauge_ingest.pump.memory import StationMemory, standing_at
from gauge_ingest.pump.rulebook import Rulebook, Scope

# Judgements that can be taken back: of ten stations those of half an hour and more.
REMEMBERED = 64
REMEMBERED_MS = 2 * HOUR_MS


class BasinRule:
    """A rule at a basin. Dropped with the memory of any of the basin's stations."""

    def __init__(
        self, scope: Scope, rule: Thresholds, members: Sequence[StationMemory], *, standing: Standing, known_from: int
    ) -> None:
        """`standing`: where the rule stands at `known_from`, the newest report of its stations in the journal."""
        assert scope.basin is not None
        ledgers = {memory.station.id: memory.ledger for memory in members}
        stations = {station.id: station for station in scope.stations}
        self.rule = rule
        self.standing = standing
        self._record = BasinRecord(scope.basin, rule.rule, stations, ledgers)
        self._members = members
        self._before: deque[tuple[int, Standing]] = deque()
        self._known_from = known_from  # what comes for this instant or before it cannot be judged from memory

    def judge(self, at: int) -> list[Episode] | None:
        """Judge an instant, and anew those after it that were judged already; every episode that this changed.

        None: nothing changed. Raises Unknowable when it goes back further than memory does.
        """
        if self.standing.idle and not self._before and not self.rule.near(self._record, at):
            return None
        was, ended = self.standing, list[Episode]()
        instants = (at, *self._later(at))
        standing = self._rewind(at)
        for instant in instants:
            before = standing
            standing = self._advance(standing, instant, ended)
            if not (before.idle and standing.idle):
                self._remember(instant, before)
        self.standing = standing
        if not ended and standing.changes == was.changes:
            return None
        return [*ended, *filter(None, [standing.episode])]

    def lose(self) -> None:
        """What is remembered does not reach: until the journal is asked, nothing is judged from memory."""
        self._known_from = UNBOUNDED

    def _remember(self, at: int, before: Standing) -> None:
        self._before.append((at, before))
        if len(self._before) > REMEMBERED or at - self._before[0][0] > REMEMBERED_MS:
            self._known_from = self._before.popleft()[0]

    def _later(self, at: int) -> list[int]:
        """Instants after `at` at which stations of the basin have reported."""
        instants: set[int] = set()
        for memory in self._members:
            newest_at, before_at = memory.ledger.newest_at, memory.ledger.before_newest_at
            if newest_at is not None and newest_at > at:
                instants.add(newest_at)
                if before_at is not None and before_at > at:
                    raise Unknowable  # there may be more of them
        return sorted(instants)

    def _rewind(self, at: int) -> Standing:
        """Forget the judgements from an instant on: where the rule stood before the first of them."""
        if at <= self._known_from:
            raise Unknowable
        standing = self.standing
        while self._before and self._before[-1][0] >= at:
            standing = self._before.pop()[1]
        return standing

    def _advance(self, standing: Standing, at: int, ended: list[Episode]) -> Standing:
        if standing.idle and not self.rule.near(self._record, at):
            return standing
        judgement = self.rule.judge(self._record, at, level=standing.level, why_not=not standing.idle)
        if not judgement.reached and standing.idle:
            return standing
        moved, episode = advance(standing, judgement, at, self.rule)
        if episode is not None:
            ended.append(episode)
        return moved


class Basins:
    """The basins that are remembered, loaded at first touch."""

    def __init__(self, rulebook: Rulebook, reader: Reader, memory: Callable[[Station], StationMemory]) -> None:
        """`memory`: of a station, loaded."""
        self._rulebook = rulebook
        self._reader = reader
        self._memory = memory
        self._known: dict[str, list[BasinRule]] = {}
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
        if any(not one.standing.idle for one in self._known[basin]):
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
        members = [self._memory(station) for station in scope.stations]
        # As the journal has it: the reading that wakes the basin is not in there yet.
        newest_at = scope.newest_at(self._reader)
        wet_until = max((memory.ledger.wet_until for memory in members), default=0)
        return [
            BasinRule(
                scope,
                rule,
                members,
                standing=IDLE if newest_at is None else self._standing(scope, rule, newest_at, wet_until),
                known_from=newest_at or 0,
            )
            for rule in self._rulebook.of(basin)
        ]

    def _standing(self, scope: Scope, rule: Thresholds, newest_at: int, wet_until: int) -> Standing:
        alerts = self._reader.alerts.overlapping(rule.rule.id, scope.id, since=newest_at, until=newest_at)
        dry = wet_until <= newest_at - rule.reach_ms - rule.rule.minimum_s * 1000
        return standing_at(scope, rule, alerts, self._reader, newest_at, dry=dry)
