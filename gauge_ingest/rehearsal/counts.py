"""Rain as stations tell it, by a counter: reports in order of their arrival, derived as the service derives them."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from gauge_ingest.core.model import UNBOUNDED, Increment, Kind, Report, Station, Step
from gauge_ingest.core.rainfall import increment_after, increments

# So many reports behind what is owed are derived at first; twice as many where they settle nothing.
SLICE_REPORTS = 64
UNKNOWN = -1


@dataclass(slots=True)
class Reports:
    """The reports of a station as columns, in any order; -1 where a number is unknown.

    `said` are increments that a person has corrected, by the place of their report: they are taken as they stand now.
    """

    station: Station
    observed_at: "array[int]" = field(default_factory=lambda: array("q"))
    claimed_at: "array[int]" = field(default_factory=lambda: array("q"))
    received_at: "array[int]" = field(default_factory=lambda: array("q"))
    counter: "array[int]" = field(default_factory=lambda: array("q"))
    kind: bytearray = field(default_factory=bytearray)
    seq: "array[int]" = field(default_factory=lambda: array("q"))
    boot: "array[int]" = field(default_factory=lambda: array("q"))
    message_id: "array[int]" = field(default_factory=lambda: array("q"))
    doubted: bytearray = field(default_factory=bytearray)
    said: dict[int, Increment] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.observed_at)

    def report(self, place: int) -> Report:
        """One report."""
        seq, boot = self.seq[place], self.boot[place]
        return Report(
            self.station.id,
            self.observed_at[place],
            self.counter[place],
            Kind(self.kind[place]),
            self.received_at[place],
            self.claimed_at[place],
            None if seq == UNKNOWN else seq,
            None if boot == UNKNOWN else boot,
        )


class Counts:
    """The reports of a station that have arrived, with their increments, in order of observed time and count."""

    def __init__(self, reports: Reports) -> None:
        self.station = reports.station
        self._reports = reports
        self._keys: list[tuple[int, int, int]] = []  # observed time, count, place
        self._derived: list[Increment | None] = []  # None: owed
        self._wet_at: list[int] = []
        self._newest: Report | None = None
        self._live = False
        self._owed: tuple[int, int] | None = None
        self._mended = False
        self._said_until = max((reports.observed_at[place] for place in reports.said), default=0)

    @property
    def newest_at(self) -> int | None:
        """The newest instant that was told, standing or not."""
        return None if self._newest is None else self._newest.observed_at

    def take(self, place: int) -> Increment | None:
        """The increment of a report that its predecessor alone decides; None where it is owed from now on."""
        reports = self._reports
        report = reports.report(place)
        at, newest = report.observed_at, self._newest
        self._mended = self._mended or report.claimed_at != at
        increment = None
        if self._live and newest is not None and at > newest.observed_at and at > self._said_until and not self._mended:
            increment = increment_after(newest, report, self.station) if report.kind is not Kind.TEST else None
        if increment is not None:
            self._keys.append((at, report.counter, place))
            self._derived.append(increment)
            if increment.tips_max:
                insort(self._wet_at, at)
            self._newest = report
            return increment
        self._keep(at, report.counter, place)
        if report.kind is not Kind.TEST and (newest is None or at >= newest.observed_at):
            self._newest, self._live = report, False
        since, until = self._owed or (at, at)
        self._owed = (min(since, at), max(until, at))
        return None

    def settle(self) -> tuple[int, int, bool] | None:
        """Derive what is owed; the span that changed by it, if any did, and whether there may be rain in that."""
        if self._owed is None:
            return None
        (since, until), self._owed = self._owed, None
        first, derived = self._sweep(since, until)
        span: tuple[int, int] | None = None
        wet = False
        for place, new in enumerate(derived, first):
            known = self._derived[place]
            if known == new:
                continue
            wet = wet or bool(new.tips_max or (known is not None and known.tips_max))
            self._derived[place] = new
            at = self._keys[place][0]
            if new.tips_max:
                insort(self._wet_at, at)
            begin = min(new.since, at - 1)
            span = (begin, at) if span is None else (min(span[0], begin), at)
        self._recall()
        return None if span is None else (*span, wet)

    def increments(self, since: int, until: int) -> Iterator[tuple[Increment, bool]]:
        """What stands and ends in (since, until], in order, and whether a check doubts its rain."""
        first = bisect_right(self._keys, (since, UNBOUNDED, 0))
        last = len(self._keys) if until >= UNBOUNDED else bisect_right(self._keys, (until, UNBOUNDED, 0))
        reports = self._reports
        for (_, _, place), increment in zip(self._keys[first:last], self._derived[first:last], strict=True):
            if increment is not None and increment.step is not Step.VOID and reports.kind[place] != Kind.TEST:
                yield increment, bool(reports.doubted[place])

    def newest(self, before: int) -> int | None:
        """The newest instant before another at which an increment stands."""
        for number in range(bisect_left(self._keys, (before, -1, 0)) - 1, -1, -1):
            if self._stands(number):
                return self._keys[number][0]
        return None

    def wet_in(self, since: int, until: int) -> bool:
        """Whether rain may have ended in (since, until]; what turned out to be none may still be among it."""
        return bisect_right(self._wet_at, since) < bisect_right(self._wet_at, until)

    def _keep(self, at: int, counter: int, place: int) -> None:
        key = (at, counter, place)
        number = bisect_left(self._keys, key)
        self._keys.insert(number, key)
        self._derived.insert(number, None)

    def _sweep(self, since: int, until: int) -> tuple[int, list[Increment]]:
        """The increments of a span and its neighbours, from the anchor before it; and the place of the first."""
        start = bisect_left(self._keys, (since, -1, 0)) - 1
        while start >= 0 and not self._is_anchor(start):
            start -= 1
        after = self._reports.report(self._keys[start][2]) if start >= 0 else None
        size = bisect_right(self._keys, (until, UNBOUNDED, 0)) - start - 1 + SLICE_REPORTS
        while True:
            end = min(start + 1 + size, len(self._keys))
            while 0 < end < len(self._keys) and self._keys[end][0] == self._keys[end - 1][0]:
                end += 1  # one observed time stays whole
            places = [place for _, _, place in self._keys[start + 1 : end]]
            derived = increments([self._reports.report(place) for place in places], self.station, after=after)
            derived = [self._as_said(place, one) for place, one in zip(places, derived, strict=True)]
            settled = self._settled(start + 1, derived, until)
            if settled is not None or end == len(self._keys):
                return start + 1, derived[:settled]
            size *= 2

    def _settled(self, first: int, derived: list[Increment], until: int) -> int | None:
        """How many increments there are up to the neighbour behind the span, beyond which nothing changes."""
        for number, increment in enumerate(derived):
            if increment.anchor and self._keys[first + number][0] > until and self._is_anchor(first + number):
                return number + 1
        return None

    def _as_said(self, place: int, increment: Increment) -> Increment:
        """What a person has said of an increment, once it is the one that was spoken of."""
        said = self._reports.said.get(place)
        return increment if said is None or said.since != increment.since else said

    def _recall(self) -> None:
        """What the next report goes on from, as after a restart."""
        self._newest, self._live = None, False
        for number in range(len(self._keys) - 1, -1, -1):
            if self._stands(number):
                same = bisect_left(self._keys, (self._keys[number][0], -1, 0))
                together = [one for one in range(same, number + 1) if self._stands(one)]
                number = max(together, key=lambda one: (self._is_anchor(one), one))
                self._newest = self._reports.report(self._keys[number][2])
                self._live = self._is_anchor(number) or self._stands_alone(number)
                return

    def _stands(self, number: int) -> bool:
        increment = self._derived[number]
        counts = self._reports.kind[self._keys[number][2]] != Kind.TEST
        return counts and increment is not None and increment.step is not Step.VOID

    def _is_anchor(self, number: int) -> bool:
        increment = self._derived[number]
        return increment is not None and increment.anchor

    def _stands_alone(self, number: int) -> bool:
        """Whether a rise that nothing has borne out yet is all that was told for its time."""
        increment = self._derived[number]
        if increment is None or increment.step not in (Step.STEADY, Step.GAP):
            return False
        at = self._keys[number][0]
        together = bisect_right(self._keys, (at, UNBOUNDED, 0)) - bisect_left(self._keys, (at, -1, 0))
        return together == 1
