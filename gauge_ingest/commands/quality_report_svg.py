"""What was flagged over time as an SVG file, for mail and print: a panel for each station, on white."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from gauge_ingest.commands.output import elapsed, full_instant, plain
from gauge_ingest.commands.quality_report_text import in_a_sentence
from gauge_ingest.commands.svg_shapes import (
    DOUBTED,
    FAINT,
    FONTS,
    INK,
    LANE,
    RAIN,
    SILENT,
    box,
    line,
    round_up,
    text,
    width,
)
from gauge_ingest.commands.time_axis import ticks
from gauge_ingest.core.quality.course import Course
from gauge_ingest.core.quality.seen import UM_PER_MM
from gauge_ingest.core.quality.summary import Flagged, QualitySummary
from gauge_ingest.core.quality.verdicts import Outcome

# So many panels, those of the worst stations, make a picture that can still be looked at.
STATIONS_MAX = 20
WIDTH, LEFT, RIGHT, BORDER = 1_000, 118, 18, 16
PLOT = WIDTH - LEFT - RIGHT
BARS_MAX = 215  # each 4 pixels wide or more

COLOURS = {Outcome.SUSPECT: DOUBTED, Outcome.FAILED: "#a50026"}

_HEADING, _RAIN_HEIGHT, _LANE_HEIGHT, _AXIS, _APART = 52, 110, 36, 28, 26
_LANE_BAR = 13
_LEGEND = 24
_MARK_MIN = 2.0  # pixels: a single reading of a month must be seen
_TICK_APART = 75

Place = Callable[[int], float]
"""Where an instant stands, in pixels from the left."""


def svg(summaries: Sequence[QualitySummary]) -> str:
    """The text of the file: the first STATIONS_MAX of the stations, in the order given."""
    told = summaries[:STATIONS_MAX]
    height = 2 * BORDER + _LEGEND + sum(_height(one) for one in told) + _APART * (len(told) - 1)
    names = ", ".join(one.station.id for one in told)
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}" font-size="12" fill="{INK}">',
        f"<title>{escape(plain(f'What was flagged, and why: {names}'))}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    top = BORDER
    for one in told:
        parts += _panel(one, top)
        top += _height(one) + _APART
    parts += _legend(top - _APART + _LEGEND - 4)
    return "\n".join([*parts, "</svg>", ""])


def _height(of: QualitySummary) -> int:
    return _HEADING + _RAIN_HEIGHT + 10 + _LANE_HEIGHT * len(of.flagged) + _AXIS


def _panel(of: QualitySummary, top: int) -> Iterator[str]:
    def place(at: int) -> float:
        return LEFT + PLOT * (min(max(at, of.since), of.until) - of.since) / (of.until - of.since)

    head = f"{of.station.id} {of.station.name}"
    span = f"{full_instant(of.since)} until {full_instant(of.until)}, times of Beijing"
    yield text(BORDER, top + 16, head, size=17, weight="bold")
    yield text(WIDTH - RIGHT, top + 16, span, colour=FAINT, anchor="end")
    yield text(BORDER, top + 36, in_a_sentence(of))
    floor = top + _HEADING + _RAIN_HEIGHT
    bottom = floor + 10 + _LANE_HEIGHT * len(of.flagged)
    shown = ticks(since=of.since, until=of.until, apart_ms=_TICK_APART * (of.until - of.since) / PLOT)
    tops = [floor + 10 + number * _LANE_HEIGHT for number in range(len(of.flagged))]
    for begins, ends in ((floor - _RAIN_HEIGHT, floor), *((one, one + _LANE_BAR) for one in tops)):
        if ends > floor:
            yield box(LEFT, begins, PLOT, ends - begins, LANE)
        for since, until in of.course.silences():
            yield box(place(since), begins, place(until) - place(since), ends - begins, SILENT)
        for tick in shown:
            yield line(place(tick.at), begins, place(tick.at), ends)
    yield from _rain(of.course.squeezed(BARS_MAX), place, floor)
    for found, one in zip(of.flagged, tops, strict=True):
        yield from _lane(found, of.course, place, one)
    yield line(LEFT, bottom, WIDTH - RIGHT, bottom, colour=INK)
    for tick in shown:
        yield line(place(tick.at), bottom, place(tick.at), bottom + 4, colour=INK)
        yield text(place(tick.at), bottom + 18, tick.label, colour=FAINT, anchor="middle")


def _rain(course: Course, place: Place, floor: int) -> Iterator[str]:
    """Bars of the rain, doubted rain on top of the rest, and how much they stand for."""
    most_mm = round_up(max(course.rain_um) / UM_PER_MM)
    for share in (0.5, 1.0):
        y = floor - share * _RAIN_HEIGHT
        yield line(LEFT, y, WIDTH - RIGHT, y)
        yield text(LEFT - 8, y + 4, f"{most_mm * share:g}", colour=FAINT, anchor="end")
    yield text(LEFT - 8, floor + 4, "0", colour=FAINT, anchor="end")
    yield text(BORDER, floor - _RAIN_HEIGHT / 2 - 8, "rain, mm", colour=FAINT)
    yield text(BORDER, floor - _RAIN_HEIGHT / 2 + 8, f"in {elapsed(course.slot_ms)}", colour=FAINT)
    for number, (rain_um, doubted_um) in enumerate(zip(course.rain_um, course.doubted_um, strict=True)):
        if not rain_um:
            continue
        left = place(course.first_at + number * course.slot_ms)
        broad = max(1.0, place(course.first_at + (number + 1) * course.slot_ms) - left - 0.7)
        high, doubted = (one / UM_PER_MM / most_mm * _RAIN_HEIGHT for one in (rain_um, doubted_um))
        if high > doubted:
            yield box(left, floor - high + doubted, broad, high - doubted, RAIN)
        if doubted:
            yield box(left, floor - high, broad, doubted, DOUBTED)
    yield line(LEFT, floor, WIDTH - RIGHT, floor, colour=INK)


def _lane(found: Flagged, course: Course, place: Place, top: int) -> Iterator[str]:
    """When a check flagged, how much, and the reason that it gave most often."""
    yield text(BORDER, top + _LANE_BAR - 2, found.check.name.lower(), weight="bold")
    for since, until, outcome in course.runs(found.check):
        left, right = place(since), place(until)
        yield box(min(left, WIDTH - RIGHT - _MARK_MIN), top, max(_MARK_MIN, right - left), _LANE_BAR, COLOURS[outcome])
    number = f"{found.readings:,} reading{'' if found.readings == 1 else 's'}"
    failed = f", {found.failed:,} failed" if found.failed else ""
    rain = f", {found.rain_mm:.1f} mm" if found.rain_um else ""
    words = _fitted(plain(f"{number}{failed}{rain}: {found.why}").replace("\n", " "), size=11)
    yield text(LEFT, top + _LANE_BAR + 13, words, size=11, colour=FAINT)


def _legend(y: int) -> Iterator[str]:
    left = float(LEFT)
    shown = (
        (RAIN, "rain"),
        (DOUBTED, "doubted rain; suspect"),
        (COLOURS[Outcome.FAILED], "failed"),
        (SILENT, "no reports"),
    )
    for colour, word in shown:
        yield box(left, y - 10, 12, 12, colour)
        yield text(left + 17, y, word, colour=FAINT)
        left += 17 + width(word, size=12) + 26


def _fitted(words: str, *, size: int) -> str:
    """As much of a line as fits beside a lane."""
    if width(words, size=size) <= PLOT:
        return words
    while words and width(words, size=size) > PLOT - size:
        words = words[:-1]
    return words.rstrip() + "…"
