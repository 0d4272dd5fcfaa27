"""What records are flagged: rivals, visits, marks on earlier rows, gaps; and the file that comes of it."""

import csv
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gauge_ingest.assess import Assessed, Records, Site, assess, read_records, write_flags
from gauge_ingest.core.quality.settings import DEFAULTS
from gauge_ingest.core.quality.verdicts import names_of
from tests.worlds import T0

BEGIN_AT = datetime.fromtimestamp(T0 / 1000, UTC)
SITES = {name: Site(0.5, tuple(other for other in "ABCDE" if other != name)) for name in "ABCDE"}
ALONE = {"A": Site(0.5)}


class Flagged(NamedTuple):
    """A row of the outcome, and the minute of the row that decided it."""

    flag: int
    names: str
    reason: str
    decided: float


def time(minute: float) -> str:
    return (BEGIN_AT + timedelta(minutes=minute)).isoformat()


def flagged(
    folder: Path, rows: Sequence[tuple[Any, ...]], sites: dict[str, Site] = ALONE, head: str = "rain_mm"
) -> list[Flagged]:
    """Flags of rows (minute, further columns) of station A, or (station, minute, further columns)."""
    path = folder / "rain.csv"
    whole = [row if isinstance(row[0], str) else ("A", *row) for row in rows]
    lines = [",".join(map(str, (name, time(float(str(minute))), *rest))) for name, minute, *rest in whole]
    path.write_text("\n".join([f"station,observed_at{head and ','}{head}", *lines]), encoding="utf-8")
    records = read_records(path, on_rows=lambda _: None)
    found = assess(records, sites, on_rows=lambda _: None)
    assert len(found.verdicts) == len(found.decided_by) == len(rows)
    return [
        Flagged(one.flag, names_of(one.checks), one.reasons or "", (records.at[found.decided_by[place]] - T0) / 60_000)
        for place, one in enumerate(found.verdicts)
    ]


def dry(*minutes: float) -> list[tuple[Any, ...]]:
    return [(minute, 0) for minute in minutes]


def test_ordinary_rain_is_good_and_decided_by_its_own_row(tmp_path: Path) -> None:
    found = flagged(tmp_path, [(0, 0), (5, 0.5), (10, 2), (15, 0)])

    assert found == [Flagged(1, "", "", minute) for minute in (0, 5, 10, 15)]


def test_a_visit_whose_rain_is_no_number_is_a_visit_all_the_same(tmp_path: Path) -> None:
    found = flagged(tmp_path, [(0, 0, ""), (5, 0.5, ""), (9, "NaN", "visit")], head="rain_mm,kind")

    assert [(one.flag, one.names) for one in found] == [(1, ""), (3, "visit"), (9, "")]


def test_what_was_not_measured_is_missing_and_what_was_said_of_it_too(tmp_path: Path) -> None:
    assert [one.flag for one in flagged(tmp_path, [(0, 0), (5, ""), (10, "nan"), (15, 0)])] == [1, 9, 9, 1]


def test_rain_that_cannot_be_fails_and_says_why(tmp_path: Path) -> None:
    rain = flagged(tmp_path, [(0, 0), (5, -1), (10, 300)])

    assert [(one.flag, one.names) for one in rain[1:]] == [(4, "limits"), (4, "limits;climate")]
    assert "more than the record of the world" in rain[2].reason


def test_of_two_amounts_for_one_time_the_larger_stands_in_doubt_and_the_other_is_no_rain_beside_it(
    tmp_path: Path,
) -> None:
    found = flagged(tmp_path, [(0, 0), (5, 1.0), (5, 2.5), (5, 0), (10, 0)])

    assert [(one.flag, one.names) for one in found] == [(1, ""), *[(3, "arrival")] * 3, (1, "")]
    assert {one.reason for one in found[1:4]} == {"arrival: another amount was told for the same time"}


def test_a_row_that_is_there_twice_is_no_rain_twice(tmp_path: Path) -> None:
    day = [(0, 0), *[(5 * at, 15) for at in (1, 2)], *[(5 * at, 15) for at in (1, 2)]]

    found = flagged(tmp_path, day)

    assert [one.flag for one in found] == [1] * 5  # 60 mm in a quarter of an hour would be doubted
    assert [one.reason for one in found] == ["", "", "", "arrival: twice", "arrival: twice"]


