"""How far the copy in a store has come, as the outbound process's own file says."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gauge_ingest.account import CopyStanding
from gauge_ingest.journal import Reader
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.wellbeing.followers import BUSY_S, FollowersUnknown, standings


def copying(path: Path, reader: Reader, name: str) -> CopyStanding:
    """How far one follower has come, and what its store refused for good; StoreUnavailable when its file is ill."""
    newest = reader.newest_seq()
    if not path.exists():
        return CopyStanding(newest, "the outbound process has not run yet")
    try:
        found = next((one for one in standings(path, reader) if one.name == name), None)
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            refused = connection.execute("SELECT station, at FROM set_aside WHERE name = ?", (name,)).fetchall()
    except (FollowersUnknown, sqlite3.DatabaseError) as broken:
        raise StoreUnavailable(str(broken)) from broken
    if found is None:
        return CopyStanding(newest, "it has copied nothing yet")
    return CopyStanding(found.behind, found.error, frozenset(refused))
