"""alerts: what stands, what stood, everything that was told of one; people say that they have seen it, and more."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from gauge_ingest.commands.alert_text import Around, Found, show_alert, show_alerts
from gauge_ingest.commands.naming import name_of
from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    WhoOption,
    clock_of_environment,
    configured,
    reading,
)
from gauge_ingest.commands.output import Status, notice, print_json, stop
from gauge_ingest.commands.silence import silence_of
from gauge_ingest.commands.telling import nobody_told, people_told
from gauge_ingest.commands.writing import asked, who
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, State
from gauge_ingest.core.silences import Silence
from gauge_ingest.core.spans import instant_text
from gauge_ingest.core.told import acknowledgements, newest_rise
from gauge_ingest.journal import Reader
from gauge_ingest.requests import ACKNOWLEDGE, COMMENT

app = typer.Typer(invoke_without_command=True)

_ENDS = (EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED)
_ID_MAX = 2**63 - 1
ALONE = "no service runs: it is recorded, and nobody hears of it until the service runs again"

AllOption = Annotated[bool, typer.Option("--all", help="Ended alerts too.")]
IdArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=_ID_MAX, help="The alert's number.")]
CommentOption = Annotated[
    str | None, typer.Option("--comment", metavar="TEXT", help="What is done about it; told with it.")
]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What there is to say.")]


@app.callback()
def alerts(
    context: typer.Context, *, ended: AllOption = False, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the alerts that stand; with --all every alert there has been."""
    if context.invoked_subcommand is not None:
        if ended or config is not None or as_json:
            stop(Status.WRONG_USE, f"options come after the command: alerts {context.invoked_subcommand} …")
        return
    configuration, clock = configured(config), clock_of_environment()
    with reading(configuration) as reader:
        found = [(alert, reader.alerts.events(alert.id)) for alert in reader.alerts.all(ended=ended)]
        newest_at = reader.newest_received_at()
        told = people_told(configuration, reader.alerts.epochs(), [alert.id for alert, _ in found])
        silences = _silences(reader, found, configuration, now=clock.now())
    if as_json:
        first = told or {}
        print_json([alert_document(one, events, silences.get(one.id), first.get(one.id)) for one, events in found])
    else:
        around = Around(clock.now(), silences, told, nobody_told(configuration))
        show_alerts(found, configuration, around, newest_at=newest_at, ended=ended)


