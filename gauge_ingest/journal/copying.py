"""A whole copy of a journal in one file, made while it is written; what a file holds, and whether it is sound."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gauge_ingest.journal.renewal import BACKUP
from gauge_ingest.journal.schema import VERSION
from gauge_ingest.journal.switching import sync

# The copy is read once from end to end: a large cache would only drive out that of the service.
CACHE_KIB = 8_192
BUSY_S = 30.0
LOOK_EVERY_STEPS = 100_000  # of SQLite's virtual machine: some tens of milliseconds
SYNC_EVERY_BYTES = 4_000_000  # whoever else commits on this disk waits for what is not written yet
FINDINGS_MAX = 3
# What comes and goes while the service runs. All else is only added to, or pruned.
_CHANGING = frozenset({"meta", "debt"})

Figures = Mapping[str, int]
"""Rows of each table, and the sum of all counts under `counts`."""


class Uncopied(Exception):
    """No whole copy was made, or the file is no journal that can be used; in words for whoever asked."""


class Unsound(Uncopied):
    """The file is damaged, or no journal at all: only another one helps."""


def copy(source: Path, target: Path, written: Callable[[int], None] = lambda _bytes: None) -> None:
    """Copy a journal as it stands at one instant to a file that is empty or not there; the service goes on meanwhile.

    `written` is told the size in bytes now and then. Raises Uncopied; half a file may be left then.
    """
    try:
        with closing(_opened(source)) as connection:
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            connection.set_progress_handler(_Writing(target, written), LOOK_EVERY_STEPS)
            connection.execute("VACUUM INTO ?", (str(target),))
        sync(target)
    except (sqlite3.DatabaseError, OSError) as error:
        raise Uncopied(f"{target}: {error}") from error


class _Writing:
    """Asked by SQLite while it copies: what is written goes to the disk bit by bit, not in one piece at the end."""

    def __init__(self, target: Path, written: Callable[[int], None]) -> None:
        self._target = target
        self._written = written
        self._synced = 0

    def __call__(self) -> int:
        size = self._target.stat().st_size if self._target.exists() else 0
        if size - self._synced >= SYNC_EVERY_BYTES:
            sync(self._target)
            self._synced = size
        self._written(size)
        return 0


def mark(copied: Path, said: Mapping[str, Any]) -> None:
    """Write into a copy that it is one: whoever opens it to write begins it anew. Raises Uncopied."""
    with _asked(copied, writing=True) as connection:
        # Half a copy is thrown away: no journal of its own, and one sync at the end.
        connection.execute("PRAGMA journal_mode = off")
        connection.execute("PRAGMA synchronous = off")
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (BACKUP, json.dumps(said)))
    sync(copied)


def marked(path: Path) -> dict[str, Any]:
    """What a copy says of itself; empty of a journal that is none. Raises Uncopied where it is no journal."""
    with _asked(path) as connection:
        found = connection.execute("SELECT value FROM meta WHERE key = ?", (BACKUP,)).fetchone()
    said = {} if found is None else json.loads(found[0])
    return said if isinstance(said, dict) else {}


def figures(path: Path) -> Figures:
    """What a journal holds, in one snapshot; raises Uncopied."""
    with _asked(path) as connection:
        connection.execute("BEGIN")
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {
            name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])
            for name in names
            if not name.startswith("sqlite_") and name not in _CHANGING and name != "reading"
        }
        rows, counts = connection.execute("SELECT count(*), coalesce(sum(counter), 0) FROM reading").fetchone()
    return {**found, "reading": int(rows), "counts": int(counts)}


def compare(copied: Figures, before: Figures, after: Figures) -> None:
    """Raises Uncopied where a copy made between two looks holds less or more than there was."""
    for name, had in before.items():
        low, high = sorted((had, after.get(name, 0)))
        if not low <= copied.get(name, -1) <= high:
            there = f"{low}" if low == high else f"{low} to {high}"
            raise Uncopied(f"the copy has {copied.get(name, 'no')} of {name}, the journal {there}")


def check(path: Path) -> int:
    """The version of a sound journal; raises Uncopied with what is wrong with it."""
    with _asked(path) as connection:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        is_journal = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'reading'").fetchone()
        if not version or is_journal is None:
            raise Unsound(f"{path}: no journal of this program")
        if version > VERSION:
            raise Uncopied(f"{path}: journal version {version}, this program knows {VERSION}: use the newer program")
        wrong = [str(words) for (words,) in connection.execute(f"PRAGMA integrity_check ({FINDINGS_MAX})")]
    if wrong != ["ok"]:
        raise Unsound(f"{path}: damaged: {'; '.join(wrong)}")
    return version


def numbers(path: Path, names: tuple[str, ...]) -> dict[str, int]:
    """The highest number of each of these tables; raises Uncopied."""
    with _asked(path) as connection:
        return {
            name: int(connection.execute(f'SELECT coalesce(max(id), 0) FROM "{name}"').fetchone()[0])
            for name in names
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        }


def _opened(path: Path, *, writing: bool = False) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode={'rw' if writing else 'ro'}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)


@contextmanager
def _asked(path: Path, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
    try:
        with closing(_opened(path, writing=writing)) as connection:
            yield connection
    except sqlite3.OperationalError as error:  # locked, or the disk fails
        raise Uncopied(f"{path}: {error}") from error
    except (sqlite3.DatabaseError, ValueError) as error:  # damaged text in it: half a character, no JSON
        raise Unsound(f"{path}: damaged: {error}") from error
