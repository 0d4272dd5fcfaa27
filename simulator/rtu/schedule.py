"""When the next reading is due: at the multiples of a step on the logger's clock, or because something happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from simulator.rtu.rtc import Rtc
from simulator.values import NEVER, Kind

DAY_S = 86_400


class Due(NamedTuple):
    """A second of the logger's clock at which something is to be done."""

    observed_s: int
    by_clock: bool  # the second is a multiple of one of the steps
    wanted: Kind | None  # a reading was asked for


class Schedule:
    """Looks ahead to one second. `next_at` is the true instant at which the clock shows it, NEVER when stopped."""

    __slots__ = (
        "_alarm_at",
        "_alarm_s",
        "_clock",
        "_other_steps_s",
        "_step_s",
        "_wanted",
        "_wanted_at",
        "_wanted_from",
        "next_at",
    )

    def __init__(self, clock: Rtc, steps_s: tuple[int, ...]) -> None:
        self._clock = clock
        self._step_s, *self._other_steps_s = steps_s
        self._alarm_s = 0
        self._alarm_at = NEVER
        self._wanted: Kind = "event"  # what was asked for last; still open while `_wanted_from` is no NEVER
        self._wanted_from = NEVER
        self._wanted_at = NEVER
        self.next_at = NEVER

    def begin(self, at: int) -> None:
        """Begin, or begin anew after the clock was set: multiples from this instant on, and what was asked for."""
        self._look_for_alarm(self._clock.next_second(at))
        if self._wanted_from < NEVER:
            self._wanted_at = self._whole_second(max(at, self._wanted_from))
        self.next_at = min(self._alarm_at, self._wanted_at)

    def stop(self) -> None:
        """Let nothing be due any more."""
        self._alarm_at = self._wanted_from = self._wanted_at = self.next_at = NEVER

    def want(self, since: int, kind: Kind) -> None:
        """Ask for a reading at the first whole second from an instant on, unless one comes sooner."""
        wanted_at = self._whole_second(since)
        if wanted_at < self._wanted_at:
            self._wanted, self._wanted_from, self._wanted_at = kind, since, wanted_at
            self.next_at = min(self._alarm_at, wanted_at)

    def take(self, at: int) -> Due:
        """Return what is due at an instant, and look for the next; what was wanted stays so until it is answered."""
        assert self.next_at <= at, "nothing is due"
        wanted = self._wanted if self._wanted_at <= at else None
        if self._alarm_at > at:
            return Due(self._clock.seconds(self._wanted_at), False, wanted)
        observed_s = self._alarm_s
        self._look_for_alarm(observed_s + 1)
        self.next_at = min(self._alarm_at, self._wanted_at)
        return Due(observed_s, True, wanted)

    def answered(self) -> None:
        """Forget what was asked for: a reading has come."""
        self._wanted_from = self._wanted_at = NEVER
        self.next_at = self._alarm_at

    def _look_for_alarm(self, since_s: int) -> None:
        alarm_s = -(-since_s // self._step_s) * self._step_s
        for step_s in self._other_steps_s:
            alarm_s = min(alarm_s, -(-since_s // step_s) * step_s)
        self._alarm_s, self._alarm_at = alarm_s, self._clock.reaches(alarm_s)

    def _whole_second(self, at: int) -> int:
        return self._clock.reaches(self._clock.next_second(at))


def is_new_year(second: int) -> bool:
    """Return whether this is 1 January, 08:00 in Beijing: the start of the day and of the year of rain."""
    return second % DAY_S == 0 and datetime.fromtimestamp(second, UTC).timetuple().tm_yday == 1
