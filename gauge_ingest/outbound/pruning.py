"""Deletes what outbound.db need no longer know of people: deliveries that ended long ago, with their ways and tries."""

import time
from collections.abc import Callable
from pathlib import Path

from gauge_ingest.core.model import DAY_MS
from gauge_ingest.journal import JournalUnavailable, Reader
from gauge_ingest.outbound.positions import Positions
from gauge_ingest.outbound.queue import Queue

SLICE_ROWS = 200
PAUSE_S = 0.05  # between two slices, for whoever is being told


def prune_told(
    queue: Queue | None,
    positions: Positions,
    journal: Path,
    *,
    keep_days: int,
    now: int,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Delete what ended more than `keep_days` ago; nothing that waits, and nothing at 0. False: the journal is away."""
    if not keep_days:
        return True
    before = now - keep_days * DAY_MS
    try:
        reader = Reader.open(journal)
    except JournalUnavailable:
        return False
    try:
        epoch, until = reader.epoch(), reader.alerts.newest_event_before(before)
    finally:
        reader.close()
    while positions.forget_told(epoch, until, notices_max=SLICE_ROWS):
        pause(PAUSE_S)
    after: int | None = 0
    while queue is not None and after is not None:
        after = _prune_slice(queue, after, before)
        pause(PAUSE_S)
    return True


def _prune_slice(queue: Queue, after: int, before: int) -> int | None:
    """Look at the next deliveries; the last that was looked at, None when those behind it are too young."""
    with queue.transaction() as db:
        rows = db.execute(
            "SELECT id, queued_at, state NOT IN ('waiting', 'begun') AND ended_at < ? AND NOT EXISTS (SELECT 1 FROM"
            " way w WHERE w.delivery = d.id AND w.state IN ('waiting', 'begun'))"
            " FROM delivery d WHERE id > ? ORDER BY id LIMIT ?",
            (before, after, SLICE_ROWS),
        ).fetchall()
        ids = [(one,) for one, _, has_ended in rows if has_ended]
        for table, column in (("try", "delivery"), ("way", "delivery"), ("delivery", "id")):
            db.executemany(f"DELETE FROM {table} WHERE {column} = ?", ids)
    return rows[-1][0] if rows and any(queued_at < before for _, queued_at, _ in rows) else None
