"""Readings judged as they come, when they are the newest of their station: its own rules, and those of its basins.

What the pump does from memory (pump/judging.py, pump/basins.py) is done here, step for step.
"""

from collections.abc import Sequence

from gauge_ingest.core.alerts import IDLE, Standing
from gauge_ingest.core.basin_rule import BasinRule
from gauge_ingest.core.ledger import Ledger, Unknowable
from gauge_ingest.core.model import UNBOUNDED, Basin, Episode, State, Step
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.core.told import Knowing
from gauge_ingest.rehearsal.book import Book
from gauge_ingest.rehearsal.gauge import Gauge
from gauge_ingest.rehearsal.scope import Scope, is_restless, moved_on


class BasinScope(Scope):
    """A basin, judged at each instant that its stations report, once no more of it is about to be told."""

    def __init__(self, basin: Basin, gauges: Sequence[Gauge], books: Sequence[Book], awake: set[Scope]) -> None:
        super().__init__(basin.id, gauges, books, awake, basin)
        self._moves_ms = max((rule.reach_ms for _, rule in self.rules if rule.moves), default=0)
        self._known: list[BasinRule] | None = None
        self._ledgers: list[Ledger] = []  # that the rules look at: a station that begins, or begins anew, gets another
        self.stations: list[StationScope] = []
        self.owed: tuple[int, int] | None = None  # from memory these instants could not be judged
        self.waiting: tuple[Gauge, int, Knowing] | None = None  # who has reported, and the instant to be judged

    def wait(self, gauge: Gauge, at: int, knowing: Knowing) -> None:
        """Have an instant judged at which a station has reported; its own ledger is filled by whoever calls."""
        if self.waiting is not None and self.waiting[1] != at:
            self.settle(gauge)
        self._ready(gauge, gauge, at)
        self.waiting = gauge, at, knowing
        self._sleep(asleep=False)

    def settle(self, by: Gauge | None = None) -> None:
        """Judge the instant that waits; `by`: whose ledger is filled by whoever calls."""
        if self.waiting is None:
            return
        (gauge, at, knowing), self.waiting = self.waiting, None
        known = self._ready(by, gauge, at)
        for (book, rule), trail, one in zip(self.rules, self.trails, known, strict=True):
            try:
                episodes = one.judge(at)
            except Unknowable:
                one.lose()
                since, until = self.owed or (at, at)
                self.owed = min(since, at), max(until, at)
                continue
            if one.judged:
                trail.renew(at, UNBOUNDED, one.judged)
            if episodes is not None:
                self._tell(book, rule, episodes, at, knowing)
        wet_until = max(member.ledger.wet_until for member in self.gauges)
        rests = self.owed is None and all(one.rests for one in known)
        self._sleep(asleep=rests and at - wet_until >= self._moves_ms)

    def _ready(self, by: Gauge | None, gauge: Gauge, at: int) -> list[BasinRule]:
        for member in self.gauges:
            if member is not by:
                member.fill()
        known = self._known
        if known is None or self._ledgers != [member.ledger for member in self.gauges]:
            known = self._recall(gauge, at)
        return known

    def _recall(self, gauge: Gauge, at: int) -> list[BasinRule]:
        """Where the rules stand before a reading that its station has told at an instant."""
        assert self.basin is not None
        stations = {member.course.station.id: member.course.station for member in self.gauges}
        ledgers = {member.course.station.id: member.ledger for member in self.gauges}
        self._ledgers = list(ledgers.values())
        told = [member.ledger.newest_at for member in self.gauges if member is not gauge]
        told.append(gauge.course.newest(at))
        newest_at = max((one for one in told if one is not None), default=None)
        self._known = [
            BasinRule(
                self.basin,
                rule,
                stations,
                ledgers,
                standing=IDLE if newest_at is None else trail.until(newest_at),
                known_from=newest_at or 0,
            )
            for (_, rule), trail in zip(self.rules, self.trails, strict=True)
        ]
        return self._known

    def _tell(self, book: Book, rule: Thresholds, episodes: Sequence[Episode], at: int, knowing: Knowing) -> None:
        since = min([at, *(episode.since for episode in episodes)])
        alerts = book.overlapping(rule.rule.id, self.name, since=since, until=UNBOUNDED)
        book.tell(rule.rule, self.name, episodes, alerts, knowing=knowing)

    def _forget(self) -> None:
        self._known = None

    def _sleep(self, *, asleep: bool) -> None:
        super()._sleep(asleep=asleep)
        for station in self.stations:
            station.note()


