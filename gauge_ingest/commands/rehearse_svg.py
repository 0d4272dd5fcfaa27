"""A rehearsal as an SVG file: of each station the old rules above, the new ones below, with the rain under both."""

from collections.abc import Callable, Iterator, Mapping
from html import escape

from gauge_ingest.commands.output import elapsed, full_instant, plain
from gauge_ingest.commands.rehearse_stretches import (
    Stretch,
    alerts_in,
    at_scope,
    levels_of,
    rule_of,
    series,
    stretches,
    thresholds_of,
)
from gauge_ingest.commands.svg_shapes import FAINT, FONTS, INK, LEVEL_COLOURS, RAIN, box, line, round_up, text, width
from gauge_ingest.commands.time_axis import ticks
from gauge_ingest.core.levels import level_of
from gauge_ingest.core.spans import duration_text
from gauge_ingest.rehearsal.known import KnownEvent
from gauge_ingest.rehearsal.result import Rehearsal, Rehearsed

WIDTH, LEFT, RIGHT, BORDER = 1_000, 128, 112, 16
PLOT = WIDTH - LEFT - RIGHT
SLOTS_MAX = 240
WINDOW = "#cfe0f0"
EVENT = "#6a0dad"

_TITLE, _HEADING, _NAME, _ROW, _BAND, _APART, _AXIS = 26, 26, 28, 78, 12, 12, 30
_ROW_HEIGHT = _ROW + _BAND + _APART
_LEGEND = 26
_TICK_APART = 75

Place = Callable[[int], float]
"""Where an instant stands, in pixels from the left."""


def svg(rehearsal: Rehearsal, names: Mapping[str, str]) -> str:
    """The text of the file; stretches without alerts and events are left out of long histories."""
    shown, left = stretches(rehearsal)
    files = list(reversed(rehearsal.files))  # old above new
    height = 2 * BORDER + _TITLE + _LEGEND + sum(_height(one, len(files)) for one in shown)
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    title = " above ".join(plain(one.file.name) for one in files)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}" font-size="12" fill="{INK}">',
        f"<title>{escape(f'Rehearsal of {title}')}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(BORDER, BORDER + 14, f"Rehearsal: {title}", size=16, weight="bold"),
    ]
    if left:
        more = f"{left} more stretches are not drawn"
        parts.append(text(WIDTH - BORDER, BORDER + 14, more, colour=FAINT, anchor="end"))
    top = BORDER + _TITLE
    for one in shown:
        parts += _stretch(rehearsal, files, one, names, top)
        top += _height(one, len(files))
    parts += _legend(rehearsal, top + 14)
    return "\n".join([*parts, "</svg>", ""])


def _height(stretch: Stretch, files: int) -> int:
    return _HEADING + len(stretch.scopes) * (_NAME + files * _ROW_HEIGHT) + _AXIS


def _stretch(
    rehearsal: Rehearsal, files: list[Rehearsed], stretch: Stretch, names: Mapping[str, str], top: int
) -> Iterator[str]:
    def place(at: int) -> float:
        share = (min(max(at, stretch.since), stretch.until) - stretch.since) / (stretch.until - stretch.since)
        return LEFT + PLOT * share

    span = f"{full_instant(stretch.since)} until {full_instant(stretch.until)}, times of Beijing"
    yield line(BORDER, top + 2, WIDTH - BORDER, top + 2)
    yield text(BORDER, top + 20, span, colour=FAINT)
    bottom = top + _height(stretch, len(files)) - _AXIS
    apart_ms = _TICK_APART * (stretch.until - stretch.since) / PLOT
    shown = ticks(since=stretch.since, until=stretch.until, apart_ms=apart_ms)
    for tick in shown:
        yield line(place(tick.at), top + _HEADING, place(tick.at), bottom)
    y = top + _HEADING
    for name in stretch.scopes:
        yield text(BORDER, y + 16, f"{name} {names.get(name, '')}".strip(), size=14, weight="bold")
        for number, file in enumerate(files):
            word = "" if len(files) == 1 else ("old", "new")[number]
            yield from _row(rehearsal, file, stretch, (name, word), place, y + _NAME + number * _ROW_HEIGHT)
        rows_end = y + _NAME + len(files) * _ROW_HEIGHT - _APART
        yield from _events(at_scope(stretch, name), place, y + 4, rows_end)
        y = rows_end + _APART
    yield line(LEFT, bottom, WIDTH - RIGHT, bottom, colour=INK)
    for tick in shown:
        yield text(place(tick.at), bottom + 16, tick.label, colour=FAINT, anchor="middle")


