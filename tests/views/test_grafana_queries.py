"""Every query of every dashboard of Grafana, against a real InfluxDB with a storm in it.

Goal: no panel stays empty, none says 0 where nobody reported, each gives what the journal gives. Method: queries are
taken out of the files, filled in as Grafana does it, asked, and the answers turned into Grafana's frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS
from tests.views.grafana import INFLUX, Frame, Span, dashboards, filled_in, frames, targets
from tests.views.storm import BEGIN, END, SAID, WHO, Storm

WHOLE = Span(BEGIN, END, 600)
EVENING = Span(BEGIN, BEGIN + 3 * DAY_MS + 12 * HOUR_MS, 60)  # HTB04 is silent
NIGHT = Span(BEGIN + 8 * HOUR_MS, BEGIN + 12 * HOUR_MS, 15)  # the first storm has just passed, its alerts stand
CALM = Span(BEGIN + 40 * HOUR_MS, BEGIN + 46 * HOUR_MS, 15)  # nothing falls, nothing is told
TABLES = [pytest.param(*one, id=f"{one[0]}-{one[1]['id']}") for one in targets(INFLUX) if one[1]["type"] == "table"]
QUERIES = [pytest.param(*one, id=f"{one[0]}-{one[1]['id']}{one[2]['refId']}") for one in targets(INFLUX)]
# Rows only where there is something to tell; each of these says so in words of its own.
MAY_BE_EMPTY = {
    "现有预警 Alerts that stand",
    "应答 What people said",
    "全部事件 Every event",
    "计数与校正 Counted and corrected",
    "存疑报文 Reports that are not good",
    "日雨量 Rain of each day, 08:00 to 08:00",
}


def asked(storm: Storm, panel: str, dashboard: str, span: Span, *, station: str = "HTB01", ref: str = "A") -> Any:
    """The frames of a panel, by its title and its kind."""
    title, _, kind = panel.partition("|")
    found = [
        target["query"]
        for name, one, target in targets(INFLUX)
        if (name, target["refId"]) == (dashboard, ref) and title in one["title"] and kind in one["type"]
    ]
    assert len(found) == 1, (panel, len(found))
    return frames(storm.influx, filled_in(found[0], span, station=station))


def series(found: list[Frame]) -> dict[str, dict[int, Any]]:
    """Of each station the value at each time."""
    assert all(frame.labels is not None for frame in found)
    return {(frame.labels or {})["station"]: {row["time"]: row["value"] for row in frame.rows} for frame in found}


def rows(found: list[Frame]) -> list[dict[str, Any]]:
    """The rows of the one table."""
    assert len(found) <= 1
    assert all(frame.labels is None for frame in found)
    return found[0].rows if found else []


@pytest.mark.parametrize(("name", "panel", "target"), QUERIES)
def test_every_query_gives_what_its_panel_draws(
    storm: Storm, name: str, panel: dict[str, Any], target: dict[str, Any]
) -> None:
    for span in (WHOLE, EVENING, NIGHT, CALM):
        for station in ("HTB01", "HTB05"):
            found = frames(storm.influx, filled_in(target["query"], span, station=station))

            is_series = panel["type"] in ("timeseries", "state-timeline")
            assert all((frame.labels is not None) is is_series for frame in found), name
            if panel["type"] == "stat":
                assert [len(frame.rows) for frame in found] == [1]
            may_be_empty = panel["title"] in MAY_BE_EMPTY and panel["type"] != "stat"
            if span is WHOLE and "alerts" not in name:
                may_be_empty = panel["title"] in MAY_BE_EMPTY and "stand" in panel["title"]
            assert found or (may_be_empty and panel["fieldConfig"]["defaults"]["noValue"] not in ("", "?")), (
                span,
                station,
            )


@pytest.mark.parametrize(("name", "panel", "target"), TABLES)
def test_every_column_of_a_table_has_a_heading_of_its_own_and_no_heading_is_idle(
    storm: Storm, name: str, panel: dict[str, Any], target: dict[str, Any]
) -> None:
    seen = set[str]()
    for span in (WHOLE, EVENING, NIGHT):
        for frame in frames(storm.influx, filled_in(target["query"], span, station="HTB01")):
            seen |= frame.columns.keys()

    assert {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]} == seen, name


def test_the_variable_lists_every_station_also_a_silent_one(storm: Storm) -> None:
    variable = dashboards()["station"]["templating"]["list"][0]

    found = frames(storm.influx, filled_in(variable["query"], CALM))

    assert [row["_value"] for frame in found for row in frame.rows] == sorted(storm.stations)


def test_hours_are_those_of_the_journal_with_gaps_where_nobody_reported(storm: Storm) -> None:
    found = series(asked(storm, "每小时雨量", "network", WHOLE))
    one = series(asked(storm, "雨强过程与累计", "station", WHOLE, station="HTB03"))

    for name in storm.stations:
        windows = storm.windows(name, HOUR_MS)
        assert found[name] == {until: w.rain_mm for until, w in windows.items() if w.coverage or w.rain_mm}
    assert one == {"HTB03": found["HTB03"]}
    assert len(found["HTB03"]) == 96 - 8


def test_the_sum_ends_with_all_rain_of_the_chosen_time(storm: Storm) -> None:
    for name in ("HTB01", "HTB05"):
        for span in (WHOLE, EVENING, NIGHT):
            (line,) = series(asked(storm, "雨强过程与累计", "station", span, station=name, ref="B")).values()
            assert line[max(line)] == pytest.approx(storm.rain_mm(name, span.since, span.until))


@pytest.mark.parametrize("window_s", [15, 300, 3_600])
def test_the_moving_hour_is_the_rain_of_each_hour_before(storm: Storm, window_s: int) -> None:
    span = Span(NIGHT.since, NIGHT.until, window_s)

    (line,) = series(asked(storm, "一小时滑动雨量", "station", span)).values()

    every_ms = max(window_s * 1000, 5 * MINUTE_MS)
    assert list(line) == list(range(span.since + every_ms, span.until + 1, every_ms))
    for at, mm in line.items():
        assert mm == pytest.approx(storm.rain_mm("HTB01", at - HOUR_MS, at)), at
    assert max(line.values()) > 10


def test_a_gap_in_the_reports_is_a_gap_in_the_graphs(storm: Storm) -> None:
    """HTB03 has no power for eight hours on the second day."""
    begin, end = BEGIN + 2_110 * MINUTE_MS, BEGIN + 2_570 * MINUTE_MS
    for title in ("电池", "信号", "气温", "箱门", "一小时滑动雨量"):
        (line,) = series(asked(storm, title, "station", Span(BEGIN, END, 600), station="HTB03")).values()
        within = [value for at, value in line.items() if begin + HOUR_MS < at <= end]
        assert within, title
        assert set(within) == {None}, title
        assert len([value for value in line.values() if value is not None]) > 300, title


def test_battery_is_the_lowest_and_signal_the_mean_of_each_step(storm: Storm) -> None:
    (volts,) = series(asked(storm, "电池", "station", Span(BEGIN, END, 3_600))).values()
    (dbm,) = series(asked(storm, "信号", "station", Span(BEGIN, END, 3_600))).values()

    at = BEGIN + 10 * HOUR_MS
    of_hour = [row for row in storm.rows["HTB01"] if at - HOUR_MS <= row.observed_at < at]
    assert volts[at] == min(row.battery_v for row in of_hour if row.battery_v is not None)
    heard = [row.signal_dbm for row in of_hour if row.signal_dbm is not None]
    assert dbm[at] == pytest.approx(sum(heard) / len(heard))


def test_rain_of_the_last_hours_is_empty_where_nobody_reported(storm: Storm) -> None:
    found = {row["station"]: row for row in rows(asked(storm, "最近雨量", "network", EVENING))}

    for name in storm.stations:
        for column, hours in (("h01", 1), ("h03", 3), ("h06", 6), ("h24", 24)):
            since = EVENING.until - hours * HOUR_MS
            heard = storm.standing(name, since=since, until=EVENING.until)
            expected = pytest.approx(storm.rain_mm(name, since, EVENING.until)) if heard else None
            assert found[name][column] == expected, (name, column)
    assert found["HTB04"]["h01"] is None
    assert found["HTB05"]["h01"] == 0.0


@pytest.mark.parametrize("minutes", [5, 12 * 60])
def test_since_0800_is_the_day_that_is_not_over(storm: Storm, minutes: int) -> None:
    morning = BEGIN + 3 * DAY_MS
    span = Span(BEGIN, morning + minutes * MINUTE_MS)

    found = {row["station"]: row["rain_mm"] for row in rows(asked(storm, "8时以来", "network", span))}

    assert found == {
        name: pytest.approx(storm.rain_mm(name, morning, span.until)) for name in ("HTB01", "HTB02", "HTB03", "HTB05")
    }


def test_at_0800_it_is_the_whole_day_that_ends(storm: Storm) -> None:
    morning = BEGIN + 3 * DAY_MS

    found = {row["station"]: row["rain_mm"] for row in rows(asked(storm, "8时以来", "network", Span(BEGIN, morning)))}

    assert found["HTB01"] == storm.windows("HTB01", DAY_MS)[morning].rain_mm > 0


def test_a_station_that_is_silent_for_longer_than_the_chosen_time_is_still_listed(storm: Storm) -> None:
    last_hour = Span(EVENING.until - HOUR_MS, EVENING.until)

    found = {row["station"]: row for row in rows(asked(storm, "最近来报", "network", last_hour))}

    newest = max(row.observed_at for row in storm.rows["HTB04"] if row.observed_at < EVENING.until)
    assert found.keys() == storm.stations.keys()
    assert (found["HTB04"]["newest"], found["HTB04"]["minutes"]) == (newest, (EVENING.until - newest) // MINUTE_MS)
    assert found["HTB01"]["minutes"] <= 5


def standing_at(storm: Storm, at: int) -> Iterator[int]:
    """Alerts that stood, going by the stamps of the events."""
    state: dict[int, str] = {}
    for event in storm.events:
        if event.rained_at < at and event.kind not in ("acknowledged", "commented", "escalated", "reminded"):
            state[event.alert_id] = event.kind
    return (alert for alert, kind in state.items() if kind not in ("cleared", "withdrawn", "lapsed"))


@pytest.mark.parametrize("dashboard", ["network", "alerts"])
def test_alerts_that_stand_are_found_also_when_they_began_before_the_chosen_time(storm: Storm, dashboard: str) -> None:
    for since, until in ((8, 12), (12, 13), (20, 21), (24.5, 25), (40, 46), (0, 96)):
        span = Span(BEGIN + int(since * HOUR_MS), BEGIN + int(until * HOUR_MS))
        found = rows(asked(storm, "现有预警|table", dashboard, span))
        (count,) = rows(asked(storm, "现有预警|stat", dashboard, span))

        expected = set(standing_at(storm, span.until))
        assert {row["alert_id"] for row in found} == expected
        assert count["alerts"] == len(expected)
    assert set(standing_at(storm, BEGIN + 13 * HOUR_MS)) == {1, 2, 3}


def test_events_are_those_of_the_journal_the_newest_first(storm: Storm) -> None:
    found = rows(asked(storm, "全部事件", "alerts", WHOLE))
    said = rows(asked(storm, "应答", "alerts", WHOLE))
    rises = {row["level"]: row["rises"] for row in rows(asked(storm, "达到级别", "alerts", WHOLE))}

    assert [row["event_id"] for row in found] == [event.id for event in reversed(storm.events)]
    by_id = {event.id: event for event in storm.events}
    for row in found:
        event = by_id[row["event_id"]]
        assert (row["told"], row["level"], row["who"], row["late"]) == (
            event.at,
            event.level or None,
            event.who or None,
            event.late,
        )
        if event.evidence is not None:
            assert (row["rain_mm"], row["minutes"]) == (event.evidence.rain_mm, event.evidence.window_s // 60)
    assert {(row["who"], row["reason"]) for row in said} == {(WHO, None), (WHO, SAID)}
    for level in ("prepare", "immediate"):
        kinds = [one.level for one in storm.events if one.kind in ("raised", "strengthened")]
        assert rises[level] == kinds.count(level) > 0


def test_coverage_flags_and_corrections_are_those_of_the_journal(storm: Storm) -> None:
    shares = {row["station"]: row["coverage"] for row in rows(asked(storm, "到报率", "quality", WHOLE))}
    flags = {row["quality"]: row["reports"] for row in rows(asked(storm, "质量标志", "quality", WHOLE))}
    corrected = {row["station"]: row for row in rows(asked(storm, "计数与校正", "quality", WHOLE))}
    not_good = rows(asked(storm, "存疑报文", "quality", WHOLE))
    hours = series(asked(storm, "到报 Coverage", "quality", WHOLE))

    standing = [row for name in storm.stations for row in storm.standing(name)]
    for name in storm.stations:
        windows = storm.windows(name, HOUR_MS)
        assert hours[name] == {until: one.coverage for until, one in windows.items()}
        assert shares[name] == pytest.approx(sum(hours[name].values()) / len(hours[name]))
        days = storm.windows(name, DAY_MS).values()
        assert corrected[name]["corrected_mm"] == pytest.approx(sum(day.corrected_mm for day in days))
    assert flags == {flag: sum(int(row.flag) == flag for row in standing) for flag in (1, 2, 3, 4, 9)}
    bad = sorted((row.observed_at for row in standing if row.flag != 1), reverse=True)
    assert [row["observed"] for row in not_good] == bad[:500]
    by_time = {(row.station, row.observed_at): row for row in standing}
    for found in not_good:
        row = by_time[found["station"], found["observed"]]
        assert (found["tips"], found["tips_min"], found["tips_max"]) == (row.tips, row.tips_min, row.tips_max)
        assert (found["quality"], found["step"]) == (int(row.flag), int(row.step))
    assert {found["step"] for found in not_good} > {1}
