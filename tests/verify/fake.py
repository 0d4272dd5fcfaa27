"""Buckets in memory that keep points as InfluxDB does: fields are written over, never deleted but by request."""

from collections.abc import Mapping, Sequence

from gauge_ingest.core.model import DAY_MS, HOUR_MS, AlertEvent, Row, Station
from gauge_ingest.stores import Total
from gauge_ingest.stores.lines import Line, LineProtocol, total_line
from gauge_ingest.stores.points import Place, Points, Tags, points_written
from tests.edges.influx_server import row

NS = 1_000_000


class FakeInflux:
    """What is written by lines, and read by points."""

    def __init__(self) -> None:
        self.stored: Points = {}
        self.forgotten_until = 0

    def write_lines(self, lines: Sequence[Line]) -> None:
        """Lines, as a body of them is written."""
        for place, fields in points_written(lines).items():
            self.stored.setdefault(place, {}).update(fields)

    def write_text(self, line: str) -> None:
        """One line of somebody else."""
        self.write_lines([(line, row())])  # nobody asks what it was made of

    def points(self, measurement: str, *, since: int, until: int, tags: Tags) -> Points:
        """Points of a measurement in (since, until], with these tags and any others."""
        return {
            place: dict(fields)
            for place, fields in self.stored.items()
            if place.measurement == measurement
            and (since + 1) * NS <= place.at_ns < (until + 1) * NS
            and all(dict(place.tags).get(name) == value for name, value in tags.items())
        }

    def tag_values(self, measurement: str, tag: str, *, since: int, until: int) -> set[str]:
        """The values of a tag."""
        found = self.points(measurement, since=since, until=until, tags={})
        return {dict(place.tags).get(tag, "") for place in found}

    def kept_since(self, measurement: str, *, now: int) -> int:
        """Up to when it has forgotten what it had."""
        assert now
        return self.forgotten_until if measurement == "rain" else 0

    def remove(self, first: Place, last: Place) -> None:
        """Take out what has these tags and perhaps more, from the one to the other."""
        wanted = dict(first.tags).items()
        for place in list(self.stored):
            same = place.measurement == first.measurement and wanted <= dict(place.tags).items()
            if same and first.at_ns <= place.at_ns <= last.at_ns:
                del self.stored[place]


class _Side:
    """What both stores before the buckets have."""

    def __init__(self, name: str, influx: FakeInflux) -> None:
        self.name, self.influx = name, influx

    def prepare(self) -> None:
        """Nothing to make ready."""

    def identity(self) -> str:
        """There is only one."""
        return "fake"

    def close(self) -> None:
        """Nothing to let go of."""


class FakeRows(_Side):
    """Takes readings and events."""

    def __init__(self, influx: FakeInflux, stations: Mapping[str, Station]) -> None:
        super().__init__("rows", influx)
        self._protocol = LineProtocol(stations)

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        """Copy rows and events."""
        self.influx.write_lines(self._protocol.lines(rows, events))


class FakeWindows(_Side):
    """Takes windows."""

    steps_ms = (HOUR_MS, DAY_MS)
    settles = False

    def __init__(self, influx: FakeInflux) -> None:
        super().__init__("windows", influx)

    def write(self, totals: Sequence[Total]) -> None:
        """Copy windows."""
        self.influx.write_lines([(total_line(one), one) for one in totals])
