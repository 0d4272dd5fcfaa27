"""Thresholds over several durations: which level is reached, which is still held, and the window that decided."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Flag, Increment, Rule, Step, Threshold
from gauge_ingest.core.rules import DRY, Judgement, Thresholds
from tests.worlds import MINUTE, T0, rule, station


def judged(
    spans: Sequence[tuple[int, int, int, int]] | Ledger, at: int, *, level: int = 0, by: Rule | None = None
) -> Judgement:
    """Judge at a minute what (since, until, tips_min, tips_max) left in the ledger; half a millimetre each."""
    ledger = spans if isinstance(spans, Ledger) else ledger_of(*spans)
    return Thresholds(by or rule()).judge(ledger, T0 + at * MINUTE, level=level)


def ledger_of(*spans: tuple[int, int, int, int], step: Step = Step.STEADY) -> Ledger:
    ledger = Ledger(station())
    for since, until, tips_min, tips_max in spans:
        at = (T0 + since * MINUTE, T0 + until * MINUTE)
        ledger.append(Increment(*at, tips_min, tips_min, tips_max, step, Flag.GOOD, True))
    return ledger


@pytest.mark.parametrize(
    ("tips", "minutes", "reached"),
    [
        (11, 30, 0),
        (12, 30, 1),  # 6 mm in half an hour
        (19, 30, 1),
        (20, 30, 2),  # 10 mm in half an hour, and in an hour
        (19, 60, 0),  # 9.5 mm in an hour are too little for the hour
        (29, 60, 1),
        (30, 60, 2),
        (39, 180, 1),
        (40, 180, 2),  # 20 mm in three hours
    ],
)
def test_the_first_drop_that_reaches_a_threshold_reaches_its_level(tips: int, minutes: int, reached: int) -> None:
    """The rain falls evenly, in steps of a minute, over the whole of one window."""
    edges = [tips * minute // minutes for minute in range(minutes + 1)]
    spans = [(minute, minute + 1, now - last, now - last) for minute, (last, now) in enumerate(pairwise(edges))]
    only = tuple(one for one in rule().thresholds if one.window_s == minutes * 60)

    assert judged(spans, minutes, by=Rule("r", ("prepare", "immediate"), only, ("HTB01",))).reached == reached


def test_the_window_that_reaches_the_highest_level_decides() -> None:
    evidence = judged([(0, 5, 10, 10), (5, 40, 0, 0), (40, 45, 20, 20)], 45).evidence

    assert evidence is not None
    assert (evidence.window_s, evidence.threshold_mm) == (3_600, 15)
    assert (evidence.rain_mm, evidence.rain_mm_max) == (15, 15)
    assert (evidence.since, evidence.until) == (T0 - 15 * MINUTE, T0 + 45 * MINUTE)
    assert evidence.coverage == 0.75
    assert not evidence.unconfirmed


def test_where_nothing_is_reached_the_window_nearest_to_its_threshold_is_shown() -> None:
    evidence = judged([(0, 5, 11, 11)], 5).evidence

    assert evidence is not None
    assert (evidence.window_s, evidence.threshold_mm, evidence.rain_mm) == (1_800, 6, 5.5)


def test_a_level_is_reached_on_what_surely_fell_and_more_is_called_unconfirmed() -> None:
    judgement = judged([(0, 5, 12, 20)], 5)

    assert judgement.reached == 1
    assert judgement.evidence is not None
    assert judgement.evidence.unconfirmed
    assert judgement.evidence.rain_mm_max == 10


def test_what_may_have_fallen_reaches_nothing_by_itself() -> None:
    judgement = judged([(0, 5, 0, 20)], 5)

    assert judgement.reached == 0
    assert judgement.evidence is not None
    assert judgement.evidence.unconfirmed


@pytest.mark.parametrize(("tips_max", "held"), [(9, 0), (10, 1), (15, 1), (16, 2)])
def test_a_level_is_held_while_what_may_have_fallen_is_above_its_clearing_mark(tips_max: int, held: int) -> None:
    """Four fifths of 6 mm are 4.8 mm, of 10 mm 8 mm."""
    only = tuple(one for one in rule().thresholds if one.window_s == 1800)

    judgement = judged([(0, 5, 0, tips_max)], 5, level=2, by=Rule("r", ("prepare", "immediate"), only, ("HTB01",)))

    assert judgement.held == held


def test_a_level_that_is_reached_is_held() -> None:
    steep = Rule("r", ("low",), (Threshold(600, "low", 1.0),), ("HTB01",), clear_ratio=1.0)

    assert judged([(0, 5, 2, 2)], 5, by=steep) == judged([(0, 5, 2, 2)], 5, level=1, by=steep)
    assert judged([(0, 5, 2, 2)], 5, by=steep).held == 1


def test_rain_that_has_left_every_window_counts_no_more() -> None:
    spans = [(0, 5, 60, 60), (5, 185, 0, 0)]

    assert judged(spans, 184, level=2).held == 2
    assert judged(spans, 185, level=2).held == 0
    assert judged(spans, 185) is DRY


def test_nothing_is_all_clear_where_too_little_of_a_window_is_covered() -> None:
    """An hour without a usable report in the middle of three."""
    ledger = ledger_of((0, 60, 0, 0))
    ledger.append(Increment(T0 + 60 * MINUTE, T0 + 120 * MINUTE, 0, 0, 0, Step.RESET, Flag.SUSPECT, True))
    ledger.append(Increment(T0 + 120 * MINUTE, T0 + 300 * MINUTE, 0, 0, 0, Step.STEADY, Flag.GOOD, True))

    assert not judged(ledger, 180, level=1).covered
    assert not judged(ledger, 263, level=1).covered
    assert judged(ledger, 264, level=1).covered  # 36 minutes of 180 are missing: four fifths are covered
    assert judged(ledger, 180, level=0).covered, "asked only where there is something to clear"


def test_before_a_stations_first_report_nothing_is_missing() -> None:
    assert judged([(0, 10, 0, 0)], 10, level=1).covered
    assert judged([(0, 0, 0, 0)], 0, level=1).covered


def test_coverage_is_not_asked_while_the_level_is_held() -> None:
    ledger = ledger_of((0, 60, 0, 0))
    ledger.append(Increment(T0 + 60 * MINUTE, T0 + 120 * MINUTE, 40, 40, 40, Step.RESET, Flag.SUSPECT, True))

    judgement = judged(ledger, 120, level=2)

    assert judgement.held == 2
    assert judgement.covered


@pytest.mark.parametrize("seed", range(40))
def test_asked_only_for_a_level_the_answer_is_that_of_asking_for_the_reason_too(seed: int) -> None:
    draw = random.Random(seed)
    thresholds = Thresholds(rule("HTB01"))
    near = 0
    for _ in range(60):
        ends = sorted(draw.sample(range(5, 24 * 60, 5), draw.randrange(1, 60)))
        ledger = ledger_of(*((end - 5, end, draw.choice([0, 1]), draw.choice([1, 2, 8])) for end in ends))
        at = T0 + (ends[-1] + draw.choice([-60, 0, 0, 300])) * MINUTE

        asked = thresholds.judge(ledger, at, level=0, why_not=False)
        reasoned = thresholds.judge(ledger, at, level=0, why_not=True)

        assert (asked.reached, asked.held, asked.covered) == (reasoned.reached, reasoned.held, reasoned.covered)
        assert asked.evidence == (reasoned.evidence if asked.reached else None)
        near += asked.held > 0
    assert near, "no rain to speak of"
