"""Makes a copy of the journal: written beside its place, verified, and only then given its name."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.backup.checking import Checked, check, room_text, size_of, sum_file
from gauge_ingest.journal import copying
from gauge_ingest.journal.copying import Uncopied
from gauge_ingest.journal.switching import sync

HALF = ".half"
# Where the copy stands on the journal's own disk, so much stays free for the rain.
FREE_BYTES_MIN = 500_000_000
TRIES = 2  # the journal may be pruned while it is copied: then the figures say nothing


class Made(NamedTuple):
    """A copy that was made and verified."""

    checked: Checked
    journal: Path


def make(journal: Path, target: Path, *, now: int, done: Callable[[float], None] = lambda _share: None) -> Made:
    """Copy a journal to a file that is not there yet; the service may run. Raises Uncopied, and leaves nothing then.

    `done`: told the share of the work, from 0 to 1.
    """
    if target.exists():
        raise Uncopied(f"{target}: is there already, and nothing is written over; name another file")
    _ask_for_a_name(target)
    _ask_for_room(journal, target)
    half = target.with_name(target.name + HALF)
    try:
        with half.open("ab") as held:
            _hold(held.fileno(), half)
            try:
                _copy(journal, half, now, done)
                checked = check(half, lambda share: done(0.6 + 0.4 * share))
                _name(half, target, checked)
            finally:
                half.unlink(missing_ok=True)
                _journal_of(half).unlink(missing_ok=True)
    except OSError as error:
        raise Uncopied(f"{error.filename or target}: {error.strerror or error}") from error
    return Made(checked._replace(path=target, sum_known=True), journal)


def _hold(descriptor: int, half: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Uncopied(f"{half}: another backup is being written there") from None


def _copy(journal: Path, half: Path, now: int, done: Callable[[float], None]) -> None:
    size = max(1, size_of(journal))
    for attempt in range(1, TRIES + 1):
        os.truncate(half, 0)  # what was left there by a backup that was killed
        _journal_of(half).unlink(missing_ok=True)  # SQLite would roll it back into the new one
        before = copying.figures(journal)
        copying.copy(journal, half, lambda written: done(min(1.0, written / size) * 0.55))
        copied, after = copying.figures(half), copying.figures(journal)
        try:
            copying.compare(copied, before, after)
        except Uncopied:
            if attempt == TRIES:
                raise
            continue
        copying.mark(half, {"made_at": now, "figures": copied})
        return


def _journal_of(half: Path) -> Path:
    return half.with_name(f"{half.name}-journal")


def _name(half: Path, target: Path, checked: Checked) -> None:
    """The sum first, which harms nobody without its file; then the file, whole and on the disk, under its name."""
    beside = sum_file(target)
    beside_half = beside.with_name(beside.name + HALF)
    try:
        beside_half.write_text(f"{checked.sha256}  {target.name}\n", encoding="utf-8")
        sync(beside_half)
        beside_half.replace(beside)
    finally:
        beside_half.unlink(missing_ok=True)
    try:
        if target.exists():
            raise Uncopied(f"{target}: has come meanwhile, and nothing is written over; name another file")
        half.rename(target)
    except (OSError, Uncopied):
        beside.unlink(missing_ok=True)
        raise
    sync(target.absolute().parent)


def _ask_for_a_name(target: Path) -> None:
    """SQLite takes names of files as text in UTF-8."""
    try:
        str(target).encode("utf-8")
    except UnicodeEncodeError:
        raise Uncopied(f"{str(target)!a}: the name is no text in UTF-8; name another file") from None


def _ask_for_room(journal: Path, target: Path) -> None:
    folder = target.absolute().parent
    try:
        size = size_of(journal)
        free = shutil.disk_usage(folder).free
        is_beside = folder.stat().st_dev == journal.stat().st_dev
    except OSError as error:
        raise Uncopied(f"{error.filename or folder}: {error.strerror or error}") from error
    needed = size + (FREE_BYTES_MIN if is_beside else 0)
    if free < needed:
        spare = ", which must keep 0.5 GB free for the rain" if is_beside else ""
        raise Uncopied(
            f"{folder}: {room_text(free)} free on this disk{spare}; the journal takes {room_text(size)}: make room"
            " or name a folder on another disk"
        )
