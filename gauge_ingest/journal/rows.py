"""Readings as rows of the journal's table: what is bound to the statements that add them."""

from collections.abc import Iterable

from gauge_ingest.core.model import HOUR_MS, Increment, Kind, Report
from gauge_ingest.core.quality.verdicts import Verdict

# Bound: an exact int, float or str goes to SQLite at once; sqlite3 sends everything else, None, bool and IntEnum too,
# through its adapters, at 0.27 µs a value (Python 3.11). So what may be unknown is bound as an empty text and stored
# as NULL, what a report says nothing of at all is not bound, and a plus makes an int of an IntEnum, faster than int().
_UNKNOWN = ""
_TEST = Kind.TEST  # named once: naming a member costs 0.2 µs (Python 3.11)
_BARE = (
    "hour, station, observed_at, counter, test, kind, received_at, claimed_at, seq, message_id, since, tips, tips_min,"
    " tips_max, step, flag, anchor, configuration, checks"
)
_BOUND = ", ".join(["?"] * 8 + [f"nullif(?, {_UNKNOWN!r})"] + ["?"] * 10)
INSERT_BARE = f"INSERT INTO reading ({_BARE}) VALUES ({_BOUND})"
INSERT_FULL = (
    f"INSERT INTO reading ({_BARE}, boot, battery_v, signal_dbm, temperature_c, door_open, reasons)"
    f" VALUES ({_BOUND}, {', '.join([f'nullif(?, {_UNKNOWN!r})'] * 6)})"
)
INSERT_BARE_ONCE, INSERT_FULL_ONCE = (
    insert.replace("INSERT", "INSERT OR IGNORE", 1) for insert in (INSERT_BARE, INSERT_FULL)
)
New = tuple[int, Report, Increment, Verdict]
"""Number of the station, report, the increment that ends with it, and what the checks say of it."""


def rows(new: Iterable[New], configuration: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Rows for INSERT_BARE, of readings that say nothing but their count, and rows for INSERT_FULL."""
    bare: list[tuple[object, ...]] = []
    full: list[tuple[object, ...]] = []
    for number, report, increment, (flag, checks, reasons) in new:
        _, at, counter, kind, received_at, claimed_at, seq, boot, volts, dbm, celsius, door, message_id = report
        since, _, tips, tips_min, tips_max, step, _, anchor = increment
        row = (
            at // HOUR_MS,
            number,
            at,
            counter,
            1 if kind is _TEST else 0,
            +kind,
            received_at,
            claimed_at,
            _UNKNOWN if seq is None else seq,
            message_id,
            since,
            tips,
            tips_min,
            tips_max,
            +step,
            +flag,
            1 if anchor else 0,
            configuration,
            checks,
        )
        if boot is None and volts is None and dbm is None and celsius is None and door is None and reasons is None:
            bare.append(row)
            continue
        beside = (boot, volts, dbm, celsius, door if door is None else int(door), reasons)
        full.append(row + tuple([_UNKNOWN if value is None else value for value in beside]))
    return bare, full
