"""history as files: every form has the same numbers; names of files, and what is never written over."""

import csv
import json
import re
import struct
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pyarrow import parquet

from gauge_ingest.commands.history_files import Form
from gauge_ingest.commands.history_picture import knows_chinese
from gauge_ingest.history import Every
from tests.commands.place import Place
from tests.commands.rain import fill
from tests.test_docs import tables
from tests.worlds import HOUR, MINUTE, T0, message, text

SPAN = ("--since", text(T0 - 30 * HOUR), "--until", text(T0))
KEYS = {"station", "since", "until", "tips", "tips_min", "tips_max", "rain_mm", "corrected_mm", "coverage", "flag"}


@pytest.fixture
def rainy(place: Place) -> Place:
    """Two stations: days with everything in them, and three readings."""
    with place.desk() as desk:
        fill(desk, 3, hours=40)
        desk.take(message([(T0 - HOUR, 5), (T0 - 30 * MINUTE, 7), (T0, 7)], station_id="HTB02"))
    return place


@pytest.mark.parametrize("every", list(Every))
def test_every_form_has_the_same_rows_with_rain_coverage_and_flag(rainy: Place, tmp_path: Path, every: Every) -> None:
    asked = ("history", "HTB01", "HTB02", *SPAN, "--every", every)
    rows = rainy.json(*asked)
    for suffix in ("csv", "json", "parquet"):
        assert rainy.run(*asked, "--out", str(tmp_path / f"rain.{suffix}")).exit_code == 0

    assert {row["station"] for row in rows} == {"HTB01", "HTB02"}
    assert all(list(row) == list(every.columns) and row.keys() >= KEYS for row in rows)
    assert json.loads((tmp_path / "rain.json").read_bytes()) == rows
    lines = list(csv.DictReader((tmp_path / "rain.csv").read_text("utf-8").splitlines()))
    assert lines == [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
    assert rainy.run(*asked, "--format", "csv").stdout == (tmp_path / "rain.csv").read_text("utf-8")
    table = parquet.read_table(tmp_path / "rain.parquet")
    assert [plain(row) for row in table.to_pylist()] == [plain(row) for row in rows]
    assert str(table.schema.field("since").type) == "timestamp[ms, tz=+08:00]"
    assert (str(table.schema.field("tips").type), str(table.schema.field("rain_mm").type)) == ("int64", "double")


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its instants as numbers."""
    return {
        name: moment(value) if name in ("since", "until") or "_until" in name else value for name, value in row.items()
    }


def moment(value: Any) -> float | None:
    if value is None:
        return None
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).timestamp()


def test_all_stations_are_asked_in_the_order_of_their_file(rainy: Place) -> None:
    rows = rainy.json("history", "all", *SPAN, "--every", "1d")

    assert list(dict.fromkeys(row["station"] for row in rows)) == ["HTB01", "HTB02", "HTB03", "HTB04", "HTB05"]
    assert rainy.json("history", "HTB02", "HTB02", *SPAN, "--every", "1d") == [
        row for row in rows if row["station"] == "HTB02"
    ]


def test_what_is_shown_can_be_a_text_file(rainy: Place, tmp_path: Path) -> None:
    for name, more in (("a.txt", ()), ("b.txt", ("--format", "plot"))):
        shown = rainy.run("history", "HTB01", *SPAN, "--every", "1h", *more)
        result = rainy.run("history", "HTB01", *SPAN, "--every", "1h", *more, "--out", str(tmp_path / name))

        assert (result.exit_code, result.stdout) == (0, "")
        assert (tmp_path / name).read_text("utf-8") == shown.stdout


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(rainy: Place, tmp_path: Path) -> None:
    there = tmp_path / "rain.csv"
    there.write_text("mine")
    asked = ("history", "HTB01", *SPAN, "--every", "1d", "--out", str(there))

    refused = rainy.run(*asked)

    assert (refused.exit_code, there.read_text()) == (2, "mine")
    assert "is there already; choose another name, or say --force" in refused.stderr
    assert rainy.run(*asked, "--force").exit_code == 0
    assert there.read_text("utf-8").startswith("station,since")
    assert [path.name for path in tmp_path.glob(".rain*")] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--every", "1h", "--out", "/nowhere-at-all/x.csv"), "there is no folder /nowhere-at-all; make it"),
        (("--every", "1h", "--out", "x.xlsx"), ".csv, .json, .parquet, .svg or .png, or say --format"),
        (("--every", "1h", "--plot", "x.gif"), "choose a name that ends in .svg or .png"),
        (("--every", "1h", "--out", "/", "--format", "csv"), "is a folder; name a file in it"),
        (("--every", "1h", "--format", "parquet"), "needs a file: --out rain-1h.parquet"),
        (("--every", "storm", "--plot", "x.svg"), "choose 5m, 1h, 1d or month"),
        (("--every", "raw", "--format", "plot"), "choose 5m, 1h, 1d or month"),
        (("--every", "storm", "--dry-gap", "6"), "e.g. 90m, 24h, 7d"),
        (("--every", "1h", "--json", "--format", "csv"), "choose one of both"),
        (("--every", "5m", "--since", "20d", "--plot", "x.svg"), "choose a longer step or a shorter time"),
        (("--every", "5m", "--since", "2000d"), "ask for a shorter time or a longer step"),
        (("HTB02", "HTB03", "--every", "5m", "--since", "1200d"), "about 1036803 rows for 3 stations"),
        (("HTB1", "--every", "1h"), "did you mean HTB01?"),
    ],
)
def test_a_wrong_question_is_told_what_would_be_right(rainy: Place, more: tuple[str, ...], words: str) -> None:
    result = rainy.run("history", "HTB01", "--since", "24h", *more)

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert not Path("x.svg").exists()


# --- pictures --------------------------------------------------------------------------------------------------


def drawing(place: Place, path: Path, *more: str) -> ElementTree.Element:
    result = place.run("history", *more, *SPAN, "--every", "1h", "--plot", str(path))
    assert result.exit_code == 0, result.output
    return ElementTree.fromstring(path.read_bytes())  # noqa: S314 - our own file


def words(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.iter("{http://www.w3.org/2000/svg}text")]


def fills(picture: ElementTree.Element) -> list[str]:
    return [one.get("fill", "") for one in picture.iter("{http://www.w3.org/2000/svg}rect")]


def test_a_picture_has_a_bar_for_each_wet_hour_hatching_for_each_silent_one_and_the_sum(
    rainy: Place, tmp_path: Path
) -> None:
    rows = rainy.json("history", "HTB01", *SPAN, "--every", "1h")

    picture = drawing(rainy, tmp_path / "a.svg", "HTB01")

    colours = fills(picture)
    legend = 1
    for flags, colour in (((1, 2), "#0072b2"), ((3,), "#e69f00"), ((4,), "#b10026")):
        bars = sum(row["flag"] in flags and row["tips"] > 0 for row in rows)
        marked = sum(row["flag"] in flags for row in rows)
        assert colours.count(colour) == bars + (legend if marked or colour == "#0072b2" else 0)
    partly, silent = sum(0 < row["coverage"] < 0.995 for row in rows), sum(row["coverage"] == 0 for row in rows)
    assert colours.count("url(#silent)") == silent + bool(silent)
    assert colours.count("url(#partly)") == partly + bool(partly)
    assert partly > 0
    (line,) = picture.iter("{http://www.w3.org/2000/svg}polyline")
    assert len(line.get("points", "").split()) == len(rows) + 1
    assert any(f"{sum(row['rain_mm'] for row in rows):.1f} mm" in told for told in words(picture))
    assert {"石门  HTB01", "雨量 rain, mm", "累计 sum, mm"} <= set(words(picture))


def test_thresholds_of_the_step_are_drawn_when_asked_for(rainy: Place, tmp_path: Path) -> None:
    without = words(drawing(rainy, tmp_path / "a.svg", "HTB01"))
    found = words(drawing(rainy, tmp_path / "b.svg", "HTB01", "--thresholds"))

    assert not [told for told in without if "转移" in told]
    assert [told for told in found if "转移" in told] == [
        "准备转移 PREPARE TO MOVE 10 mm",
        "立即转移 MOVE AT ONCE 15 mm",
    ]


def test_a_png_is_the_picture_twice_as_fine(rainy: Place, tmp_path: Path) -> None:
    picture = drawing(rainy, tmp_path / "a.svg", "HTB01", "HTB02")
    assert (
        rainy.run("history", "HTB01", "HTB02", *SPAN, "--every", "1h", "--out", str(tmp_path / "a.png")).exit_code == 0
    )

    content = (tmp_path / "a.png").read_bytes()

    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    size = tuple(int(picture.get(name, "0")) * 2 for name in ("width", "height"))
    assert struct.unpack(">II", content[16:24]) == size


def test_without_a_chinese_font_that_is_noticed() -> None:
    assert not knows_chinese(fonts=False)


def test_the_forms_are_those_of_the_help() -> None:
    assert [form.value for form in Form] == ["table", "plot", "csv", "json", "parquet", "svg", "png"]


# --- the terminal ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 120])
def test_the_plot_fits_and_its_bars_line_and_signs_stand_where_the_rain_was(place: Place, columns: int) -> None:
    with place.desk() as desk:
        desk.now = T0
        counts = [(minute, 0 if minute < -200 else 10 if minute < -190 else 14) for minute in range(-240, -179, 5)]
        desk.take(message([(T0 + minute * MINUTE, count) for minute, count in counts]))

    shown = place.run(
        "history", "HTB01", "--since", text(T0 - 4 * HOUR), "--until", text(T0 - 2 * HOUR), "--every", "5m",
        "--format", "plot", columns=columns,
    ).stdout  # fmt: skip
    lines = shown.splitlines()

    assert max(map(len, lines)) <= columns
    broad = max(1, (columns - 18) // 24)
    assert lines[1][9:].index("█") == 7 * broad, "the highest bar is that of the eighth window"
    assert lines[11][9:].startswith(" " * 12 * broad + "×" * 12 * broad)
    assert "7.0 mm (14 tips)" in shown


def test_storms_and_maxima_are_tables_with_their_bounds(rainy: Place) -> None:
    storms = rainy.run("history", "HTB02", *SPAN, "--every", "storm").stdout
    maxima = rainy.run("history", "HTB02", *SPAN, "--every", "maxima").stdout
    nothing = rainy.run("history", "HTB03", *SPAN, "--every", "maxima").stdout

    assert "1 storm, 1.0 mm (2 tips)" in storms
    assert "07-15 17:00 - 17:30" in storms
    assert "parted by 6h without rain" in storms
    assert [line.split()[:3] for line in maxima.splitlines() if line.strip().startswith(("5m", "30m", "1h"))] == [
        ["30m", "1.0", "2.0"],
        ["1h", "1.0", "1.0"],
    ]
    assert "no reports in this time" in nothing


def test_every_column_is_explained() -> None:
    rows = tables("docs/history.md", "key")[0]
    written = {name: row[1] for row in rows for name in re.findall(r"`([a-z0-9_]+)`", row[0])}

    for every in Every:
        kinds = {name for name, kind in written.items() if kind == "all" or every.value in kind.split(", ")}
        assert kinds == set(every.columns), every
    assert {row[0].strip("`").split("`")[0] for row in tables("docs/history.md", "`--every`")[0]} >= {"raw", "storm"}
