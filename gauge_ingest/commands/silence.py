"""silence: for a scope and a time, with a reason, people are not told; silences lists, shows and ends them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    WhoOption,
    clock_of_environment,
    configured,
    reading,
)
from gauge_ingest.commands.output import (
    Status,
    elapsed,
    instant,
    place_text,
    plain,
    print_json,
    show,
    stop,
    stretch,
)
from gauge_ingest.commands.writing import asked
from gauge_ingest.commands.writing import who as of_this_machine
from gauge_ingest.core.model import Alert, AlertEvent, State
from gauge_ingest.core.silences import Silence, held_back, silenced
from gauge_ingest.core.spans import instant_text, parse_duration_s, parse_instant
from gauge_ingest.core.told import newest_rise
from gauge_ingest.journal import Reader
from gauge_ingest.pump.silences import levels_of
from gauge_ingest.requests import END_SILENCE, SILENCE
from gauge_ingest.requests.silence import document, holds_back, longest_ms, tells

app = typer.Typer(no_args_is_help=True)

MOVES = ": a level that moves people, told all the same"
ALERTS_MAX = 1_000  # alerts that one silence shows
_ID_MAX = 2**63 - 1
_INSTANT = "an instant such as 2026-07-15T18:00:00+08:00"

ScopeArgument = Annotated[str, typer.Argument(metavar="SCOPE", help='A station, a basin, or "all".')]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is shown wherever the silence is.")]
ForOption = Annotated[str | None, typer.Option("--for", metavar="LENGTH", help="How long: 90m, 2h, 3d.")]
FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="T", help=f"A window planned ahead begins then: {_INSTANT} [default: now]"),
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="T", help=f"Until when: {_INSTANT}.")]
RuleOption = Annotated[str | None, typer.Option("--rule", metavar="RULE", help="One rule alone [default: every rule]")]
EvacuationOption = Annotated[
    bool, typer.Option("--evacuation", help="Hold back levels that move people, too: for 6 h at most.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Those that are over, too.")]
IdArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=_ID_MAX, help="The silence's number.")]


def silence(
    scope: ScopeArgument,
    *,
    why: WhyOption,
    length: ForOption = None,
    begin: FromOption = None,
    until: UntilOption = None,
    rule: RuleOption = None,
    evacuation: EvacuationOption = False,
    who: WhoOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold alerts of a scope back from people, for a time and a reason. What happens is recorded all the same."""
    configuration, clock = configured(config), clock_of_environment()
    body = {
        "scope": scope,
        **_span(begin, until, length, evacuation=evacuation, now=clock.now()),
        "why": why,
        "who": of_this_machine() if who is None else who,
        "evacuation": evacuation,
        **({} if rule is None else {"rule": rule}),
    }
    answer = asked(configuration, clock, SILENCE, body)
    if not answer.get("ok"):
        stop(Status.WRONG_USE, f"the service refuses: {_by_options(str(answer.get('error')), length)}")
    if as_json:
        print_json({name: value for name, value in answer.items() if name != "ok"})
    else:
        _show_entered(answer, configuration.names)


@app.callback()
def silences() -> None:
    """Silences and maintenance windows: list, show, end. To ask for one: silence."""


