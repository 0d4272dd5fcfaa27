"""Reports to increments: what a counter may do, and that a derivation may begin at any anchor."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.model import Flag, Increment, Kind, Report, Station, Step
from gauge_ingest.core.rainfall import increment_after, increments, tips_max_possible
from tests.core.counter_case import exchanged_at
from tests.worlds import MINUTE, T0, station

S, W, R, G, F, U, V, D = (
    Step.STEADY,
    Step.WRAPPED,
    Step.RESET,
    Step.GAP,
    Step.FIRST,
    Step.UNCONFIRMED,
    Step.VOID,
    Step.DEPLOYED,
)
NEVER_WRAPS = station(counter_modulus=0)
AT_10000 = station(counter_modulus=10_000)
FIVE_MINUTES_MAX = 8 * 5 * 2 + 2  # 8 mm/min of half millimetres, and two tips of slack
DAY_MAX = 4131 + 2  # 491 mm x 24^0.452 = 2065.3 mm in half millimetres


def replaced_at(minute: float) -> Station:
    """A station that gets another gauge, with a bucket of 0.2 mm that wraps at 10000."""
    return exchanged_at(minute, bucket_depth_mm=0.2, counter_modulus=10_000)


class Case(NamedTuple):
    """Readings as (minute, count), with boot or kind where they matter; wanted: step and tips, or (min, best, max)."""

    name: str
    readings: Sequence[tuple[float, int] | tuple[float, int, int | Kind]]
    wanted: Sequence[tuple[Step, int | tuple[int, int, int]]]
    gauge: Station = station()


CASES = [
    Case("steady", [(0, 100), (5, 103), (10, 103)], [(F, 0), (S, 3), (S, 0)]),
    Case("first report of all is a base line", [(0, 40_213)], [(F, 0)]),
    Case("a report that is missing leaves no gap", [(0, 100), (12.5, 103)], [(F, 0), (S, 3)]),
    Case("two missing reports are a gap", [(0, 100), (12.6, 103)], [(F, 0), (G, 3)]),
    Case("a dry gap is a gap", [(0, 100), (60, 100), (65, 101)], [(F, 0), (G, 0), (S, 1)]),
    Case("wrap at 65536", [(0, 65_530), (5, 4), (10, 5)], [(F, 0), (W, 10), (S, 1)]),
    Case("wrap at 10000", [(0, 9_998), (5, 1)], [(F, 0), (W, 3)], AT_10000),
    Case("wrap while reports are missing", [(0, 65_530), (60, 4)], [(F, 0), (G, 10)]),
    Case("wrap faster than it can rain", [(0, 65_000), (5, 4)], [(F, 0), (U, (0, 0, 4))]),
    Case(
        "a counter that never wraps has begun anew",
        [(0, 65_530), (5, 4), (10, 5), (15, 5)],
        [(F, 0), (R, (0, 4, 4)), (S, 1), (S, 0)],
        NEVER_WRAPS,
    ),
    Case("reset that its boot tells", [(0, 100, 1), (5, 7, 2), (10, 9, 2)], [(F, 0), (R, 7), (S, 2)]),
    Case("reset to zero that its boot tells", [(0, 100, 1), (5, 0, 2)], [(F, 0), (R, 0)]),
    Case("a boot that counts on", [(0, 100, 1), (5, 103, 2)], [(F, 0), (S, 3)]),
    Case("reset to more than can have fallen", [(0, 9_000, 1), (5, 5_000, 2)], [(F, 0), (U, (0, 0, FIVE_MINUTES_MAX))]),
    Case("a fall within one boot is doubtful", [(0, 100, 1), (5, 7, 1)], [(F, 0), (U, (0, 0, 7))]),
    Case("an older boot tells no reset", [(0, 100, 3), (5, 7, 2)], [(F, 0), (U, (0, 0, 7))]),
    Case("115, 49, 115 is no rain", [(0, 115), (5, 49), (10, 115)], [(F, 0), (V, 0), (S, 0)]),
    Case("115, 49, 50, 115 is no rain", [(0, 115), (5, 49), (8, 50), (11, 115)], [(F, 0), (V, 0), (V, 0), (S, 0)]),
    Case(
        "115, 49, 50, 51 is a reset with 51 tips, or another gauge",
        [(0, 115), (5, 49), (10, 50), (15, 51), (20, 53)],
        [(F, 0), (R, (0, 49, 49)), (S, 1), (S, 1), (S, 2)],
    ),
    Case(
        "a reset that nothing has confirmed yet",
        [(0, 115), (5, 49), (10, 50)],
        [(F, 0), (U, (0, 0, 49)), (U, (0, 0, 1))],
    ),
    Case(
        "a second fall before the first is confirmed begins anew",
        [(0, 115), (5, 49), (10, 20), (15, 21), (20, 22)],
        [(F, 0), (V, 0), (R, (0, 20, 20)), (S, 1), (S, 1)],
    ),
    Case("a jump up and back", [(0, 100), (5, 5_000), (10, 101)], [(F, 0), (V, 0), (S, 1)]),
    Case("two jumps up and back", [(0, 100), (5, 5_000), (8, 9_000), (11, 101)], [(F, 0), (V, 0), (V, 0), (S, 1)]),
    Case(
        "a jump that stays was no rain, or as much as can fall",
        [(0, 100), (5, 5_000), (10, 5_001), (15, 5_001), (20, 5_002)],
        [(F, 0), (R, (0, 0, FIVE_MINUTES_MAX)), (S, 1), (S, 0), (S, 1)],
    ),
    Case(
        "as much as can fall",
        [(0, 100), (5, 100 + FIVE_MINUTES_MAX)],
        [(F, 0), (S, FIVE_MINUTES_MAX)],
    ),
    Case(
        "one tip more than can fall",
        [(0, 100), (5, 101 + FIVE_MINUTES_MAX)],
        [(F, 0), (U, (0, 0, FIVE_MINUTES_MAX))],
    ),
    Case("two tips in one second", [(0, 100), (1 / 60, 102)], [(F, 0), (S, 2)]),
    Case("the record depth of a day", [(0, 0), (1_440, DAY_MAX)], [(F, 0), (G, DAY_MAX)]),
    Case("more than the record depth of a day", [(0, 0), (1_440, DAY_MAX + 1)], [(F, 0), (U, (0, 0, DAY_MAX))]),
    Case(
        "two counts for one time, both fit", [(0, 100), (5, 103), (5, 105), (10, 106)], [(F, 0), (V, 0), (S, 5), (S, 1)]
    ),
    Case(
        "two counts, the larger does not fit",
        [(0, 100), (5, 103), (5, 300), (10, 106)],
        [(F, 0), (S, 3), (V, 0), (S, 3)],
    ),
    Case(
        "two counts, the smaller is below", [(0, 100), (5, 99), (5, 101), (10, 101)], [(F, 0), (V, 0), (S, 1), (S, 0)]
    ),
    Case("two counts at the end", [(0, 100), (5, 103), (5, 105)], [(F, 0), (V, 0), (S, 5)]),
    Case("two counts at the beginning", [(0, 3), (0, 5), (5, 4)], [(F, 0), (V, 0), (S, 1)]),
    Case("a test is no neighbour", [(0, 100), (5, 160, Kind.TEST), (10, 102)], [(F, 0), (V, 0), (S, 2)]),
    Case("a test before everything", [(0, 7, Kind.TEST), (5, 100), (10, 101)], [(V, 0), (F, 0), (S, 1)]),
    Case(
        "a test at the time of a report",
        [(0, 100), (5, 101), (5, 160, Kind.TEST), (10, 102)],
        [(F, 0), (S, 1), (V, 0), (S, 1)],
    ),
    Case(
        "maintenance and events count",
        [(0, 100), (5, 101, Kind.MAINTENANCE), (6, 103, Kind.EVENT)],
        [(F, 0), (S, 1), (S, 2)],
    ),
    Case(
        "a new deployment begins anew",
        [(0, 100), (5, 102), (10, 3), (15, 4)],
        [(F, 0), (S, 2), (D, 0), (S, 1)],
        replaced_at(6),
    ),
    Case(
        "the old gauge still ends at the change",
        [(0, 100), (5, 102), (10, 3)],
        [(F, 0), (S, 2), (D, 0)],
        replaced_at(5),
    ),
    Case("a new deployment that counts on is no rain", [(0, 100), (10, 104)], [(F, 0), (D, 0)], replaced_at(6)),
    Case(
        "counts from before the modulus was set right are no negative rain",
        [(0, 40_213), (5, 5), (10, 6)],
        [(F, 0), (U, (0, 0, 5)), (U, (0, 0, 1))],
        AT_10000,
    ),
    Case("the new bucket and modulus hold", [(0, 9), (5, 9_990), (10, 3)], [(F, 0), (D, 0), (W, 13)], replaced_at(1)),
]


def report(minute: float, counter: int, more: int | Kind | None = None) -> Report:
    kind = more if isinstance(more, Kind) else Kind.TIMED
    boot = more if not isinstance(more, Kind) else None
    return Report("HTB01", T0 + round(minute * MINUTE), counter, kind, boot=boot)


def reports_of(case: Case) -> list[Report]:
    return [report(*reading) for reading in case.readings]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_a_counter_does_is_rain_or_is_not(case: Case) -> None:
    derived = increments(reports_of(case), case.gauge, after=None)

    wanted = [(step, tips if isinstance(tips, tuple) else (tips, tips, tips)) for step, tips in case.wanted]
    assert [(one.step, (one.tips_min, one.tips, one.tips_max)) for one in derived] == wanted


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_spans_of_what_counts_meet_end_to_end(case: Case) -> None:
    reports = reports_of(case)
    derived = increments(reports, case.gauge, after=None)

    counting = [one for one in derived if one.step is not Step.VOID]
    assert [one.until for one in counting] == [one.since for one in counting[1:]] + [counting[-1].until]
    assert [one.until for one in derived] == [one.observed_at for one in reports]


@pytest.mark.parametrize(
    ("step", "flag"),
    [
        *((S, Flag.GOOD), (W, Flag.GOOD), (G, Flag.NOT_EVALUATED), (F, Flag.NOT_EVALUATED)),
        *((D, Flag.NOT_EVALUATED), (R, Flag.SUSPECT), (U, Flag.SUSPECT), (V, Flag.MISSING)),
    ],
)
def test_each_step_has_its_flag(step: Step, flag: Flag) -> None:
    found = {
        one.flag for case in CASES for one in increments(reports_of(case), case.gauge, after=None) if one.step is step
    }

    assert found == {flag}


def test_what_the_count_alone_cannot_decide_is_left_to_more_reports() -> None:
    before, fallen, risen = report(0, 115), report(5, 49), report(5, 60_000)

    assert increment_after(before, fallen, station()) is None
    assert increment_after(before, risen, station()) is None


def test_no_span_holds_fewer_tips_than_a_shorter_one() -> None:
    spans_ms = [0, 1, 1_000, 60_000, 600_000, 3_600_000, 86_400_000, 30 * 86_400_000]

    possible = [tips_max_possible(station(), since=T0, until=T0 + span_ms) for span_ms in spans_ms]

    assert possible == sorted(possible)
    assert possible[0] == 2
    assert tips_max_possible(station(), since=T0, until=T0 - 1) == 2


def some_reports(draw: random.Random, number: int) -> list[Report]:
    """A short life of a gauge with everything that goes wrong: gaps, resets, corrupt counts, conflicts, tests."""
    at, counter, boot, found = 0, draw.choice([0, 100, 65_500]), 1, set()
    for _ in range(number):
        at += draw.choice([1, 5, 5, 5, 5, 30, 300])
        fate = draw.random()
        counter = (counter + draw.choice([0, 0, 1, 2, 5, 40])) % 65_536
        if fate < 0.08:
            counter, boot = draw.choice([0, 3, 50]), boot + draw.choice([0, 1])
        shown = boot if draw.random() < 0.5 else None
        if fate > 0.85:
            found.add(report(at, draw.choice([counter, 0, 7, counter + 3, counter + 500, 65_535]) % 65_536, shown))
        if fate > 0.97:
            found.add(report(at, draw.randrange(65_536), Kind.TEST))
        if fate < 0.9:
            found.add(report(at, counter, shown))
    return sorted(found, key=lambda one: (one.observed_at, one.counter))


def whole(reports: Sequence[Report]) -> list[Increment]:
    return increments(reports, station(), after=None)


seeds = st.integers(0, 2**32).map(random.Random)


@settings(max_examples=300, deadline=None)
@given(seeds, st.integers(2, 40))
def test_a_derivation_from_any_anchor_ends_where_the_whole_ends(draw: random.Random, number: int) -> None:
    reports = some_reports(draw, number)
    derived = whole(reports)

    for place, one in enumerate(derived):
        if one.anchor:
            again = increments(reports[place + 1 :], station(), after=reports[place])
            assert again == derived[place + 1 :], f"from {place} of {reports}"


@settings(max_examples=300, deadline=None)
@given(seeds, st.integers(2, 40))
def test_nothing_that_comes_later_changes_what_is_before_an_anchor(draw: random.Random, number: int) -> None:
    reports = some_reports(draw, number)
    derived = whole(reports)

    for end in range(1, len(reports)):
        if reports[end - 1].observed_at == reports[end].observed_at:
            continue
        early = whole(reports[:end])
        settled = max((place for place, one in enumerate(early) if one.anchor), default=-1) + 1
        assert early[:settled] == derived[:settled], f"with {end} of {reports}"


@settings(max_examples=300, deadline=None)
@given(seeds, st.integers(2, 40))
def test_what_is_derived_at_once_is_what_the_whole_derives(draw: random.Random, number: int) -> None:
    reports = [one for one in some_reports(draw, number) if one.kind is not Kind.TEST]
    for end in range(2, len(reports) + 1):
        earlier = whole(reports[: end - 1])
        newest, report = reports[end - 2], reports[end - 1]
        apart = end < 3 or reports[end - 3].observed_at < newest.observed_at
        alone = apart and newest.observed_at < report.observed_at
        if not alone or not (earlier[-1].anchor or earlier[-1].step in (Step.WRAPPED, Step.RESET)):
            continue

        at_once = increment_after(newest, report, station())

        if at_once is not None:
            assert [*earlier, at_once] == whole(reports[:end])


@settings(max_examples=300, deadline=None)
@given(seeds, st.integers(1, 40))
def test_rain_is_never_negative_and_lies_within_its_bounds(draw: random.Random, number: int) -> None:
    reports = some_reports(draw, number)

    for one in whole(reports):
        assert 0 <= one.tips_min <= one.tips <= one.tips_max
        assert one.since <= one.until
        if one.step not in (Step.FIRST, Step.RESET, Step.DEPLOYED):
            possible = tips_max_possible(station(), since=one.since, until=one.until)
            assert one.tips_max <= possible


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=50), st.integers(0, 65_535), st.data())
def test_lost_reports_lose_no_tips(tips: list[int], first: int, data: Any) -> None:
    counters = [first]
    for fell in tips:
        counters.append((counters[-1] + fell) % 65_536)
    reports = [report(5 * place, counter) for place, counter in enumerate(counters)]
    lost = (
        data.draw(st.sets(st.integers(1, len(reports) - 1), max_size=len(reports) - 2)) if len(reports) > 2 else set()
    )
    kept = [one for place, one in enumerate(reports) if place not in lost or place == len(reports) - 1]

    derived = whole(kept)

    if all(one.step is not Step.UNCONFIRMED for one in derived):
        assert sum(one.tips for one in derived) == sum(tips)
