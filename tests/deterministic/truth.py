"""What the world knows: every reading with the pulses counted by then, and what must become of every message."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from simulator.values import DAY_MS, SECOND_MS, Happening, Message, Reading
from tests.deterministic.days import MODULUS

TOO_OLD_MS = 390 * DAY_MS  # claims from before are refused, whatever the day


class Fact(NamedTuple):
    """A reading as a station claims it; what must be refused goes to quarantine under its place in the message."""

    station: str
    claimed_at: int
    shown: int
    test: bool
    place: int
    refused: bool


class Sent(NamedTuple):
    """A message that somebody publishes, and what must become of it."""

    topic: str
    payload: bytes
    facts: tuple[Fact, ...]
    undecodable: bool = False
    stranger: bool = False


class _Restart(NamedTuple):
    at: int
    counted: int
    at_zero: bool


class Truth:
    """Fed with everything that happens in the world."""

    def __init__(self, start_at: int) -> None:
        self._start_at = start_at
        self._readings: dict[str, dict[tuple[int, int], Reading]] = defaultdict(dict)
        self._counted: dict[str, int] = defaultdict(int)
        self._struck: set[str] = set()
        self._restarts: dict[str, list[_Restart]] = defaultdict(list)

    def take(self, happenings: Iterable[Happening]) -> list[str]:
        """Take note; the names of faults among what happened."""
        met: list[str] = []
        for at, station, event, facts in happenings:
            if event == "reading":
                reading = facts["reading"]
                assert isinstance(reading, Reading)
                self._counted[station] = reading.counted
                if reading.kind != "test":
                    self._readings[station].setdefault((reading.observed_s, reading.count), reading)
            elif event == "restart":
                met.append("station restarts" if not facts["loses_count"] else "station restarts at zero")
                lost = facts["counted_lost"]
                assert isinstance(lost, int)
                counted = self._counted[station] + lost
                self._restarts[station].append(_Restart(at, counted, at_zero=bool(facts["loses_count"])))
            elif event == "pulse" and facts["cause"] == "lightning":
                self._struck.add(station)
            elif event == "incident":
                met.append(f"station: {facts['what']}")
            elif event == "dropped":
                met.append("station drops a message")
            elif event == "link":
                met.append(f"link {facts['state']}")
            elif event == "clock":
                met.append("station clock is set")
        return met

    def sent(self, message: Message, topic: str, payload: bytes) -> Sent:
        """What must become of a station's message."""
        facts = tuple(
            Fact(
                message.station,
                reading.observed_s * SECOND_MS,
                reading.count,
                reading.kind == "test",
                place,
                reading.count >= MODULUS or reading.observed_s * SECOND_MS < self._start_at - TOO_OLD_MS,
            )
            for place, reading in enumerate(message.readings)
        )
        return Sent(topic, payload, facts)

    def tips(self, station: str, kept: Iterable[tuple[int, int]]) -> int | None:
        """The pulses counted between the first and the last of the readings (claimed_at, count) that were kept.

        What a counter had counted and nobody had read when it restarted at zero is gone, and is not asked for. None
        where the readings that were kept cannot tell: whether a count fell over its modulus or in a restart, whether
        it began anew and has passed the old one since, or whether lightning has tipped faster than rain can.
        """
        if station in self._struck:
            return None
        known = self._readings[station]
        found = sorted((known[claimed_at // SECOND_MS, count] for claimed_at, count in kept), key=_made)
        tips = 0
        for before, after in pairwise(found):
            between = [one for one in self._restarts[station] if before.made_at < one.at <= after.made_at]
            at_zero = [one.counted for one in between if one.at_zero]
            tips += after.counted - (at_zero[-1] if at_zero else before.counted)
            if between and (after.count < before.count) is not bool(at_zero):
                return None
        return tips


def _made(reading: Reading) -> tuple[int, int]:
    return reading.made_at, reading.counted
