"""handover: what one shift tells the next, on one screen: what stands, what was, what is silenced, what to do first."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from gauge_ingest.commands.alert_text import place_of, rain_of
from gauge_ingest.commands.opening import (
    MOMENT,
    ConfigOption,
    JsonOption,
    clock_of_environment,
    configured,
    reading,
    span,
)
from gauge_ingest.commands.output import ago, full_instant, instant, place_text, plain, print_json, show, stretch
from gauge_ingest.commands.telling import nobody_told
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.model import MINUTE_MS
from gauge_ingest.core.silences import Silence
from gauge_ingest.core.spans import instant_text
from gauge_ingest.pump.silences import levels_of
from gauge_ingest.reports.handover import Gone, HandOver, Standing, first_things, hand_over
from gauge_ingest.requests.correct import document as correction_document
from gauge_ingest.requests.silence import document as silence_document
from gauge_ingest.wellbeing.followers import followers

# Without a message for so long "no alert stands" means little.
CUT_OFF_MS = 15 * MINUTE_MS
LINES_MAX = 12  # of each part: more does not fit one screen
_PRESSING, _LOOK = "bold white on red", "bold yellow"

SinceOption = Annotated[str, typer.Option("--since", metavar="T", help=f"When the shift began: {MOMENT}.")]


def handover(*, since: SinceOption = "12h", config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show what a shift hands over to the next: what stands, what came and went, and what to do first."""
    configuration, clock = configured(config), clock_of_environment()
    begin, now = span(since, None, now=clock.now())
    nobody = nobody_told(configuration)
    with reading(configuration) as reader:
        sent = followers(configuration.settings.outbound_path, reader, now=now)
        failures = [f"{name}: {detail}" for name, well, detail in sent if not well]
        levels = levels_of(configuration.rules)
        shift = hand_over(reader, configuration.stations, levels, since=begin, now=now, failures=failures)
    if as_json:
        print_json({"nobody_told": nobody or None, **_document(shift, configuration.settings.drill_options)})
    else:
        show(*([Text(nobody, _PRESSING)] if nobody else []), *_parts(shift, configuration))


def _parts(shift: HandOver, configuration: Configuration) -> Iterator[RenderableType]:
    yield Text(f"hand-over {full_instant(shift.since)} until {full_instant(shift.until)}, times of Beijing", "bold")
    newest = shift.newest_received_at
    yield Text(f"newest message {ago(newest, now=shift.until)}" if newest else "nothing has ever been received", "dim")
    things = first_things(shift, cut_off_ms=CUT_OFF_MS, options=configuration.settings.drill_options)
    yield from _part("do first", [Text(f"{number}. {plain(one)}") for number, one in enumerate(things, 1)], "nothing")
    stands = [_stands(one, configuration, shift.until) for one in shift.stands]
    yield from _part(f"alerts that stand: {len(stands)}", stands, "none")
    gone = [_gone(one, configuration) for one in shift.gone]
    yield from _part(f"came and went: {len(gone)}", gone, "none")
    silenced = [_silence(one, configuration, shift.until) for one in (*shift.silences, *shift.ended)]
    yield from _part("silences and maintenance windows", silenced, "none")
    ill = [
        Text(plain(f"{one.station.id} {one.station.name}  {', '.join(one.why)}"), _LOOK if one.is_silent else "")
        for one in shift.stations
    ]
    yield from _part(f"stations to look at: {len(ill)}", ill, "none")
    said = [
        Text(
            plain(
                f"{one.id}  {place_text(one.station, configuration.names)} {one.kind.value}"
                f" {stretch(one.since, one.until)} by {one.who}: {one.why}"
            )
        )
        for one in shift.corrections
    ]
    yield from _part("corrections entered", said, "none")
    if shift.owed:
        yield Text(f"{shift.owed} spans are still to be derived: figures may change", "dim")


def _part(title: str, lines: list[Text], empty: str) -> Iterator[Text]:
    if not lines:
        yield Text(f"{title.partition(':')[0]}: {empty}", "bold")
        return
    yield Text(title, "bold")
    for line in lines[:LINES_MAX]:
        line.pad_left(2)
        yield line
    if len(lines) > LINES_MAX:
        yield Text(f"  … and {len(lines) - LINES_MAX} more", "dim")


