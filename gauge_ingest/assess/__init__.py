"""The service's own checks over anybody's records: a file in, a flag for each of its rows out; no journal."""

from gauge_ingest.assess.records import BadRecords, Records, read_records
from gauge_ingest.assess.run import Assessed, assess
from gauge_ingest.assess.write import is_kept, touched, write_flags, write_rows
from gauge_ingest.core.quality.site import Site

__all__ = [
    "Assessed",
    "BadRecords",
    "Records",
    "Site",
    "assess",
    "is_kept",
    "read_records",
    "touched",
    "write_flags",
    "write_rows",
]
