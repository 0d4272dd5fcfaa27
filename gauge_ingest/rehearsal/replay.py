"""The replay itself: what arrives, in order of arrival, judged under the rules of one file or two at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gauge_ingest.core.model import Basin, Rule
from gauge_ingest.core.told import Knowing
from gauge_ingest.rehearsal.book import Book
from gauge_ingest.rehearsal.counts import Counts
from gauge_ingest.rehearsal.gauge import NEVER, Gauge
from gauge_ingest.rehearsal.judge import BasinScope, StationScope
from gauge_ingest.rehearsal.scope import Scope
from gauge_ingest.rehearsal.steps import Steps

TELL_EVERY_ROWS = 4_096

Arrival = tuple[int, int, int]
"""When it arrived, the number of its course, and what it is there: the place of a report, or of a line."""


@dataclass(slots=True)
class Record:
    """What is replayed: courses still empty, and what arrives at them, in order of arrival.

    A basin is judged by those of its stations that have a course. Alerts of before `since` are left out of what is
    told. At `ends_at` time stops: None is the last arrival. `unheard`: stations of which nothing arrives.
    """

    courses: Sequence[Counts | Steps]
    arrivals: Iterator[Arrival]
    total: int
    since: int
    until: int
    ends_at: int | None = None
    basins: Sequence[Basin] = field(default=())
    unheard: frozenset[str] = frozenset()


def unwatched(_share: float) -> None:
    """For whoever does not want to know how far it is."""


def replay(
    record: Record, files: Sequence[Sequence[Rule]], *, on_share: Callable[[float], None] = unwatched
) -> list[Book]:
    """The books of the files after everything has arrived."""
    books = [Book(rules) for rules in files]
    replaying = _Replay(record, books)
    for begin in range(0, record.total, TELL_EVERY_ROWS):
        replaying.take(islice(record.arrivals, TELL_EVERY_ROWS))
        on_share(min(1.0, (begin + TELL_EVERY_ROWS) / record.total))
    replaying.end(record.ends_at)
    return books


class _Replay:
    """Groups of what arrives at one instant: the newest judged at once, what came late when the group is whole."""

    def __init__(self, record: Record, books: Sequence[Book]) -> None:
        self._awake: set[Scope] = set()
        gauges = [Gauge(course) for course in record.courses]
        basins = [self._basin(basin, gauges, books) for basin in record.basins]
        self._basins = [basin for basin in basins if basin.rules and basin.gauges]
        self._scopes = [
            StationScope(gauge, books, self._awake, [basin for basin in self._basins if gauge in basin.gauges])
            for gauge in gauges
        ]
        self._now = NEVER
        self._owed: dict[int, list[int]] = {}  # scope -> instants of lines that came late
        self._wet: set[int] = set()  # scopes of which a line that came late has rain

    def take(self, arrivals: Iterable[Arrival]) -> None:
        """Take in what arrives."""
        courses = [(scope, scope.gauge.course) for scope in self._scopes]
        for received_at, number, place in arrivals:
            if received_at > self._now:
                if self._owed or self._awake:
                    self._turn(received_at)
                self._now = received_at
            scope, course = courses[number]
            if isinstance(course, Steps):
                if not scope.idle or not course.add_dry(place):  # nearly every line of a dry year ends here
                    self._step(scope, course, number, place)
            elif isinstance(course, Counts):
                self._count(scope, course, number, place)

    def end(self, ends_at: int | None) -> None:
        """The last group, and what time alone brings about after it."""
        self._settle()
        if ends_at is not None:
            for scope in list(self._awake):
                scope.silent(ends_at, known_at=self._now)
            return
        self._dry_out()

    def _turn(self, received_at: int) -> None:
        """A later instant: what was owed is paid, and whoever was silent for too long lapses."""
        self._settle()
        for scope in list(self._awake):
            if not _lists_rain(scope):  # its silence is dry
                scope.silent(received_at, known_at=self._now)

    def _step(self, scope: StationScope, course: Steps, number: int, place: int) -> None:
        at, rain_um = course.line(place)
        newest_at = course.newest_at
        if not course.add(at, rain_um):
            self._owed.setdefault(number, []).append(at)
            if rain_um:
                self._wet.add(number)
        elif rain_um or not scope.idle:
            dry_is_known = course.every_ms and self._now <= at
            knowing = None if dry_is_known else Knowing(known_at=self._now, now=self._now)
            scope.forward(NEVER if newest_at is None else newest_at, at, knowing=knowing)

    def _count(self, scope: StationScope, course: Counts, number: int, place: int) -> None:
        newest_at = course.newest_at
        increment = course.take(place)
        if increment is None:
            self._owed.setdefault(number, [])
        elif increment.tips_max or not scope.idle:
            since = NEVER if newest_at is None else newest_at
            scope.forward(since, increment.until, knowing=Knowing(known_at=self._now, now=self._now))

    def _settle(self) -> None:
        """Judge the basins that wait, and again what came late: the stations first, then their basins."""
        for basin in self._basins:
            basin.settle()
        spans: dict[Scope, tuple[int, int, bool]] = {}
        if self._owed:
            for number, late in self._owed.items():
                self._derive(number, late, spans)
            self._owed, self._wet = {}, set()
        for basin in self._basins:
            if basin.owed is not None:
                _widen(spans, basin, (basin.owed[0] - 1, basin.owed[1], False))
                basin.owed = None
        knowing = Knowing(known_at=self._now, now=self._now)
        for scope, (since, until, wet) in spans.items():
            scope.again(since, until, knowing=knowing, wet=wet)

    def _derive(self, number: int, late: list[int], spans: dict[Scope, tuple[int, int, bool]]) -> None:
        scope = self._scopes[number]
        course = scope.gauge.course
        late_span = (min(late, default=0) - 1, max(late, default=0), number in self._wet)
        changed = course.settle() if isinstance(course, Counts) else late_span
        if changed is None:
            return
        scope.gauge.drop(changed[0])
        for one in (scope, *scope.basins):
            _widen(spans, one, changed)

    def _basin(self, basin: Basin, gauges: Sequence[Gauge], books: Sequence[Book]) -> BasinScope:
        members = [gauge for name in basin.stations for gauge in gauges if gauge.course.station.id == name]
        return BasinScope(basin, members, books, self._awake)

    def _dry_out(self) -> None:
        """A record that lists rain alone has no end: behind its last line it is dry, until nothing lasts any more."""
        scopes = [one for one in self._scopes if _lists_rain(one) and one.gauge.course.newest_at is not None]
        until = self._now + max((one.dries_within_ms for one in (*self._scopes, *self._basins)), default=0)
        while True:
            waiting = [one for one in scopes if not one.idle and _next_dry(one) <= until]
            if not waiting:
                return
            scope = min(waiting, key=_next_dry)
            course, at = scope.gauge.course, _next_dry(scope)
            assert isinstance(course, Steps)
            newest_at = course.newest_at
            assert newest_at is not None
            self._now = max(self._now, at)
            course.add(at, 0)
            scope.forward(newest_at, at, knowing=None)
            self._settle()


def _lists_rain(scope: Scope) -> bool:
    return all(isinstance(one.course, Steps) and one.course.every_ms > 0 for one in scope.gauges)


def _next_dry(scope: StationScope) -> int:
    course = scope.gauge.course
    assert isinstance(course, Steps)
    assert course.newest_at is not None
    return course.newest_at + course.every_ms


def _widen(spans: dict[Scope, tuple[int, int, bool]], scope: Scope, changed: tuple[int, int, bool]) -> None:
    since, until, wet = spans.get(scope, changed)
    spans[scope] = min(since, changed[0]), max(until, changed[1]), wet or changed[2]
