"""The journal: one SQLite file that holds every fact, written by one process and read by the others."""

from sqlite3 import OperationalError

from gauge_ingest.journal.answers import Changes, Position, Quarantined
from gauge_ingest.journal.lock import Lock, Locked, holder
from gauge_ingest.journal.owing import CHECK, DERIVE, JUDGE, PRUNE_ROWS_MAX, Debt
from gauge_ingest.journal.reader import Reader
from gauge_ingest.journal.rows import New
from gauge_ingest.journal.schema import JournalBroken, JournalUnavailable, open_reading
from gauge_ingest.journal.verdicts import Former
from gauge_ingest.journal.writer import Journal, Known, Refusal

__all__ = [
    "CHECK",
    "DERIVE",
    "JUDGE",
    "PRUNE_ROWS_MAX",
    "Changes",
    "Debt",
    "Former",
    "Journal",
    "JournalBroken",
    "JournalUnavailable",
    "Known",
    "Lock",
    "Locked",
    "New",
    "OperationalError",
    "Position",
    "Quarantined",
    "Reader",
    "Refusal",
    "holder",
    "open_reading",
]
