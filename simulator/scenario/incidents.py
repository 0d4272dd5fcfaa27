"""What a scenario lets happen at stations, beside the weather and beside chance: dated incidents.

Minutes are counted from the scenario's start and may have a fraction. What lasts and has no end goes on until a visit
mends it, or until the run is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from annotated_types import MaxLen, MinLen

from simulator.bounds import STRICT, ClockError, NotNegative, Text, Whole
from simulator.values import MINUTE_MS

EVERYWHERE = "all"

Stations = Annotated[tuple[Text, ...], MinLen(1)]
Counts = Annotated[tuple[Whole, ...], MinLen(1), MaxLen(100)]
Mendable = Literal["clog", "stuck_switch", "dead_input", "clock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Something that begins at `at_min`, at one station, at several, or at "all"."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    at_min: NotNegative
    station: Text | Stations

    def concerns(self, station: str) -> bool:
        """Return whether this happens at the station."""
        return self.station == EVERYWHERE or station in self.stations

    @property
    def stations(self) -> Sequence[str]:
        """Return the ids that are named; of "all" none is."""
        named = (self.station,) if isinstance(self.station, str) else self.station
        return tuple(station for station in named if station != EVERYWHERE)

    @property
    def begins_ms(self) -> int:
        """Return milliseconds from the scenario's start to this."""
        return round(self.at_min * MINUTE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting(Dated):
    """Something that goes on up to `until_min`; None: until a visit mends it, or the run is over."""

    until_min: NotNegative | None = None

    def __post_init__(self) -> None:
        if self.until_min is not None and self.until_min <= self.at_min:
            raise ValueError(f"until_min = {self.until_min:g}: must be after at_min = {self.at_min:g}")

    @property
    def ends_ms(self) -> int | None:
        """Return milliseconds from the scenario's start to the end."""
        return None if self.until_min is None else round(self.until_min * MINUTE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Lasting):
    """Somebody opens the box, pours water so that the bucket turns, mends what is named, and closes the box."""

    what: Literal["visit"] = "visit"
    until_min: NotNegative  # a visit ends
    poured_tips: Whole = 0
    as_test: bool = True  # the test switch is on meanwhile: readings say that they are no rain
    mends: tuple[Mendable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot(Dated):
    """The logger starts anew."""

    what: Literal["reboot"] = "reboot"
    loses_count: bool = False  # the counter begins at 0
    loses_memory: bool = False  # unsent messages are gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Lightning(Dated):
    """A strike nearby: the wire carries pulses that nobody tipped, and worse."""

    what: Literal["lightning"] = "lightning"
    spurious_pulses: Whole = 1
    trips_protector: bool = False  # the pulse input is dead until a visit mends "dead_input"
    reboots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep(Dated):
    """The logger's clock jumps, forward where `by_s` is above 0."""

    what: Literal["clock_step"] = "clock_step"
    by_s: ClockError


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReset(Dated):
    """The logger's clock says `to` all at once, such as the date of its factory."""

    what: Literal["clock_reset"] = "clock_reset"
    to: datetime

    def __post_init__(self) -> None:
        if self.to.tzinfo is None:
            raise ValueError("to: must be an instant with its offset, e.g. 2010-01-01T00:00:00+08:00")

    @property
    def to_ms(self) -> int:
        """Return what the clock says, in milliseconds since 1970."""
        return round(self.to.timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptCount(Dated):
    """The next readings carry these counts, one each, and the counter is right again after them."""

    what: Literal["corrupt_count"] = "corrupt_count"
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLink(Lasting):
    """The modem finds no network; half open: the station believes in its connection, and nothing passes."""

    what: Literal["no_link"] = "no_link"
    half_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckSwitch(Lasting):
    """The bucket turns and the reed switch does not close: nothing is counted."""

    what: Literal["stuck_switch"] = "stuck_switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadInput(Lasting):
    """The wire, or the logger's pulse input, is dead: nothing is counted."""

    what: Literal["dead_input"] = "dead_input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clog(Lasting):
    """Leaves or a nest in the funnel: water stands above it and comes through slowly."""

    what: Literal["clog"] = "clog"
    lets_through_mm_per_h: NotNegative = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCut(Lasting):
    """The station has no power: the bucket turns, nobody counts, nothing is sent."""

    what: Literal["power_cut"] = "power_cut"


Incident: TypeAlias = (
    Visit
    | Reboot
    | Lightning
    | ClockStep
    | ClockReset
    | CorruptCount
    | NoLink
    | StuckSwitch
    | DeadInput
    | Clog
    | PowerCut
)
