"""What fell at a station: one interface, answered from the journal or from InfluxDB, raw, in windows, by storms."""

from gauge_ingest.history.sources import InfluxCopy, JournalHistory, Source
from gauge_ingest.history.steps import WINDOWS_MAX, TooManyWindows, fixed_steps, increments, months

__all__ = [
    "WINDOWS_MAX",
    "InfluxCopy",
    "JournalHistory",
    "Source",
    "TooManyWindows",
    "fixed_steps",
    "increments",
    "months",
]
