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
from gauge_ingest.core.alert_document import alert_document
from gauge_ingest.core.model import Alert, AlertEvent, State
from gauge_ingest.core.silences import Silence
from gauge_ingest.core.told import newest_rise
from gauge_ingest.journal import Reader
from gauge_ingest.requests import ACKNOWLEDGE, COMMENT

app = typer.Typer(invoke_without_command=True)

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
