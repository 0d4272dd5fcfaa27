"""Rows of the journal as the facts and increments that they hold."""

from gauge_ingest.core.model import Flag, Increment, Kind, Report, Row, Step

# A look into a table is a third of a call of the enumeration, and every row that is walked needs two.
_STEPS = {int(step): step for step in Step}
_FLAGS = {int(flag): flag for flag in Flag}


def report_of(row: Row) -> Report:
    """The fact of a row."""
    return Report(
        row.station,
        row.observed_at,
        row.counter,
        Kind(row.kind),
        row.received_at,
        row.claimed_at,
        row.seq,
        row.boot,
        row.battery_v,
        row.signal_dbm,
        row.temperature_c,
        row.door_open,
        row.message_id,
    )


def increment_of(row: Row) -> Increment:
    """The increment of a row."""
    return Increment(
        row.since,
        row.observed_at,
        row.tips,
        row.tips_min,
        row.tips_max,
        _STEPS[row.step],
        _FLAGS[row.flag],
        bool(row.anchor),
    )
