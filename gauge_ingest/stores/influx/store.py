"""Copies rows, alert events and the rain of hours and days to InfluxDB 2."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from gauge_ingest.core.model import DAY_MS, HOUR_MS, AlertEvent, Row, Station
from gauge_ingest.stores import Refused, StoreRejected, Total
from gauge_ingest.stores.influx.bucket import Bucket
from gauge_ingest.stores.influx.client import client_of
from gauge_ingest.stores.influx.settings import BucketSettings, InfluxSettings
from gauge_ingest.stores.lines import Line, LineProtocol, total_line


class InfluxStore:
    """The measurements `rain`, `station` and `alert`, for the stations as they stand when it is made."""

    def __init__(self, settings: InfluxSettings, stations: Mapping[str, Station]) -> None:
        self._settings = settings
        self._protocol = LineProtocol(stations)
        self._buckets = _Buckets(settings, (settings.readings, settings.stations, settings.alerts))

    @property
    def name(self) -> str:
        """What its position is remembered under."""
        return f"influx {self._settings.url} {self._settings.org}/{self._buckets.name}"

    def prepare(self) -> None:
        """See that token and buckets take a write; creates missing ones where the token may. Or StoreUnavailable."""
        self._buckets.prepare()

    def identity(self) -> str:
        """The ids of the buckets; empty where the token may not look."""
        return self._buckets.identity()

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        """Copy rows and events; raises StoreUnavailable or StoreRejected (the rest is there)."""
        self._buckets.write(self._protocol.by_kind(rows, events))

    def close(self) -> None:
        """Let go of connections."""
        self._buckets.close()


class InfluxWindows:
    """The measurements `rain_hourly` and `rain_daily`."""

    steps_ms = (HOUR_MS, DAY_MS)
    settles = False

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._buckets = _Buckets(settings, (settings.hourly, settings.daily))

    @property
    def name(self) -> str:
        """What its position is remembered under."""
        return f"influx {self._settings.url} {self._settings.org}/{self._buckets.name} windows"

    def prepare(self) -> None:
        """See that token and buckets take a write; creates missing ones where the token may. Or StoreUnavailable."""
        self._buckets.prepare()

    def identity(self) -> str:
        """The ids of the buckets; empty where the token may not look."""
        return self._buckets.identity()

    def write(self, totals: Sequence[Total]) -> None:
        """Copy windows; raises StoreUnavailable or StoreRejected (the rest is there)."""
        of_step = {
            step_ms: [(total_line(one), one) for one in totals if one.step_ms == step_ms] for step_ms in self.steps_ms
        }
        self._buckets.write([list(lines) for lines in of_step.values()])

    def close(self) -> None:
        """Let go of connections."""
        self._buckets.close()


class _Buckets:
    """Where each of several kinds of lines goes; of kinds that share a bucket the lines go in one body."""

    def __init__(self, settings: InfluxSettings, wanted: Sequence[BucketSettings]) -> None:
        from influxdb_client.client.write_api import SYNCHRONOUS

        self._client = client_of(settings)
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)
        self._order = [one.name for one in wanted]
        apart = {one.name: one for one in reversed(wanted)}  # of several with one name the first says how long it keeps
        self._by_name = {
            name: Bucket(settings, apart[name], self._client, self._write_api) for name in dict.fromkeys(self._order)
        }

    @property
    def name(self) -> str:
        """The first bucket; where there are others, with a few letters that they come to."""
        first, *others = self._by_name
        return f"{first} +{sha256(' '.join(others).encode()).hexdigest()[:4]}" if others else first

    def prepare(self) -> None:
        for bucket in self._by_name.values():
            bucket.prepare()

    def identity(self) -> str:
        ids = [bucket.identity() for bucket in self._by_name.values()]
        return " ".join(ids) if all(ids) else ""

    def write(self, kinds: Sequence[Sequence[Line]]) -> None:
        """Lines of each kind, in the order of the buckets that were wanted."""
        bodies: dict[str, list[Line]] = {}
        for name, lines in zip(self._order, kinds, strict=True):
            bodies.setdefault(name, []).extend(lines)
        refused: list[Refused] = []
        for name, lines in bodies.items():
            if not lines:
                continue
            try:
                self._by_name[name].write(lines)
            except StoreRejected as error:
                refused += error.refused
        if refused:
            raise StoreRejected(refused)

    def close(self) -> None:
        self._write_api.close()
        self._client.close()
