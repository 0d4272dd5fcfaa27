"""What was flagged at a station and why, from rows as its reports leave them."""

import tracemalloc
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, Kind, Row, Step
from gauge_ingest.core.quality.course import SLOTS_MAX, Course, CourseRecord
from gauge_ingest.core.quality.summary import REASONS_MAX, SPANS_MAX, QualitySummary, quality_of
from gauge_ingest.core.quality.verdicts import Check, Outcome, not_passed, packed, reason_of
from tests.core.health_rows import EVERY, STATION, row
from tests.worlds import T0

CLOCK, COUNTER, TIPS, DEAD, VISIT, SUPPLY = (
    Check.CLOCK,
    Check.COUNTER,
    Check.TIPS,
    Check.FAULTY_ZERO,
    Check.VISIT,
    Check.SUPPLY,
)
PASSED, SUSPECT, FAILED = Outcome.PASSED, Outcome.SUSPECT, Outcome.FAILED
GAP_AFTER = STATION.gap_after_ms


def said(place: float, outcomes: dict[Check, Outcome] | None = None, *, tips: int = 0, **told: Any) -> Row:
    """The reading of so many intervals after T0, with what the checks say of it; 0.5 mm a tip."""
    at = T0 + round(place * EVERY)
    checks = packed((outcomes or {}).items())
    grave = max((outcomes or {CLOCK: PASSED}).values())
    flag = {SUSPECT: 3, FAILED: 4}.get(grave, 1)
    return row(at, **{"since": at - EVERY, "tips": tips, "tips_max": tips, "checks": checks, "flag": flag, **told})


def summary(rows: Iterable[Row], *, hours: float = 24, first_observed_at: int | None = T0) -> QualitySummary:
    until = T0 + round(hours * HOUR_MS)
    return quality_of(rows, STATION, since=T0, until=until, first_observed_at=first_observed_at)


def flagged_spans(found: QualitySummary, check: Check) -> list[tuple[float, float, int]]:
    """Since and until of the spans of a check, in intervals after T0, and their readings; the newest first."""
    spans = next(one for one in found.flagged if one.check is check).spans
    return [((one.since - T0) / EVERY, (one.until - T0) / EVERY, one.readings) for one in spans]


# --- spans -------------------------------------------------------------------------------------------------------


def test_readings_that_follow_each_other_are_one_span_with_the_first_and_the_last_reason() -> None:
    low = {SUPPLY: SUSPECT}
    rows = [
        said(1, {SUPPLY: PASSED}),
        said(2, low, reasons="supply: battery at 10.9 V"),
        said(3, low, reasons="supply: battery at 10.8 V"),
        said(4, low | {TIPS: FAILED}, reasons="tips: fast; supply: battery at 10.7 V", tips=2),
        said(5, {SUPPLY: PASSED}),
        said(6, low, reasons="supply: battery at 10.9 V"),
    ]

    found = summary(rows)

    supply = next(one for one in found.flagged if one.check is SUPPLY)
    newest, oldest = supply.spans
    assert (newest.readings, newest.reason, newest.last_reason) == (1, "battery at 10.9 V", None)
    assert (oldest.since, oldest.until, oldest.readings) == (T0 + EVERY, T0 + 4 * EVERY, 3)
    assert (oldest.reason, oldest.last_reason) == ("battery at 10.9 V", "battery at 10.7 V")
    assert (oldest.rain_um, oldest.outcome) == (1_000, SUSPECT)
    assert (supply.suspect, supply.failed, supply.rain_um, supply.spans_number) == (4, 0, 1_000, 2)
    assert (supply.first_at, supply.last_at) == (T0 + 2 * EVERY, T0 + 6 * EVERY)


def test_a_reason_that_comes_back_at_the_end_of_a_span_is_told_once() -> None:
    rows = [said(place, {SUPPLY: SUSPECT}, reasons=f"supply: {why}") for place, why in ((1, "a"), (2, "b"), (3, "a"))]

    (supply,) = summary(rows).flagged

    assert (supply.spans[0].reason, supply.spans[0].last_reason) == ("a", None)


