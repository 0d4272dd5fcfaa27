"""quarantine: what could not be admitted, why, and taking it in after the mistake is mended."""

import base64
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from gauge_ingest.commands.opening import ConfigOption, JsonOption, clock_of_environment, configured, reading
from gauge_ingest.commands.output import Status, full_instant, instant, plain, print_json, show, stop, table
from gauge_ingest.commands.writing import Answer, asked
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Quarantined
from gauge_ingest.requests import REPLAY, REPLAYED_MAX

app = typer.Typer(help="What could not be admitted: list, show, replay.", no_args_is_help=True)

SHOWN_BYTES_MAX = 4_096
_ID_MAX = 2**63 - 1

IdArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=_ID_MAX, help="The entry's number.")]
IdsArgument = Annotated[list[int], typer.Argument(metavar="ID...", min=1, max=_ID_MAX, help="The entries' numbers.")]


@app.command("list")
def list_(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what waits in quarantine, the newest first."""
    configuration = configured(config)
    with reading(configuration) as reader:
        entries = reader.quarantine()
    if as_json:
        print_json([_document(entry) for entry in entries])
    else:
        _show_list(entries)


@app.command("show")
def show_one(entry_id: IdArgument, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one entry with its payload."""
    configuration = configured(config)
    with reading(configuration) as reader:
        entry = reader.quarantined(entry_id)
    if entry is None:
        stop(Status.WRONG_USE, f"there is no entry {entry_id} in quarantine; quarantine list names them")
    if as_json:
        print_json(_document(entry))
    else:
        _show_one(entry)


@app.command()
def replay(ids: IdsArgument, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Take entries in again; those that still cannot be admitted stay, with the reasons."""
    configuration, clock = configured(config), clock_of_environment()
    replayed: list[Answer] = []
    for first in range(0, len(ids), REPLAYED_MAX):
        answer = asked(configuration, clock, REPLAY, {"ids": ids[first : first + REPLAYED_MAX]})
        if "replayed" not in answer:
            stop(Status.NOT_WELL, f"the service refuses: {answer.get('error')}")
        replayed += answer["replayed"]
    if as_json:
        print_json(replayed)
    else:
        _show_replayed(replayed)
    if not all(one["ok"] for one in replayed):
        raise typer.Exit(int(Status.NOT_WELL))


def _document(entry: Quarantined) -> dict[str, Any]:
    return {
        "id": entry.id,
        "received_at": instant_text(entry.received_at),
        "station": entry.station,
        "topic": entry.topic,
        "reason": entry.reason,
        "payload_base64": base64.b64encode(entry.payload).decode("ascii"),
    }


def _show_list(entries: Sequence[Quarantined]) -> None:
    if not entries:
        show("nothing is in quarantine")
        return
    listing = table("id", "received", "station", "bytes", "reason", right=("id", "bytes"), wrap=("reason",))
    for entry in entries:
        station = Text(plain(entry.station)[:32], style="" if entry.known else "yellow")
        place = "" if entry.place is None else f"reading {entry.place}: "
        reason = Text(place + plain(entry.reason))
        listing.add_row(str(entry.id), instant(entry.received_at), station, str(entry.size), reason)
    show(Text(f"{len(entries)} in quarantine, times of Beijing", style="bold"), listing)


def _show_one(entry: Quarantined) -> None:
    sender = "" if entry.known else " (not in stations.toml when it came)"
    lines = [
        f"received  {full_instant(entry.received_at)}, {entry.size} bytes, sha256 {entry.digest[:16]}…",
        f"topic     {plain(entry.topic)}{sender}",
        f"reason    {plain(entry.reason)}",
    ]
    if entry.place is not None:
        lines.append(f"reading   number {entry.place} of the message, counted from 0; the others were looked at alone")
    if entry.size > len(entry.payload):
        lines.append(f"cut       only {len(entry.payload)} bytes were kept: it cannot be replayed")
    if entry.replayed_at is not None:
        lines.append(f"replayed  {full_instant(entry.replayed_at)}")
    show(Text(f"quarantine {entry.id}", style="bold"), *map(Text, lines), "")
    payload = entry.payload[:SHOWN_BYTES_MAX].decode("utf-8", "backslashreplace")
    more = len(entry.payload) - SHOWN_BYTES_MAX
    show(Padding(Text(plain(payload)), (0, 0, 0, 4), expand=False))
    if more > 0:
        show(Text(f"… and {more} bytes more (--json has them all)", style="dim"))
    if entry.traceback:
        show("", Text(plain(entry.traceback), style="dim"))


def _show_replayed(replayed: Sequence[Answer]) -> None:
    for one in replayed:
        readings = one.get("readings", 0)
        what = {0: "no new reading", 1: "1 new reading"}.get(readings, f"{readings} new readings")
        state = Text("replayed" if one["ok"] else "STAYS", style="" if one["ok"] else "bold yellow")
        reasons = "".join(f"; {plain(str(reason))}" for reason in one["reasons"])
        show(Text.assemble(f"{one['id']:>5}  ", state, f"  {what}{reasons}"))
