"""drills: what drills there have been, and the report of one; their folders are evidence and stay."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gauge_ingest.commands.drill_text import report_text
from gauge_ingest.commands.opening import ConfigOption, JsonOption, configured
from gauge_ingest.commands.output import Status, plain, print_json, print_text, show, stop, table
from gauge_ingest.configuration.overrides import DRILLS
from gauge_ingest.core.nearest import nearest

app = typer.Typer(invoke_without_command=True)

REPORT = "report.json"
WHEN_COLUMNS = 17

WhenArgument = Annotated[str, typer.Argument(metavar="WHEN", help="The drill's folder, as `drills` lists it.")]


@app.callback()
def drills(context: typer.Context, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the drills there have been, oldest first."""
    if context.invoked_subcommand is not None:
        if config is not None or as_json:
            stop(Status.WRONG_USE, f"options come after the command: drills {context.invoked_subcommand} …")
        return
    found = {folder.name: _report(folder) for folder in _folders(config)}
    if as_json:
        print_json([{"when": when, "report": report} for when, report in found.items()])
        return
    if not found:
        show("there has been no drill")
        return
    words, numbers = ("scenario", "ended"), ("told", "seen")
    listing = table("when", "scenario", *numbers, "ended", wrap=words, right=numbers, least={"when": WHEN_COLUMNS})
    for when, report in found.items():
        listing.add_row(when, *(_row(report) if report else ("", "", "", "no report: it runs, or was killed")))
    show(listing)


@app.command("show")
def show_drill(when: WhenArgument, *, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the report of one drill."""
    folders = {folder.name: folder for folder in _folders(config)}
    if when not in folders:
        stop(Status.WRONG_USE, f"there is no drill {when!r}: {nearest(when, folders)}")
    report = _report(folders[when])
    if report is None:
        stop(Status.NOT_WELL, f"drill {when} has no report: it runs, or was killed")
    if as_json:
        print_json(report)
    else:
        print_text(report_text(report))


def _folders(config: Path | None) -> list[Path]:
    there = configured(config).settings.journal_path.absolute().with_name(DRILLS)
    return sorted(one for one in there.iterdir() if one.is_dir()) if there.is_dir() else []


def _report(folder: Path) -> Any:
    """The report in a drill's folder; None when there is none yet."""
    try:
        return json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _row(report: Any) -> tuple[str, str, str, str]:
    told = [one for one in report["people"] if one["told"]]
    seen = sum(bool(one["acknowledged"]) for one in told)
    return plain(str(report["scenario"])), str(len(told)), str(seen), plain(str(report["ended"]))
