"""A journal that was put back from a copy begins anew: another epoch, numbers that nobody was given, no silences.

Decision 0025. What was recorded after the copy was made is not in it, but people, programs and outbound.db may know its
numbers.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

BACKUP = "backup"  # in a copy: when it was made, what it held; gone when it has begun anew
_FORMER = "former epochs"
_AFTER = "numbers after"
NUMBERED = ("alert", "alert_event", "batch", "correction", "silence", "quarantine")
ROOM = 1_000_000  # numbers go on behind the next multiple of it
ENDED_BY = "restore"
ENDED_WHY = "the journal was put back from a copy: whether this silence still held is not known"


class FormerEpoch(NamedTuple):
    """An epoch before this one, and the newest alert event that was recorded in it and is still there."""

    epoch: str
    until_event: int


def begin_anew_when_copied(connection: sqlite3.Connection) -> bool:
    """Begin anew if this file is a copy; whether it was. Inside a transaction."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (BACKUP,)).fetchone()
    if found is None:
        return False
    said = json.loads(found[0])
    known = said.get("numbers", {}) if isinstance(said, dict) else {}
    made_at = said.get("made_at") if isinstance(said, dict) else None
    begin_anew(
        connection,
        known if isinstance(known, dict) else {},
        at=made_at if isinstance(made_at, int) else _newest_received_at(connection),
    )
    connection.execute("DELETE FROM meta WHERE key = ?", (BACKUP,))
    return True


def begin_anew(connection: sqlite3.Connection, known: Mapping[str, object], *, at: int) -> None:
    """Give a journal a new epoch. `known`: the highest number of each table that may have been given elsewhere.

    `at`: the instant that the journal was put back to; silences that lasted beyond it end.
    """
    newest = _highest(connection, "alert_event")
    epoch = str(connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])
    before = numbers_after(connection)
    after = {}
    for name in NUMBERED:
        elsewhere = known.get(name, 0)
        given = max(_highest(connection, name), elsewhere if isinstance(elsewhere, int) else 0, before.get(name, 0))
        after[name] = (given // ROOM + 1) * ROOM
    written = {
        _FORMER: json.dumps([*former_epochs(connection), FormerEpoch(epoch, newest)]),
        _AFTER: json.dumps(after),
        "epoch": secrets.token_hex(8),
    }
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(written.items()))
    connection.execute(
        "UPDATE silence SET ended_at = ?, ended_by = ?, ended_why = ?, ended_after_event = ?"
        " WHERE ended_at IS NULL AND until > ?",
        (at, ENDED_BY, ENDED_WHY, newest, at),
    )


def former_epochs(connection: sqlite3.Connection) -> list[FormerEpoch]:
    """The epochs before this one, oldest first."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (_FORMER,)).fetchone()
    return [] if found is None else [FormerEpoch(str(epoch), int(event)) for epoch, event in json.loads(found[0])]


def numbers_after(connection: sqlite3.Connection) -> dict[str, int]:
    """Of each table the number behind which new ones begin; nothing where the journal was never put back."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (_AFTER,)).fetchone()
    return {} if found is None else {str(name): int(number) for name, number in json.loads(found[0]).items()}


class Numbers:
    """Which numbers new rows are given, on the connection of the one writer."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._after = numbers_after(connection)

    def next(self, name: str) -> int:
        """The number that the next row of a table is given."""
        return max(_highest(self._db, name), self._after.get(name, 0)) + 1


def _highest(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {name}").fetchone()[0])


def _newest_received_at(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT received_at FROM batch ORDER BY id DESC LIMIT 1").fetchone()
    return 0 if found is None else int(found[0])
