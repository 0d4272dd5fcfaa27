"""A bench for loggers: pulses, weather and time, in the order in which a station gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from simulator.dice import Dice
from simulator.rtu import Rtu, RtuSettings
from simulator.sites import Site
from simulator.values import MINUTE_MS, NEVER, Air, Happening, Message, Reading

SITE = Site("HTB01", 43.75, 86.57, 1250.0, 0.5, 65536, 300)


def ms(text: str) -> int:
    """Return an instant of Beijing time, such as "2026-07-15 18:00", in milliseconds since 1970."""
    return round(datetime.fromisoformat(f"{text}+08:00").timestamp() * 1000)


START = ms("2026-07-15 18:00")


class Bench:
    """One logger; everything that happened to it is in `happenings`. Nothing takes its messages unless a test does."""

    def __init__(
        self, settings: RtuSettings | None = None, *, site: Site = SITE, start_at: int = START, seed: int = 1
    ) -> None:
        dice = Dice(seed, site.station, "rtu")
        self.rtu = Rtu(site, settings or RtuSettings(), dice=dice, start_at=start_at, boot=3)
        self.happenings = self.rtu.start()
        self.air = Air()
        self.sun = 0.0
        self._minute_at = start_at
        self.missed = 0

    def run(self, until: int, pulses: Iterable[int] = ()) -> None:
        """Let time go on up to and including an instant, with pulses at these."""
        coming = sorted(pulses)
        while True:
            at = min(self._minute_at, self.rtu.next_at(), coming[0] if coming else NEVER)
            if at > until:
                return
            while coming and coming[0] <= at:
                self.missed += not self.rtu.pulse(coming.pop(0))
            if self._minute_at <= at:
                self.rtu.minute(self._minute_at, self.air, sun=self.sun)
                self._minute_at += MINUTE_MS
            if self.rtu.next_at() <= at:
                self.happenings += self.rtu.wake(at)

    def met(self, happenings: Iterable[Happening]) -> None:
        """Note what the test itself has done to the logger."""
        self.happenings += happenings

    def acknowledge_all(self) -> list[Message]:
        """Take everything that waits out of the memory, in the order in which it would be sent."""
        taken = []
        while (message := self.rtu.memory.following()) is not None:
            self.rtu.memory.taken(message)
            self.rtu.memory.acknowledged(message.number)
            taken.append(message)
        return taken

    @property
    def readings(self) -> list[Reading]:
        return [cast(Reading, one.facts["reading"]) for one in self.happenings if one.event == "reading"]

    @property
    def messages(self) -> list[Message]:
        return [cast(Message, one.facts["message"]) for one in self.happenings if one.event == "message"]

    def facts(self, event: str) -> list[Mapping[str, object]]:
        return [one.facts for one in self.happenings if one.event == event]

    def counts(self) -> list[int]:
        return [reading.count for reading in self.readings]

    def minutes(self) -> list[float]:
        """Return the observed times as minutes from the start of the run."""
        return [(reading.observed_s * 1000 - START) / MINUTE_MS for reading in self.readings]
