"""A slice of imported history, taken in between two batches: so small that the rain does not wait."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from gauge_ingest.core.model import UNBOUNDED, Station
from gauge_ingest.journal import Journal
from gauge_ingest.journal.imported import SINCE_MIN, Clash, Fell, packed, unpacked
from gauge_ingest.pump.accept import announce
from gauge_ingest.requests.words import Refused

ROWS_MAX = 1_000  # 7 ms of two cores: the rain waits meanwhile
TEXT_MAX = 1_000


def asked(station: str, fell: list[Fell], *, file: str, digest: str) -> dict[str, Any]:
    """The body of a request for a slice: at most ROWS_MAX of one station, in order of time."""
    rows = base64.b64encode(packed(fell)).decode("ascii")
    return {"station": station, "file": file, "digest": digest, "rows": rows}


def take_history(
    journal: Journal, stations: Mapping[str, Station], body: Mapping[str, Any], *, who: str, now: int
) -> dict[str, Any]:
    """`{"ok": True, "new": rows that were not there}`; the same slice again changes nothing. Raises Refused."""
    station, fell = stations.get(str(body.get("station"))), _fell(body)
    file, digest = str(body.get("file"))[:TEXT_MAX], str(body.get("digest"))[:TEXT_MAX]
    if station is None:
        raise Refused(f"station {body.get('station')!r} is not in stations.toml")
    if fell[0].since < SINCE_MIN:
        raise Refused("history begins at 1800-01-01T00:00Z or later")
    if fell[-1].until > now:
        raise Refused("history ends before now")
    try:
        with journal.transaction():
            number = journal.station_number(station.id)
            begins = journal.reader.imported.own_record_begins(number)
            if begins is not None and fell[-1].until >= begins:
                raise Refused(f"{station.id}: its own record begins before the end of these rows")
            bucket_um = round(station.deployment_at(fell[-1].until).bucket_depth_mm * 1000)
            taken = journal.imported.file(at=now, who=who, name=file, digest=digest)
            new = journal.imported.add(number, taken, fell, bucket_um=bucket_um)
            if new:
                announce(journal, number, since=fell[0].since, until=fell[-1].until)
    except Clash:
        raise Refused(f"{station.id}: other history is imported for the time of these rows") from None
    return {"ok": True, "new": new}


def _fell(body: Mapping[str, Any]) -> list[Fell]:
    try:
        fell = unpacked(base64.b64decode(str(body.get("rows")), validate=True))
    except (ValueError, binascii.Error):
        raise Refused("rows cannot be read") from None
    if not 1 <= len(fell) <= ROWS_MAX:
        raise Refused(f"takes 1 to {ROWS_MAX} rows")
    until = -UNBOUNDED
    for one in fell:
        if not (until <= one.since < one.until and 0 <= one.um <= one.sum_um):
            raise Refused("rows stand in order of time, and none of them overlaps another")
        until = one.until
    return fell
