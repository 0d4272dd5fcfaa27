"""report daily: the rain of a day with its bounds and its hour, alerts, and what is not well; and the files of it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.core.days import day_end
from gauge_ingest.outbound import Positions
from gauge_ingest.reports.daily import DailyReports
from gauge_ingest.reports.files import ReportFolder
from tests.commands.place import Place
from tests.worlds import BEIJING, HOUR, MINUTE, message, text

DAY = 24 * HOUR
ENDS = day_end("2026-07-15")
BEGINS = ENDS - DAY


def readings(place: Place, counts: list[tuple[int, int]], *, late_ms: int = 2_000, seq: int = 0) -> None:
    """Readings of HTB01, each taken in as it comes."""
    with place.desk() as desk:
        for number, (at, count) in enumerate(counts):
            desk.now = at + late_ms
            desk.take(message([{"observed_at": text(at), "count": count, "battery_v": 12.1}], seq=seq + number))
            desk.settle()


def day_of_rain(place: Place) -> None:
    """Dry until 18:00, then 12 tips (6 mm) in half an hour, dry again until 08:05."""
    counts, count = [], 100
    for number in range(-1, 290):
        at = BEGINS + number * 5 * MINUTE
        if 10 * HOUR < at - BEGINS <= 10 * HOUR + 30 * MINUTE:
            count += 2
        counts.append((at, count))
    readings(place, counts)
    place.now = ENDS + 6 * MINUTE


def station(report: dict[str, Any], name: str = "HTB01") -> dict[str, Any]:
    (found,) = [one for one in report["stations"] if one["station"] == name]
    return dict(found)


def test_a_day_has_its_rain_its_wettest_hour_and_its_alerts(place: Place) -> None:
    day_of_rain(place)

    report = place.json("report", "daily")
    shown = place.run("report", "daily").stdout

    assert (report["day"], report["since"], report["until"]) == ("2026-07-15", text(BEGINS), text(ENDS))
    rain = station(report)
    figures = ("tips", "rain_mm", "rain_mm_min", "rain_mm_max", "hour_mm", "coverage", "battery_min_v")
    assert [rain[name] for name in figures] == [12, 6.0, 6.0, 6.0, 6.0, 1.0, 12.1]
    assert rain["hour_until"] == text(BEGINS + 10 * HOUR + 30 * MINUTE)
    assert [(one["scope"], one["peak"], one["stands"]) for one in report["alerts"]] == [("HTB01", "prepare", False)]
    assert [one["kind"] for one in report["alerts"][0]["events"]] == ["raised", "cleared"]
    assert "HTB01    石门      " in shown
    assert "acknowledged by nobody" in shown
    silent = station(report, "HTB02")
    assert (silent["coverage"], silent["flag"], silent["found"][0]["grade"]) == (0.0, 9, "ill")
    assert "HTB02 雀尔沟镇  ILL    heard: never heard" in shown


def test_a_day_is_named_by_its_date_and_refused_before_it_begins(place: Place) -> None:
    day_of_rain(place)

    assert station(place.json("report", "daily", "--day", "2026-07-14"))["tips"] == 0
    today = place.run("report", "daily", "--day", "2026-07-16")
    assert "the day is not over yet" in today.stdout
    for wrong, said in (("2026-07-17", "has not begun yet"), ("yesterday", "must be a day, e.g. 2026-07-15")):
        refused = place.run("report", "daily", "--day", wrong)
        assert (refused.exit_code, said in refused.stderr) == (2, True)


def job(place: Place, folder: Path, *, keep_days: int = 0) -> DailyReports:
    configuration = place.configuration()
    return DailyReports(
        place.journal,
        ReportFolder(folder),
        configuration.stations,
        Positions(configuration.settings.outbound_path),
        names=configuration.names,
        configuration=configuration.digest,
        keep_days=keep_days,
        now=lambda: place.now,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_report_of_a_day_is_written_once_however_often_it_is_asked_for(place: Place, tmp_path: Path) -> None:
    day_of_rain(place)
    folder = tmp_path / "reports"
    place.now = ENDS + 1_000

    assert job(place, folder).write_due()
    written = (folder / "2026-07-15.json").read_bytes()
    assert job(place, folder).write_due(), "after a restart"
    place.now = ENDS + DAY
    assert job(place, folder).write_due()
    place.now = ENDS + DAY - HOUR  # the clock is set back
    assert job(place, folder).write_due()

    assert names(folder) == [f"2026-07-{day}.{kind}" for day in (15, 16) for kind in ("json", "txt")]
    assert (folder / "2026-07-15.json").read_bytes() == written
    report = json.loads(written)
    assert (report["revision"], station(report)["rain_mm"]) == (1, 6.0)
    assert (folder / "2026-07-15.txt").read_text("utf-8").startswith("Day 2026-07-15, 2026-07-15 08:00 to 2026-07-16")


def test_days_that_were_missed_are_made_up_for(place: Place, tmp_path: Path) -> None:
    day_of_rain(place)
    folder = tmp_path / "reports"
    place.now = ENDS + 1_000
    assert job(place, folder).write_due()

    place.now = ENDS + 3 * DAY + 5 * HOUR
    assert job(place, folder).write_due()

    assert [name for name in names(folder) if name.endswith("json")] == [f"2026-07-{day}.json" for day in range(15, 19)]


def test_a_day_whose_first_readings_come_after_it_has_its_report_then(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    with place.desk():
        place.now = ENDS + 1_000
    assert job(place, folder).write_due()
    assert not folder.exists()

    day_of_rain(place)
    assert job(place, folder).write_due()

    assert "2026-07-15.json" in names(folder)


def test_a_report_that_cannot_be_written_is_tried_again(place: Place, tmp_path: Path) -> None:
    day_of_rain(place)
    folder = tmp_path / "reports"
    folder.write_text("a file is in the way", "utf-8")

    assert not job(place, folder).write_due()
    folder.unlink()
    assert job(place, folder).write_due()

    assert "2026-07-15.json" in names(folder)


def test_rain_that_comes_late_makes_another_revision_that_says_what_changed(place: Place, tmp_path: Path) -> None:
    day_of_rain(place)
    folder = tmp_path / "reports"
    assert job(place, folder).write_due()
    assert job(place, folder).write_anew()
    assert json.loads((folder / "2026-07-15.json").read_bytes())["revision"] == 1
    place.now = ENDS + HOUR
    place.json("correct", "void", "HTB01", "--since", text(BEGINS), "--until", text(ENDS), "--why", "a test")

    assert job(place, folder).write_anew()
    assert job(place, folder).write_anew()

    report = json.loads((folder / "2026-07-15.json").read_bytes())
    assert (report["revision"], station(report)["rain_mm"]) == (2, 0.0)
    (change,) = report["changes"]
    assert "HTB01: rain_mm 6.0 -> 0.0" in change["what"][0]
    shown = (folder / "2026-07-15.txt").read_text("utf-8")
    assert "revision 2" in shown
    assert "CHANGED since the report of 2026-07-16 08:06: HTB01: rain_mm 6.0 -> 0.0" in shown


def test_a_reading_that_changes_no_rain_makes_no_revision(place: Place, tmp_path: Path) -> None:
    day_of_rain(place)
    folder = tmp_path / "reports"
    assert job(place, folder).write_due()
    readings(place, [(BEGINS + 20 * HOUR + MINUTE, 112)], late_ms=5 * HOUR, seq=900)

    assert job(place, folder).write_anew()

    report = json.loads((folder / "2026-07-15.json").read_bytes())
    assert (report["revision"], report["changes"]) == (1, [])


@pytest.mark.parametrize(("keep_days", "kept"), [(0, [15, 16, 17, 18]), (2, [17, 18])])
def test_old_reports_go_and_nothing_else_does(place: Place, tmp_path: Path, keep_days: int, kept: list[int]) -> None:
    day_of_rain(place)
    folder = tmp_path / "reports"
    assert job(place, folder).write_due()
    (folder / "notes.txt").write_text("keep me", "utf-8")

    place.now = ENDS + 3 * DAY
    assert job(place, folder, keep_days=keep_days).write_due()

    found = [name for name in names(folder) if name.endswith(".json")]
    assert found == [f"2026-07-{day}.json" for day in kept]
    assert (folder / "notes.txt").exists()


def test_a_damaged_report_is_not_read(tmp_path: Path) -> None:
    for words in ("", "[]", "{", '{"revision": 1}', "\x00"):
        (tmp_path / "2026-07-15.json").write_text(words, "utf-8")

        assert ReportFolder(tmp_path).read("2026-07-15") is None
    assert datetime.fromtimestamp(ENDS / 1000, BEIJING).hour == 8
