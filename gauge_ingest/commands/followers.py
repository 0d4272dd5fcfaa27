"""How far the copy in a store has come, as the outbound process's own file says."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gauge_ingest.account import CopyStanding
from gauge_ingest.journal import Reader
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.wellbeing.followers import BUSY_S


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