def _stands(one: Standing, configuration: Configuration, now: int) -> Text:
    alert = one.alert
    line = Text(f"{alert.id} ")
    line.append(f" {plain(alert.level).upper()} ", style=_PRESSING if one.level.evacuates else "bold black on yellow")
    line.append(f" {place_of(alert, configuration)}")
    if alert.evidence is not None:
        rules = {rule.id: rule for rule in configuration.rules}
        line.append(f", {rain_of(alert, rules.get(alert.rule)).rstrip(',')}")
    line.append(f", since {instant(alert.rained_since)}")
    if one.silence is not None:
        line.append(f"; SILENCED until {instant(one.silence.until)} by {plain(one.silence.who)}", style=_LOOK)
    elif one.acknowledged is None:
        line.append("; NOT ACKNOWLEDGED", style=_LOOK)
    if one.acknowledged is not None:
        words = f": {plain(one.acknowledged.reason)}" if one.acknowledged.reason else ""
        line.append(f"; acknowledged by {plain(one.acknowledged.who)} {ago(one.acknowledged.at, now=now)}{words}")
    if one.unconfirmed:
        line.append("; UNCONFIRMED", style=_LOOK)
    if one.comment is not None:
        line.append(f"; {plain(one.comment.who)} {ago(one.comment.at, now=now)}: {plain(one.comment.reason)}")
    return line


def _gone(one: Gone, configuration: Configuration) -> Text:
    alert = one.alert
    seen = "" if one.seen else ", nobody acknowledged it"
    ended = f"{alert.state.value} {instant(alert.ended_at)}"
    return Text(
        f"{alert.id}  {plain(alert.peak)} {place_of(alert, configuration)}, raised"
        f" {instant(alert.raised_at)}, {ended}{seen}"
    )


def _silence(one: Silence, configuration: Configuration, now: int) -> Text:
    state = silence_document(one, now=now)["state"]
    rule = f" {one.rule}" if one.rule else ""
    moving = ", levels that move people too" if one.evacuation else ""
    what = f"{place_text(one.scope, configuration.names)}{rule}{moving}"
    words = f"{one.id}  {what}  {state}, {stretch(one.since, one.until)} by {one.who}: {one.why}"
    return Text(plain(words), _LOOK if state == "in force" else "")


def _document(shift: HandOver, options: str) -> dict[str, Any]:
    return {
        "since": instant_text(shift.since),
        "until": instant_text(shift.until),
        "newest_received_at": instant_text(shift.newest_received_at) if shift.newest_received_at else None,
        "first": first_things(shift, cut_off_ms=CUT_OFF_MS, options=options),
        "stands": [
            {
                **_alert(one),
                "acknowledged_by": None if one.acknowledged is None else one.acknowledged.who,
                "unconfirmed": one.unconfirmed,
                "silence": None if one.silence is None else one.silence.id,
                "comment": None if one.comment is None else one.comment.reason,
                "commented_by": None if one.comment is None else one.comment.who,
            }
            for one in shift.stands
        ],
        "gone": [{**_alert(one), "acknowledged": one.seen} for one in shift.gone],
        "silences": [silence_document(one, now=shift.until) for one in (*shift.silences, *shift.ended)],
        "stations": [
            {"station": one.station.id, "silent": one.is_silent, "why": list(one.why)} for one in shift.stations
        ],
        "corrections": [correction_document(one) for one in shift.corrections],
        "failures": list(shift.failures),
        "quarantined": shift.quarantined,
        "owed": shift.owed,
    }


def _alert(one: Standing | Gone) -> dict[str, Any]:
    alert = one.alert
    return {
        "id": alert.id,
        "rule": alert.rule,
        "scope": alert.scope,
        "level": alert.level,
        "peak": alert.peak,
        "state": alert.state.value,
        "raised_at": instant_text(alert.raised_at),
        "ended_at": None if alert.ended_at is None else instant_text(alert.ended_at),
    }