def _row(
    rehearsal: Rehearsal, file: Rehearsed, stretch: Stretch, labels: tuple[str, str], place: Place, top: int
) -> Iterator[str]:
    """Rain, thresholds and alerts of one station or basin under one file."""
    name, word = labels
    told = alerts_in(file, stretch, name, ends_at=rehearsal.record.until)
    rule = rule_of(file, told, name)
    thresholds = thresholds_of(rule, told)
    window_s = thresholds[0].window_s if thresholds else 3_600
    rain = series(rehearsal, stretch, name, rule, window_s=window_s, slots_max=SLOTS_MAX)
    most_mm = round_up(max([*rain.window_mm, *rain.rain_mm, *(one.rain_mm for one in thresholds), 1.0]))
    floor = top + _ROW
    yield text(BORDER, top + 14, word, weight="bold")
    yield text(BORDER, top + 32, f"mm in {duration_text(window_s)}", size=11, colour=FAINT)
    yield text(BORDER, top + 46, f"and in {elapsed(rain.slot_ms)}", size=11, colour=FAINT)
    yield text(LEFT - 6, top + 5, f"{most_mm:g}", size=11, colour=FAINT, anchor="end")
    yield text(LEFT - 6, floor + 2, "0", size=11, colour=FAINT, anchor="end")
    for amounts, colour in ((rain.window_mm, WINDOW), (rain.rain_mm, RAIN)):
        for slot, mm in enumerate(amounts):
            if mm > 0:
                left = place(stretch.since + slot * rain.slot_ms)
                right = place(stretch.since + (slot + 1) * rain.slot_ms)
                high = max(1.0, mm / most_mm * _ROW)
                yield box(left, floor - high, max(1.0, right - left), high, colour)
    levels = [one.level for one in thresholds]
    for threshold in thresholds:
        y = floor - threshold.rain_mm / most_mm * _ROW
        colour = _colour(threshold.level, levels)
        yield line(LEFT, y, WIDTH - RIGHT, y, colour=colour, dashes="5 3")
        yield text(WIDTH - RIGHT + 5, y + 4, f"{threshold.level} {threshold.rain_mm:g}", size=11, colour=FAINT)
    yield line(LEFT, floor, WIDTH - RIGHT, floor, colour=INK)
    false = set(file.verdicts.false_alerts)
    for one in told:
        for since, until, level in levels_of(one, ends_at=rehearsal.record.until):
            left = place(since)
            yield box(left, floor + 2, max(2.0, place(until) - left), _BAND - 3, _colour(level, levels))
        yield line(place(one.alert.known_at), top, place(one.alert.known_at), floor + _BAND, colour=INK)
        if one.alert.id in false:
            yield text(place(one.alert.known_at) + 4, top + 10, "false", size=11, weight="bold")


def _events(events: list[KnownEvent], place: Place, top: int, bottom: int) -> Iterator[str]:
    for event in events:
        x = place(event.at)
        yield line(x, top, x, bottom, colour=EVENT, dashes="2 2")
        ends = x + width(event.name, size=12) > WIDTH - BORDER
        yield text(x - 4 if ends else x + 4, top + 10, event.name, colour=EVENT, anchor="end" if ends else "")


def _legend(rehearsal: Rehearsal, y: int) -> Iterator[str]:
    names = {level: rule.levels for file in rehearsal.files for rule in file.file.rules for level in rule.levels}
    shown = [(RAIN, "rain"), (WINDOW, "rain within the duration that decided")]
    shown += [(_colour(level, list(levels)), f"alert: {level}") for level, levels in names.items()]
    shown += [(INK, "known"), (EVENT, "event")] if rehearsal.events else [(INK, "known")]
    left = float(LEFT)
    for colour, word in shown:
        yield box(left, y - 10, 12 if colour not in (INK, EVENT) else 2, 12, colour)
        yield text(left + 17, y, word, colour=FAINT)
        left += 17 + width(word, size=12) + 18


def _colour(level: str, levels: list[str]) -> str:
    return LEVEL_COLOURS[level_of(level, levels).grade]
