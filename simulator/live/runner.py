"""Plays a world against the broker as the simulated clock goes, then waits for the last acknowledgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from simulator.clock import ScaledClock, monotonic_s, sleep_s
from simulator.live.link import Broker, LiveUplink, ServiceWatch
from simulator.truth import TruthLog, UnwritableError
from simulator.values import Happening
from simulator.world import World

TICK_S = 0.02  # real seconds between two looks at the clock and the sockets
PATIENCE_S = 5.0  # real seconds a modem waits for an acknowledgement at least, however fast the simulated clock is


class Display(Protocol):
    """Anything that wants to know of the rain while it falls."""

    def rain(self, rain: Happening) -> None:
        """Take in one more minute of one station."""

    def close(self) -> None:
        """Let go of the terminal."""


@dataclass(slots=True)
class Stop:
    """A wish to end, set by a signal. (threading.Event may deadlock when a signal sets it.)"""

    wanted: bool = False


@dataclass(slots=True)
class Tally:
    """What one station did so far."""

    tips: int = 0
    readings: int = 0
    messages: int = 0
    acknowledged: int = 0
    dropped: int = 0

    @property
    def outstanding(self) -> int:
        """Return how many messages were made, are still held, and were not acknowledged."""
        return self.messages - self.acknowledged - self.dropped


_COUNTED = {
    "tip": "tips",
    "reading": "readings",
    "message": "messages",
    "puback": "acknowledged",
    "dropped": "dropped",
}


def wait_for_service(broker: Broker, *, station: str, wait_s: float, stop: Stop) -> str | None:
    """Wait until a service says that it is subscribed; return None, or why the waiting ended without one."""
    watch = ServiceWatch(broker, station=station)
    deadline_s = monotonic_s() + wait_s
    while not watch.online and monotonic_s() < deadline_s and not stop.wanted:
        watch.step()
        sleep_s(TICK_S)
    trouble = watch.trouble
    watch.leave()
    if watch.online:
        return None
    where = f"{broker.host}:{broker.port}"
    if stop.wanted:
        return f"stopped while waiting for the service at {where}"
    if trouble:
        return f"no service at {where} within {wait_s:g} s: {trouble}"
    return (
        f"no service said 'online' on {where} within {wait_s:g} s: start it with gauge-ingest run, "
        "or send to nobody with --no-wait"
    )


class Run:
    """One run of a world against one broker."""

    def __init__(
        self,
        world: World,
        uplinks: Mapping[str, LiveUplink],
        *,
        clock: ScaledClock,
        truth: TruthLog,
        display: Display,
        stop: Stop,
    ) -> None:
        self.tallies = {site.station: Tally() for site in world.sites}
        self._world = world
        self._uplinks = uplinks
        self._clock = clock
        self._truth = truth
        self._display = display
        self._stop = stop

    @property
    def outstanding(self) -> int:
        """Return how many messages nobody has acknowledged."""
        return sum(tally.outstanding for tally in self.tallies.values())

    def troubles(self) -> dict[str, str]:
        """Return, for each station that could not hand everything in, what its link last ran into."""
        return {
            station: self._uplinks[station].trouble or "the broker has not acknowledged it yet"
            for station, tally in self.tallies.items()
            if tally.outstanding
        }

    def play(self, *, wait_s: float) -> bool:
        """Let everything happen at its time; return whether the world came to its end and all was acknowledged.

        Raises UnwritableError when what happened can no longer be written down; every station has signed off by then.
        """
        try:
            while not self._world.closed and not self._stop.wanted:
                self._move_on()
                sleep_s(TICK_S)
            deadline_s = monotonic_s() + wait_s
            while self.outstanding and not self._stop.wanted and monotonic_s() < deadline_s:
                self._move_on()
                sleep_s(TICK_S)
        finally:
            for uplink in self._uplinks.values():
                uplink.leave()
        return self._world.closed and not self.outstanding

    def _move_on(self) -> None:
        now = self._clock.now_ms()
        for uplink in self._uplinks.values():
            if self._stop.wanted:
                return  # an address that does not answer takes seconds to connect to
            uplink.step(now)
        happenings = self._world.advance(now)
        try:
            for happening in happenings:
                self._count(happening)
                self._truth.happening(happening)
        except UnwritableError:
            for happening in happenings:  # of this instant: what has left is counted, told or not
                self._count(happening)
            raise

    def _count(self, happening: Happening) -> None:
        tally, counted = self.tallies[happening.station], _COUNTED.get(happening.event)
        if counted is not None:
            setattr(tally, counted, getattr(tally, counted) + 1)
        elif happening.event == "rain":
            self._display.rain(happening)
