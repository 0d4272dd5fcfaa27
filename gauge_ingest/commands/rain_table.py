"""The rain of a station as a table with bars; long stretches without rain or without reports become one line."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from gauge_ingest.commands.covered import NO_REPORTS, covered_note, footer
from gauge_ingest.commands.output import bar, flag_word, show, stretch, table, width
from gauge_ingest.core.fixed import Ended, Fixed, depths_mm
from gauge_ingest.core.model import Flag, Station, Step
from gauge_ingest.history import Rain

# So many lines one after the other that say the same nothing become one.
FOLD_FROM = 3
DRY = "dry"
CORRECTED = "corrected"  # a column that only stations with a calibration have
BAR_MAX, BAR_MIN = 60, 8
GAPS = 6  # columns between the columns of the table


class _Line(NamedTuple):
    since: int
    until: int
    rain_mm: float
    corrected_mm: float
    quiet: str  # what a stretch of such lines is called; empty for a line that must be seen
    note: str


def show_rain(station: Station, rain: Rain, *, every: str, source: str) -> None:
    """A title, the table, the sum."""
    shown = [one for one in rain if isinstance(one, Ended | Fixed)]
    lines = [_ended(station, one) if isinstance(one, Ended) else _fixed(one) for one in shown]
    steps = "increments" if every == "raw" else f"each {every}"
    title = Text(f"{station.id} {station.name}  rain, {steps}, times of Beijing, from {source}", style="bold")
    if not lines:
        show(title, "no reports in this time")
        return
    total_mm, tips = sum(line.rain_mm for line in lines), sum(one.tips for one in shown)
    fell = f", corrected {sum(line.corrected_mm for line in lines):.1f} mm" if station.corrects else ""
    show(
        title,
        _table(lines, corrects=station.corrects),
        footer(shown, f"{total_mm:.1f} mm ({tips} tips){fell}"),
    )


def _table(lines: Sequence[_Line], *, corrects: bool) -> Table:
    rows = list(_rows(lines))
    beside = sum(max(map(cell_len, column)) for column in zip(*(row[:3] for row in rows), strict=True))
    beside += len(CORRECTED) + 2 if corrects else 0
    columns = min(BAR_MAX, width() - beside - GAPS)
    bars = [""] if columns >= BAR_MIN else []  # where there is too little room they are given up first
    most = max(line.rain_mm for line in lines)
    depths = ("mm", CORRECTED) if corrects else ("mm",)
    listing = table("from - until", *depths, *bars, "", right=depths, wrap=() if bars else ("",))
    for when, depth, note, line in rows:
        shown_mm = [depth] if not corrects else [depth, "" if line is None else _corrected(line)]
        if line is None:
            listing.add_row(when, *shown_mm, note, *bars, style="dim")
            continue
        drawn = [Text(bar(line.rain_mm, most=most, columns=columns), style="bright_blue") for _ in bars]
        listing.add_row(when, *shown_mm, *drawn, note, style="bold" if line.rain_mm else "")
    return listing


def _corrected(line: _Line) -> str:
    return "?" if line.quiet == NO_REPORTS else f"{line.corrected_mm:.1f}"


def _rows(lines: Sequence[_Line]) -> Iterator[tuple[str, str, str, _Line | None]]:
    """When, how much, what else is to be said, and the line itself unless it stands for several."""
    for quiet, group in groupby(lines, key=lambda line: line.quiet):
        alike = list(group)
        if quiet and len(alike) >= FOLD_FROM:
            yield stretch(alike[0].since, alike[-1].until), "", f"{len(alike)} × {quiet}", None
            continue
        for line in alike:
            depth = "?" if line.quiet == NO_REPORTS else f"{line.rain_mm:.1f}"
            yield stretch(line.since, line.until), depth, line.note, line


def _fixed(window: Fixed) -> _Line:
    notes = [flag_word(window.flag)]
    quiet = ""
    if not window.coverage and window.flag is Flag.MISSING:
        quiet, notes = NO_REPORTS, [NO_REPORTS]
    elif covered_note(window.coverage):
        notes.append(covered_note(window.coverage))
    elif not window.tips and window.flag in (Flag.GOOD, Flag.MISSING):
        quiet, notes = DRY, []
    return _Line(window.since, window.until, window.rain_mm, window.corrected_mm, quiet, _joined(notes))


def _ended(station: Station, one: Ended) -> _Line:
    dry = not one.tips_max and one.step is Step.STEADY and one.flag is Flag.GOOD
    notes = [flag_word(one.flag), "" if one.step is Step.STEADY else one.step.name.lower()]
    if one.tips_max > one.tips:
        notes.append(f"perhaps {station.depth_mm(one.tips_max, until=one.until):.1f} mm")
    return _Line(one.since, one.until, *depths_mm(station, one), DRY if dry else "", _joined(notes))


def _joined(notes: Sequence[str]) -> str:
    return ", ".join(note for note in notes if note)
