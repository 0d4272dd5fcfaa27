"""What was flagged along time, in slots of one length: rain, doubted rain, and the gravest outcome of each check."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gauge_ingest.core.model import DAY_MS, MINUTE_MS
from gauge_ingest.core.quality.verdicts import Check, Outcome

# A course has at most so many slots, however long it is.
SLOTS_MAX = 1_500
# Lengths that people think in; a day, and all that divides it, ends where windows of history end.
LENGTHS_MIN = (5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1_440, 2_880, 4_320, 5_760, 10_080, 20_160, 40_320)


@dataclass(frozen=True, slots=True)
class Course:
    """Slots of `slot_ms` from `first_at` on, each (since, until]. Rain stands in the slot in which its reading ended.

    `heard`: whether reports speak for any of a slot; `outcomes`: of each check the gravest outcome, one byte a slot.
    """

    first_at: int
    slot_ms: int
    heard: bytes
    rain_um: tuple[int, ...]
    doubted_um: tuple[int, ...]
    outcomes: Mapping[Check, bytes]

    @property
    def until(self) -> int:
        """The end of the last slot."""
        return self.first_at + len(self.heard) * self.slot_ms

    def squeezed(self, slots_max: int) -> "Course":
        """The same in at most so many slots, of a length that people think in where there is one."""
        slot_ms = _slot_ms(self.first_at, self.until, slots_max=slots_max, unit_ms=self.slot_ms)
        first_at = self.first_at // slot_ms * slot_ms
        ahead, size = (self.first_at - first_at) // self.slot_ms, slot_ms // self.slot_ms
        parts = [slice(max(0, begin), begin + size) for begin in range(-ahead, len(self.heard), size)]
        return Course(
            first_at,
            slot_ms,
            bytes(max(self.heard[part]) for part in parts),
            tuple(sum(self.rain_um[part]) for part in parts),
            tuple(sum(self.doubted_um[part]) for part in parts),
            {check: bytes(max(lane[part]) for part in parts) for check, lane in self.outcomes.items()},
        )

    def runs(self, check: Check) -> Iterator[tuple[int, int, Outcome]]:
        """Stretches (since, until] of slots with one outcome that a check did not pass, in order."""
        lane = self.outcomes[check]
        begin = 0
        for place in range(1, len(lane) + 1):
            if place < len(lane) and lane[place] == lane[begin]:
                continue
            if lane[begin] >= Outcome.SUSPECT:
                yield self._begins(begin), self._begins(place), Outcome(lane[begin])
            begin = place

    def silences(self) -> Iterator[tuple[int, int]]:
        """Stretches (since, until] of slots that no report speaks for, in order."""
        begin: int | None = None
        for place, heard in enumerate([*self.heard, 1]):
            if not heard and begin is None:
                begin = place
            elif heard and begin is not None:
                yield self._begins(begin), self._begins(place)
                begin = None

    def _begins(self, place: int) -> int:
        return self.first_at + place * self.slot_ms


class CourseRecord:
    """A course while readings pass, in order of time."""

    def __init__(self, *, since: int, until: int) -> None:
        self._slot_ms = _slot_ms(since, until, slots_max=SLOTS_MAX, unit_ms=None)
        self._first_at = since // self._slot_ms * self._slot_ms
        self._number = _number(since, until, self._slot_ms)
        self._heard = bytearray(self._number)
        self._rain_um = [0] * self._number
        self._doubted_um = [0] * self._number
        self._lanes: dict[Check, bytearray] = {}
        self.heard_until = since  # up to where a report that follows the last one changes nothing

    def hear(self, since: int, until: int) -> None:
        """A report speaks for (since, until]."""
        first, last = self._places(since, until)
        self._heard[first : last + 1] = b"\x01" * (last + 1 - first)
        self.heard_until = self._first_at + (last + 1) * self._slot_ms

    def rain(self, at: int, rain_um: int, *, doubted: bool) -> None:
        """Rain of a reading that ended at an instant."""
        place = self._places(at, at)[1]
        self._rain_um[place] += rain_um
        if doubted:
            self._doubted_um[place] += rain_um

    def flag(self, check: Check, since: int, until: int, outcome: Outcome) -> None:
        """A check did not pass a reading over (since, until]."""
        lane = self._lanes.get(check)
        if lane is None:
            lane = self._lanes[check] = bytearray(self._number)
        first, last = self._places(since, until)
        for place in range(first, last + 1):
            lane[place] = max(lane[place], outcome)

    def course(self) -> Course:
        """What has passed."""
        return Course(
            self._first_at,
            self._slot_ms,
            bytes(self._heard),
            tuple(self._rain_um),
            tuple(self._doubted_um),
            {check: bytes(lane) for check, lane in self._lanes.items()},
        )

    def _places(self, since: int, until: int) -> tuple[int, int]:
        """The first and the last slot that (since, until] touches, within the course."""
        last = min((until - 1 - self._first_at) // self._slot_ms, self._number - 1)
        return max(0, min((since - self._first_at) // self._slot_ms, last)), last


def _slot_ms(since: int, until: int, *, slots_max: int, unit_ms: int | None) -> int:
    """The shortest length that needs at most so many slots, a multiple of a unit if one is given."""
    for minutes in LENGTHS_MIN:
        slot_ms = minutes * MINUTE_MS
        if slot_ms % (unit_ms or 1) == 0 and _number(since, until, slot_ms) <= slots_max:
            return slot_ms
    unit_ms = unit_ms or DAY_MS
    least_ms = -(-(until - since) // max(1, slots_max - 1))
    return -(-least_ms // unit_ms) * unit_ms


def _number(since: int, until: int, slot_ms: int) -> int:
    return -(-until // slot_ms) - since // slot_ms