@app.command("list")
def list_(*, ended: AllOption = False, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the silences that are in force or planned; with --all every one there has been."""
    configuration, clock = configured(config), clock_of_environment()
    now = clock.now()
    with reading(configuration) as reader:
        found = reader.silences.all() if ended else reader.silences.to_come(now)
    if as_json:
        print_json([document(one, now=now) for one in found])
    else:
        _show(found, configuration.names, now)


@app.command("show")
def show_one(silence_id: IdArgument, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one silence, and what it has held back."""
    configuration, clock = configured(config), clock_of_environment()
    now = clock.now()
    with reading(configuration) as reader:
        found = _found(reader, silence_id)
        back = held_back_by(reader, found, configuration.rules)
    if as_json:
        print_json({**document(found, now=now), "held_back": [_alert(alert, events) for alert, events in back]})
        return
    _show([found], configuration.names, now)
    show("", f"holds back: {holds_back(found)}", f"tells:      {tells(found)}", "")
    number = {0: "nothing", 1: "1 alert"}.get(len(back), f"{len(back)} alerts")
    show(Text(f"held back: {number}", style="bold"))
    for alert, events in back:
        where = place_text(alert.scope, configuration.names)
        show(f"alert {alert.id}  {where}  {', '.join(_words(event) for event in events)}; now {_standing(alert)}")


@app.command("end")
def end(
    silence_id: IdArgument,
    *,
    why: WhyOption,
    who: WhoOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a silence before its time. What rose within it and still stands is told within seconds."""
    configuration = configured(config)
    body = {"silence": silence_id, "why": why, "who": of_this_machine() if who is None else who}
    answer = asked(configuration, clock_of_environment(), END_SILENCE, body)
    if not answer.get("ok"):
        stop(Status.WRONG_USE, f"the service refuses: {answer.get('error')}")
    if as_json:
        print_json(answer["silence"])
    else:
        show(f"silence {silence_id} has ended; what rose within it and still stands is told now")


def held_back_by(reader: Reader, one: Silence, rules: Sequence[Any]) -> list[tuple[Alert, list[AlertEvent]]]:
    """The alerts that a silence held something of back, each with the events that it held back."""
    level = levels_of(rules)
    found = []
    for number in reader.silences.alerts_in(one, alerts_max=ALERTS_MAX):
        alert, events = reader.alerts.one(number), reader.alerts.events(number)
        back = [
            event for event in events if silenced([one], event, level(event), events=events, level_of=level) is not None
        ]
        if alert is not None and back:
            found.append((alert, back))
    return found


def silence_of(reader: Reader, events: Sequence[AlertEvent], rules: Sequence[Any], *, now: int) -> Silence | None:
    """The silence that is in force and holds an alert back from people, with all that it last rose to."""
    by = held_back(reader.silences.of(events), events, levels_of(rules))
    return by if by is not None and not by.is_over(now) else None


def _by_options(error: str, length: str | None) -> str:
    """The words of a refusal, with its keys by the names that the options of this command have."""
    key, _, rest = error.partition(" ")
    names = {"since": "--from", "until": "--until" if length is None else f"--for {length}, until"}
    return f"{names.get(key, key)} {rest}"


def _span(begin: str | None, until: str | None, length: str | None, *, evacuation: bool, now: int) -> dict[str, int]:
    since = None if begin is None else _moment("--from", begin)
    if until is not None and length is not None:
        stop(Status.WRONG_USE, "--for and --until both say how long: leave one of them out")
    if until is None and length is None:
        stop(Status.WRONG_USE, "how long? give --for, such as --for 2h, or --until")
    if until is not None:
        end_at = _moment("--until", until)
    else:
        assert length is not None
        try:
            most_ms = longest_ms(planned=since is not None, evacuation=evacuation)
            length_s = parse_duration_s(length, named_max_s=most_ms // 1_000)
            end_at = (now if since is None else since) + length_s * 1_000
        except ValueError as error:
            stop(Status.WRONG_USE, f"--for {length!r}: {error}")
    return {"until": end_at} if since is None else {"since": since, "until": end_at}


def _moment(option: str, text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        stop(Status.WRONG_USE, f"{option} {text!r}: {error}")


def _found(reader: Reader, silence_id: int) -> Silence:
    found = reader.silences.one(silence_id)
    if found is None:
        stop(Status.WRONG_USE, f"there is no silence {silence_id}; silences list --all lists them")
    return found


def _show_entered(answer: Mapping[str, Any], names: Mapping[str, str]) -> None:
    one = answer["silence"]
    planned = "planned: " if one["state"] == "planned" else ""
    show(
        Text(
            plain(
                f"silence {one['id']} of {place_text(one['scope'], names)}:"
                f" {planned}{_short(one['since'])} until {_short(one['until'])}"
            ),
            style="bold",
        ),
        Text(f"why         {plain(one['why'])}"),
        Text(f"holds back  {answer['holds_back']}"),
        Text(f"tells       {answer['tells']}"),
    )
    for alert in answer["alerts"]:
        show(
            Text(
                f"stands now  alert {alert['id']}: {alert['level']} at {place_text(alert['scope'], names)},"
                f" rule {plain(alert['rule'])}{MOVES if alert.get('told_all_the_same') else ''}",
                style="bold yellow",
            )
        )
    show(f"to end it   gauge-ingest silences end {one['id']} --why …")


def _short(text: str) -> str:
    """2026-07-15T18:05:00+08:00 to the minute."""
    return f"{text[:10]} {text[11:16]}"


def _show(found: Sequence[Silence], names: Mapping[str, str], now: int) -> None:
    if not found:
        show("no silence is in force, and none is planned")
        return
    for one in found:
        line = Text(f"{one.id}  ", style="dim" if one.is_over(now) else "").append_text(_state(one, now))
        rule = f"rule {plain(one.rule)}" if one.rule else "every rule"
        line.append(f"  {place_text(one.scope, names)}, {rule}  {stretch(one.since, one.until)}")
        show(line, Padding(Text(f"{plain(one.who)}: {plain(_why(one))}"), (0, 0, 0, 4), expand=False))


def _state(one: Silence, now: int) -> Text:
    state = str(document(one, now=now)["state"])
    if state == "in force":
        return Text(f"in force, {elapsed(one.until - now)} left", style="bold yellow")
    return Text(state)


def _why(one: Silence) -> str:
    moving = " EVACUATION LEVELS TOO." if one.evacuation else ""
    if one.ended_at is None:
        return f"{one.why}{moving}"
    return f"{one.why}{moving} Ended {instant(one.ended_at)} by {one.ended_by}: {one.ended_why}"


def _words(event: AlertEvent) -> str:
    return f"{event.kind.value} ({event.level or '-'}) {instant(event.at)}"


def _standing(alert: Alert) -> str:
    return f"it stands at {alert.level}" if alert.state is State.RAISED else alert.state.value


def _alert(alert: Alert, events: Sequence[AlertEvent]) -> dict[str, Any]:
    rise = newest_rise(events)
    return {
        "id": alert.id,
        "rule": alert.rule,
        "scope": alert.scope,
        "level": alert.level,
        "state": alert.state.value,
        "rise": None if rise is None else rise.level,
        "events": [
            {"id": one.id, "kind": one.kind.value, "level": one.level, "at": instant_text(one.at)} for one in events
        ],
    }
