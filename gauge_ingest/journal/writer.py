"""The journal's one writer: every change inside a transaction of the ingest process."""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS, HOUR_MS, Alert, AlertEvent, Flag, Increment, Kind, Report, Row, Step
from gauge_ingest.core.quality.verdicts import Verdict
from gauge_ingest.journal.alerts import alert_columns, event_columns
from gauge_ingest.journal.changes import ALERTS, ALERTS_AGAIN, RAIN
from gauge_ingest.journal.corrections import CorrectionWriter
from gauge_ingest.journal.imported import ImportedWriter
from gauge_ingest.journal.owing import Owing
from gauge_ingest.journal.reader import Reader
from gauge_ingest.journal.renewal import Numbers, begin_anew
from gauge_ingest.journal.rows import (
    INSERT_BARE,
    INSERT_BARE_ONCE,
    INSERT_FULL,
    INSERT_FULL_ONCE,
    New,
    rows,
)
from gauge_ingest.journal.schema import JournalBroken, JournalUnavailable, open_writing
from gauge_ingest.journal.silences import SilenceWriter
from gauge_ingest.journal.verdicts import Verdicts


class Known(Enum):
    """What adding a reading found."""

    NEW = "new"
    BETTER = "better"  # known, but this report's words on battery, signal and kind are the ones to keep
    SAME = "same"


class Refusal(NamedTuple):
    """What could not be admitted: a whole message, or one reading of it (`place`)."""

    station: str
    topic: str
    reason: str
    payload: bytes
    size: int
    digest: str
    known: bool
    place: int | None = None
    traceback: str | None = None


