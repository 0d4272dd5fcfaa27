"""A rule of a basin, judged as its stations report one after another.

Stations that report at one instant arrive one after another, and the first of them makes the basin judged at that
instant already. So each judgement is remembered with where the rule stood before it: what comes for an instant that
was judged takes the later judgements back and makes them anew. What goes further back than memory does is `Unknowable`.
"""

from collections import deque
from collections.abc import Mapping

from gauge_ingest.core.alerts import Standing, advance
from gauge_ingest.core.basin import BasinRecord
from gauge_ingest.core.ledger import Ledger, Unknowable
from gauge_ingest.core.model import DAY_MS, HOUR_MS, UNBOUNDED, Basin, Episode, Station
from gauge_ingest.core.rules import Thresholds

# Judgements that can be taken back: of ten stations those of half an hour and more.
REMEMBERED = 64
REMEMBERED_MS = 2 * HOUR_MS


class BasinRule:
    """A rule at a basin, over ledgers that somebody else fills."""

    def __init__(
        self,
        basin: Basin,
        rule: Thresholds,
        stations: Mapping[str, Station],
        ledgers: Mapping[str, Ledger],
        *,
        standing: Standing,
        known_from: int,
    ) -> None:
        """`standing`: where the rule stands at `known_from`, the newest report of its stations that was judged."""
        self.rule = rule
        self.standing = standing
        self.judged: list[tuple[int, Standing]] = []  # by the last judgement: instants, and where the rule then stood
        self._record = BasinRecord(basin, rule.rule, stations, ledgers)
        self._ledgers = list(ledgers.values())
        self._before: deque[tuple[int, Standing]] = deque()
        self._known_from = known_from  # what comes for this instant or before it cannot be judged from memory
        self._near = True

    @property
    def rests(self) -> bool:
        """Whether rain alone can change anything.

        While any station has had enough for a level a dry reading can: a rise grows as the rain before it falls out of
        its window, and a mean does when those that had none fall silent.
        """
        return self.standing.idle and not self._near

    def judge(self, at: int) -> list[Episode] | None:
        """Judge an instant, and anew those after it that were judged already; every episode that this changed.

        None: nothing changed. Raises Unknowable when it goes back further than memory does.
        """
        self._near, self.judged = self._is_near(at), []
        if self.standing.idle and not self._before and not self._near:
            return None
        was, ended = self.standing, list[Episode]()
        instants = (at, *self._later(at))
        standing = self._rewind(at)
        for instant in instants:
            before = standing
            standing = self._advance(standing, instant, ended)
            if not (before.idle and standing.idle):
                self._remember(instant, before)
                self.judged.append((instant, standing))
        self.standing = standing
        if not ended and standing.changes == was.changes:
            return None
        return [*ended, *filter(None, [standing.episode])]

    def lose(self) -> None:
        """What is remembered does not reach: until it is known anew, nothing is judged from memory."""
        self._known_from = UNBOUNDED

    def _is_near(self, at: int) -> bool:
        """Whether a level may be reached at an instant, or after it by thresholds that have fallen since."""
        if self.rule.near(self._record, at):
            return True
        if not self.rule.moves:
            return False
        newest_at = max((ledger.newest_at or at for ledger in self._ledgers), default=at)
        moved = range(self.rule.moves_after(at) + 1, newest_at + 1, DAY_MS)
        return any(self.rule.near(self._record, begin) for begin in moved)

    def _remember(self, at: int, before: Standing) -> None:
        self._before.append((at, before))
        if len(self._before) > REMEMBERED or at - self._before[0][0] > REMEMBERED_MS:
            self._known_from = self._before.popleft()[0]

    def _later(self, at: int) -> list[int]:
        """Instants after `at` at which stations of the basin have reported."""
        instants: set[int] = set()
        for ledger in self._ledgers:
            if ledger.newest_at is not None and ledger.newest_at > at:
                instants.add(ledger.newest_at)
                if ledger.before_newest_at is not None and ledger.before_newest_at > at:
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