@pytest.mark.parametrize(("amounts", "flags"), [(("", ""), [9, 9]), (("", 0.5, "NaN"), [9, 1, 9]), ((0, ""), [1, 9])])
def test_a_missing_amount_stays_missing_and_brings_nobody_into_doubt(
    tmp_path: Path, amounts: tuple[object, ...], flags: list[int]
) -> None:
    found = flagged(tmp_path, [(0, 0), *[(5, amount) for amount in amounts], (10, 0)])

    assert [(one.flag, one.reason) for one in found] == [(flag, "") for flag in (1, *flags, 1)]


@pytest.mark.parametrize(("amounts", "flags"), [((-1, 2), [4, 3]), ((2, -1, 1), [3, 4, 3]), ((-1, -2), [4, 4])])
def test_an_amount_below_zero_fails_beside_another_as_it_does_alone(
    tmp_path: Path, amounts: tuple[float, ...], flags: list[int]
) -> None:
    found = flagged(tmp_path, [(0, 0), *[(5, amount) for amount in amounts], (10, 0)])

    assert [one.flag for one in found] == [1, *flags, 1]
    assert all("another amount" in one.reason for one in found[1:-1])


def test_what_is_there_twice_is_judged_as_harshly_as_the_row_that_stands(tmp_path: Path) -> None:
    found = flagged(
        tmp_path,
        [(0, 0, ""), (5, 300, ""), (5, 300, ""), (20, 1, ""), (20, 1, ""), (25, "", "visit")],
        head="rain_mm,kind",
    )

    assert [one.flag for one in found] == [1, 4, 4, 3, 3, 9]
    assert found[1:3] == [found[1]] * 2
    assert [one.decided for one in found[3:5]] == [25, 25]


def test_tips_at_one_time_are_tips_and_no_rivals(tmp_path: Path) -> None:
    found = flagged(tmp_path, [(0,), (1.01,), (1.01,), (30,)], head="")

    assert [(one.flag, one.names) for one in found] == [(1, ""), (1, ""), (3, "tips"), (1, "")]


@pytest.mark.parametrize(("last_tips", "there"), [(-60, True), (-25 * 60, False)])
def test_a_gauge_that_only_tips_is_there_for_a_day_after_each(tmp_path: Path, last_tips: int, *, there: bool) -> None:
    around = [(name, last_tips + minute) for name in "BCD" for minute in (0, 1)]
    storm = [("A", second / 10) for second in range(120)]  # 60 mm in 12 minutes
    later = [("A", 200)]  # by then the neighbours would have told

    found = flagged(tmp_path, [*around, *storm, *later], SITES, head="")

    assert ["high_influx" in one.names for one in found[-30:-1]] == [there] * 29


def test_a_visit_fails_its_own_rain_marks_what_was_before_and_is_no_measurement_itself(tmp_path: Path) -> None:
    rows = [(0, 0, ""), (5, 0.5, ""), (9, "", "visit"), (10, 0.5, ""), (12, 0.5, "visit"), (40, 0.5, "")]

    found = flagged(tmp_path, rows, head="rain_mm,kind")

    assert [one.flag for one in found] == [1, 3, 9, 4, 4, 1]
    assert [one.decided for one in found] == [0, 9, 9, 12, 12, 40]  # the row at 10 was suspect until the second visit
    assert "shortly before somebody was at the gauge" in found[1].reason


def test_rain_of_a_test_fails_and_counts_for_nothing(tmp_path: Path) -> None:
    rows = [(0, 0, ""), *[(5 * at, 30, "test") for at in range(1, 9)], (45, 0.5, "")]

    found = flagged(tmp_path, rows, head="rain_mm,kind")

    assert [one.flag for one in found] == [1, *[4] * 8, 1]
    assert found[1].reason == "visit: a test of the gauge, no rain"


def test_equal_amounts_are_marked_from_the_first_and_decided_by_the_twelfth(tmp_path: Path) -> None:
    found = flagged(tmp_path, [(5 * at, 2) for at in range(13)])

    assert [one.flag for one in found] == [3] * 13
    assert [one.decided for one in found] == [55] * 12 + [60]


