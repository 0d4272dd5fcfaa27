"""The journal's tables, and how its file is opened: by its one writer, or for reading."""

import secrets
import sqlite3
from pathlib import Path

from gauge_ingest.journal.renewal import begin_anew_when_copied
from gauge_ingest.journal.switching import finish

VERSION = 7
# A checkpoint is due after so many pages of 4 KiB in the write-ahead log.
CHECKPOINT_PAGES = 4_000
BUSY_MS = 5_000


class JournalUnavailable(Exception):
    """The journal cannot take anything now (disk full, locked): nothing was changed, try again later."""


class JournalBroken(Exception):
    """The journal's file cannot be trusted or used by this version: the process must end."""


SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE configuration (id INTEGER PRIMARY KEY, accepted_at INTEGER NOT NULL, digest TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE station (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);

-- The messages of one committed batch: payloads end to end, with the station and the length of each (arrays of u32).
CREATE TABLE batch (id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL,
    stations BLOB NOT NULL, lengths BLOB NOT NULL, payloads BLOB NOT NULL);

-- One row per reading: the fact, and the increment that ends with it. Readings of one hour stand together on disk.
CREATE TABLE reading (
    hour INTEGER NOT NULL, station INTEGER NOT NULL, observed_at INTEGER NOT NULL, counter INTEGER NOT NULL,
    test INTEGER NOT NULL, kind INTEGER NOT NULL, received_at INTEGER NOT NULL, claimed_at INTEGER NOT NULL,
    seq INTEGER, boot INTEGER, battery_v REAL, signal_dbm REAL, temperature_c REAL, door_open INTEGER,
    message_id INTEGER NOT NULL, since INTEGER NOT NULL, tips INTEGER NOT NULL, tips_min INTEGER NOT NULL,
    tips_max INTEGER NOT NULL, step INTEGER NOT NULL, flag INTEGER NOT NULL, anchor INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    PRIMARY KEY (hour, station, observed_at, counter, test)) WITHOUT ROWID;
CREATE INDEX reading_mended ON reading (station, claimed_at, counter) WHERE claimed_at <> observed_at;

CREATE TABLE quarantine (id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, station TEXT NOT NULL,
    topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL,
    place INTEGER, known INTEGER NOT NULL, traceback TEXT, replayed_at INTEGER);
CREATE INDEX quarantine_digest ON quarantine (digest);
CREATE TABLE unknown_sender (day INTEGER PRIMARY KEY, kept INTEGER NOT NULL, turned_away INTEGER NOT NULL);

-- What is owed: a span of a station whose increments (kind 1) or alerts (kind 2) are to be derived anew.
CREATE TABLE debt (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, station INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE INDEX debt_newest ON debt (kind, until);

-- What changed, in order. Kind 1: spans of stations (arrays of i64: station, since, until). Kind 2: alert events (ids).
CREATE TABLE change (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX change_alert ON change (seq) WHERE kind = 2;

CREATE TABLE alert (id INTEGER PRIMARY KEY, rule TEXT NOT NULL, scope TEXT NOT NULL, level TEXT NOT NULL,
    peak TEXT NOT NULL, state TEXT NOT NULL, rained_since INTEGER NOT NULL, rained_until INTEGER NOT NULL,
    known_at INTEGER NOT NULL, raised_at INTEGER NOT NULL, ended_at INTEGER, evidence TEXT, reason TEXT NOT NULL,
    configuration INTEGER NOT NULL);
CREATE INDEX alert_scope ON alert (rule, scope, rained_since);
CREATE INDEX alert_raised ON alert (rule, scope) WHERE state = 'raised';
CREATE TABLE alert_event (id INTEGER PRIMARY KEY, alert_id INTEGER NOT NULL, kind TEXT NOT NULL, level TEXT NOT NULL,
    rained_at INTEGER NOT NULL, known_at INTEGER NOT NULL, at INTEGER NOT NULL, late INTEGER NOT NULL,
    unconfirmed INTEGER NOT NULL, sent INTEGER NOT NULL, evidence TEXT, reason TEXT NOT NULL,
    configuration INTEGER NOT NULL);
CREATE INDEX alert_event_alert ON alert_event (alert_id);

CREATE TABLE request (id TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID;
"""

# What each later version adds, by the version that it leads to. Only what costs little even on a large journal.
MIGRATIONS = {
    2: """
-- Outcomes of the quality checks, two bits each, and why a check did not pass.
ALTER TABLE reading ADD COLUMN checks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reading ADD COLUMN reasons TEXT;
-- Rain, and where a record begins anew (first, reset, unconfirmed, deployed): few rows, and all that dry spells end at.
-- No IN (…) here: SQLite 3.40 builds a table of it for every row that is added, which doubles the cost.
CREATE INDEX reading_wet ON reading (station, observed_at)
    WHERE tips_max > 0 OR step = 0 OR step = 3 OR step = 5 OR step = 7;

-- What was said of a reading before it was derived or judged anew, and when that ended.
CREATE TABLE verdict (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, station INTEGER NOT NULL,
    observed_at INTEGER NOT NULL, counter INTEGER NOT NULL, test INTEGER NOT NULL, tips INTEGER NOT NULL,
    tips_min INTEGER NOT NULL, tips_max INTEGER NOT NULL, step INTEGER NOT NULL, flag INTEGER NOT NULL,
    checks INTEGER NOT NULL, reasons TEXT, configuration INTEGER NOT NULL);
CREATE INDEX verdict_reading ON verdict (station, observed_at);

-- What people said of a span (since, until] of a station. Never changed: undoing one is another entry.
CREATE TABLE correction (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    kind TEXT NOT NULL, station INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, rain_mm REAL,
    undoes INTEGER REFERENCES correction (id));
CREATE INDEX correction_station ON correction (station, since);
""",
    3: """
-- Who acknowledged an alert or commented on it; empty for what the service tells by itself.
ALTER TABLE alert_event ADD COLUMN who TEXT NOT NULL DEFAULT '';
""",
    4: """
-- What people asked not to be told of, over (since, until]. Never deleted: one that ends early says when, by whom, why.
-- It speaks of alert events after number after_event, up to ended_after_event: clocks that are set change nothing.
CREATE TABLE silence (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    scope TEXT NOT NULL, rule TEXT NOT NULL, evacuation INTEGER NOT NULL, since INTEGER NOT NULL,
    until INTEGER NOT NULL, ended_at INTEGER, ended_by TEXT NOT NULL DEFAULT '', ended_why TEXT NOT NULL DEFAULT '',
    after_event INTEGER NOT NULL DEFAULT 0, ended_after_event INTEGER);
CREATE INDEX silence_until ON silence (until);
-- Of an escalation: the highest step of the chain that was taken with it.
ALTER TABLE alert_event ADD COLUMN step INTEGER NOT NULL DEFAULT 0;
-- What each neighbour had in the window that decided, as far as was known then: [[station, mm], …].
ALTER TABLE alert_event ADD COLUMN around TEXT;
""",
    5: """
-- Of a finding: kind and figures that its reason is made from, as JSON; null before version 5, and where people speak.
ALTER TABLE alert ADD COLUMN cause TEXT;
ALTER TABLE alert_event ADD COLUMN cause TEXT;
""",
    6: """
-- Files of history that something was taken from; `digest`: of the file and its mapping.
CREATE TABLE imported_file (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, file TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE);
-- What they say fell over (since, until], in micrometres, and the sum from the file's beginning on. No live record.
CREATE TABLE imported (station INTEGER NOT NULL, until INTEGER NOT NULL, since INTEGER NOT NULL, um INTEGER NOT NULL,
    sum_um INTEGER NOT NULL, bucket_um INTEGER NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (station, until))
    WITHOUT ROWID;
""",
    7: """
-- Readings that are more than a plain dry one: few rows, and all that history in steps must read of a year.
CREATE INDEX reading_told ON reading (station, observed_at) WHERE step <> 1 OR flag <> 1 OR tips_max > 0;
""",
}


def open_writing(path: Path) -> sqlite3.Connection:
    """Open the journal as its one writer, making or migrating it as needed. The caller holds the lock.

    A restore that was cut short is finished first, and a copy that was put here begins anew.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        finish(path)
    except (OSError, ValueError, KeyError) as error:
        raise JournalBroken(f"{path}: a restore that was begun cannot be finished: {error}") from error
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000, cached_statements=256)
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = full")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA temp_store = memory")
        _migrate(connection, path)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            begin_anew_when_copied(connection)
    except sqlite3.DatabaseError as error:
        raise JournalBroken(f"{path}: {error}") from error
    return connection


def open_reading(path: Path) -> sqlite3.Connection:
    """Open the journal for reading only; raises JournalUnavailable when there is none yet."""
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_MS / 1000
        )
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise JournalUnavailable(f"{path}: {error}") from error
    if version != VERSION:
        connection.close()
        remedy = "start the service, which brings it up to date" if version < VERSION else "use the newer program"
        raise JournalUnavailable(
            f"{path}: holds version {version} of the journal, this program reads version {VERSION}: {remedy}"
        )
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JournalBroken(
            f"{path}: made by a later version (journal version {version}, this program knows {VERSION})"
        )
    if version == VERSION:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if version == 0:
            for statement in _statements(SCHEMA):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (secrets.token_hex(8),))
        for later in range(max(version, 1) + 1, VERSION + 1):
            for statement in _statements(MIGRATIONS[later]):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [statement for statement in "\n".join(lines).split(";") if statement.strip()]
