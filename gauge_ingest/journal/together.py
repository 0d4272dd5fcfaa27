"""The rain of a station as people ask for it: what it reported, and before that what was imported."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gauge_ingest.core.model import HOUR_MS, Row
from gauge_ingest.journal.imported import ImportedReader

if TYPE_CHECKING:
    from gauge_ingest.journal.reader import Reader


def rows_and_imported(reader: "Reader", station: str, *, since: int, until: int) -> Iterator[Row]:
    """Rows of a station with since < observed_at <= until, in order; imported ones before its own first reading."""
    number = reader.number(station)
    if number is None:
        return
    ends_at = reader.imported.ends_at()
    if ends_at is not None and since < ends_at:
        first_at = reader.first_observed_at(number)
        last = until if first_at is None else min(until, first_at)
        yield from reader.imported.rows(number, station, since=since, until=last)
    yield from reader.rows(station, since=since, until=until)


def imported_of(
    imported: ImportedReader, names: Mapping[int, str], spans: Mapping[int, Mapping[int, tuple[int, int]]]
) -> Iterator[Row]:
    """What is imported in spans (since, until] of stations, by the hour that each lies in; `names` by number."""
    ends_at = imported.ends_at()
    if ends_at is None:
        return
    for hour, wanted in spans.items():
        if hour * HOUR_MS > ends_at:
            continue
        for number, (since, until) in wanted.items():
            begin, end = max(since, hour * HOUR_MS - 1), min(until, (hour + 1) * HOUR_MS - 1)
            yield from imported.rows(number, names[number], since=begin, until=end)
