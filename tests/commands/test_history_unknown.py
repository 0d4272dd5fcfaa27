"""history where nothing is known: no sum, and never that it was dry; where a part is known, how much."""

from pathlib import Path

import pytest

from tests.commands.place import Place
from tests.worlds import HOUR, MINUTE, T0, message, text

SILENT = ("--since", text(T0 - 48 * HOUR), "--until", text(T0 - 24 * HOUR))
HALF = ("--since", text(T0 - 2 * HOUR), "--until", text(T0))
DRY = ("--since", text(T0 - HOUR), "--until", text(T0))


@pytest.fixture
def dry(place: Place) -> Place:
    """HTB01 reported each five minutes of the last hour, all dry; HTB02 rain in the midst of it."""
    with place.desk() as desk:
        desk.now = T0
        minutes = range(-60, 1, 5)
        desk.take(message([(T0 + minute * MINUTE, 7) for minute in minutes]))
        counts = [(T0 + minute * MINUTE, 7 if minute < -30 else 9) for minute in minutes]
        desk.take(message(counts, station_id="HTB02"))
    return place


@pytest.mark.parametrize("every", ["5m", "1h", "1d", "month"])
@pytest.mark.parametrize("form", ["table", "plot"])
def test_a_time_without_reports_has_no_sum(dry: Place, every: str, form: str) -> None:
    since, until = text(T0 - 60 * 24 * HOUR), text(T0 - 59 * 24 * HOUR)

    shown = dry.run("history", "HTB01", "--since", since, "--until", until, "--every", every, "--format", form).stdout

    assert shown.splitlines()[-1].startswith("no reports after 2026-0"), shown
    assert " mm (" not in shown
    assert "0.0 mm" not in shown


@pytest.mark.parametrize("form", ["table", "plot"])
def test_a_sum_says_which_share_of_its_time_is_covered(dry: Place, form: str) -> None:
    asked = ("history", "HTB01", "--every", "1h", "--format", form)

    half, dry_hour = (dry.run(*asked, *span).stdout.splitlines()[-1] for span in (HALF, DRY))

    assert half == "0.0 mm (0 tips) after 2026-07-15 16:00 until 2026-07-15 18:00, 50% covered"
    assert dry_hour == "0.0 mm (0 tips) after 2026-07-15 17:00 until 2026-07-15 18:00"


@pytest.mark.parametrize("every", ["storm", "maxima"])
def test_no_rain_is_said_of_a_time_with_reports_alone(dry: Place, every: str) -> None:
    last = {
        span: dry.run("history", "HTB01", *span, "--every", every).stdout.splitlines()[-1]
        for span in (SILENT, HALF, DRY)
    }

    assert last == {
        SILENT: "no reports in this time",
        HALF: "no rain in this time, 50% covered",
        DRY: "no rain in this time",
    }
    rainy = dry.run("history", "HTB02", *HALF, "--every", every).stdout.splitlines()
    assert rainy[-1] == "of the time asked for 50% covered"


def test_a_first_report_alone_is_no_amount(dry: Place) -> None:
    with dry.desk() as desk:
        desk.take(message([(T0 - 24 * HOUR, 7)], station_id="HTB03"))
    span = ("--since", text(T0 - 25 * HOUR), "--until", text(T0 - 23 * HOUR))

    rows = dry.run("history", "HTB03", *span, "--every", "1h").stdout
    storms = dry.run("history", "HTB03", *span, "--every", "storm").stdout

    assert rows.splitlines()[-1].startswith("no amount is known after ")
    assert storms.splitlines()[-1] == "no amount is known in this time, 0% covered"


def test_rain_whose_times_nobody_knows_is_not_called_dry(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0
        desk.take(message([(T0 - 240 * HOUR, 7), (T0, 9)]))

    shown = place.run("history", "HTB01", "--since", text(T0 - 240 * HOUR), "--until", text(T0), "--every", "maxima")

    assert shown.stdout.splitlines()[-1] == "1.0 mm (2 tips), at what times is not known, in this time"


def test_a_picture_draws_no_sum_where_nothing_is_known_and_says_the_share_where_a_part_is(
    dry: Place, tmp_path: Path
) -> None:
    drawn = {}
    for name, span in (("silent", SILENT), ("half", HALF)):
        path = tmp_path / f"{name}.svg"
        assert dry.run("history", "HTB01", *span, "--every", "1h", "--out", str(path)).exit_code == 0
        drawn[name] = path.read_text("utf-8")

    assert "无数据 no reports</text>" in drawn["silent"]
    assert "<polyline" not in drawn["silent"]
    assert "0.0 mm，到报 reported 50%" in drawn["half"]
    assert "<polyline" in drawn["half"]