def among(*own: tuple[float, float], around_mm: float = 0, until: float = 120) -> list[tuple[Any, ...]]:
    """Five stations, every five minutes; A has its own rain, the others theirs at minute 30."""
    minutes = range(0, int(until) + 1, 5)
    rain = dict(own)
    return [
        (name, minute, rain.get(minute, 0) if name == "A" else around_mm if minute == 30 else 0)
        for minute in minutes
        for name in "ABCDE"
    ]


def test_much_rain_at_one_gauge_is_judged_when_the_others_have_reported(tmp_path: Path) -> None:
    alone = flagged(tmp_path, among((30, 20.0)), SITES)[30]
    together = flagged(tmp_path, among((30, 20.0), around_mm=5), SITES)[30]
    not_yet = flagged(tmp_path, among((30, 20.0), until=40), SITES)[30]

    assert (alone.flag, alone.names, alone.decided) == (3, "high_influx", 45)
    assert "the neighbours had 0 mm (median of 4)" in alone.reason
    assert together == Flagged(1, "", "", 45)
    assert (not_yet.flag, not_yet.decided) == (3, 30)
    assert "have yet to report" in not_yet.reason


def test_a_dead_gauge_is_doubted_three_quarters_of_an_hour_after_its_neighbours_rain(tmp_path: Path) -> None:
    found = flagged(tmp_path, among(around_mm=6), SITES)[::5]

    assert [one.flag for one in found] == [1] * 15 + [3] * 10
    assert {one.names for one in found[15:]} == {"faulty_zero"}


def test_readings_with_rain_at_one_time_of_day_only_are_doubted_from_the_third_on(tmp_path: Path) -> None:
    rows = [(day * 1_440 + hour * 60, 3 if hour == 0 else 0) for day in range(6) for hour in range(24)]

    found = [one for row, one in zip(rows, flagged(tmp_path, rows), strict=True) if row[1]]

    assert [(one.flag, one.names) for one in found] == [(1, "")] * 3 + [(3, "accumulation")] * 3
    assert "sum of a day" in found[3].reason


@pytest.mark.parametrize(("to_the_second", "double"), [(5, 0), (6, 1)])
def test_tips_written_down_to_the_minute_are_no_double_tips(tmp_path: Path, to_the_second: int, double: int) -> None:
    """Of a hundred tips with five of them between minutes, a record is still one of whole minutes."""
    whole = [(minute,) for minute in range(0, 2 * (100 - to_the_second), 2)]
    between = [(1_000.25,), *[(1_000.26 + 2 * at,) for at in range(to_the_second - 1)]]

    found = flagged(tmp_path, [*whole, *between], head="")

    assert sum("tips" in one.names for one in found) == double


def test_neighbours_that_are_not_in_the_records_are_no_neighbours(tmp_path: Path) -> None:
    few = [row for row in among(around_mm=6) if row[0] in "ABC"]

    assert {one.flag for one in flagged(tmp_path, few, SITES)} == {1}


def test_after_a_silence_a_dry_row_is_looked_at_and_what_fell_elsewhere_meanwhile_does_not_count(
    tmp_path: Path,
) -> None:
    silent = [row for row in among(around_mm=6) if row[0] != "A" or not 15 < int(str(row[1])) < 40]

    found = [one for row, one in zip(silent, flagged(tmp_path, silent, SITES), strict=True) if row[0] == "A"]

    assert {one.flag for one in found} == {1}
    assert [one.reason for one in found if one.reason] == ["gap: nothing is known of 20 min before it"]


def test_a_station_that_was_silent_was_not_there_for_its_neighbours(tmp_path: Path) -> None:
    used = replace(DEFAULTS, dry_days_max=0.05)  # 72 minutes
    sites = {name: Site(0.5) for name in "BCDE"} | {"A": replace(SITES["A"], settings=used)}
    away = [row for row in among(until=200) if row[0] in "AB" or not 20 < int(str(row[1])) < 190]

    found = [one for row, one in zip(away, flagged(tmp_path, away, sites), strict=True) if row[0] == "A"]

    # Heard at minute 20, there for half an hour, and looked at three quarters of an hour later: up to 95 they are dry
    # as well, afterwards nobody could say so.
    assert [one.flag for one in found] == [1] * 20 + [3] * 21


