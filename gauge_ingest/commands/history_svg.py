"""The rain of windows as an SVG file: bars from below, the sum as a line, what is missing hatched, doubts marked.

A panel for each station, all bars on one scale and all sums on another, so that what is higher was more.
"""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import accumulate
from typing import NamedTuple

from gauge_ingest.commands.covered import NO_REPORTS, WELL_COVERED, of_all, share_text, unknown
from gauge_ingest.commands.output import full_instant
from gauge_ingest.commands.svg_shapes import (
    DOUBTED,
    FAINT,
    FONTS,
    INK,
    LANE,
    LEVEL_COLOURS,
    RAIN,
    box,
    course,
    frame,
    hatching,
    line,
    pointer,
    round_up,
    text,
    width,
)
from gauge_ingest.commands.time_axis import ticks
from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import Flag, Rule, Station

PANELS_MAX = 24  # that can still be looked at
WINDOWS_MAX = 3_000  # bars of a quarter of a dot
WIDTH, LEFT, RIGHT, BORDER = 1_000, 66, 74, 16
PLOT = WIDTH - LEFT - RIGHT
SUM, FAILED, CORRECTED = "#117733", "#b10026", "#6a0dad"

_HEAD, _PANEL_HEAD, _HEIGHT, _APART, _AXIS, _LEGEND = 62, 30, 170, 20, 26, 44
_TICKS = 11
_STEPS = (4, 5, 3)
_MARKED = {Flag.SUSPECT: DOUBTED, Flag.FAIL: FAILED}
_WORDS = {"5m": "5 分钟 each 5 min", "1h": "每小时 each hour", "1d": "每日 each day", "month": "每月 each month"}


class Panel(NamedTuple):
    """The windows of a station, one next to the other."""

    station: Station
    windows: Sequence[Fixed]


class _Scale(NamedTuple):
    """Where things stand: an instant from the left, a depth and a sum above the floor of a panel."""

    place: Callable[[int], float]
    most_mm: float
    whole_mm: float

    @property
    def lines(self) -> int:
        """How many steps both axes have, so that short figures stand at them."""
        axes = (self.most_mm, self.whole_mm)
        return next(
            (one for one in _STEPS if all(f"{axis / one:.2g}" == f"{axis / one:g}" for axis in axes)), _STEPS[0]
        )

    def high(self, depth_mm: float) -> float:
        """How high a bar is."""
        return min(depth_mm / self.most_mm, 1.0) * (_HEIGHT - 10)

    def sum_high(self, depth_mm: float) -> float:
        """How high the line of the sum stands."""
        return depth_mm / self.whole_mm * (_HEIGHT - 10)


class _Limit(NamedTuple):
    """A threshold of windows of this length."""

    depth_mm: float
    words: str
    colour: str


def svg(panels: Sequence[Panel], *, every: str, rules: Sequence[Rule], step_ms: int | None) -> str:
    """The text of the file. Thresholds are drawn of rules that judge windows of just this step."""
    limits = {one.station.id: _limits(one.station, rules, step_ms) for one in panels}
    scale = _scale(panels, [limit for found in limits.values() for limit in found])
    height = 2 * BORDER + _HEAD + len(panels) * (_PANEL_HEAD + _HEIGHT + _APART) + _AXIS + _LEGEND
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    first, last = panels[0].windows[0].since, panels[0].windows[-1].until
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}" font-size="12" fill="{INK}">',
        f"<title>{escape(f'雨量过程 Rain {full_instant(first)} – {full_instant(last)}')}</title>",
        f"<defs>{hatching('silent', '#8c8c8c', apart=6)}{hatching('partly', '#b8b8b8', apart=9)}</defs>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(BORDER, BORDER + 18, f"雨量过程 Rain, {_WORDS[every]}", size=19, weight="bold"),
        text(BORDER, BORDER + 40, f"{full_instant(first)} – {full_instant(last)}，北京时间 Beijing time", size=13),
    ]
    top = BORDER + _HEAD
    for one in panels:
        parts += _panel(one, scale, limits[one.station.id], top)
        top += _PANEL_HEAD + _HEIGHT + _APART
    parts += _axis(scale, first, last, top - _APART)
    parts += _legend(panels, top - _APART + _AXIS + 22)
    return "\n".join([*parts, "</svg>", ""])


def _scale(panels: Sequence[Panel], limits: Sequence[_Limit]) -> _Scale:
    first, last = panels[0].windows[0].since, panels[0].windows[-1].until
    depths = [max(window.rain_mm, window.corrected_mm) for one in panels for window in one.windows]
    most_mm = round_up(max([1.0, *depths, *(one.depth_mm for one in limits)]))
    whole_mm = round_up(max(1.0, *(sum(window.rain_mm for window in one.windows) for one in panels)))
    return _Scale(lambda at: LEFT + PLOT * (at - first) / (last - first), most_mm, whole_mm)


def _limits(station: Station, rules: Sequence[Rule], step_ms: int | None) -> list[_Limit]:
    found = []
    for rule in rules:
        if station.id not in rule.stations:
            continue
        for threshold in rule.thresholds:
            if step_ms is not None and threshold.window_s * 1_000 == step_ms:
                level = level_of(threshold.level, rule.levels)
                words = f"{level.zh} {level.en} {threshold.rain_mm:g} mm"
                found.append(_Limit(threshold.rain_mm, words, LEVEL_COLOURS[level.grade]))
    return found


