"""The day's rain as an SVG file, for mail, print and the wall: a row for each station, the wettest on top.

Bars are hours on one scale for all stations, so that what is higher was more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from gauge_ingest.commands.output import full_instant, instant, plain
from gauge_ingest.commands.svg_shapes import (
    DOUBTED,
    FAINT,
    FONTS,
    INK,
    LANE,
    LEVEL_COLOURS,
    RAIN,
    SILENT,
    box,
    frame,
    line,
    round_up,
    text,
    width,
)
from gauge_ingest.core.days import day_name
from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.model import HOUR_MS, Rule
from gauge_ingest.reports.day_hours import AlertCourse, DayHours, Hour, LevelSpan, StationHours

STATIONS_MAX = 40  # rows that can still be looked at
ALERTS_MAX = 6  # of one place
WIDTH, LEFT, RIGHT, BORDER = 1_000, 150, 112, 16
PLOT = WIDTH - LEFT - RIGHT
SUM = "#d5e4f1"
REVISED = "#6a0dad"

_TITLE, _RAIN_HEIGHT, _BAND, _BAND_HEIGHT, _APART, _AXIS, _LEGEND = 58, 64, 16, 13, 16, 30, 46
_TICK_MS = 3 * HOUR_MS
_OTHER_MIN = 32  # pixels for the name of a basin and its id below it

Place = Callable[[int], float]
"""Where an instant stands, in pixels from the left."""


def svg(day: DayHours, names: Mapping[str, str], rules: Sequence[Rule]) -> str:
    """The text of the file: the wettest STATIONS_MAX stations, then the alerts of basins."""
    levels = {rule.id: rule.levels for rule in rules}
    shown = sorted(day.stations, key=lambda one: (-one.rain_mm, one.station.id))[:STATIONS_MAX]
    of_place: dict[str, list[AlertCourse]] = {}
    for alert in day.alerts:
        of_place.setdefault(alert.scope, []).append(alert)
    drawn = {one.station.id for one in shown}
    others = {scope: found for scope, found in of_place.items() if scope not in drawn}
    rows = [_height(of_place.get(one.station.id, ())) for one in shown] + [_others(one) for one in others.values()]
    height = 2 * BORDER + _TITLE + sum(rows) + _AXIS + _LEGEND
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}" font-size="12" fill="{INK}">',
        f"<title>{escape(f'逐时雨量 Rain by the hour {day_name(day.until)}')}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_head(day),
    ]
    top = BORDER + _TITLE
    most_mm = round_up(max([1.0, *(max(hour.rain_mm, hour.before_mm or 0.0) for one in shown for hour in one.hours)]))
    for one, high in zip(shown, rows, strict=False):
        parts += _station(day, one, of_place.get(one.station.id, ()), most_mm, levels, top)
        top += high
    for scope, found in others.items():
        parts += _elsewhere(day, scope, names.get(scope, ""), found, levels, top)
        top += _others(found)
    parts += _axis(day, top)
    parts += _legend(day, levels, top + _AXIS + 16)
    return "\n".join([*parts, "</svg>", ""])


def _height(alerts: Sequence[AlertCourse]) -> int:
    return _RAIN_HEIGHT + _BAND * min(len(alerts), ALERTS_MAX) + _APART


def _others(alerts: Sequence[AlertCourse]) -> int:
    return max(_OTHER_MIN, _BAND * min(len(alerts), ALERTS_MAX)) + _APART


def _placed(day: DayHours) -> Place:
    return lambda at: LEFT + PLOT * (min(max(at, day.since), day.until) - day.since) / (day.until - day.since)


def _head(day: DayHours) -> Iterator[str]:
    yield text(BORDER, BORDER + 16, f"逐时雨量 Rain by the hour  {day_name(day.until)}", size=19, weight="bold")
    span = f"{full_instant(day.since)} – {full_instant(day.until)}，北京时间 Beijing time"
    yield text(BORDER, BORDER + 38, span, size=13)
    made = f"制作 made {full_instant(day.made_at)}"
    yield text(WIDTH - BORDER, BORDER + 38, made, colour=FAINT, anchor="end")
    standing = sum(one.stands for one in day.alerts)
    count = f"降雨预警 rain alerts: {len(day.alerts)}" + (f"，未解除 standing: {standing}" if standing else "")
    colour = LEVEL_COLOURS[4] if standing else ""
    yield text(WIDTH - BORDER, BORDER + 16, count, size=15, weight="bold", anchor="end", colour=colour)


def _station(
    day: DayHours,
    one: StationHours,
    alerts: Sequence[AlertCourse],
    most_mm: float,
    levels: Mapping[str, Sequence[str]],
    top: int,
) -> Iterator[str]:
    place, floor = _placed(day), float(top + _RAIN_HEIGHT)
    yield text(BORDER, top + 22, one.station.name, size=15, weight="bold")
    yield text(BORDER, top + 38, one.station.id, colour=FAINT)
    yield box(LEFT, top, PLOT, _RAIN_HEIGHT, LANE)
    for spans, colour, words in ((one.sums, SUM, "只知总量 sum alone"), (one.gaps, SILENT, "无数据 no reports")):
        for since, until in spans:
            broad = place(until) - place(since)
            yield box(place(since), top, broad, _RAIN_HEIGHT, colour)
            if broad > width(words, size=11) + 8:
                yield text(place(since) + broad / 2, top + 12, words, size=11, colour=FAINT, anchor="middle")
    for at in range(day.since, day.until + 1, _TICK_MS):
        yield line(place(at), top, place(at), floor)
    yield text(LEFT - 6, top + 9, f"{most_mm:g}", size=11, colour=FAINT, anchor="end")
    yield text(LEFT - 6, floor + 1, "0", size=11, colour=FAINT, anchor="end")
    for hour in one.hours:
        yield from _bar(hour, most_mm, place, floor)
    yield line(LEFT, floor, LEFT + PLOT, floor, colour=INK)
    yield from _total(one, day, top)
    yield from _bands(day, alerts, levels, top + _RAIN_HEIGHT + 3)


def _total(one: StationHours, day: DayHours, top: int) -> Iterator[str]:
    """How much in all, and what of the day nobody reported."""
    away_ms = sum(until - since for since, until in one.gaps)
    silent = away_ms >= min(day.until, day.made_at) - day.since
    words = "无数据" if silent else f"{one.rain_mm:g} mm"
    yield text(WIDTH - BORDER, top + 22, words, size=15, weight="bold", anchor="end")
    if silent:
        yield text(WIDTH - BORDER, top + 38, "no reports", colour=FAINT, anchor="end")
    elif away_ms:
        yield text(WIDTH - BORDER, top + 38, f"缺 {away_ms / HOUR_MS:.1f} h gap", colour=FAINT, anchor="end")
    before = [hour.rain_mm if hour.before_mm is None else hour.before_mm for hour in one.hours]
    if any(hour.before_mm is not None for hour in one.hours):
        was = f"原 was {round(sum(before), 3):g}"
        yield text(WIDTH - BORDER, top + 54, was, colour=REVISED, anchor="end")


def _bar(hour: Hour, most_mm: float, place: Place, floor: float) -> Iterator[str]:
    left, right = place(hour.until - HOUR_MS) + 2, place(hour.until) - 2
    high = hour.rain_mm / most_mm * (_RAIN_HEIGHT - 12)
    top = floor
    if hour.rain_mm > 0:
        high = max(1.5, high)
        top = floor - high
        yield box(left, floor - high, right - left, high, DOUBTED if hour.is_doubted else RAIN)
    if hour.before_mm is not None:
        was = max(1.5, hour.before_mm / most_mm * (_RAIN_HEIGHT - 12))
        yield frame(left - 1.5, floor - was, right - left + 3, was, REVISED)
        top = min(top, floor - was)
    if hour.rain_mm > 0 or hour.before_mm is not None:
        words = f"{hour.rain_mm:.1f}".removesuffix(".0") if hour.is_known or hour.rain_mm else "?"
        colour = "" if hour.before_mm is None else REVISED
        yield text((left + right) / 2, top - 3, words, size=11, anchor="middle", colour=colour)


def _elsewhere(
    day: DayHours, scope: str, name: str, alerts: Sequence[AlertCourse], levels: Mapping[str, Sequence[str]], top: int
) -> Iterator[str]:
    """Alerts of a basin, which has no gauge of its own, or of a station that is not drawn."""
    yield text(BORDER, top + 12, name or scope, size=15, weight="bold")
    yield text(BORDER, top + 28, scope if name else "", colour=FAINT)
    yield from _bands(day, alerts, levels, top)


def _bands(
    day: DayHours, alerts: Sequence[AlertCourse], levels: Mapping[str, Sequence[str]], top: int
) -> Iterator[str]:
    """One band for each alert, in the colours of its levels, and which levels those are in words behind it."""
    place = _placed(day)
    for number, alert in enumerate(alerts[:ALERTS_MAX]):
        y = top + number * _BAND
        for span in alert.spans:
            left = place(span.since)
            broad = max(3.0, place(span.until) - left)
            yield box(left, y, broad, _BAND_HEIGHT - 2, _colour(_level(span, alert, levels)))
        words = _in_words(alert, levels)
        left, right = place(alert.spans[0].since), place(alert.spans[-1].until)
        fits = right + 6 + width(words, size=11) < WIDTH - BORDER
        weight = "bold" if alert.stands else ""
        where, anchor = (right + 6, "") if fits else (left - 6, "end")
        yield text(where, y + _BAND_HEIGHT - 3, words, size=11, anchor=anchor, weight=weight)


def _in_words(alert: AlertCourse, levels: Mapping[str, Sequence[str]]) -> str:
    told = [_level(span, alert, levels) for span in alert.spans]
    highest = max(told, key=lambda one: one.grade)
    begins, ends = instant(alert.spans[0].since)[6:], instant(alert.spans[-1].until)[6:]
    until = "未解除 STANDS" if alert.stands else ends
    if alert.stands and told[-1] != highest:
        until += f"，现 now {told[-1].zh} {told[-1].en}"
    back = " 已撤销 withdrawn" if alert.withdrawn else ""
    return plain(f"{highest.zh} {highest.en}  {begins} – {until}{back}  #{alert.id}")


def _level(span: LevelSpan, alert: AlertCourse, levels: Mapping[str, Sequence[str]]) -> Level:
    return level_of(span.level, levels.get(alert.rule, ()))


def _colour(level: Level) -> str:
    return LEVEL_COLOURS[level.grade]


def _axis(day: DayHours, top: int) -> Iterator[str]:
    place = _placed(day)
    yield line(LEFT, top, LEFT + PLOT, top, colour=INK)
    for at in range(day.since, day.until + 1, _TICK_MS):
        yield line(place(at), top, place(at), top + 4, colour=INK)
        yield text(place(at), top + 18, instant(at)[6:], colour=FAINT, anchor="middle")
    if day.made_at < day.until:
        now = place(day.made_at)
        yield line(now, BORDER + _TITLE, now, top, colour=INK, dashes="4 3")
        yield text(now + 4, top - 3, "现在 now", size=11, weight="bold")


def _legend(day: DayHours, levels: Mapping[str, Sequence[str]], y: int) -> Iterator[str]:
    found = {(level.grade, level.zh, level.en): level for one in day.alerts for level in _levels_of(one, levels)}
    shown = [(RAIN, "每小时雨量 mm rain in 1 h"), (DOUBTED, "存疑 doubted"), (SILENT, "无数据 no reports")]
    shown += [(SUM, "只知总量 sum alone")] if any(one.sums for one in day.stations) else []
    if any(hour.before_mm is not None for one in day.stations for hour in one.hours):
        shown.append((REVISED, "更正前 before revision"))
    shown += [(_colour(level), f"{level.zh} {level.en}") for _, level in sorted(found.items())]
    left = float(LEFT)
    for colour, word in shown:
        broad = 17 + width(word, size=12) + 20
        if left + broad > WIDTH - BORDER:
            left, y = float(LEFT), y + 20
        yield (frame if colour == REVISED else box)(left, y - 10, 12, 12, colour)
        yield text(left + 17, y, word, colour=FAINT)
        left += broad


def _levels_of(alert: AlertCourse, levels: Mapping[str, Sequence[str]]) -> list[Level]:
    return [_level(span, alert, levels) for span in alert.spans]
