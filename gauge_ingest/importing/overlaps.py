"""Where a plan meets what the journal has: a station's own record, which is never mixed, and earlier imports."""

from collections.abc import Mapping
from typing import NamedTuple

from gauge_ingest.importing.plan import Plan
from gauge_ingest.journal import Reader
from gauge_ingest.journal.imported import Clash, Fell, unknown


class Overlap(NamedTuple):
    """Rows of a station that speak for a time that is spoken for: `by` its own record or an earlier import."""

    station: str
    by: str
    rows: int
    since: int
    until: int


def own_record_begins(reader: Reader, station: str) -> int | None:
    """When a station's own record begins; None where it has none."""
    number = reader.number(station)
    return None if number is None else reader.first_observed_at(number)


def overlaps(reader: Reader, plan: Plan) -> list[Overlap]:
    """Every overlap, station by station."""
    found: list[Overlap] = []
    for station, fell in plan.fell.items():
        begins = own_record_begins(reader, station)
        behind = [] if begins is None else [one for one in fell if one.until >= begins]
        if behind:
            found.append(Overlap(station, "readings", len(behind), behind[0].since, behind[-1].until))
        other = _other(reader, station, fell)
        if other:
            found.append(Overlap(station, "imported", len(other), other[0].since, other[-1].until))
    return found


def without_own_record(reader: Reader, plan: Plan) -> None:
    """Leave out of a plan what lies in or behind a station's own record."""
    for station, fell in list(plan.fell.items()):
        begins = own_record_begins(reader, station)
        kept = fell if begins is None else [one for one in fell if one.until < begins]
        plan.fell[station] = kept
        if not kept:
            del plan.fell[station]


def fresh(reader: Reader, plan: Plan) -> Mapping[str, int]:
    """Of each station how many rows the journal does not have yet."""
    found = {}
    for station, fell in plan.fell.items():
        known = _known(reader, station, fell)
        found[station] = sum(one[:3] not in known for one in fell)
    return found


def _other(reader: Reader, station: str, fell: list[Fell]) -> list[Fell]:
    """Rows that an earlier import tells otherwise."""
    known = _known(reader, station, fell)
    if not known:
        return []
    try:
        unknown(fell, sorted(known))
    except Clash:
        first, last = min(one[0] for one in known), max(one[1] for one in known)
        return [one for one in fell if one[:3] not in known and one.until > first and one.since < last]
    return []


def _known(reader: Reader, station: str, fell: list[Fell]) -> set[tuple[int, int, int]]:
    number = reader.number(station)
    if number is None:
        return set()
    return set(reader.imported.between(number, since=fell[0].since, until=fell[-1].until))
