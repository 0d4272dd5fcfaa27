"""What the quality checks ask of the journal: wet readings of a station, when it was heard, what was said before."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS, HOUR_MS, Step

_STANDS = f"test = 0 AND step NOT IN ({int(Step.VOID)}, {int(Step.OWED)}, {int(Step.VOIDED)})"
_MARKED = (
    "FROM reading INDEXED BY reading_wet WHERE station = ?"
    " AND (tips_max > 0 OR step = 0 OR step = 3 OR step = 5 OR step = 7)"
)
_WET = f"{_MARKED} AND tips > 0 AND {_STANDS}"
# What was said of a reading, beside what was said next or, after the last, stands now.
_CHANGED = """
WITH said AS (
    SELECT observed_at, counter, flag, checks, lead(flag) OVER later AS next_flag,
        lead(checks) OVER later AS next_checks
    FROM verdict WHERE station = :station AND observed_at > :since AND observed_at <= :until AND test = 0
        AND checks <> 0
    WINDOW later AS (PARTITION BY observed_at, counter ORDER BY id))
SELECT count(*) FROM said LEFT JOIN reading r ON said.next_flag IS NULL AND r.hour = said.observed_at / :hour_ms
    AND r.station = :station AND r.observed_at = said.observed_at AND r.counter = said.counter AND r.test = 0
WHERE coalesce(next_flag, r.flag) <> said.flag OR coalesce(next_checks, r.checks) <> said.checks
"""


class Wet(NamedTuple):
    """A reading that holds rain, over (since, until]."""

    since: int
    until: int
    tips: int


class QualityReader:
    """The part of the reader that the checks use. Stations are named by their number."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def wet(self, number: int, *, since: int, until: int) -> list[Wet]:
        """Wet readings that ended in (since, until], in order."""
        found = self._db.execute(
            f"SELECT since, observed_at, tips {_WET} AND observed_at > ? AND observed_at <= ? ORDER BY observed_at",
            (number, since, until),
        )
        return list(map(Wet._make, found))

    def perhaps_wet(self, number: int, *, since: int, until: int) -> list[tuple[int, int]]:
        """Readings in (since, until] that may hold rain: when each ended, and its tips at most."""
        found = self._db.execute(
            f"SELECT observed_at, tips_max {_MARKED} AND tips_max > 0 AND test = 0 AND step NOT IN (6, 8)"
            " AND observed_at > ? AND observed_at <= ?",
            (number, since, until),
        )
        return [(int(at), int(tips)) for at, tips in found]

    def covered(self, number: int, *, since: int, until: int, steps: Sequence[Step]) -> list[tuple[int, int]]:
        """The milliseconds that readings which ended in (since, until] speak for, by hydrological day (since 1970)."""
        span = self._db.execute("SELECT (SELECT min(hour) FROM reading), (SELECT max(hour) FROM reading)").fetchone()
        if span[0] is None:
            return []
        hours = max((since + 1) // HOUR_MS, span[0]), min(until // HOUR_MS, span[1])
        found = self._db.execute(
            "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour + 1 FROM h WHERE hour < ?)"
            " SELECT (observed_at - 1) / ?, sum(observed_at - since) FROM h CROSS JOIN reading r ON r.hour = h.hour"
            f" WHERE r.station = ? AND test = 0 AND step IN ({', '.join(str(int(step)) for step in steps)})"
            " AND observed_at > ? AND observed_at <= ? GROUP BY 1",
            (*hours, DAY_MS, number, since, until),
        )
        return [(int(day), int(covered_ms)) for day, covered_ms in found]

    def last_wet(self, number: int, *, until: int, count: int) -> list[Wet]:
        """The newest wet readings that ended at or before an instant, in order, at most `count`."""
        found = self._db.execute(
            f"SELECT since, observed_at, tips {_WET} AND observed_at <= ? ORDER BY observed_at DESC LIMIT ?",
            (number, until, count),
        ).fetchall()
        return list(map(Wet._make, reversed(found)))

    def begun_at(self, number: int, *, until: int) -> int | None:
        """When, at an instant, the dry spell of a station began: its last rain, perhaps, or where its record began."""
        found = self._db.execute(
            f"SELECT observed_at {_MARKED} AND {_STANDS} AND observed_at <= ? ORDER BY observed_at DESC LIMIT 1",
            (number, until),
        ).fetchone()
        return None if found is None else int(found[0])

    def next_wet_at(self, number: int, *, after: int) -> int | None:
        """When the first wet reading after an instant ended."""
        found = self._db.execute(
            f"SELECT observed_at {_WET} AND observed_at > ? ORDER BY observed_at LIMIT 1",
            (number, after),
        ).fetchone()
        return None if found is None else int(found[0])

    def heard(self, number: int, *, since: int, until: int, silence_ms: int) -> list[tuple[int, int]]:
        """Runs of reports in (since, until] that no silence longer than `silence_ms` breaks: first and last of each."""
        runs: list[tuple[int, int]] = []
        span = self._db.execute("SELECT (SELECT min(hour) FROM reading), (SELECT max(hour) FROM reading)").fetchone()
        if span[0] is None:
            return runs
        hours = max(since // HOUR_MS, span[0]), min(until // HOUR_MS, span[1])
        for (at,) in self._db.execute(
            "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour + 1 FROM h WHERE hour < ?)"
            f" SELECT observed_at FROM h CROSS JOIN reading r ON r.hour = h.hour WHERE r.station = ? AND {_STANDS}"
            " AND observed_at > ? AND observed_at <= ? ORDER BY observed_at",
            (*hours, number, since, until),
        ):
            if runs and at - runs[-1][1] <= silence_ms:
                runs[-1] = runs[-1][0], at
            else:
                runs.append((at, at))
        return runs

    def frozen_at(self, number: int, *, since: int, until: int, frost_c: float) -> int | None:
        """When in (since, until] a station last told a temperature at or below frost."""
        found = self._db.execute(
            "WITH RECURSIVE h(hour) AS (SELECT ? UNION ALL SELECT hour - 1 FROM h WHERE hour > ?)"
            f" SELECT observed_at FROM h CROSS JOIN reading r ON r.hour = h.hour WHERE r.station = ? AND {_STANDS}"
            " AND observed_at > ? AND observed_at <= ? AND temperature_c <= ?"
            " ORDER BY r.hour DESC, observed_at DESC LIMIT 1",
            (until // HOUR_MS, since // HOUR_MS, number, since, until, frost_c),
        ).fetchone()
        return None if found is None else int(found[0])

    def latest_observed_at(self) -> int:
        """The latest reading of all stations; 0 in an empty journal."""
        found = self._db.execute(
            "SELECT max(observed_at) FROM reading WHERE hour = (SELECT max(hour) FROM reading)"
        ).fetchone()
        return int(found[0] or 0)

    def verdicts_changed(self, number: int, *, since: int, until: int) -> int:
        """How often a verdict on a reading of (since, until] was followed by another: its flag or its outcomes.

        Words alone do not count, nor does what was said of tests, or by no check.
        """
        found = self._db.execute(
            _CHANGED, {"station": number, "since": since, "until": until, "hour_ms": HOUR_MS}
        ).fetchone()
        return int(found[0])
