"""Retention: what is older than it need be kept goes, a slice at a time, never past a debt.

The change log stays whole (24 bytes a reading): a store that is configured later begins at its beginning.
"""

from typing import NamedTuple

from gauge_ingest.core.corrections import CorrectionKind, in_force
from gauge_ingest.core.model import DAY_MS, HOUR_MS
from gauge_ingest.journal import PRUNE_ROWS_MAX, Journal
from gauge_ingest.journal.windows import PRUNED_KEY


class Retention(NamedTuple):
    """How long what is kept: days, 0 for ever."""

    keep_days: int
    keep_raw_days: int


def prune(journal: Journal, retention: Retention, *, now: int) -> bool:
    """Delete one slice inside the caller's transaction; whether there is more to delete."""
    gone = 0
    if retention.keep_raw_days:
        gone += journal.owing.prune_raw(before=now - retention.keep_raw_days * DAY_MS)
    if retention.keep_days:
        before = now - retention.keep_days * DAY_MS
        owed_since = journal.owing.oldest_debt()
        before = before if owed_since is None else min(before, owed_since)
        before = _spared(journal, before) // HOUR_MS * HOUR_MS
        pruned = journal.owing.prune_readings(before=before)
        if pruned:
            journal.set_meta(PRUNED_KEY, str(max(before, pruned_before(journal))))
        gone += pruned or journal.verdicts.prune(before=before, verdicts_max=PRUNE_ROWS_MAX)
    return gone > 0


def _spared(journal: Journal, before: int) -> int:
    """An instant at which no replaced span is cut: its rain is spread over all of its readings, or over none."""
    replaced = [one for one in in_force(journal.reader.corrections.entries()) if one.kind is CorrectionKind.REPLACE]
    while cut := [one for one in replaced if one.since < before < one.until]:
        anchors = [journal.reader.newest(one.station, before=one.since + 1, anchor=True) for one in cut]
        before = min([one.since for one in cut] + [row.observed_at for row in anchors if row is not None])
    return before


def pruned_before(journal: Journal) -> int:
    """Readings before this instant are not kept any more; 0 while nothing has been deleted."""
    return journal.reader.windows.pruned_before()
