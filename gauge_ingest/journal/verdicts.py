"""Verdicts of the quality checks on readings that the journal holds already, and what was said before them."""

import sqlite3
from collections.abc import Sequence

from gauge_ingest.core.model import HOUR_MS, Kind, Row
from gauge_ingest.core.quality.verdicts import Verdict

_KEEP = (
    "INSERT INTO verdict (at, station, observed_at, counter, test, tips, tips_min, tips_max, step, flag, checks,"
    " reasons, configuration) SELECT ?, station, observed_at, counter, test, tips, tips_min, tips_max, step, flag,"
    " checks, reasons, configuration FROM reading"
    " WHERE hour = ? AND station = ? AND observed_at = ? AND counter = ? AND test = ?"
)
_JUDGE = (
    "UPDATE reading SET flag = ?, checks = ?, reasons = ?, configuration = ?"
    " WHERE hour = ? AND station = ? AND observed_at = ? AND counter = ? AND test = ?"
)


class Verdicts:
    """The part of the writer that replaces verdicts; used inside its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def keep(self, number: int, rows: Sequence[Row], *, at: int) -> None:
        """Remember what is said of readings now, because it is about to change."""
        self._db.executemany(_KEEP, [(at, *_key(number, row)) for row in rows])

    def judge(self, number: int, judged: Sequence[tuple[Row, Verdict]], *, at: int, configuration: int) -> None:
        """Replace the verdicts of readings; what had been said of them is kept."""
        self.keep(number, [row for row, _ in judged if row.checks], at=at)
        self._db.executemany(
            _JUDGE,
            [
                (+verdict.flag, verdict.checks, verdict.reasons, configuration, *_key(number, row))
                for row, verdict in judged
            ],
        )


def _key(number: int, row: Row) -> tuple[int, int, int, int, bool]:
    return row.observed_at // HOUR_MS, number, row.observed_at, row.counter, row.kind == Kind.TEST
