"""The service's own checks over anybody's records: a file in, a flag for each of its rows out; no journal."""

from gauge_ingest.assess.records import BadRecords, Records, read_records
from gauge_ingest.assess.run import Assessed, Site, assess
from gauge_ingest.assess.write import write_flags

__all__ = ["Assessed", "BadRecords", "Records", "Site", "assess", "read_records", "write_flags"]
