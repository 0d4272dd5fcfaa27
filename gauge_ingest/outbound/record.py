"""What outbound.db says of people, read beside the process that writes it: who was told of what, who is not reached."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

BUSY_S = 5.0
PEOPLE = "people"  # the follower that finds out whom to tell, by its name in the file
ROWS_MAX = 10_000
OPEN = "('waiting', 'begun')"


class RecordUnreadable(Exception):
    """outbound.db cannot be read."""


class TryRow(NamedTuple):
    """One try: when it was begun, how it ended."""

    number: int
    channel: str
    to: str
    begun_at: int
    ended_at: int | None
    result: str
    reason: str
    repeated: bool


class WayRow(NamedTuple):
    """One address that was opened for a delivery; `instead_of`: the channel that was dead."""

    channel: str
    to: str
    state: str
    instead_of: str
    reason: str


class DeliveryRow(NamedTuple):
    """Who was to be told of which event, and what came of it. `superseded_by` is an event."""

    id: int
    alert: int
    event: int
    kind: str
    level: str
    person: str
    event_at: int
    queued_at: int
    state: str
    superseded_by: int | None
    reason: str
    ended_at: int | None


class Delivered(NamedTuple):
    """A delivery with its ways and its tries."""

    delivery: DeliveryRow
    ways: tuple[WayRow, ...]
    tries: tuple[TryRow, ...]


class Finding(NamedTuple):
    """One thing about people that was looked at."""

    name: str
    ok: bool
    detail: str
    since: int | None


def delivered(path: Path, *, since: int, alert: int | None = None, rows_max: int = ROWS_MAX) -> list[Delivered]:
    """The newest deliveries put since an instant, oldest first; raises RecordUnreadable."""
    with _opened(path) as db:
        if db is None:
            return []
        found = db.execute(
            "SELECT d.id, d.alert, d.event, d.kind, d.level, d.person, d.event_at, d.queued_at, d.state, s.event,"
            " d.reason, d.ended_at FROM delivery d LEFT JOIN delivery s ON s.id = d.superseded_by"
            " WHERE d.queued_at >= ? AND (? IS NULL OR d.alert = ?) ORDER BY d.id DESC LIMIT ?",
            (since, alert, alert, rows_max),
        ).fetchall()
        return [_delivered(db, DeliveryRow(*row)) for row in reversed(found)]


def first_told(path: Path, epochs: Sequence[tuple[str, int]], alerts: Iterable[int]) -> dict[int, int | None]:
    """Of each alert of a journal, when a channel first took a message about it for a person; None: never.

    `epochs`: the journal's, each with the newest event that belongs to it. Raises RecordUnreadable.
    """
    with _opened(path) as db:
        if db is None:
            return dict.fromkeys(alerts)
        of_epoch = " OR ".join(["(epoch = ? AND event <= ?)"] * len(epochs))
        first = f"SELECT min(ended_at) FROM delivery WHERE alert = ? AND state = 'done' AND ({of_epoch})"
        known = [value for one in epochs for value in one]
        return {alert: db.execute(first, (alert, *known)).fetchone()[0] for alert in alerts}


def findings(path: Path) -> Iterator[Finding]:
    """Whom no way reaches, and how each channel stands; nothing before anybody was to be told."""
    with _opened(path) as db:
        if db is None:
            return
        for person, since, reason in db.execute("SELECT person, since, reason FROM unreached ORDER BY person"):
            yield Finding(f"person {person}", False, f"nobody can be reached by any way of {person}: {reason}", since)
        counted = db.execute(f"SELECT channel, count(*) FROM way WHERE state IN {OPEN} GROUP BY channel").fetchall()
        waiting = dict(counted)
        known = {name: (at, error) for name, at, error in db.execute("SELECT name, error_at, error FROM channel")}
        for name in sorted({*waiting, *known}):
            error_at, error = known.get(name, (None, ""))
            count = waiting.get(name, 0)
            detail = f"{count} notices wait" if count else "everything told"
            yield Finding(f"channel {name}", not (error and count), f"{error}; {detail}" if error else detail, error_at)


def _delivered(db: sqlite3.Connection, row: DeliveryRow) -> Delivered:
    ways = db.execute(
        "SELECT channel, address, state, instead_of, reason FROM way WHERE delivery = ? ORDER BY opened_at", (row.id,)
    ).fetchall()
    tries = db.execute(
        "SELECT number, channel, address, begun_at, ended_at, result, reason, repeated FROM try WHERE delivery = ?"
        " ORDER BY id",
        (row.id,),
    ).fetchall()
    return Delivered(
        row, tuple(WayRow(*way) for way in ways), tuple(TryRow(*one)._replace(repeated=bool(one[7])) for one in tries)
    )


@contextmanager
def _opened(path: Path, table: str = "delivery") -> Iterator[sqlite3.Connection | None]:
    """The file, open for reading; None where it, or the table, is not there yet."""
    if not path.exists():
        yield None
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as db:
            is_there = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            yield db if is_there else None
    except sqlite3.DatabaseError as broken:
        raise RecordUnreadable(f"{path}: {broken}") from broken


def furthest(path: Path, epoch: str) -> int:
    """The newest change of a journal that any follower has carried on; 0 where none has. Raises RecordUnreadable."""
    with _opened(path, "position") as db:
        found = None if db is None else db.execute("SELECT max(seq) FROM position WHERE epoch = ?", (epoch,)).fetchone()
    return 0 if found is None else int(found[0] or 0)


def highest_numbers(path: Path) -> dict[str, int]:
    """The highest numbers of events and alerts that anybody was to be told of; raises RecordUnreadable."""
    found = {"alert": 0, "alert_event": 0}
    with _opened(path) as db:
        if db is not None:
            event, alert = db.execute("SELECT max(event), max(alert) FROM delivery").fetchone()
            found = {"alert": alert or 0, "alert_event": event or 0}
    with _opened(path, "notice") as db:
        if db is not None:
            noticed = int(db.execute("SELECT coalesce(max(event), 0) FROM notice").fetchone()[0])
            found["alert_event"] = max(found["alert_event"], noticed)
    return found


def job_state(path: Path, job: str) -> tuple[int | None, int | None, str]:
    """Of a calendar job: when it was last done, since when it fails, and why. Raises RecordUnreadable."""
    with _opened(path, "failed") as db:
        if db is None:
            return None, None, ""
        done = db.execute("SELECT at FROM done WHERE job = ?", (job,)).fetchone()
        since, reason = db.execute("SELECT since, reason FROM failed WHERE job = ?", (job,)).fetchone() or (None, "")
    return None if done is None else int(done[0]), since, reason