def test_a_span_is_as_grave_as_its_gravest_reading() -> None:
    rows = [said(1, {VISIT: SUSPECT}), said(2, {VISIT: FAILED}), said(3, {VISIT: SUSPECT})]

    (visit,) = summary(rows).flagged

    assert (visit.spans[0].outcome, visit.readings, visit.suspect, visit.failed) == (FAILED, 3, 2, 1)


@pytest.mark.parametrize(
    ("between", "apart", "spans"),
    [
        ({SUPPLY: PASSED}, 2 * EVERY, 2),
        ({}, GAP_AFTER, 1),  # an event report without a voltage, and no regular one missing
        ({}, GAP_AFTER + 1, 2),
        ({TIPS: SUSPECT}, GAP_AFTER, 1),
    ],
)
def test_what_a_check_did_not_look_at_ends_no_span_until_reports_are_missing(
    between: dict[Check, Outcome], apart: int, spans: int
) -> None:
    first, last = said(1, {SUPPLY: SUSPECT}), said(9, {SUPPLY: SUSPECT})
    last = last._replace(since=first.observed_at + apart)

    found = summary([first, said(2, between), last])

    assert len(flagged_spans(found, SUPPLY)) == spans


def test_the_newest_spans_are_told_and_all_are_counted() -> None:
    outcomes = [{DEAD: SUSPECT} if place % 2 else {DEAD: PASSED} for place in range(1, 4 * SPANS_MAX + 1)]

    found = summary((said(place + 1, one) for place, one in enumerate(outcomes)), hours=24 * 30)

    (dead,) = found.flagged
    assert (dead.spans_number, len(dead.spans), dead.readings) == (2 * SPANS_MAX, SPANS_MAX, 2 * SPANS_MAX)
    assert dead.spans[0].until == dead.last_at
    assert all(later.since >= earlier.until for later, earlier in pairwise(dead.spans))


# --- reasons -----------------------------------------------------------------------------------------------------


def test_why_is_the_reason_given_most_often_whatever_its_figures() -> None:
    low = [said(place, {SUPPLY: SUSPECT}, reasons=f"supply: battery at {11 - place / 10} V") for place in (1, 2, 3)]
    others = [said(place, {SUPPLY: SUSPECT}, reasons=f"supply: {why}") for place, why in ((4, "dark"), (5, "old"))]

    (supply,) = summary([*low, *others]).flagged

    assert supply.why == "battery at 10.7 V"


def test_of_reasons_without_end_only_so_many_are_told_apart() -> None:
    words = [chr(0x4E00 + place) for place in range(REASONS_MAX)] + ["too late"] * REASONS_MAX
    rows = [said(place + 1, {SUPPLY: SUSPECT}, reasons=f"supply: {word}") for place, word in enumerate(words)]

    (supply,) = summary(rows, hours=24 * 30).flagged

    assert (supply.why, supply.readings) == (words[0], 2 * REASONS_MAX)


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (CLOCK, "set back: twice"),
        (TIPS, "double tip"),
        (VISIT, ""),
        (Check.CORRECTION, "3: void, by Li: wasps; tips: none; clock: right"),
    ],
)
def test_a_reason_is_found_whatever_people_have_written(check: Check, reason: str) -> None:
    reasons = "clock: set back: twice; tips: double tip; correction 3: void, by Li: wasps; tips: none; clock: right"

    assert reason_of(reasons, check) == reason


def test_a_verdict_without_reasons_gives_none() -> None:
    assert reason_of(None, CLOCK) == ""
    assert not_passed(packed([(CLOCK, PASSED), (TIPS, FAILED), (VISIT, SUSPECT)])) == ((TIPS, FAILED), (VISIT, SUSPECT))


# --- rain and shares ---------------------------------------------------------------------------------------------


