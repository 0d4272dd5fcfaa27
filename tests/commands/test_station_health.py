"""stations health: how the stations are doing, from a real journal."""

import re
from typing import Any

import pytest

from tests.commands.place import SHIPPED, Place
from tests.worlds import HOUR, MINUTE, T0, Desk, message, text

DAY = 24 * HOUR


def report(desk: Desk, hours_ago: int, *, station_id: str, delay_s: float = 2.0, **told: Any) -> None:
    """An hourly report, numbered by its hour, that is received after a delay by the station's clock."""
    at = T0 - MINUTE - hours_ago * HOUR
    desk.now = at + int(delay_s * 1000)
    reading = {"observed_at": text(at), "count": 5, "battery_v": 12.6, "signal_dbm": -80, "door_open": False, **told}
    desk.take(message([reading], station_id=station_id, seq=1_000 - hours_ago, boot=1))


def report_hourly(place: Place) -> None:
    stations = place.config / "stations.toml"
    hourly = stations.read_text(encoding="utf-8").replace("report_every_s = 300", "report_every_s = 3600")
    stations.write_text(hourly, encoding="utf-8")
    place.now = T0


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """HTB01 is well; HTB02 loses messages, its battery is low, its clock slow; HTB03 fell silent; two never spoke."""
    place = Place(tmp_path_factory.mktemp("watched"))
    report_hourly(place)
    with place.desk() as desk:
        for hours_ago in range(72, -1, -1):
            report(desk, hours_ago, station_id="HTB01")
            if hours_ago % 10 != 5:
                report(desk, hours_ago, station_id="HTB02", delay_s=75.0, battery_v=11.2)
            if hours_ago > 60:
                report(desk, hours_ago, station_id="HTB03", kind="maintenance")
    return place


def test_each_station_has_its_figures_with_the_worst_first(watched: Place) -> None:
    rows = watched.json("stations", "health", "--since", "3d", status=1)

    grades = [(row["station"], row["grade"]) for row in rows]
    assert grades == [("HTB03", "ill"), ("HTB04", "ill"), ("HTB05", "ill"), ("HTB02", "watch"), ("HTB01", "ok")]
    well, slow, gone, never = rows[4], rows[3], rows[0], rows[1]
    assert (well["name"], well["since"], well["until"]) == ("石门", text(T0 - 3 * DAY), text(T0))
    assert (well["last_observed_at"], well["last_heard_at"]) == (text(T0 - MINUTE), text(T0 - MINUTE + 2_000))
    assert (well["regularity"], well["reports_expected"], well["seq_missing"], well["restarts"]) == (1.0, 72, 0, 0)
    assert (well["clock_offset_s"], well["clock_drift_s_per_day"], well["battery_v"]) == (-2.0, 0.0, 12.6)
    assert (slow["clock_offset_s"], slow["battery_min_v"], slow["seq_missing"]) == (-75.0, 11.2, 7)
    assert slow["regularity"] == pytest.approx(0.9, abs=0.02)
    assert (gone["days_since_visit"], gone["days"][-1]["regularity"]) == (2.5, 0.0)
    assert (never["last_heard_at"], never["regularity"], never["battery_v"]) == (None, None, None)


def test_each_figure_has_a_grade_and_a_reason_and_each_day_its_own(watched: Place) -> None:
    (row,) = watched.json("stations", "health", "HTB02", "--since", "3d")

    found = {one["name"]: (one["grade"], one["reason"]) for one in row["found"]}
    assert found["clock"][0] == "watch"
    assert found["clock"][1].startswith("75 s behind")
    assert found["battery"] == ("watch", "11.20 V at the lowest of the last day, 11.20 V now (below 11.5 V)")
    assert found["calibration"] == ("unknown", "no calibration is known")
    assert [day["until"] for day in row["days"]] == [text(T0 - 2 * DAY), text(T0 - DAY), text(T0)]
    assert {day["battery_min_v"] for day in row["days"]} == {11.2}


def test_a_station_that_has_been_silent_for_the_whole_time_is_not_one_that_was_never_heard(watched: Place) -> None:
    (row,) = watched.json("stations", "health", "HTB03", "--since", "2d", status=1)

    assert row["last_heard_at"] == text(T0 - 61 * HOUR - MINUTE + 2_000)
    assert (row["regularity"], row["reports_expected"], row["reports_seen"]) == (0.0, 48, 0)
    assert row["found"][0]["reason"].startswith("nothing heard for 2 d, 61 regular reports are missing")


def test_nothing_is_expected_of_a_station_before_its_first_reading(place: Place) -> None:
    report_hourly(place)
    with place.desk() as desk:
        for hours_ago in range(30, -1, -1):
            report(desk, hours_ago, station_id="HTB01")

    (row,) = place.json("stations", "health", "HTB01")

    assert (row["grade"], row["regularity"], row["reports_expected"]) == ("ok", 1.0, 30)
    assert row["since"] == text(T0 - 30 * DAY)


