"""All checks of some stations together: the calm way, marks backward, never the future, never an error.

Goal: what is promised of every check holds on days that nobody thought of. Method: five stations live through random
weather, frost, visits, gaps and wrong clocks; the same readings are taken in several ways.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, Kind, Step
from gauge_ingest.core.quality.checks import NEIGHBOURS_MAX, Gauge, StationChecks, link, verdict
from gauge_ingest.core.quality.seen import Mark, Seen
from gauge_ingest.core.quality.settings import DEFAULTS, QualitySettings
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, outcome_of
from tests.core.quality import GAUGE, Case, reading, take, told_of
from tests.worlds import T0

SEEDS = [*range(14), 44, 57]
STATIONS = 5
EVERY_MS = GAUGE.report_every_ms
# Thresholds that random days of a few hours reach.
EAGER = replace(
    DEFAULTS,
    neighbours_rain_mm=1.5,
    dry_days_max=0.15,
    influx_mm=3.0,
    repeated_times=3,
    repeated_few_times=5,
    accumulation_silence_s=3_600,
    accumulation_mm=2.0,
    accumulation_gap_mm=1.0,
    clock_behind_s=60,
)
Told = tuple[int, Seen]


class Heard(NamedTuple):
    """The verdicts in order, the marks by what came before them, and how many readings passed by the calm way."""

    verdicts: list[Verdict]
    marks: list[tuple[int, int, Mark]]
    calm: int


def network(used: QualitySettings = EAGER, stations: int = STATIONS) -> list[StationChecks]:
    checks = [StationChecks(GAUGE, used) for _ in range(stations)]
    link(checks, [[other for other in range(stations) if other != place] for place in range(stations)])
    return checks


def hear(readings: Sequence[Told], checks: list[StationChecks], *, calmly: bool = False) -> Heard:
    heard = Heard([], [], 0)
    last = dict.fromkeys(range(len(checks)), -(1 << 62))
    for number, (place, seen) in enumerate(readings):
        one = checks[place]
        known = None
        if calmly and ordinary(seen) and seen.since - last[place] <= GAUGE.gap_after_ms:
            known = one.calm.verdict(
                seen.until,
                seen.kind,
                received_at=seen.received_at,
                celsius=seen.temperature_c,
                volts=seen.battery_v,
            )
        last[place] = seen.until
        if known is not None:
            heard = heard._replace(calm=heard.calm + 1)
        heard.verdicts.append(known or verdict(take(one, seen), seen.step))
        heard.marks.extend((number, place, mark) for mark in one.marks)
        one.marks.clear()
    return heard


def ordinary(seen: Seen) -> bool:
    """Dry, a steady count, by a clock that is not ahead, the door closed."""
    return (
        not seen.rain_um
        and seen.step is Step.STEADY
        and seen.kind in (Kind.TIMED, Kind.EVENT)
        and not seen.door_open
        and not seen.rival
        and seen.claimed_at == seen.until
    )


def some_day(draw: random.Random, hours: int = 6) -> list[Told]:
    """Readings of all stations in the order of their times; a storm or two passes over some of them."""
    storms = [(draw.randrange(hours * HOUR_MS), draw.choice([0.02, 0.3]), draw.sample(range(5), 4)) for _ in range(2)]
    cold = draw.choice([None, 1.0, 12.0])
    readings = list[Told]()
    for place in range(STATIONS):
        at = since = T0 + draw.randrange(EVERY_MS)
        while at < T0 + hours * HOUR_MS:
            chances = [share for begin, share, over in storms if place in over and 0 <= at - T0 - begin < HOUR_MS]
            wet = any(draw.random() < 20 * share for share in chances)
            readings.append((place, _reading(draw, since, at, wet=wet, cold=cold)))
            since = at
            at += draw.choices([EVERY_MS, draw.randrange(1, EVERY_MS), draw.randrange(2 * HOUR_MS)], [60, 6, 1])[0]
    return sorted(readings, key=lambda told: told[1].until)


def _reading(draw: random.Random, since: int, at: int, *, wet: bool, cold: float | None) -> Seen:
    tips = draw.choice([1, 1, 2, 4, 10]) if wet else 0
    gap = at - since > GAUGE.gap_after_ms and draw.random() < 0.8
    strange = draw.random() < 0.02
    celsius = None if cold is None else round(cold + draw.uniform(-2, 2), 1)
    return Seen(
        since if gap or draw.random() < 0.9 else max(since, at - EVERY_MS),
        at,
        tips * 500,
        tips,
        Step.GAP if gap else draw.choice([Step.RESET, Step.WRAPPED]) if strange else Step.STEADY,
        draw.choice([Kind.MAINTENANCE, Kind.EVENT]) if strange else Kind.EVENT if tips == 1 else Kind.TIMED,
        at + (draw.randrange(90 * MINUTE_MS) if strange else 5_000),
        at + (DAY_MS if strange and draw.random() < 0.3 else 0),
        battery_v=draw.choice([None, 12.6, 10.5]) if strange else 12.6,
        temperature_c=None if strange else celsius,
        door_open=strange and draw.random() < 0.3,
        rival=strange and draw.random() < 0.3,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_calm_way_says_what_looking_says(seed: int) -> None:
    day = some_day(random.Random(seed))
    used = (replace(DEFAULTS, frost_c=2.0, melt_c=0.5), EAGER, replace(EAGER, neighbours_min=4))[seed % 3]

    looking = hear(day, network(used))
    calm = hear(day, network(used), calmly=True)

    assert calm.verdicts == looking.verdicts, f"seed {seed}"
    assert calm.marks == looking.marks, f"seed {seed}"


def test_on_random_days_the_calm_way_is_taken_and_every_check_speaks() -> None:
    days = [some_day(random.Random(seed)) for seed in SEEDS]

    heard = [hear(day, network(), calmly=True) for day in days]
    spoken = {check for one in heard for told in one.verdicts for check in Check if outcome_of(told.checks, check) >= 2}

    assert sum(one.calm for one in heard) > 0.2 * sum(map(len, days))
    assert {mark.check for one in heard for _, _, mark in one.marks} == {Check.REPEATED, Check.VISIT, Check.HIGH_INFLUX}
    assert set(Check) - spoken == {Check.GAP, Check.TIPS, Check.SUMS, Check.CORRECTION}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_comes_later_changes_nothing_but_by_marks_on_what_was_before_them(seed: int) -> None:
    draw = random.Random(seed)
    day, other = some_day(draw), some_day(draw)
    cut = draw.randrange(1, len(day))
    after = [told for told in other if told[1].until > day[cut - 1][1].until]

    one = hear(day, network())
    another = hear(day[:cut] + after, network())

    assert one.verdicts[:cut] == another.verdicts[:cut], f"seed {seed} cut {cut}"
    assert [told for told in one.marks if told[0] < cut] == [told for told in another.marks if told[0] < cut]
    for number, place, mark in one.marks:
        assert day[number][0] == place
        assert day[number][1].until - DAY_MS <= mark.since < mark.until <= day[number][1].until


@pytest.mark.parametrize("seed", SEEDS)
def test_to_know_of_later_rain_and_reports_changes_nothing(seed: int) -> None:
    day = some_day(random.Random(seed))
    live, again = network(), network()
    for place, seen in day:
        again[place].hear(seen)

    verdicts = [(verdict(take(live[place], seen), seen.step), live[place].marks) for place, seen in day]
    knowing = [(verdict(again[place].take(seen), seen.step), again[place].marks) for place, seen in day]

    assert knowing == verdicts, f"seed {seed}"


def test_a_reading_of_which_only_the_rain_is_known_passes_no_check_that_needs_more() -> None:
    [said] = told_of(Case("", [reading(0, 1.0)], ""))

    about_rain = {Check.LIMITS, Check.CLIMATE, Check.REPEATED, Check.DRY_SPELL, Check.VISIT}
    about_the_record = {Check.ARRIVAL, Check.GAP, Check.COUNTER}

    assert {check for check in Check if said[check].outcome is Outcome.PASSED} == about_rain | about_the_record
    assert {one.outcome for one in said} == {Outcome.PASSED, Outcome.NOT_CHECKED}


def test_only_so_many_neighbours_are_asked_and_the_nearest_come_first() -> None:
    checks = [StationChecks(GAUGE, DEFAULTS) for _ in range(NEIGHBOURS_MAX + 2)]

    link(checks, [list(range(1, NEIGHBOURS_MAX + 2))])

    assert checks[0].neighbours == checks[1 : NEIGHBOURS_MAX + 1]
    assert checks[1].listeners == [checks[0]]
    assert not checks[-1].listeners


def test_wet_readings_of_long_ago_count_and_are_not_marked() -> None:
    checks = StationChecks(GAUGE, DEFAULTS)

    checks.remember([reading(at * 5, 2.0) for at in range(11)], frozen_at=None)
    said = take(checks, reading(55, 2.0))

    assert said[Check.REPEATED].outcome is Outcome.SUSPECT
    assert len(checks.marks) == 1
    assert take(checks, reading(23 * 60 + 60, 12.0))[Check.ACCUMULATION].outcome is Outcome.SUSPECT


def test_after_a_restart_days_with_rain_at_one_time_are_still_known() -> None:
    checks = StationChecks(GAUGE, DEFAULTS)

    checks.remember([reading(day * 24 * 60, 0.5) for day in range(3)], frozen_at=None)

    assert take(checks, reading(3 * 24 * 60, 0.5))[Check.ACCUMULATION].outcome is Outcome.SUSPECT


def test_a_station_that_was_reset_begins_anew_and_keeps_its_neighbours() -> None:
    checks = network(DEFAULTS)[0]
    for at in range(11):
        take(checks, reading(at * 5, 2.0))

    checks.reset()

    assert take(checks, reading(55, 2.0))[Check.REPEATED].outcome is Outcome.PASSED
    assert len(checks.neighbours) == STATIONS - 1
    assert not checks.marks


# What may come in at all: a counter's modulus, the bounds of the codec, the bounds of the configuration.
spans = st.integers(0, 400 * DAY_MS) | st.integers(0, HOUR_MS)
rain = st.just(0) | st.integers(0, 65_535 * 10_000) | st.integers(-100_000_000, 0) | st.sampled_from([500, 20_000])
maybe = st.none() | st.floats(-100, 100)
lateness = st.integers(-DAY_MS, 400 * DAY_MS) | st.none()
readings = st.builds(
    lambda rain_um, **told: Seen(0, 0, rain_um, abs(rain_um) // 500, **told),
    rain,
    step=st.sampled_from(Step),
    kind=st.sampled_from(Kind),
    seq=st.none() | st.integers(0, 2**32 - 1),
    boot=st.none() | st.integers(0, 2**32 - 1),
    battery_v=maybe,
    temperature_c=maybe,
    door_open=st.none() | st.booleans(),
    rival=st.booleans(),
)
gauges = st.builds(
    Gauge,
    st.integers(1, 10_000),
    st.integers(10_000, DAY_MS),
    st.integers(25_000, 5 * DAY_MS // 2),
    st.floats(0.1, 100),
)
thresholds = st.builds(
    replace,
    st.sampled_from([DEFAULTS, EAGER]),
    neighbours_min=st.integers(2, 4),
    neighbours_lag_s=st.integers(0, 21_600),
    repeated_times=st.integers(3, 5),
    repeated_few_times=st.integers(3, 5),
    influx_neighbours_mm=st.floats(0, 100),
    every_tip_reported=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), spans, spans, readings, lateness, st.integers(0, DAY_MS)), max_size=25),
    st.lists(gauges, min_size=4, max_size=4),
    thresholds,
)
def test_no_check_raises_on_anything_that_may_come_in(
    told: list[tuple[int, int, int, Seen, int | None, int]], around: list[Gauge], used: QualitySettings
) -> None:
    checks = [StationChecks(gauge, used) for gauge in around]
    link(checks, [[other for other in range(4) if other != place] for place in range(4)])
    at = T0
    for place, span, apart, seen, late, ahead in told:
        at += apart
        received_at = 0 if late is None else at + late
        whole = seen._replace(since=at - span, until=at, received_at=received_at, claimed_at=at + ahead)

        said = take(checks[place], whole)

        assert len(said) == len(Check)
        assert verdict(said, whole.step).flag in (1, 2, 3, 4, 9)
        for mark in checks[place].marks:
            assert mark.since < mark.until <= at
        checks[place].marks.clear()
