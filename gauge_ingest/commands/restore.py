"""restore: a backup in the place of the journal, while no service runs."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from gauge_ingest.backup.checking import Checked, check
from gauge_ingest.backup.folder import others
from gauge_ingest.backup.restoring import Restored
from gauge_ingest.backup.restoring import restore as put_back
from gauge_ingest.commands.backup import copied_text, copy_document
from gauge_ingest.commands.opening import ConfigOption, JsonOption, clock_of_environment, configured, directory_of
from gauge_ingest.commands.output import Status, elapsed, full_instant, notice, print_json, print_text, stop
from gauge_ingest.commands.progress import progress
from gauge_ingest.configuration import Configuration, ConfigurationRefused, usable
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import JournalBroken, JournalUnavailable, Lock, Locked
from gauge_ingest.journal.copying import Uncopied, Unsound
from gauge_ingest.outbound.record import RecordUnreadable, highest_numbers

SHOWN_MAX = 10  # other copies that are named
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A backup, or a journal kept aside.")]
CheckOption = Annotated[bool, typer.Option("--check", help="Verify the file and change nothing; the service may run.")]


def restore(
    file: FileArgument, *, check_only: CheckOption = False, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Put a backup in the place of the journal; what was there is kept aside."""
    if check_only:
        _show_checked(_checked(file, config), as_json=as_json)
        return
    configuration, now = configured(config), clock_of_environment().now()
    journal = configuration.settings.journal_path
    lock = Lock(journal)
    try:
        lock.acquire()
    except Locked as error:
        stop(Status.WRONG_USE, f"nothing was changed: {error}; stop the service first, then restore")
    except OSError as error:
        stop(Status.UNREACHABLE, f"nothing was changed: {error.filename}: {error.strerror}")
    try:
        with progress("restore") as advance:
            done = put_back(file, journal, now=now, told=_told(configuration), done=advance)
    except Uncopied as error:
        stop(Status.UNREACHABLE, f"not restored: {error}", *_remedy(error, file, configuration.settings.backup.folder))
    except (JournalBroken, JournalUnavailable) as error:
        stop(Status.UNREACHABLE, f"the backup is in place and cannot be opened: {error}")
    finally:
        lock.release()
    if as_json:
        print_json(_document(done, journal))
    else:
        print_text("\n".join(_lines(done, journal, now)))


def _told(configuration: Configuration) -> dict[str, int]:
    try:
        return highest_numbers(configuration.settings.outbound_path)
    except RecordUnreadable as error:
        notice(f"{error}: whom was told of what is not known; new alerts are told all the same")
        return {}


def _checked(file: Path, config: Path | None) -> Checked:
    try:
        with progress("check") as advance:
            return check(file, advance)
    except Uncopied as error:
        try:
            daily = usable(directory_of(config), os.environ).configuration.settings.backup.folder
        except ConfigurationRefused:  # a copy is checked without any, too
            daily = ""
        stop(Status.NOT_WELL, str(error), *_remedy(error, file, daily))


def _remedy(error: Uncopied, file: Path, daily: str) -> list[str]:
    """What to do where the file itself is of no use: which other copies there are."""
    if not isinstance(error, Unsound):
        return []
    there = others(file, *([Path(daily)] if daily else []))
    if not there:
        where = file.absolute().parent if not daily else f"{file.absolute().parent} and {daily}"
        return [f"take another copy; there is none in {where}"]
    return ["take another copy; there are, last written first:", *map(str, there[:SHOWN_MAX])]


def _show_checked(checked: Checked, *, as_json: bool) -> None:
    if as_json:
        print_json(copy_document(checked))
        return
    beside = "as the sum beside it says" if checked.sum_known else "no sum beside it: a changed byte may hide in it"
    print_text(f"{checked.path}\n{copied_text(checked)}, {beside}\nit is whole and can be restored")


def _document(done: Restored, journal: Path) -> dict[str, Any]:
    return {
        "journal": str(journal),
        "backup": copy_document(done.checked),
        "aside": None if done.aside is None else str(done.aside),
        "epoch": done.epoch,
        "newest_received_at": instant_text(done.newest_received_at) if done.newest_received_at else None,
        "next_alert": done.next_alert,
        "silences_ended": [silence.id for silence in done.ended],
    }


def _lines(done: Restored, journal: Path, now: int) -> list[str]:
    lines = [f"{journal} is now {done.checked.path}", copied_text(done.checked)]
    if done.aside is not None:
        lines.append(f"what was there is in {done.aside}: keep it, it may hold what follows")
    if done.newest_received_at:
        lost = elapsed(max(0, now - done.newest_received_at))
        lines.append(
            f"NOT IN IT: everything received after {full_instant(done.newest_received_at)} ({lost}): readings, alerts,"
            " acknowledgements, corrections; nor what was imported after the copy was made"
        )
    else:
        lines.append("NOT IN IT: what was received or imported after the copy was made")
    lines += [
        f"ENDED, enter it again if it is to hold: silence {one.id} of {one.scope} ({one.why})" for one in done.ended
    ]
    lines.append(
        f"New alerts are numbered from {done.next_alert}; what stands is told again, marked as a repeat. Start the"
        " service: gauge-ingest run"
    )
    return lines
