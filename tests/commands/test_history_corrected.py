"""history: rain that fell beside rain that was counted, where a gauge has a calibration."""

import pytest

from tests.commands.place import Place
from tests.worlds import HOUR, MINUTE, T0, message, text

ASKED = ("history", "HTB01", "--since", text(T0), "--until", text(T0 + 30 * MINUTE), "--every")


@pytest.fixture
def stormy(place: Place) -> Place:
    """Five minutes of 4 mm/min as counted, and as much again on the way into a gap of twenty minutes."""
    with place.desk() as desk:
        desk.now = T0 + HOUR
        counts = [(0, 10), (5, 50), (10, 50), (30, 90)]
        desk.take(message([(T0 + minute * MINUTE, count) for minute, count in counts]))
    return place


def calibrate(place: Place, correction: str, *, since: int = T0 - HOUR) -> None:
    """A correction for HTB01."""
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[[stations.HTB01.deployments]]\nsince = {text(since)}\ncorrection = {correction}\n")


def test_raw_rows_have_both_depths_and_a_gap_is_corrected_by_less(stormy: Place) -> None:
    calibrate(stormy, "{ tip_time_s = 0.45 }")

    rows = stormy.json(*ASKED, "raw")

    assert [(row["step"], row["rain_mm"], row["corrected_mm"]) for row in rows] == [
        ("steady", 20.0, 21.277),
        ("steady", 0.0, 0.0),
        ("gap", 20.0, 20.305),
    ]


def test_windows_sum_both_depths(stormy: Place) -> None:
    calibrate(stormy, "{ a = 1.1, b = 1.0, mm_per_h_max = 300 }")

    (hour,) = stormy.json(*ASKED, "1h")

    assert (hour["tips"], hour["rain_mm"], hour["corrected_mm"]) == (80, 40.0, 44.0)


def test_each_increment_is_corrected_by_the_deployment_in_which_it_ends(stormy: Place) -> None:
    calibrate(stormy, "{ a = 1.1, b = 1.0, mm_per_h_max = 300 }")
    calibrate(stormy, "{ tip_time_s = 0 }", since=T0 + 10 * MINUTE)

    rows = stormy.json(*ASKED, "raw")

    assert [row["corrected_mm"] for row in rows] == [22.0, 0.0, 20.0]


def test_what_a_person_said_that_fell_has_fallen_and_no_calibration_adds_to_it(stormy: Place) -> None:
    calibrate(stormy, "{ a = 1.1, b = 1.0, mm_per_h_max = 300 }")
    stormy.now = T0 + HOUR
    span = ("--since", text(T0), "--until", text(T0 + 10 * MINUTE))
    stormy.json("correct", "replace", "HTB01", *span, "--rain-mm", "30", "--why", "storage gauge")

    rows = stormy.json(*ASKED, "raw")
    (hour,) = stormy.json(*ASKED, "1h")

    assert [(row["rain_mm"], row["corrected_mm"]) for row in rows] == [(30.0, 30.0), (0.0, 0.0), (20.0, 22.0)]
    assert hour["corrected_mm"] == 52.0


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("every", ["raw", "5m"])
def test_the_table_has_a_column_more_only_where_a_gauge_is_calibrated(stormy: Place, every: str, columns: int) -> None:
    plain = stormy.run(*ASKED, every, columns=columns).stdout
    calibrate(stormy, "{ tip_time_s = 0.45 }")

    shown = stormy.run(*ASKED, every, columns=columns).stdout

    assert "corrected" not in plain
    assert "40.0 mm (80 tips), corrected 41.6 mm after" in shown
    wet = next(line for line in shown.splitlines() if " 18:05 " in line)
    assert wet.split()[4:6] == ["20.0", "21.3"]
    assert max(map(len, shown.splitlines())) <= columns
