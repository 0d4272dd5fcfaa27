"""The days of a station as columns of blocks in the terminal: lowest battery voltage, and regularity."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from gauge_ingest.commands.output import block, instant, width
from gauge_ingest.core.health import BATTERY_EMPTY_V, SETTINGS, Grade, HealthDay, StationHealth, batteries, below

STYLES = {Grade.ILL: "bold red", Grade.WATCH: "yellow", Grade.OK: "green", Grade.UNKNOWN: "dim"}
ROWS = 4
# A day is at most so many columns wide.
DAY_COLUMNS_MAX = 3

_LABEL_COLUMNS = 7
_NOTHING = "·"


class _Scale(NamedTuple):
    """From where to where a chart goes, and where its values are to be watched and ill."""

    title: str
    low: float
    high: float
    watch: float
    ill: float
    form: str


def charts(health: StationHealth) -> Iterator[Text]:
    """A chart of each figure that days have, the oldest day at the left; nothing where no day has one."""
    room = width() - _LABEL_COLUMNS - 1
    days = list(_squeezed(health.days, room))
    columns = max(1, min(DAY_COLUMNS_MAX, room // max(1, len(days))))
    volts = [_lowest(day.battery_min_v for day in group) for group in days]
    shares = [_lowest(day.regularity for day in group) for group in days]
    if told := [value for value in volts if value is not None]:
        yield from _chart(_of_volts(told, number=batteries(health.battery_v or told[-1])), volts, columns)
    if any(share is not None for share in shares):
        title = "share of the expected regular reports, each day"
        scale = _Scale(title, 0.0, 1.0, SETTINGS.regularity_watch, SETTINGS.regularity_ill, "{:.0%}")
        yield from _chart(scale, shares, columns)
    if told or any(share is not None for share in shares):
        begin, end = instant(health.since)[:5], instant(health.until)[:5]
        between = " " * max(1, len(days) * columns - len(begin) - len(end))
        yield Text(f"{'':>{_LABEL_COLUMNS}} {begin}{between}{end}", style="dim")


def _of_volts(told: Sequence[float], *, number: int) -> _Scale:
    low, high = min(BATTERY_EMPTY_V * number, *told), max(SETTINGS.battery_v_watch * number, *told)
    watch, ill = SETTINGS.battery_v_watch * number, SETTINGS.battery_v_ill * number
    return _Scale("lowest battery voltage of each day", low, high, watch, ill, "{:.1f} V")


def _squeezed(days: Sequence[HealthDay], room: int) -> Iterator[Sequence[HealthDay]]:
    """Days in groups of one length, so few that each has a column; the oldest group may be shorter."""
    size = -(-len(days) // max(1, room))
    first = len(days) % size or size
    yield days[:first]
    for begin in range(first, len(days), size):
        yield days[begin : begin + size]


def _lowest(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _chart(scale: _Scale, values: Sequence[float | None], columns: int) -> Iterator[Text]:
    yield Text(scale.title, style="bold")
    height = (scale.high - scale.low) or 1.0
    for row in reversed(range(ROWS)):
        label = scale.form.format(scale.high) if row == ROWS - 1 else scale.form.format(scale.low) if not row else ""
        line = Text(f"{label:>{_LABEL_COLUMNS}} ", style="dim")
        for value in values:
            if value is None:
                line.append((_NOTHING if not row else " ") * columns, style="dim")
                continue
            part = block((value - scale.low) / height * ROWS, row=row)
            line.append(part * columns, style=STYLES[below(value, scale.watch, scale.ill)])
        yield line
