"""What a station's figures mean: the bounds of each grade, and the words for it."""

from dataclasses import fields, replace
from typing import Any

import pytest

from gauge_ingest.core.health import Grade, HealthDay, HealthSettings, Judged, StationHealth, judged
from gauge_ingest.core.model import DAY_MS, MINUTE_MS, SECOND_MS
from tests.core.health_rows import STATION
from tests.worlds import T0

OK, WATCH, ILL, UNKNOWN = Grade.OK, Grade.WATCH, Grade.ILL, Grade.UNKNOWN
DAY = HealthDay(T0 - DAY_MS, T0, 1.0, 12.4, -80.0, 0.0, 0.0, 0.0)
WELL = StationHealth(
    station="HTB01",
    since=T0 - 30 * DAY_MS,
    until=T0,
    last_heard_at=T0 - MINUTE_MS,
    last_observed_at=T0 - MINUTE_MS,
    regularity=0.999,
    reports_expected=1_440,
    reports_seen=1_439,
    longest_silence_s=3_600,
    seq_gaps=0,
    seq_missing=0,
    seq_seen=1_440,
    restarts=0,
    clock_offset_s=-2.0,
    clock_drift_s_per_day=0.4,
    clock_mended=0,
    battery_v=12.9,
    battery_min_v=12.4,
    battery_trend_v_per_day=0.001,
    signal_dbm=-80.0,
    signal_worst_dbm=-88.0,
    suspect_share=0.001,
    failed_share=0.0,
    missing_share=0.0,
    days_since_visit=20.0,
    days_since_calibration=100.0,
    door_open=False,
    days=(DAY, DAY),
)


def looked_at(name: str, **changes: Any) -> tuple[Grade, str]:
    """Grade and reason of one thing, of a station that is well but for the changes."""
    found = next(one for one in judged(replace(WELL, **changes), STATION).found if one.name == name)
    return found.grade, found.reason


def silent(seconds: int) -> dict[str, Any]:
    return {"last_heard_at": T0 - seconds * SECOND_MS}


def last_day(**changes: Any) -> dict[str, Any]:
    return {"days": (DAY, replace(DAY, **changes))}


def missing(number: int) -> dict[str, Any]:
    return {"seq_gaps": 1, "seq_missing": number, "seq_seen": 1_000 - number}


def falling(days: float) -> dict[str, Any]:
    return {"battery_trend_v_per_day": -0.05, "battery_days_to_empty": days}


def test_a_station_that_is_well_is_ok_in_everything() -> None:
    one = judged(WELL, STATION)

    assert one.grade is OK
    assert {found.grade for found in one.found} == {OK}


def test_where_nothing_is_known_nothing_is_well_and_the_station_was_never_heard() -> None:
    one = judged(StationHealth("HTB01", T0 - DAY_MS, T0), STATION)

    assert {found.name: found.grade for found in one.found} == {
        found.name: ILL if found.name == "heard" else UNKNOWN for found in one.found
    }
    assert one.found[0].reason.startswith("never heard")


def test_a_station_is_as_well_as_its_worst_figure() -> None:
    assert judged(replace(WELL, door_open=True), STATION).grade is WATCH
    assert judged(replace(WELL, door_open=True, **silent(9_999)), STATION).grade is ILL
    assert Judged(STATION, WELL, ()).grade is UNKNOWN


