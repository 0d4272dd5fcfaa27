"""Bounds and coverage of windows against what is known of every single tip."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Flag, Increment, Report, Step
from gauge_ingest.core.rainfall import increments
from tests.worlds import HOUR, MINUTE, T0, station

TIP_EVERY_MS = 3_750  # half a millimetre at 8 mm/min, the most that the gauge lets through
TIP_UM = 500
seeds = st.integers(0, 2**32).map(random.Random)


def increment(
    since: float, until: float, tips: int, step: Step = Step.STEADY, *, tips_min: int | None = None
) -> Increment:
    least = tips if tips_min is None else tips_min
    at = (T0 + round(since * MINUTE), T0 + round(until * MINUTE))
    return Increment(*at, tips, least, tips, step, Flag.GOOD, True)


def ledger_of(*found: Increment) -> Ledger:
    ledger = Ledger(station())
    for one in found:
        ledger.append(one)
    return ledger


def bounds(ledger: Ledger, since: float, until: float) -> tuple[float, float]:
    """Whole tips that surely and that possibly fell between two minutes."""
    window = ledger.window(since=T0 + round(since * MINUTE), until=T0 + round(until * MINUTE))
    return window.rain_um_min // TIP_UM, window.rain_um_max // TIP_UM


def some_tips(draw: random.Random, span_ms: int) -> list[int]:
    """Times of tips, never closer than the gauge can tip, in showers and alone."""
    at, tips = T0 + 1, []
    while at < T0 + span_ms:
        tips.append(at)
        at += TIP_EVERY_MS + draw.choice(
            [0, 0, 1, draw.randrange(2_000), draw.randrange(120_000), draw.randrange(HOUR)]
        )
    return tips


def some_increments(draw: random.Random, tips: Sequence[int], span_ms: int) -> list[Increment]:
    """What reports at random times make of the tips; the counter may wrap."""
    times = {T0, T0 + span_ms} | {T0 + draw.randrange(span_ms) for _ in range(draw.randrange(2, 40))}
    times |= {at + draw.choice([-1, 0, 1, 100]) for at in draw.sample(tips, min(len(tips), draw.randrange(6)))}
    first = draw.choice([0, 65_500])
    reports = [
        Report("HTB01", at, (first + sum(tip <= at for tip in tips)) % 65_536) for at in sorted(times) if at >= T0
    ]
    return increments(reports, station(), after=None)


def some_window(draw: random.Random, found: Sequence[Increment]) -> tuple[int, int]:
    """A window within what is covered, with edges near those of increments or anywhere."""
    begin, end = found[0].until, found[-1].until
    near = [one.until + draw.choice([-3_751, -3_750, -100, -1, 0, 1, 100, 3_750]) for one in found]
    edges = sorted(min(max(draw.choice([*near, draw.randrange(begin, end + 1)]), begin), end) for _ in range(2))
    return edges[0], edges[1]


@settings(max_examples=400, deadline=None)
@given(seeds)
def test_what_truly_fell_lies_between_the_bounds_of_any_window(draw: random.Random) -> None:
    span_ms = draw.choice([20, 120, 600]) * MINUTE
    tips = some_tips(draw, span_ms)
    found = some_increments(draw, tips, span_ms)
    assert {one.step for one in found} <= {Step.FIRST, Step.STEADY, Step.GAP, Step.WRAPPED}
    ledger = ledger_of(*found)

    for _ in range(30):
        since, until = some_window(draw, found)
        window = ledger.window(since=since, until=until)
        truth_um = sum(since < tip <= until for tip in tips) * TIP_UM
        assert window.rain_um_min <= truth_um <= window.rain_um_max, f"({since - T0}, {until - T0}] of {found}"


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_a_window_between_reports_is_known_exactly(draw: random.Random) -> None:
    span_ms = 120 * MINUTE
    tips = some_tips(draw, span_ms)
    found = some_increments(draw, tips, span_ms)
    ledger = ledger_of(*found)

    for one, other in pairwise(sorted(draw.choice(found).until for _ in range(8))):
        window = ledger.window(since=one, until=other)
        truth_um = sum(one < tip <= other for tip in tips) * TIP_UM
        assert (window.rain_um_min, window.rain_um_max) == (truth_um, truth_um)


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_what_no_window_reaches_can_be_forgotten(draw: random.Random) -> None:
    span_ms = 120 * MINUTE
    found = some_increments(draw, some_tips(draw, span_ms), span_ms)
    found[1:] = [one._replace(step=draw.choice([one.step, Step.RESET, Step.UNCONFIRMED])) for one in found[1:]]
    whole, forgetful = ledger_of(*found), ledger_of(*found)
    before = T0 + draw.randrange(span_ms)
    forgetful.forget_before(before)

    for _ in range(10):
        since, until = some_window(draw, found)
        if since >= before:
            assert forgetful.window(since=since, until=until) == whole.window(since=since, until=until)
            assert forgetful.coverage(since=since, until=until) == whole.coverage(since=since, until=until)
            assert forgetful.most_um(since) == whole.most_um(since)


@pytest.mark.parametrize(
    ("since", "until", "least", "most"),
    [
        (0, 10, 20, 20),  # all of it
        (5, 10, 0, 20),  # 80 tips can have fallen in the five minutes outside
        (0.5, 10, 12, 20),  # 8 at most in the half minute outside
        (0, 9.5, 12, 20),
        (0.5, 9.5, 4, 20),  # 8 on either side
        (-60, 9.5, 12, 20),
        (0.5, 60, 12, 20),
        (10, 20, 0, 0),
        (-20, 0, 0, 0),
    ],
)
def test_of_an_increment_across_an_edge_counts_what_cannot_have_fallen_outside(
    since: float, until: float, least: int, most: int
) -> None:
    assert bounds(ledger_of(increment(-60, 0, 0), increment(0, 10, 20), increment(10, 60, 0)), since, until) == (
        least,
        most,
    )


def test_a_moment_on_either_side_of_a_window_can_hold_a_tip_each() -> None:
    """Two tips in five minutes may both have fallen outside a window that leaves a tenth of a second at each end."""
    ledger = ledger_of(increment(0, 5, 2))

    window = ledger.window(since=T0 + 100, until=T0 + 5 * MINUTE - 100)

    assert window.rain_um_min == 0


def test_what_is_not_confirmed_is_possible_and_not_sure() -> None:
    assert bounds(ledger_of(increment(0, 5, 3), increment(5, 10, 40, Step.UNCONFIRMED, tips_min=0)), 0, 10) == (3, 43)


def test_void_reports_leave_nothing_behind() -> None:
    ledger = ledger_of(increment(0, 5, 3), increment(7, 7, 9, Step.VOID))

    assert len(ledger) == 1
    assert ledger.newest_at == T0 + 5 * MINUTE


def test_each_deployment_counts_with_its_own_bucket() -> None:
    first = station().deployments[0]
    moved = replace(first, since=T0 + 5 * MINUTE, bucket_depth_mm=0.2)
    ledger = Ledger(replace(station(), deployments=(first, moved)))
    ledger.append(increment(0, 5, 10))
    ledger.append(increment(5, 10, 10))

    window = ledger.window(since=T0, until=T0 + 10 * MINUTE)

    assert window.rain_um_min == window.rain_um_max == 10 * 500 + 10 * 200


SOME_STEPS = [Step.STEADY, Step.GAP, Step.WRAPPED, Step.RESET, Step.UNCONFIRMED, Step.DEPLOYED, Step.VOID]


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_coverage_is_the_share_of_time_that_reports_speak_for(draw: random.Random) -> None:
    edges = sorted({draw.randrange(240) for _ in range(draw.randrange(2, 20))})
    found = [increment(edges[0], edges[0], 0, Step.FIRST)] if draw.random() < 0.7 else []
    at = edges[0]
    for until in edges[1:]:
        step = draw.choice(SOME_STEPS)
        if step is not Step.VOID:
            found.append(increment(at, until, draw.randrange(3), step))
            at = until
    ledger = ledger_of(*found)

    for _ in range(10):
        since, until = sorted(draw.sample(range(-30, 270), 2))
        covered = sum(
            one.since < T0 + minute * MINUTE <= one.until and one.step in (Step.STEADY, Step.WRAPPED, Step.GAP)
            for minute in range(since + 1, until + 1)
            for one in found
        )
        share = ledger.coverage(since=T0 + since * MINUTE, until=T0 + until * MINUTE)
        assert share == pytest.approx(covered / (until - since)), f"({since}, {until}] of {found}"


def test_nothing_heard_is_nothing_covered() -> None:
    assert ledger_of().coverage(since=T0, until=T0 + HOUR) == 0
    assert ledger_of(increment(0, 60, 1)).coverage(since=T0, until=T0) == 0
