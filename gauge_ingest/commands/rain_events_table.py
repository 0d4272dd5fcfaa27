"""Storms of a station, and the most that fell within lengths of time, as tables with their bounds."""

from collections.abc import Sequence

from rich.text import Text

from gauge_ingest.commands.covered import covered_note, of_events
from gauge_ingest.commands.listing import Listing
from gauge_ingest.commands.output import bar, flag_word, full_instant, instant, show, stretch, table, width
from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.maxima import Maximum
from gauge_ingest.core.model import Station
from gauge_ingest.core.spans import duration_text
from gauge_ingest.core.storms import PEAKS_S, Storm
from gauge_ingest.history import Rain
from gauge_ingest.history.events import Largest

BAR_COLUMNS = 16


def show_storms(station: Station, rain: Rain, whole: Fixed, *, dry_gap_s: int, source: str) -> None:
    """A title, a line for each storm, the sum; `whole` is the time that was asked for, as one window."""
    storms = [one for one in rain if isinstance(one, Storm)]
    apart = f"parted by {duration_text(dry_gap_s)} without rain"
    title = f"{station.id} {station.name}  storms {apart}, times of Beijing, from {source}"
    if not storms:
        show(Text(title, style="bold"), of_events(whole))
        return
    listing = _storms(storms, bars=True)
    if listing.natural_columns > width():
        listing = _storms(storms, bars=False)
    total_mm, tips = sum(one.rain.rain_mm for one in storms), sum(one.rain.tips for one in storms)
    first, last = full_instant(storms[0].rain.since), full_instant(storms[-1].rain.until)
    number = f"{len(storms)} storm{'s' if len(storms) > 1 else ''}"
    told = f"{number}, {total_mm:.1f} mm ({tips} tips) after {first} until {last}"
    show(Text(title, style="bold"), listing, told, *_asked(whole))


def show_maxima(station: Station, rain: Rain, whole: Fixed, *, source: str) -> None:
    """A title, and for each length of time the most that fell within it; `whole` as of storms."""
    found = [one for one in rain if isinstance(one, Largest)]
    title = f"{station.id} {station.name}  most rain within, times of Beijing, from {source}"
    if not found:
        show(Text(title, style="bold"), of_events(whole))
        return
    listing = table("within", "mm", "mm/h", "after", "until", "", right=("within", "mm", "mm/h"), wrap=("",))
    for one in found:
        most = one.maximum
        listing.add_row(
            duration_text(most.duration_s),
            f"{most.rain_mm:.1f}",
            f"{most.mm_per_h:.1f}",
            full_instant(most.since),
            instant(most.until),
            _notes(one.rain, most.rain_mm_min, most.rain_mm_max, maximum=most),
        )
    show(Text(title, style="bold"), listing, *_asked(whole))


def _asked(whole: Fixed) -> list[str]:
    """What is to be said of the time that was asked for, where reports speak for a part of it."""
    note = covered_note(whole.coverage)
    return [f"of the time asked for {note}"] if note else []


def _storms(storms: Sequence[Storm], *, bars: bool) -> Listing:
    peaks = [f"{duration_text(one)} mm/h" for one in PEAKS_S]
    blank = [""] if bars else []
    listing = table("from - until", "lasted", "mm", *blank, *peaks, "", right=("lasted", "mm", *peaks), wrap=("",))
    most = max(one.rain.rain_mm for one in storms)
    for one in storms:
        drawn = [Text(bar(one.rain.rain_mm, most=most, columns=BAR_COLUMNS), style="bright_blue")] if bars else []
        by_length = {peak.duration_s: f"{peak.mm_per_h:.1f}" for peak in one.peaks}
        listing.add_row(
            stretch(one.rain.since, one.rain.until),
            _lasted(one.duration_s),
            f"{one.rain.rain_mm:.1f}",
            *drawn,
            *(by_length.get(length_s, "-") for length_s in PEAKS_S),
            _notes(one.rain, one.rain_mm_min, one.rain_mm_max),
        )
    return listing


def _lasted(duration_s: int) -> str:
    minutes = round(duration_s / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _notes(rain: Fixed, least_mm: float, most_mm: float, *, maximum: Maximum | None = None) -> str:
    """What there is to be said of a depth."""
    told_mm = rain.rain_mm if maximum is None else maximum.rain_mm
    notes: Sequence[str] = (
        flag_word(rain.flag),
        covered_note(rain.coverage),
        f"surely {least_mm:.1f} mm" if least_mm < told_mm else "",
        f"perhaps {most_mm:.1f} mm" if most_mm > told_mm else "",
    )
    return ", ".join(note for note in notes if note)
