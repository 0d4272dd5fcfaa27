"""How stations are doing, for people: a table with the worst first, the reasons, and one station's days as pictures."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from gauge_ingest.commands.output import elapsed, full_instant, instant, show, table
from gauge_ingest.commands.station_health_charts import STYLES, charts
from gauge_ingest.core.health import Grade, Judged, StationHealth, share_text
from gauge_ingest.core.model import SECOND_MS

REASONS_MAX = 40

_WORDS = {Grade.ILL: "ILL", Grade.WATCH: "watch", Grade.OK: "ok", Grade.UNKNOWN: "?"}
_NUMBERS = ("heard", "reports", "lost", "clock", "low V", "left", "dBm", "doubt")
# What each of these columns is about, as core.health names it.
_ABOUT = ("heard", "regularity", "messages", "clock", "battery", "charge", "signal", "data")


def show_stations(doing: Sequence[Judged], *, since: int, now: int) -> None:
    """A line for each station, in the order given, and below what is not well."""
    grades_of_all = [one.grade for one in doing]
    counted = ", ".join(f"{number} {word}" for grade, word in _WORDS.items() if (number := grades_of_all.count(grade)))
    listing = table("station", "", "", *_NUMBERS, right=_NUMBERS, wrap=("",))
    for one in doing:
        grades = {found.name: found.grade for found in one.found}
        cells = [
            Text("?", STYLES[Grade.UNKNOWN]) if figure is None else Text(figure, _cell_style(grades[name]))
            for name, figure in zip(_ABOUT, _figures(one.health), strict=True)
        ]
        listing.add_row(one.station.id, one.station.name, _grade(one.grade), *cells)
    title = f"stations: {counted}; {full_instant(since)} until {full_instant(now)}, Beijing"
    show(Text(title, style="bold"), listing, *_reasons(doing))


def show_station(one: Judged) -> None:
    """Every figure of a station with its grade and reason, and its days as pictures."""
    health = one.health
    title = Text.assemble((f"{one.station.id} {one.station.name}  ", "bold"), _grade(one.grade))
    newest = f"newest reading {instant(health.last_observed_at)}"
    listing = table("figure", "", "why", wrap=("why",))
    for found in one.found:
        listing.add_row(found.name, _grade(found.grade), Text(found.reason))
    span = f"{full_instant(health.since)} until {full_instant(health.until)}, times of Beijing; {newest}"
    show(title, Text(span, style="dim"), listing, *charts(health))


def _figures(of: StationHealth) -> tuple[str | None, ...]:
    """The figures of a line, one for each of _NUMBERS; None where nothing is known."""
    left = None if of.battery_trend_v_per_day is None else "-"
    doubted = (of.suspect_share, of.failed_share, of.missing_share)
    return (
        None if of.last_heard_at is None else elapsed(max(0, of.until - of.last_heard_at)),
        None if of.regularity is None else share_text(of.regularity),
        None if of.seq_missing is None else str(of.seq_missing),
        None if of.clock_offset_s is None else _offset(of.clock_offset_s),
        None if of.battery_min_v is None else f"{of.battery_min_v:.1f}",
        left if of.battery_days_to_empty is None else f"{of.battery_days_to_empty:.0f} d",
        None if of.signal_dbm is None else f"{of.signal_dbm:.0f}",
        None if of.suspect_share is None else share_text(sum(share or 0.0 for share in doubted)),
    )


def _reasons(doing: Sequence[Judged]) -> Iterator[RenderableType]:
    """Why stations are not well, what is ill before what is to be watched."""
    told = [
        (one.station.id, found)
        for grade in (Grade.ILL, Grade.WATCH)
        for one in doing
        for found in one.found
        if found.grade is grade
    ]
    if not told:
        return
    listing = table("station", "", "figure", "why", wrap=("why",))
    for station_id, found in told[:REASONS_MAX]:
        listing.add_row(station_id, _grade(found.grade), found.name, found.reason)
    yield ""
    yield listing
    if len(told) > REASONS_MAX:
        yield Text(f"… and {len(told) - REASONS_MAX} more: gauge-ingest stations health STATION", style="dim")


def _grade(grade: Grade) -> Text:
    return Text(_WORDS[grade], style=STYLES[grade])


def _cell_style(grade: Grade) -> str:
    return "" if grade is Grade.OK else STYLES[grade]


def _offset(offset_s: float) -> str:
    sign = "+" if offset_s > 0 else "-"
    return f"{sign}{elapsed(round(abs(offset_s)) * SECOND_MS)}"
