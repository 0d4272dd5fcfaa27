"""What time it is: the machine's clock or a scaled one; the only place that asks the machine for the time of day."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from gauge_ingest.core.spans import instant_text, parse_instant

VARIABLE = "GAUGE_CLOCK"
EXAMPLE = f'{VARIABLE}="speed=60 wall=2026-11-23T06:00:00Z sim=2026-07-15T18:00:00+08:00"'
SPEED_MAX = 1_000_000


class Clock(Protocol):
    """Says what time it is for everything that has a date."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """At `wall` of the machine's clock it is `sim`, and from there `speed` times as fast."""

    speed: float
    wall: int
    sim: int

    def now(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z, as this clock shows them."""
        return self.at(SystemClock().now())

    def at(self, wall: int) -> int:
        """What this clock shows when the machine's clock shows `wall`."""
        return self.sim + math.floor((wall - self.wall) * self.speed)


def clock_from(environ: Mapping[str, str]) -> Clock:
    """The clock that GAUGE_CLOCK describes, else the machine's; ValueError says what to write instead."""
    text = environ.get(VARIABLE, "").strip()
    return _parsed(text) if text else SystemClock()


def speed_of(clock: Clock) -> float:
    """How many times as fast as the machine's own a clock runs."""
    return clock.speed if isinstance(clock, ScaledClock) else 1.0


def clock_starting_now(speed: float) -> ScaledClock:
    """A clock that shows the machine's time now and runs at `speed` from here; ValueError for no such speed."""
    now = SystemClock().now() // 1000 * 1000
    return ScaledClock(speed=_checked_speed(str(speed)), wall=now, sim=now)


def clock_text(clock: ScaledClock) -> str:
    """The value of GAUGE_CLOCK that gives another process the same clock."""
    wall = datetime.fromisoformat(instant_text(clock.wall)).astimezone(UTC)
    in_utc = wall.isoformat(timespec="milliseconds" if clock.wall % 1000 else "seconds").replace("+00:00", "Z")
    return f"speed={clock.speed:.15g} wall={in_utc} sim={instant_text(clock.sim)}"


def _parsed(text: str) -> ScaledClock:
    values: dict[str, str] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals or key not in ("speed", "wall", "sim") or key in values:
            raise ValueError(f"{VARIABLE}: {word!r} is not understood; write {EXAMPLE}")
        values[key] = value
    missing = [key for key in ("speed", "wall", "sim") if not values.get(key)]
    if missing:
        raise ValueError(f"{VARIABLE}: {', '.join(missing)} missing in {text!r}; write {EXAMPLE}")
    wall, sim = _instant("wall", values["wall"]), _instant("sim", values["sim"])
    return ScaledClock(speed=_checked_speed(values["speed"]), wall=wall, sim=sim)


def _instant(key: str, text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise ValueError(f"{VARIABLE}: {key}={text!r} {error}; write {EXAMPLE}") from None


def _checked_speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= SPEED_MAX:
        raise ValueError(f"the clock's speed is {text!r}: give a number above 0 and at most {SPEED_MAX}, such as 60")
    return speed
