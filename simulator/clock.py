"""The simulated clock: the one place that reads the machine's time."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

BEIJING = timezone(timedelta(hours=8))
CLOCK_VARIABLE = "GAUGE_CLOCK"
CLOCK_EXAMPLE = f'{CLOCK_VARIABLE}="speed=60 wall=2026-11-23T06:00:00Z sim=2026-07-15T18:00:00+08:00"'


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class ClockError(ValueError):
    """A clock that cannot be meant; the text names the value and the remedy."""


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """At `wall` it is `sim`, and from there `speed` times as fast."""

    speed: float
    wall: datetime
    sim: datetime

    def now(self) -> datetime:
        """Return the simulated instant, in Beijing time."""
        return self.at(datetime.now(UTC))

    def now_ms(self) -> int:
        """Return the simulated instant in milliseconds since 1970."""
        return int((self.at(datetime.now(UTC)) - _EPOCH) / _MILLISECOND)

    def at(self, wall: datetime) -> datetime:
        """Return what this clock shows when the machine's clock shows `wall`."""
        return (self.sim + (wall - self.wall) * self.speed).astimezone(BEIJING)

    def export_line(self) -> str:
        """Return the shell line that gives another command the same clock."""
        wall = self.wall.astimezone(UTC).isoformat().replace("+00:00", "Z")
        sim = self.sim.astimezone(BEIJING).isoformat()
        return f'export {CLOCK_VARIABLE}="speed={self.speed:g} wall={wall} sim={sim}"'


def clock_starting_now(speed: float) -> ScaledClock:
    """Return a clock that shows the real time now and runs at `speed` from here."""
    now = datetime.now(UTC).replace(microsecond=0)
    return ScaledClock(speed=_checked_speed(str(speed)), wall=now, sim=now)


def choose_clock(*, speed: float | None, environment: Mapping[str, str]) -> ScaledClock:
    """Return the clock that `--speed` or GAUGE_CLOCK asks for, else the real time."""
    text = environment.get(CLOCK_VARIABLE, "").strip()
    if speed is not None and text:
        raise ClockError(f"--speed {speed:g} and {CLOCK_VARIABLE}={text!r} name two clocks: leave one of them out")
    if text:
        return parse_clock(text)
    return clock_starting_now(1.0 if speed is None else speed)


def parse_clock(text: str) -> ScaledClock:
    """Return the clock that a GAUGE_CLOCK value describes."""
    values = dict.fromkeys(("speed", "wall", "sim"), "")
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals or key not in values or values[key]:
            raise ClockError(f"{CLOCK_VARIABLE}: {word!r} is not understood; write {CLOCK_EXAMPLE}")
        values[key] = value
    missing = [key for key, value in values.items() if not value]
    if missing:
        raise ClockError(f"{CLOCK_VARIABLE}: {', '.join(missing)} missing in {text!r}; write {CLOCK_EXAMPLE}")
    wall, sim = _instant("wall", values["wall"]), _instant("sim", values["sim"])
    return ScaledClock(speed=_checked_speed(values["speed"]), wall=wall, sim=sim)


def rfc3339_s(at_s: int) -> str:
    """Return the instant of so many seconds since 1970 with its +08:00 offset."""
    return datetime.fromtimestamp(at_s, BEIJING).isoformat()


def rfc3339_ms(at: int) -> str:
    """Return the instant of so many milliseconds since 1970 with its +08:00 offset, to the millisecond."""
    whole_s, rest_ms = divmod(at, 1000)
    return f"{datetime.fromtimestamp(whole_s, BEIJING).replace(tzinfo=None).isoformat()}.{rest_ms:03d}+08:00"


def rfc3339(at: datetime, *, precision: Literal["seconds", "milliseconds"] = "seconds") -> str:
    """Return the instant with its +08:00 offset, cut to the precision."""
    return at.astimezone(BEIJING).isoformat(timespec=precision)


def monotonic_s() -> float:
    """Return real seconds on a clock that never steps, for waits and back-off."""
    return time.monotonic()


def cpu_s() -> float:
    """Return the processor time this process has used, in seconds."""
    return time.process_time()


def sleep_s(duration_s: float) -> None:
    """Wait for real seconds."""
    time.sleep(duration_s)


def _checked_speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        raise ClockError(f"the clock's speed is {text!r}: give a number above 0, such as 60")
    return speed


def _instant(key: str, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ClockError(f"{CLOCK_VARIABLE}: {key}={text!r} is no instant with an offset; write {CLOCK_EXAMPLE}")
    return instant