class Journal:
    """Owns the write connection. Whoever opens one holds the journal's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = open_writing(path)
        self.reader = Reader(self._db)
        self.owing = Owing(self._db)
        self.verdicts = Verdicts(self._db)
        self.corrections = CorrectionWriter(self._db)
        self.silences = SilenceWriter(self._db)
        self._numbers = Numbers(self._db)
        self.imported = ImportedWriter(self._db)
        self._savepoints = 0

    def close(self) -> None:
        """Close the journal; the write-ahead log is folded in."""
        self._db.close()

    def begin_anew(self) -> None:
        """Another epoch and new numbers, because the file was set back to an earlier state; raises as transaction()."""
        with self.transaction():
            begin_anew(self._db, {}, at=self.reader.newest_received_at())
        self._numbers = Numbers(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable when the block has been left; raises JournalUnavailable or JournalBroken."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR:
                raise JournalBroken(f"{self.path}: {error}") from error
            raise JournalUnavailable(f"{self.path}: {error}") from error
        except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError):
            raise  # our own mistake
        except sqlite3.DatabaseError as error:
            raise JournalBroken(f"{self.path}: {error}") from error

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that is taken back alone when its block raises."""
        self._savepoints += 1
        name = f"part{self._savepoints}"
        self._db.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute(f"ROLLBACK TO {name}")
                self._db.execute(f"RELEASE {name}")
            raise
        self._db.execute(f"RELEASE {name}")

    def meta(self, key: str) -> str | None:
        """Something small that is remembered under a key."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember something small under a key."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # --- facts -------------------------------------------------------------------------------------------------

    def station_number(self, station: str) -> int:
        """The journal's number of a station, given now if it has none."""
        self._db.execute("INSERT OR IGNORE INTO station (id) VALUES (?)", (station,))
        return int(self._db.execute("SELECT n FROM station WHERE id = ?", (station,)).fetchone()[0])

    def next_message_id(self) -> int:
        """The id that the first message of the next batch will have; the others follow."""
        return self._numbers.next("batch") << 16

    def add_batch(self, first_id: int, received_at: int, numbers: "array[int]", payloads: Sequence[bytes]) -> None:
        """Keep the raw messages of a batch, at most 65,536, with the number of the station that sent each."""
        lengths = array("I", map(len, payloads))
        batch = (first_id >> 16, received_at, numbers.tobytes(), lengths.tobytes(), b"".join(payloads))
        self._db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?)", batch)

    def add_readings(self, new: Sequence[New], configuration: int) -> None:
        """Add readings that are known to be new, with their increments."""
        bare, full = rows(new, configuration)
        self._db.executemany(INSERT_BARE, bare)
        self._db.executemany(INSERT_FULL, full)

    def add_owed_reading(self, number: int, report: Report, configuration: int) -> Known:
        """Add a reading whose increment is still owed, unless it is known already.

        Of two reports of one fact the one with the lesser kind and sequence number gives what is not the count, so
        that the order in which they arrive does not matter.
        """
        at = report.observed_at
        if self.decided_before(number, report):
            return Known.SAME
        owed = Increment(at, at, 0, 0, 0, Step.OWED, Flag.NOT_EVALUATED, False)
        bare, full = rows([(number, report, owed, Verdict(owed.flag, 0))], configuration)
        added = self._db.executemany(INSERT_FULL_ONCE if full else INSERT_BARE_ONCE, full or bare)
        if added.rowcount:
            return Known.NEW
        if report.claimed_at != at:
            self._share(number, report)
        key = (at // HOUR_MS, number, at, report.counter, report.kind == Kind.TEST)
        updated = self._db.execute(
            "UPDATE reading SET kind = ?, seq = ?, boot = ?, battery_v = ?, signal_dbm = ?, temperature_c = ?,"
            " door_open = ?, message_id = ? WHERE hour = ? AND station = ? AND observed_at = ? AND counter = ?"
            " AND test = ? AND (kind, coalesce(seq, 0)) > (?, ?)",
            (
                report.kind,
                report.seq,
                report.boot,
                report.battery_v,
                report.signal_dbm,
                report.temperature_c,
                report.door_open,
                report.message_id,
                *key,
                report.kind,
                report.seq or 0,
            ),
        )
        return Known.BETTER if updated.rowcount else Known.SAME

    def decided_before(self, number: int, report: Report) -> bool:
        """Whether this claim came before and was given another time then: that decides it for good.

        A message that comes again is judged by another `received_at`: what was ahead of our clock is no longer, and
        while our own clock is wrong nothing is. A claim at its word is the same one only in the same message: a clock
        that was ahead and has been set right says each time twice.
        """
        at, at_its_word = report.claimed_at, report.claimed_at == report.observed_at
        shared = self.meta(_shared_claim(number, report))
        if shared is not None and (not at_its_word or shared == str(report.seq)):
            return True
        mended = (
            "SELECT 1 FROM reading WHERE station = ? AND claimed_at = ? AND counter = ? AND claimed_at <> observed_at"
        )
        claim = (number, at, report.counter)
        if at_its_word:
            return self._db.execute(f"{mended} AND seq IS ?", (*claim, report.seq)).fetchone() is not None
        taken_at_its_word = (
            "SELECT 1 FROM reading WHERE hour = ? AND station = ? AND observed_at = ? AND counter = ? AND test = ?"
            " AND claimed_at = observed_at"
        )
        place = (at // HOUR_MS, *claim, report.kind == Kind.TEST)
        found = self._db.execute(mended, claim).fetchone() or self._db.execute(taken_at_its_word, place).fetchone()
        return found is not None

    def _share(self, number: int, report: Report) -> None:
        """Remember a mended claim that falls on a row of another claim.

        A backlog of a clock that is ahead is mended to one instant, and of equal counts one row stands for all.
        """
        key = (report.observed_at // HOUR_MS, number, report.observed_at, report.counter, report.kind == Kind.TEST)
        found = self._db.execute(
            "SELECT claimed_at FROM reading WHERE hour = ? AND station = ? AND observed_at = ? AND counter = ?"
            " AND test = ?",
            key,
        ).fetchone()
        if found[0] != report.claimed_at:
            self.set_meta(_shared_claim(number, report), str(report.seq))

    def derive(self, number: int, changed: Sequence[tuple[Row, Row]], configuration: int, *, at: int) -> None:
        """Replace what was derived of known readings; what had been said of their rain is kept, until `at`."""
        self.verdicts.derive(number, changed, at=at, configuration=configuration)

    def log_rain(self, spans: "array[int]") -> None:
        """Enter into the change log that rows of stations changed: station number, since, until, and so on."""
        self._db.execute("INSERT INTO change (kind, body) VALUES (?, ?)", (RAIN, spans.tobytes()))

    def log_alerts_again(self, ids: Sequence[int]) -> None:
        """Enter into the change log that alert events are to be copied once more; nobody is told of them again."""
        self._db.execute("INSERT INTO change (kind, body) VALUES (?, ?)", (ALERTS_AGAIN, array("q", ids).tobytes()))

    # --- quarantine --------------------------------------------------------------------------------------------

    def quarantine(self, received_at: int, refusal: Refusal) -> int | None:
        """Keep what could not be admitted. Identical payloads of one topic are kept once: then the answer is None."""
        known = self._db.execute(
            "SELECT 1 FROM quarantine WHERE digest = ? AND topic = ? AND place IS ? AND replayed_at IS NULL",
            (refusal.digest, refusal.topic, refusal.place),
        ).fetchone()
        if known:
            return None
        cursor = self._db.execute(
            "INSERT INTO quarantine (id, received_at, station, topic, reason, payload, size, digest, known,"
            " place, traceback)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._numbers.next("quarantine"), received_at, *refusal),
        )
        return cursor.lastrowid

    def unknown_sender(self, at: int, *, quota: int) -> bool:
        """Count a message of a sender that is not configured; True while the day's quota allows to keep it."""
        day = at // DAY_MS
        self._db.execute("INSERT OR IGNORE INTO unknown_sender VALUES (?, 0, 0)", (day,))
        kept = int(self._db.execute("SELECT kept FROM unknown_sender WHERE day = ?", (day,)).fetchone()[0])
        column = "kept" if kept < quota else "turned_away"
        self._db.execute(f"UPDATE unknown_sender SET {column} = {column} + 1 WHERE day = ?", (day,))
        return kept < quota

    def replayed(self, quarantine_id: int, at: int) -> None:
        """Mark an entry of the quarantine as replayed."""
        self._db.execute("UPDATE quarantine SET replayed_at = ? WHERE id = ?", (at, quarantine_id))

    # --- alerts ------------------------------------------------------------------------------------------------

    def next_alert_id(self) -> int:
        """The id that the next new alert will have."""
        return self._numbers.next("alert")

    def save_alerts(self, alerts: Iterable[Alert], events: Iterable[AlertEvent], configuration: int) -> None:
        """Write alerts as they stand now, append what is to be told of them, and enter it into the change log."""
        self._db.executemany(
            f"INSERT OR REPLACE INTO alert VALUES ({', '.join('?' * 15)})",
            [alert_columns(alert, configuration) for alert in alerts],
        )
        ids = array("q")
        for number, event in enumerate(events, self._numbers.next("alert_event")):
            self._db.execute(
                f"INSERT INTO alert_event VALUES ({', '.join('?' * 17)})",
                (number, *event_columns(event, configuration)),
            )
            ids.append(number)
        if ids:
            self._db.execute("INSERT INTO change (kind, body) VALUES (?, ?)", (ALERTS, ids.tobytes()))


def _shared_claim(number: int, report: Report) -> str:
    return f"claim {number} {report.claimed_at} {report.counter}"
