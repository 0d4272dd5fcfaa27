"""What one station's side says: its water, its pulses, its readings and messages, from the events of the truth file.

Pulses are counted anew from the events, one by one. That is the measure for everything that follows: of each reading
it is known how many pulses of this run had gone into the count by then, whatever the count itself shows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from gauge_ingest.account.truth import Event, Truth, TruthRefused

TEST = "test"
HOURLY = "hourly"
_WHYS = ("memory_full", "memory_lost")


class Fate(IntEnum):
    """How far a message came at its station; of a reading, the furthest of the messages that carry it."""

    MEMORY_LOST = 0
    MEMORY_FULL = 1
    IN_NO_MESSAGE = 2
    NOT_SENT = 3
    NOT_ACKNOWLEDGED = 4  # sent once at least, and still held
    ACKNOWLEDGED = 5


class Made(NamedTuple):
    """A reading that a station made; `counted` pulses of this run had gone into the count by then."""

    number: int  # among the station's readings, from 0
    line: int
    at: int
    claimed_at: int
    shown: int  # the count
    is_test: bool
    counted: int
    due: int  # the count that it should show, before any modulus


class Lost(NamedTuple):
    """A restart at which the count was lost."""

    before: int  # the number of the first reading after it
    counted: int  # pulses of this run up to it
    lost: int  # of these, the last ones that were in no reading yet


class Water(NamedTuple):
    """Where the water is, in mm over the orifice."""

    fell_mm: float
    overflowed_mm: float
    evaporated_mm: float
    lost_turning_mm: float
    snow_held_mm: float
    funnel_held_mm: float
    residue_mm: float
    tipped_mm: float

    @property
    def caught_mm(self) -> float:
        """What reached the bucket and stayed."""
        gone_mm = self.overflowed_mm + self.evaporated_mm + self.lost_turning_mm
        return self.fell_mm - gone_mm - self.snow_held_mm - self.funnel_held_mm

    @property
    def unexplained_mm(self) -> float:
        """What the gauge itself cannot account for: 0 but for rounding."""
        return self.caught_mm - self.residue_mm - self.tipped_mm


@dataclass(slots=True)
class Message:
    """A message that a station made, and the numbers of the readings in it as far as the truth tells."""

    number: int
    seq: int
    boot: int | None
    sent_at: int | None
    readings: Sequence[int]
    sent: int = 0  # how often
    first_sent_at: int = 0
    last_sent_at: int = 0  # before it was acknowledged
    fate: Fate = Fate.NOT_SENT


class Disagreement(NamedTuple):
    """The first reading of which the truth says another number of pulses than its events make."""

    reading: Made
    told: int


@dataclass(slots=True)
class StationSide:
    """Everything that the truth file says of one station. `counted` is of the whole run."""

    station: str
    bucket_depth_mm: float | None = None
    water: Water | None = None
    tipped_at: list[int] = field(default_factory=list)  # turns by rain
    poured: int = 0  # turns by hand
    pulses: Counter[str] = field(default_factory=Counter)  # pulses that no turn made, by cause
    missed: Counter[str] = field(default_factory=Counter)  # turns and pulses that were not counted, by cause
    left_out: int = 0  # pulses of a test, which the logger forgets at its end
    counted: int = 0
    readings: list[Made] = field(default_factory=list)
    losses: list[Lost] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    fates: list[Fate] = field(default_factory=list)  # of each reading
    disagreement: Disagreement | None = None
    uplink_lost_at: list[int] = field(default_factory=list)  # the broker's end of the connection was gone


def station_side(truth: Truth, station: str) -> StationSide:
    """What happened at a station; TruthRefused where an event names what was never made."""
    walk = _Walk(truth, station)
    for event in truth.events[station]:
        walk.take(event)
    return walk.finish()


class _Walk:
    """Goes through the events in order."""

    def __init__(self, truth: Truth, station: str) -> None:
        self._truth = truth
        self._side = StationSide(station)
        self._waiting: list[int] = []  # readings that are in no message yet
        self._in_test: int | None = None  # pulses since a test began, None without one
        self._base = 0  # what a count shows beyond the pulses of this run, once it was lost; before, as most show

    def take(self, event: Event) -> None:
        """One more event."""
        side, facts = self._side, event.facts
        match event.name:
            case "tip":
                if facts.get("service"):
                    side.poured += 1
                else:
                    side.tipped_at.append(event.at)
                self._count(1)
            case "pulse":
                side.pulses[facts["cause"]] += 1
                self._count(1)
            case "missed":
                side.missed[facts["cause"]] += 1
                self._count(-1)
            case "reading":
                self._reading(event)
            case "message":
                self._message(event)
            case "publish" | "puback" | "dropped":
                self._sent(event)
            case "uplink_lost":
                side.uplink_lost_at.append(event.at)
            case "restart" | "count_reset":
                self._restart(event)
            case "visit":
                self._visit(facts)
            case "balance":
                side.bucket_depth_mm = facts["bucket_depth_mm"]
                side.water = Water(**{name: float(facts[name]) for name in Water._fields})

    def finish(self) -> StationSide:
        """What is left to say at the end."""
        side = self._side
        side.fates = [Fate.IN_NO_MESSAGE] * len(side.readings)
        for message in side.messages.values():
            for number in message.readings:
                known = side.fates[number]
                side.fates[number] = message.fate if known is Fate.IN_NO_MESSAGE else max(known, message.fate)
        first = side.losses[0].before if side.losses else len(side.readings)
        shift = _usual_shift(side.readings[:first])
        side.readings[:first] = [made._replace(due=made.due + shift) for made in side.readings[:first]]
        return side

    def _count(self, pulses: int) -> None:
        self._side.counted += pulses
        if self._in_test is not None:
            self._in_test += pulses

    def _reading(self, event: Event) -> None:
        side, facts = self._side, event.facts
        number = len(side.readings)
        claimed_at, count, is_test = facts["observed_at"], facts["count"], facts["kind"] == TEST
        due = self._base + side.counted
        made = Made(number, event.line, event.at, claimed_at, count, is_test, side.counted, due)
        side.readings.append(made)
        self._waiting.append(number)
        told = facts.get("counted")
        if told is not None and told != side.counted and self._in_test is None and side.disagreement is None:
            side.disagreement = Disagreement(made, told)

    def _message(self, event: Event) -> None:
        facts, waiting = event.facts, self._waiting
        numbers: Sequence[int] = ()
        if facts["kind"] != HOURLY and waiting:  # otherwise readings that were in a message before
            numbers = waiting[max(0, len(waiting) - facts["readings"]) :]
            if len(numbers) == len(waiting):
                self._waiting = []
        self._side.messages[facts["number"]] = Message(
            facts["number"], facts["seq"], facts.get("boot"), facts.get("sent_at"), numbers
        )

    def _sent(self, event: Event) -> None:
        message = self._side.messages.get(event.facts["number"])
        if message is None:
            raise self._wrong(event, f"{event.name}: message {event.facts['number']} was never made")
        if event.name == "publish":
            message.sent += 1
            message.first_sent_at = message.first_sent_at or event.at
            if message.fate is not Fate.ACKNOWLEDGED:
                message.last_sent_at = event.at
            if message.fate is Fate.NOT_SENT:  # what was lost from the memory may still be in the air
                message.fate = Fate.NOT_ACKNOWLEDGED
        elif event.name == "puback":
            message.fate = Fate.ACKNOWLEDGED
        elif event.facts["why"] in _WHYS:
            message.fate = Fate[event.facts["why"].upper()]
        else:
            raise self._wrong(event, f"dropped: why: must be one of {', '.join(_WHYS)}, is {event.facts['why']!r}")

    def _restart(self, event: Event) -> None:
        facts, side = event.facts, self._side
        lost = facts["counted_lost"]
        if event.name == "count_reset" or facts.get("loses_count", lost > 0):
            counted = side.counted - (self._in_test or 0)  # what a test shows is kept apart from the count
            side.losses.append(Lost(len(side.readings), counted, lost))
            self._base = -counted

    def _visit(self, facts: Mapping[str, Any]) -> None:
        if facts["begins"]:
            self._in_test = 0 if facts.get("as_test") else None
            return
        self._in_test = None
        self._side.left_out += facts.get("left_out", 0)
        self._side.counted -= facts.get("left_out", 0)

    def _wrong(self, event: Event, what: str) -> TruthRefused:
        return TruthRefused(f"{self._truth.path}:{event.line}: {what}")


def _usual_shift(readings: Sequence[Made]) -> int:
    """What counts that were never lost show beyond the pulses of this run: what most of them agree on."""
    shifts = Counter(made.shown - made.counted for made in readings)
    return shifts.most_common(1)[0][0] if shifts else 0