def test_rain_is_doubted_where_its_amount_is_and_not_where_its_time_is() -> None:
    rows = [
        said(1, {CLOCK: SUSPECT, TIPS: PASSED}, tips=10),
        said(2, {CLOCK: SUSPECT, TIPS: SUSPECT}, tips=4),
        said(3, {CLOCK: PASSED, TIPS: PASSED}, tips=6),
    ]

    found = summary(rows)

    assert [(one.check, one.rain_um) for one in found.flagged] == [(CLOCK, 7_000), (TIPS, 2_000)]
    assert (found.rain_um, found.doubted_um, found.doubted_share) == (10_000, 2_000, 0.2)
    assert found.flags == {1: 1, 3: 2}
    assert found.suspect_share == pytest.approx(2 / 3)
    assert found.failed_share == 0.0


def test_tests_and_what_is_owed_are_left_out_and_void_counts_are_flagged_alone() -> None:
    grave = {TIPS: FAILED}
    rows = [
        said(1, grave, tips=3, kind=int(Kind.TEST)),
        said(2, grave, tips=3, step=int(Step.OWED)),
        said(3, grave, tips=3, step=int(Step.VOID), flag=9),
        said(4, {TIPS: PASSED}),
    ]

    found = summary(rows)

    assert (found.flags, found.readings, found.rain_um, found.flagged) == ({1: 1, 9: 1}, 2, 0, ())


def test_what_a_person_has_settled_is_counted_and_not_told_again() -> None:
    rows = [
        said(1, {TIPS: SUSPECT}, tips=4),
        said(2, {TIPS: SUSPECT, Check.CORRECTION: PASSED}, tips=4, flag=1),
        said(3, {TIPS: SUSPECT}, tips=4),
        said(4, {TIPS: PASSED, Check.CORRECTION: PASSED}),
        said(5, {Check.CORRECTION: FAILED}, flag=9, step=int(Step.VOIDED), reasons="correction 7: void, by Li: wasps"),
    ]

    found = summary(rows)

    tips, correction = found.flagged
    assert (found.settled, tips.readings, tips.rain_um, found.doubted_um) == (1, 2, 4_000, 4_000)
    assert flagged_spans(found, TIPS) == [(2, 3, 1), (0, 1, 1)]
    assert (correction.check, correction.why) == (Check.CORRECTION, "7: void, by Li: wasps")


@pytest.mark.parametrize(
    ("rows", "first_observed_at", "missing", "silent"),
    [
        ([said(place) for place in range(1, 49)], T0, 0.0, 0.0),
        ([said(place) for place in range(1, 25)], T0, 0.5, 0.5),
        ([said(place) for place in range(25, 49)], T0 + 12 * HOUR_MS, 0.0, 0.0),  # it began at noon
        ([said(48, since=T0, step=int(Step.GAP))], T0 - DAY_MS, 0.0, 1.0),
        ([said(48, since=T0, step=int(Step.RESET))], T0 - DAY_MS, 1.0, 1.0),
        ([said(60, since=T0 + 12 * HOUR_MS, step=int(Step.GAP))], T0, 0.5, 1.0),  # the next report has the sum
        ([said(60, since=T0 + 12 * HOUR_MS, step=int(Step.RESET)), said(61, since=T0)], T0, 1.0, 1.0),
        ([said(60, kind=int(Kind.TEST)), said(60, since=T0)], T0, 0.0, 0.0),
        ([], T0, 1.0, 1.0),
        ([], None, None, None),
        ([], T0 + 2 * DAY_MS, None, None),
    ],
)
def test_time_is_missing_that_no_report_speaks_for_since_the_station_began(
    rows: list[Row], first_observed_at: int | None, missing: float | None, silent: float | None
) -> None:
    found = summary(rows, first_observed_at=first_observed_at)

    assert found.missing_share == (None if missing is None else pytest.approx(missing))
    assert found.silent_share == (None if silent is None else pytest.approx(silent))
    inside = sum(row.observed_at <= T0 + DAY_MS and row.kind != Kind.TEST for row in rows)
    assert found.readings == inside


def test_readings_that_have_passed_are_not_held() -> None:
    number = 60 * 24 * 2
    rows = (said(place, {DEAD: SUSPECT}, reasons=f"faulty_zero: {place} mm") for place in range(1, number + 1))
    tracemalloc.start()

    found = summary(rows, hours=60 * 24)

    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.readings == number
    assert held < 300_000  # the rows alone are more than a megabyte


