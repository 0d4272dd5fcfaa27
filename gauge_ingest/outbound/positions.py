"""outbound.db: how far each follower has come, what it set aside, which notices were begun."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.journal import Position

SCHEMA = """
CREATE TABLE IF NOT EXISTS position (name TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
    error TEXT NOT NULL DEFAULT '', error_at INTEGER NOT NULL DEFAULT 0, set_aside INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS set_aside (name TEXT NOT NULL, station TEXT NOT NULL, at INTEGER NOT NULL,
    event INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (name, station, at, event));
CREATE TABLE IF NOT EXISTS notice (name TEXT NOT NULL, event INTEGER NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (name, event));
CREATE TABLE IF NOT EXISTS begun (epoch TEXT PRIMARY KEY, told_until INTEGER NOT NULL);
-- Changes in (since, until] that a follower has put off, to carry on what comes now; `total` of them at the beginning.
CREATE TABLE IF NOT EXISTS backlog (name TEXT NOT NULL, epoch TEXT NOT NULL, since INTEGER NOT NULL,
    until INTEGER NOT NULL, total INTEGER NOT NULL, PRIMARY KEY (name, epoch, since));
-- What tells the store that a follower copies to from another in its place, and whether it was not there when asked.
CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, identity TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS done (job TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS failed (job TEXT PRIMARY KEY, since INTEGER NOT NULL, reason TEXT NOT NULL);
"""


class SetAside(NamedTuple):
    """A row (station, at) or an event that a store refused, and the store's words."""

    station: str
    at: int
    event: int
    reason: str


class PutOff(NamedTuple):
    """Changes in (since, until] of the log that are still to be carried on, of `total` that were put off."""

    since: int
    until: int
    total: int


class Positions:
    """One file for all followers; each call is a transaction of its own, from any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = wal")
        self._db.execute("PRAGMA synchronous = normal")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def get(self, name: str) -> Position | None:
        """How far a follower has come."""
        with self._lock:
            found = self._db.execute("SELECT epoch, seq FROM position WHERE name = ?", (name,)).fetchone()
        return None if found is None else Position(*found)

    def move(self, name: str, position: Position) -> None:
        """A follower has carried on everything up to here, and is well."""
        with self._lock:
            self._db.execute(
                "INSERT INTO position (name, epoch, seq) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " epoch = excluded.epoch, seq = excluded.seq, error = '', error_at = 0",
                (name, *position),
            )

    def ill(self, name: str, position: Position, error: str, at: int) -> None:
        """A follower cannot go on for now, in its store's words."""
        with self._lock:
            self._db.execute(
                "INSERT INTO position (name, epoch, seq, error, error_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET error = excluded.error, error_at ="
                " CASE WHEN position.error = '' THEN excluded.error_at ELSE position.error_at END",
                (name, *position, error, at),
            )

    def keep_only(self, names: list[str]) -> None:
        """Forget followers that are no longer configured."""
        with self._lock:
            known = [name for (name,) in self._db.execute("SELECT name FROM position")]
            for table in ("position", "backlog", "place"):
                self._db.executemany(f"DELETE FROM {table} WHERE name = ?", [(n,) for n in known if n not in names])

    # --- what was put off -----------------------------------------------------------------------------------------

    def put_off(self, name: str, position: Position, until: int, *, spans_max: int) -> None:
        """Put off the changes from a position up to `until`, which is the position from now on.

        Of more than `spans_max` spans the newest is made longer: what is carried on twice does no harm.
        """
        with self._lock, self._transaction():
            epoch, since = position
            known = self._put_off(name, epoch)
            if known and (known[-1].until == since or len(known) >= spans_max):
                since = known[-1].since
                self._db.execute("DELETE FROM backlog WHERE name = ? AND epoch = ? AND since = ?", (name, epoch, since))
            self._db.execute("INSERT INTO backlog VALUES (?, ?, ?, ?, ?)", (name, epoch, since, until, until - since))
            self._db.execute("UPDATE position SET epoch = ?, seq = ? WHERE name = ?", (epoch, until, name))

    def backlog(self, name: str, epoch: str) -> list[PutOff]:
        """What was put off, the oldest first."""
        with self._lock:
            return self._put_off(name, epoch)

    def carried_on(self, name: str, epoch: str, before: PutOff, after: PutOff) -> None:
        """Of what was put off so much is left; nothing, where `after` is empty."""
        with self._lock, self._transaction():
            key = (name, epoch, before.since)
            self._db.execute("DELETE FROM backlog WHERE name = ? AND epoch = ? AND since = ?", key)
            if after.since < after.until:
                self._db.execute("INSERT INTO backlog VALUES (?, ?, ?, ?, ?)", (name, epoch, *after))

    def _put_off(self, name: str, epoch: str) -> list[PutOff]:
        found = self._db.execute(
            "SELECT since, until, total FROM backlog WHERE name = ? AND epoch = ? ORDER BY since", (name, epoch)
        )
        return [PutOff(*row) for row in found]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    # --- which store it is ----------------------------------------------------------------------------------------

    def place(self, name: str) -> tuple[str, bool]:
        """What tells the store from another one, empty where nobody could say; and whether it was gone since."""
        with self._lock:
            found = self._db.execute("SELECT identity, gone FROM place WHERE name = ?", (name,)).fetchone()
        return ("", False) if found is None else (str(found[0]), bool(found[1]))

    def found(self, name: str, identity: str) -> None:
        """The store is there; what it is known by, unless nobody can say now."""
        with self._lock:
            self._db.execute(
                "INSERT INTO place (name, identity) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET gone = 0,"
                " identity = CASE WHEN excluded.identity = '' THEN place.identity ELSE excluded.identity END",
                (name, identity),
            )

    def gone(self, name: str) -> None:
        """The store is not there."""
        with self._lock:
            self._db.execute("INSERT INTO place VALUES (?, '', 1) ON CONFLICT (name) DO UPDATE SET gone = 1", (name,))

    def begun(self, epoch: str, told_until: int, *, put_back_to: int | None = None) -> int:
        """The newest event of an epoch that may have been told before this file was made: settled by the first call.

        0 where the file knows the epoch already: it was made by a release that did not settle it. `put_back_to`: the
        newest event that the journal still had when it was put back from a copy and this epoch began. What is known of
        later ones is forgotten by the first call: their numbers mean others now, if anything.
        """
        with self._lock:
            if put_back_to is not None:
                self._db.execute(
                    "DELETE FROM notice WHERE event > ? AND NOT EXISTS (SELECT 1 FROM begun WHERE epoch = ?)",
                    (put_back_to, epoch),
                )
            self._db.execute(
                "INSERT OR IGNORE INTO begun SELECT ?, CASE WHEN EXISTS (SELECT 1 FROM position WHERE epoch = ?)"
                " THEN 0 ELSE ? END",
                (epoch, epoch, told_until),
            )
            found = self._db.execute("SELECT told_until FROM begun WHERE epoch = ?", (epoch,)).fetchone()
        return int(found[0])

    # --- rows and events that a store refused --------------------------------------------------------------------

    def set_aside(self, name: str, refused: list[SetAside]) -> None:
        """Remember what a store refused."""
        with self._lock:
            self._db.executemany(
                "INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?, ?, ?)", [(name, *r) for r in refused]
            )
            self._count(name)

    def aside(self, name: str) -> list[SetAside]:
        """What a store refused."""
        with self._lock:
            found = self._db.execute("SELECT station, at, event, reason FROM set_aside WHERE name = ?", (name,))
            return [SetAside(*row) for row in found]

    def taken_after_all(self, name: str, one: SetAside) -> None:
        """A refused row or event has been taken."""
        with self._lock:
            self._db.execute(
                "DELETE FROM set_aside WHERE name = ? AND station = ? AND at = ? AND event = ?",
                (name, one.station, one.at, one.event),
            )
            self._count(name)

    def _count(self, name: str) -> None:
        self._db.execute(
            "UPDATE position SET set_aside = (SELECT count(*) FROM set_aside WHERE name = ?) WHERE name = ?",
            (name, name),
        )

    # --- notices -------------------------------------------------------------------------------------------------

    def notice(self, name: str, event: int) -> str:
        """What is known of a notice: '' (never begun), begun, failed, done, rejected."""
        with self._lock:
            found = self._db.execute("SELECT state FROM notice WHERE name = ? AND event = ?", (name, event)).fetchone()
        return "" if found is None else str(found[0])

    def note(self, name: str, event: int, state: str, reason: str = "") -> None:
        """Record where a notice stands."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO notice VALUES (?, ?, ?, ?)", (name, event, state, reason))

    def forget_told(self, epoch: str, until: int, *, notices_max: int) -> int:
        """Forget notices up to an event that have ended, at most so many; how many went.

        Whoever begins anew behind them marks what it tells: this file no longer knows what was told.
        """
        with self._lock:
            known = self._db.execute("UPDATE begun SET told_until = max(told_until, ?) WHERE epoch = ?", (until, epoch))
            if not known.rowcount:
                return 0
            return self._db.execute(
                "DELETE FROM notice WHERE rowid IN (SELECT rowid FROM notice WHERE event <= ?"
                " AND state IN ('done', 'rejected') LIMIT ?)",
                (until, notices_max),
            ).rowcount

    # --- calendar jobs -------------------------------------------------------------------------------------------

    def last_done(self, job: str) -> int | None:
        """When a calendar job was last done."""
        with self._lock:
            found = self._db.execute("SELECT at FROM done WHERE job = ?", (job,)).fetchone()
        return None if found is None else int(found[0])

    def done_like(self, prefix: str) -> list[str]:
        """The names that begin so of everything that was ever done."""
        with self._lock:
            found = self._db.execute("SELECT job FROM done WHERE substr(job, 1, ?) = ?", (len(prefix), prefix))
            return [str(name) for (name,) in found]

    def done(self, job: str, at: int) -> None:
        """A calendar job was done."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", (job, at))
            self._db.execute("DELETE FROM failed WHERE job = ?", (job,))

    def failed(self, job: str, reason: str, at: int) -> None:
        """A calendar job could not be done; since when is remembered until it is."""
        with self._lock:
            self._db.execute(
                "INSERT INTO failed VALUES (?, ?, ?) ON CONFLICT (job) DO UPDATE SET reason = excluded.reason",
                (job, at, reason),
            )

    def not_wanted(self, job: str) -> None:
        """A calendar job is not configured: what is known of it says nothing any longer."""
        with self._lock:
            self._db.execute("DELETE FROM done WHERE job = ?", (job,))
            self._db.execute("DELETE FROM failed WHERE job = ?", (job,))
