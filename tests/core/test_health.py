"""Station health: what reports, clock, messages and data say of a station, figure by figure."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from gauge_ingest.core.model import DAY_MS, Flag, Kind, Row, Step
from tests.core.health_rows import A_DAY, EVERY, days, health, row
from tests.worlds import HOUR, MINUTE, T0

BEGIN = T0 - 30 * DAY_MS
WRAPS = 1 << 32
Numbers = Sequence[tuple[int, int | None]]

# --- reports that came --------------------------------------------------------------------------------------------


def spaced(step_ms: int, *, until: int = T0) -> list[Row]:
    return [row(at) for at in range(BEGIN, until + 1, step_ms)]


def jittered() -> list[Row]:
    draw = random.Random(5)
    return [row(at + draw.randrange(-60_000, 60_000)) for at in range(BEGIN + EVERY, T0, EVERY)]


def with_events() -> list[Row]:
    timed = [row(at) for at in range(BEGIN, T0 + 1, 2 * EVERY)]
    return sorted([*timed, *(row(one.observed_at + EVERY, kind=Kind.EVENT) for one in timed[:-1])])


@pytest.mark.parametrize(
    ("rows", "regularity"),
    [
        pytest.param(spaced(EVERY), 1.0, id="all came"),
        pytest.param(jittered(), 1.0, id="a minute early or late is in time"),
        pytest.param(spaced(2 * EVERY), 0.5, id="each second one is missing"),
        pytest.param(spaced(EVERY * 7 // 5), 5 / 7, id="a slower rhythm is missing reports"),
        pytest.param(spaced(EVERY // 2, until=T0 - 15 * DAY_MS), 0.5, id="too many reports do not hide a silence"),
        pytest.param(with_events(), 0.5, id="event reports are no regular ones"),
        pytest.param(spaced(EVERY, until=T0 - 3 * DAY_MS), 0.9, id="silence until now"),
    ],
)
def test_regularity_is_the_share_of_the_regular_reports_that_came(rows: list[Row], regularity: float) -> None:
    found = health(rows, first_observed_at=BEGIN - DAY_MS)

    assert found.regularity == pytest.approx(regularity, abs=0.002)
    assert found.reports_expected == 30 * A_DAY
    assert found.reports_seen == pytest.approx(30 * A_DAY * regularity, abs=2)


def test_a_report_that_came_days_late_is_not_missing() -> None:
    rows = [row(one.observed_at, received_at=max(one.received_at, T0 - DAY_MS)) for one in days(30)]

    assert health(rows).regularity == 1.0


def test_nothing_is_expected_before_the_first_reading_of_a_station() -> None:
    found = health(days(3), first_observed_at=T0 - 3 * DAY_MS)

    assert (found.regularity, found.reports_expected) == (1.0, 3 * A_DAY)
    assert [day.regularity for day in found.days[-6:]] == [None, None, 1.0, 1.0, 1.0, 1.0]


def test_a_station_that_was_silent_all_the_time_has_no_report_and_is_remembered_as_heard() -> None:
    before = row(BEGIN - DAY_MS)

    found = health([], first_observed_at=BEGIN - 100 * DAY_MS, newest=before)

    assert (found.regularity, found.reports_seen) == (0.0, 0)
    assert (found.last_heard_at, found.last_observed_at) == (before.received_at, before.observed_at)
    assert found.longest_silence_s == (30 * DAY_MS + 1_001) // 1_000


def test_of_a_station_that_was_never_heard_nothing_is_known() -> None:
    found = health([])

    figures = {name: getattr(found, name) for name in found.__slots__ if name not in ("station", "since", "until")}
    assert {name for name, figure in figures.items() if figure is not None} == {"days"}


def test_the_longest_silence_ends_with_the_next_report_of_any_kind() -> None:
    gone = [one for one in days(30) if not T0 - 5 * DAY_MS < one.observed_at < T0 - 4 * DAY_MS]

    assert health(gone).longest_silence_s == 86_400
    event = row(T0 - 5 * DAY_MS + 6 * HOUR, kind=Kind.EVENT)
    assert health(sorted([*gone, event])).longest_silence_s == 18 * 3_600


def test_each_day_has_its_own_share() -> None:
    found = health(one for one in days(30) if not T0 - 2 * DAY_MS < one.observed_at <= T0 - 36 * HOUR)

    assert [day.regularity for day in found.days[-3:]] == [1.0, pytest.approx(0.5, abs=0.03), 1.0]
    assert [day.until - day.since for day in found.days[-3:]] == [DAY_MS] * 3


# --- message numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "gaps", "missing", "restarts"),
    [
        pytest.param([(7, 1), (8, 1), (9, 1)], 0, 0, 0, id="none is missing"),
        pytest.param([(1, 1), (2, 1), (5, 1), (6, 1), (9, 1)], 2, 4, 0, id="two gaps"),
        pytest.param([(WRAPS - 2, 1), (WRAPS - 1, 1), (0, 1), (1, 1)], 0, 0, 0, id="after the last comes 0"),
        pytest.param([(WRAPS - 2, 1), (1, 1), (2, 1)], 1, 2, 0, id="a gap across the last"),
        pytest.param([(WRAPS - 1, 1), (1, 1), (0, 1), (2, 1)], 0, 0, 0, id="out of order across the last"),
        pytest.param([(1, 1), (3, 1), (2, 1), (4, 1)], 0, 0, 0, id="out of order is no gap"),
        pytest.param([(5, 1), (9, 1), (6, 1), (8, 1), (7, 1), (10, 1)], 0, 0, 0, id="late ones close a gap"),
        pytest.param([(1, 1), (1, 1), (1, 1), (2, 1), (2, 1)], 0, 0, 0, id="several readings in a message"),
        pytest.param([(900, 1), (901, 1), (0, 2), (1, 2), (3, 2)], 1, 1, 1, id="a restart begins anew"),
        pytest.param([(900, 1), (0, 2), (901, 1), (1, 2), (902, 1), (2, 2)], 0, 0, 1, id="two starts mixed"),
        pytest.param([(900, 1), (0, 2), (902, 1), (1, 2)], 1, 1, 1, id="a gap in one of two starts mixed"),
        pytest.param([(1, 1), (2, 1), (1, 1), (2, 1), (3, 1)], 0, 0, 0, id="readings of two messages mixed"),
        pytest.param([(5, 1), (0, 4)], 0, 0, 3, id="starts that were never heard"),
        pytest.param([(5, 1), (6, 1), (0, 50_000)], 0, 0, 1, id="another logger with many starts"),
        pytest.param([(5, 70), (6, 70), (0, 1), (1, 1)], 0, 0, 1, id="another logger"),
        pytest.param([(5, 1), (6, 1), (4_000_000, 1), (4_000_001, 1)], 0, 0, 0, id="another numbering is no loss"),
        pytest.param([(5_000, None), (5_001, None), (0, None), (1, None)], 0, 0, 1, id="a restart without boot"),
        pytest.param([(5, None), (6, None), (8, None)], 1, 1, 0, id="a gap without boot"),
    ],
)
def test_messages_are_missing_where_numbers_are(numbers: Numbers, gaps: int, missing: int, restarts: int) -> None:
    rows = [row(BEGIN + place * EVERY, seq=seq, boot=boot) for place, (seq, boot) in enumerate(numbers)]

    found = health(rows)

    assert (found.seq_gaps, found.seq_missing, found.restarts) == (gaps, missing, restarts)
    assert found.seq_seen == len(set(numbers))


def test_a_count_that_began_anew_is_a_restart_where_boot_is_not_told() -> None:
    told: list[dict[str, Any]] = [{"seq": 40}, {"seq": 41}, {"seq": 0, "step": Step.RESET}, {"seq": 1}]

    found = health([row(BEGIN + place * EVERY, **one) for place, one in enumerate(told)])

    assert (found.restarts, found.seq_missing) == (1, 0)


def test_more_restarts_than_are_kept_apart_still_count_their_losses() -> None:
    numbers = [(seq, boot) for boot in range(40) for seq in (0, 1, 3)]

    found = health(row(BEGIN + place * EVERY, seq=seq, boot=boot) for place, (seq, boot) in enumerate(numbers))

    assert (found.seq_gaps, found.seq_missing, found.seq_seen, found.restarts) == (40, 40, 120, 39)


def test_without_numbers_nobody_knows_what_is_missing() -> None:
    draw = random.Random(3)
    at_random = (row(BEGIN + place, seq=draw.randrange(90_000)) for place in range(30_000))

    assert health(days(1)).seq_missing is None
    assert health(at_random).seq_missing is None


# --- data, signal, visits -----------------------------------------------------------------------------------------


def test_only_data_that_stand_are_in_doubt() -> None:
    flags = [Flag.GOOD] * 5 + [Flag.SUSPECT] * 3 + [Flag.FAIL] * 2
    rows = [row(BEGIN + place * EVERY, flag=flag) for place, flag in enumerate(flags)]
    void = [row(T0 - HOUR, flag=Flag.MISSING, step=Step.VOID), row(T0 - HOUR, flag=Flag.SUSPECT, step=Step.OWED)]
    test = row(T0 - HOUR, flag=Flag.SUSPECT, kind=Kind.TEST)

    found = health([*rows, *void, test])

    assert (found.suspect_share, found.failed_share, found.missing_share) == (0.3, 0.2, 0.0)
    assert health([*void, test]).suspect_share is None


def test_the_signal_is_the_middle_one_and_no_signal_is_not_one() -> None:
    told = [-90.0, -85.0, 99.0, -101.0, None, 0.0, -86.0]

    found = health(row(BEGIN + place * EVERY, signal_dbm=dbm) for place, dbm in enumerate(told))

    assert (found.signal_dbm, found.signal_worst_dbm) == (-88.0, -101.0)


@pytest.mark.parametrize(
    ("told", "visited_at", "since_visit", "door_open"),
    [
        pytest.param({}, None, None, None, id="nobody came"),
        pytest.param({10: {"kind": Kind.MAINTENANCE}}, None, 10.0, None, id="a maintenance report"),
        pytest.param({10: {"door_open": True}, 9: {"door_open": False}}, None, 10.0, False, id="the door was open"),
        pytest.param({10: {"kind": Kind.MAINTENANCE}}, T0 - 4 * DAY_MS, 4.0, None, id="people told of a later one"),
        pytest.param({3: {"kind": Kind.MAINTENANCE}}, T0 - 4 * DAY_MS, 3.0, None, id="the report is the later one"),
        pytest.param({back: {"door_open": True} for back in range(12, 2, -1)}, None, 11.0, True, id="left open"),
    ],
)
def test_a_visit_is_a_maintenance_report_an_open_door_or_what_people_told(
    told: dict[int, dict[str, Any]], visited_at: int | None, since_visit: float | None, *, door_open: bool | None
) -> None:
    rows = [row(T0 - back * DAY_MS, **more) for back, more in sorted(told.items(), reverse=True)]

    found = health(rows, visited_at=visited_at)

    assert (found.days_since_visit, found.door_open) == (since_visit, door_open)


def test_days_since_the_calibration_are_counted_from_what_is_told() -> None:
    assert health(days(1)).days_since_calibration is None
    assert health(days(1), calibrated_at=T0 - 400 * DAY_MS).days_since_calibration == 400.0


def test_a_reading_from_a_clock_that_is_ahead_belongs_to_the_last_day() -> None:
    ahead = [*days(30), row(T0 + 5 * MINUTE, received_at=T0, flag=Flag.SUSPECT)]

    found = health(ahead)

    assert found.last_observed_at == T0 + 5 * MINUTE
    assert found.days[-1].suspect_share == pytest.approx(1 / (A_DAY + 1), abs=0.001)
