"""deliveries: who was told of what, when, on which way and at which try, or why not."""

from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from gauge_ingest.commands.opening import (
    ConfigOption,
    JsonOption,
    SinceOption,
    clock_of_environment,
    configured,
    moment,
    reading,
)
from gauge_ingest.commands.output import Status, instant, notice, plain, print_json, show, stop
from gauge_ingest.core.spans import instant_text
from gauge_ingest.outbound.record import ROWS_MAX, Delivered, RecordUnreadable, delivered

_ID_MAX = 2**63 - 1
AlertOption = Annotated[
    int | None, typer.Option("--alert", metavar="ID", min=1, max=_ID_MAX, help="Of one alert alone.")
]

_STYLES = {"done": "green", "waiting": "yellow", "begun": "yellow", "rejected": "bold red"}
_SAID = {"done": "TOLD", "waiting": "WAITS", "begun": "BEING SENT", "rejected": "REFUSED"}


def deliveries(
    *,
    alert: AlertOption = None,
    since: SinceOption = "24h",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who was told of which alert event, when and on which way, or why not."""
    configuration, clock = configured(config), clock_of_environment()
    begin = moment("--since", since, clock.now())
    try:
        found = delivered(configuration.settings.outbound_path, since=begin, alert=alert)
    except RecordUnreadable as error:
        stop(Status.UNREACHABLE, str(error))
    if alert is not None and not found:
        with reading(configuration) as reader:
            if reader.alerts.one(alert) is None:
                stop(Status.WRONG_USE, f"there is no alert {alert}; alerts --all lists them")
    if len(found) == ROWS_MAX:
        notice(f"only the newest {ROWS_MAX} deliveries are shown: give a later --since")
    if as_json:
        print_json([_document(one) for one in found])
    else:
        _show(found)


def _document(one: Delivered) -> dict[str, Any]:
    row = one.delivery
    return {
        "id": row.id,
        "alert": row.alert,
        "event": row.event,
        "kind": row.kind,
        "level": row.level,
        "person": row.person,
        "event_at": instant_text(row.event_at),
        "queued_at": instant_text(row.queued_at),
        "state": row.state,
        "ended_at": None if row.ended_at is None else instant_text(row.ended_at),
        "superseded_by": row.superseded_by,
        "reason": row.reason,
        "ways": [way._asdict() for way in one.ways],
        "tries": [
            {
                **each._asdict(),
                "begun_at": instant_text(each.begun_at),
                "ended_at": None if each.ended_at is None else instant_text(each.ended_at),
            }
            for each in one.tries
        ],
    }


def _show(found: list[Delivered]) -> None:
    if not found:
        show("nobody was to be told of anything in this time")
        return
    for one in found:
        row = one.delivery
        line = Text(f"{instant(row.event_at, seconds=True)}  alert {row.alert} {row.kind} {plain(row.level)}".rstrip())
        line.append(f"  {plain(row.person)}  ")
        line.append(_SAID.get(row.state, row.state.upper()), style=_STYLES.get(row.state, "dim"))
        line.append("" if row.ended_at is None else f" {instant(row.ended_at, seconds=True)}")
        show(line)
        if how := _how(one):
            show(Padding(Text(plain(how), style="dim"), (0, 0, 0, 4), expand=False))


def _how(one: Delivered) -> str:
    """On which way and at which try, or why not."""
    row = one.delivery
    if row.state == "superseded":
        return f"event {row.superseded_by} of the same alert was told instead"
    if row.state == "silenced":
        return row.reason
    parts = [row.reason] if row.reason else []
    for way in one.ways:
        tries = [each for each in one.tries if (each.channel, each.to) == (way.channel, way.to)]
        words = f"{way.channel} {way.to}: {_tries(len(tries))}"
        if way.state != "done":
            words += f", {way.state}" + (f" ({way.reason})" if way.reason else "")
        if any(each.repeated for each in tries):
            words += ", marked as a repeat"
        if way.instead_of:
            words += f", because {way.instead_of} was not working"
        parts.append(words)
    return "; ".join(parts)


def _tries(count: int) -> str:
    return {0: "not tried", 1: "1 try"}.get(count, f"{count} tries")
