"""What ought to stand in InfluxDB, from the journal as it is now."""

from collections.abc import Mapping

from gauge_ingest.core.fixed import ended_of, told_of, windows
from gauge_ingest.core.model import DAY_MS, Station, Step
from gauge_ingest.journal import Reader
from gauge_ingest.journal.together import rows_and_imported
from gauge_ingest.stores import Total
from gauge_ingest.stores.lines import LineProtocol, total_line
from gauge_ingest.stores.points import Points, points_written


class Expected:
    """Points made as they are when they are copied, by the stations as they stand in the configuration."""

    def __init__(self, reader: Reader, stations: Mapping[str, Station]) -> None:
        self._reader, self._stations = reader, stations
        self._protocol = LineProtocol(stations)

    def readings(self, station: str, *, since: int, until: int) -> tuple[Points, Points]:
        """The points of `rain` and of `station` in (since, until]."""
        found = rows_and_imported(self._reader, station, since=since, until=until)
        rows = [row for row in found if row.step != Step.OWED]
        rain, health, _ = self._protocol.by_kind(rows, [])
        return points_written(rain), points_written(health)

    def alerts(self, *, since: int, until: int) -> Points:
        """The points of `alert`: events by when it rained."""
        events = self._reader.alerts.rained(since=since, until=until)
        return points_written(self._protocol.by_kind([], events)[2])

    def totals(self, station: str, step_ms: int, *, since: int, until: int) -> Points:
        """The windows of a step that end in (since, until] of which the station or its imported history tells anything.

        None of a station that is no longer configured: nobody knows its bucket, and what was copied stays.
        """
        number, configured = self._reader.number(station), self._stations.get(station)
        edges = None if number is None else self._reader.windows.first_and_last(number)
        if number is None or configured is None or edges is None:
            return {}
        totals: list[Total] = []
        of_day = DAY_MS // step_ms
        for day in range(since // DAY_MS * DAY_MS + DAY_MS, -(-until // DAY_MS) * DAY_MS + 1, DAY_MS):
            begin = day - DAY_MS
            if day < edges[0] or begin >= edges[1]:
                continue
            rows = self._reader.windows.rows([number], since=begin, until=day)[number]
            across = self._reader.windows.across(number, day)
            told = told_of([*rows, *across], first=begin, number=of_day, step_ms=step_ms)
            made = windows(
                configured, ended_of(rows), first=begin, number=of_day, step_ms=step_ms, across=ended_of(across)
            )
            totals += [Total(station, step_ms, one) for place, one in enumerate(made) if told >> place & 1]
        wanted = [one for one in totals if since < one.window.until <= until]
        return points_written((total_line(one), one) for one in wanted)
