"""The quality benchmark reads the records as they are and counts hits, misses, false flags and delays as it says."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import quality_amsterdam, quality_peaks, quality_tips
from benchmarks.quality_assess import Assessed, NotAssessed, beside
from benchmarks.quality_figures import Part, Table, Wanted, worst
from benchmarks.quality_records import DEAD, Amsterdam, Mark, Noted, Row, Site, amsterdam, imhea

ROOT = Path(__file__).parent.parent
BEGIN_AT = datetime(2017, 8, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
HEALTHY = ("ams1", "ams8", "ams12", "ams20")


def said(flag: int, at: datetime = BEGIN_AT) -> Assessed:
    return Assessed(flag, "faulty_zero" if flag in (3, 4) else "", "", at)


def gauges(steps: int, *, dry: Sequence[str] = (DEAD,), peer: int = 0) -> Amsterdam:
    """1 mm a step at all gauges but the dry ones, which never tip."""
    names = (*HEALTHY, DEAD)
    return Amsterdam(
        dict.fromkeys(names, Site(52.0, 4.0, 0.1)),
        [BEGIN_AT + step * STEP for step in range(steps)],
        {name: [0.0 if name in dry else 1.0] * steps for name in names},
        {name: {check: [peer] * steps for check in ("fz", "hi", "so")} for name in names},
    )


def answers(record: Amsterdam, flagged: dict[str, range]) -> list[Assessed]:
    return [
        said(3 if step in flagged.get(name, range(0)) else 1, at)
        for step, at in enumerate(record.times)
        for name in record.rain_mm
    ]


def figure(part: Part, words: str) -> Wanted:
    return next(one for one in part.wanted if words in one.what)


def rows(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.heads, row, strict=True)) for row in table.rows]


def test_a_dead_gauge_is_judged_from_where_its_neighbours_have_had_five_millimetres() -> None:
    record = gauges(105, peer=1)  # 6 mm have fallen with the sixth step: a hundred steps are judged

    part = quality_amsterdam.figures(record, answers(record, {DEAD: range(6, 105)}))

    ours, peer, *_ = rows(part.tables[0])
    assert (ours["hits"], ours["misses"]) == ("99", "1")
    assert (ours["first flagged"], ours["neighbours had"]) == ("2017-08-01 00:30", "7.0 mm")
    assert ours["after their first rain"] == "0.5 h"
    assert (peer["hits"], peer["of all steps"], peer["neighbours had"]) == ("100", "100.00 %", "1.0 mm")
    assert figure(part, "dead").holds
    assert not figure(quality_amsterdam.figures(record, answers(record, {DEAD: range(7, 105)})), "dead").holds


def test_a_flag_on_a_healthy_gauge_is_false_only_where_it_may_be_dry() -> None:
    record = gauges(10, dry=(DEAD, "ams20"))

    part = quality_amsterdam.figures(record, answers(record, {"ams20": range(1, 6), "ams1": range(9, 10)}))

    of = {row["gauge"]: row for row in rows(part.tables[1]) if row[""] == "gauge-ingest"}
    assert (of["ams20"]["false flags"], of["ams20"]["share"]) == ("1", "50.00 %")  # 1 and 2 mm, one of two steps
    assert (of["ams20"]["hits"], of["ams20"]["misses"]) == ("1", "4")  # from 6 mm on
    assert (of["ams1"]["false flags"], of["ams1"]["share"]) == ("1", "10.00 %")  # it tips at every step
    assert figure(part, "false").found == pytest.approx(50.0)


def test_rain_of_the_neighbours_is_counted_anew_after_each_tip_of_a_gauge_and_what_is_missing_adds_nothing() -> None:
    record = gauges(4)
    own, other = [0.0, 1.0, 0.0, None], [1.0, 1.0, None, 1.0]
    rain_mm = {**record.rain_mm, "ams1": own, "ams8": other}

    found = list(quality_amsterdam.since_own_tip_mm(record._replace(rain_mm=rain_mm), "ams1", ["ams8"]))

    assert found == [1.0, 0.0, 0.0, 1.0]


def test_flags_of_a_gauge_that_lie_close_together_are_one_span() -> None:
    record = gauges(200)
    ours = [said(3 if step in (5, 6, 40, 150) else 1) for step in range(200)]

    found = list(quality_amsterdam.spans_of(record, "ams1", ours, [float(step) for step in range(200)]))

    assert [(span.first, span.last, span.flagged) for span in found] == [(5, 40, 3), (150, 150, 1)]
    assert [(span.own_mm, span.neighbours_mm, span.missed_mm) for span in found] == [(36, 36, 40), (1, 1, 150)]


def test_the_amsterdam_record_has_its_missing_steps_and_the_flags_of_the_other_program() -> None:
    record = amsterdam()

    flagged = sum(flag == 1 for flag in record.peer[DEAD]["fz"])

    assert {len(one) for one in record.rain_mm.values()} == {len(record.times)} == {26_784}
    assert flagged == 24_442
    assert {name: sum(rain is None for rain in one) for name, one in record.rain_mm.items()} == {
        "ams1": 394,
        "ams8": 416,
        "ams12": 373,
        "ams11": 375,
        "ams20": 351,
    }
    assert all(rain in (0.0, None) for rain in record.rain_mm[DEAD])


def test_the_andean_record_has_every_tip_the_false_ones_too_and_a_swapped_date_in_its_place() -> None:
    record = imhea()

    counts = {name: [sum(one.mark is mark for one in noted) for mark in Mark] for name, noted in record.items()}
    launch = next(one for one in record["LLO_01_PO_02"][1690:] if one.mark is Mark.VISIT and one.at.minute == 4)

    assert counts == {"LLO_01_PO_01": [18_432, 5, 39], "LLO_01_PO_02": [22_473, 4, 44]}  # kept, removed, visits
    assert launch.at.isoformat() == "2013-04-07T10:04:47-05:00"


def test_doubled_and_visitors_tips_are_hits_and_only_a_failed_other_tip_counts_against_us() -> None:
    at = [BEGIN_AT + timedelta(seconds=one) for one in (0, 500, 10_000, 10_001, 10_001, 20_000, 30_000)]
    marks = [Mark.VISIT, Mark.REMOVED, *[Mark.KEPT] * 5]
    record = {"A": [Noted(*one) for one in zip(at, marks, strict=True)]}
    flags = [2, 4, 1, 3, 1, 4, 3]

    part = quality_tips.figures(record, [said(one, at[-1]) for one in flags])

    of = {row["tips"]: row for row in rows(part.tables[0])}
    assert len(quality_tips.rows(record)) == 7
    assert of[quality_tips.VISITED]["removed by hand"] == "1"
    assert of[quality_tips.DOUBLE]["delay"] == "5.6 h, at most 5.6 h"
    assert of[quality_tips.DOUBLE_BY_MINUTE]["neither"] == "1"
    assert (of[quality_tips.KEPT]["of them"], of[quality_tips.KEPT]["flag 4"]) == ("3", "1")
    assert [(one.found, one.holds) for one in part.wanted] == [
        (50.0, False),
        (100.0, True),
        (pytest.approx(100 / 3), False),
    ]


def test_every_deep_storm_of_another_program_is_beside_ours() -> None:
    part = quality_peaks.figures()

    assert len(part.tables[0].rows) == 22
    assert [one.holds for one in part.wanted] == [True, True]


def test_a_storm_that_we_do_not_find_holds_nothing() -> None:
    theirs = {"StormID": "one", "Start": "2022-08-10 19:53:23", "Depth": "9.6"}
    theirs |= {f"Peak_i{one}": "84" for one in (5, 10, 15, 30, 60)}
    theirs |= {f"Peak_i{one}_time": "2022-08-10 19:58:23" for one in (5, 10, 15, 30, 60)}

    [found] = quality_peaks.compared([], [theirs], dry_s=3_600)
    without_5_min = found._replace(ours={one: peak for one, peak in found.theirs.items() if one > 5})

    assert (found.off, found.time_off_min) == (None, None)
    assert (without_5_min.off, without_5_min.time_off_min) == (None, None)
    assert not Wanted("", found.off, 2.0, "%").holds
    assert worst([1.0, None]) is None


def test_flags_come_back_to_their_rows_though_two_tips_share_a_second(tmp_path: Path) -> None:
    record = [Row("A", BEGIN_AT, None), Row("B", BEGIN_AT, None), Row("A", BEGIN_AT, None)]
    lines = ["station,observed_at,rain_mm,flag,check,reason,decided_at"]
    lines += [f"{station},2017-08-01T02:00:00+02:00,0.2,{flag},,," for station, flag in (("A", 1), ("A", 3), ("B", 4))]
    (tmp_path / "flags.csv").write_text("\n".join(lines), encoding="utf-8")

    found = beside(record, tmp_path / "flags.csv")

    assert [one.flag for one in found] == [1, 4, 3]
    with pytest.raises(NotAssessed, match="3 rows for 2"):
        beside(record[:2], tmp_path / "flags.csv")
    with pytest.raises(NotAssessed, match="every station and instant"):
        beside([*record[:2], record[1]], tmp_path / "flags.csv")


def test_the_services_own_checks_hold_what_is_wanted_on_the_beginning_of_every_record() -> None:
    command = [sys.executable, "-m", "benchmarks.quality", "--quick", "--json"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr[-2_000:]
    result = json.loads(done.stdout)
    assert list(result) == ["amsterdam", "imhea", "separate"]
    assert [one["holds"] for part in result.values() for one in part["wanted"]] == [True] * 7
