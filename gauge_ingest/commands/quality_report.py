"""quality report: per station what the checks flagged and why, as tables, as a picture in terminal or file, as JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    SinceOption,
    UntilOption,
    clock_of_environment,
    configured,
    reading,
    span,
    station_named,
)
from gauge_ingest.commands.output import Status, notice, print_json, stop
from gauge_ingest.commands.progress import Advance, followed, of_part, progress
from gauge_ingest.commands.quality import app
from gauge_ingest.commands.quality_report_svg import STATIONS_MAX, svg
from gauge_ingest.commands.quality_report_text import Reported, show_network, show_station
from gauge_ingest.core.model import Station
from gauge_ingest.core.quality.seen import UM_PER_MM
from gauge_ingest.core.quality.summary import Flagged, FlaggedSpan, quality_of
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Reader

# The first reading after the span is looked for however late it is.
_EVER = 1 << 61

OneArgument = Annotated[
    str | None, typer.Argument(metavar="STATION", help="One station with every check and span, such as HTB01.")
]
SvgOption = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Where the picture goes, as an SVG file.")
]


@app.command("report")
def quality_report(
    station: OneArgument = None,
    *,
    since: SinceOption = "30d",
    until: UntilOption = None,
    svg_file: SvgOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what the checks flagged and why: the worst station first, or one with its checks, spans and a picture."""
    configuration, clock = configured(config), clock_of_environment()
    begin, end = span(since, until, now=clock.now())
    asked = list(configuration.stations.values())
    if station is not None:
        asked = [station_named(station, configuration.stations)]
    reported = []
    with reading(configuration) as reader, progress("reading the journal") as advance:
        for number, one in enumerate(asked):
            done = of_part(advance, number=number, parts=len(asked))
            reported.append(report_of(reader, one, since=begin, until=end, advance=done))
    reported.sort(key=_worst_first)
    if svg_file is not None:
        _draw(svg_file, reported)
    if as_json:
        print_json(
            {"since": instant_text(begin), "until": instant_text(end), "stations": list(map(_document, reported))}
        )
    elif station is not None:
        show_station(reported[0])
    else:
        show_network(reported, since=begin, until=end)


def report_of(reader: Reader, station: Station, *, since: int, until: int, advance: Advance) -> Reported:
    """What was flagged at a station in (since, until], by the journal."""
    number = reader.number(station.id)
    rows = followed(reader.rows(station.id, since=since, until=_EVER), since=since, until=until, advance=advance)
    first_observed_at = None if number is None else reader.first_observed_at(number)
    summary = quality_of(rows, station, since=since, until=until, first_observed_at=first_observed_at)
    changed = 0 if number is None else reader.quality.verdicts_changed(number, since=since, until=until)
    return Reported(summary, changed)


def _worst_first(one: Reported) -> tuple[float, float, str]:
    summary = one.summary
    flagged_share = (summary.suspect_share or 0.0) + (summary.failed_share or 0.0)
    return -(summary.doubted_share or 0.0), -flagged_share, summary.station.id


def _draw(path: Path, reported: Sequence[Reported]) -> None:
    try:
        path.write_text(svg([one.summary for one in reported]), encoding="utf-8")
    except OSError as error:
        stop(Status.WRONG_USE, f"--svg {path}: cannot be written: {error.strerror}")
    if len(reported) > STATIONS_MAX:
        notice(f"--svg {path}: holds the {STATIONS_MAX} worst of {len(reported)} stations")


def _document(one: Reported) -> dict[str, Any]:
    summary = one.summary
    return {
        "station": summary.station.id,
        "name": summary.station.name,
        "readings": summary.readings,
        "flags": {str(flag): number for flag, number in summary.flags.items()},
        "suspect_share": _share(summary.suspect_share),
        "failed_share": _share(summary.failed_share),
        "missing_share": _share(summary.missing_share),
        "silent_share": _share(summary.silent_share),
        "rain_mm": _mm(summary.rain_um),
        "doubted_mm": _mm(summary.doubted_um),
        "settled": summary.settled,
        "verdicts_changed": one.verdicts_changed,
        "checks": [_of_check(found) for found in summary.flagged],
    }


def _of_check(found: Flagged) -> dict[str, Any]:
    return {
        "check": found.check.name.lower(),
        "suspect": found.suspect,
        "failed": found.failed,
        "rain_mm": _mm(found.rain_um),
        "first_at": instant_text(found.first_at),
        "last_at": instant_text(found.last_at),
        "why": found.why,
        "spans_in_all": found.spans_number,
        "spans": [_of_span(one) for one in found.spans],
    }


def _of_span(one: FlaggedSpan) -> dict[str, Any]:
    return {
        "since": instant_text(one.since),
        "until": instant_text(one.until),
        "readings": one.readings,
        "rain_mm": _mm(one.rain_um),
        "outcome": one.outcome.name.lower(),
        "reason": one.reason,
        "last_reason": one.last_reason,
    }


def _mm(rain_um: int) -> float:
    return rain_um / UM_PER_MM


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
