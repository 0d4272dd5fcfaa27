"""Storms of a span, and the largest rain within lengths of time, each with what reports speak for."""

from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.fixed import Ended, Fixed
from gauge_ingest.core.maxima import DURATIONS_S, Maximum, maxima
from gauge_ingest.core.model import DAY_MS, Station
from gauge_ingest.core.storms import Storm, apart, span_of, storm_of
from gauge_ingest.history.sources import Source
from gauge_ingest.history.steps import between

# A storm is followed beyond the span that was asked for: so often, each time by the dry gap. With 6 h a quarter.
FOLLOWED_MAX = 400
# An increment that is longer than this has no beginning that a storm could be followed to.
LONG_MS = 2 * DAY_MS


class Largest(NamedTuple):
    """The largest rain of a length of time, and the sums, coverage and worst flag of the same window."""

    maximum: Maximum
    rain: Fixed


def storms(source: Source, station: Station, *, since: int, until: int, dry_gap_s: int) -> list[Storm]:
    """The storms that (since, until] has a part of, each whole, in order of time."""
    begin, end = _whole(source, station, since, until, dry_gap_s * 1_000)
    held = source.held(station.id, since=begin, until=end)
    wet = held.wet(station.id, since=begin, until=end)
    found = []
    for storm in apart(wet, dry_gap_s=dry_gap_s):
        first, last = span_of(storm)
        if last > since and first < until:
            (rain,) = between(held, station, (first, last))
            found.append(storm_of(station, rain, [one for one in wet if first < one.until <= last]))
    return found


def largest(
    source: Source, station: Station, *, since: int, until: int, durations_s: Sequence[int] = DURATIONS_S
) -> list[Largest]:
    """Of each duration the window with the most rain that ends in (since, until]; none where nothing fell."""
    begin = since - max(durations_s) * 1_000
    held = source.held(station.id, since=begin, until=until)
    wet = held.wet(station.id, since=begin, until=until)
    found = []
    for one in maxima(station, wet, durations_s, after=since):
        (rain,) = between(held, station, (one.since, one.until))
        found.append(Largest(one, rain))
    return found


def _whole(source: Source, station: Station, since: int, until: int, dry_ms: int) -> tuple[int, int]:
    """The span, with all of the storms that lie across its ends."""
    for _ in range(FOLLOWED_MAX):
        near = _rain(source.wet(station.id, since=since - dry_ms, until=since + LONG_MS))
        begins = [one.since for one in near if one.since < since and one.until > since - dry_ms]
        if not begins:
            break
        since = min(begins)
    for _ in range(FOLLOWED_MAX):
        near = _rain(source.wet(station.id, since=until, until=until + dry_ms + LONG_MS))
        ends = [one.until for one in near if one.since < until + dry_ms]
        if not ends:
            break
        until = max(ends)
    return since, until


def _rain(wet: Sequence[Ended]) -> list[Ended]:
    return [one for one in wet if one.tips]
