"""What the tests of the quality checks start from: readings, a case of a table, and what the checks make of it.

A case is a few readings and, for one check, a letter for each of them as it stands in the end: P passed, S suspect,
F failed, a point where nothing was checked.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from gauge_ingest.core.quality.checks import Gauge, StationChecks, link
from gauge_ingest.core.quality.seen import Mark, Said, Seen
from gauge_ingest.core.quality.settings import DEFAULTS, QualitySettings
from gauge_ingest.core.quality.verdicts import Check, Outcome
from tests.worlds import MINUTE, T0

BUCKET_UM = 500
GAUGE = Gauge(BUCKET_UM, report_every_ms=5 * MINUTE, gap_after_ms=750_000)
LETTERS = {Outcome.NOT_CHECKED: ".", Outcome.PASSED: "P", Outcome.SUSPECT: "S", Outcome.FAILED: "F"}
MS = 1 / MINUTE  # in minutes
HOUR_MIN = 60
DAY_MIN = 1_440


class Case(NamedTuple):
    """Readings of a station and of its neighbours, and what a check says of those of the station in the end."""

    name: str
    readings: Sequence[Seen]
    outcomes: str
    reason: str | None = None  # within the reason for the last reading; "": it has none
    settings: QualitySettings = DEFAULTS
    gauge: Gauge = GAUGE  # its neighbours have GAUGE
    around: Sequence[Sequence[Seen]] = ()


def reading(minute: float, rain_mm: float = 0.0, *, span_min: float = 5.0, **told: Any) -> Seen:
    """A reading that ends so many minutes after T0."""
    until = T0 + round(minute * MINUTE)
    rain_um = round(rain_mm * 1000)
    tips = told.pop("tips", rain_um // BUCKET_UM)
    return Seen(until - round(span_min * MINUTE), until, rain_um, tips, **told)


def steps(*rain_mm: float, first: float = 0.0, every_min: float = 5.0, **told: Any) -> list[Seen]:
    """Readings without a break, the first of them ends at minute `first`."""
    return [reading(first + at * every_min, mm, span_min=every_min, **told) for at, mm in enumerate(rain_mm)]


def take(checks: StationChecks, seen: Seen) -> list[Said]:
    """What every check says of the next reading."""
    checks.hear(seen)
    return checks.take(seen)


def apply(marks: Iterable[Mark], told: Sequence[tuple[Seen, list[Said]]]) -> None:
    """Put marks on the wet readings that they are meant for; what failed stays failed."""
    for mark in marks:
        for seen, said in told:
            if seen.rain_um and mark.since < seen.until <= mark.until and said[mark.check].outcome != Outcome.FAILED:
                said[mark.check] = mark.said


def told_of(case: Case) -> list[list[Said]]:
    """What every check says in the end of each reading of the case's station."""
    checks = [StationChecks(gauge, case.settings) for gauge in (case.gauge, *(GAUGE for _ in case.around))]
    link(checks, [list(range(1, len(checks)))])
    stations = [case.readings, *case.around]
    order = sorted((seen.until, place, seen) for place, readings in enumerate(stations) for seen in readings)
    told: list[tuple[Seen, list[Said]]] = []
    for _, place, seen in order:
        said = take(checks[place], seen)
        if place == 0:
            told.append((seen, said))
            apply(checks[0].marks, told)
            checks[0].marks.clear()
    return [said for _, said in told]


def hold(check: Check, case: Case) -> None:
    """Assert what a case says."""
    found = [said[check] for said in told_of(case)]

    assert "".join(LETTERS[one.outcome] for one in found) == case.outcomes, found[-1]
    if case.reason is not None:
        assert case.reason in found[-1].reason
        assert case.reason or not found[-1].reason


def named(cases: Sequence[Case], name: str) -> Case:
    """The case of a name."""
    return next(case for case in cases if case.name == name)
