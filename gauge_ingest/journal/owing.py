"""What the journal owes and has been asked: debts, accepted configurations, requests of people, pruning."""

import json
import sqlite3
from typing import Any, NamedTuple

from gauge_ingest.core.model import HOUR_MS

DERIVE, JUDGE, CHECK = 1, 2, 3  # kinds of debts: increments, alerts, verdicts of the quality checks
# Debts of one station that are nearer than this to each other are paid as one.
MERGE_WITHIN_MS = 6 * HOUR_MS
PRUNE_ROWS_MAX = 5_000


class Debt(NamedTuple):
    """A span of a station whose increments (DERIVE), alerts (JUDGE) or verdicts (CHECK) are to be derived anew."""

    id: int
    kind: int
    station: str
    since: int
    until: int


class Owing:
    """The part of the writer that knows debts, configurations and requests; used inside its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def owe(self, kind: int, number: int, *, since: int, until: int) -> None:
        """Enter a debt; debts of the station that lie near are merged into it."""
        near = self._db.execute(
            "SELECT id, since, until FROM debt WHERE kind = ? AND station = ? AND since <= ? AND until >= ?",
            (kind, number, until + MERGE_WITHIN_MS, since - MERGE_WITHIN_MS),
        ).fetchall()
        for debt_id, known_since, known_until in near:
            since, until = min(since, known_since), max(until, known_until)
            self._db.execute("DELETE FROM debt WHERE id = ?", (debt_id,))
        self._db.execute(
            "INSERT INTO debt (kind, station, since, until) VALUES (?, ?, ?, ?)", (kind, number, since, until)
        )

    def newest_debt(self) -> Debt | None:
        """The debt to pay next: increments before alerts before verdicts, the newest first."""
        found = self._db.execute(
            "SELECT d.id, d.kind, s.id, d.since, d.until FROM debt d JOIN station s ON s.n = d.station"
            " ORDER BY d.kind, d.until DESC LIMIT 1"
        ).fetchone()
        return None if found is None else Debt._make(found)

    def owes(self, number: int) -> bool:
        """Whether anything is owed of a station, by its number."""
        return self._db.execute("SELECT 1 FROM debt WHERE station = ? LIMIT 1", (number,)).fetchone() is not None

    def oldest_debt(self) -> int | None:
        """The earliest instant that anything is owed for."""
        found = self._db.execute("SELECT min(since) FROM debt").fetchone()
        return None if found[0] is None else int(found[0])

    def paid(self, debt: Debt, *, up_to: int | None = None) -> None:
        """A debt is paid, or paid up to an instant: the rest stays owed."""
        if up_to is None or up_to >= debt.until:
            self._db.execute("DELETE FROM debt WHERE id = ?", (debt.id,))
        else:
            self._db.execute("UPDATE debt SET since = ? WHERE id = ?", (up_to, debt.id))

    def accept_configuration(self, at: int, *, digest: str, text: str) -> tuple[int, bool]:
        """The number of a configuration, and whether it is another than the one before."""
        found = self._db.execute("SELECT id, digest FROM configuration ORDER BY id DESC LIMIT 1").fetchone()
        if found is not None and found[1] == digest:
            return int(found[0]), False
        cursor = self._db.execute(
            "INSERT INTO configuration (accepted_at, digest, text) VALUES (?, ?, ?)", (at, digest, text)
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid, True

    def newest_configuration(self) -> str | None:
        """The text of the configuration accepted last."""
        found = self._db.execute("SELECT text FROM configuration ORDER BY id DESC LIMIT 1").fetchone()
        return None if found is None else str(found[0])

    def answer_to(self, request_id: str) -> Any | None:
        """The answer to a request that was carried out before, or None."""
        found = self._db.execute("SELECT answer FROM request WHERE id = ?", (request_id,)).fetchone()
        return None if found is None else json.loads(found[0])

    def carried_out(self, request_id: str, at: int, body: Any, answer: Any) -> None:
        """Remember a request and its answer, in the transaction that carried it out."""
        self._db.execute(
            "INSERT INTO request VALUES (?, ?, ?, ?)",
            (request_id, at, json.dumps(body, ensure_ascii=False), json.dumps(answer, ensure_ascii=False)),
        )

    def prune_readings(self, *, before: int) -> int:
        """Delete readings of whole hours before an instant, at most PRUNE_ROWS_MAX; how many went."""
        hour = self._db.execute("SELECT min(hour) FROM reading").fetchone()[0]
        if hour is None or (hour + 1) * HOUR_MS > before:
            return 0
        return self._db.execute(
            "DELETE FROM reading WHERE (hour, station, observed_at, counter, test) IN"
            " (SELECT hour, station, observed_at, counter, test FROM reading WHERE hour = ? LIMIT ?)",
            (hour, PRUNE_ROWS_MAX),
        ).rowcount

    def prune_raw(self, *, before: int) -> int:
        """Delete the oldest raw messages received before an instant, one batch at a time; how many batches went."""
        return self._db.execute(
            # The newest stays, whatever its age: ids go on from it, and readings that are kept longer name theirs.
            "DELETE FROM batch WHERE id IN (SELECT id FROM batch WHERE received_at < ?"
            " AND id < (SELECT max(id) FROM batch) ORDER BY id LIMIT 50)",
            (before,),
        ).rowcount
