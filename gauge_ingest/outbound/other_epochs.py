"""What still waits in outbound.db of a journal that has been put back from a copy, or replaced by another."""

import logging

from gauge_ingest.outbound.queue import Queue

log = logging.getLogger(__name__)

REASON = "the journal was put back from a copy: what it has of this is told anew"


def end_of_other_epochs(queue: Queue, epoch: str, *, now: int) -> int:
    """End deliveries of other epochs that nobody was told of; how many.

    Their events are put again from the journal as it is now, or are not in it: the same number may mean another event.
    """
    with queue.transaction() as db:
        found = db.execute(
            "SELECT id FROM delivery WHERE epoch <> ? AND state IN ('waiting', 'begun')", (epoch,)
        ).fetchall()
        db.executemany(
            "UPDATE way SET state = 'stopped', ended_at = ? WHERE delivery = ? AND state IN ('waiting', 'begun')",
            [(now, one) for (one,) in found],
        )
        # A way that goes on after the person was told on another one speaks of a number of that epoch, too.
        db.execute(
            "UPDATE way SET state = 'stopped', ended_at = ? WHERE state IN ('waiting', 'begun')"
            " AND delivery IN (SELECT id FROM delivery WHERE epoch <> ?)",
            (now, epoch),
        )
        db.executemany(
            "UPDATE delivery SET state = 'rejected', reason = ?, ended_at = ? WHERE id = ?",
            [(REASON, now, one) for (one,) in found],
        )
    if found:
        log.warning("deliveries of a former journal ended count=%d", len(found))
    return len(found)
