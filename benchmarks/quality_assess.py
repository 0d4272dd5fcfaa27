"""The service's own command over a record, run as people run it, and its flags beside the rows they are for."""

import csv
import subprocess
import sys
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.quality_records import Row, Site

FLAGGED = (3, 4)  # QARTOD: suspect, fail
NEIGHBOURS_KM = 60
RUN_MAX_S = 1_800.0


class Assessed(NamedTuple):
    """What the service says of one row in the end, and when it knew."""

    flag: int
    checks: str
    reason: str
    decided_at: datetime | None

    @property
    def flagged(self) -> bool:
        """Suspect or failed."""
        return self.flag in FLAGGED


class NotAssessed(Exception):
    """The command did not do what it promises; the text says what it said."""


def assess(rows: Sequence[Row], sites: Mapping[str, Site], folder: Path, *, tips: bool) -> list[Assessed]:
    """What `gauge-ingest quality assess` says of each row, in their order; NotAssessed when it says too little."""
    records, stations, flags = folder / "records.csv", folder / "stations.toml", folder / "flags.csv"
    _write(rows, records, tips=tips)
    stations.write_text("\n".join(_station(name, site) for name, site in sites.items()), encoding="utf-8")
    asked = ["quality", "assess", str(records), "--stations", str(stations), "--out", str(flags)]
    command = [sys.executable, "-m", "gauge_ingest", *asked, "--neighbours-km", str(NEIGHBOURS_KM)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    if done.returncode != 0:
        raise NotAssessed(
            f"gauge-ingest {' '.join(asked)} ended with {done.returncode}: {done.stderr[-2_000:].strip()}"
        )
    return beside(rows, flags)


def beside(rows: Sequence[Row], flags: Path) -> list[Assessed]:
    """The flags of a file in the order of the rows; rows of one station and instant are told apart by their order."""
    found: dict[tuple[str, datetime], deque[Assessed]] = defaultdict(deque)
    count = 0
    with flags.open(encoding="utf-8", newline="") as text:
        for one in csv.DictReader(text):
            decided_at = datetime.fromisoformat(one["decided_at"]) if one["decided_at"] else None
            assessed = Assessed(int(one["flag"]), one["check"], one["reason"], decided_at)
            found[one["station"], datetime.fromisoformat(one["observed_at"])].append(assessed)
            count += 1
    if count != len(rows):
        raise NotAssessed(f"{flags.name} has {count} rows for {len(rows)} in the record")
    try:
        return [found[row.station, row.at].popleft() for row in rows]
    except IndexError:
        raise NotAssessed(f"{flags.name} does not have every station and instant of the record") from None


def _write(rows: Sequence[Row], path: Path, *, tips: bool) -> None:
    """A record of tips has no column of rain: that is how the command knows it."""
    heads = ["station", "observed_at", "kind"] if tips else ["station", "observed_at", "rain_mm", "kind"]
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(heads)
        for row in rows:
            rain = [] if tips else ["" if row.rain_mm is None else f"{row.rain_mm:g}"]
            writer.writerow([row.station, row.at.isoformat(), *rain, row.kind])


def _station(name: str, site: Site) -> str:
    return (
        f"[stations.{name}]\nlatitude = {site.latitude}\nlongitude = {site.longitude}\n"
        f"bucket_depth_mm = {site.bucket_depth_mm}\n"
    )
