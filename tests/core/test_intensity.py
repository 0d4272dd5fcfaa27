"""Storms and peaks against the tables of another program, and against rain that can be reckoned by hand.

Goal: our peaks may stand beside those of others. Method: SEPARATE's own example records are put through our functions;
every storm above 5 mm of its own summaries is compared, and every minute of the intensity profiles that it wrote.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from gauge_ingest.core.intensity import DURATIONS_MIN, MINUTE_MS, Fallen, intensities, peaks, storms
from gauge_ingest.core.spans import BEIJING, instant_ms

# Records and tables of SEPARATE; source and licence: tests/records/gauges/README.md.
RECORDS = Path(__file__).parents[1] / "records" / "gauges" / "separate"
TIP_MM = 0.2
TIPS_DRY_S = 4.61 * 3_600  # as its summary says
FIXED_DRY_S = 16 * 3_600  # its summary does not say; all from 14.75 to 17.33 h give its storms
SHARE_OFF_MAX = 0.02
ROUNDED_MM_PER_H = 0.005  # the tables have two decimals
DEEP_MM = 5.0


def at(text: str, form: str = "%Y-%m-%d %H:%M:%S") -> int:
    return instant_ms(datetime.strptime(text, form).replace(tzinfo=BEIJING))  # any fixed offset: only lengths matter


def rows(name: str) -> list[list[str]]:
    return list(csv.reader((RECORDS / name).read_text("utf-8-sig").splitlines()))


def summary(name: str) -> dict[int, dict[str, str]]:
    """Its storms by their start."""
    table = rows(name)
    head = next(number for number, row in enumerate(table) if row[:1] == ["StormID"])
    found = [dict(zip(table[head], row, strict=True)) for row in table[head + 2 :]]
    return {at(row["Start"]): row for row in found}


def tips() -> Iterator[tuple[int, float]]:
    return ((at(row[0], "%m/%d/%y %H:%M:%S"), TIP_MM) for row in rows("ExampleData_CumulativeTips.csv")[1:])


def steps() -> Iterator[tuple[int, float]]:
    return ((at(row[0]), float(row[1])) for row in rows("ExampleData_FixedInterval_nonzero_rows.csv")[1:])


def wrong(found: list[list[Fallen]], theirs: dict[int, dict[str, str]]) -> tuple[int, list[str]]:
    """How many peaks were compared, and which are off by more than 2 % or by more than a minute."""
    ours = {storm[0].at: storm for storm in found}
    compared, off = 0, []
    for since, row in theirs.items():
        if float(row["Depth"]) <= DEEP_MM:
            continue
        storm = ours[since]
        assert storm[-1].at == at(row["End"])
        assert storm[-1].rain_mm == pytest.approx(float(row["Depth"]))
        here = peaks(storm)
        assert set(here) == {one for one in DURATIONS_MIN if row[f"Peak_i{one}"]}, row["StormID"]
        for duration_min, peak in here.items():
            compared += 1
            there, until = float(row[f"Peak_i{duration_min}"]), at(row[f"Peak_i{duration_min}_time"])
            if abs(peak.rain_mm_per_h / there - 1) > SHARE_OFF_MAX or abs(peak.until - until) > MINUTE_MS:
                off.append(f"{row['StormID']} {duration_min} min: {peak}, there {there} until {until}")
    return compared, off


def test_peaks_of_a_record_of_tips_are_those_of_another_program() -> None:
    compared, off = wrong(storms(tips(), dry_s=TIPS_DRY_S), summary("Ex_Tips_SummaryTable.csv"))

    assert not off, "\n".join(off)
    assert compared == 25


def test_peaks_of_a_record_of_fixed_steps_are_those_of_another_program() -> None:
    compared, off = wrong(storms(steps(), dry_s=FIXED_DRY_S), summary("Ex_Fixed_Storms_Summary.csv"))

    assert not off, "\n".join(off)
    assert compared == 82


def test_every_storm_of_another_program_is_found_where_it_begins_and_ends() -> None:
    for record, dry_s, name in (
        (tips(), TIPS_DRY_S, "Ex_Tips_SummaryTable.csv"),
        (steps(), FIXED_DRY_S, "Ex_Fixed_Storms_Summary.csv"),
    ):
        theirs = {(start, at(row["End"])) for start, row in summary(name).items()}

        ours = {(storm[0].at, storm[-1].at) for storm in storms(record, dry_s=dry_s)}

        assert len(theirs) > 10
        assert theirs <= ours  # it leaves out what is shorter than 12 minutes or has a single tip


def test_the_intensity_of_every_minute_is_that_of_another_program() -> None:
    profiles: dict[str, list[float]] = {}
    for name, _, mm_per_h in rows("Ex_Tips_Intensity_Profiles.csv")[1:]:
        profiles.setdefault(name, []).append(float(mm_per_h))
    ids = {start: row["StormID"] for start, row in summary("Ex_Tips_SummaryTable.csv").items()}

    ours = {ids[one[0].at]: intensities(one, 15) for one in storms(tips(), dry_s=TIPS_DRY_S) if one[0].at in ids}

    assert len(profiles) == 10
    for name, profile in profiles.items():
        assert [one.rain_mm_per_h for one in ours[name]] == pytest.approx(profile, abs=ROUNDED_MM_PER_H + 1e-6), name


def test_rain_falls_evenly_between_two_tips_and_the_stretch_ends_where_it_ends() -> None:
    [storm] = storms([(0, 0.2), (600_000, 1.0), (1_200_000, 0.5), (1_810_000, 0.5)], dry_s=3_600)

    found = peaks(storm, (5, 10, 20, 29, 30, 31))

    most = {5: 6.0, 10: 6.0, 20: 4.5, 29: (1.0 + 0.5 + 0.5 * 9 * 60 / 610) * 60 / 29}
    assert {one: peak.rain_mm_per_h for one, peak in found.items()} == pytest.approx(most)
    assert found[5].until in range(300_000, 600_001, MINUTE_MS)  # 1.0 mm in ten minutes; the first 0.2 mm count nowhere
    assert (found[10].until, found[20].until) == (600_000, 1_200_000)
    assert 30 not in found  # thirty whole minutes are no longer than thirty minutes


def test_a_pause_ends_a_storm_only_when_it_is_longer_than_asked_for() -> None:
    rain = [(0, 0.5), (3_600_000, 0.5), (7_200_001, 0.5)]

    found = storms(rain, dry_s=3_600)

    assert found == [[(0, 0.5), (3_600_000, 1.0)], [(7_200_001, 0.5)]]


def test_dry_steps_keep_rain_in_its_step_and_belong_to_no_pause() -> None:
    dry_then_burst = [(step * 300_000, 0.0) for step in range(1, 12)]
    rain = [(0, 0.5), *dry_then_burst, (3_600_000, 5.0), (3_900_000, 1.0), (4_200_000, 0.0), (9_000_000, 0.5)]

    with_dry = storms(rain, dry_s=3_600)
    without = storms([one for one in rain if one[1]], dry_s=3_600)

    assert [[one[0], one[-1]] for one in with_dry] == [[one[0], one[-1]] for one in without]
    assert len(with_dry[0]) == 14
    assert peaks(with_dry[0])[5].rain_mm_per_h == pytest.approx(60.0)
    assert peaks(without[0])[5].rain_mm_per_h == pytest.approx(12.0)  # 5 mm spread over the hour before


def test_tips_of_one_instant_are_one_point_and_lose_nothing() -> None:
    rain = [(0, 0.25), (60_000, 0.25), (60_000, 0.0), (60_000, 0.25), (420_000, 0.25)]

    [storm] = storms(rain, dry_s=3_600)

    assert storm == [(0, 0.25), (60_000, 0.75), (420_000, 1.0)]
    assert peaks(storm)[5].rain_mm_per_h == pytest.approx((0.5 + 0.25 * 4 / 6) * 12)
    assert peaks(storm)[5].until == 300_000


def test_two_tips_have_no_peak() -> None:
    [storm] = storms([(0, 0.2), (3_600_000, 0.2)], dry_s=7_200)

    assert peaks(storm) == {}
    assert intensities(storm, 5) == []
