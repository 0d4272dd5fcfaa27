"""A station's memory, radio and modem, with a far end that notes what arrives: for the tests of the modem."""

from __future__ import annotations

from typing import Any

from simulator.dice import Dice
from simulator.modem import OVERHEAD_BYTES, Modem
from simulator.radio import LinkSettings, Radio
from simulator.rtu.memory import Memory, MemorySettings
from simulator.values import MINUTE_MS, SECOND_MS, Air, Happening, Message

T0 = 1_784_109_600_000  # 2026-07-15 18:00 in Beijing
SIZE_BYTES = 130
FIVE_MIN = 5 * MINUTE_MS

# Two seconds to wake up, half a second each way, a tenth of a second to transmit a message.
STEADY: dict[str, Any] = {
    "latency_median_s": 0.5,
    "latency_sigma": 0.0,
    "wake_min_s": 2.0,
    "wake_max_s": 2.0,
    "bytes_per_s": (SIZE_BYTES + OVERHEAD_BYTES) * 10.0,
}


class Listener:
    """The far end: notes what arrives, and when, and acknowledges it at once as long as it is willing."""

    def __init__(self) -> None:
        self.arrived: list[tuple[int, int]] = []  # at, number
        self.opened: list[int] = []
        self.cuts: list[int] = []
        self.acknowledges = self.accepts = True
        self.modem: Modem
        self._is_open = False

    def open(self, at: int) -> None:
        self.opened.append(at)
        self._is_open = self.accepts
        if self.accepts:
            self.modem.opened(at)
        else:
            self.modem.lost(at, "nobody listens")

    def close(self, at: int) -> None:
        """End the connection from this side."""
        self._is_open = False
        self.modem.lost(at, "closed")

    def send(self, message: Message, at: int) -> None:
        assert self._is_open, "nothing arrives without a connection"
        self.arrived.append((at, message.number))
        if self.acknowledges:
            self.modem.acknowledged(message.number, at)

    def cut(self, at: int) -> None:
        self._is_open = False
        self.cuts.append(at)

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.arrived]


class Yard:
    """A station's memory, radio and modem; play() lets time pass, minute by minute for the radio."""

    def __init__(self, seed: int = 1, *, patience_ms: int = 0, air: Air | None = None, **settings: Any) -> None:
        link = LinkSettings(**settings)
        self.memory = Memory(MemorySettings())
        self.radio = Radio(link, Dice(seed, "radio"))
        self.far = Listener()
        parts, dice = (self.memory, self.radio, link), Dice(seed, "modem")
        self.modem = Modem("HTB01", *parts, dice=dice, size=lambda _: SIZE_BYTES, patience_ms=patience_ms)
        self.far.modem, self.modem.uplink = self.modem, self.far
        self.happenings: list[Happening] = []
        self.made = 0
        self.now = T0
        self._air = air or Air()
        self._minute_at = T0

    def report(self, messages: int = 1) -> None:
        """Let the logger make messages, now."""
        for _ in range(messages):
            self.made += 1
            self.memory.hold(Message("HTB01", self.made % 7, 1, self.now // SECOND_MS, (), number=self.made))
        self._look()

    def play(self, until: int) -> None:
        """Let time pass up to and including an instant."""
        while (due := min(self.modem.next_at(), self._minute_at)) <= until:
            self.now = max(self.now, due)
            if self.now == self._minute_at:
                self.radio.minute(self.now, self._air)
                self._minute_at += MINUTE_MS
            self._look()
        self.now = until

    def events(self, name: str) -> list[tuple[int, Any]]:
        """Instant and message number, or state of the link, of the happenings with this name."""
        return [(h.at, h.facts.get("number", h.facts.get("state"))) for h in self.happenings if h.event == name]

    def _look(self) -> None:
        if self.modem.next_at() <= self.now:
            self.happenings += self.modem.step(self.now)
        assert self.modem.next_at() > self.now, "it must not want the same instant for ever"
