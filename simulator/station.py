"""One site in time: what falls there, what the gauge makes of it, what the logger remembers, what the modem sends.

The weather comes a minute at a time. Inside a minute everything is done in order of time: pulses, then what the
scenario has planned, then the logger, then the modem; where two fall on one millisecond, in this order.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from simulator.course import meet, planned
from simulator.dice import Dice
from simulator.gauge import Gauge, Turn
from simulator.modem import Modem, Uplink
from simulator.radio import Radio
from simulator.rtu import Rtu, sun_share
from simulator.scenario import StationPlan
from simulator.sites import Site
from simulator.switch import Pulse, Switch
from simulator.values import MINUTE_MS, NEVER, Air, Happening, Message

SUN_EVERY_MIN = 10


class Station:
    """Everything of one site. `due` is the instant of the next thing to do, NEVER when nothing will happen again."""

    def __init__(
        self,
        site: Site,
        plan: StationPlan,
        air: Iterator[Air],
        *,
        seed: int,
        start_at: int,
        minutes: int,
        boot: int,
        size: Callable[[Message], int],
        patience_ms: int,
    ) -> None:
        name = site.station
        self.site = site
        self.gauge = Gauge(site.bucket_depth_mm, plan.gauge, Dice(seed, name, "gauge"))
        self.switch = Switch(plan.switch, Dice(seed, name, "switch"))
        self.rtu = Rtu(site, plan.rtu, dice=Dice(seed, name, "rtu"), start_at=start_at, boot=boot)
        self.radio = Radio(plan.link, Dice(seed, name, "radio"))
        dice, memory = Dice(seed, name, "modem"), self.rtu.memory
        self.modem = Modem(name, memory, self.radio, plan.link, dice=dice, size=size, patience_ms=patience_ms)
        self.closed = False
        self.due = start_at
        self._connections = 0
        self._air = air
        self._start_at, self._end_at = start_at, start_at + minutes * MINUTE_MS
        self._minute_at = start_at  # up to here the weather is known
        self._sun = 0.0
        self._coming: list[tuple[int, int, Turn | Pulse]] = []
        self._number = count()
        self._incidents = deque(planned(plan.incidents, start_at=start_at, end_at=self._end_at))
        self._planned_at = self._incidents[0].at if self._incidents else NEVER
        self._started = False
        self._weather = (0.0, 0.0, 0)  # of the open minute: fell and caught in mm, turns
        self._caught_mm = 0.0

    def connect(self, uplink: Uplink) -> None:
        """Give the modem its way to the broker."""
        self.modem.uplink = uplink

    def refresh(self) -> None:
        """Look again for the next thing to do: an uplink may have told the modem something in between."""
        due = self.modem.next_at()
        if not self.closed:
            due = min(due, self._minute_at, self.rtu.next_at(), self._planned_at)
            if self._coming and self._coming[0][0] < due:
                due = self._coming[0][0]
        self.due = due

    def step(self, not_before: int) -> list[Happening]:
        """Do what is due at the next instant; return what happened.

        What an uplink has told in between would have been due in the past: it is done now, at `not_before`.
        """
        at = max(self.due, not_before)
        happenings = self._in_order(at) if not self.closed else []
        modem, on = self.modem, self.rtu.on
        modem.on = on
        if modem.next_at() <= at:
            happenings += modem.step(at)
            if modem.connections > self._connections:  # with the network comes its time
                self._connections = modem.connections
                happenings += self.rtu.hears_network(at)
        self.refresh()
        return happenings

    def bring(self, things: Sequence[Turn] | Sequence[Pulse]) -> None:
        """Let turns of the bucket, or pulses, come at their time."""
        for thing in things:
            heapq.heappush(self._coming, (thing.at, next(self._number), thing))

    def _in_order(self, at: int) -> list[Happening]:
        happenings: list[Happening] = [] if self._started else self._start()
        while self._coming and self._coming[0][0] <= at:
            happenings += self._count(heapq.heappop(self._coming)[2])
        while self._planned_at <= at:
            happenings += meet(self, self._incidents.popleft())
            self._planned_at = self._incidents[0].at if self._incidents else NEVER
        if at >= self._minute_at:
            happenings += self._next_minute(at)
        if not self.closed and self.rtu.next_at() <= at:
            happenings += self.rtu.wake(at)
        return happenings

    def _start(self) -> list[Happening]:
        self._started = True
        return self.rtu.start()

    def _count(self, thing: Turn | Pulse) -> list[Happening]:
        """A turn of the bucket closes the switch, a pulse reaches the logger; or not."""
        name = self.site.station
        if isinstance(thing, Turn):
            facts: dict[str, object] = {"service": True} if thing.service else {}
            happenings = [Happening(thing.at, name, "tip", facts)]
            pulses = self.switch.pulses(thing)
            if not pulses:
                happenings.append(Happening(thing.at, name, "missed", {"cause": self.switch.missing}))
            for pulse in pulses:
                if pulse.at > thing.at:
                    self.bring([pulse])
                else:
                    happenings += self._count(pulse)
            return happenings
        happenings = []
        if thing.cause != "tip":
            happenings.append(Happening(thing.at, name, "pulse", {"cause": thing.cause}))
        if not self.rtu.pulse(thing.at):
            happenings.append(Happening(thing.at, name, "missed", {"cause": "no_power"}))
        return happenings

    def _next_minute(self, at: int) -> list[Happening]:
        """Close the minute that is over, then learn the weather of the next; at the end of the run close everything."""
        number = (at - self._start_at) // MINUTE_MS
        happenings = [self._rain(at, number)] if number else []
        if at >= self._end_at:
            return happenings + self._close(at)
        air = next(self._air)
        if number % SUN_EVERY_MIN == 0:
            self._sun = sun_share(at, self.site.latitude, self.site.longitude)
        self.rtu.minute(at, air, sun=self._sun)
        self.radio.minute(at, air)
        turns = self.gauge.minute(at, air)
        caught_mm = self.gauge.balance.caught_mm
        self._weather = (air.rain_mm + air.snow_mm, caught_mm - self._caught_mm, len(turns))
        self._caught_mm = caught_mm
        self._minute_at = at + MINUTE_MS
        if turns:
            self.bring(turns)
        if air.lightning:
            happenings.append(Happening(at, self.site.station, "lightning", {}))
            self.bring(self.switch.lightning(at + MINUTE_MS // 2))
        return happenings

    def _rain(self, at: int, number: int) -> Happening:
        fell_mm, caught_mm, tips = self._weather
        facts = {"minute": number, "fell_mm": fell_mm, "caught_mm": caught_mm, "tips": tips}
        return Happening(at, self.site.station, "rain", facts)

    def _close(self, at: int) -> list[Happening]:
        """The rain stops, the link heals, the logger makes its closing report and hands in what it still holds."""
        self.closed = True
        self._incidents.clear()
        self._planned_at = NEVER
        self._coming.clear()
        self.radio.heal()
        facts = {"bucket_depth_mm": self.site.bucket_depth_mm, **self.gauge.balance.facts()}
        return [*self.rtu.close(at), Happening(at, self.site.station, "balance", facts)]
