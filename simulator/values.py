"""What passes between the parts of a world: air, readings, messages, and everything that happens at a station.

An instant is an `int`: milliseconds since 1970-01-01T00:00:00Z of true time; its name ends in `_at`, or is `since` or
`until`. What a station's own clock says is in whole seconds since 1970 and ends in `_s`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
NEVER = 1 << 62

Kind = Literal["timed", "event", "hourly", "test", "maintenance"]


class Air(NamedTuple):
    """One minute of weather at a place."""

    rain_mm: float = 0.0
    snow_mm: float = 0.0  # as water
    temperature_c: float = 15.0
    cloud: float = 0.0  # 0 clear, 1 overcast
    lightning: bool = False  # a strike near enough to reach the wires


@dataclass(frozen=True, slots=True)
class Reading:
    """What a logger saw at a whole second of its clock."""

    observed_s: int
    count: int
    kind: Kind
    battery_v: float | None = None
    signal_dbm: int | None = None
    temperature_c: float | None = None
    door_open: bool | None = None
    # Truth, never on the wire: when it really was, and how many pulses the logger had counted by then in this run.
    made_at: int = field(default=0, compare=False)
    counted: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """Readings under one sequence number. It is never changed after it was made."""

    station: str
    seq: int
    boot: int
    sent_s: int
    readings: tuple[Reading, ...]
    kind: Kind = "timed"  # why it was made
    number: int = field(default=0, compare=False)  # truth: the station's messages of a run, counted from 1


class Happening(NamedTuple):
    """Something that happened at a station: `event` names it, `facts` are what the truth file says of it beside."""

    at: int
    station: str
    event: str
    facts: Mapping[str, object] = {}
