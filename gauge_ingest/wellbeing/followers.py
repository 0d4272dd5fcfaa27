"""How far the outbound process has come with each of its followers, as its own file says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.core.spans import elapsed
from gauge_ingest.jobs import KNOCKED
from gauge_ingest.journal import Reader
from gauge_ingest.outbound.record import PEOPLE, RecordUnreadable, findings

BUSY_S = 5.0
UNTOLD_MS = 60_000  # events wait for a moment, not for so long


class FollowersUnknown(Exception):
    """The outbound process's file cannot be read."""


class Standing(NamedTuple):
    """A follower: how many changes it is behind, in what words it cannot go on and since when, what it set aside.

    `put_off` of the changes that it is behind are carried on after what comes now, of `total` at the beginning; the
    oldest of them is the one after `oldest`.
    """

    name: str
    reached: int
    behind: int
    put_off: int
    total: int
    oldest: int
    error: str
    error_at: int
    set_aside: int


def standings(path: Path, reader: Reader, *, busy_s: float = BUSY_S) -> list[Standing]:
    """Every follower, by name; none before the outbound process has run. Raises FollowersUnknown."""
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=busy_s)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'position'").fetchone():
                return []  # it is being made at this moment
            rows = connection.execute(
                "SELECT name, epoch, seq, error, error_at, set_aside FROM position ORDER BY name"
            ).fetchall()
            backlog = _backlog(connection)
    except sqlite3.DatabaseError as broken:
        raise FollowersUnknown(f"{path}: {broken}") from broken
    epoch, newest = reader.epoch(), reader.newest_seq()
    found = []
    for name, known_epoch, seq, error, error_at, set_aside in rows:
        reached = seq if known_epoch == epoch else 0  # a position in another journal is none in this one
        oldest, put_off, total = backlog.get((name, epoch), (reached, 0, 0))
        behind = max(0, newest - reached) + put_off
        found.append(Standing(str(name), reached, behind, put_off, total, oldest, error, error_at, set_aside))
    return found


def _backlog(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Of each follower and epoch with which change its backlog begins, how many are left, and how many there were."""
    try:
        found = connection.execute(
            "SELECT name, epoch, min(since), sum(until - since), sum(total) FROM backlog GROUP BY name, epoch"
        ).fetchall()
    except sqlite3.OperationalError:  # made by a release that put nothing off
        return {}
    return {(name, epoch): (oldest, left, total) for name, epoch, oldest, left, total in found}


def followers(
    path: Path, reader: Reader, *, now: int, silent: str = "", untold_ms: int = UNTOLD_MS
) -> Iterator[tuple[str, bool, str]]:
    """Of each follower its name, whether it is well, and how far behind it is.

    `silent`: why the process that tells people gives no sign of life; `untold_ms`: how long an event may wait for it.
    """
    try:
        found = standings(path, reader)
    except FollowersUnknown as broken:
        yield path.name, False, str(broken)
        return
    for one in found:
        parts = [_behind(reader, one, now)]
        if one.set_aside:
            parts.append(f"{one.set_aside} refused for good and set aside")
        if one.error:
            since = f" (for {elapsed(now - one.error_at)})" if one.error_at else ""
            parts.insert(0, f"{one.error}{since}")
        untold = (silent, _untold(reader, one, now, untold_ms)) if one.name == PEOPLE else ()
        parts = [*filter(None, untold), *parts]
        yield one.name, not one.error and not any(untold), "; ".join(parts)


def knocked_at(path: Path) -> int | None:
    """When the calendar of the outbound process knocked last, in real time; None when its file does not say."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            found = connection.execute("SELECT at FROM done WHERE job = ?", (KNOCKED,)).fetchone()
    except sqlite3.DatabaseError:  # that the file is ill is told of by its followers
        return None
    return None if found is None else int(found[0])


def reaching(path: Path, *, now: int) -> Iterator[tuple[str, bool, str]]:
    """Of each person who is not reached, and of each channel, whether it is well."""
    try:
        for one in findings(path):
            since = f" (for {elapsed(now - one.since)})" if one.since is not None else ""
            yield one.name, one.ok, f"{one.detail}{since}"
    except RecordUnreadable as broken:
        yield path.name, False, str(broken)


def _untold(reader: Reader, one: Standing, now: int, untold_ms: int) -> str:
    """That alert events wait for whoever finds out whom to tell."""
    waiting = [event.at for event in reader.alerts.changes(one.reached)[1] if event.sent] if one.behind else []
    if not waiting or now - waiting[0] <= untold_ms:
        return ""
    return f"{len(waiting)} alert events wait untold, the oldest for {elapsed(now - waiting[0])}"


def _behind(reader: Reader, one: Standing, now: int) -> str:
    if not one.behind:
        return "everything sent"
    oldest_at = reader.oldest_unsent_received_at(one.oldest)
    age = "" if oldest_at is None else f", the oldest reading waits {elapsed(now - oldest_at)}"
    done = f" (catching up: {100 - 100 * one.put_off / one.total:.0f} % done)" if one.put_off else ""
    return f"{one.behind} changes behind{done}{age}"
