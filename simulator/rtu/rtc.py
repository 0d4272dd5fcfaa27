"""The logger's clock: runs a little fast or slow, is set, steps, and may forget the date without power."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from simulator.bounds import STRICT, ClockError
from simulator.values import SECOND_MS

DRIFT_PPM_MAX = 500.0

_BILLION = 1_000_000_000
_FACTORY_DATE = datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=8)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """How good the clock is.

    `drift_ppm` above 0 is fast. Clocks with a compensated crystal (DS3231) were 0.01 to 3 ppm off over five months
    (blog.heypete.com, 2018-02-04); a plain crystal is about 20 ppm off, which makes 1.7 s a day.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    drift_ppm: float = 0.0
    offset_s: ClockError = 0.0  # at the start of the run
    backup: bool = True  # a battery of its own: the clock runs on when the logger has no power
    resets_to: datetime = _FACTORY_DATE  # what a clock without backup shows when the power is back
    set_by_network: bool = True  # at each connection, when it is wrong by a second or more

    def __post_init__(self) -> None:
        if not -DRIFT_PPM_MAX <= self.drift_ppm <= DRIFT_PPM_MAX:
            raise ValueError(f"drift_ppm = {self.drift_ppm:g}: must be from {-DRIFT_PPM_MAX:g} to {DRIFT_PPM_MAX:g}")
        if self.resets_to.tzinfo is None:
            raise ValueError("resets_to: must be an instant with its offset, e.g. 2000-01-01T00:00:00+08:00")

    @property
    def resets_to_ms(self) -> int:
        """Return the date of the factory in milliseconds since 1970."""
        return int(self.resets_to.timestamp()) * SECOND_MS


class Rtc:
    """Maps true time to what the clock shows, and back. Everything is whole numbers, so both ways agree."""

    __slots__ = ("_rate", "_set_at", "_set_to_ms")

    def __init__(self, at: int, *, shows_ms: int, drift_ppm: float = 0.0) -> None:
        self._rate = _BILLION + round(drift_ppm * 1000.0)
        self._set_at = at
        self._set_to_ms = shows_ms

    def milliseconds(self, at: int) -> int:
        """Return what the clock shows at a true instant, in milliseconds since 1970."""
        run_ms = at - self._set_at
        return self._set_to_ms + (run_ms if self._rate == _BILLION else run_ms * self._rate // _BILLION)

    def seconds(self, at: int) -> int:
        """Return the whole second that the clock shows at a true instant."""
        return self.milliseconds(at) // SECOND_MS

    def next_second(self, at: int) -> int:
        """Return the first whole second of the clock that begins at a true instant, or after it."""
        return -(-self.milliseconds(at) // SECOND_MS)

    def reaches(self, second: int) -> int:
        """Return the first true instant at which the clock shows this second, as long as nobody sets it."""
        wait_ms = second * SECOND_MS - self._set_to_ms
        return self._set_at + (wait_ms if self._rate == _BILLION else -(-wait_ms * _BILLION // self._rate))

    def set(self, at: int, shows_ms: int) -> None:
        """Let the clock show this from a true instant on."""
        self._set_at = at
        self._set_to_ms = shows_ms
