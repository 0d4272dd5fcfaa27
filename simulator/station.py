"""A station's logger: counts tips, decides when to report, and packs readings into messages."""

from __future__ import annotations

import math
import random
from datetime import datetime

from simulator.clock import BEIJING
from simulator.sites import Site
from simulator.wire import SEQ_MODULUS, Message, Reading

EVENT_TIPS = 4  # an event report follows this many tips since the last report
READINGS_MAX = 12  # in one message
SEND_DELAY_S = (1, 4)  # the modem wakes up


class Station:
    """One logger. Its clock is in whole seconds since 1970; a reading counts every tip up to its second."""

    def __init__(
        self,
        site: Site,
        *,
        boot: int,
        offline: tuple[tuple[int, int], ...] = (),
        rng: random.Random,
        first_count: int = 0,
        first_seq: int = 0,
        event_tips: int = EVENT_TIPS,
    ) -> None:
        self._site = site
        self._boot = boot
        self._offline = offline  # spans [since, until) in which the modem finds no network
        self._rng = rng
        self._count = first_count
        self._seq = first_seq
        self._event_tips = event_tips
        self._tips_unreported = 0
        self._unsent: list[Reading] = []
        self._next_timed_s: float = math.inf
        self._event_s: float = math.inf
        self._send_s: float = math.inf

    def start(self, at_s: int) -> Reading:
        """Begin to count; return the first reading, made before any tip."""
        return self._observe(at_s, kind="timed")

    def tip(self, at_ms: int) -> None:
        """Count one tip of the bucket."""
        self._count += 1
        if self._site.counter_modulus:
            self._count %= self._site.counter_modulus
        self._tips_unreported += 1
        if self._tips_unreported >= self._event_tips:
            self._event_s = min(self._event_s, -(-at_ms // 1000))

    def next_wake_s(self) -> float:
        """Return the second at which there is something to do, or infinity."""
        return min(self._next_timed_s, self._event_s, self._send_s)

    def wake(self, at_s: int) -> list[Reading | Message]:
        """Do what is due at this second; return the readings and messages made."""
        made: list[Reading | Message] = []
        if at_s >= self._next_timed_s:
            made.append(self._observe(at_s, kind="timed"))
        elif at_s >= self._event_s:
            made.append(self._observe(at_s, kind="event"))
        if at_s >= self._send_s:
            made.extend(self._send(at_s))
        return made

    def close(self, at_s: int) -> list[Reading | Message]:
        """Make the closing reading, then send everything that is still here; no reading follows."""
        closing = self._observe(at_s, kind="timed")
        self._next_timed_s = self._event_s = math.inf
        return [closing, *self._send(at_s)]

    def _observe(self, at_s: int, *, kind: str) -> Reading:
        """Read the counter: one reading, even where a timed and an event report fall into one second."""
        every_s = self._site.report_every_s
        self._next_timed_s = at_s - at_s % every_s + every_s
        self._event_s = math.inf
        self._tips_unreported = 0
        reading = self._reading(at_s, kind)
        self._unsent.append(reading)
        if self._send_s == math.inf:
            self._send_s = self._online_from(at_s) + self._rng.randint(*SEND_DELAY_S)
        return reading

    def _online_from(self, at_s: int) -> int:
        return max((until for since, until in self._offline if since <= at_s < until), default=at_s)

    def _send(self, at_s: int) -> list[Message]:
        if self._online_from(at_s) > at_s:  # the link failed while the modem woke up
            self._send_s = self._online_from(at_s) + self._rng.randint(*SEND_DELAY_S)
            return []
        self._send_s = math.inf
        packs = [self._unsent[first : first + READINGS_MAX] for first in range(0, len(self._unsent), READINGS_MAX)]
        self._unsent = []
        return [self._message(at_s, pack) for pack in packs]

    def _message(self, at_s: int, readings: list[Reading]) -> Message:
        seq = self._seq
        self._seq = (seq + 1) % SEQ_MODULUS
        sent_at = datetime.fromtimestamp(at_s, BEIJING)
        return Message(self._site.station, seq, self._boot, sent_at, tuple(readings))

    def _reading(self, at_s: int, kind: str) -> Reading:
        observed_at = datetime.fromtimestamp(at_s, BEIJING)
        # Battery and air are warmest in the afternoon; a panel charges by day.
        by_day = math.cos((observed_at.hour + observed_at.minute / 60.0 - 15.0) * math.pi / 12.0)
        return Reading(
            observed_at=observed_at,
            count=self._count,
            kind=kind,
            battery_v=round(12.7 + 0.4 * by_day + self._rng.uniform(-0.05, 0.05), 2),
            signal_dbm=round(-85 + self._rng.uniform(-6.0, 6.0)),
            temperature_c=round(
                26.0 - self._site.elevation_m * 0.0065 + 5.0 * by_day + self._rng.uniform(-0.5, 0.5), 1
            ),
            door_open=False,
        )