# --- the course --------------------------------------------------------------------------------------------------


def course(found: QualitySummary) -> list[tuple[int, ...]]:
    """Rain, doubted rain and the outcome of DEAD in each slot that has any of them, with its place."""
    lanes = zip(found.course.rain_um, found.course.doubted_um, found.course.outcomes[DEAD], strict=True)
    return [(place, *one) for place, one in enumerate(lanes) if any(one)]


def test_rain_stands_where_its_reading_ended_and_a_finding_over_all_of_it() -> None:
    begin = T0 // HOUR_MS * HOUR_MS
    rows = [
        said(2, {DEAD: PASSED}, tips=2),
        said(4, {DEAD: SUSPECT, TIPS: SUSPECT}, tips=1, since=T0 + EVERY * 2),
        said(4.5, {DEAD: FAILED, TIPS: PASSED}, tips=1, since=T0 + 4 * EVERY),
        said(5, {DEAD: SUSPECT}, since=T0 + round(4.5 * EVERY)),
    ]

    found = summary(rows, hours=24 * 60)

    assert (found.course.slot_ms, found.course.first_at) == (HOUR_MS, begin)
    assert course(found) == [(0, 1_000, 0, 0), (1, 500, 500, SUSPECT), (2, 500, 0, FAILED)]
    assert list(found.course.runs(DEAD)) == [
        (begin + HOUR_MS, begin + 2 * HOUR_MS, SUSPECT),
        (begin + 2 * HOUR_MS, begin + 3 * HOUR_MS, FAILED),
    ]
    assert list(found.course.silences()) == [(begin + 3 * HOUR_MS, found.course.until)]


def test_a_gap_of_which_the_sum_is_known_is_a_silence_all_the_same() -> None:
    found = summary([said(1), said(41, since=T0 + EVERY, step=int(Step.GAP)), said(42)])

    (first, last) = next(iter(found.course.silences()))
    assert (first, last) == (T0 + EVERY, T0 + 41 * EVERY - found.course.slot_ms)


def test_a_report_after_the_span_does_not_make_its_end_heard() -> None:
    found = summary([said(1), said(60, since=T0 + EVERY, step=int(Step.GAP))])

    assert list(found.course.silences()) == [(T0 + EVERY, found.course.until)]


@pytest.mark.parametrize("days", [0.1, 1, 30, 365, 4_000, 36_525])
@pytest.mark.parametrize("columns", [20, 66, 215])
def test_a_course_of_any_length_fits_and_loses_no_rain(days: float, columns: int) -> None:
    until = T0 + round(days * DAY_MS)
    record = CourseRecord(since=T0 - 7 * MINUTE_MS, until=until)
    record.rain(T0, 500, doubted=True)
    record.rain(until, 1_500, doubted=False)
    record.flag(DEAD, T0 - 7 * MINUTE_MS, until, SUSPECT)
    record.hear(T0, until)

    whole = record.course()
    few = whole.squeezed(columns)

    assert len(few.heard) <= columns
    assert len(whole.heard) <= SLOTS_MAX
    for one in (whole, few):
        assert (sum(one.rain_um), sum(one.doubted_um), one.rain_um[-1]) == (2_000, 500, 1_500)
        assert set(one.outcomes[DEAD]) == {SUSPECT}
        assert one.first_at <= T0 < until <= one.until
    assert few.slot_ms % whole.slot_ms == few.first_at % few.slot_ms == 0


def test_slots_that_are_put_together_show_the_gravest() -> None:
    whole = Course(T0, 5 * MINUTE_MS, b"\x00\x01\x00\x00", (0, 5, 0, 0), (0, 0, 0, 0), {DEAD: bytes([0, 2, 3, 1])})

    few = whole.squeezed(1)

    assert (few.slot_ms, few.heard, few.rain_um, few.outcomes[DEAD]) == (20 * MINUTE_MS, b"\x01", (5,), b"\x03")
