"""What was flagged over time, in the terminal: the rain as bars, a lane for each check, the dates below."""

from collections.abc import Iterator

from rich.text import Text

from gauge_ingest.commands.output import block, elapsed, width
from gauge_ingest.commands.time_axis import ticks
from gauge_ingest.core.quality.course import Course
from gauge_ingest.core.quality.seen import UM_PER_MM
from gauge_ingest.core.quality.summary import QualitySummary
from gauge_ingest.core.quality.verdicts import Outcome

ROWS = 4
COLUMNS_MIN = 20
RAIN, DOUBTED, DIM = "bright_blue", "yellow", "dim"
MARKS = {Outcome.SUSPECT: ("▒", "yellow"), Outcome.FAILED: ("█", "red")}

_SILENT = "·"
_LABEL_COLUMNS = 13  # as long as the longest name of a check, and one
_TICK_COLUMNS = 8


def chart(of: QualitySummary) -> Iterator[Text]:
    """The rain above, below it the checks that flagged, with the most rain first, and the line of time."""
    room = max(COLUMNS_MIN, width() - _LABEL_COLUMNS - 1)
    course = of.course.squeezed(room)
    broad = max(1, room // len(course.heard))
    yield from _rain(course, broad)
    for found in of.flagged:
        line = _line(found.check.name.lower())
        for outcome in course.outcomes[found.check]:
            mark, style = MARKS.get(Outcome(outcome), (" ", ""))
            line.append(mark * broad, style)
        yield _ended(line)
    yield _axis(course, broad)
    yield _legend(course, doubted=bool(of.doubted_um), flagged=bool(of.flagged))


def _rain(course: Course, broad: int) -> Iterator[Text]:
    """Bars of the rain; doubted rain stands on top of the rest, and takes at least an eighth of its bar's colour."""
    most_um = max(course.rain_um)
    rows = ROWS if most_um else 1
    for row in reversed(range(rows)):
        label = f"{most_um / UM_PER_MM:g} mm" if row == rows - 1 and most_um else "dry" if not most_um else ""
        line = _line(label)
        for heard, rain_um, doubted_um in zip(course.heard, course.rain_um, course.doubted_um, strict=True):
            if not rain_um:
                line.append((_SILENT if not heard and not row else " ") * broad, DIM)
                continue
            trusted = (rain_um - doubted_um) / most_um * ROWS
            is_doubted = doubted_um and row + 1 > trusted
            line.append(block(rain_um / most_um * ROWS, row=row) * broad, DOUBTED if is_doubted else RAIN)
        yield _ended(line)


def _axis(course: Course, broad: int) -> Text:
    """The line of time: a tick and its date or hour."""
    columns = len(course.heard) * broad
    column_ms = course.slot_ms / broad
    line = ["─"] * columns
    for tick in ticks(since=course.first_at, until=course.until, apart_ms=_TICK_COLUMNS * column_ms):
        label = f"┬{tick.label}"
        column = round((tick.at - course.first_at) / column_ms)
        if column + len(label) <= columns:
            line[column : column + len(label)] = label
    return Text(f"{'':>{_LABEL_COLUMNS - 1}} {''.join(line)}", style=DIM)


def _legend(course: Course, *, doubted: bool, flagged: bool) -> Text:
    words = Text(f"{'':>{_LABEL_COLUMNS}}bars of {elapsed(course.slot_ms)}", style=DIM)
    if doubted:
        words.append("  █", RAIN)
        words.append(" rain")
        words.append("  █", DOUBTED)
        words.append(" doubted")
    if flagged:
        for outcome, (mark, style) in MARKS.items():
            words.append(f"  {mark}", style)
            words.append(f" {outcome.name.lower()}")
    if not all(course.heard):
        words.append(f"  {_SILENT} no reports")
    return words


def _line(label: str) -> Text:
    return Text(f"{label:>{_LABEL_COLUMNS - 1}} ", style="")


def _ended(line: Text) -> Text:
    line.rstrip()
    return line