@pytest.mark.parametrize(
    ("name", "changes", "grade"),
    [
        ("heard", silent(3_600), OK),
        ("heard", silent(3_601), WATCH),
        ("heard", silent(5_400), WATCH),
        ("heard", silent(5_401), ILL),
        ("heard", silent(-30), OK),
        ("regularity", {"regularity": 0.95}, OK),
        ("regularity", {"regularity": 0.949}, WATCH),
        ("regularity", {"regularity": 0.8}, WATCH),
        ("regularity", {"regularity": 0.799}, ILL),
        ("regularity", last_day(regularity=0.94), WATCH),
        ("regularity", last_day(regularity=0.5), ILL),
        ("silence", {"longest_silence_s": 21_600}, OK),
        ("silence", {"longest_silence_s": 21_601}, WATCH),
        ("messages", missing(10), OK),
        ("messages", missing(11), WATCH),
        ("messages", missing(101), ILL),
        ("restarts", {"restarts": 4}, OK),
        ("restarts", {"restarts": 5}, WATCH),
        ("restarts", {"restarts": 31}, ILL),
        ("restarts", {"since": T0 - DAY_MS // 8, "restarts": 1}, OK),
        ("restarts", {"since": T0 - DAY_MS // 8, "restarts": 2}, ILL),
        ("clock", {"clock_offset_s": 60.0}, OK),
        ("clock", {"clock_offset_s": 60.1}, WATCH),
        ("clock", {"clock_offset_s": -60.1}, WATCH),
        ("clock", {"clock_offset_s": 600.1}, ILL),
        ("clock", {"clock_offset_s": -600.1}, ILL),
        ("drift", {"clock_drift_s_per_day": 10.0}, OK),
        ("drift", {"clock_drift_s_per_day": -10.1}, WATCH),
        ("drift", {"clock_drift_s_per_day": 60.1}, ILL),
        ("mended", {"clock_mended": 1, "clock_mended_at": T0}, WATCH),
        ("battery", {"battery_min_v": 11.5}, OK),
        ("battery", {"battery_min_v": 11.49}, WATCH),
        ("battery", {"battery_min_v": 11.0}, WATCH),
        ("battery", {"battery_min_v": 10.99}, ILL),
        ("battery", {"battery_v": 25.0, "battery_min_v": 23.0}, OK),
        ("battery", {"battery_v": 25.0, "battery_min_v": 22.9}, WATCH),
        ("battery", {"battery_v": 25.0, "battery_min_v": 21.9}, ILL),
        ("charge", falling(30.0), OK),
        ("charge", falling(29.9), WATCH),
        ("charge", falling(6.9), ILL),
        ("signal", {"signal_dbm": -100.0}, OK),
        ("signal", {"signal_dbm": -101.0}, WATCH),
        ("signal", {"signal_dbm": -108.0}, ILL),
        ("signal", last_day(signal_dbm=-101.0), WATCH),
        ("data", {"suspect_share": 0.03, "failed_share": 0.02}, OK),
        ("data", {"suspect_share": 0.03, "failed_share": 0.03}, WATCH),
        ("data", {"suspect_share": 0.26}, ILL),
        ("data", last_day(suspect_share=0.3), ILL),
        ("visit", {"days_since_visit": 365.0}, OK),
        ("visit", {"days_since_visit": 366.0}, WATCH),
        ("calibration", {"days_since_calibration": 365.0}, OK),
        ("calibration", {"days_since_calibration": 366.0}, WATCH),
        ("door", {"door_open": True}, WATCH),
    ],
)
def test_each_bound_is_where_it_is_written(name: str, changes: dict[str, Any], grade: Grade) -> None:
    assert looked_at(name, **changes)[0] is grade


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("heard", silent(5_401), "nothing heard for 90 min, 3 regular reports are missing: link, battery or modem;"),
        ("regularity", last_day(regularity=0.5), "1439 of 1440 regular reports came, 99.9%; of the last day 50.0%."),
        ("messages", missing(101), "101 of 1000 messages are missing, in 1 gap: lost on the way or in the"),
        ("clock", {"clock_offset_s": 72.0}, "72 s ahead: rain is dated too late. Set the clock"),
        ("clock", {"clock_offset_s": -72.0}, "72 s behind, the way of a report included: rain is dated too early."),
        ("drift", {"clock_drift_s_per_day": -12.0}, "loses 12.0 s a day: ten minutes in 50 d"),
        ("battery", {"battery_min_v": 10.9}, "10.90 V at the lowest of the last day, 12.90 V now (below 11 V: it may"),
        ("charge", falling(12.4), "falls by 0.05 V a day: empty in about 12 d if it goes on. Is the panel clean,"),
        ("charge", falling(0.4), "falls by 0.05 V a day: empty within a day if it goes on."),
        ("data", {"suspect_share": 0.2, "failed_share": 0.1}, "20.0% suspect, 10.0% failed: gauge-ingest readings"),
        ("data", {"suspect_share": 0.0}, "nothing is in doubt"),
    ],
)
def test_a_reason_says_how_much_and_what_to_look_at(name: str, changes: dict[str, Any], words: str) -> None:
    assert looked_at(name, **changes)[1].startswith(words)


def test_the_last_day_of_a_station_that_seldom_reports_is_no_share() -> None:
    seldom = replace(STATION, report_every_s=6 * 3_600)

    one = judged(replace(WELL, **last_day(regularity=0.5)), seldom)

    assert one.grade is OK


def test_a_station_that_seldom_reports_may_be_silent_for_longer() -> None:
    daily = replace(STATION, report_every_s=86_400)

    assert judged(replace(WELL, longest_silence_s=2 * 86_400, **silent(90_000)), daily).grade is OK


def test_bounds_are_settings() -> None:
    strict = HealthSettings(battery_v_watch=12.5)

    found = {one.name: one.grade for one in judged(WELL, STATION, strict).found}

    assert found["battery"] is WATCH
    assert all(field.default is not None for field in fields(HealthSettings))