@app.command("show")
def show(alert_id: IdArgument, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one alert with everything that was told of it."""
    configuration, clock = configured(config), clock_of_environment()
    with reading(configuration) as reader:
        alert, events = _found(reader, alert_id)
        silences = _silences(reader, [(alert, events)], configuration, now=clock.now())
        told = people_told(configuration, reader.alerts.epochs(), [alert.id])
    if as_json:
        print_json(alert_document(alert, events, silences.get(alert.id), (told or {}).get(alert.id)))
    else:
        show_alert(alert, events, configuration, Around(clock.now(), silences, told, nobody_told(configuration)))


@app.command("acknowledge")
def acknowledge(
    alert_id: IdArgument,
    *,
    comment: CommentOption = None,
    by: WhoOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that somebody has seen an alert as it stands now; when it rises again it waits to be seen again."""
    configuration = configured(config)
    with reading(configuration) as reader:
        rise = newest_rise(_found(reader, alert_id)[1])
    seen = None if rise is None else rise.id
    said = {} if comment is None else {"comment": comment}
    _say(configuration, ACKNOWLEDGE, {"alert": alert_id, "seen": seen, **said}, by, quiet=as_json)
    show(alert_id, config=config, as_json=as_json)


@app.command("comment")
def comment(
    alert_id: IdArgument,
    text: TextArgument,
    *,
    by: WhoOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say something about an alert; it stands with the alert, under a name and a time, and is told like the rest."""
    configuration = configured(config)
    _say(configuration, COMMENT, {"alert": alert_id, "comment": text}, by, quiet=as_json)
    show(alert_id, config=config, as_json=as_json)


def _found(reader: Reader, alert_id: int) -> tuple[Alert, Sequence[AlertEvent]]:
    alert = reader.alerts.one(alert_id)
    if alert is None:
        stop(Status.WRONG_USE, f"there is no alert {alert_id}; alerts --all lists them")
    return alert, reader.alerts.events(alert_id)


def _silences(reader: Reader, found: Sequence[Found], configuration: Configuration, *, now: int) -> dict[int, Silence]:
    """Of alerts that stand, the silence that holds back what they last rose to."""
    if not reader.silences.any():
        return {}
    standing = [(alert.id, events) for alert, events in found if alert.state is State.RAISED]
    asked_of = [(number, silence_of(reader, events, configuration.rules, now=now)) for number, events in standing]
    return {number: silence for number, silence in asked_of if silence is not None}


def _say(configuration: Configuration, what: str, body: Mapping[str, Any], typed: str | None, *, quiet: bool) -> None:
    """Record what somebody says. `quiet`: no word of a service that is down, for programs."""
    name, warning = name_of(who() if typed is None else typed, configuration.roster.people)
    alone = "" if quiet else ALONE
    answer = asked(configuration, clock_of_environment(), what, {**body, "who": name}, when_alone=alone)
    if not answer.get("ok"):
        stop(Status.WRONG_USE, f"the service refuses: {answer.get('error')}")
    if warning:
        notice(warning)


def alert_document(
    alert: Alert, events: Sequence[AlertEvent], silence: Silence | None = None, told_at: int | None = None
) -> dict[str, Any]:
    """An alert with everything recorded of it, as --json prints it. `told_at`: when people first heard of it."""
    stands = alert.state is State.RAISED
    known = next(iter(acknowledgements(events)), None)
    return {
        "id": alert.id,
        "rule": alert.rule,
        "scope": alert.scope,
        "level": alert.level,
        "peak": alert.peak,
        "state": alert.state.value,
        "reason": alert.reason,
        "rained_since": instant_text(alert.rained_since),
        "rained_until": None if stands else instant_text(alert.rained_until),
        "known_at": instant_text(alert.known_at),
        "raised_at": instant_text(alert.raised_at),
        "told_at": None if told_at is None else instant_text(told_at),
        "cleared_at": None if alert.ended_at is None else instant_text(alert.ended_at),
        "acknowledged_at": None if known is None else instant_text(known.at),
        "acknowledged_by": None if known is None else known.who,
        "silence": None if silence is None else silence.id,
        "silenced_until": None if silence is None else instant_text(silence.until),
        "evidence": _evidence(alert.evidence),
        "events": [_event(event) for event in events],
    }


def _event(event: AlertEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind.value,
        "level": "" if event.kind in _ENDS else event.level,
        "at": instant_text(event.at),
        "rained_at": instant_text(event.rained_at),
        "known_at": instant_text(event.known_at),
        "late": event.late,
        "unconfirmed": event.unconfirmed,
        "reason": event.reason,
        "who": event.who or None,
        "around_mm": dict(event.around),
        "configuration": event.configuration,
    }


def _evidence(evidence: Evidence | None) -> Mapping[str, Any]:
    """Why the alert stands at its level; empty for a finding about the service itself."""
    if evidence is None:
        return {}
    return {
        "window_s": evidence.window_s,
        "since": instant_text(evidence.since),
        "until": instant_text(evidence.until),
        "rain_mm": evidence.rain_mm,
        "rain_mm_max": evidence.rain_mm_max,
        "threshold_mm": evidence.threshold_mm,
        "coverage": evidence.coverage,
        "unconfirmed": evidence.unconfirmed,
        "doubted_mm": evidence.doubted_mm,
        "measure": evidence.measure,
        "peak_mm": evidence.peak_mm,
        "peak_since": instant_text(evidence.peak_since),
        "peak_until": instant_text(evidence.peak_until),
        "stations_mm": dict(evidence.stations),
        "absent": list(evidence.absent),
        "wetness": evidence.wetness,
        "wetness_mm": evidence.wetness_mm,
        "season": evidence.season,
    }
