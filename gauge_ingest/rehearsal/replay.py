"""The replay itself: what arrives, in order of arrival, judged under the rules of one file or two at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gauge_ingest.core.model import Rule
from gauge_ingest.core.told import Knowing
from gauge_ingest.rehearsal.counts import Counts
from gauge_ingest.rehearsal.judge import NEVER, Book, Scope
from gauge_ingest.rehearsal.steps import Steps

TELL_EVERY_ROWS = 4_096

Arrival = tuple[int, int, int]
"""When it arrived, the number of its course, and what it is there: the place of a report, or of a line."""


@dataclass(slots=True)
class Record:
    """What is replayed: courses still empty, and what arrives at them, in order of arrival.

    Alerts of before `since` are left out of what is told. At `ends_at` time stops: None is the last arrival.
    """

    courses: Sequence[Counts | Steps]
    arrivals: Iterator[Arrival]
    total: int
    since: int
    until: int
    ends_at: int | None = None


def unwatched(_share: float) -> None:
    """For whoever does not want to know how far it is."""


def replay(
    record: Record, files: Sequence[Sequence[Rule]], *, on_share: Callable[[float], None] = unwatched
) -> list[Book]:
    """The books of the files after everything has arrived."""
    books = [Book(rules) for rules in files]
    replaying = _Replay([Scope(course, books) for course in record.courses])
    for begin in range(0, record.total, TELL_EVERY_ROWS):
        replaying.take(islice(record.arrivals, TELL_EVERY_ROWS))
        on_share(min(1.0, (begin + TELL_EVERY_ROWS) / record.total))
    replaying.end(record.ends_at)
    return books


class _Replay:
    """Groups of what arrives at one instant: the newest judged at once, what came late when the group is whole."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self._scopes = scopes
        self._now = NEVER
        self._owed: dict[int, list[int]] = {}  # scope -> instants of lines that came late
        self._wet: set[int] = set()  # scopes of which a line that came late has rain
        self._awake: set[int] = set()

    def take(self, arrivals: Iterable[Arrival]) -> None:
        """Take in what arrives."""
        for received_at, number, place in arrivals:
            if received_at > self._now:
                self._turn(received_at)
            scope = self._scopes[number]
            course = scope.course
            if isinstance(course, Steps):
                self._step(scope, course, number, place)
            elif isinstance(course, Counts):
                self._count(scope, course, number, place)

    def end(self, ends_at: int | None) -> None:
        """The last group, and what time alone brings about after it."""
        self._settle()
        if ends_at is not None:
            for number in list(self._awake):
                self._scopes[number].silent(ends_at, known_at=self._now)
            return
        for scope in self._scopes:
            course = scope.course
            if isinstance(course, Steps) and course.every_ms and course.newest_at is not None:
                scope.run_dry(course.after(course.newest_at))

    def _turn(self, received_at: int) -> None:
        """A later instant: what was owed is paid, and whoever was silent for too long lapses."""
        if self._owed:
            self._settle()
        for number in list(self._awake):
            scope = self._scopes[number]
            if not (isinstance(scope.course, Steps) and scope.course.every_ms):  # silence of a list of rain is dry
                scope.silent(received_at, known_at=self._now)
        self._now = received_at

    def _step(self, scope: Scope, course: Steps, number: int, place: int) -> None:
        at, rain_um = course.line(place)
        newest_at = course.newest_at
        if not course.add(at, rain_um):
            self._owed.setdefault(number, []).append(at)
            if rain_um:
                self._wet.add(number)
        elif rain_um or not scope.asleep:
            dry_is_known = course.every_ms and self._now <= at
            knowing = None if dry_is_known else Knowing(known_at=self._now, now=self._now)
            self._forward(scope, number, NEVER if newest_at is None else newest_at, at, knowing)

    def _count(self, scope: Scope, course: Counts, number: int, place: int) -> None:
        newest_at = course.newest_at
        increment = course.take(place)
        if increment is None:
            self._owed.setdefault(number, [])
        elif increment.tips_max or not scope.asleep:
            since = NEVER if newest_at is None else newest_at
            self._forward(scope, number, since, increment.until, Knowing(known_at=self._now, now=self._now))

    def _forward(self, scope: Scope, number: int, since: int, until: int, knowing: Knowing | None) -> None:
        scope.forward(since, until, knowing=knowing)
        if scope.asleep:
            self._awake.discard(number)
        else:
            self._awake.add(number)

    def _settle(self) -> None:
        knowing = Knowing(known_at=self._now, now=self._now)
        for number, late in self._owed.items():
            scope = self._scopes[number]
            course = scope.course
            if isinstance(course, Counts):
                span, dry = course.settle(), False
            else:
                span, dry = (min(late) - 1, max(late)), number not in self._wet
            if span is not None:
                scope.again(*span, knowing=knowing, dry=dry)
                if not scope.asleep:
                    self._awake.add(number)
        self._owed = {}
        self._wet = set()
