"""What many tests start from: stations, rules, messages, a journal with a pump, and a clock that they turn."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from gauge_ingest.codecs import CODECS
from gauge_ingest.core.model import Basin, Deployment, Rule, Station, Threshold
from gauge_ingest.journal import Journal
from gauge_ingest.pump import Delivery, Pump, PumpSettings
from gauge_ingest.pump.accept import Network

BEIJING = timezone(timedelta(hours=8))
MINUTE = 60_000
HOUR = 3_600_000
# 2026-07-15 18:00 in Beijing
T0 = int(datetime(2026, 7, 15, 10, tzinfo=UTC).timestamp() * 1000)


def station(station_id: str = "HTB01", *, bucket_depth_mm: float = 0.5, counter_modulus: int = 65536) -> Station:
    """A station with one deployment."""
    deployment = Deployment(0, bucket_depth_mm, counter_modulus, 43.75, 86.57, 1250.0)
    return Station(station_id, "石门", (deployment,))


def rule(*stations: str, **changes: Any) -> Rule:
    """The wettest column of the proposed table, for the first durations."""
    table = {1800: (6, 10), 3600: (10, 15), 10800: (15, 20)}
    thresholds = [
        Threshold(window_s, level, rain_mm)
        for window_s, row in table.items()
        for level, rain_mm in zip(("prepare", "immediate"), row, strict=True)
    ]
    return Rule("flash_flood", ("prepare", "immediate"), tuple(thresholds), stations or ("HTB01",), **changes)


def text(at: int) -> str:
    """An instant as stations write it."""
    return datetime.fromtimestamp(at / 1000, BEIJING).isoformat()


def message(
    readings: Iterable[tuple[int, int] | dict[str, Any]],
    *,
    seq: int = 1,
    station_id: str = "HTB01",
    sent_at: int | None = None,
    boot: int | None = None,
) -> Delivery:
    """A delivery with readings given as (observed_at, count) or whole."""
    whole = [
        reading if isinstance(reading, dict) else {"observed_at": text(reading[0]), "count": reading[1]}
        for reading in readings
    ]
    sent = whole[-1]["observed_at"] if sent_at is None else text(sent_at)
    body: dict[str, Any] = {"v": 1, "seq": seq, "sent_at": sent, "readings": whole}
    if boot is not None:
        body["boot"] = boot
    return Delivery(f"rain/v1/{station_id}/up", json.dumps(body).encode())


class Desk:
    """A journal with its pump, and a clock that stands where it was put."""

    def __init__(
        self, folder: Path, stations: Sequence[Station], rules: Sequence[Rule] = (), basins: Sequence[Basin] = ()
    ) -> None:
        self.now = T0
        self.journal = Journal(folder / "journal.db")
        configured = {one.id: one for one in stations}
        self.network = Network(configured, rules, "digest", "{}", basins={one.id: one for one in basins})
        self.start()

    def start(self) -> None:
        """A pump that remembers nothing, as after a restart."""
        self.pump = Pump(self.journal, CODECS["json_v1"], PumpSettings(), now=lambda: self.now)
        self.pump.configure(self.network)

    def take(self, *deliveries: Delivery) -> None:
        """One batch."""
        self.pump.take(deliveries)

    def settle(self) -> None:
        """Pay everything that is owed."""
        while self.pump.pay_debts():
            pass

    def increments(self, station_id: str = "HTB01") -> list[tuple[int, ...]]:
        """Everything derived of a station."""
        rows = self.journal.reader.rows(station_id, since=0, until=1 << 61)
        return [
            (row.observed_at, row.counter, row.since, row.tips, row.tips_min, row.tips_max, row.step, row.flag)
            for row in rows
        ]

    def tips(self, station_id: str = "HTB01") -> int:
        """Every tip of a station."""
        return sum(row[3] for row in self.increments(station_id))

    def episodes(self) -> list[tuple[Any, ...]]:
        """Every alert that stands or stood and was not taken back, without what depends on when we knew."""
        alerts = [alert for alert in self.journal.reader.alerts.all(ended=True) if alert.state != "withdrawn"]
        return sorted(
            (one.rule, one.scope, one.level, one.peak, one.state.value, one.rained_since)
            + ((one.rained_until,) if one.state != "raised" else ())
            for one in alerts
        )

    def told(self) -> list[tuple[int, str, str]]:
        """Everything told: alert, kind, level."""
        events = self.journal.reader.alerts.changes(0)[1]
        return [(event.alert_id, event.kind.value, event.level) for event in events]
