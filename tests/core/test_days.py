"""What is done once a day is done for each day, once, whatever the clock did meanwhile."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_ingest.core.days import DAY_BEGINS_MIN, day_end, day_name, due_at
from tests.worlds import BEIJING

DAY, HOUR = 86_400_000, 3_600_000


def at(day: int, hour: int = 8, minute: int = 0, *, year: int = 2026) -> int:
    return int(datetime(year, 7, day, hour, minute, tzinfo=BEIJING).timestamp() * 1000)


CASES = [
    ("the first run of all", at(15, 9), [], [at(15)]),
    ("before 08:00", at(15, 7, 59), [], [at(14)]),
    ("at 08:00 itself", at(15), [at(14)], [at(15)]),
    ("done already", at(15, 23), [at(14), at(15)], []),
    ("08:00 was missed by hours", at(15, 20), [at(14)], [at(15)]),
    ("three days were missed", at(15, 9), [at(12)], [at(13), at(14), at(15)]),
    ("one in between was missed", at(15, 9), [at(13), at(15)], [at(14)]),
    ("more were missed than are made up for", at(15, 9), [at(1)], [at(day) for day in range(11, 16)]),
    ("the clock jumped back across 08:00", at(15, 7), [at(14), at(15)], []),
    ("… and comes to 08:00 again", at(15), [at(14), at(15)], []),
    ("the clock jumped back by days", at(10, 9), [at(10), at(11), at(12)], []),
    ("the clock jumped ahead by two days", at(17, 9), [at(15)], [at(16), at(17)]),
    ("it was a year ahead from the beginning, and is right", at(16, 9), [at(20, year=2027)], [at(16)]),
    ("it was a year ahead, and is right again", at(16, 9), [at(15), at(20, year=2027)], [at(16)]),
]


@pytest.mark.parametrize(("case", "now", "done", "due"), CASES, ids=[case[0] for case in CASES])
def test_a_day_is_due_until_it_is_done(case: str, now: int, done: list[int], due: list[int]) -> None:
    assert due_at(DAY_BEGINS_MIN, now=now, done=done, most=5) == due, case


def test_another_time_of_day_is_kept_as_well() -> None:
    assert due_at(0, now=at(15, 0), done=[], most=5) == [at(15, 0)]
    assert due_at(20 * 60, now=at(15, 19, 59), done=[], most=5) == [at(14, 20)]


@given(st.lists(st.integers(-40 * 24, 40 * 24), min_size=1, max_size=40))
def test_whatever_the_clock_does_none_is_done_twice_and_none_of_late_is_left(hours: list[int]) -> None:
    done: list[int] = []
    for hour in hours:
        now = at(15) + hour * HOUR
        for due in due_at(DAY_BEGINS_MIN, now=now, done=done, most=31):
            assert due <= now
            assert due not in done
            done.append(due)
        newest = now // DAY * DAY
        assert newest in done


def test_a_day_is_named_by_the_date_on_which_it_begins() -> None:
    assert day_end("2026-07-15") == at(16)
    assert day_name(at(16)) == "2026-07-15"
    for wrong in ("2026-7-15", "2026-02-30", "today", "20260715", "9999-12-31"):
        with pytest.raises(ValueError, match=r"must be a day, e\.g\. 2026-07-15"):
            day_end(wrong)
