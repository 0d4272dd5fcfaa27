"""The queries in config/influxdb/queries: each gives what the journal gives, by another way of reckoning.

Goal: an operator who pastes one gets a true answer. Method: a simulated storm in a journal is copied by the stores of
the service; each file is sent as it is, with other values in its variables, and compared with sums over the journal's
rows.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, Row
from tests.views.asking import ask, rows_of, with_values
from tests.views.storm import BEGIN, DAYS, END, ROOT, SAID, WHO, Storm

FOLDER = ROOT / "config" / "influxdb" / "queries"
FILES = sorted(FOLDER.glob("*.flux"))
SPAN = {"start": "2026-07-29T08:00:00+08:00", "stop": "2026-08-02T08:00:00+08:00"}
EVENING = BEGIN + 3 * DAY_MS + 12 * HOUR_MS  # 2026-08-01T20:00:00+08:00
AUGUST = BEGIN + 3 * DAY_MS  # 2026-08-01T08:00:00+08:00: July's last day ends
STEP = 5 * MINUTE_MS


def asked(storm: Storm, name: str, **values: str) -> Any:
    """What a file answers, with these values in its variables."""
    return ask(storm.influx, with_values((FOLDER / f"{name}.flux").read_text(encoding="utf-8"), values))


def wet(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.tips]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_runs_as_it_stands_and_says_first_what_it_is_for(storm: Storm, path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    ask(storm.influx, text)

    comment = re.match(r"(//.*\n)+", text)
    assert comment is not None
    for word in ("Answers:", "Units:", "Change:", "Traps:"):
        assert f"// {word}" in comment[0], word
    assert max(len(line) for line in text.splitlines()) <= 125
    variables = text[comment.end() :].partition("from(")[0]
    assert re.search(r"^(start|at) = ", variables, re.MULTILINE)


def test_every_query_is_named_in_the_documents() -> None:
    text = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")

    named = set(re.findall(r"`(\w+)\.flux`", text))

    assert named == {path.stem for path in FILES}


def test_days_are_those_of_the_journal_and_so_are_those_made_of_readings(storm: Storm) -> None:
    days = rows_of(asked(storm, "days", **SPAN))
    added_up = rows_of(asked(storm, "days_from_readings", **SPAN))

    expected = {(name, until): day for name in storm.stations for until, day in storm.windows(name, DAY_MS).items()}
    assert {(row["station"], row["_time"]) for row in days} == expected.keys()
    for row in days:
        day = expected[row["station"], row["_time"]]
        assert (row["rain_mm"], row["corrected_mm"], row["coverage"], row["quality"]) == (
            day.rain_mm,
            day.corrected_mm,
            day.coverage,
            int(day.flag),
        )
    sums = {(row["station"], row["_time"]): row["rain_mm"] for row in added_up}
    assert {key: day.rain_mm for key, day in expected.items() if key in sums} == pytest.approx(sums)
    assert {key for key, day in expected.items() if day.coverage} <= sums.keys()


def test_rain_of_the_last_interval_before_0800_belongs_to_the_day_that_ends(storm: Storm) -> None:
    """It rains from 07:30 to 08:30: the report of 08:00 is stamped with the bound itself."""
    first = BEGIN + DAY_MS
    last = next(row for row in storm.rows["HTB01"] if row.observed_at == first)
    assert last.tips > 0

    sums = {
        (row["station"], row["_time"]): row["rain_mm"] for row in rows_of(asked(storm, "days_from_readings", **SPAN))
    }
    assert sums["HTB01", first] == pytest.approx(storm.rain_mm("HTB01", BEGIN, first))

    text = (FOLDER / "days_from_readings.flux").read_text(encoding="utf-8")
    unmoved = ask(storm.influx, with_values(text.replace("    |> timeShift(duration: -1ns)\n", ""), SPAN))
    moved_mm = {(row["station"], row["_time"]): row["rain_mm"] for row in rows_of(unmoved)}["HTB01", first]
    assert moved_mm == pytest.approx(sums["HTB01", first] - last.tips * 0.5)


@pytest.mark.parametrize("name", ["HTB01", "HTB03", "HTB05"])
def test_the_hyetograph_has_gaps_where_nobody_reported_and_its_line_only_rises(storm: Storm, name: str) -> None:
    answer = asked(storm, "hours_of_a_station", station=f'"{name}"', **SPAN)

    hours = {row["_time"]: row["_value"] for row in rows_of(answer, "hour")}
    so_far = [row["_value"] for row in rows_of(answer, "so_far")]
    windows = storm.windows(name, HOUR_MS)
    assert hours == {until: one.rain_mm for until, one in windows.items() if one.coverage or one.rain_mm}
    assert len(hours) == {"HTB01": 96, "HTB03": 96 - 8, "HTB05": 96}[name]
    assert so_far[-1] == pytest.approx(storm.rain_mm(name, BEGIN, END))
    assert all(after >= before for before, after in pairwise(so_far))


def test_since_0800_begins_behind_the_bound_and_knows_no_silent_station(storm: Storm) -> None:
    rows = rows_of(asked(storm, "since_0800", at="2026-08-01T20:00:00+08:00"))
    at_the_bound = rows_of(asked(storm, "since_0800", at="2026-08-01T08:00:00+08:00"))

    found = {row["station"]: (row["rain_mm"], row["newest"], row["since"]) for row in rows}
    assert found == {
        name: (pytest.approx(storm.rain_mm(name, AUGUST, EVENING)), EVENING, AUGUST)
        for name in ("HTB01", "HTB02", "HTB03", "HTB05")
    }
    assert [row["rain_mm"] for row in rows] == sorted((row["rain_mm"] for row in rows), reverse=True)
    assert found["HTB01"][0] < storm.rain_mm("HTB01", AUGUST - DAY_MS, EVENING)
    after = rows_of(asked(storm, "since_0800", at="2026-08-01T08:05:00+08:00"))
    assert {row["since"] for row in after} == {AUGUST}
    ended = {row["station"]: (row["rain_mm"], row["newest"], row["since"]) for row in at_the_bound}
    assert ended["HTB01"] == (pytest.approx(storm.rain_mm("HTB01", AUGUST - DAY_MS, AUGUST)), AUGUST, AUGUST - DAY_MS)
    assert ended["HTB01"][0] == storm.windows("HTB01", DAY_MS)[AUGUST].rain_mm > 0


@pytest.mark.parametrize(("values", "step_ms"), [({}, STEP), ({"step": "1h"}, HOUR_MS)])
def test_maxima_are_those_of_every_window_of_the_step(storm: Storm, values: dict[str, str], step_ms: int) -> None:
    rows = rows_of(asked(storm, "maxima", **SPAN, **values))

    found = {(row["station"], row["hours"]): (row["rain_mm"], row["_time"]) for row in rows}
    assert len(found) == len(rows) == 5 * len(storm.stations)
    for (name, hours), (rain_mm, end) in found.items():
        ends = range(BEGIN + step_ms, END + hours * HOUR_MS, step_ms)
        most_mm = max(storm.rain_mm(name, until - hours * HOUR_MS, until) for until in ends)
        assert rain_mm == pytest.approx(most_mm), (name, hours)
        assert storm.rain_mm(name, end - hours * HOUR_MS, end) == pytest.approx(rain_mm), (name, hours)
    assert found["HTB01", 1][0] < found["HTB01", 3][0] < found["HTB01", 24][0]


def test_months_take_the_day_that_ends_on_the_first(storm: Storm) -> None:
    rows = rows_of(asked(storm, "months"))

    found = {(row["station"], row["month_end"]): row for row in rows}
    september = AUGUST + 31 * DAY_MS
    assert found.keys() == {(name, end) for name in storm.stations for end in (AUGUST, september)}
    for name in storm.stations:
        july, august = found[name, AUGUST], found[name, september]
        assert july["rain_mm"] == pytest.approx(storm.rain_mm(name, BEGIN, AUGUST))
        assert august["rain_mm"] == pytest.approx(storm.rain_mm(name, AUGUST, END))
        assert (july["days"], august["days"]) == (DAYS - 1, 1)
        covered = [one.coverage for until, one in storm.windows(name, DAY_MS).items() if until <= AUGUST]
        assert july["coverage"] == pytest.approx(sum(covered) / len(covered))
    assert found["HTB02", AUGUST]["corrected_mm"] > found["HTB02", AUGUST]["rain_mm"]


def test_storms_end_with_a_pause_and_hold_all_rain(storm: Storm) -> None:
    rows = rows_of(asked(storm, "storms", least_mm="0.0", **SPAN))

    expected = []
    for name in storm.stations:
        ends: list[list[Row]] = []
        for row in wet(storm.standing(name)):
            if not ends or row.observed_at - ends[-1][-1].observed_at > 6 * HOUR_MS:
                ends.append([])
            ends[-1].append(row)
        depth_mm = storm.stations[name].deployments[0].bucket_depth_mm
        expected += [
            (name, one[0].observed_at, one[-1].observed_at, round(sum(row.tips for row in one) * depth_mm, 3))
            for one in ends
        ]
    assert [(row["station"], row["first"], row["last"], round(row["rain_mm"], 3)) for row in rows] == expected
    assert [row["minutes"] * MINUTE_MS for row in rows] == [last - first for _, first, last, _ in expected]
    assert len({row["station"] for row in rows}) == 4
    assert len([row for row in rows if row["station"] == "HTB01"]) == 3
    assert {row["wettest_report_mm"] <= row["rain_mm"] for row in rows} == {True}


def test_reports_that_are_not_good_are_listed_with_their_bounds(storm: Storm) -> None:
    rows = rows_of(asked(storm, "not_good", **{**SPAN, "start": "2026-07-29T07:00:00+08:00"}))

    found = {
        (row["_time"], row["station"]): (row["tips"], row["tips_min"], row["tips_max"], row["quality"], row["step"])
        for row in rows
    }
    expected = {
        (row.observed_at, name): (row.tips, row.tips_min, row.tips_max, int(row.flag), int(row.step))
        for name in storm.stations
        for row in storm.standing(name, since=BEGIN - 1)
        if row.flag != 1
    }
    assert found == expected
    assert {step for *_, step in found.values()} >= {0, 1, 3}


def test_missing_hours_are_those_without_reports(storm: Storm) -> None:
    answer = asked(storm, "missing_hours", **SPAN)

    hours = {(row["station"], row["_time"]): row["coverage"] for row in rows_of(answer, "hours")}
    shares = {row["station"]: row["coverage"] for row in rows_of(answer, "coverage")}
    windows = {name: storm.windows(name, HOUR_MS) for name in storm.stations}
    assert hours == {
        (name, until): one.coverage
        for name, ends in windows.items()
        for until, one in ends.items()
        if one.coverage < 0.99
    }
    assert shares == {
        name: pytest.approx(sum(one.coverage for one in ends.values()) / len(ends)) for name, ends in windows.items()
    }
    assert min(shares, key=lambda name: shares[name]) == "HTB04"


def test_alerts_say_what_was_told_and_who_acknowledged(storm: Storm) -> None:
    rows = rows_of(asked(storm, "alerts", **SPAN))

    assert [row["event_id"] for row in rows] == [event.id for event in storm.events]
    for row, event in zip(rows, storm.events, strict=True):
        assert (row["alert_id"], row["kind"], row["scope"], row["rule"], row["told"], row["_time"]) == (
            event.alert_id,
            event.kind,
            event.scope,
            event.rule,
            event.at,
            event.rained_at,
        )
        assert (row["level"] or "", row["who"] or "", row["reason"] or "") == (event.level, event.who, event.reason)
        if event.evidence is not None:
            assert (row["rain_mm"], row["threshold_mm"]) == (event.evidence.rain_mm, event.evidence.threshold_mm)
    said = [(row["kind"], row["who"], row["reason"]) for row in rows if row["who"]]
    assert said == [("acknowledged", WHO, None), ("commented", WHO, SAID)]
    assert {row["level"] for row in rows} == {"prepare", "immediate", None}


def test_late_alerts_are_those_of_the_station_that_was_heard_late(storm: Storm) -> None:
    rows = rows_of(asked(storm, "late_alerts", **SPAN))

    rises = [one for one in storm.events if one.kind in ("raised", "strengthened")]
    late = [one for one in rises if one.known_at - one.rained_at > 30 * MINUTE_MS]
    assert [(row["event_id"], row["known"]) for row in rows] == [(one.id, one.known_at) for one in late]
    assert [row["minutes"] for row in rows] == [(one.known_at - one.rained_at) // MINUTE_MS for one in late]
    assert {row["scope"] for row in rows} == {"HTB02"}
    assert {row["late"] for row in rows} == {True}


def test_battery_and_signal_are_the_lowest_and_the_mean_of_each_day(storm: Storm) -> None:
    answer = asked(storm, "battery_and_signal", **SPAN)

    days = {(row["station"], row["_field"], row["_time"]): row["_value"] for row in rows_of(answer, "days")}
    expected: dict[tuple[str, str, int], object] = {}
    for name in storm.stations:
        for until in range(BEGIN + DAY_MS, END + 1, DAY_MS):
            of_day = [row for row in storm.rows[name] if until - DAY_MS < row.observed_at <= until]
            volts = [row.battery_v for row in of_day if row.battery_v is not None]
            dbm = [row.signal_dbm for row in of_day if row.signal_dbm is not None]
            if volts:
                expected[name, "battery_v", until] = min(volts)
            if dbm:
                expected[name, "signal_dbm", until] = pytest.approx(sum(dbm) / len(dbm))
    assert days == expected
    change = {(row["station"], row["field"]): row["change_per_day"] for row in rows_of(answer, "change")}
    first, last = (days["HTB01", "battery_v", until] for until in (BEGIN + DAY_MS, END))
    assert change["HTB01", "battery_v"] == pytest.approx((last - first) / (DAYS - 1))


def test_silent_stations_are_found_with_the_time_of_their_newest_report(storm: Storm) -> None:
    rows = rows_of(asked(storm, "silent_stations", at="2026-08-01T20:00:00+08:00"))
    none = rows_of(asked(storm, "silent_stations", at="2026-07-30T08:00:00+08:00"))

    newest = max(row.observed_at for row in storm.rows["HTB04"] if row.observed_at <= EVENING)
    assert [(row["station"], row["newest"], row["minutes"]) for row in rows] == [
        ("HTB04", newest, (EVENING - newest) // MINUTE_MS)
    ]
    assert none == []


def test_a_calibration_adds_to_what_was_counted(storm: Storm) -> None:
    rows = rows_of(asked(storm, "counted_and_corrected", **SPAN))

    found = {row["station"]: row for row in rows}
    for name in storm.stations:
        days = storm.windows(name, DAY_MS).values()
        counted_mm, corrected_mm = sum(day.rain_mm for day in days), sum(day.corrected_mm for day in days)
        assert found[name]["rain_mm"] == pytest.approx(counted_mm)
        assert found[name]["corrected_mm"] == pytest.approx(corrected_mm)
        assert found[name]["added_mm"] == pytest.approx(corrected_mm - counted_mm)
    assert {name for name, row in found.items() if row["added_share"] > 0} == {"HTB02"}
