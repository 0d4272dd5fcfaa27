"""What holds of every kind of rule, at a station and in a basin.

A level does not fall while rain rises, and what is passed over as far from every level reaches none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.alerts import IDLE, advance
from gauge_ingest.core.antecedent import Days, day_of
from gauge_ingest.core.basin import BasinRecord
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import (
    DAY_MS,
    Basin,
    Flag,
    Increment,
    Over,
    Rule,
    Season,
    Step,
    Threshold,
    WetClass,
    Wetness,
)
from gauge_ingest.core.rules import Thresholds
from tests.worlds import MINUTE, T0, station

LEVELS = ("prepare", "immediate")
NAMES = ("HTB01", "HTB02", "HTB03")
BASIN = Basin("b", "b", (("HTB01", 3.0), ("HTB02", 2.0), ("HTB03", 1.0)))
SUMS = tuple(
    Threshold(window_s, level, mm)
    for window_s, row in {600: (3.0, 6.0), 1_800: (5.0, 10.0)}.items()
    for level, mm in zip(LEVELS, row, strict=True)
)
DRIER = tuple(Threshold(one.window_s, one.level, one.rain_mm * 1.5) for one in SUMS)
KINDS: Mapping[str, Rule] = {
    "sums": Rule("r", LEVELS, SUMS, ("HTB01",)),
    "sums that clear at their threshold": Rule("r", LEVELS, SUMS, ("HTB01",), clear_ratio=1.0),
    "rises": Rule("r", LEVELS, (), ("HTB01",), rises=SUMS[:2], clear_ratio=1.0),
    "sums and rises": Rule("r", LEVELS, SUMS[2:], ("HTB01",), rises=SUMS[:2], clear_ratio=0.5),
    "a season": Rule("r", LEVELS, SUMS, ("HTB01",), clear_ratio=1.0, seasons=(Season("s", (7, 15), (7, 15), 0.5),)),
    "wet ground": Rule("r", LEVELS, SUMS, ("HTB01",), wetness=Wetness(0.9, 60.0, 2, 0.5, (WetClass("d", 9.0, DRIER),))),
}
OVERS = [(Over.MEAN, 1), (Over.MAXIMUM, 1), (Over.KTH, 2)]
tips = st.lists(st.integers(0, 9), min_size=2, max_size=24)


def at(number: int) -> int:
    return T0 + number * 5 * MINUTE


def filled(counts: Sequence[int], *, name: str = "HTB01", before_mm: float = 0.0) -> Ledger:
    """Readings that end at T0, T0 + 5 min, … of half a millimetre a tip, after a known day with so much rain."""
    days = Days()
    days.add((day_of(T0) - 1) * DAY_MS, 0, DAY_MS)
    days.add(day_of(T0) * DAY_MS, round(before_mm * 1000), DAY_MS)
    ledger = Ledger(station(name), days=days)
    for number, count in enumerate(counts):
        ledger.append(Increment(at(number - 1), at(number), count, count, count, Step.STEADY, Flag.GOOD, True))
    return ledger


def basin_of(rule: Rule, over: tuple[Over, int], ledgers: Mapping[str, Ledger]) -> BasinRecord:
    made = Rule("b", LEVELS, rule.thresholds, (), basins=("b",), over=over[0], at_least=over[1])
    return BasinRecord(BASIN, made, {name: station(name) for name in NAMES}, ledgers)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(counts=tips, before_mm=st.sampled_from([0.0, 10.0, 30.0]), over=st.sampled_from(OVERS))
def test_what_is_passed_over_as_far_from_every_level_reaches_none_and_holds_none(
    kind: str, counts: list[int], before_mm: float, over: tuple[Over, int]
) -> None:
    """Readings of a storm's first hours are asked with `near` alone, whatever the kind of rule."""
    rule = Thresholds(KINDS[kind])
    ledgers = {name: filled(counts[:: 1 - 2 * (name != "HTB01")], name=name, before_mm=before_mm) for name in NAMES}

    for record in (ledgers["HTB01"], basin_of(rule.rule, over, ledgers)):
        now = at(len(counts) - 1)
        asked = rule.judge(record, now, level=0, why_not=False)
        judged = rule.judge(record, now, level=0)

        assert (asked.reached, asked.held) == (judged.reached, judged.held)
        assert rule.near(record, now) or not judged.held


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(counts=tips, more=st.integers(1, 9), over=st.sampled_from(OVERS))
def test_a_reading_with_more_rain_reaches_no_lower_level(
    kind: str, counts: list[int], more: int, over: tuple[Over, int]
) -> None:
    rule, end = Thresholds(KINDS[kind]), at(len(counts) - 1)
    others = {name: filled(counts[::-1], name=name) for name in NAMES[1:]}
    less, greater = filled(counts), filled([*counts[:-1], counts[-1] + more])

    station_levels = [rule.judge(one, end, level=0).reached for one in (less, greater)]
    basin_levels = [
        rule.judge(basin_of(rule.rule, over, {"HTB01": one, **others}), end, level=0).reached for one in (less, greater)
    ]

    assert station_levels[0] <= station_levels[1]
    assert basin_levels[0] <= basin_levels[1]


@pytest.mark.parametrize("kind", [name for name in KINDS if "rises" not in name])
@settings(max_examples=25, deadline=None)
@given(counts=tips, over=st.sampled_from(OVERS), minimum_s=st.sampled_from([0, 600]))
def test_what_stands_does_not_ease_while_it_rains_harder_and_harder(
    kind: str, counts: list[int], over: tuple[Over, int], minimum_s: int
) -> None:
    """Method: each reading has at least the rain of the one before; a level that once stood is never left."""
    rule = Thresholds(replace(KINDS[kind], minimum_s=minimum_s))
    growing = sorted(counts)
    for in_basin in (False, True):
        standing, levels = IDLE, []
        for number in range(len(growing)):
            ledgers = {name: filled(growing[: number + 1], name=name) for name in NAMES}
            record = basin_of(rule.rule, over, ledgers) if in_basin else ledgers["HTB01"]
            judgement = rule.judge(record, at(number), level=standing.level, why_not=not standing.idle)
            standing, ended = advance(standing, judgement, at(number), rule)
            levels.append(standing.level)
            assert ended is None

        assert levels == sorted(levels)
