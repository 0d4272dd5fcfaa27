"""The seam to the rule engine: one station's rain through ledger, thresholds, episodes and tellings, without a journal.

What the pump does with a journal is done here in memory, step for step: a reading that is the newest of its station is
judged at once (pump/batch.py), one that came late judges its stretch again (pump/debts.py, pump/walk.py). Of the rule
engine only this is called: `Ledger`, `Thresholds` (`judge`, `reach_ms`, `rule`), `advance`, `lapse`, `walk`, `tell`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Protocol

from gauge_ingest.core.alerts import IDLE, Standing, advance, lapse, walk
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import UNBOUNDED, Alert, AlertEvent, Episode, Increment, Rule, State, Station
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.core.told import Knowing, tell

# Wet increments a ledger may hold before the ones no window reaches any more are forgotten.
LEDGER_MAX = 2_000
NEVER = -UNBOUNDED


class Course(Protocol):
    """The rain of a station as far as it is known: what a scope needs of it."""

    @property
    def station(self) -> Station:
        """Whose rain it is."""

    def increments(self, since: int, until: int) -> Iterator[tuple[Increment, bool]]:
        """Increments that stand and end in (since, until], in order, and whether a check doubts their rain."""

    def newest(self, before: int) -> int | None:
        """The newest instant before another at which an increment ends."""

    def wet_in(self, since: int, until: int) -> bool:
        """Whether an increment that may hold rain ends in (since, until]."""


class Book:
    """What people would have been told under the rules of one file."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = [Thresholds(rule) for rule in rules if rule.thresholds]
        self.alerts: dict[int, Alert] = {}
        self.events: dict[int, list[AlertEvent]] = {}
        self._of: dict[tuple[str, str], list[int]] = {}
        self._event_ids = count(1)

    def overlapping(self, rule: str, scope: str, *, since: int, until: int) -> list[Alert]:
        """Alerts of a rule at a scope that are not withdrawn and stand somewhere in [since, until], oldest first."""
        found = [self.alerts[number] for number in self._of.get((rule, scope), ())]
        standing = [
            alert
            for alert in found
            if alert.state is not State.WITHDRAWN
            and alert.rained_since <= until
            and (alert.state is State.RAISED or alert.rained_until >= since)
        ]
        return sorted(standing, key=lambda alert: (alert.rained_since, alert.id))

    def tell(
        self, rule: Rule, scope: str, episodes: Sequence[Episode], alerts: Sequence[Alert], *, knowing: Knowing
    ) -> None:
        """Enter what changes so that the alerts agree with the episodes."""
        told, events = tell(rule, scope, episodes, alerts, knowing=knowing, ids=count(len(self.alerts) + 1))
        for alert in told:
            if alert.id not in self.alerts:
                self._of.setdefault((rule.id, scope), []).append(alert.id)
            self.alerts[alert.id] = alert
        for event in events:
            self.events.setdefault(event.alert_id, []).append(replace(event, id=next(self._event_ids)))


