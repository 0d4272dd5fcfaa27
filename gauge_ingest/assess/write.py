"""The flags of a file's rows as another CSV file, row by row."""

import csv
from pathlib import Path

from gauge_ingest.assess.records import Records
from gauge_ingest.assess.run import Assessed
from gauge_ingest.core.quality.verdicts import names_of

COLUMNS = ("station", "observed_at", "rain_mm", "flag", "check", "reason", "decided_at")


def write_flags(path: Path, records: Records, assessed: Assessed) -> None:
    """Write one row for each row of the records, in their order; times stand as they stood there."""
    # A pipe or a device takes what is written to it; a file appears when it is whole.
    whole = not path.exists() or path.is_file()
    half = path.with_name(path.name + ".half") if whole else path
    texts, stations = records.texts, records.stations
    with half.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row, verdict in enumerate(assessed.verdicts):
            at, rain = texts[row]
            decided_at = texts[assessed.decided_by[row]][0]
            names = names_of(verdict.checks)
            writer.writerow(
                (stations[records.station[row]], at, rain, int(verdict.flag), names, verdict.reasons or "", decided_at)
            )
    if whole:
        half.replace(path)
