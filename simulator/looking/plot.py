"""The truth of a run as a picture in the terminal: for each station its rain, its sum, and what went wrong when."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from rich.text import Text

from simulator.clock import BEIJING
from simulator.looking.chronicle import SNOW, VISIT, Chronicle, Trouble
from simulator.values import HOUR_MS, MINUTE_MS

# fmt: off
Style: TypeAlias = Literal[
    "plain", "strong", "muted", "light", "moderate", "heavy", "violent", "snow", "fell", "counted", "bad",
]
# fmt: on
# As they look in a terminal, on black and on white.
STYLES: dict[Style, str] = {
    "plain": "",
    "strong": "bold",
    "muted": "bright_black",
    "light": "#7ab8e8",
    "moderate": "#3d85d8",
    "heavy": "#e0a020",
    "violent": "#d24dc4",
    "snow": "#a8b0c4",
    "fell": "#3d85d8",
    "counted": "#48b060",
    "bad": "#e04848",
}


class Piece(NamedTuple):
    """Words, bars or dots of one style."""

    text: str
    style: Style = "plain"


Line: TypeAlias = list[Piece]

COLUMNS_MIN, COLUMNS_MAX = 60, 200
RAIN_ROWS, SUM_ROWS = 4, 3
BARS_MIN = (5, 10, 15, 20, 30, 60, 120, 180, 360, 720, 1440, 2880, 4320, 10_080)  # minutes of a bar
# From which intensity on a bar has its colour, mm/h. 2.5 and 7.6: light, moderate and heavy rain (AMS Glossary);
# 20: short-time heavy rain (domain.md, section 2.2).
INTENSITIES: tuple[tuple[float, Style], ...] = ((20.0, "violent"), (7.6, "heavy"), (2.5, "moderate"), (0.0, "light"))
_MARGIN = 14  # columns left of the picture
EIGHTHS = " ▁▂▃▄▅▆▇█"
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))  # of a braille cell, by column, from below
_TICKS_H = (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 672)
_TICK_COLUMNS_MIN = 8
_ROUND_FROM = 9.95  # mm/h, without a decimal
_SHORTFALL = 0.2  # of what fell; a gauge that is wrong by more is told in red
# What is marked, and yet nothing that went wrong.
_NO_FAULT: dict[str, Style] = {SNOW: "snow", VISIT: "plain"}


class Scale(NamedTuple):
    """What the pictures of all stations have in common."""

    start_at: int
    minutes: int  # of the run
    bar_min: int
    bars: int
    columns: int  # a whole number for each bar
    rate_max: float  # mm/h
    sum_max_mm: float

    def column(self, minute: float) -> float:
        """Return where a minute of the run stands, in columns from the left."""
        return minute * self.columns / (self.bars * self.bar_min)


def draw(
    chronicles: Sequence[Chronicle], *, title: str, intent: str, start_at: int, minutes: int, columns: int
) -> list[Line]:
    """Return the picture, at most so many columns wide."""
    width = max(COLUMNS_MIN, min(columns, COLUMNS_MAX))
    scale = _scale(chronicles, start_at=start_at, minutes=minutes, columns=width - _MARGIN - 1)
    lines: list[Line] = [[Piece(title, "strong"), Piece(f"  {_span(scale)}", "muted")]]
    lines += [[Piece(words)] for words in _wrapped(intent, width)]
    for chronicle in chronicles:
        lines += [[], _heading(chronicle, scale)]
        if _is_dry(chronicle):
            lines += [_axis(scale, "")]
        else:
            lines += [*_rain(chronicle, scale), _axis(scale, "0"), *_sums(chronicle, scale)]
        lines += [_trouble(label, chronicle.spans(label), scale) for label in _labels(chronicle)]
    return lines if all(map(_is_dry, chronicles)) else [*lines, [], *_legend(scale)]


def printed(lines: Sequence[Line]) -> Text:
    """Return the picture for a terminal."""
    text = Text(no_wrap=True, overflow="crop", end="")
    for line in lines:
        for piece in line:
            text.append(piece.text, STYLES[piece.style])
        text.append("\n")
    return text


def cells(text: str) -> int:
    """Return how many columns a text takes; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _scale(chronicles: Sequence[Chronicle], *, start_at: int, minutes: int, columns: int) -> Scale:
    bar_min = next((step for step in BARS_MIN if -(-minutes // step) <= columns), -(-minutes // columns))
    rates = [rate for one in chronicles for rate in _rates(one.fell_mm, bar_min)]
    sums = [total for one in chronicles for total in (sum(one.fell_mm), sum(one.counted_mm))]
    bars = -(-minutes // bar_min)
    return Scale(
        start_at=start_at,
        minutes=minutes,
        bar_min=bar_min,
        bars=bars,
        columns=bars * (columns // bars),
        rate_max=_round_up(max(rates, default=0.0)),
        sum_max_mm=_round_up(max(sums, default=0.0)),
    )


def _rates(amounts_mm: Sequence[float], bar_min: int) -> list[float]:
    """Return the mean intensity of each bar, mm/h; the last bar may be short."""
    bars = [amounts_mm[first : first + bar_min] for first in range(0, len(amounts_mm), bar_min)]
    return [sum(bar) * 60.0 / len(bar) for bar in bars]


def _round_up(value: float) -> float:
    """Return the next figure that reads well on an axis."""
    step = 1.0
    while value > step * 10.0:
        step *= 10.0
    return next(step * part for part in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0) if value <= step * part)


def _heading(chronicle: Chronicle, scale: Scale) -> Line:
    fell_mm, counted_mm = sum(chronicle.fell_mm), sum(chronicle.counted_mm)
    most = max(_rates(chronicle.fell_mm, scale.bar_min), default=0.0)
    wrong = abs(fell_mm - counted_mm) > max(_SHORTFALL * fell_mm, 2.0 * chronicle.site.bucket_depth_mm)
    rate = f"{most:.1f}" if most < _ROUND_FROM else f"{most:.0f}"
    fell = f"fell {fell_mm:.1f} mm, up to {rate} mm/h; " if fell_mm else "dry; "
    counted = f"counted {counted_mm:.1f} mm, {sum(chronicle.counted)} tips"
    poured = f"; {chronicle.poured_tips} poured" if chronicle.poured_tips else ""
    return [
        Piece(f"{chronicle.site.station:<{_MARGIN}}", "strong"),
        Piece(fell),
        Piece(counted, "bad" if wrong else "plain"),
        Piece(poured),
    ]


def _rain(chronicle: Chronicle, scale: Scale) -> list[Line]:
    """Return the bars, from the top."""
    rates = _rates(chronicle.fell_mm, scale.bar_min)
    snows = [any(chronicle.snowed[first : first + scale.bar_min]) for first in range(0, scale.minutes, scale.bar_min)]
    broad = scale.columns // scale.bars
    lines: list[Line] = []
    for row in range(RAIN_ROWS - 1, -1, -1):
        label = f"{scale.rate_max:g} mm/h" if row == RAIN_ROWS - 1 else ""
        line = [Piece(f"{label:>{_MARGIN - 2}} │", "muted")]
        for rate, snow in zip(rates, snows, strict=True):
            level = rate / scale.rate_max * RAIN_ROWS * 8
            eighths = min(max(round(level) - row * 8, 0), 8)
            if row == 0 and rate > 0.0:
                eighths = max(eighths, 1)
            line.append(Piece(EIGHTHS[eighths] * broad, "snow" if snow else _colour(rate)))
        lines.append(line)
    return lines


def _colour(rate: float) -> Style:
    return next(style for least, style in INTENSITIES if rate >= least)


def _is_dry(chronicle: Chronicle) -> bool:
    return not any(chronicle.fell_mm) and not any(chronicle.counted)


def _axis(scale: Scale, zero: str) -> Line:
    """Return the line of time: a tick and its hour in Beijing time, at midnight the date."""
    hours = next((step for step in _TICKS_H if scale.column(step * 60) >= _TICK_COLUMNS_MIN), _TICKS_H[-1])
    step_ms, ahead_ms = hours * HOUR_MS, 8 * HOUR_MS  # ticks fall on Beijing's midnight
    first_at = -(-(scale.start_at + ahead_ms) // step_ms) * step_ms - ahead_ms
    line = ["─"] * scale.columns
    for at in range(first_at, scale.start_at + scale.minutes * MINUTE_MS, step_ms):
        when = datetime.fromtimestamp(at // 1000, BEIJING)
        label = f"┬{when:%m-%d}" if when.hour == 0 else f"┬{when:%H:%M}"
        column = round(scale.column((at - scale.start_at) / MINUTE_MS))
        if column + len(label) <= scale.columns:
            line[column : column + len(label)] = label
    return [Piece(f"{zero:>{_MARGIN - 2}} └{''.join(line)}", "muted")]


def _sums(chronicle: Chronicle, scale: Scale) -> list[Line]:
    """Return what has fallen, and what was counted of it, as two curves that rise."""
    fell = _curve(chronicle.fell_mm, scale)
    counted = _curve(chronicle.counted_mm, scale)
    lines: list[Line] = []
    for row in range(SUM_ROWS - 1, -1, -1):
        label = f"{scale.sum_max_mm:g} mm" if row == SUM_ROWS - 1 else "sum" if row == 0 else ""
        line = [Piece(f"{label:>{_MARGIN - 2}} │", "muted")]
        for column in range(scale.columns):
            of_fell, of_counted = fell[row][column], counted[row][column]
            style: Style = "fell" if of_fell.bit_count() > of_counted.bit_count() else "counted"
            line.append(Piece(chr(0x2800 + (of_fell | of_counted)) if of_fell or of_counted else " ", style))
        lines.append(line)
    return lines


def _curve(amounts_mm: Sequence[float], scale: Scale) -> list[list[int]]:
    """Return the dots of a sum that rises, by row from below and column."""
    cells_of = [[0] * scale.columns for _ in range(SUM_ROWS)]
    height, total, minute, last = SUM_ROWS * 4 - 1, 0.0, 0, 0
    for half in range(scale.columns * 2):
        until = min(round((half + 1) * scale.bars * scale.bar_min / (scale.columns * 2)), len(amounts_mm))
        total += sum(amounts_mm[minute:until])
        minute = max(minute, until)
        level = min(max(round(total / scale.sum_max_mm * height), 0), height)
        for y in range(min(last, level), level + 1):
            cells_of[y // 4][half // 2] |= _DOTS[half % 2][y % 4]
        last = level
    return cells_of


def _labels(chronicle: Chronicle) -> list[str]:
    return list(dict.fromkeys(trouble.label for trouble in chronicle.troubles))


def _trouble(label: str, troubles: Sequence[Trouble], scale: Scale) -> Line:
    line = [" "] * scale.columns
    for trouble in troubles:
        first = min(math.floor(scale.column(trouble.since_min)), scale.columns - 1)
        last = min(max(math.ceil(scale.column(trouble.until_min)), first + 1), scale.columns)
        line[first:last] = "◆" if trouble.until_min == trouble.since_min else "━" * (last - first)
    return [Piece(f"{label:>{_MARGIN - 2}}  "), Piece("".join(line), _NO_FAULT.get(label, "bad"))]


def _legend(scale: Scale) -> list[Line]:
    words: Line = [Piece(f"bars of {_length(scale.bar_min)}, mm/h: ", "muted")]
    above = [f"from {least:g}" for least, _ in INTENSITIES[:-1]] + [f"below {INTENSITIES[-2][0]:g}"]
    for (_, style), bound in reversed(list(zip(INTENSITIES, above, strict=True))):
        words += [Piece("█", style), Piece(f" {bound}  ", "muted")]
    words += [Piece("█", "snow"), Piece(" snow", "muted")]
    curves: Line = [Piece("sum: ", "muted"), Piece("⠒⠒", "fell"), Piece(" fell  ", "muted")]
    curves += [Piece("⠒⠒", "counted"), Piece(" counted    ", "muted")]
    return [words, [*curves, Piece("━ ◆", "bad"), Piece(" what went wrong", "muted")]]


def _span(scale: Scale) -> str:
    since, until = (
        datetime.fromtimestamp((scale.start_at + minutes * MINUTE_MS) // 1000, BEIJING)
        for minutes in (0, scale.minutes)
    )
    return f"{since:%Y-%m-%d %H:%M} to {until:%m-%d %H:%M}, {_length(scale.minutes)}"


def _length(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _wrapped(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines
