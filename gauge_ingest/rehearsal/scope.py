"""A station or a basin under all rules of all books: a stretch of it judged again, as the service pays its debts.

The service does this with its journal (pump/debts.py, pump/walk.py), here it is done in memory, step for step. Of the
rule engine only this is called: `Ledger`, `BasinRecord`, `BasinRule`, `Thresholds`, `advance`, `lapse`, `tell`.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from gauge_ingest.core.alerts import Standing, advance, lapse
from gauge_ingest.core.basin import BasinRecord
from gauge_ingest.core.basin_rule import REMEMBERED_MS
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import DAY_MS, UNBOUNDED, Alert, Basin, Episode, Increment, State, Step
from gauge_ingest.core.rules import Record, Thresholds
from gauge_ingest.core.told import Knowing
from gauge_ingest.rehearsal.book import Book
from gauge_ingest.rehearsal.gauge import Gauge
from gauge_ingest.rehearsal.trail import Trail


class Scope:
    """Where rules are judged. While it is `asleep` a dry reading that is the newest changes nothing.

    What does not rain cannot raise a level: readings it has slept through are caught up with when the next rain falls.
    Where thresholds move by themselves it wakes for as long as they look back.
    """

    def __init__(
        self, name: str, gauges: Sequence[Gauge], books: Sequence[Book], awake: set["Scope"], basin: Basin | None = None
    ) -> None:
        """`awake`: all that do not sleep, kept by themselves."""
        self.name = name
        self.gauges = gauges
        self.basin = basin
        self.rules = [(book, rule) for book in books for rule in book.rules if name in _places(rule, basin)]
        self.trails = [Trail() for _ in self.rules]
        self.asleep = True
        self._awake = awake
        # What fell before so long a time neither reaches a level nor stands in a minimum duration.
        self._reach_ms = max((rule.reach_ms + rule.rule.minimum_s * 1000 for _, rule in self.rules), default=0)
        self._waits = any(rule.rule.minimum_s for _, rule in self.rules)
        self._restless_ms = max((rule.reach_ms for _, rule in self.rules if is_restless(rule)), default=0)
        # Once it is dry and heard, nothing stands for longer than this.
        self.dries_within_ms = self._reach_ms + max((rule.rule.quiet_s * 1000 for _, rule in self.rules), default=0)
        self._lapse_ms = min((rule.rule.lapse_s * 1000 for _, rule in self.rules), default=0)
        days = max((rule.rule.wetness.days for _, rule in self.rules if rule.rule.wetness is not None), default=0)
        self.wet_days = days
        # Stations of a basin are judged up to so long before the newest of them.
        reach_ms = self._reach_ms if basin is None else self._reach_ms + REMEMBERED_MS
        for gauge in gauges if self.rules else ():
            gauge.reach_ms = max(gauge.reach_ms, reach_ms)
            gauge.wet_days = max(gauge.wet_days, days)

    def again(self, since: int, until: int, *, knowing: Knowing, wet: bool = True) -> None:
        """Judge again what follows on an instant, after (since, until] has changed.

        Rain wets the ground for days. Where nothing that came is `wet` it can but show that an alert ended, or did not
        last, except of rules that dry readings can raise.
        """
        self._forget()
        for place, (_, rule) in enumerate(self.rules):
            wetness = rule.rule.wetness
            after_ms = (wetness.days + 1) * DAY_MS if wet and wetness is not None else 0
            raises = wet or self.basin is not None or is_restless(rule)
            self._judge_again(place, since, until + after_ms, knowing, raises=raises)
        newest_at = self.newest(UNBOUNDED)
        if newest_at is not None:
            back_ms = self._reach_ms if self._waits or self.basin is not None else self._restless_ms
            stands = any(self._overlapping(book, rule, newest_at) for book, rule in self.rules)
            self._sleep(asleep=not stands and not (back_ms and self.wet_in(newest_at - back_ms, newest_at)))

    def silent(self, now: int, *, known_at: int) -> None:
        """What time alone brings about: an alert whose stations have fallen silent lapses."""
        newest_at = self.newest(UNBOUNDED)
        if newest_at is None or now - newest_at <= self._lapse_ms:
            return
        lapses = {
            newest_at + rule.rule.lapse_s * 1000 + 1
            for book, rule in self.rules
            if any(alert.state is State.RAISED for alert in self._overlapping(book, rule, newest_at))
        }
        for at in sorted(at for at in lapses if at <= now):
            self.again(newest_at - 1, newest_at, knowing=Knowing(known_at=known_at, now=at))

    def newest(self, before: int) -> int | None:
        """The newest instant before another at which anything of its stations stands."""
        if len(self.gauges) == 1:
            return self.gauges[0].course.newest(before)
        found = [gauge.course.newest(before) for gauge in self.gauges]
        return max((at for at in found if at is not None), default=None)

    def wet_in(self, since: int, until: int) -> bool:
        """Whether rain may have ended in (since, until] at any of its stations."""
        return any(gauge.course.wet_in(since, until) for gauge in self.gauges)

    def _forget(self) -> None:
        """Where rules stand now is to be known anew: whoever remembers it says so."""

    def _sleep(self, *, asleep: bool) -> None:
        self.asleep = asleep
        if asleep:
            self._awake.discard(self)
        else:
            self._awake.add(self)

    def _judge_again(self, place: int, since: int, until: int, knowing: Knowing, *, raises: bool) -> None:
        (book, rule), trail = self.rules[place], self.trails[place]
        start, end = trail.until(since), until + rule.reach_ms
        alerts = book.overlapping(rule.rule.id, self.name, since=since + 1, until=end)
        if start.idle and not alerts and not (raises and self.wet_in(since - rule.reach_ms, end)):
            return
        while True:
            walked = self._walked(rule, start, alerts, since=since, end=end, now=knowing.now)
            touched = book.overlapping(rule.rule.id, self.name, since=since + 1, until=walked.until)
            if len(touched) <= len(alerts):
                break
            alerts, end = touched, max(end, max(alert.rained_until for alert in touched))
        trail.renew(since + 1, walked.until, walked.judged)
        there = [alert for alert in alerts if alert.rained_since <= walked.until]
        book.tell(rule.rule, self.name, walked.episodes, there, knowing=knowing)

    def _walked(
        self, rule: Thresholds, standing: Standing, alerts: Sequence[Alert], *, since: int, end: int, now: int
    ) -> "_Walked":
        """Judge what follows on an instant, up to where nothing can differ any more: a quiet instant behind the end."""
        judged, episodes = list[tuple[int, Standing]](), list[Episode]()
        skips_dry = self.basin is None and not is_restless(rule)
        record, instants = self._filling(rule, since - rule.reach_ms)
        for at, wet in instants:
            if at <= since:
                continue
            if not standing.idle or wet or not skips_dry:
                moved, episode = moved_on(standing, rule, record, at)
                if moved is not standing:
                    standing = moved
                    judged.append((at, standing))
                    if episode is not None:
                        episodes.append(episode)
            if at > end and standing.idle and not _lasts(alerts, at):
                return _Walked(judged, episodes, at)
        lasting = lapse(standing, now=now, thresholds=rule) or standing.episode
        return _Walked(judged, [*episodes, *filter(None, [lasting])], UNBOUNDED)

    def _filling(self, rule: Thresholds, since: int) -> tuple[Record, Iterator[tuple[int, int]]]:
        """A record, and what fills it instant by instant: the instant, and whether it may hold rain."""
        days = 0 if rule.rule.wetness is None else rule.rule.wetness.days
        ledgers = {
            gauge.course.station.id: Ledger(gauge.course.station, days=gauge.days_before(since, days))
            for gauge in self.gauges
        }
        filled = [
            (ledgers[gauge.course.station.id], gauge.course.increments(since, UNBOUNDED)) for gauge in self.gauges
        ]
        if self.basin is None:
            return filled[0][0], _one(*filled[0])
        stations = {gauge.course.station.id: gauge.course.station for gauge in self.gauges}
        return BasinRecord(self.basin, rule.rule, stations, ledgers), _several(filled)

    def _overlapping(self, book: Book, rule: Thresholds, at: int) -> list[Alert]:
        return book.overlapping(rule.rule.id, self.name, since=at, until=at)


def moved_on(standing: Standing, rule: Thresholds, record: Record, at: int) -> tuple[Standing, Episode | None]:
    """Where a rule stands after an instant, the same where it rests, and the episode that ended.

    Why a level is not reached is asked where it is told alone: of a storm's many instants that is one.
    """
    judgement = rule.judge(record, at, level=standing.level, why_not=False)
    if not judgement.reached and standing.idle:
        return standing, None
    moved, ended = advance(standing, judgement, at, rule)
    if judgement.evidence is None and (ended is not None or moved.changes != standing.changes):
        judgement = rule.judge(record, at, level=standing.level, why_not=True)
        moved, ended = advance(standing, judgement, at, rule)
    return moved, ended


class _Walked(NamedTuple):
    """Instants at which the rule did not rest, every episode that touches them, and up to where all is known."""

    judged: list[tuple[int, Standing]]
    episodes: list[Episode]
    until: int


Increments = Iterator[tuple[Increment, bool]]


def _one(ledger: Ledger, increments: Increments) -> Iterator[tuple[int, int]]:
    append = ledger.append
    for increment, doubted in increments:
        append(increment, doubted=doubted)
        if increment.step is not Step.OWED:
            yield increment.until, increment.tips_max


def _several(filled: Sequence[tuple[Ledger, Increments]]) -> Iterator[tuple[int, int]]:
    columns = [_placed(place, increments) for place, (_, increments) in enumerate(filled)]
    for at, together in groupby(merge(*columns, key=_instant), key=_instant):
        wet, told = 0, False
        for _, place, increment, doubted in together:
            filled[place][0].append(increment, doubted=doubted)
            wet += increment.tips_max
            told = told or increment.step is not Step.OWED
        if told:
            yield at, wet


def _placed(place: int, increments: Increments) -> Iterator[tuple[int, int, Increment, bool]]:
    for increment, doubted in increments:
        yield increment.until, place, increment, doubted


def _instant(one: tuple[int, int, Increment, bool]) -> int:
    return one[0]


def _places(rule: Thresholds, basin: Basin | None) -> Sequence[str]:
    return rule.rule.stations if basin is None else rule.rule.basins


def is_restless(rule: Thresholds) -> bool:
    """Whether a level can be reached without rain: thresholds move."""
    return rule.moves


def _lasts(alerts: Sequence[Alert], at: int) -> bool:
    return any(
        alert.rained_since <= at and (alert.state is State.RAISED or alert.rained_until > at) for alert in alerts
    )
