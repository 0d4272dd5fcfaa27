"""Compares journal and InfluxDB part by part, so that a year needs no more memory than a month."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from gauge_ingest.core.model import DAY_MS, HOUR_MS
from gauge_ingest.journal import Reader
from gauge_ingest.stores.lines import ALERT, DAILY, HOURLY, RAIN, STATION
from gauge_ingest.stores.points import Place, Points, Tags
from gauge_ingest.verify.compare import Difference, differences
from gauge_ingest.verify.expected import Expected

# How much of a measurement is compared at once: some ten thousand points.
_PART_MS = {
    RAIN: 31 * DAY_MS,
    STATION: 31 * DAY_MS,
    HOURLY: 1_000 * DAY_MS,
    DAILY: 20_000 * DAY_MS,
    ALERT: 400 * DAY_MS,
}
_STEP_MS = {HOURLY: HOUR_MS, DAILY: DAY_MS}
MEASUREMENTS = tuple(_PART_MS)


class Copied(Protocol):
    """What stands in the store (gauge_ingest.stores.influx.InfluxCopied)."""

    def points(self, measurement: str, *, since: int, until: int, tags: Tags) -> Points:
        """Points of a measurement in (since, until], with these tags and any others."""

    def tag_values(self, measurement: str, tag: str, *, since: int, until: int) -> set[str]:
        """The values of a tag in a measurement, in (since, until]; empty for points that do not have it."""

    def kept_since(self, measurement: str, *, now: int) -> int:
        """Up to when it has forgotten what it had; 0: it keeps all."""

    def remove(self, first: Place, last: Place) -> None:
        """Take out what has the tags of two places, and perhaps more tags, from the one to the other."""


class Part(NamedTuple):
    """What is compared at once: a measurement of a station, or the alerts, in (since, until].

    No station: of `alert` all there are; of another measurement those points that name no station.
    """

    measurement: str
    station: str
    since: int
    until: int


class Compared(NamedTuple):
    """How many points stand on either side, and those that differ."""

    part: Part
    points: int
    differences: Sequence[Difference]


class Check:
    """Both sides, and from when on each measurement can be compared."""

    def __init__(self, reader: Reader, expected: Expected, copied: Copied, *, real_now: int) -> None:
        """`real_now`: the server forgets by its own clock, whatever time it is for the service."""
        self._reader, self._expected, self._copied, self._real_now = reader, expected, copied, real_now

    def parts(self, stations: Sequence[str], *, since: int, until: int) -> list[Part]:
        """What there is to compare; nothing that one side has deleted because of its age."""
        parts: list[Part] = []
        for measurement, part_ms in _PART_MS.items():
            begin = max(since, self._copied.kept_since(measurement, now=self._real_now))
            if measurement != ALERT:
                begin = max(begin, self._whole_since(measurement))
            scopes = [""] if measurement == ALERT else self._stations(measurement, stations, begin, until)
            parts += [
                Part(measurement, scope, start, min(start + part_ms, until))
                for scope in scopes
                for start in range(begin, until, part_ms)
            ]
        return parts

    def compare(self, part: Part) -> Compared:
        """One part as it is now on both sides."""
        tags: Tags = {} if part.measurement == ALERT else {"station": part.station or None}
        stored = self._copied.points(part.measurement, since=part.since, until=part.until, tags=tags)
        expected = self._of_journal(part)
        return Compared(part, len(expected.keys() | stored.keys()), list(differences(expected, stored)))

    def run(self, parts: Sequence[Part], settle: Callable[[], bool]) -> Iterator[Compared]:
        """Every part. One that differs is compared again when `settle` has waited for the copy of what differed.

        Only what differs in the same way both times counts: what came meanwhile may be on its way.
        """
        for part in parts:
            found = self.compare(part)
            if found.differences and settle():
                before = [one.content for one in found.differences]
                found = self.compare(part)
                found = found._replace(differences=[one for one in found.differences if one.content in before])
            yield found

    def _stations(self, measurement: str, stations: Sequence[str], since: int, until: int) -> list[str]:
        """Those that were asked for; of all of them those, too, that only InfluxDB knows."""
        if stations or since >= until:
            return list(stations)
        there = self._copied.tag_values(measurement, "station", since=since, until=until)
        return sorted({*self._reader.stations(), *there})

    def _whole_since(self, measurement: str) -> int:
        """From when on the journal has every reading of a window."""
        step_ms, pruned_before = _STEP_MS.get(measurement, 1), self._reader.windows.pruned_before()
        return -(-pruned_before // step_ms) * step_ms

    def _of_journal(self, part: Part) -> Points:
        if part.measurement == ALERT:
            return self._expected.alerts(since=part.since, until=part.until)
        if part.measurement in _STEP_MS:
            step_ms = _STEP_MS[part.measurement]
            return self._expected.totals(part.station, step_ms, since=part.since, until=part.until)
        rain, health = self._expected.readings(part.station, since=part.since, until=part.until)
        return rain if part.measurement == RAIN else health
