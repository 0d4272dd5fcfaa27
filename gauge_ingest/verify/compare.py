"""Two sets of points beside each other."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.stores.points import Fields, Place, Points

NS_PER_MS = 1_000_000


class Kind(StrEnum):
    """How a point differs."""

    MISSING = "missing"  # the journal has it, InfluxDB does not
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # InfluxDB has it, the journal does not


class Difference(NamedTuple):
    """A point that is not the same on both sides: all of its fields as the journal has them, and as they are stored.

    Points of one `run` have none between them that is the same on both sides.
    """

    kind: Kind
    place: Place
    journal: Fields
    stored: Fields
    run: int

    @property
    def at(self) -> int:
        """The instant, in milliseconds since 1970."""
        return self.place.at_ns // NS_PER_MS

    @property
    def content(self) -> tuple[Kind, Place, Fields, Fields]:
        """What differs and how, whatever stands beside it."""
        return self.kind, self.place, self.journal, self.stored

    @property
    def has_more(self) -> bool:
        """Whether InfluxDB has something here that writing the point again does not replace."""
        return bool(self.stored.keys() - self.journal.keys())

    def differing(self, fields: Fields) -> Fields:
        """Of either side the fields that differ."""
        names = self.journal.keys() | self.stored.keys()
        differ = {name for name in names if self.journal.get(name) != self.stored.get(name)}
        return {name: value for name, value in fields.items() if name in differ}


def differences(expected: Points, stored: Points) -> Iterator[Difference]:
    """Every point that is missing, different or unknown; series by series, in order of time."""
    run = 0
    for place in sorted(expected.keys() | stored.keys()):
        ours, theirs = expected.get(place), stored.get(place)
        if ours == theirs:
            run += 1
        elif theirs is None:
            yield Difference(Kind.MISSING, place, ours or {}, {}, run)
        else:
            yield Difference(Kind.UNKNOWN if ours is None else Kind.DIFFERENT, place, ours or {}, theirs, run)
