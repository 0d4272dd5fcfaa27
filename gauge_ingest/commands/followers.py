"""How far the outbound process has come with each of its followers, as its own file says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from gauge_ingest.account import CopyStanding
from gauge_ingest.commands.output import elapsed
from gauge_ingest.jobs import KNOCKED
from gauge_ingest.journal import Reader
from gauge_ingest.stores import StoreUnavailable

BUSY_S = 5.0


def followers(path: Path, reader: Reader, *, now: int) -> Iterator[tuple[str, bool, str]]:
    """Of each follower its name, whether it is well, and how far behind it is."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            rows = connection.execute(
                "SELECT name, epoch, seq, error, error_at, set_aside FROM position ORDER BY name"
            ).fetchall()
    except sqlite3.DatabaseError as broken:
        yield path.name, False, f"{path}: {broken}"
        return
    epoch, newest = reader.epoch(), reader.newest_seq()
    for name, known_epoch, seq, error, error_at, set_aside in rows:
        reached = seq if known_epoch == epoch else 0  # a position in another journal is none in this one
        parts = [_behind(reader, reached, newest, now)]
        if set_aside:
            parts.append(f"{set_aside} refused for good and set aside")
        if error:
            since = f" (for {elapsed(now - error_at)})" if error_at else ""
            parts.insert(0, f"{error}{since}")
        yield str(name), not error, "; ".join(parts)


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


def copying(path: Path, reader: Reader, name: str) -> CopyStanding:
    """How far one follower has come, and what its store refused for good; StoreUnavailable when its file is ill."""
    newest = reader.newest_seq()
    if not path.exists():
        return CopyStanding(newest, "the outbound process has not run yet")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            found = connection.execute("SELECT epoch, seq, error FROM position WHERE name = ?", (name,)).fetchone()
            refused = connection.execute("SELECT station, at FROM set_aside WHERE name = ?", (name,)).fetchall()
    except sqlite3.DatabaseError as broken:
        raise StoreUnavailable(f"{path}: {broken}") from broken
    epoch, seq, error = found or ("", 0, "it has copied nothing yet")
    reached = seq if epoch == reader.epoch() else 0
    return CopyStanding(max(0, newest - reached), error, frozenset(refused))


def _behind(reader: Reader, reached: int, newest: int, now: int) -> str:
    if newest <= reached:
        return "everything sent"
    oldest_at = reader.oldest_unsent_received_at(reached)
    age = "" if oldest_at is None else f", the oldest reading waits {elapsed(now - oldest_at)}"
    return f"{newest - reached} changes behind{age}"
