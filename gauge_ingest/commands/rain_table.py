"""The rain of a station as a table with bars; long stretches without rain or without reports become one line."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from rich.text import Text

from gauge_ingest.commands.output import bar, flag_text, full_instant, instant, show, table, width
from gauge_ingest.core.model import Flag, Station, Step
from gauge_ingest.history import Ended, Fixed

# So many lines one after the other that say the same nothing become one.
FOLD_FROM = 3
# Columns of the table beside the bars, and the longest bar.
BESIDE = 54
BAR_MAX = 60
_WELL_COVERED = 0.995


class _Line(NamedTuple):
    since: int
    until: int
    rain_mm: float
    quiet: str  # what a stretch of such lines is called; empty for a line that must be seen
    flag: Flag
    note: str


def show_rain(station: Station, rain: Sequence[Ended] | Sequence[Fixed], *, every: str, source: str) -> None:
    """A title, the table, the sum."""
    lines = [_ended(station, one) if isinstance(one, Ended) else _fixed(one) for one in rain]
    steps = "increments" if every == "raw" else f"each {every}"
    title = Text(f"{station.id} {station.name}  rain, {steps}, times of Beijing, from {source}", style="bold")
    if not lines:
        show(title, "no reports in this time")
        return
    most = max(line.rain_mm for line in lines)
    columns = max(8, min(BAR_MAX, width() - BESIDE))
    listing = table("after", "until", "mm", "", "flag", "", right=("mm",))
    for quiet, group in groupby(lines, key=lambda line: line.quiet):
        stretch = list(group)
        if quiet and len(stretch) >= FOLD_FROM:
            many = Text(f"{quiet}, {len(stretch)} times", style="dim")
            listing.add_row(instant(stretch[0].since), instant(stretch[-1].until), "", many, "", "", style="dim")
            continue
        for line in stretch:
            drawn = Text(bar(line.rain_mm, most=most, columns=columns), style="bright_blue")
            wet = "bold" if line.rain_mm else ""
            cells = (instant(line.since), instant(line.until), f"{line.rain_mm:.1f}")
            listing.add_row(*cells, drawn, flag_text(line.flag), line.note, style=wet)
    total_mm, tips = sum(line.rain_mm for line in lines), sum(one.tips for one in rain)
    show(
        title,
        listing,
        f"{total_mm:.1f} mm ({tips} tips) after {full_instant(lines[0].since)} until {full_instant(lines[-1].until)}",
    )


def _fixed(window: Fixed) -> _Line:
    quiet = note = ""
    if not window.coverage and window.flag is Flag.MISSING:
        quiet = note = "no reports"
    elif window.coverage < _WELL_COVERED:
        note = f"{window.coverage:.0%} covered"
    elif not window.tips and window.flag in (Flag.GOOD, Flag.MISSING):
        quiet = "dry"
    return _Line(window.since, window.until, window.rain_mm, quiet, window.flag, note)


def _ended(station: Station, one: Ended) -> _Line:
    rain_mm = station.depth_mm(one.tips, until=one.until)
    dry = not one.tips_max and one.step is Step.STEADY and one.flag is Flag.GOOD
    note = "" if one.step is Step.STEADY else one.step.name.lower()
    if one.tips_max > one.tips:
        note += f", perhaps {station.depth_mm(one.tips_max, until=one.until):.1f} mm"
    return _Line(one.since, one.until, rain_mm, "dry" if dry else "", one.flag, note)
