"""Each check broken on purpose, one at a time: a named case of its table notices.

Goal: a table that lets a broken check pass is no test of it. Method: one threshold, comparison or piece of memory of
the check is spoilt while the case runs, and the case must fail; without the fault it holds.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from gauge_ingest.core.model import DAY_MS, HOUR_MS
from gauge_ingest.core.quality import amount, neighbours, station
from gauge_ingest.core.quality.seen import PASSED, Said, Seen
from gauge_ingest.core.quality.verdicts import Check
from tests.core import test_quality_amount, test_quality_neighbours, test_quality_station
from tests.core.quality import Case, hold, named

CASES = {**test_quality_amount.TABLES, **test_quality_station.TABLES, **test_quality_neighbours.TABLES}


class Mutant(NamedTuple):
    """A fault in a check, and the case that notices it."""

    check: Check
    fault: str
    spoil: Callable[[], AbstractContextManager[Any]]
    case: str


def constant(module: object, name: str, value: object) -> Callable[[], AbstractContextManager[Any]]:
    """A constant of a module that is another."""
    return lambda: patch.object(module, name, value)


def blind(owner: type, without: dict[str, object]) -> Callable[[], AbstractContextManager[Any]]:
    """A check that takes each reading without something that was told."""
    take = vars(owner)["take"]

    def spoilt(self: object, seen: Seen, **more: object) -> Said:
        return take(self, seen._replace(**without), **more)  # type: ignore[no-any-return, arg-type]

    return lambda: patch.object(owner, "take", spoilt)


def at_the_bound(owner: type, name: str, by: float) -> Callable[[], AbstractContextManager[Any]]:
    """A threshold that is off by the least there is: what `<` would be in place of `<=`, or the other way round."""
    begin = vars(owner)["__init__"]

    def spoilt(self: object, *given: object, **more: object) -> None:
        begin(self, *given, **more)
        setattr(self, name, getattr(self, name) + by)

    return lambda: patch.object(owner, "__init__", spoilt)


def forgets(owner: type, name: str) -> Callable[[], AbstractContextManager[Any]]:
    """A check that has forgotten what it remembered of the readings before."""
    take = vars(owner)["take"]

    def spoilt(self: object, seen: Seen, **more: object) -> Said:
        setattr(self, name, None)
        return take(self, seen, **more)  # type: ignore[no-any-return]

    return lambda: patch.object(owner, "take", spoilt)


def gullible(self: object, seen: Seen, **more: object) -> Said:
    """A check to which everything is right."""
    del self, seen, more
    return PASSED


MUTANTS = [
    Mutant(
        Check.CLOCK,
        "needs a seventh late reading",
        constant(station, "BEHIND_READINGS", 7),
        "six readings ten minutes late",
    ),
    Mutant(
        Check.CLOCK,
        "late only above the bound",
        at_the_bound(station.Clock, "_behind_ms", 1),
        "six readings ten minutes late",
    ),
    Mutant(
        Check.CLOCK,
        "takes a backlog for a clock",
        constant(station, "BEHIND_APART_MS", 0),
        "less than a minute between two that come late",
    ),
    Mutant(
        Check.ARRIVAL,
        "does not see another count",
        blind(station.Arrival, {"rival": False}),
        "another count of the same time",
    ),
    Mutant(
        Check.ARRIVAL,
        "sees another count everywhere",
        blind(station.Arrival, {"rival": True}),
        "a reading half a day late",
    ),
    Mutant(
        Check.GAP,
        "passes across missing reports",
        lambda: patch.object(station.Gap, "take", gullible),
        "a sum over missing reports",
    ),
    Mutant(
        Check.GAP,
        "a gap from the bound on",
        at_the_bound(station.Gap, "_gap_after_ms", -1),
        "not quite two are missing",
    ),
    Mutant(
        Check.COUNTER,
        "passes whatever the counter did",
        lambda: patch.object(station.Counter, "take", gullible),
        "a counter that restarted",
    ),
    Mutant(
        Check.LIMITS,
        "forgives three tips",
        constant(amount, "SLACK_TIPS", 3),
        "three tips more than a gauge measures well",
    ),
    Mutant(
        Check.LIMITS,
        "forgives one tip only",
        constant(amount, "SLACK_TIPS", 1),
        "two tips more than a gauge measures well",
    ),
    Mutant(
        Check.CLIMATE,
        "months by universal time",
        constant(amount, "_LOCAL_MS", 0),
        "August begins at midnight in Beijing",
    ),
    Mutant(
        Check.CLIMATE,
        "looks at whole minutes only",
        constant(amount, "SLACK_SHARE", 0.0),
        "a minute and a tenth counts as one",
    ),
    Mutant(
        Check.TIPS, "double only below the bound", at_the_bound(amount.Tips, "_double_ms", -1), "a bounce after 1.1 s"
    ),
    Mutant(
        Check.TIPS,
        "fast only below the bound",
        at_the_bound(amount.Tips, "_fast_ms", -1),
        "twenty tips two seconds apart",
    ),
    Mutant(
        Check.TIPS, "joins two storms", constant(amount, "FAST_WITHIN_MS", 3 * HOUR_MS + 1), "fast tips of two storms"
    ),
    Mutant(
        Check.TIPS, "leaves the tips before", constant(amount, "AMONG_FAST", PASSED), "twenty tips two seconds apart"
    ),
    Mutant(
        Check.REPEATED,
        "takes two tips for many",
        constant(amount, "REPEATED_TIPS_MIN", 2),
        "thirty-five times two tips",
    ),
    Mutant(
        Check.REPEATED,
        "once too late",
        at_the_bound(amount.Repeated, "_times", 1),
        "twelve equal amounts are doubted from the first on",
    ),
    Mutant(
        Check.REPEATED,
        "marks without end",
        constant(amount, "RETRO_MS", 40 * DAY_MS),
        "large amounts within 30 days, marked for a day",
    ),
    Mutant(
        Check.ACCUMULATION, "long sums may not be larger", constant(amount, "GROWTH", 0.0), "a longer sum may be larger"
    ),
    Mutant(
        Check.ACCUMULATION,
        "forgets when it rained",
        forgets(amount.Accumulation, "_rained_at"),
        "12 mm after 23 hours without rain",
    ),
    Mutant(
        Check.ACCUMULATION,
        "takes two for sums of a day",
        constant(amount, "DAILY_TIMES", 2),
        "rain twice at one time of day",
    ),
    Mutant(
        Check.ACCUMULATION,
        "forgets the day before",
        forgets(amount.Accumulation, "_alone_at"),
        "rain at one time of day only",
    ),
    Mutant(
        Check.ACCUMULATION,
        "a dry day is a little shorter",
        constant(amount, "DAILY_DRY_MS", 20 * HOUR_MS - 1),
        "the first of three after not quite twenty",
    ),
    Mutant(
        Check.ACCUMULATION,
        "every gap is a whole one",
        constant(amount, "GAP_STEPS_MIN", 0),
        "a longer sum may be larger",
    ),
    Mutant(
        Check.ACCUMULATION,
        "a whole gap takes longer",
        constant(amount, "GAP_STEPS_MIN", 5.01),
        "6 mm of an hour after five hours without a report",
    ),
    Mutant(
        Check.DRY_SPELL,
        "long from the bound on",
        at_the_bound(neighbours.Dry, "_long_ms", -1),
        "sixty days without rain, and a little more",
    ),
    Mutant(
        Check.DRY_SPELL,
        "does not begin anew",
        constant(neighbours, "ANEW", frozenset()),
        "a counter that restarted begins anew",
    ),
    Mutant(
        Check.FAULTY_ZERO,
        "from the bound on",
        at_the_bound(neighbours.Dry, "_least_um", -1),
        "neighbours that had 3 mm",
    ),
    Mutant(Check.FAULTY_ZERO, "the dead count", constant(neighbours, "DEAD_OF", 5), "one of four is dead itself"),
    Mutant(
        Check.FAULTY_ZERO, "all must have it", constant(neighbours, "DRY_OF", 9), "one of four stayed dry by chance"
    ),
    Mutant(
        Check.FAULTY_ZERO,
        "half of them from the bound on",
        at_the_bound(neighbours.Dry, "_half_um", -1),
        "half of them had 4 mm",
    ),
    Mutant(
        Check.FAULTY_ZERO,
        "rain does not travel",
        constant(neighbours, "TRAVEL_MS", 0),
        "rain that was on its way and came is no fault",
    ),
    Mutant(
        Check.FAULTY_ZERO,
        "does not wait for the lag",
        at_the_bound(neighbours.Dry, "lag_ms", -1),
        "it does not count yet",
    ),
    Mutant(
        Check.FAULTY_ZERO,
        "counts what nobody could see",
        lambda: patch.object(neighbours.Dry, "pass_over", lambda *_: None),
        "what they had in its own silence does not count",
    ),
    Mutant(
        Check.HIGH_INFLUX,
        "rain does not travel",
        constant(neighbours, "TRAVEL_MS", 0),
        "they had it half an hour before",
    ),
    Mutant(Check.HIGH_INFLUX, "decides too soon", at_the_bound(neighbours.Influx, "_lag_ms", -1), "not yet either"),
    Mutant(
        Check.HIGH_INFLUX,
        "looks at no day",
        constant(neighbours, "INFLUX_WINDOWS_MS", (HOUR_MS,)),
        "135 mm in a day, too little of it at the neighbours",
    ),
    Mutant(Check.FROZEN, "forgets the frost", forgets(station.Frost, "frozen_at"), "melting snow"),
    Mutant(Check.FROZEN, "does not see the cold", blind(station.Frost, {"temperature_c": 20.0}), "tips in frost"),
    Mutant(
        Check.VISIT, "does not see the door", blind(station.Visit, {"door_open": None}), "tips while the door is open"
    ),
    Mutant(
        Check.VISIT,
        "forgets who was there",
        forgets(station.Visit, "_last_at"),
        "tips that began ten minutes after a visit",
    ),
    Mutant(
        Check.VISIT,
        "joins visits too far apart",
        at_the_bound(station.Visit, "_joined_ms", 1),
        "tips between visits of more than an hour",
    ),
    Mutant(Check.SUPPLY, "low at the bound as well", at_the_bound(station.Supply, "_least_v", 1e-9), "a good battery"),
    Mutant(
        Check.SUMS, "does not see that a message is missing", blind(station.Sums, {"seq": 9}), "a message is missing"
    ),
    Mutant(Check.SUMS, "does not see a restart", blind(station.Sums, {"boot": 1}), "a logger that started in between"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: f"{one.check.name.lower()} {one.fault}")
def test_a_broken_check_is_noticed_by_a_case_of_its_table(mutant: Mutant) -> None:
    case: Case = named(CASES[mutant.check], mutant.case)
    hold(mutant.check, case)

    with mutant.spoil(), pytest.raises(AssertionError):
        hold(mutant.check, case)


def test_every_check_has_a_table_and_a_mutant() -> None:
    of_people = {Check.CORRECTION}

    assert set(CASES) == {mutant.check for mutant in MUTANTS} == set(Check) - of_people


def test_names_of_cases_are_told_apart() -> None:
    for check, cases in CASES.items():
        names = [case.name for case in cases]
        assert len(set(names)) == len(names), check
