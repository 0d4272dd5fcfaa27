"""Storms of a station by the dry time between them, from increments: since, until, depth with its bounds, peaks.

A storm is rain between whose increments no dry time of `dry_gap_s` lies. Dry is the time between the end of one
increment with rain and the beginning of the next, whoever speaks for it: where nobody reported, a storm's `coverage`
tells of what lies within it, and nothing tells of what lay between two.

`core.intensity` cuts tips, and interpolates between them, as a published program does; here nothing is interpolated.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gauge_ingest.core.fixed import Ended, Fixed
from gauge_ingest.core.maxima import Maximum, maxima
from gauge_ingest.core.model import Station

PEAKS_S = (300, 600, 3_600)
DRY_GAP_S = 6 * 3_600


class Storm(NamedTuple):
    """Rain over (since, until]: of its first increment the beginning, of its last the end.

    `rain`: sums, coverage and worst flag over just that span. `rain_mm_min` surely fell, `rain_mm_max` may have.
    """

    rain: Fixed
    rain_mm_min: float
    rain_mm_max: float
    peaks: tuple[Maximum, ...]

    @property
    def duration_s(self) -> int:
        """How long it lasted."""
        return (self.rain.until - self.rain.since) // 1_000


def apart(wet: Sequence[Ended], *, dry_gap_s: int) -> Iterator[list[Ended]]:
    """Increments in order, cut where it was dry for so long; those that hold no rain for sure belong to no storm."""
    storm: list[Ended] = []
    end = 0
    for one in wet:
        if not one.tips:
            continue
        if storm and one.since - end >= dry_gap_s * 1_000:
            yield storm
            storm = []
        storm.append(one)
        end = max(end, one.until)
    if storm:
        yield storm


def span_of(storm: Sequence[Ended]) -> tuple[int, int]:
    """Since and until of a storm."""
    return min(one.since for one in storm), max(one.until for one in storm)


def storm_of(station: Station, rain: Fixed, inside: Sequence[Ended]) -> Storm:
    """The storm over the span of a window, of the increments that end in it and may hold rain."""
    return Storm(
        rain,
        round(sum(station.depth_mm(one.tips_min, until=one.until) for one in inside), 3),
        round(sum(station.depth_mm(one.tips_max, until=one.until) for one in inside), 3),
        tuple(maxima(station, inside, PEAKS_S)),
    )
