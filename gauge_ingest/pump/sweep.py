"""Increments of a span as the counts alone have them, read from the anchor before it to the neighbour behind it."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from gauge_ingest.core.corrections import Corrected, with_correction
from gauge_ingest.core.model import Increment, Row, Station, Step
from gauge_ingest.core.quality.verdicts import Verdict
from gauge_ingest.core.rainfall import increments
from gauge_ingest.journal import Reader
from gauge_ingest.pump.rows import report_of

# Rows of one slice. 15 ms is what the rain may have to wait for a debt; see benchmarks/backlog.py.
SLICE_ROWS = 400


class Swept(NamedTuple):
    """Rows with their increments, one for each; `up_to` is how far they are settled, None for the whole span."""

    rows: list[Row]
    increments: list[Increment]
    up_to: int | None


def sweep(reader: Reader, station: Station, *, since: int, until: int, rows_max: int = SLICE_ROWS) -> Swept:
    """The settled rows of a span [since, until] and its neighbours, or of a first slice of it."""
    start = reader.newest(station.id, before=since, anchor=True)
    while True:
        rows, complete = _rows(reader, station.id, start, until, rows_max)
        after = start
        if start is None and _begins_behind_what_is_deleted(rows):
            after, rows = rows[0], rows[1:]
        derived = increments([report_of(row) for row in rows], station, after=report_of(after) if after else None)
        end, up_to = _settled(rows, derived, since, until, complete=complete)
        if up_to is None or up_to > since:
            return Swept(rows[:end], derived[:end], up_to)
        rows_max *= 2  # rain without an anchor for so long: a slice that settles nothing would be owed for ever


def _begins_behind_what_is_deleted(rows: Sequence[Row]) -> bool:
    """Whether the neighbour before the first row has been deleted: what was derived from it stands."""
    if not rows or rows[0].since >= rows[0].observed_at:
        return False
    alone = len(rows) == 1 or rows[0].observed_at < rows[1].observed_at
    return bool(rows[0].anchor) or (alone and rows[0].step in (Step.STEADY, Step.GAP))


def sweep_whole(reader: Reader, station: Station, *, since: int, until: int) -> Swept:
    """The settled rows observed in (since, until], however many."""
    rows_max = SLICE_ROWS + (until - since) // (station.report_every_s * 1000)
    while True:
        rows, derived, up_to = sweep(reader, station, since=since + 1, until=until, rows_max=rows_max)
        if up_to is None or up_to >= until:
            break
        rows_max *= 2
    inside = [place for place, row in enumerate(rows) if since < row.observed_at <= until]
    return Swept([rows[place] for place in inside], [derived[place] for place in inside], None)


def row_as(row: Row, standing: Corrected) -> Row:
    """A row with the increment that stands. Where its rain is another, what the checks said of it no longer holds."""
    (since, _, tips, tips_min, tips_max, step, counted, anchor), correction = standing
    flag, checks, reasons = row.flag, row.checks, row.reasons
    if (tips, tips_min, tips_max, step) != row[14:18]:
        flag, checks, reasons = with_correction(Verdict(counted, 0), correction).flag, 0, None
    return Row(*row[:13], since, tips, tips_min, tips_max, step, flag, anchor, checks, reasons)


def _rows(reader: Reader, station: str, start: Row | None, until: int, rows_max: int) -> tuple[list[Row], bool]:
    """Rows after the start, up to a slice beyond which the increments cannot be settled; whether these are all."""
    since = start.observed_at if start is not None else -(1 << 62)
    size = rows_max
    while True:
        rows = list(islice(reader.rows(station, since=since, until=1 << 62), size + 1))
        if len(rows) <= size:
            return rows, True
        # One observed time stays whole, and the last anchor of the slice must be beyond the first row.
        last = rows[-1].observed_at
        rows = [row for row in rows if row.observed_at < last]
        if any(row.anchor for row in rows if row.observed_at > until) or len(rows) >= rows_max // 2:
            return rows, False
        size *= 2


def _settled(
    rows: Sequence[Row], derived: Sequence[Increment], since: int, until: int, *, complete: bool
) -> tuple[int, int | None]:
    """How many rows are settled, and up to which instant the span is (None: all of it).

    A row after the span that is an anchor before and after is the neighbour behind: nothing beyond it changes.
    """
    last_anchor = 0
    for place, (row, increment) in enumerate(zip(rows, derived, strict=True)):
        if increment.anchor:
            last_anchor = place + 1
            if row.anchor and row.observed_at > until:
                return place + 1, None
    if complete:
        return len(rows), None
    return last_anchor, rows[last_anchor - 1].observed_at if last_anchor else since
