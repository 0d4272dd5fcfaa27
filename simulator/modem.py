"""The modem of a station: what is transmitted when, over a link that is slow and breaks.

A message that is taken from the memory travels for a while, and so does its acknowledgement; what is under way when
the connection breaks is lost. So a message arrives twice exactly where it would in the field: when its acknowledgement
was lost or came too late. On one connection everything arrives in the order in which it was sent (MQTT 5.0, 4.6);
what is sent again comes after what had passed it.

Half open: the station believes in its connection, nothing passes either way, and what finds it out is an
acknowledgement that does not come. That connection stays dead even when the radio is well again, as it does when an
operator's gateway has forgotten it. There is no keep-alive: the next report is the test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from simulator.dice import Dice
from simulator.radio import LinkSettings, Radio
from simulator.rtu.memory import Memory
from simulator.values import NEVER, SECOND_MS, Happening, Message
from simulator.way import Way, milliseconds

OVERHEAD_BYTES = 70  # beside the payload: 40 of TCP and IP, about 30 of MQTT with a topic such as rain/v1/HTB01/up
AWAKE_MS = 44 * SECOND_MS  # after traffic: the READY timer T3314, 44 s by default (3GPP TS 24.008, 11.2.2)
CONNECT_WAYS = 3  # SYN there, its answer back, CONNECT there
DOUBLINGS_MAX = 16

Phase = Literal["idle", "pausing", "resting", "opening", "open"]


class Uplink(Protocol):
    """The way to the broker behind the radio link. It answers by calling the modem, at once or later."""

    def open(self, at: int) -> None:
        """Begin a connection; then call opened() or lost()."""

    def send(self, message: Message, at: int) -> None:
        """Take a message; then call acknowledged() or lost()."""

    def cut(self, at: int) -> None:
        """Drop the connection without a word, if there is one."""


class Modem:
    """Brings a memory's messages to the uplink until each is acknowledged.

    step() is called at each instant that next_at() names, in order of time. What is new in the memory, in the radio
    and in `on` makes next_at() name an instant that is past.
    """

    uplink: Uplink  # set before the first step

    def __init__(
        self,
        station: str,
        memory: Memory,
        radio: Radio,
        settings: LinkSettings,
        *,
        dice: Dice,
        size: Callable[[Message], int],
        patience_ms: int = 0,
    ) -> None:
        """`size` gives a message's payload in bytes. No answer is waited for less than `patience_ms`."""
        self.on = True  # follows the logger's power
        self.trouble: str | None = None  # why the uplink ended a connection the last time
        self.connections = 0  # that came to be, so far
        self._station, self._memory, self._radio, self._settings = station, memory, radio, settings
        self._dice, self._size = dice, size
        self._timeout_ms = max(milliseconds(settings.ack_timeout_s), patience_ms)
        self._powered = self._may_begin = True
        self._link = radio.state(0)
        self._phase: Phase = "idle"
        self._now, self._due = 0, NEVER
        self._timer_at = NEVER  # the end of the pause or the rest, or of the patience
        self._failures = 0  # tries in a row that brought no acknowledgement
        self._held = 0  # messages in the memory when the rest began
        self._active_at = -AWAKE_MS
        # Of the connection. None asks for it, and grants it.
        self._up: Way[Message | None] = Way(settings, dice)
        self._down: Way[int | None] = Way(settings, dice)
        self._patience: dict[int, int] = {}  # by message number: when it ends; the oldest first
        self._free_at = 0  # the transmitter is done with what it has
        self._told: list[Happening] = []  # what the uplink said between two steps

    def next_at(self) -> int:
        """Return the next instant at which step() has something to do; NEVER when nothing is planned."""
        if self._told or self.on != self._powered:
            return self._now
        if self._may_begin and self._memory.following() is not None:
            return self._now
        if self._phase == "resting" and len(self._memory) != self._held:
            return self._now  # the next report
        change_at = self._radio.next_change()
        return change_at if change_at < self._due else self._due

    def step(self, at: int) -> list[Happening]:
        """Do what is due up to an instant: transmit, receive, give up, try again. Return what happened."""
        self._now = at
        happenings: list[Happening] = []
        while True:
            happenings += self._told
            self._told = []
            self._move(at, happenings)
            self._settle()
            if self.next_at() > at:
                return happenings

    def opened(self, at: int) -> None:
        """Take in that the connection stands, at the uplink's end."""
        if self._phase == "opening":
            self._down.carry(None, at)
            self._settle()

    def acknowledged(self, number: int, at: int) -> None:
        """Take in that the uplink has acknowledged the message with this number."""
        if number in self._patience:
            self._down.carry(number, at)
            self._settle()

    def lost(self, at: int, why: str) -> None:
        """Take in that the uplink's end of the connection is gone, or never came to be."""
        self.trouble = why
        self._told.append(Happening(at, self._station, "uplink_lost", {"why": why}))
        if self._down.passes:
            self._fail(at)
        else:
            self._up.silence()  # the station does not learn of it
        self._settle()

    def _settle(self) -> None:
        """Note what next_at() is to answer, as long as nothing is new."""
        phase, room = self._phase, len(self._patience) < self._settings.in_flight_max
        self._may_begin = self._powered and ((phase == "open" and room) or phase == "idle")
        self._due = min(self._timer_at, self._up.due, self._down.due)

    def _move(self, at: int, happenings: list[Happening]) -> None:
        if self.on != self._powered:
            self._switch(at)
        if self._radio.next_change() <= at:
            self._follow_link(at, happenings)
        while self._down.due <= at:
            self._receive(self._down.arrival(), at, happenings)
        while self._up.due <= at:
            self._deliver(self._up.arrival(), at, happenings)
        if self._timer_at <= at:
            self._time_is_up(at)
        elif self._phase == "resting":
            if len(self._memory) != self._held:
                self._open(at)
        elif self._may_begin and self._memory.following() is not None:
            if self._phase == "idle":
                self._open(at)
            elif self._phase == "open":
                self._transmit(at)

    def _time_is_up(self, at: int) -> None:
        if self._phase in ("opening", "open"):
            self.uplink.cut(at)
            self._fail(at)
        else:
            self._open(at)

    def _switch(self, at: int) -> None:
        self._powered = self.on
        if self._phase in ("opening", "open"):
            self.uplink.cut(at)
        self._forget()
        self._phase, self._timer_at, self._failures, self._active_at = "idle", NEVER, 0, at - AWAKE_MS
        self._settle()

    def _follow_link(self, at: int, happenings: list[Happening]) -> None:
        state = self._radio.state(at)
        if state == self._link:
            return
        self._link = state
        happenings.append(Happening(at, self._station, "link", {"state": state}))
        if self._phase not in ("opening", "open"):
            return
        if state == "down":
            self.uplink.cut(at)
            self._fail(at)
        else:
            self._up.silence()
            self._down.silence()

    def _open(self, at: int) -> None:
        if self._link == "down":
            self._fail(at)
            return
        begins_at = at + self._waking_ms(at)
        self._phase, self._timer_at = "opening", begins_at + self._timeout_ms
        self._active_at = self._free_at = begins_at
        self._up.begin(passes=self._link == "up")
        self._down.begin(passes=self._link == "up")
        self._up.carry(None, begins_at, ways=CONNECT_WAYS)

    def _transmit(self, at: int) -> None:
        message = self._memory.following()
        assert message is not None, "it was there just now"
        self._memory.taken(message)
        lasting_ms = milliseconds((self._size(message) + OVERHEAD_BYTES) / self._settings.bytes_per_s)
        self._free_at = max(at + self._waking_ms(at), self._free_at) + lasting_ms
        self._up.carry(message, self._free_at)
        self._patience[message.number] = self._free_at + self._timeout_ms
        self._timer_at = min(self._timer_at, self._free_at + self._timeout_ms)
        if self._settings.duplicate_share and self._dice.chance(self._settings.duplicate_share):
            self._free_at += lasting_ms
            self._up.carry(message, self._free_at)
        self._active_at = self._free_at

    def _waking_ms(self, at: int) -> int:
        if at - self._active_at < AWAKE_MS:
            return 0
        return milliseconds(self._dice.between(self._settings.wake_min_s, self._settings.wake_max_s))

    def _deliver(self, message: Message | None, at: int, happenings: list[Happening]) -> None:
        if message is None:
            self.uplink.open(at)
            return
        facts = {"number": message.number, "seq": message.seq}
        happenings.append(Happening(at, self._station, "publish", facts))
        self.uplink.send(message, at)

    def _receive(self, number: int | None, at: int, happenings: list[Happening]) -> None:
        self._active_at = max(self._active_at, at)
        if number is None:
            self._phase, self._timer_at = "open", NEVER
            self.connections += 1
            return
        self._failures = 0
        self._patience.pop(number, None)
        self._timer_at = next(iter(self._patience.values()), NEVER)
        message = self._memory.acknowledged(number)
        if message is not None:
            facts = {"number": number, "seq": message.seq}
            happenings.append(Happening(at, self._station, "puback", facts))

    def _fail(self, at: int) -> None:
        """End a try, and plan the next."""
        self._forget()
        self._failures += 1
        settings, dice = self._settings, self._dice
        if settings.repeats_max is not None and self._failures > settings.repeats_max:
            self._phase, self._failures, self._held = "resting", 0, len(self._memory)
            self._timer_at = at + max(1, milliseconds(settings.rest_s))
        else:
            longest_s = min(settings.retry_max_s, settings.retry_min_s * 2.0 ** min(self._failures, DOUBLINGS_MAX))
            self._phase = "pausing"
            self._timer_at = at + max(1, milliseconds(dice.between(settings.retry_min_s, longest_s)))

    def _forget(self) -> None:
        """Let go of the connection: what was under way is lost, what was in flight waits again."""
        self._up.silence()
        self._down.silence()
        self._patience.clear()
        self._memory.back()
