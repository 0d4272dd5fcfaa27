"""quality report: what was flagged and why, from a real journal whose readings the service has judged."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, packed
from tests.commands.flagged import fill
from tests.commands.place import SHIPPED, Place
from tests.worlds import HOUR, MINUTE, T0, message, text

DOCUMENT = SHIPPED.parent / "docs" / "operations.md"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("flagged"))
    fill(place)
    return place


def document(place: Place, *arguments: str) -> dict[str, dict[str, Any]]:
    """What --json tells of each station, by its id."""
    told = place.json("quality", "report", *arguments)
    return {one["station"]: one for one in told["stations"]}


# --- what is told ------------------------------------------------------------------------------------------------


def test_the_station_with_the_most_doubted_rain_comes_first_and_its_checks_are_named(flagged: Place) -> None:
    lines = flagged.run("quality", "report", "--since", "3d").stdout.splitlines()

    assert lines[0] == "5 of 5 stations flagged; 2026-07-12 18:00 until 2026-07-15 18:00, Beijing"
    assert [(line.split()[0], line.split()[-1]) for line in lines[3:]] == [
        ("HTB05", "frozen"),
        ("HTB02", "visit"),
        ("HTB01", "clock"),
        ("HTB03", "faulty_zero"),
        ("HTB04", "supply"),
    ]
    assert re.fullmatch(r"HTB05 +工业园区 +2.8% +0% +0.1% +120.0 +13.3% +frozen *", lines[3])
    assert re.fullmatch(r"HTB04 +独山子村 +6.7% +0% +18.1% +60.0 +supply *", lines[7])


def test_each_check_has_its_readings_its_rain_and_its_reasons(flagged: Place) -> None:
    told = document(flagged, "--since", "3d")

    checks = {(name, one["check"]): one for name, station in told.items() for one in station["checks"]}
    assert {key: (one["suspect"], one["failed"], one["rain_mm"]) for key, one in checks.items()} == {
        ("HTB01", "tips"): (2, 0, 1.0),
        ("HTB01", "clock"): (3, 0, 0.0),
        ("HTB02", "visit"): (0, 1, 4.5),
        ("HTB03", "faulty_zero"): (49, 0, 0.0),
        ("HTB04", "supply"): (4, 0, 0.0),
        ("HTB05", "frozen"): (2, 0, 16.0),
    }
    (dead,) = checks["HTB03", "faulty_zero"]["spans"]
    assert (dead["since"], dead["until"]) == (text(T0 - 49 * HOUR - MINUTE), text(T0 - MINUTE))
    assert dead["reason"] == "no tip while half of 4 neighbours had 8 mm, three quarters 8 mm or more"
    assert dead["last_reason"] == checks["HTB03", "faulty_zero"]["why"]
    assert [one["readings"] for one in checks["HTB01", "tips"]["spans"]] == [1, 1]
    assert checks["HTB01", "clock"]["why"] == "the station's clock was 120 min ahead: the time was mended"
    assert told["HTB04"]["silent_share"] == pytest.approx(13 / 72, abs=0.001)
    assert (told["HTB04"]["missing_share"], told["HTB01"]["flags"]) == (0.0002, {"1": 71, "3": 5})


def test_a_verdict_that_was_changed_when_the_neighbours_had_reported_is_counted(flagged: Place) -> None:
    changed = {name: one["verdicts_changed"] for name, one in document(flagged, "--since", "3d").items()}

    assert changed == {"HTB01": 0, "HTB02": 0, "HTB03": 0, "HTB04": 0, "HTB05": 2}
    assert document(flagged, "HTB05", "--since", "17h")["HTB05"]["verdicts_changed"] == 0


def test_a_verdict_has_changed_when_its_flag_or_an_outcome_is_another_and_not_for_its_words(place: Place) -> None:
    tips, frost = packed([(Check.TIPS, Outcome.SUSPECT)]), packed([(Check.FROZEN, Outcome.SUSPECT)])
    said = [(3, tips, "a"), (3, tips, "b"), (3, frost, "c"), (1, frost, "d"), (1, 0, None), (1, frost, "d")]
    place.now = T0
    with place.desk() as desk:
        desk.take(message([(T0 - MINUTE, 5), (T0, 6)]))
        desk.settle()
        number = desk.journal.station_number("HTB01")
        for flag, checks, reasons in said:
            rows = list(desk.journal.reader.rows("HTB01", since=T0 - 1, until=T0))
            with desk.journal.transaction():
                if not rows[0].checks:  # what was derived anew is kept before the checks have looked at it
                    desk.journal.verdicts.keep(number, rows, at=T0)
                judged = [(rows[0], Verdict(flag, checks, reasons))]
                desk.journal.verdicts.judge(number, judged, at=T0, configuration=1)

        changed = desk.journal.reader.quality.verdicts_changed(number, since=T0 - 1, until=T0)

        # From the service's own to the first; then another outcome, and another flag.
        assert changed == 3
        assert desk.journal.reader.quality.verdicts_changed(number, since=T0, until=T0 + HOUR) == 0


def test_only_what_lies_in_the_span_is_told(flagged: Place) -> None:
    until = text(T0 - 8 * HOUR)

    told = flagged.json("quality", "report", "HTB01", "--since", text(T0 - 29 * HOUR), "--until", until)

    (station,) = told["stations"]
    assert (told["since"], told["until"]) == (text(T0 - 29 * HOUR), until)
    assert (station["readings"], station["missing_share"], station["rain_mm"]) == (21, 0.0, 41.0)
    assert [one["check"] for one in station["checks"]] == ["clock"]


def test_what_a_person_has_said_settles_it_or_is_told(place: Place) -> None:
    fill(place)
    span = ["--since", text(T0 - 25 * HOUR), "--until", text(T0 - 24 * HOUR)]
    asked = ["quality", "report", "HTB02", "--since", "3d"]
    said = ["--who", "Li", "--why", "it rained; visit: none"]

    confirmed = place.run("correct", "confirm", "HTB02", *span, *said)
    settled = document(place, *asked[2:])["HTB02"]
    words = place.run(*asked).stdout
    place.run("correct", "void", "HTB02", *span, *said)
    voided = document(place, *asked[2:])["HTB02"]

    assert confirmed.exit_code == 0, confirmed.output
    assert (settled["settled"], settled["checks"], settled["doubted_mm"]) == (1, [], 0.0)
    assert "readings settled by a person, and not told below: 1" in words
    (correction,) = voided["checks"]
    assert (correction["check"], correction["failed"], correction["rain_mm"]) == ("correction", 1, 0.0)
    assert correction["why"] == "2: void, by Li: it rained; visit: none"
    assert voided["flags"]["9"] == 1


def test_a_station_that_was_never_heard_is_told_as_such(place: Place) -> None:
    place.now = T0
    with place.desk() as desk:
        desk.take(message([(T0 - MINUTE, 5)]))

    told = document(place)["HTB02"]
    result = place.run("quality", "report", "HTB02", "--svg", str(place.config / "never.svg"))

    assert (told["readings"], told["flags"], told["checks"]) == (0, {}, [])
    assert (told["suspect_share"], told["missing_share"], told["rain_mm"]) == (None, None, 0.0)
    assert result.stdout.splitlines()[2].rstrip() == "no readings in this time"
    assert "no readings in this time" in (place.config / "never.svg").read_text(encoding="utf-8")


def test_where_nothing_was_flagged_it_says_so_and_shows_the_rain(flagged: Place) -> None:
    result = flagged.run("quality", "report", "HTB02", "--since", "10h", columns=80)

    assert "nothing was flagged" in result.stdout
    assert "2 mm" in result.stdout
    assert "suspect  █" not in result.stdout


# --- pictures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_tables_and_pictures_fit_in_the_columns_there_are(flagged: Place, columns: int) -> None:
    for arguments in ([], *([f"HTB0{number}"] for number in range(1, 6))):
        result = flagged.run("quality", "report", *arguments, "--since", "3d", columns=columns)

        assert result.exit_code == 0
        assert result.stderr == ""
        assert max(map(cell_len, result.stdout.splitlines())) <= columns
        assert not re.search(r"\S…", result.stdout)


def test_the_picture_shows_the_rain_and_when_each_check_flagged(flagged: Place) -> None:
    lines = flagged.run("quality", "report", "HTB01", "--since", "3d", columns=80).stdout.splitlines()

    assert [line.rstrip() for line in lines[-8:]] == [
        "       40 mm                           █",
        "                                       █",
        "                                       █",
        "               ▁▃      ▂▅        ▃    ▁█      ▂",
        "        tips                     ▒            ▒",
        "       clock                              ▒▒",
        "             ───┬07-13──────┬07-14──────┬07-15───",
        "             bars of 2 h  █ rain  █ doubted  ▒ suspect  █ failed",
    ]


def test_the_picture_shows_where_nobody_reported_and_what_failed(flagged: Place) -> None:
    silent = flagged.run("quality", "report", "HTB04", "--since", "3d", columns=80).stdout.splitlines()
    visited = flagged.run("quality", "report", "HTB02", "--since", "3d", columns=80).stdout.splitlines()

    assert silent[-4].rstrip() == "               ▁▃      ▂▅  ····· ▃    ▁█      ▂"
    assert silent[-1].rstrip().endswith("· no reports")
    assert visited[-3].rstrip() == "       visit                        █"


def drawn(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 -- our own file


def test_the_file_has_title_span_share_lanes_and_reasons(flagged: Place, tmp_path: Path) -> None:
    path = tmp_path / "HTB02.svg"

    result = flagged.run("quality", "report", "HTB02", "--since", "3d", "--svg", str(path))

    words = [one.text or "" for one in drawn(path).iter(f"{SVG}text")]
    assert result.exit_code == 0
    assert words[:2] == ["HTB02 雀尔沟镇", "2026-07-12 18:00 until 2026-07-15 18:00, times of Beijing"]
    assert words[2].startswith("72 readings, 0% suspect, 1.4% failed; 64.5 mm of rain, 4.5 mm of it doubted (7.0%)")
    assert {"visit", "1 reading, 1 failed, 4.5 mm: somebody was at the gauge", "07-14", "in 30 min"} <= set(words)
    assert "http" not in path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")


def test_in_the_file_doubted_rain_stands_on_the_rest_and_everything_lies_within(flagged: Place, tmp_path: Path) -> None:
    path = tmp_path / "all.svg"

    flagged.run("quality", "report", "--since", "3d", "--svg", str(path))

    picture = drawn(path)
    boxes = [
        {key: float(one.get(key, 0)) for key in ("x", "y", "width", "height")} for one in picture.iter(f"{SVG}rect")
    ]
    colours = [one.get("fill") for one in picture.iter(f"{SVG}rect")]
    broad, high = float(picture.get("width", 0)), float(picture.get("height", 0))
    for box in boxes:
        assert 0 <= box["x"] <= box["x"] + box["width"] <= broad + 0.1
        assert 0 <= box["y"] <= box["y"] + box["height"] <= high + 0.1
    assert {"#0072b2", "#e69f00", "#a50026", "#d6d6d6"} <= set(colours)
    stacked = [
        (below, above)
        for below, one in zip(boxes, colours, strict=True)
        for above, other in zip(boxes, colours, strict=True)
        if (one, other) == ("#0072b2", "#e69f00") and abs(above["y"] + above["height"] - below["y"]) < 0.11
        if above["x"] == below["x"]
    ]
    assert len(stacked) == 2  # each double tip follows a tip that nobody doubts
    assert next(one.text for one in picture.iter(f"{SVG}text") if one.get("font-size") == "17") == "HTB05 工业园区"


def test_names_and_reasons_cannot_break_the_file(place: Place, tmp_path: Path) -> None:
    stations = place.config / "stations.toml"
    stations.write_text(stations.read_text("utf-8").replace('"石门"', '"<b>&\\"石门"'), encoding="utf-8")
    place.now = T0
    with place.desk() as desk:
        desk.take(*(message([(T0 - hours * HOUR, 9 - hours)], seq=9 - hours) for hours in (3, 2, 1)))
    span = ["--since", "150m", "--until", "90m"]
    place.run("correct", "void", "HTB01", *span, "--who", "L<i>", "--why", "& " + "雨" * 200)
    path = tmp_path / "all.svg"

    place.run("quality", "report", "HTB01", "--since", "3d", "--svg", str(path))

    words = [one.text or "" for one in drawn(path).iter(f"{SVG}text")]
    assert words[0] == 'HTB01 <b>&"石门'
    (cut,) = [one for one in words if one.startswith("1 reading, 1 failed: 1: void, by L<i>: & 雨")]
    assert cut.endswith("雨…")
    assert len(cut) < 120


# --- refusals and documents --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (["HTB9"], "station 'HTB9' is not in stations.toml: known: HTB01, HTB02,", 2),
        (["--since", "soon"], "--since 'soon': must be", 2),
        (["--since", "1d", "--until", text(T0 - 48 * HOUR)], "must be before --until", 2),
        (["--svg", "/nowhere/at/all.svg"], "--svg /nowhere/at/all.svg: cannot be written: No such file", 2),
    ],
)
def test_what_cannot_be_asked_is_refused(flagged: Place, arguments: list[str], words: str, status: int) -> None:
    result = flagged.run("quality", "report", *arguments)

    assert result.exit_code == status
    assert words in result.stderr
    assert result.stdout == ""


def test_without_a_journal_nothing_can_be_told(place: Place) -> None:
    result = place.run("quality", "report")

    assert result.exit_code == 3
    assert "has the service run yet?" in result.stderr


def test_the_example_of_the_documents_is_what_is_told(flagged: Place) -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("## What was flagged, and why\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)

    asked = ["quality", "report", "HTB01", "--since", "3d"]
    told = flagged.run(*asked, columns=80).stdout.splitlines()

    assert [line.rstrip() for line in told] == next(block for info, block in blocks if info == "text").splitlines()
    example = json.loads(next(block for info, block in blocks if info == "json"))
    assert example == flagged.json("quality", "report", "HTB02", "--since", "3d")
