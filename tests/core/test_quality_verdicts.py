"""Outcomes packed, named and folded to one flag; what the checks remember of rain and presence, against slow sums."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.model import DAY_MS, Flag, Step
from gauge_ingest.core.quality.checks import nothing_said, verdict
from gauge_ingest.core.quality.record import PRUNED_FROM, Presence, Rain
from gauge_ingest.core.quality.seen import NOT_CHECKED, PASSED, Said, failed, lasted, mm, suspect
from gauge_ingest.core.quality.verdicts import (
    OF_THE_AMOUNT,
    Check,
    Outcome,
    doubted,
    flag_of,
    names_of,
    outcome_of,
    packed,
    worst,
)
from tests.core.quality import MS, Case, reading, told_of
from tests.worlds import MINUTE, T0

outcomes = st.lists(st.sampled_from(Outcome), min_size=len(Check), max_size=len(Check))
seeds = st.integers(0, 2**32).map(random.Random)


@given(outcomes)
def test_packed_outcomes_come_back_and_fold_to_the_gravest(told: list[Outcome]) -> None:
    checks = packed(zip(Check, told, strict=True))

    assert [outcome_of(checks, check) for check in Check] == told
    assert worst(checks) is max(told)
    assert names_of(checks) == ";".join(
        check.name.lower() for check, one in zip(Check, told, strict=True) if one >= Outcome.SUSPECT
    )
    in_doubt = any(told[check] >= Outcome.SUSPECT for check in OF_THE_AMOUNT)
    assert doubted(checks) == (in_doubt and told[Check.CORRECTION] is not Outcome.PASSED)


def test_the_number_of_a_check_never_changes_for_journals_hold_it() -> None:
    assert " ".join(check.name for check in sorted(Check)) == (
        "CLOCK ARRIVAL GAP COUNTER LIMITS CLIMATE TIPS REPEATED ACCUMULATION DRY_SPELL FAULTY_ZERO HIGH_INFLUX "
        "FROZEN VISIT SUPPLY SUMS CORRECTION"
    )
    assert list(range(len(Check))) == sorted(Check)
    assert packed([(Check.GAP, Outcome.FAILED), (Check.CLOCK, Outcome.PASSED)]) == 0b11_00_01


FLAGS = [
    ((Outcome.PASSED, Outcome.NOT_CHECKED), Flag.GOOD),
    ((Outcome.PASSED, Outcome.SUSPECT), Flag.SUSPECT),
    ((Outcome.SUSPECT, Outcome.FAILED), Flag.FAIL),
    ((Outcome.NOT_CHECKED, Outcome.NOT_CHECKED), Flag.GOOD),
]


@pytest.mark.parametrize(("told", "flag"), FLAGS)
def test_the_flag_is_that_of_the_gravest_outcome(told: tuple[Outcome, Outcome], flag: Flag) -> None:
    checks = packed(zip((Check.LIMITS, Check.VISIT), told, strict=True))

    assert flag_of(checks, otherwise=Flag.GOOD) is flag
    assert flag_of(checks, otherwise=Flag.MISSING) is (Flag.MISSING if flag is Flag.GOOD else flag)


@pytest.mark.parametrize("check", Check)
def test_every_check_alone_decides_the_flag_and_gives_its_reason(check: Check) -> None:
    said = [PASSED] * len(Check)

    said[check] = suspect("in doubt")
    doubtful = verdict(said, Step.STEADY)
    said[check] = failed("wrong")
    wrong = verdict(said, Step.STEADY)

    assert (doubtful.flag, names_of(doubtful.checks), doubtful.reasons) == (
        Flag.SUSPECT,
        check.name.lower(),
        f"{check.name.lower()}: in doubt",
    )
    assert (wrong.flag, names_of(wrong.checks)) == (Flag.FAIL, check.name.lower())


STEPS = {
    Step.FIRST: Flag.NOT_EVALUATED,
    Step.STEADY: Flag.GOOD,
    Step.WRAPPED: Flag.GOOD,
    Step.GAP: Flag.NOT_EVALUATED,
    Step.DEPLOYED: Flag.NOT_EVALUATED,
    Step.VOID: Flag.MISSING,
}


@pytest.mark.parametrize(("step", "flag"), STEPS.items())
def test_a_reading_that_passes_has_the_flag_of_its_step(step: Step, flag: Flag) -> None:
    assert verdict([PASSED] * len(Check), step).flag == flag
    assert verdict([PASSED] * len(Check), step).reasons is None


def test_a_frozen_gauge_without_tips_is_not_evaluated_and_one_without_thermometer_is() -> None:
    cold, unknown = told_of(Case("", [reading(0, temperature_c=-3.0), reading(5)], ""))

    assert verdict(cold, Step.STEADY).flag == Flag.NOT_EVALUATED
    assert verdict(unknown, Step.STEADY).flag == Flag.GOOD


def test_a_void_reading_is_missing_whatever_the_checks_say() -> None:
    said: list[Said] = [failed("wrong"), *nothing_said()[1:]]

    assert verdict(said, Step.VOID).flag == Flag.MISSING


def test_reasons_stand_in_the_order_of_the_checks_and_a_passed_one_may_have_some() -> None:
    said = nothing_said()
    said[Check.VISIT], said[Check.ARRIVAL] = suspect("here"), PASSED._replace(reason="late")

    assert verdict(said, Step.STEADY).reasons == "arrival: late; visit: here"
    assert said[Check.CORRECTION] is NOT_CHECKED


@pytest.mark.parametrize(
    ("length_ms", "text"),
    [
        (999, "0.999 s"),
        (59_999, "60 s"),
        (60_000, "1 min"),
        (7_199_000, "120 min"),
        (7_200_000, "2 h"),
        (2 * DAY_MS - 1, "48 h"),
        (2 * DAY_MS, "2 d"),
    ],
)
def test_a_length_of_time_is_told_in_a_unit_that_people_read(length_ms: int, text: str) -> None:
    assert lasted(length_ms) == text


def test_rain_is_told_in_millimetres() -> None:
    assert [mm(one) for one in (0, 500, 12_345, -500)] == ["0 mm", "0.5 mm", "12.35 mm", "-0.5 mm"]


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_sums_of_rain_are_those_of_a_slow_sum(draw: random.Random) -> None:
    rain, kept = Rain(), list[tuple[int, int, int]]()
    at = T0
    for _ in range(draw.randrange(12)):
        since, at = at + draw.randrange(3), at + draw.randrange(4)
        kept.append((min(since, at), at, draw.randrange(1, 9)))
        rain.add(*kept[-1])
    since, until = T0 + draw.randrange(-2, 40), T0 + draw.randrange(-2, 40)
    slack = draw.randrange(4)

    ended = [one for one in kept if since < one[1] <= until]
    begun = next((place for place, one in enumerate(ended) if one[0] >= since - slack), len(ended))

    assert rain.ended_um(since, until) == sum(one[2] for one in ended) or since > until
    if since <= until:
        assert rain.within_um(since, until, slack_ms=slack) == sum(one[2] for one in ended[begun:])
    assert rain.next_after(since) == min((one[1] for one in kept if one[1] > since), default=None)


def test_old_rain_is_forgotten_and_newer_sums_stay() -> None:
    rain, few = Rain(), Rain()
    for at in range(PRUNED_FROM):
        rain.add(at, at + 1, 2)
    few.add(0, 1, 2)

    rain.prune(PRUNED_FROM - 10)
    few.prune(100)

    assert rain.ended_um(PRUNED_FROM - 5, PRUNED_FROM) == 10
    assert rain.ended_um(0, PRUNED_FROM) == 22  # what ended at the instant itself is kept
    assert few.ended_um(0, 1) == 2


def present(*minutes: float) -> Presence:
    one = Presence(15 * MINUTE)
    for at in minutes:
        one.heard(T0 + round(at * MINUTE))
    return one


@pytest.mark.parametrize(
    ("heard", "minute", "online"),
    [
        ((), 0, False),
        ((0,), -MS, False),
        ((0,), 0, True),
        ((0,), 15, True),
        ((0,), 15 + MS, False),
        ((0, 15), 30, True),
        ((0, 60), 16, False),
        ((0, 60), 59, False),
        ((0, 60), 60, True),
        ((0, 60, 120), 75, True),
        ((0, 60, 120), 76, False),
    ],
)
def test_a_station_is_online_until_its_silence_is_too_long(
    heard: tuple[float, ...], minute: float, *, online: bool
) -> None:
    assert present(*heard).online(T0 + round(minute * MINUTE)) is online


@pytest.mark.parametrize(
    ("heard", "minute", "there_from"),
    [
        ((), 0, None),
        ((10,), 0, 10),
        ((10,), 12, 12),
        ((10,), 26, None),
        ((0, 60, 120), 20, 60),
        ((0, 60, 120), 76, 120),
        ((0, 60, 120), 75, 75),
    ],
)
def test_from_when_on_a_station_is_known_to_be_there(
    heard: tuple[float, ...], minute: float, there_from: float | None
) -> None:
    expected = None if there_from is None else T0 + round(there_from * MINUTE)

    assert present(*heard).there_from(T0 + round(minute * MINUTE)) == expected


@given(seeds)
def test_runs_of_reports_are_those_of_the_single_reports(draw: random.Random) -> None:
    minutes = sorted(draw.choices(range(200), k=draw.randrange(1, 12)))
    one, at = present(*minutes), draw.randrange(220)

    expected = any(minute <= at <= minute + 15 for minute in minutes) or any(
        before <= at <= after and after - before <= 15 for before, after in pairwise(minutes)
    )
    one.prune(T0)

    assert one.online(T0 + at * MINUTE) is expected
