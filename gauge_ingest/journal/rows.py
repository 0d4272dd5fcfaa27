"""Readings as rows of the journal's table: what is bound to the statements that add them."""

from collections.abc import Iterable, Iterator, Sequence

from gauge_ingest.core.model import HOUR_MS, Increment, Kind, Report

# Bound: an exact int, float or str goes to SQLite at once; sqlite3 sends everything else, None, bool and IntEnum too,
# through its adapters, at 0.27 µs a value (Python 3.11). So what may be unknown is bound as an empty text and stored
# as NULL, what a report says nothing of at all is not bound, and a plus makes an int of an IntEnum, faster than int().
_UNKNOWN = ""
_BESIDE = ("boot", "battery_v", "signal_dbm", "temperature_c", "door_open")
SAYS_NOTHING = (None,) * len(_BESIDE)
_COUNTED = (
    "hour, station, observed_at, counter, test, kind, received_at, claimed_at, seq, message_id, since, tips, tips_min,"
    " tips_max, step, flag, anchor, configuration"
)
_BOUND = ", ".join(["?"] * 8 + [f"nullif(?, {_UNKNOWN!r})"] + ["?"] * 9)
INSERT_COUNTED = f"INSERT INTO reading ({_COUNTED}) VALUES ({_BOUND})"
INSERT_ALL = (
    f"INSERT INTO reading ({_COUNTED}, {', '.join(_BESIDE)})"
    f" VALUES ({_BOUND}, {', '.join([f'nullif(?, {_UNKNOWN!r})'] * len(_BESIDE))})"
)
New = tuple[int, Report, Increment]
"""Number of the station, report, and the increment that ends with it."""


def counted(new: Iterable[New], configuration: int) -> Iterator[tuple[object, ...]]:
    """Readings as _COUNTED has them."""
    for number, report, increment in new:
        _, at, counter, kind, received_at, claimed_at, seq, _, _, _, _, _, message_id = report
        since, _, tips, tips_min, tips_max, step, flag, anchor = increment
        yield (
            at // HOUR_MS,
            number,
            at,
            counter,
            1 if kind is Kind.TEST else 0,
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
        )


def everything(new: Sequence[New], configuration: int) -> Iterator[tuple[object, ...]]:
    """Readings as _COUNTED and _BESIDE have them."""
    for row, (_, report, _) in zip(counted(new, configuration), new, strict=True):
        boot, volts, dbm, celsius, door = report[7:12]
        yield (
            *row,
            _UNKNOWN if boot is None else boot,
            _UNKNOWN if volts is None else volts,
            _UNKNOWN if dbm is None else dbm,
            _UNKNOWN if celsius is None else celsius,
            _UNKNOWN if door is None else int(door),
        )
