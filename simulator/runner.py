"""Plays a world against the broker as the simulated clock goes, then waits for the last acknowledgement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from simulator.clock import ScaledClock, monotonic_s, rfc3339, sleep_s
from simulator.link import Broker, ServiceWatch, StationLink
from simulator.truth import TruthLog
from simulator.wire import Message, Reading
from simulator.world import Happening, RainMinute, Tip, World

TICK_S = 0.02  # real seconds between two looks at the clock and the sockets


class Display(Protocol):
    """Anything that wants to know of the rain while it falls."""

    def rain(self, station: str, rain: RainMinute) -> None:
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

    @property
    def outstanding(self) -> int:
        """Return how many messages were made and not acknowledged."""
        return self.messages - self.acknowledged


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
        broker: Broker,
        *,
        clock: ScaledClock,
        truth: TruthLog,
        display: Display,
        stop: Stop,
    ) -> None:
        self.tallies = {site.station: Tally() for site in world.sites}
        self._world = world
        self._clock = clock
        self._truth = truth
        self._display = display
        self._stop = stop
        self._links = {
            station: StationLink(broker, station=station, on_publish=self._on_publish, on_puback=self._on_puback)
            for station in self.tallies
        }

    @property
    def outstanding(self) -> int:
        """Return how many messages nobody has acknowledged."""
        return sum(tally.outstanding for tally in self.tallies.values())

    def troubles(self) -> dict[str, str]:
        """Return, for each station that could not hand everything in, what its link last ran into."""
        return {
            station: self._links[station].trouble or "the broker has not acknowledged it yet"
            for station, tally in self.tallies.items()
            if tally.outstanding
        }

    def play(self, *, wait_s: float) -> bool:
        """Let everything happen at its time; return whether the world came to its end and all was acknowledged."""
        happenings = self._world.happenings()
        following = next(happenings, None)
        while following is not None and not self._stop.wanted:
            following = self._catch_up(happenings, following)
            self._step_links()
            sleep_s(TICK_S)
        deadline_s = monotonic_s() + wait_s
        while self.outstanding and not self._stop.wanted and monotonic_s() < deadline_s:
            self._step_links()
            sleep_s(TICK_S)
        for link in self._links.values():
            link.leave()
        return following is None and not self.outstanding

    def _catch_up(self, happenings: Iterator[Happening], following: Happening | None) -> Happening | None:
        now = self._clock.now()
        while following is not None and following.at <= now:
            self._take(following)
            following = next(happenings, None)
        return following

    def _take(self, happening: Happening) -> None:
        tally, what = self.tallies[happening.station], happening.what
        self._truth.happening(happening)
        if isinstance(what, Tip):
            tally.tips += 1
        elif isinstance(what, Reading):
            tally.readings += 1
        elif isinstance(what, Message):
            tally.messages += 1
            self._links[happening.station].outbox.hold(what)
        elif isinstance(what, RainMinute):
            self._display.rain(happening.station, what)

    def _step_links(self) -> None:
        now = self._clock.now()
        for station, link in self._links.items():
            if self._stop.wanted:
                return  # an address that does not answer takes seconds to connect to
            if self._world.link_up(station, now):
                link.step()
            else:
                link.cut()

    def _on_publish(self, message: Message) -> None:
        at = rfc3339(self._clock.now(), precision="milliseconds")
        self._truth.write("publish", station=message.station, seq=message.seq, at=at)

    def _on_puback(self, message: Message) -> None:
        self.tallies[message.station].acknowledged += 1
        at = rfc3339(self._clock.now(), precision="milliseconds")
        self._truth.write("puback", station=message.station, seq=message.seq, at=at)
