"""How a case of a counter is told: readings of a kind of logger, and what each of them became."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from gauge_ingest.core.model import Kind, Station, Step
from tests.worlds import MINUTE, T0, station

F, S, W, R, G = Step.FIRST, Step.STEADY, Step.WRAPPED, Step.RESET, Step.GAP
U, V, D = Step.UNCONFIRMED, Step.VOID, Step.DEPLOYED
P5 = 82  # the most half millimetres in five minutes at 8 mm/min, with two tips of slack
P10 = 162
NEVER_WRAPS = station(counter_modulus=0)
NEW_YEAR = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp() * 1000)  # 08:00 in Beijing
DAY = 1_440


class Reading(NamedTuple):
    """What a station sent, at minutes from the beginning of its case."""

    minute: float
    counter: int
    boot: int | None = None
    seq: int | None = None
    kind: Kind = Kind.TIMED


def booted(boot: int, *readings: tuple[float, int]) -> list[Reading]:
    """Readings under one boot number."""
    return [Reading(minute, count, boot) for minute, count in readings]


def plain(*readings: tuple[float, int]) -> list[Reading]:
    """Readings of a logger that says nothing of its starts."""
    return [Reading(minute, count) for minute, count in readings]


def sent(*readings: tuple[float, int, int]) -> list[Reading]:
    """Readings with the number of their message, without a boot number."""
    return [Reading(minute, count, None, seq) for minute, count, seq in readings]


def exchanged_at(minute: float, *, bucket_depth_mm: float = 0.5, counter_modulus: int = 65_536) -> Station:
    """A station with another gauge from then on."""
    first = station().deployments[0]
    second = replace(
        first,
        since=T0 + round(minute * MINUTE),
        bucket_depth_mm=bucket_depth_mm,
        counter_modulus=counter_modulus,
    )
    return replace(station(), deployments=(first, second))


class Case(NamedTuple):
    """Readings, and what each became: step and tips, or (tips_min, tips, tips_max) where they differ."""

    name: str
    readings: Sequence[Reading]
    wanted: Sequence[tuple[Step, int | tuple[int, int, int]]]
    gauge: Station = station()
    begins_at: int = T0
