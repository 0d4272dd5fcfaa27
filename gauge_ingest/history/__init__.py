"""What fell at a station: one interface, answered from the journal or from InfluxDB, raw, in windows, by storms."""

from gauge_ingest.history.documents import Document, documents
from gauge_ingest.history.kinds import Every, Question, Rain, rows_expected
from gauge_ingest.history.sources import InfluxCopy, JournalHistory, Source
from gauge_ingest.history.steps import WINDOWS_MAX, TooManyWindows, fixed_steps, increments, months

__all__ = [
    "WINDOWS_MAX",
    "Document",
    "Every",
    "InfluxCopy",
    "JournalHistory",
    "Question",
    "Rain",
    "Source",
    "TooManyWindows",
    "documents",
    "fixed_steps",
    "increments",
    "months",
    "rows_expected",
]
