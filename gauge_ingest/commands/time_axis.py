"""Where a line of time has its ticks and what stands at them, in Beijing time: for terminals and for files."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS, MINUTE_MS
from gauge_ingest.core.spans import BEIJING, instant_ms

# Lengths between ticks that people think in; longer ones are whole months.
STEPS_MIN = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 5_760, 10_080, 20_160)
STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
_MONTH_MIN_MS = 28 * DAY_MS
_AHEAD_MS = 8 * 60 * MINUTE_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tick(NamedTuple):
    """An instant, and what stands there."""

    at: int
    label: str


def ticks(*, since: int, until: int, apart_ms: float) -> list[Tick]:
    """Ticks in (since, until) that are at least `apart_ms` apart: hours, at midnight and above days, above months."""
    for minutes in STEPS_MIN:
        step_ms = minutes * MINUTE_MS
        if step_ms >= apart_ms:
            first = (since + _AHEAD_MS) // step_ms + 1
            return [_of_day(at) for at in range(first * step_ms - _AHEAD_MS, until, step_ms)]
    months = next((step for step in STEPS_MONTHS if step * _MONTH_MIN_MS >= apart_ms), STEPS_MONTHS[-1])
    begins = (Tick(instant_ms(at), f"{at:%Y-%m}") for at in _months(since, until, months))
    return [tick for tick in begins if since < tick.at < until]


def _of_day(at: int) -> Tick:
    when = _beijing(at)
    return Tick(at, f"{when:%m-%d}" if not when.hour and not when.minute else f"{when:%H:%M}")


def _months(since: int, until: int, step: int) -> Iterator[datetime]:
    """Every so many months, its first midnight."""
    begin, end = _beijing(since), _beijing(until)
    first = (begin.year * 12 + begin.month - 1) // step * step
    for number in range(max(first, 12), end.year * 12 + end.month, step):
        yield datetime(number // 12, number % 12 + 1, 1, tzinfo=BEIJING)


def _beijing(at: int) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(BEIJING)
