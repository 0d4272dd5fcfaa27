"""correct: what a person says of a span of rain. Counts never change; sums, copies and alerts follow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from gauge_ingest.clock import Clock
from gauge_ingest.commands.opening import (
    MOMENT,
    ConfigOption,
    JsonOption,
    SinceOption,
    StationArgument,
    WhoOption,
    clock_of_environment,
    configured,
    reading,
    span,
    station_named,
)
from gauge_ingest.commands.output import Status, full_instant, plain, print_json, show, stop
from gauge_ingest.commands.writing import asked
from gauge_ingest.commands.writing import who as of_this_machine
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.corrections import Correction, CorrectionKind
from gauge_ingest.requests import CORRECT
from gauge_ingest.requests.correct import document, drafted
from gauge_ingest.requests.preview import Preview, preview
from gauge_ingest.requests.words import Refused

app = typer.Typer(help="What a person says of rain: void, replace, confirm, visit, undo.", no_args_is_help=True)

_ID_MAX = 2**63 - 1

UntilOption = Annotated[str, typer.Option("--until", metavar="T", help=f"Until when: {MOMENT}.")]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is shown wherever the correction is.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
RainOption = Annotated[float, typer.Option("--rain-mm", metavar="X", help="What fell, in mm: whole tips of the gauge.")]
IdArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=_ID_MAX, help="The correction's number.")]


@app.command()
def void(
    station: StationArgument,
    *,
    since: SinceOption,
    until: UntilOption,
    why: WhyOption,
    who: WhoOption = None,
    dry_run: DryOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that what was told is not rain, and that what fell is unknown."""
    opened = _opened(config)
    body = _of_span(CorrectionKind.VOID, opened, station, since, until)
    _carry_out(opened, {**body, **_of_person(why, who)}, dry_run=dry_run, as_json=as_json)


@app.command()
def replace(
    station: StationArgument,
    *,
    since: SinceOption,
    until: UntilOption,
    rain_mm: RainOption,
    why: WhyOption,
    who: WhoOption = None,
    dry_run: DryOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how much fell: it is spread like the tips that were counted, or evenly when none were."""
    opened = _opened(config)
    body = _of_span(CorrectionKind.REPLACE, opened, station, since, until)
    _carry_out(opened, {**body, "rain_mm": rain_mm, **_of_person(why, who)}, dry_run=dry_run, as_json=as_json)


@app.command()
def confirm(
    station: StationArgument,
    *,
    since: SinceOption,
    until: UntilOption,
    why: WhyOption,
    who: WhoOption = None,
    dry_run: DryOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that what was counted is right, whatever the checks say."""
    opened = _opened(config)
    body = _of_span(CorrectionKind.CONFIRM, opened, station, since, until)
    _carry_out(opened, {**body, **_of_person(why, who)}, dry_run=dry_run, as_json=as_json)


@app.command()
def visit(
    station: StationArgument,
    *,
    since: SinceOption,
    until: UntilOption,
    why: WhyOption,
    who: WhoOption = None,
    dry_run: DryOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that somebody was at the gauge: tips are not counted, though rain may have fallen."""
    opened = _opened(config)
    body = _of_span(CorrectionKind.VISIT, opened, station, since, until)
    _carry_out(opened, {**body, **_of_person(why, who)}, dry_run=dry_run, as_json=as_json)


@app.command()
def undo(
    correction_id: IdArgument,
    *,
    why: WhyOption,
    who: WhoOption = None,
    dry_run: DryOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a correction back, or an undoing: it is then as if it had never been."""
    body = {"kind": CorrectionKind.UNDO.value, "undoes": correction_id, **_of_person(why, who)}
    _carry_out(_opened(config), body, dry_run=dry_run, as_json=as_json)


def _opened(config: Path | None) -> tuple[Configuration, Clock]:
    return configured(config), clock_of_environment()


def _of_span(
    kind: CorrectionKind, opened: tuple[Configuration, Clock], station: str, since: str, until: str
) -> dict[str, Any]:
    configuration, clock = opened
    begin, end = span(since, until, now=clock.now())
    named = station_named(station, configuration.stations)
    return {"kind": kind.value, "station": named.id, "since": begin, "until": end}


def _of_person(why: str, who: str | None) -> dict[str, str]:
    return {"why": why, "who": of_this_machine() if who is None else who}


def _carry_out(opened: tuple[Configuration, Clock], body: Mapping[str, Any], *, dry_run: bool, as_json: bool) -> None:
    """Look at what would change, by this command's own reading of the journal; then ask for it."""
    configuration, clock = opened
    with reading(configuration) as reader:
        try:
            draft = drafted(reader, configuration.stations, body, who=of_this_machine(), now=clock.now())
        except Refused as refused:
            stop(Status.WRONG_USE, str(refused))
        seen = preview(reader, configuration.stations[draft.station], configuration.rules, draft)
    entry: dict[str, Any] = {**document(draft), "id": None}
    if not dry_run:
        answer = asked(configuration, clock, CORRECT, body)
        if not answer.get("ok"):
            stop(Status.WRONG_USE, f"the service refuses: {answer.get('error')}")
        entry = answer["correction"]
    if as_json:
        print_json(_document(entry, seen, dry_run=dry_run))
    else:
        _show(draft, entry["id"], seen)


def _document(entry: Mapping[str, Any], seen: Preview, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "correction": entry,
        "readings": seen.readings,
        "rain_mm": {"before": seen.before.rain_mm, "after": seen.after.rain_mm},
        "rain_mm_max": {"before": seen.before.rain_mm_max, "after": seen.after.rain_mm_max},
        "alerts": [
            {"id": one.id, "rule": one.rule, "scope": one.scope, "level": one.level, "state": one.state.value}
            for one in seen.alerts
        ],
    }


def _show(draft: Correction, correction_id: int | None, seen: Preview) -> None:
    number = "correction" if correction_id is None else f"correction {correction_id}"
    title = f"{number}: {draft.title}, of {draft.station} {full_instant(draft.since)} - {full_instant(draft.until)}"
    before, after = seen.before, seen.after
    may = f", at most {after.rain_mm_max:g} mm" if after.rain_mm_max > after.rain_mm else ""
    show(
        Text(plain(title), style="bold"),
        Text(f"why       {plain(draft.why)}"),
        f"readings  {seen.readings}",
        f"rain      {before.rain_mm:g} mm -> {after.rain_mm:g} mm{may}",
    )
    for alert in seen.alerts:
        show(f"alert     {alert.id} {alert.rule} {alert.level}, {alert.state.value}, stands on rain of this span")
    if correction_id is None:
        show(Text("a dry run: nothing was changed", style="yellow"))
