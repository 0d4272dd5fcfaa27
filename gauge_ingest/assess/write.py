"""The flags of a file's rows as another CSV file, row by row."""

import csv
from pathlib import Path
from typing import TextIO

from gauge_ingest.assess.records import Records
from gauge_ingest.assess.run import Assessed
from gauge_ingest.core.quality.verdicts import names_of

COLUMNS = ("station", "observed_at", "rain_mm", "flag", "check", "reason", "decided_at")
FIRST_LINE_BYTES_MAX = 256


def touched(path: Path) -> tuple[Path, ...]:
    """The files that stand no longer as they were when flags have been written to a path."""
    # A pipe or a device takes what is written to it; a file appears when it is whole.
    whole = not path.exists() or path.is_file()
    return (path, path.with_name(path.name + ".half")) if whole else (path,)


def is_kept(file: Path) -> bool:
    """Whether something would be lost: no flags and not empty."""
    if not file.is_file():
        return False
    with file.open("rb") as there:
        first = there.readline(FIRST_LINE_BYTES_MAX)
    return first != b"" and first.rstrip(b"\r\n") != ",".join(COLUMNS).encode()


def write_flags(path: Path, records: Records, assessed: Assessed) -> None:
    """Write one row for each row of the records, in their order; times stand as they stood there."""
    *_, first = touched(path)
    with first.open("w", encoding="utf-8", newline="") as file:
        write_rows(file, records, assessed)
    if first != path:
        first.replace(path)


def write_rows(file: TextIO, records: Records, assessed: Assessed) -> None:
    """Write the same to an open file."""
    texts, stations = records.texts, records.stations
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row, verdict in enumerate(assessed.verdicts):
        at, rain = texts[row]
        decided_at = texts[assessed.decided_by[row]][0]
        names = names_of(verdict.checks)
        writer.writerow(
            (stations[records.station[row]], at, rain, int(verdict.flag), names, verdict.reasons or "", decided_at)
        )
