"""What is derived of readings that the journal holds already, and said of them; and what was said before."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.model import HOUR_MS, Kind, Row, Step
from gauge_ingest.core.quality.verdicts import Verdict

_VERDICT = "observed_at, counter, test, tips, tips_min, tips_max, step, flag, checks, reasons, configuration"
_KEY = "hour = ? AND station = ? AND observed_at = ? AND counter = ? AND test = ?"
_KEEP = f"INSERT INTO verdict (at, station, {_VERDICT}) SELECT ?, station, {_VERDICT} FROM reading WHERE {_KEY}"
_JUDGE = f"UPDATE reading SET flag = ?, checks = ?, reasons = ?, configuration = ? WHERE {_KEY}"
_DERIVE = (
    "UPDATE reading SET since = ?, tips = ?, tips_min = ?, tips_max = ?, step = ?, flag = ?, anchor = ?, checks = ?,"
    f" reasons = ?, configuration = ? WHERE {_KEY}"
)


class Former(NamedTuple):
    """What was said of a reading until `at`, and under which configuration."""

    at: int
    observed_at: int
    counter: int
    test: int
    tips: int
    tips_min: int
    tips_max: int
    step: int
    flag: int
    checks: int
    reasons: str | None
    configuration: int


class Verdicts:
    """The part of the writer that replaces what is derived and said; used inside its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def keep(self, number: int, rows: Sequence[Row], *, at: int) -> None:
        """Remember what is said of readings now, because it is about to change."""
        self._db.executemany(_KEEP, [(at, *_key(number, row)) for row in rows])

    def derive(self, number: int, changed: Sequence[tuple[Row, Row]], *, at: int, configuration: int) -> None:
        """Put derived rows in the place of others of the same readings; what had been said of their rain is kept."""
        said = [before for before, after in changed if before.step != Step.OWED and before[14:18] != after[14:18]]
        self.keep(number, said, at=at)
        self._db.executemany(
            _DERIVE, [(*after[13:], configuration, *_key(number, before)) for before, after in changed]
        )

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

    def prune(self, *, before: int, verdicts_max: int) -> int:
        """Delete former verdicts of readings observed before an instant; how many went."""
        return self._db.execute(
            "DELETE FROM verdict WHERE id IN (SELECT v.id FROM station s JOIN verdict v ON v.station = s.n"
            " AND v.observed_at < ? LIMIT ?)",
            (before, verdicts_max),
        ).rowcount


def former(connection: sqlite3.Connection, number: int, *, since: int, until: int) -> list[Former]:
    """What was said before of readings of a station, by its number, observed in (since, until]; oldest first."""
    found = connection.execute(
        f"SELECT at, {_VERDICT} FROM verdict WHERE station = ? AND observed_at > ? AND observed_at <= ?"
        " ORDER BY observed_at, counter, test, id",
        (number, since, until),
    )
    return [Former._make(row) for row in found]


def _key(number: int, row: Row) -> tuple[int, int, int, int, bool]:
    return row.observed_at // HOUR_MS, number, row.observed_at, row.counter, row.kind == Kind.TEST