def _panel(one: Panel, scale: _Scale, limits: Sequence[_Limit], top: int) -> Iterator[str]:
    ceiling, floor = top + _PANEL_HEAD, float(top + _PANEL_HEAD + _HEIGHT)
    yield text(BORDER, top + 18, f"{one.station.name}  {one.station.id}", size=15, weight="bold")
    yield text(WIDTH - BORDER, top + 18, _total(one), size=14, weight="bold", anchor="end")
    yield box(LEFT, ceiling, PLOT, _HEIGHT, LANE)
    for share in range(scale.lines + 1):
        y = floor - scale.high(scale.most_mm) * share / scale.lines
        yield line(LEFT, y, LEFT + PLOT, y)
        yield text(LEFT - 6, y + 4, f"{scale.most_mm * share / scale.lines:g}", size=11, colour=FAINT, anchor="end")
        yield text(LEFT + PLOT + 6, y + 4, f"{scale.whole_mm * share / scale.lines:g}", size=11, colour=SUM)
    for window in one.windows:
        if window.coverage < WELL_COVERED:
            left = scale.place(window.since)
            fill = "url(#partly)" if window.coverage else "url(#silent)"
            yield box(left, ceiling, scale.place(window.until) - left, _HEIGHT, fill)
    for window in one.windows:
        yield from _bar(one.station, window, scale, floor)
    sums_mm = accumulate((window.rain_mm for window in one.windows), initial=0.0)
    edges = [one.windows[0].since, *(window.until for window in one.windows)]
    ends = (
        []
        if unknown(one.windows)
        else [(scale.place(at), floor - scale.sum_high(mm)) for at, mm in zip(edges, sums_mm, strict=True)]
    )
    if ends:
        yield course(ends, SUM)
    for limit in limits:
        y = floor - scale.high(limit.depth_mm)
        yield line(LEFT, y, LEFT + PLOT, y, colour=limit.colour, dashes="6 3")
        yield text(LEFT + 6, y - 3, limit.words, size=11, colour=limit.colour)
    yield line(LEFT, floor, LEFT + PLOT, floor, colour=INK)


def _bar(station: Station, window: Fixed, scale: _Scale, floor: float) -> Iterator[str]:
    left, right = scale.place(window.since), scale.place(window.until)
    gap = 1.0 if right - left > 4 else 0.0
    broad = max(0.3, right - left - 2 * gap)
    high = scale.high(window.rain_mm)
    if window.rain_mm:
        high = max(1.5, high)
        yield box(left + gap, floor - high, broad, high, _MARKED.get(window.flag, RAIN))
    if window.corrected_mm > window.rain_mm:
        yield frame(
            left + gap, floor - scale.high(window.corrected_mm), broad, scale.high(window.corrected_mm), CORRECTED
        )
    middle = (left + right) / 2
    if window.tips_max > window.tips:
        perhaps = scale.high(station.depth_mm(window.tips_max, until=window.until))
        yield line(middle, floor - high, middle, floor - perhaps, colour=INK)
        yield line(middle - 3, floor - perhaps, middle + 3, floor - perhaps, colour=INK)
        high = max(high, perhaps)
    if window.flag in _MARKED:
        yield pointer(middle, floor - high - 1, _MARKED[window.flag])


def _total(one: Panel) -> str:
    """How much in all, and how much of the time was reported."""
    why = unknown(one.windows)
    if why:
        return f"{'无数据' if why == NO_REPORTS else '雨量不明'} {why}"
    covered = of_all(one.windows)
    words = f"{sum(window.rain_mm for window in one.windows):.1f} mm"
    if one.station.corrects:
        words += f"，校正 corrected {sum(window.corrected_mm for window in one.windows):.1f} mm"
    return words if covered >= WELL_COVERED else f"{words}，到报 reported {share_text(covered)}"


def _axis(scale: _Scale, since: int, until: int, top: int) -> Iterator[str]:
    for tick in ticks(since=since, until=until, apart_ms=(until - since) / _TICKS):
        yield line(scale.place(tick.at), top, scale.place(tick.at), top + 5, colour=INK)
        yield text(scale.place(tick.at), top + 19, tick.label, colour=FAINT, anchor="middle")


def _legend(panels: Sequence[Panel], y: int) -> Iterator[str]:
    windows = [window for one in panels for window in one.windows]
    shown = [(RAIN, "雨量 rain, mm"), (SUM, "累计 sum, mm")]
    if any(window.coverage == 0 for window in windows):
        shown.append(("url(#silent)", "无数据 no reports"))
    if any(0 < window.coverage < WELL_COVERED for window in windows):
        shown.append(("url(#partly)", "部分到报 partly reported"))
    flags = {window.flag for window in windows}
    words = {Flag.SUSPECT: "存疑 suspect", Flag.FAIL: "不合格 failed a check"}
    shown += [(_MARKED[flag], words[flag]) for flag in _MARKED if flag in flags]
    if any(window.corrected_mm > window.rain_mm for window in windows):
        shown.append((CORRECTED, "校正 corrected"))
    left = float(LEFT)
    for colour, word in shown:
        broad = 17 + width(word, size=12) + 20
        if left + broad > WIDTH - BORDER:
            left, y = float(LEFT), y + 20
        yield (frame if colour == CORRECTED else box)(left, y - 10, 12, 3 if colour == SUM else 12, colour)
        yield text(left + 17, y, word, colour=FAINT)
        left += broad
    if any(window.tips_max > window.tips for window in windows):
        yield text(WIDTH - BORDER, y, "⊤ 或达 perhaps", colour=FAINT, anchor="end")
