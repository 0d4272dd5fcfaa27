"""Rows as a station's reports leave them, for questions about its health."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from gauge_ingest.core.health import StationHealth, health_of
from gauge_ingest.core.model import DAY_MS, Deployment, Row, Station
from tests.worlds import T0

EVERY_S = 1_800
EVERY = EVERY_S * 1_000
A_DAY = DAY_MS // EVERY
STATION = Station("HTB01", "石门", (Deployment(0, 0.5, 65_536, 43.75, 86.57, 1_250.0),), report_every_s=EVERY_S)
PLAIN = Row("HTB01", 0, 0, 0, 0, 0, None, None, None, None, None, None, 1, 0, 0, 0, 0, 1, 1, True)


def row(at: int, **told: Any) -> Row:
    """A timed report that was received two seconds after it was read, unless told otherwise."""
    return PLAIN._replace(**{"observed_at": at, "claimed_at": at, "received_at": at + 2_000, **told})


def days(number: int, told: Callable[[int, float], dict[str, Any]] | None = None) -> Iterator[Row]:
    """Regular reports of so many days until T0; `told` gives more of each by its time and its day from the first."""
    for place in range(number * A_DAY + 1):
        at = T0 - number * DAY_MS + place * EVERY
        yield row(at, **(told(at, place / A_DAY) if told else {}))


def health(rows: Any, *, number: int = 30, **more: Any) -> StationHealth:
    """The health of a station over so many days until T0."""
    return health_of(rows, STATION, since=T0 - number * DAY_MS - 1, now=T0 + 1_000, **more)


def sun(day: float) -> float:
    """What the sun adds to a battery's voltage at a time of the day, V."""
    return 1.2 * max(0.0, math.sin(2 * math.pi * day))
