"""backup: a verified copy of the journal in one file, made while the service runs."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from gauge_ingest.backup.checking import Checked, size_of
from gauge_ingest.backup.folder import name_at
from gauge_ingest.backup.making import make
from gauge_ingest.commands.opening import ConfigOption, JsonOption, clock_of_environment, configured
from gauge_ingest.commands.output import Status, full_instant, no_journal, notice, print_json, print_text, stop
from gauge_ingest.commands.progress import progress
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal.copying import Uncopied

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="The copy to write; there must be no such file yet.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Write it there, named by the time [default: [backup] folder]"),
]


def backup(
    file: FileArgument = None, *, folder: FolderOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Copy the journal to a file while the service runs, and verify the copy."""
    configuration, now = configured(config), clock_of_environment().now()
    journal = configuration.settings.journal_path
    if not journal.exists():
        stop(Status.UNREACHABLE, no_journal(journal))
    target = _target(configuration, file, folder, now)
    begun_s = time.monotonic()
    try:
        if not as_json:
            notice(f"copying {journal} ({size_text(size_of(journal))}); the service may go on")
        with progress("backup") as advance:
            made = make(journal, target, now=now, done=advance)
    except (Uncopied, OSError) as error:
        stop(Status.UNREACHABLE, f"no backup was made: {error}")
    took_s = time.monotonic() - begun_s
    if as_json:
        print_json({**copy_document(made.checked), "journal": str(journal), "took_s": round(took_s, 3)})
    else:
        print_text(f"{target}\n{copied_text(made.checked)}\nverified; took {took_s:.1f} s")


def copy_document(checked: Checked) -> dict[str, Any]:
    """A copy as programs read it: its file, when it was made, bytes, sum, rows by table."""
    return {
        "file": str(checked.path),
        "made_at": None if checked.made_at is None else instant_text(checked.made_at),
        "bytes": checked.size,
        "sha256": checked.sha256,
        "sum_known": checked.sum_known,
        "version": checked.version,
        "rows": {name: rows for name, rows in sorted(checked.figures.items()) if name != "counts"},
    }


def copied_text(checked: Checked) -> str:
    """What is in a copy, in lines for people."""
    rows = checked.figures
    made = "no backup of ours, but a journal" if checked.made_at is None else f"made {full_instant(checked.made_at)}"
    return (
        f"{made}, {size_text(checked.size)}: {rows['reading']} readings, {rows['alert']} alerts,"
        f" {rows['quarantine']} in quarantine, {rows.get('imported', 0)} imported rows\nsha256 {checked.sha256}"
    )


def size_text(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _target(configuration: Configuration, file: Path | None, folder: Path | None, now: int) -> Path:
    if file is not None and folder is not None:
        stop(Status.WRONG_USE, "name a FILE or a --folder, not both")
    if file is not None:
        return file
    chosen = folder or (Path(configuration.settings.backup.folder) if configuration.settings.backup.folder else None)
    if chosen is None:
        stop(Status.WRONG_USE, "where to? Name a FILE or a --folder, or set folder in [backup] of gauge_ingest.toml")
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        stop(Status.UNREACHABLE, f"no backup was made: {chosen}: {error.strerror or error}")
    return chosen / name_at(now)
