"""What people say of rain: each kind on each step, the spreading of a depth, undoing, and the words of the verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.core.corrections import (
    Corrected,
    Correction,
    CorrectionKind,
    at_once,
    bucket_depths_mm,
    corrected,
    holding,
    in_force,
    undone_by,
    with_correction,
)
from gauge_ingest.core.model import Deployment, Flag, Increment, Station, Step
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, doubted, outcome_of, packed
from tests.worlds import MINUTE, station

VOID, REPLACE, CONFIRM, VISIT = (
    CorrectionKind.VOID,
    CorrectionKind.REPLACE,
    CorrectionKind.CONFIRM,
    CorrectionKind.VISIT,
)


def increment(until: int, tips: int, step: Step = Step.STEADY, *, most: int | None = None, lasts: int = 5) -> Increment:
    """An increment that ends at a minute; what is in doubt has a larger bound."""
    surely = tips if most is None else 0
    flag = {Step.STEADY: Flag.GOOD, Step.VOID: Flag.MISSING}.get(step, Flag.SUSPECT)
    at = until * MINUTE
    return Increment(at - lasts * MINUTE, at, tips, surely, tips if most is None else most, step, flag, step < 5)


def said(kind: CorrectionKind, since: int, until: int, *, number: int = 1, rain_mm: float | None = None) -> Correction:
    """A correction of minutes."""
    return Correction(number, 0, "wang", "why", kind, "HTB01", since * MINUTE, until * MINUTE, rain_mm)


def undo(other: Correction, *, number: int) -> Correction:
    return Correction(
        number, 0, "li", "a slip", CorrectionKind.UNDO, "HTB01", other.since, other.until, undoes=other.id
    )


def after(
    increments: list[Increment], *corrections: Correction, at: Station | None = None
) -> list[tuple[int, int, int, Step]]:
    found = corrected(increments, corrections, at or station())
    return [(one.increment.tips, one.increment.tips_min, one.increment.tips_max, one.increment.step) for one in found]


@pytest.mark.parametrize(
    ("kind", "step", "expected"),
    [
        (VOID, Step.STEADY, (0, 0, 0, Step.VOIDED)),
        (VOID, Step.GAP, (0, 0, 0, Step.VOIDED)),
        (VOID, Step.FIRST, (0, 0, 0, Step.VOIDED)),
        (REPLACE, Step.STEADY, (2, 2, 2, Step.CORRECTED)),
        (REPLACE, Step.RESET, (2, 2, 2, Step.CORRECTED)),
        (REPLACE, Step.DEPLOYED, (2, 2, 2, Step.CORRECTED)),
        (CONFIRM, Step.STEADY, (7, 7, 7, Step.STEADY)),
        (CONFIRM, Step.RESET, (7, 7, 7, Step.RESET)),
        (CONFIRM, Step.WRAPPED, (7, 7, 7, Step.WRAPPED)),
        (VISIT, Step.STEADY, (0, 0, 7, Step.STEADY)),
        (VISIT, Step.GAP, (0, 0, 7, Step.GAP)),
    ],
)
def test_each_kind_says_what_fell(kind: CorrectionKind, step: Step, expected: tuple[int, int, int, Step]) -> None:
    correction = said(kind, 0, 5, rain_mm=1.0 if kind is REPLACE else None)

    assert after([increment(5, 7, step)], correction) == [expected]


def test_confirming_never_adds_rain_and_what_is_not_counted_yet_keeps_its_bounds() -> None:
    """Two stories fit a restart: none fell, or 250 mm. Confirmed is what is shown; for the other there is replace."""
    restart, jump = increment(5, 0, Step.RESET, most=500), increment(10, 0, Step.UNCONFIRMED, most=12)

    assert after([restart, jump], said(CONFIRM, 0, 10)) == [(0, 0, 0, Step.RESET), (0, 0, 12, Step.UNCONFIRMED)]


def test_what_two_stories_allow_may_have_fallen_during_a_visit() -> None:
    assert after([increment(5, 3, Step.RESET, most=9)], said(VISIT, 0, 5)) == [(0, 0, 9, Step.RESET)]


@pytest.mark.parametrize("kind", [VOID, REPLACE, CONFIRM, VISIT])
def test_what_is_no_fact_about_rain_stays_none_whatever_is_said(kind: CorrectionKind) -> None:
    no_fact = increment(5, 0, Step.VOID)

    found = corrected([no_fact, increment(6, 1)], [said(kind, 0, 6, rain_mm=1.0)], station())

    assert found[0] == Corrected(no_fact, None)


@pytest.mark.parametrize("kind", [VOID, REPLACE])
def test_a_count_that_is_not_confirmed_keeps_its_step_and_takes_no_part_of_a_depth(kind: CorrectionKind) -> None:
    both = [increment(5, 2), increment(10, 0, Step.UNCONFIRMED, most=90)]

    found = after(both, said(kind, 0, 10, rain_mm=1.5))

    assert found[1] == (0, 0, 0, Step.UNCONFIRMED)
    assert found[0][0] == (3 if kind is REPLACE else 0)


def test_only_increments_that_end_inside_are_meant() -> None:
    three = [increment(5, 1), increment(10, 1), increment(15, 1)]

    assert [one[0] for one in after(three, said(VOID, 5, 10))] == [1, 0, 1]


def test_what_follows_still_depends_on_counts_alone() -> None:
    both = [increment(5, 1), increment(10, 3, Step.UNCONFIRMED, most=9)]

    found = corrected(both, [said(VOID, 0, 10)], station())

    assert [one.increment.anchor for one in found] == [True, False]
    assert [(one.increment.since, one.increment.until) for one in found] == [(0, 5 * MINUTE), (5 * MINUTE, 10 * MINUTE)]


@pytest.mark.parametrize(
    ("tips", "rain_mm", "expected"),
    [
        ([1, 1, 2], 4.0, [2, 2, 4]),
        ([1, 1, 1], 2.0, [1, 2, 1]),  # after each as many as come nearest to the share so far: 1.3, 2.7, 4
        ([5, 1, 0], 1.5, [3, 0, 0]),
        ([0, 0, 0], 3.0, [2, 2, 2]),
        ([3, 0, 4], 0.0, [0, 0, 0]),
    ],
)
def test_a_depth_is_spread_like_the_tips_that_were_counted(
    tips: list[int], rain_mm: float, expected: list[int]
) -> None:
    counted = [increment(5 * place, one) for place, one in enumerate(tips, 1)]

    assert [one[0] for one in after(counted, said(REPLACE, 0, 15, rain_mm=rain_mm))] == expected


def test_without_counted_tips_a_depth_is_spread_by_the_time_inside_the_span() -> None:
    counted = [increment(5, 0, lasts=100), increment(15, 0, lasts=10)]

    assert [one[0] for one in after(counted, said(REPLACE, 0, 15, rain_mm=1.5))] == [1, 2]


def test_a_base_line_alone_takes_a_depth() -> None:
    assert after([increment(5, 0, Step.FIRST, lasts=0)], said(REPLACE, 0, 5, rain_mm=2.0))[0][0] == 4


def test_water_that_was_poured_has_no_share_of_the_days_depth() -> None:
    day = [increment(5, 2), increment(10, 20), increment(15, 2)]

    found = after(day, said(VISIT, 5, 10, number=1), said(REPLACE, 0, 15, number=2, rain_mm=3.0))

    assert found == [(3, 3, 3, Step.CORRECTED), (0, 0, 0, Step.CORRECTED), (3, 3, 3, Step.CORRECTED)]


def test_the_later_word_holds_where_two_overlap() -> None:
    day = [increment(5, 2), increment(10, 2), increment(15, 2)]

    found = after(day, said(REPLACE, 0, 10, number=1, rain_mm=4.0), said(VOID, 5, 15, number=2))

    assert found == [(4, 4, 4, Step.CORRECTED), (0, 0, 0, Step.VOIDED), (0, 0, 0, Step.VOIDED)]


def test_the_correction_that_holds_is_the_newest_whose_span_an_instant_ends() -> None:
    both = [said(VOID, 0, 10, number=1), said(VISIT, 5, 15, number=2)]

    found = [holding(both, minute * MINUTE) for minute in (0, 5, 6, 15, 16)]

    assert [one and one.id for one in found] == [None, 1, 2, 2, None]


def test_where_the_bucket_has_changed_since_each_bucket_has_its_share_in_whole_tips_of_its_own() -> None:
    changed = Station("HTB01", "石门", (Deployment(0, 0.5, 0, 0, 0, 0), Deployment(5 * MINUTE, 0.2, 0, 0, 0, 0)))
    counted = [increment(3, 4), increment(5, 4), increment(6, 0, Step.DEPLOYED), increment(8, 10), increment(10, 10)]

    found = after(counted, said(REPLACE, 0, 10, rain_mm=15.0), at=changed)

    # 4 mm were counted with each. 7.5 mm are no whole tips of 0.2 mm, 7 mm and 8 mm are whole tips of both.
    assert [one[0] for one in found] == [7, 7, 0, 20, 20]


def test_where_the_bucket_has_changed_and_nothing_was_counted_each_has_the_rain_of_its_time() -> None:
    changed = Station("HTB01", "石门", (Deployment(0, 0.5, 0, 0, 0, 0), Deployment(5 * MINUTE, 0.2, 0, 0, 0, 0)))

    found = after([increment(5, 0), increment(20, 0, lasts=15)], said(REPLACE, 0, 20, rain_mm=4.0), at=changed)

    assert [one[0] for one in found] == [2, 15]


def test_a_depth_whose_last_bucket_has_no_reading_yet_is_there_all_the_same() -> None:
    changed = Station("HTB01", "石门", (Deployment(0, 0.5, 0, 0, 0, 0), Deployment(5 * MINUTE, 0.2, 0, 0, 0, 0)))

    assert after([increment(5, 3)], said(REPLACE, 0, 10, rain_mm=4.0), at=changed)[0][0] == 8


def test_depths_of_all_buckets_that_were_in_use_in_a_span() -> None:
    changed = Station("HTB01", "石门", (Deployment(0, 0.5, 0, 0, 0, 0), Deployment(5 * MINUTE, 0.2, 0, 0, 0, 0)))

    assert bucket_depths_mm(changed, since=0, until=10 * MINUTE) == {0.5, 0.2}
    assert bucket_depths_mm(changed, since=5 * MINUTE, until=10 * MINUTE) == {0.2}
    assert bucket_depths_mm(changed, since=0, until=5 * MINUTE) == {0.5}


def test_an_undoing_that_is_undone_gives_the_correction_back() -> None:
    first = said(VOID, 0, 5)
    second, third = undo(first, number=2), undo(undo(first, number=2), number=3)

    assert in_force([first]) == [first]
    assert in_force([first, second]) == []
    assert in_force([first, second, third]) == [first]
    assert undone_by([first, second, third]) == {2: 3}


def test_a_replaced_span_is_derived_whole_with_those_it_overlaps_and_no_neighbour() -> None:
    spans = [(0, 10), (9, 20), (20, 30), (40, 50)]
    corrections = [said(REPLACE, since, until, number=n) for n, (since, until) in enumerate(spans)]

    assert at_once([*corrections, said(VOID, 0, 90)], since=2 * MINUTE, until=3 * MINUTE) == (0, 20 * MINUTE)
    assert at_once(corrections, since=20 * MINUTE, until=41 * MINUTE) == (20 * MINUTE, 50 * MINUTE)
    assert at_once(corrections, since=30 * MINUTE, until=40 * MINUTE) == (30 * MINUTE, 40 * MINUTE)


@pytest.mark.parametrize(
    ("kind", "flag", "outcome"),
    [
        (VOID, Flag.MISSING, Outcome.FAILED),
        (VISIT, Flag.FAIL, Outcome.FAILED),
        (REPLACE, Flag.GOOD, Outcome.PASSED),
        (CONFIRM, Flag.GOOD, Outcome.PASSED),
    ],
)
@pytest.mark.parametrize("reasons", [None, "limits: 12 mm in a minute"])
def test_the_word_of_a_person_stands_above_the_checks(
    kind: CorrectionKind, flag: Flag, outcome: Outcome, reasons: str | None
) -> None:
    checks = packed([(Check.LIMITS, Outcome.FAILED)]) if reasons else 0
    checked = Verdict(Flag.FAIL if reasons else Flag.SUSPECT, checks, reasons)

    final = with_correction(checked, said(kind, 0, 5, number=3))

    assert final.flag == flag
    assert outcome_of(final.checks, Check.CORRECTION) is outcome
    assert outcome_of(final.checks, Check.LIMITS) is outcome_of(checks, Check.LIMITS)
    assert final.reasons == (f"{reasons}; " if reasons else "") + f"correction 3: {kind}, by wang: why"
    assert with_correction(checked, None) == checked
    assert doubted(final.checks) is (reasons is not None and outcome is Outcome.FAILED)


KINDS = st.sampled_from([VOID, REPLACE, CONFIRM, VISIT])
STEPS = st.sampled_from([Step.STEADY, Step.GAP, Step.WRAPPED, Step.RESET, Step.VOID, Step.UNCONFIRMED, Step.DEPLOYED])


@st.composite
def days(draw: st.DrawFn) -> list[Increment]:
    tips = draw(st.lists(st.tuples(st.integers(0, 60), STEPS), min_size=1, max_size=30))
    return [increment(5 * place, 0 if step is Step.VOID else one, step) for place, (one, step) in enumerate(tips, 1)]


@st.composite
def entries(draw: st.DrawFn) -> list[Correction]:
    made: list[Correction] = []
    for number, undoes in enumerate(draw(st.lists(st.booleans(), max_size=8)), 1):
        open_ones = [one for one in made if one.id not in undone_by(made)]
        if open_ones and undoes:
            made.append(undo(draw(st.sampled_from(open_ones)), number=number))
            continue
        since = draw(st.integers(0, 150))
        until = since + draw(st.integers(1, 100))
        made.append(said(draw(KINDS), since, until, number=number, rain_mm=draw(st.integers(0, 400)) / 2))
    return made


@given(days(), entries(), KINDS, st.integers(0, 150), st.integers(1, 100))
def test_a_correction_that_is_undone_leaves_everything_as_it_was(
    day: list[Increment], made: list[Correction], kind: CorrectionKind, since: int, lasts: int
) -> None:
    number = len(made) + 1
    entry = said(kind, since, since + lasts, number=number, rain_mm=3.0)
    before = corrected(day, in_force(made), station())

    undone = corrected(day, in_force([*made, entry, undo(entry, number=number + 1)]), station())

    assert undone == before


@given(days(), entries(), st.integers(0, 150), st.integers(1, 100), st.integers(0, 400))
def test_a_replaced_depth_is_there_to_the_last_tip(
    day: list[Increment], made: list[Correction], since: int, lasts: int, tips: int
) -> None:
    entry = said(REPLACE, since, since + lasts, number=len(made) + 1, rain_mm=tips / 2)
    takers = [
        one for one in day if entry.since < one.until <= entry.until and one.step not in (Step.VOID, Step.UNCONFIRMED)
    ]

    found = corrected(day, [*in_force(made), entry], station())

    inside = [one.increment for one in found if one.correction is entry]
    assert sum(one.tips for one in inside) == (tips if takers else 0)
    assert all(one.tips_min == one.tips == one.tips_max for one in inside)
