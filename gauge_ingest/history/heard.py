"""How stations stand now: when last heard, rain of the last hours, battery; for `stations` and the HTTP API."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gauge_ingest.core.model import HOUR_MS, Row, Station, Step
from gauge_ingest.core.spans import instant_text
from gauge_ingest.journal import Reader

WINDOWS_MS = {"1h": HOUR_MS, "3h": 3 * HOUR_MS, "6h": 6 * HOUR_MS, "24h": 24 * HOUR_MS}
# A station that misses so many regular reports is no longer online.
MISSED_MAX = 3
_EVER = 1 << 61


class Heard(NamedTuple):
    """A station as it stands now. None means unknown: never heard, or no report ended in the window."""

    station: Station
    last_observed_at: int | None
    last_received_at: int | None
    online: bool
    rain_mm: dict[str, float | None]
    battery_v: float | None
    flag: int | None


def heard_of(reader: Reader, station: Station, *, now: int) -> Heard:
    """What the journal knows of a station now."""
    newest = reader.newest(station.id)
    recent = list(reader.rows(station.id, since=now - max(WINDOWS_MS.values()), until=_EVER))
    received = [row.received_at for row in (recent if newest is None else [*recent, newest])]
    last_received_at = max(received, default=None)
    told_v = [row.battery_v for row in recent if row.battery_v is not None]
    silence_max_ms = MISSED_MAX * station.report_every_s * 1000
    return Heard(
        station,
        None if newest is None else newest.observed_at,
        last_received_at,
        last_received_at is not None and now - last_received_at <= silence_max_ms,
        {name: _rain_mm(station, recent, since=now - window_ms, until=now) for name, window_ms in WINDOWS_MS.items()},
        told_v[-1] if told_v else newest.battery_v if newest is not None else None,
        None if newest is None else newest.flag,
    )


def _rain_mm(station: Station, rows: Sequence[Row], *, since: int, until: int) -> float | None:
    ended = [
        station.depth_mm(row.tips, until=row.observed_at)
        for row in rows
        if since < row.observed_at <= until and row.step not in (Step.VOID, Step.OWED, Step.VOIDED)
    ]
    return round(sum(ended), 3) if ended else None


def station_document(one: Heard) -> dict[str, Any]:
    """What `stations --json` prints of a station."""
    return {
        "station": one.station.id,
        "name": one.station.name,
        "last_observed_at": None if one.last_observed_at is None else instant_text(one.last_observed_at),
        "last_received_at": None if one.last_received_at is None else instant_text(one.last_received_at),
        "online": one.online,
        "rain_mm": one.rain_mm,
        "battery_v": one.battery_v,
        "flag": one.flag,
    }