class Scope:
    """One station under all rules of all books. While it is `asleep` a dry reading that is the newest changes nothing.

    What does not rain cannot raise a level: readings it has slept through are caught up with when the next rain falls.
    """

    def __init__(self, course: Course, books: Sequence[Book]) -> None:
        self.course = course
        self.name = course.station.id
        self.rules = [(book, rule) for book in books for rule in book.rules if self.name in rule.rule.stations]
        self.asleep = True
        self._loaded = False
        self._at = NEVER  # up to where the ledger is filled
        self._ledger = Ledger(course.station)
        self._standings: list[Standing] = [IDLE] * len(self.rules)
        self._unsettled = False
        # What fell before so long a time neither reaches a level nor stands in a minimum duration.
        self._waits = any(rule.rule.minimum_s for _, rule in self.rules)
        self._lapse_ms = min((rule.rule.lapse_s * 1000 for _, rule in self.rules), default=0)
        self._reach_ms = max((rule.reach_ms + rule.rule.minimum_s * 1000 for _, rule in self.rules), default=0)

    def forward(self, newest_at: int, until: int, *, knowing: Knowing | None) -> None:
        """Judge what follows at once on the newest reading so far. Without `knowing` it was known as it rained."""
        if not self._loaded or newest_at - self._at > self._reach_ms:
            self._load(newest_at)
        for increment, doubted in self.course.increments(self._at, until):
            self._ledger.append(increment, doubted=doubted)
            at = increment.until
            if len(self._ledger) > LEDGER_MAX:
                self._ledger.forget_before(at - self._reach_ms)
            known = knowing or Knowing(known_at=at, now=at)
            for place, standing in enumerate(self._standings):
                if increment.tips_max or not standing.idle:
                    self._judge(place, at, known)
            if self._unsettled:
                self.again(at - 1, at, knowing=known)
                self._load(at)
        self._at = until
        self._rest()

    def again(self, since: int, until: int, *, knowing: Knowing, dry: bool = False) -> None:
        """Judge a stretch again that has changed, from before every alert that touches it.

        Where all that came is `dry` it raises nothing, it can but show that an alert ended, or did not last.
        """
        self._loaded = False
        for book, rule in self.rules:
            self._judge_again(book, rule, since, until, knowing, dry=dry)
        newest_at = self.course.newest(UNBOUNDED)
        if newest_at is None:
            return
        stands = any(self._overlapping(book, rule, newest_at) for book, rule in self.rules)
        # What is reached and does not last yet stands nowhere but in the walk itself.
        waits = self._waits and self.course.wet_in(newest_at - self._reach_ms, newest_at)
        self.asleep = not stands and not waits

    def silent(self, now: int, *, known_at: int) -> None:
        """What time alone brings about: an alert whose station has fallen silent lapses."""
        newest_at = self.course.newest(UNBOUNDED)
        if newest_at is None or now - newest_at <= self._lapse_ms:
            return
        lapses = {
            newest_at + rule.rule.lapse_s * 1000 + 1
            for book, rule in self.rules
            if any(alert.state is State.RAISED for alert in self._overlapping(book, rule, newest_at))
        }
        for at in sorted(at for at in lapses if at <= now):
            self.again(newest_at - 1, newest_at, knowing=Knowing(known_at=known_at, now=at))

    def run_dry(self, increments: Iterator[Increment]) -> None:
        """Judge dry readings behind the newest one until nothing lasts any more."""
        newest_at = self.course.newest(UNBOUNDED)
        if newest_at is None or self.asleep:
            return
        if not self._loaded:
            self._load(newest_at)
            self._rest()
        for increment in increments:
            if self.asleep:
                return
            self._ledger.append(increment)
            knowing = Knowing(known_at=increment.until, now=increment.until)
            for place, standing in enumerate(self._standings):
                if not standing.idle:
                    self._judge(place, increment.until, knowing)
            self._rest()

    # --- at once -----------------------------------------------------------------------------------------------

    def _judge(self, place: int, at: int, knowing: Knowing) -> None:
        book, rule = self.rules[place]
        standing = self._standings[place]
        judgement = rule.judge(self._ledger, at, level=standing.level, why_not=not standing.idle)
        if not judgement.reached and standing.idle:
            return
        moved, ended = advance(standing, judgement, at, rule)
        self._standings[place] = moved
        if ended is None and moved.changes == standing.changes:
            return
        episodes = [episode for episode in (ended, moved.episode) if episode is not None]
        alerts = book.overlapping(rule.rule.id, self.name, since=episodes[0].since, until=at)
        book.tell(rule.rule, self.name, episodes, alerts, knowing=knowing)

    def _load(self, newest_at: int) -> None:
        """Ledger and standings as of the newest reading."""
        self._loaded, self._at, self._ledger = True, newest_at, Ledger(self.course.station)
        alerts = [self._overlapping(book, rule, newest_at) for book, rule in self.rules]
        begins = [
            self._look_back(rule, min([newest_at, *(alert.rained_since for alert in found)]))
            for (_, rule), found in zip(self.rules, alerts, strict=True)
        ]
        self._unsettled = any(alert.state is State.LAPSED for found in alerts for alert in found)
        since = min((begin - rule.reach_ms for begin, (_, rule) in zip(begins, self.rules, strict=True)), default=0)
        instants: list[int] = []
        for increment, doubted in self.course.increments(since, newest_at):
            self._ledger.append(increment, doubted=doubted)
            if instants or increment.tips_max:  # before any rain nothing stands
                instants.append(increment.until)
        self._standings = [
            walk(self._ledger, [at for at in instants if at >= begin], rule)[0]
            for begin, (_, rule) in zip(begins, self.rules, strict=True)
        ]

    def _rest(self) -> None:
        self.asleep = not self._unsettled and all(standing.idle for standing in self._standings)

    # --- again -------------------------------------------------------------------------------------------------

    def _judge_again(
        self, book: Book, rule: Thresholds, since: int, until: int, knowing: Knowing, *, dry: bool
    ) -> None:
        begin, end, alerts = self._stretch(book, rule, since, until)
        if not alerts and (dry or not self.course.wet_in(begin - rule.reach_ms, end)):
            return
        while True:
            episodes, at = self._walked(rule, alerts, begin=begin, end=end, now=knowing.now)
            touched = book.overlapping(rule.rule.id, self.name, since=begin, until=at)
            if len(touched) <= len(alerts):
                break
            alerts, end = touched, max(end, max(alert.rained_until for alert in touched))
        there = [alert for alert in alerts if alert.rained_since <= at]
        book.tell(rule.rule, self.name, episodes, there, knowing=knowing)

    def _stretch(self, book: Book, rule: Thresholds, since: int, until: int) -> tuple[int, int, list[Alert]]:
        """The stretch to walk: what changed, its after-effects, and every alert that touches them."""
        begin, end = self._look_back(rule, since), until + rule.reach_ms
        while True:
            alerts = book.overlapping(rule.rule.id, self.name, since=begin, until=end)
            first = min((self._look_back(rule, alert.rained_since) for alert in alerts), default=begin)
            last = max((alert.rained_until for alert in alerts), default=end)
            if first >= begin and last <= end:
                return begin, end, alerts
            begin, end = min(begin, first), max(end, last)

    def _walked(
        self, rule: Thresholds, alerts: Sequence[Alert], *, begin: int, end: int, now: int
    ) -> tuple[list[Episode], int]:
        """All episodes that touch a stretch, and up to where they are known: a quiet instant behind it."""
        ledger, standing = Ledger(self.course.station), IDLE
        episodes: list[Episode] = []
        for increment, doubted in self.course.increments(begin - rule.reach_ms, UNBOUNDED):
            ledger.append(increment, doubted=doubted)
            at = increment.until
            if at < begin:
                continue
            if not increment.tips_max and standing.idle:
                if at > end and not _lasts(alerts, at):
                    return episodes, at
                continue
            judgement = rule.judge(ledger, at, level=standing.level, why_not=not standing.idle)
            standing, episode = advance(standing, judgement, at, rule)
            if episode is not None:
                episodes.append(episode)
            if at > end and standing.idle and not _lasts(alerts, at):
                return episodes, at
        lasting = lapse(standing, now=now, thresholds=rule) or standing.episode
        return [*episodes, lasting] if lasting is not None else episodes, UNBOUNDED

    def _look_back(self, rule: Thresholds, at: int) -> int:
        """The newest instant at least the minimum duration before another: what is judged there rests on it."""
        minimum_ms = rule.rule.minimum_s * 1000
        found = self.course.newest(at - minimum_ms + 1) if minimum_ms else None
        return at - minimum_ms if found is None else found

    def _overlapping(self, book: Book, rule: Thresholds, at: int) -> list[Alert]:
        return book.overlapping(rule.rule.id, self.name, since=at, until=at)


def _lasts(alerts: Sequence[Alert], at: int) -> bool:
    return any(
        alert.rained_since <= at and (alert.state is State.RAISED or alert.rained_until > at) for alert in alerts
    )
