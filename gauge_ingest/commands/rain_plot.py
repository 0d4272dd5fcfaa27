"""The rain of windows in the terminal: upright bars, the sum as a line of points, what is missing or doubted below."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from rich.text import Text

from gauge_ingest.commands.covered import WELL_COVERED, footer, unknown
from gauge_ingest.commands.output import block, show, width
from gauge_ingest.commands.time_axis import ticks
from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import Flag, Station
from gauge_ingest.history import Rain

ROWS = 10
COLUMNS_MIN = 20
RAIN, DOUBTED, SUM, DIM = "bright_blue", "yellow", "green", "dim"
_LABEL_COLUMNS, _SUM_COLUMNS, _TICK_COLUMNS = 9, 9, 8
_POINT, _SILENT, _PARTLY, _FLAGGED = "•", "×", "·", "!"


class _Column(NamedTuple):
    """One or several windows."""

    rain_mm: float
    sum_mm: float
    coverage: float
    is_doubted: bool


def show_plot(station: Station, rain: Rain, *, every: str, source: str) -> None:
    """A title, the bars with the line of the sum, the axis, what the signs mean."""
    windows = [one for one in rain if isinstance(one, Fixed)]
    title = f"{station.id} {station.name}  rain, each {every}, times of Beijing, from {source}"
    room = max(COLUMNS_MIN, width() - _LABEL_COLUMNS - _SUM_COLUMNS)
    together = -(-len(windows) // room)
    columns = _columns(windows, together)
    broad = max(1, room // len(columns))
    signs = f"{_POINT} sum  {_SILENT} no reports  {_PARTLY} partly reported  {_FLAGGED} doubted"
    bars = f"a bar is {together} × {every}" if together > 1 else f"a bar is {every}"
    show(
        Text(title, style="bold"),
        *_bars(columns, broad, is_known=not unknown(windows)),
        _signs(columns, broad),
        _axis(windows, columns=len(columns) * broad, together=together, broad=broad),
        Text(f"{'':{_LABEL_COLUMNS}}{bars}  {signs}", style=DIM),
        footer(windows, f"{columns[-1].sum_mm:.1f} mm ({sum(one.tips for one in windows)} tips)"),
    )


def _columns(windows: Sequence[Fixed], together: int) -> list[_Column]:
    sums_mm = list(accumulate(one.rain_mm for one in windows))
    found = []
    for place in range(0, len(windows), together):
        part = windows[place : place + together]
        length_ms = sum(one.until - one.since for one in part)
        covered_ms = sum(one.coverage * (one.until - one.since) for one in part)
        doubted = any(one.flag in (Flag.SUSPECT, Flag.FAIL) for one in part)
        rain_mm = sum(one.rain_mm for one in part)
        found.append(_Column(rain_mm, sums_mm[place + len(part) - 1], covered_ms / length_ms, doubted))
    return found


def _bars(columns: Sequence[_Column], broad: int, *, is_known: bool) -> Iterator[Text]:
    if not is_known:
        return  # neither a bar nor a sum: the signs below say it
    most_mm, whole_mm = max(one.rain_mm for one in columns), columns[-1].sum_mm
    for row in reversed(range(ROWS)):
        label = f"{most_mm:.1f} mm" if row == ROWS - 1 else "0 mm" if not row else ""
        line = Text(f"{label:>{_LABEL_COLUMNS - 1}} ")
        for one in columns:
            mark = block(one.rain_mm / most_mm * ROWS, row=row) if one.rain_mm else " "
            at = min(ROWS - 1, int(one.sum_mm / whole_mm * ROWS)) if whole_mm else 0
            if at == row and mark == " ":
                line.append(_POINT * broad, SUM)
            else:
                line.append(mark * broad, DOUBTED if one.is_doubted else RAIN)
        line.append(f" {whole_mm:.1f} mm" if row == ROWS - 1 else "", SUM)
        yield line


def _signs(columns: Sequence[_Column], broad: int) -> Text:
    """Below each bar what there is to be said of it."""
    line = Text(" " * _LABEL_COLUMNS)
    for one in columns:
        covered = " " if one.coverage >= WELL_COVERED else _PARTLY if one.coverage else _SILENT
        line.append((_FLAGGED if one.is_doubted else covered) * broad, DOUBTED if one.is_doubted else DIM)
    line.rstrip()
    return line


def _axis(windows: Sequence[Fixed], *, columns: int, together: int, broad: int) -> Text:
    since, until = windows[0].since, windows[-1].until
    column_ms = (until - since) / len(windows) * together / broad
    line = ["─"] * columns
    for tick in ticks(since=since, until=until, apart_ms=_TICK_COLUMNS * column_ms):
        label, column = f"┬{tick.label}", round((tick.at - since) / column_ms)
        if column + len(label) <= columns:
            line[column : column + len(label)] = label
    return Text(f"{'':{_LABEL_COLUMNS}}{''.join(line)}", style=DIM)
