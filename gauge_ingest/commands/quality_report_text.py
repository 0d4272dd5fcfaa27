"""What was flagged and why, for people: a line for each station, or one station's checks, spans and picture."""

from collections.abc import Sequence
from heapq import nlargest
from typing import NamedTuple

from rich.text import Text

from gauge_ingest.commands.output import full_instant, instant, plain, show, stretch, table
from gauge_ingest.commands.quality_report_chart import chart
from gauge_ingest.core.health import share_text
from gauge_ingest.core.quality.seen import UM_PER_MM
from gauge_ingest.core.quality.summary import Flagged, FlaggedSpan, QualitySummary
from gauge_ingest.core.quality.verdicts import Outcome

# Of all checks together, so many spans are told, the newest ones.
TOLD_SPANS_MAX = 20
STYLES = {Outcome.SUSPECT: "yellow", Outcome.FAILED: "red"}

_FIGURES = ("suspect", "failed", "silent", "mm", "doubted")
_OF_CHECK = ("readings", "failed", "mm")


class Reported(NamedTuple):
    """What was flagged at a station, and how often a verdict was changed later."""

    summary: QualitySummary
    verdicts_changed: int


def show_network(reported: Sequence[Reported], *, since: int, until: int) -> None:
    """A line for each station, in the order given, with the checks that flagged."""
    flagged = sum(bool(one.summary.flagged) for one in reported)
    title = f"{flagged} of {len(reported)} stations flagged; {full_instant(since)} until {full_instant(until)}, Beijing"
    listing = table("station", "", *_FIGURES, "checks", right=_FIGURES, wrap=("checks",))
    for one in reported:
        of = one.summary
        doubted = "" if not of.doubted_um else share_text(of.doubted_um / of.rain_um)
        listing.add_row(
            of.station.id,
            of.station.name,
            Text(_share(of.suspect_share), STYLES[Outcome.SUSPECT] if of.suspect_share else ""),
            Text(_share(of.failed_share), STYLES[Outcome.FAILED] if of.failed_share else ""),
            _share(of.silent_share),
            _mm(of.rain_um),
            Text(doubted, STYLES[Outcome.SUSPECT]),
            ", ".join(found.check.name.lower() for found in of.flagged),
        )
    show(Text(title, style="bold"), listing)


def show_station(one: Reported) -> None:
    """The checks that flagged, the newest spans, and all of it over time."""
    of = one.summary
    later = f"verdicts changed later: {one.verdicts_changed:,}"
    if of.settled:
        later += f"; readings settled by a person, and not told below: {of.settled:,}"
    show(
        Text(f"{of.station.id} {of.station.name}  what was flagged, and why", style="bold"),
        Text(f"{full_instant(of.since)} until {full_instant(of.until)}, times of Beijing", style="dim"),
        in_a_sentence(of),
        later,
        "",
    )
    if of.flagged:
        _show_checks(of.flagged)
        _show_spans(of.flagged)
    elif of.readings:
        show("nothing was flagged", "")
    if of.readings:
        show(*chart(of))


def in_a_sentence(of: QualitySummary) -> str:
    """Readings, shares, rain and doubted rain, missing time."""
    if not of.readings:
        return "no readings in this time"
    shares = f"{share_text(of.suspect_share or 0.0)} suspect, {share_text(of.failed_share or 0.0)} failed"
    rain = f"{_mm(of.rain_um)} mm of rain"
    if of.doubted_um:
        rain += f", {_mm(of.doubted_um)} mm of it doubted ({share_text(of.doubted_um / of.rain_um)})"
    silent = (
        f"no reports for {_share(of.silent_share)} of the time" if of.silent_share else "reports for all of the time"
    )
    missing = f" ({_share(of.missing_share)} not covered)" if of.silent_share else ""
    return f"{of.readings:,} readings, {shares}; {rain}; {silent}{missing}"


def _show_checks(flagged: Sequence[Flagged]) -> None:
    listing = table("check", *_OF_CHECK, "first - last", "why", right=_OF_CHECK, wrap=("why",))
    for found in flagged:
        listing.add_row(
            found.check.name.lower(),
            f"{found.readings:,}",
            Text(f"{found.failed:,}" if found.failed else "", STYLES[Outcome.FAILED]),
            _mm(found.rain_um) if found.rain_um else "",
            _first_and_last(found),
            plain(found.why),
        )
    show(listing, "")


def _show_spans(flagged: Sequence[Flagged]) -> None:
    spans = [(one, found) for found in flagged for one in found.spans]
    told = nlargest(TOLD_SPANS_MAX, spans, key=lambda pair: (pair[0].until, pair[0].since))
    more = sum(found.spans_number for found in flagged) - len(told)
    listing = table("from - until", "check", "readings", "mm", "why", right=("readings", "mm"), wrap=("why",))
    for one, found in told:
        listing.add_row(
            _when(one),
            Text(found.check.name.lower(), STYLES[one.outcome]),
            f"{one.readings:,}",
            _mm(one.rain_um) if one.rain_um else "",
            plain(_why(one)),
        )
    show(listing)
    if more:
        show(Text(f"… and {more:,} older: --json, or an earlier --until", style="dim"))
    show("")


def _first_and_last(found: Flagged) -> str:
    """To the minute within a year, else as dates with their years."""
    first, last = full_instant(found.first_at), full_instant(found.last_at)
    return stretch(found.first_at, found.last_at) if first[:4] == last[:4] else f"{first[:10]} - {last[:10]}"


def _when(one: FlaggedSpan) -> str:
    """Its ends, or one of them where people see no difference."""
    return instant(one.until) if instant(one.since) == instant(one.until) else stretch(one.since, one.until)


def _why(one: FlaggedSpan) -> str:
    return one.reason if one.last_reason is None else f"{one.reason} … {one.last_reason}"


def _mm(rain_um: int) -> str:
    return f"{rain_um / UM_PER_MM:.1f}"


def _share(share: float | None) -> str:
    return "?" if share is None else share_text(share)
