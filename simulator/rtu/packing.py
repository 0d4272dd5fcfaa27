"""Makes messages of readings, numbers them, and hands them to the memory. A message never changes after that.

A message is made when its reading is made. Only a firmware that packs lets a reading wait while several messages are
still to be sent, until twelve are together or until a reading finds the memory cleared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from simulator.rtu.memory import Memory
from simulator.rtu.settings import SEQ_MODULUS, RtuSettings
from simulator.values import Happening, Kind, Message, Reading

READINGS_MAX = 12  # in a message
PACKS_FROM = 2  # messages that wait to be sent
HOUR_S = 3600
SLOT_S = HOUR_S // READINGS_MAX  # of an hourly report: twelve amounts of five minutes (SL 651, element F4)


class Packer:
    """The messages of one station. `number` is how many it has made in this run."""

    def __init__(self, station: str, settings: RtuSettings, memory: Memory, *, boot: int) -> None:
        self.boot = boot
        self.number = 0
        self._station = station
        self._packs = settings.packs
        self._counts_boots = settings.counts_boots
        self._memory = memory
        self._seq = settings.first_seq
        self._unsent: list[Reading] = []
        self._hour: deque[Reading] = deque(maxlen=READINGS_MAX)

    def add(self, reading: Reading, at: int, *, last: bool = False) -> list[Happening]:
        """Send a reading, or let it wait for others; the last one of a run finds room in any memory."""
        if not self._packs:
            return self.send((reading,), reading.kind, at, reading.observed_s, always=last)
        self._unsent.append(reading)
        if not last and len(self._unsent) < READINGS_MAX and self._memory.waiting >= PACKS_FROM:
            return []
        return self.flush(at, reading.observed_s, always=last)

    def flush(self, at: int, sent_s: int, *, always: bool = False) -> list[Happening]:
        """Make a message of the readings that wait, if any do."""
        if not self._unsent:
            return []
        readings, self._unsent = self._unsent, []
        return self.send(readings, readings[-1].kind, at, sent_s, always=always)

    def send(
        self, readings: Sequence[Reading], kind: Kind, at: int, sent_s: int, *, always: bool = False
    ) -> list[Happening]:
        """Make a message of these readings and hold it; return it, and what was lost for it."""
        seq, self._seq = self._seq, (self._seq + 1) % SEQ_MODULUS
        self.number += 1
        message = Message(self._station, seq, self.boot, sent_s, tuple(readings), kind, self.number)
        happenings = [Happening(at, self._station, "message", {"message": message})]
        lost = self._memory.hold(message, always=always)
        if lost is not None:
            happenings.append(self._dropped(lost, at, "memory_full"))
        return happenings

    def remember(self, reading: Reading, *, every_s: int) -> None:
        """Keep a timed reading for the hourly report: the first of each five minutes."""
        if reading.observed_s % SLOT_S < every_s:
            self._hour.append(reading)

    def hourly(self, at: int, observed_s: int) -> list[Happening]:
        """Send the readings of the hour that ends with this second once more, in one message."""
        readings = [one for one in self._hour if observed_s - HOUR_S < one.observed_s <= observed_s]
        return self.send(readings, "hourly", at, observed_s) if readings else []

    def lose(self, at: int, sent_s: int) -> list[Happening]:
        """Lose everything that nobody has acknowledged, readings that wait included."""
        happenings = self.flush(at, sent_s)
        return [*happenings, *(self._dropped(lost, at, "memory_lost") for lost in self._memory.empty())]

    def begin_boot(self, *, first_seq: int | None) -> None:
        """Number on after a restart, or from `first_seq`; the hour so far belongs to the boot before."""
        assert not self._unsent, "readings belong to the boot that made them"
        if self._counts_boots:
            self.boot += 1
        if first_seq is not None:
            self._seq = first_seq
        self._hour.clear()

    def _dropped(self, lost: Message, at: int, why: str) -> Happening:
        return Happening(at, self._station, "dropped", {"number": lost.number, "seq": lost.seq, "why": why})