def test_rows_in_any_order_have_the_flags_of_rows_in_order(tmp_path: Path) -> None:
    rows = [*among((30, 20.0), (60, 2.0)), *among((300, 1.0), around_mm=3, until=400)[125:]]
    order = list(range(len(rows)))
    random.Random(3).shuffle(order)

    in_order = flagged(tmp_path, rows, SITES)
    shuffled = flagged(tmp_path, [rows[place] for place in order], SITES)

    assert shuffled == [in_order[place] for place in order]
    assert len({one.flag for one in in_order}) > 1


def test_a_bucket_that_nobody_told_is_the_smallest_amount(tmp_path: Path) -> None:
    # Thirty-five times 1.0 mm are ordinary for a bucket of 0.5 mm, and too often the same for one of 0.2 mm.
    equal = [(5 * at, 1.0) for at in range(20)]

    told = flagged(tmp_path, equal, ALONE)
    coarse = flagged(tmp_path, [(0, 0.5), *[(5 + 5 * at, 1.0) for at in range(20)]], {})
    fine = flagged(tmp_path, [(0, 0.2), *[(5 + 5 * at, 1.0) for at in range(20)]], {})

    assert [{one.flag for one in found} for found in (told, coarse, fine)] == [{1}, {1}, {1, 3}]


def test_frost_needs_a_thermometer(tmp_path: Path) -> None:
    rows = [(0, 0, -3.0), (5, 0.5, -3.0), (10, 0.5, ""), (15, 0, 9.0), (20, 0, 9.0)]

    found = flagged(tmp_path, rows, head="rain_mm,temperature_c")

    assert [(one.flag, one.names) for one in found] == [(2, ""), (3, "frozen"), (1, ""), (1, ""), (1, "")]


def test_a_long_record_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gauge_ingest.assess.run.TELL_EVERY_ROWS", 2)
    told: list[int] = []
    path = tmp_path / "rain.csv"
    path.write_text("station,observed_at\n" + "".join(f"A,{time(minute)}\n" for minute in range(5)), encoding="utf-8")

    assess(read_records(path, on_rows=lambda _: None), {}, on_rows=told.append)

    assert told == [2, 4]


# --- the file of flags -------------------------------------------------------------------------------------------


def written(folder: Path, rows: str) -> tuple[list[str], list[dict[str, str]]]:
    path, out = folder / "rain.csv", folder / "flags.csv"
    path.write_text(rows, encoding="utf-8")
    records = read_records(path, on_rows=lambda _: None)
    write_flags(out, records, assess(records, ALONE, on_rows=lambda _: None))
    with out.open(encoding="utf-8", newline="") as file:
        read = csv.DictReader(file)
        return list(read.fieldnames or ()), list(read)


def test_each_row_has_its_row_of_flags_in_the_same_order_and_its_own_words(tmp_path: Path) -> None:
    rows = ["0.50,2026-07-15 09:55,A", ',2026-07-15T18:00:00+08:00,"B, C"', "99,2026-07-15T10:00Z,A"]

    columns, found = written(tmp_path, "\n".join(["rain_mm,observed_at,station", *rows]))

    assert ",".join(columns) == "station,observed_at,rain_mm,flag,check,reason,decided_at"
    assert [list(row.values())[:5] for row in found] == [
        ["A", "2026-07-15 09:55", "0.50", "1", ""],
        ["B, C", "2026-07-15T18:00:00+08:00", "", "9", ""],
        ["A", "2026-07-15T10:00Z", "99", "4", "limits;climate"],
    ]
    assert [row["decided_at"] for row in found] == [row["observed_at"] for row in found]
    assert found[2]["reason"].startswith("limits: 99 mm in 5 min, more than the gauge lets through (8 mm a minute); cl")


def test_a_row_that_a_later_one_decided_names_its_time_as_it_stands_there(tmp_path: Path) -> None:
    rows = "".join(f"A,2026-07-15 10:{5 * at:02},2\n" for at in range(12))

    _, found = written(tmp_path, f"station,observed_at,rain_mm\n{rows}")

    assert {row["decided_at"] for row in found} == {"2026-07-15 10:55"}


def test_an_old_file_of_flags_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "flags.csv"
    out.write_text("old", encoding="utf-8")
    broken = Assessed([None], [0])  # type: ignore[list-item, arg-type]

    with pytest.raises(AttributeError):
        write_flags(out, Records(tips=True, stations=["A"], station=[0], texts=[("", "")]), broken)  # type: ignore[arg-type]

    assert out.read_text(encoding="utf-8") == "old"
