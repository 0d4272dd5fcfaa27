"""Rain told in steps: every line says what fell in its step, and is known when it arrives."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import sub

from gauge_ingest.core.model import Flag, Increment, Station, Step

UM_PER_MM = 1_000


@dataclass(slots=True)
class Lines:
    """Lines of rain as columns, in the order of the file: the number of the station, both times, the rain."""

    station: "array[int]" = field(default_factory=lambda: array("l"))
    observed_at: "array[int]" = field(default_factory=lambda: array("q"))
    received_at: "array[int]" = field(default_factory=lambda: array("q"))
    rain_um: "array[int]" = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.observed_at)


class Steps:
    """The steps of a station that have arrived, in order of time.

    `step_ms` is how far back a line speaks; 1: it speaks of an instant, as a tip does. `every_ms`: the record lists
    rain alone, so between two lines it was dry, and is judged so often; 0: what is not told is not known.
    """

    def __init__(self, station: Station, lines: Lines, *, step_ms: int, every_ms: int) -> None:
        fine = [replace(one, bucket_depth_mm=1 / UM_PER_MM) for one in station.deployments]
        self.station = replace(station, deployments=tuple(fine))  # a tip is a micrometre: any amount can be told
        self._lines = lines
        self.step_ms = step_ms
        self.every_ms = every_ms
        self.newest_at: int | None = None
        self._at = array("q")
        self._rain_um = array("q")
        self._wet_at: list[int] = []

    def line(self, place: int) -> tuple[int, int]:
        """When a line was observed, and its rain."""
        return self._lines.observed_at[place], self._lines.rain_um[place]

    def add_dry(self, place: int) -> bool:
        """Take a line in if it is the newest and has no rain; whether that is so."""
        at, newest_at = self._lines.observed_at[place], self.newest_at
        if self._lines.rain_um[place] or newest_at is None or at <= newest_at:
            return False
        self._at.append(at)
        self._rain_um.append(0)
        self.newest_at = at
        return True

    def add(self, at: int, rain_um: int) -> bool:
        """Take a line in; whether it is the newest, so that what follows on the one before can be judged at once."""
        if rain_um:
            insort(self._wet_at, at)
        newest_at = self.newest_at
        if newest_at is None or at > newest_at:
            self._at.append(at)
            self._rain_um.append(rain_um)
            self.newest_at = at
            return True
        place = bisect_left(self._at, at)
        self._at.insert(place, at)
        self._rain_um.insert(place, rain_um)
        return False

    def increments(self, since: int, until: int) -> Iterator[tuple[Increment, bool]]:
        """What stands and ends in (since, until], in order: steps, and between them what is dry or not known."""
        first, last = bisect_right(self._at, since), bisect_right(self._at, until)
        before = self._at[first - 1] if first else None
        for place in range(first, last):
            at, rain_um = self._at[place], self._rain_um[place]
            begin = at - self.step_ms
            if before is not None and before < begin:
                if self.every_ms:
                    yield from ((one, False) for one in self._dry(before, begin, since))
                else:
                    # Nobody knows what fell, and nobody reported at its end: it covers nothing, and is not judged.
                    yield Increment(before, begin, 0, 0, 0, Step.OWED, Flag.MISSING, True), False
            begin = begin if before is None else max(before, begin)
            yield Increment(begin, at, rain_um, rain_um, rain_um, Step.STEADY, Flag.GOOD, True), False
            before = at

    def newest(self, before: int) -> int | None:
        """The newest line before an instant."""
        place = bisect_left(self._at, before)
        return self._at[place - 1] if place else None

    def wet_in(self, since: int, until: int) -> bool:
        """Whether rain was told for (since, until]."""
        return bisect_right(self._wet_at, since) < bisect_right(self._wet_at, until)

    def _dry(self, before: int, until: int, since: int) -> Iterator[Increment]:
        """Dry readings behind the line at `before`, up to `until`: those that end after `since`."""
        first = before + max(0, since - before) // self.every_ms * self.every_ms
        for at in range(first, until, self.every_ms):
            end = min(at + self.every_ms, until)
            yield Increment(at, end, 0, 0, 0, Step.STEADY, Flag.GOOD, True)


def step_of(times: Sequence[int]) -> int:
    """The step of a record, in its order of time: the commonest distance if every other line keeps it, else 1 ms."""
    counts = Counter(map(sub, islice(times, 1, None), times))
    del counts[0]
    commonest = max(counts, key=lambda step: (counts[step], -step), default=1)
    return commonest if 2 * counts.get(commonest, 0) >= sum(counts.values()) else 1


def once_each(lines: Lines) -> tuple[Lines, int]:
    """Each time of a station once, and how many lines are left out. Tips of one time in a list of rain add up."""
    latest: dict[int, int] = {}
    is_rising = True
    for number, at in zip(lines.station, lines.observed_at, strict=True):
        if at <= latest.get(number, at - 1):
            is_rising = False
            break
        latest[number] = at
    if is_rising:
        return lines, 0
    only_rain = dict.fromkeys(set(lines.station), True)
    for number, rain_um in zip(lines.station, lines.rain_um, strict=True):
        only_rain[number] = only_rain[number] and rain_um > 0
    kept: dict[tuple[int, int], int] = {}
    once, twice = Lines(), 0
    for place in range(len(lines)):
        number, at, rain_um = lines.station[place], lines.observed_at[place], lines.rain_um[place]
        there = kept.setdefault((number, at), len(once))
        if there < len(once):
            told = once.rain_um[there]
            once.rain_um[there] = told + rain_um if only_rain[number] else max(told, rain_um)
            twice += not only_rain[number]
            continue
        once.station.append(number)
        once.observed_at.append(at)
        once.received_at.append(lines.received_at[place])
        once.rain_um.append(rain_um)
    return once, twice
