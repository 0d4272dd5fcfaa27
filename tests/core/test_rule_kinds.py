"""Kinds of rules, case by case: rises, wet ground, seasons, and what a basin's rain is."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.antecedent import Days, day_of
from gauge_ingest.core.basin import BasinRecord
from gauge_ingest.core.ledger import Ledger, Unknowable
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
ONE_HOUR = (Threshold(3600, "prepare", 10.0), Threshold(3600, "immediate", 20.0))


def filled(tips: Sequence[int], *, name: str = "HTB01", days: Days | None = None, every_min: int = 5) -> Ledger:
    """A ledger with readings that end at T0, T0 + 5 min, …; each tip is half a millimetre."""
    ledger = Ledger(station(name), days=days)
    for number, count in enumerate(tips):
        since = T0 + (number - 1) * every_min * MINUTE
        until = T0 + number * every_min * MINUTE
        ledger.append(Increment(since, until, count, count, count, Step.STEADY, Flag.GOOD, True))
    return ledger


def at(number: int) -> int:
    return T0 + number * 5 * MINUTE


@pytest.mark.parametrize(
    ("tips", "reached"),
    [
        ([0, 0, 0, 4, 4], 1),  # 4 mm in 10 min after none
        ([0, 0, 0, 4, 3], 0),  # half a millimetre less
        ([4, 4, 4, 4, 4], 0),  # steady, however much
        ([0, 2, 2, 6, 6], 1),  # 6 mm after 2
        ([0, 2, 2, 5, 6], 0),
        ([0, 0, 0, 8, 8], 2),
        ([0, 4, 4, 8, 0], 0),  # no more falls now
        ([0, 0, 0, 8, 0], 0),  # 4 mm more than before, and dry by now
    ],
)
def test_a_rise_compares_a_time_with_the_time_before_it(tips: list[int], reached: int) -> None:
    rises = (Threshold(600, "prepare", 4.0), Threshold(600, "immediate", 8.0))
    rule = Thresholds(Rule("rise", LEVELS, (), ("HTB01",), rises=rises))

    judged = rule.judge(filled(tips), at(4), level=0)

    assert judged.reached == reached
    assert judged.evidence is not None
    assert not judged.evidence.unconfirmed, "every tip is sure"
    assert rule.reach_ms == 20 * MINUTE


WET = Wetness(
    0.9, 60.0, 3, 0.5, (WetClass("dry", 20.0, (Threshold(3600, "prepare", 18.0), Threshold(3600, "immediate", 30.0))),)
)


def known_days(rain_mm: Sequence[float], *, covered: float = 1.0) -> Days:
    """Days before the one of T0, the newest last."""
    days = Days()
    for place, mm in enumerate(rain_mm):
        day = day_of(T0) - len(rain_mm) + place
        days.add((day + 1) * DAY_MS, round(mm * 1000), round(DAY_MS * covered))
    return days


@pytest.mark.parametrize(
    ("rain_mm", "covered", "index_mm"),
    [
        ([0, 0, 0], 1.0, 0.0),
        ([10, 0, 0], 1.0, 7.29),  # 10 x 0.9 x 0.9 x 0.9
        ([0, 0, 10], 1.0, 9.0),
        ([80, 0, 0], 1.0, 48.6),  # the ground holds 60 mm: more has run off
        ([0, 0, 90], 1.0, 60.0),
        ([10, 10, 10], 0.49, None),  # nobody knows
        ([10, 10, 10], 0.51, 24.39),
    ],
)
def test_the_antecedent_index_is_that_of_the_days_before(
    rain_mm: list[float], covered: float, index_mm: float | None
) -> None:
    ledger = filled([0], days=known_days(rain_mm, covered=covered))

    found = ledger.antecedent(WET, T0)

    assert found == (None if index_mm is None else pytest.approx(index_mm * 1000, abs=1))


@pytest.mark.parametrize(
    ("rain_mm", "covered", "fell_tips", "reached", "ground"),
    [
        ([0, 0, 0], 1.0, 20, 0, "dry"),  # 10 mm on dry ground
        ([0, 0, 0], 1.0, 36, 1, "dry"),
        ([0, 0, 40], 1.0, 20, 1, "wet"),
        ([0, 0, 0], 0.3, 20, 1, "wet"),  # too little history: the wettest class, the static table
        ([0, 0, 22.0], 1.0, 20, 0, "dry"),  # 19.8 mm: at most 20 is dry
        ([0, 0, 22.3], 1.0, 20, 1, "wet"),
    ],
)
def test_wet_ground_bears_less(rain_mm: list[float], covered: float, fell_tips: int, reached: int, ground: str) -> None:
    rule = Thresholds(Rule("wet", LEVELS, ONE_HOUR, ("HTB01",), wetness=WET))
    ledger = filled([0, fell_tips], days=known_days(rain_mm, covered=covered))

    judged = rule.judge(ledger, at(1), level=0)

    assert judged.reached == reached
    if reached:
        assert judged.evidence is not None
        assert judged.evidence.wetness == ground
        assert (judged.evidence.wetness_mm is None) == (covered < 0.5)


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        ((7, 15), (7, 15), True),  # T0 is on 15 July
        ((7, 16), (7, 31), False),
        ((6, 1), (7, 14), False),
        ((11, 15), (3, 31), False),  # over the new year
        ((7, 1), (6, 30), True),
        ((7, 15), (3, 31), True),  # its first day
        ((11, 15), (7, 15), True),  # its last day, in the year after
        ((7, 16), (7, 14), False),  # the whole year but one day
    ],
)
def test_a_season_is_from_day_to_day_also_over_the_new_year(
    since: tuple[int, int],
    until: tuple[int, int],
    holds: bool,  # noqa: FBT001 - what is expected
) -> None:
    rule = Thresholds(Rule("melt", LEVELS, ONE_HOUR, ("HTB01",), seasons=(Season("melt", since, until, 0.8),)))

    judged = rule.judge(filled([0, 16]), at(1), level=0)  # 8 mm

    assert judged.reached == (1 if holds else 0)
    assert judged.evidence is not None
    assert judged.evidence.season == ("melt" if holds else "")


NAMES = ("HTB01", "HTB02", "HTB03")
BASIN = Basin("b", "b", (("HTB01", 2.0), ("HTB02", 1.0), ("HTB03", 1.0)))


def basin_record(over: Over, ledgers: dict[str, Ledger], *, at_least: int = 1) -> BasinRecord:
    rule = Rule("b", LEVELS, ONE_HOUR, (), basins=("b",), over=over, at_least=at_least)
    return BasinRecord(BASIN, rule, {name: station(name) for name in NAMES}, ledgers)


@pytest.mark.parametrize(
    ("over", "at_least", "rain_mm"),
    [
        (Over.MEAN, 1, (2 * 8 + 4 + 0) / 4),
        (Over.MAXIMUM, 1, 8.0),
        (Over.KTH, 1, 8.0),
        (Over.KTH, 2, 4.0),
        (Over.KTH, 3, 0.0),
    ],
)
def test_what_a_basin_has_had(over: Over, at_least: int, rain_mm: float) -> None:
    ledgers = {name: filled([0, tips], name=name) for name, tips in zip(NAMES, (16, 8, 0), strict=True)}
    record = basin_record(over, ledgers, at_least=at_least)

    record.look_from(at(1))
    window = record.window(since=at(1) - 60 * MINUTE, until=at(1))

    assert window.rain_um_min == window.rain_um_max == rain_mm * 1000


def test_who_is_silent_is_no_zero_and_covers_less() -> None:
    ledgers = {
        "HTB01": filled([0, 16, *[0] * 10], name="HTB01"),
        "HTB02": filled([0, 8, *[0] * 10], name="HTB02"),
        "HTB03": filled([0, 0], name="HTB03"),
    }
    record = basin_record(Over.MEAN, ledgers)

    record.look_from(at(11))
    window = record.window(since=at(11) - 120 * MINUTE, until=at(11))

    assert window.rain_um_min == round((2 * 8 + 4) / 3 * 1000, 3)
    assert record.absent == ("HTB03",)
    assert record.coverage(since=at(0), until=at(11)) == pytest.approx((2 + 1 + 1 / 11) / 4)


def test_what_was_told_later_is_not_looked_at_and_too_far_back_nobody_knows() -> None:
    ledgers = {name: filled([0, 0, 10], name=name) for name in NAMES}
    record = basin_record(Over.MAXIMUM, ledgers)

    record.look_from(at(1))

    assert record.window(since=at(1) - 60 * MINUTE, until=at(1)).rain_um_max == 0
    with pytest.raises(Unknowable):
        basin_record(Over.MAXIMUM, {name: filled([0, 0, 0, 0], name=name) for name in NAMES}).look_from(at(1))


@settings(max_examples=60, deadline=None)
@given(
    tips=st.lists(st.integers(0, 12), min_size=2, max_size=30),
    more=st.integers(1, 10),
    over=st.sampled_from(list(Over)),
)
def test_the_level_never_falls_while_rain_rises(tips: list[int], more: int, over: Over) -> None:
    """Whatever fell, a reading with more rain in it reaches no lower level: at a station and in its basin."""
    rule = Thresholds(Rule("r", LEVELS, ONE_HOUR, ("HTB01",), basins=("b",), over=over))
    less, greater = filled(tips), filled([*tips[:-1], tips[-1] + more])
    others = {name: filled(tips[::-1], name=name) for name in NAMES[1:]}
    end = at(len(tips) - 1)

    at_station = [rule.judge(ledger, end, level=0).reached for ledger in (less, greater)]
    in_basin = [
        rule.judge(basin_record(over, {"HTB01": ledger, **others}), end, level=0).reached for ledger in (less, greater)
    ]

    assert at_station[0] <= at_station[1]
    assert in_basin[0] <= in_basin[1]


@settings(max_examples=60, deadline=None)
@given(tips=st.lists(st.integers(0, 12), min_size=3, max_size=40))
def test_a_dry_reading_raises_nothing(tips: list[int]) -> None:
    """So a rule that rests need not be judged when it does not rain: for sums as they fall, for rises by rule."""
    rises = (Threshold(600, "prepare", 2.0), Threshold(1200, "immediate", 3.0))
    for rule in (Rule("r", LEVELS, ONE_HOUR, ("HTB01",)), Rule("r", LEVELS, (), ("HTB01",), rises=rises)):
        made = Thresholds(rule)
        before = made.judge(filled(tips), at(len(tips) - 1), level=0).reached

        after = made.judge(filled([*tips, 0]), at(len(tips)), level=0).reached

        assert after <= before
        assert not rule.rises or not after