class StationScope(Scope):
    """A station, judged at its newest reading; what it reads goes on to its basins."""

    def __init__(
        self, gauge: Gauge, books: Sequence[Book], awake: set[Scope], basins: Sequence[BasinScope] = ()
    ) -> None:
        super().__init__(gauge.course.station.id, [gauge], books, awake)
        self.gauge = gauge
        self.basins = basins
        for basin in basins:
            basin.stations.append(self)
        self.idle = True  # a dry reading that is the newest changes nothing, here and at its basins
        self._restless = [is_restless(rule) for _, rule in self.rules]
        self._standings: list[Standing] | None = None
        self._unsettled = False

    def forward(self, newest_at: int, until: int, *, knowing: Knowing | None) -> None:
        """Judge what follows at once on the newest reading so far. Without `knowing` it was known as it rained."""
        gauge = self.gauge
        if not gauge.loaded:
            gauge.load(newest_at)
        standings = self._standings or self._recall(newest_at)
        ledger = gauge.ledger
        for increment, doubted in gauge.ahead(until):
            # A hole before the line that has arrived, or dry lines left out while all slept: no news of its own.
            behind = increment.until < until and not increment.tips_max
            for basin in self.basins:
                if basin.waiting is not None and basin.waiting[1] != increment.until and not behind:
                    basin.settle(gauge)
            ledger.append(increment, doubted=doubted)
            if increment.step is Step.OWED:
                continue
            gauge.at = at = increment.until
            wet = increment.tips_max
            known = knowing or Knowing(known_at=at, now=at)
            for place, standing in enumerate(standings):
                if wet or not standing.idle or self._restless[place]:
                    self._judge(standings, place, at, known)
            if self.basins:
                for basin in self.basins:
                    if wet or not (basin.asleep or behind):
                        basin.wait(gauge, at, known)
            if self._unsettled:
                self.again(at - 1, at, knowing=known)
                standings = self._recall(at)
        gauge.forget_old()
        self._rest(until)

    def _judge(self, standings: list[Standing], place: int, at: int, knowing: Knowing) -> None:
        book, rule = self.rules[place]
        standing = standings[place]
        moved, ended = moved_on(standing, rule, self.gauge.ledger, at)
        if moved is standing:
            return
        standings[place] = moved
        self.trails[place].add(at, moved)
        if ended is None and moved.changes == standing.changes:
            return
        episodes = [episode for episode in (ended, moved.episode) if episode is not None]
        alerts = book.overlapping(rule.rule.id, self.name, since=episodes[0].since, until=at)
        book.tell(rule.rule, self.name, episodes, alerts, knowing=knowing)

    def _recall(self, newest_at: int) -> list[Standing]:
        """Where the rules stand as of the newest reading."""
        alerts = [alert for book, rule in self.rules for alert in self._overlapping(book, rule, newest_at)]
        self._unsettled = any(alert.state is State.LAPSED for alert in alerts)
        self._standings = [trail.until(newest_at) for trail in self.trails]
        return self._standings

    def _rest(self, at: int) -> None:
        standings = self._standings or []
        moves = at - self.gauge.ledger.wet_until < self._restless_ms
        self._sleep(asleep=not moves and not self._unsettled and all(standing.idle for standing in standings))

    def _forget(self) -> None:
        self._standings = None

    def _sleep(self, *, asleep: bool) -> None:
        super()._sleep(asleep=asleep)
        self.note()

    def note(self) -> None:
        """The station or one of its basins has fallen asleep, or has woken."""
        self.idle = self.asleep and all(basin.asleep for basin in self.basins)
