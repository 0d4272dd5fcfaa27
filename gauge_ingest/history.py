"""What fell at a station: one interface, answered from the journal or from InfluxDB, raw or in fixed steps."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from gauge_ingest.core.ledger import COVERING
from gauge_ingest.core.model import DAY_MS, HOUR_MS, SECOND_MS, Flag, Kind, Row, Station, Step
from gauge_ingest.journal import Reader
from gauge_ingest.stores.lines import StoredIncrement

# Windows end on the clock. A day from 08:00 to 08:00 at +08:00 ends at midnight UTC: all steps are multiples of
# themselves since 1970.
STEPS_MS = {"5m": 300 * SECOND_MS, "1h": HOUR_MS, "1d": DAY_MS}
WINDOWS_MAX = 120_000  # a year of five minutes
# How far to look, in turns, for the report that ends an increment across the end of the last window.
LOOK_AHEAD_MS = (6 * HOUR_MS, 4 * DAY_MS, 64 * DAY_MS, 400 * DAY_MS)

_WORST_FIRST = (Flag.FAIL, Flag.SUSPECT, Flag.NOT_EVALUATED, Flag.GOOD)
_NO_RAIN = frozenset({Step.VOID, Step.OWED})


class Ended(NamedTuple):
    """An increment that counts, over (since, until]."""

    since: int
    until: int
    tips: int
    tips_min: int
    tips_max: int
    step: Step
    flag: Flag


class Fixed(NamedTuple):
    """The rain of a window (since, until]: of the increments that end in it, and how much of it reports speak for.

    `rain_mm` is what was counted, `corrected_mm` what fell by the station's calibration: the same where it has none.
    """

    since: int
    until: int
    tips: int
    rain_mm: float
    corrected_mm: float
    coverage: float
    flag: Flag


class Source(Protocol):
    """Where history is read from; every source gives the same increments."""

    @property
    def name(self) -> str:
        """What people call it."""

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""


class TooManyWindows(Exception):
    """More windows were asked for than anybody can read."""


class JournalHistory:
    """History as the journal has it."""

    name = "journal"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""
        rows = self._reader.rows(station, since=since, until=until)
        return _standing(_stored(row) for row in rows if row.kind != Kind.TEST)


class Rows(Protocol):
    """What this module wants of InfluxDB (gauge_ingest.stores.influx.InfluxHistory)."""

    def rows(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        """Increments that end in (since, until], in order, void ones too."""


class InfluxCopy:
    """History as InfluxDB has it; raises StoreUnavailable when it cannot be asked."""

    name = "influx"

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def increments(self, station: str, *, since: int, until: int) -> list[Ended]:
        """Increments that end in (since, until] and count (not void, not owed, no tests), in order."""
        return _standing(self._rows.rows(station, since=since, until=until))


def increments(source: Source, station: Station, *, since: int, until: int) -> list[Ended]:
    """Increments of a station that end in (since, until], in order."""
    return source.increments(station.id, since=since, until=until)


def fixed_steps(source: Source, station: Station, *, since: int, until: int, step_ms: int) -> list[Fixed]:
    """Whole windows of a step that together hold (since, until]; or TooManyWindows.

    An increment counts in the window where it ends; its span counts as covered wherever it lies.
    """
    first, last = since // step_ms * step_ms, -(-until // step_ms) * step_ms
    number = (last - first) // step_ms
    if number > WINDOWS_MAX:
        raise TooManyWindows(f"{number} windows, more than {WINDOWS_MAX}: ask for a shorter time or a longer step")
    ended = source.increments(station.id, since=first, until=last)
    across = _across(source, station.id, last)
    covered = _covered([*ended, *across], first=first, number=number, step_ms=step_ms)
    ends = [one.until for one in ended]
    windows: list[Fixed] = []
    for place in range(number):
        begin, end = first + place * step_ms, first + (place + 1) * step_ms
        inside = ended[bisect_right(ends, begin) : bisect_right(ends, end)]
        windows.append(_window(station, inside, begin, end, round(covered[place] / step_ms, 4)))
    return windows


def coverage(one: Ended) -> float:
    """How much of an increment's span reports speak for: all of it, or nothing."""
    return 1.0 if one.step in COVERING else 0.0


def depths_mm(station: Station, one: Ended | Fixed) -> tuple[float, float]:
    """The rain of an increment or a window as it was counted, and as it fell by the station's calibration."""
    if isinstance(one, Fixed):
        return one.rain_mm, one.corrected_mm
    counted_mm = station.depth_mm(one.tips, until=one.until)
    return counted_mm, _fell_mm(station, one)


def _fell_mm(station: Station, one: Ended) -> float:
    """What a person said that fell has fallen; else what fell by the station's calibration."""
    if one.step is Step.CORRECTED:
        return station.depth_mm(one.tips, until=one.until)
    return station.corrected_mm(one.tips, since=one.since, until=one.until)


def _window(station: Station, inside: Sequence[Ended], begin: int, end: int, covered: float) -> Fixed:
    rain_mm = corrected_mm = round(sum(station.depth_mm(one.tips, until=one.until) for one in inside), 3)
    if station.corrects:
        corrected_mm = round(sum(_fell_mm(station, one) for one in inside), 3)
    flags = {one.flag for one in inside}
    worst = next((flag for flag in _WORST_FIRST if flag in flags), Flag.MISSING)
    return Fixed(begin, end, sum(one.tips for one in inside), rain_mm, corrected_mm, covered, worst)


def _across(source: Source, station: str, end: int) -> list[Ended]:
    """The first increment that ends after an instant: it may have begun before."""
    since = end
    for ahead_ms in LOOK_AHEAD_MS:
        found = source.increments(station, since=since, until=end + ahead_ms)
        if found:
            return found[:1]
        since = end + ahead_ms
    return []


def _covered(ended: Iterable[Ended], *, first: int, number: int, step_ms: int) -> list[int]:
    """Of each window the milliseconds that increments speak for; what two of them speak for counts once."""
    covered = [0] * number
    up_to, last = first, first + number * step_ms
    for one in ended:
        if one.step not in COVERING:
            continue
        begin, end = max(one.since, up_to), min(one.until, last)
        up_to = max(up_to, end)
        while begin < end:
            place = (begin - first) // step_ms
            edge = min(end, first + (place + 1) * step_ms)
            covered[place] += edge - begin
            begin = edge
    return covered


def _stored(row: Row) -> StoredIncrement:
    return (row.since, row.observed_at, row.tips, row.tips_min, row.tips_max, row.step, row.flag)


def _standing(rows: Iterable[StoredIncrement]) -> list[Ended]:
    ended = (Ended(*row[:5], Step(row[5]), Flag(row[6])) for row in rows)
    return [one for one in ended if one.step not in _NO_RAIN]