def test_a_clock_that_is_ahead_is_seen_through_its_mended_times(place: Place) -> None:
    report_hourly(place)
    with place.desk() as desk:
        for hours_ago in range(30, -1, -1):
            report(desk, hours_ago, station_id="HTB01", delay_s=-1_200.0)

    (row,) = place.json("stations", "health", "HTB01", status=1)

    assert (row["clock_offset_s"], row["clock_mended"]) == (1_200.0, 31)


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_the_tables_fit_in_the_columns_there_are(watched: Place, columns: int) -> None:
    every = watched.run("stations", "health", "--since", "3d", columns=columns)
    one = watched.run("stations", "health", "HTB02", "--since", "3d", columns=columns)

    for result, status in ((every, 1), (one, 0)):
        assert result.exit_code == status
        assert result.stderr == ""
        assert "…" not in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= columns
    assert "stations: 3 ILL, 1 watch, 1 ok; 2026-07-12 18:00 until 2026-07-15 18:00" in every.stdout
    words = every.stdout.split()
    assert words.index("HTB03") < words.index("HTB02") < words.index("HTB01")
    assert re.search(r"HTB02 +雀尔沟镇 +watch +0 s +90.3% +7 +-75 s +11.2 +\? +-80 +0%", every.stdout)
    assert "lowest battery voltage of each day" in one.stdout


def test_a_picture_shows_the_day_that_was_lost(place: Place) -> None:
    report_hourly(place)
    with place.desk() as desk:
        for hours_ago in range(96, -1, -1):
            if not 24 <= hours_ago < 48:
                report(desk, hours_ago, station_id="HTB01", battery_v=11.0 + hours_ago // 24)

    lines = place.run("stations", "health", "HTB01", "--since", "4d", columns=80).stdout.splitlines()

    volts, reports = (
        next(n for n, line in enumerate(lines) if line.startswith(title)) for title in ("lowest", "share")
    )
    assert [line[:8].strip() for line in lines[volts + 1 : volts + 5]] == ["14.0 V", "", "", "10.8 V"]
    assert lines[volts + 4][8:] == "██████···▂▂▂"
    assert lines[reports + 1].rstrip()[8:] == "██████   ███"
    assert lines[-1].split() == ["07-11", "07-15"]


def test_stations_alone_still_lists_them_and_options_stand_behind_the_command(watched: Place) -> None:
    assert [row["station"] for row in watched.json("stations")] == ["HTB01", "HTB02", "HTB03", "HTB04", "HTB05"]

    result = watched.run("stations", "--json", "health")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "options come after the command: stations health" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["HTB9"], "station 'HTB9' is not in stations.toml: known: HTB01, HTB02,"),
        (["--since", "soon"], "--since 'soon': must be"),
        (["--since", text(T0 + DAY)], "must be before now"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_way_to_ask(watched: Place, arguments: list[str], words: str) -> None:
    result = watched.run("stations", "health", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr


def test_every_figure_is_explained_in_the_documents(watched: Place) -> None:
    (row,) = watched.json("stations", "health", "HTB01")

    operations = (SHIPPED.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    section = operations[operations.index("## How a station is doing") :]
    assert [one["name"] for one in row["found"]] == re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)[:15]


def test_without_a_journal_nothing_can_be_told(place: Place) -> None:
    result = place.run("stations", "health")

    assert result.exit_code == 3
    assert "has the service run yet?" in result.stderr


def test_a_visit_that_somebody_told_of_and_the_last_calibration_are_counted_in_days(place: Place) -> None:
    report_hourly(place)
    stations = place.config / "stations.toml"
    dated = stations.read_text(encoding="utf-8").replace(
        "[stations.HTB01]\n", "[stations.HTB01]\ncalibrated_at = 2026-06-05T18:00:00+08:00\n"
    )
    stations.write_text(dated, encoding="utf-8")
    with place.desk() as desk:
        for hours_ago in range(200, -1, -1):
            report(desk, hours_ago, station_id="HTB01")

    before = place.json("stations", "health", "HTB01", "--since", "3d", status=0)[0]
    visit = ("--since", text(T0 - 100 * HOUR), "--until", text(T0 - 96 * HOUR), "--why", "bucket cleaned")
    place.json("correct", "visit", "HTB01", *visit)
    later = ("--since", text(T0 - 50 * HOUR), "--until", text(T0 - 48 * HOUR), "--why", "a wire was off")
    place.json("correct", "void", "HTB01", *later)
    after = place.json("stations", "health", "HTB01", "--since", "3d", status=0)[0]

    assert before["days_since_visit"] is None
    assert after["days_since_visit"] == pytest.approx(4.0, abs=0.01)
    assert after["days_since_calibration"] == pytest.approx(40.0, abs=0.01)
