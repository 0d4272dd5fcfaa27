"""The picture of a run shows what fell, what was counted of it, and what went wrong when, in any width.

Goal: a duty officer sees at once which station was silent or blind in which hour. Method: chronicles with known rain
are drawn and read cell by cell; those of shipped scenarios are held against their truth.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.console import Console

from simulator.direct import to_nobody
from simulator.looking import chronicle as told
from simulator.looking import list_scenarios, show_truth
from simulator.looking.chronicle import Chronicle, Trouble, chronicles
from simulator.looking.plot import Line, Piece, cells, draw, printed
from simulator.looking.svg import HEIGHT, svg
from simulator.scenario import Scenario, find_scenario, read_scenario, scenario_names
from simulator.world import World
from tests.simulator.plays import SITES, START_AT, amounts, play

SITE = SITES[0]  # 0.5 mm a tip
HOUR = 60


def chronicle(*, fell: dict[int, float], counted: dict[int, int] | None = None, minutes: int = 8 * HOUR) -> Chronicle:
    """A station on which so many millimetres fall in each minute of an hour, by hour; counted likewise in tips."""
    written = Chronicle(SITE)
    for minute in range(minutes):
        written.fell_mm.append(fell.get(minute // HOUR, 0.0))
        written.counted.append((counted or {}).get(minute // HOUR, 0) if minute % HOUR == 0 else 0)
        written.snowed.append(False)
    return written


def picture(*stations: Chronicle, columns: int = 80) -> list[Line]:
    minutes = len(stations[0].fell_mm)
    return draw(stations, title="x, seed 1", intent="It rains.", start_at=START_AT, minutes=minutes, columns=columns)


def text(lines: list[Line]) -> list[str]:
    return ["".join(piece.text for piece in line) for line in lines]


def row(lines: list[Line], label: str) -> str:
    """What stands in a row, right of its label and its axis."""
    (found,) = [line for line in text(lines) if line.strip().startswith(label)]
    return found[14:]


def lived(scenario: Scenario) -> dict[str, Chronicle]:
    world = World(scenario, SITES, seed=1, start_at=START_AT, uplink=to_nobody)
    return {one.site.station: one for one in chronicles(world)}


def story(incidents: str) -> Scenario:
    text = f'intent = "x"\nminutes = 480\nweather.lightning_per_mm = 0.0\nweather.temperature_c = 18.0\n{incidents}'
    return read_scenario(text, name="x", origin="x.toml", folder=Path())


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", ["flash_flood", "snow_then_melt", "reboot_storm", "quiet_day"])
def test_the_picture_of_any_rain_fits_its_columns(name: str, columns: int) -> None:
    world = World(find_scenario(name), SITES, seed=1, start_at=START_AT, minutes=517, uplink=to_nobody)
    intent = world.scenario.intent

    lines = draw(chronicles(world), title=name, intent=intent, start_at=START_AT, minutes=517, columns=columns)

    # A heading is no longer than its figures are.
    assert max(cells(line) for line in text(lines)) <= max(columns, 80)


def test_bars_stand_at_their_hour_and_as_high_as_it_rains() -> None:
    lines = picture(chronicle(fell={2: 0.5, 5: 0.25}))  # 30 and 15 mm/h

    bars = [line[14:] for line in text(lines) if line[13:14] == "│"][:4]

    assert text(lines)[3].startswith("HTB01         fell 45.0 mm, up to 30 mm/h")
    assert [set(bar[12:18]) for bar in bars] == [{"█"}] * 4
    assert [set(bar[30:36]) for bar in bars] == [{" "}] * 2 + [{"█"}] * 2
    assert all(set(bar[:12] + bar[18:30] + bar[36:]) <= {" "} for bar in bars)


@pytest.mark.parametrize(
    ("mm_per_min", "style"), [(0.01, "light"), (0.05, "moderate"), (0.2, "heavy"), (0.5, "violent")]
)
def test_a_bar_has_the_colour_of_its_intensity(mm_per_min: float, style: str) -> None:
    lines = picture(chronicle(fell={0: mm_per_min}))

    assert {piece.style for line in lines for piece in line if piece.text == "█"} == {
        *("light", "moderate", "heavy", "violent", "snow"),  # of the legend
    }
    bars = [piece for line in lines[4:8] for piece in line[1:] if piece.text.strip()]
    assert {piece.style for piece in bars} == {style}


def test_the_least_rain_still_shows() -> None:
    lines = picture(chronicle(fell={0: 2.0, 4: 0.0001}))

    assert text(lines)[7][14:].count("▁") == 6


def test_time_is_told_in_beijing_hours_and_the_date_at_midnight() -> None:
    axis = row(picture(chronicle(fell={0: 0.1})), "0 └")

    assert axis.startswith("┬18:00──────┬20:00──────┬22:00──────┬07-16───")


def test_days_begin_at_midnight_in_beijing() -> None:
    axis = row(picture(chronicle(fell={0: 0.1}, minutes=10 * 24 * HOUR)), "0 └")

    assert re.findall(r"┬([0-9:-]+)", axis) == ["07-16", "07-18", "07-20", "07-22", "07-24"]


def test_a_gauge_that_counts_too_little_is_told_in_red() -> None:
    blind, well = chronicle(fell={1: 0.25}), chronicle(fell={1: 0.25}, counted={1: 29})

    headings = [line for line in picture(blind, well) if line and line[0].text.startswith("HTB01")]

    assert [(line[2].text, line[2].style) for line in headings] == [
        ("counted 0.0 mm, 0 tips", "bad"),
        ("counted 14.5 mm, 29 tips", "plain"),
    ]


def test_what_was_counted_rises_beside_what_fell() -> None:
    lines = picture(chronicle(fell={1: 0.25}, counted={6: 30}))

    top, bottom = (row(lines, label) for label in ("15 mm │", "sum │"))

    assert top[:9].strip() == ""  # 10 of 15 mm have not fallen yet
    assert top[12:].strip() != ""
    fell, counted = ({piece.style for piece in line[1:] if piece.text.strip()} for line in (lines[9], lines[11]))
    assert fell == {"fell", "counted"}
    assert "counted" in counted
    assert set(bottom[20:30]) == {"⣀"}  # nothing was counted in these hours
    leap = [line[14:][36] for line in text(lines)[9:12]]
    assert " " not in leap  # the curve is drawn up to where it leaps


def test_an_outage_is_marked_from_its_first_to_its_last_minute_and_a_restart_at_its_moment() -> None:
    station = chronicle(fell={1: 0.25})
    station.troubles = [Trouble(told.NO_LINK, 60.0, 111.0), Trouble(told.NO_LINK, 470.0, 480.0)]
    station.troubles.append(Trouble(told.RESTART, 240.0, 240.0))

    lines = picture(station)

    assert row(lines, "no link") == " " * 6 + "━" * 6 + " " * 35 + "━"
    assert row(lines, "restart") == " " * 24 + "◆" + " " * 23


def test_a_dry_station_takes_no_more_lines_than_its_axis_and_what_went_wrong() -> None:
    station = chronicle(fell={})
    station.troubles = [Trouble(told.VISIT, 60.0, 90.0)]

    lines = text(picture(station))

    assert len(lines) == 6
    assert lines[3] == "HTB01         dry; counted 0.0 mm, 0 tips"
    assert lines[4].strip().startswith("└┬18:00──")
    assert lines[5].split() == ["visit", "━━━"]


def test_the_chronicle_counts_what_the_logger_counted() -> None:
    played, stations = play("dead_gauge"), lived(find_scenario("dead_gauge"))

    assert sum(stations["HTB01"].counted) == played.readings("HTB01")[-1].count
    assert sum(stations["HTB02"].counted) == 0
    assert sum(stations["HTB02"].fell_mm) == pytest.approx(sum(amounts(played.of("HTB02", "rain"), "fell_mm")))
    assert len(stations["HTB02"].fell_mm) == 480


@pytest.mark.parametrize(
    ("name", "station", "labels"),
    [
        ("backlog", "HTB01", {told.NO_LINK}),
        ("backlog", "HTB05", set()),
        ("clogged_index_gauge", "HTB01", {told.CLOGGED}),
        ("dead_gauge", "HTB02", {told.STUCK}),
        ("counter_corruption", "HTB01", {told.WRONG_COUNT}),
        ("counter_corruption", "HTB03", {told.RESTART}),
        ("clock_one_day_off", "HTB02", {told.WRONG_CLOCK, told.VISIT}),
        ("snow_then_melt", "HTB01", {told.SNOW}),
        ("reboot_storm", "HTB04", {told.NO_POWER, told.NO_LINK, told.RESTART}),
        ("drill", "HTB04", {told.VISIT}),
        ("flash_flood", "HTB03", set()),
    ],
)
def test_the_picture_says_of_a_storm_what_goes_wrong_and_nothing_else(
    name: str, station: str, labels: set[str]
) -> None:
    assert {trouble.label for trouble in lived(find_scenario(name))[station].troubles} == labels


def test_a_clog_that_a_visit_mends_ends_with_the_visit() -> None:
    stations = lived(
        story(
            """
            [[incidents]]
            what = "clog"
            station = "HTB01"
            at_min = 30
            [[incidents]]
            what = "visit"
            station = "HTB01"
            at_min = 200
            until_min = 230
            mends = ["clog"]
            """
        )
    )

    assert stations["HTB01"].troubles == [Trouble(told.CLOGGED, 30.0, 200.0), Trouble(told.VISIT, 200.0, 230.0)]


def test_outages_that_overlap_are_one() -> None:
    outage = '{what = "no_link", station = "HTB01", at_min = %d, until_min = %d}'
    spans = ", ".join(outage % span for span in ((60, 120), (100, 150), (150, 160), (200, 210)))

    stations = lived(story(f"incidents = [{spans}]"))

    assert stations["HTB01"].troubles == [Trouble(told.NO_LINK, 60.0, 160.0), Trouble(told.NO_LINK, 200.0, 210.0)]


def test_reports_that_wait_for_link_and_power_by_turns_are_not_told_beside_them() -> None:
    cut = '{what = "%s", station = "HTB01", at_min = %d, until_min = %d}'
    spans = ", ".join(cut % one for one in (("no_link", 60, 80), ("power_cut", 80, 100), ("no_link", 100, 120)))

    stations = lived(story(f"incidents = [{spans}]"))

    assert {trouble.label for trouble in stations["HTB01"].troubles} == {told.NO_LINK, told.NO_POWER, told.RESTART}


def test_snow_has_its_own_colour_while_it_falls() -> None:
    station = lived(find_scenario("snow_then_melt"))["HTB01"]

    snowed = [minute for minute, snows in enumerate(station.snowed, start=1) if snows]
    (snow,) = station.spans(told.SNOW)

    assert 355 < snowed[0] < 380
    assert 700 < snowed[-1] <= 720
    assert snow.until_min > 1000.0
    assert {piece.style for line in picture(station)[4:8] for piece in line if "█" in piece.text} == {"snow"}


def test_outages_by_chance_are_marked_like_planned_ones() -> None:
    stations = lived(story("link.good_min = 60.0\nlink.bad_min = 90.0\nlink.half_open_share = 0.5"))

    found = [trouble for one in stations.values() for trouble in one.troubles]
    assert {trouble.label for trouble in found} == {told.NO_LINK}
    assert all(trouble.since_min < trouble.until_min <= 480.0 for trouble in found)


def test_reports_that_wait_while_there_is_a_link_are_told() -> None:
    stations = lived(story("link.bytes_per_s = 0.1\nlink.ack_timeout_s = 86400.0"))

    waits = [trouble for one in stations.values() for trouble in one.troubles]
    assert {trouble.label for trouble in waits} == {told.WAITS}
    assert all(trouble.until_min - trouble.since_min >= told.WAITS_MIN for trouble in waits)


def test_lightning_is_marked_and_its_pulses_are_counted() -> None:
    strike = '[[incidents]]\nwhat = "lightning"\nstation = "HTB01"\nat_min = 30\nspurious_pulses = 7'

    stations = lived(story(strike))

    assert stations["HTB01"].troubles == [Trouble(told.LIGHTNING, 30.0, 30.0)]
    assert sum(stations["HTB01"].counted) == 7


def test_poured_water_is_told_apart_from_rain() -> None:
    station = lived(find_scenario("drill"))["HTB01"]

    assert (station.poured_tips, sum(station.counted)) == (30, 0)
    assert "; 30 poured" in text(picture(station))[3]


def test_the_picture_in_a_file_is_a_drawing_with_every_word_and_no_font_from_elsewhere() -> None:
    station = chronicle(fell={1: 0.25}, counted={1: 30})
    station.troubles = [Trouble(told.NO_LINK, 60.0, 120.0)]

    drawing = svg(picture(station), title="a < b")

    root = ET.fromstring(drawing)  # noqa: S314  (we have just written it)
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"HTB01", "no link", "It rains.", "18:00", "07-16"} <= set(words)
    assert not re.search(r"url\(|href|@font-face", drawing)
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert not any(set(word or "") & set("█━⣀") for word in words)


def test_the_drawing_has_a_bar_as_high_as_its_rain_and_a_point_for_each_dot() -> None:
    half, dots, line = ([Piece(text, "heavy")] for text in ("▄▄", "⠤", "━"))

    bars, points, mark = (re.findall(r"h[0-9.]+v([0-9.]+)", svg([one], title="x")) for one in (half, dots, line))

    assert [float(height) for height in bars] == [HEIGHT / 2] * 2
    assert len(points) == 2
    assert len(mark) == 1


def test_show_prints_the_storm_and_writes_the_same_to_a_file(tmp_path: Path) -> None:
    out, path = io.StringIO(), tmp_path / "storm.svg"

    show_truth(Console(file=out, width=100), find_scenario("flash_flood"), SITES, seed=4, start_at=START_AT, out=path)

    printed_text = out.getvalue()
    assert printed_text.startswith("flash_flood, seed 4  2026-07-15 18:00 to 07-16 02:00, 8 h\n")
    assert all(site.station in printed_text for site in SITES)
    assert "\x1b" not in printed_text  # no colours where nobody sees them
    (heading,) = re.findall(r"^HTB01 .*?fell ([0-9.]+) mm", printed_text, re.MULTILINE)
    assert f">fell {heading} mm" in path.read_text(encoding="utf-8")


def test_colours_reach_a_terminal() -> None:
    out = io.StringIO()

    Console(file=out, width=80, force_terminal=True, color_system="truecolor").print(
        printed(picture(chronicle(fell={1: 0.5})))
    )

    assert "\x1b[38;2;210;77;196m" in out.getvalue()


def test_list_tells_every_scenario_and_wraps_its_sentence() -> None:
    out = io.StringIO()

    list_scenarios(Console(file=out, width=70))

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 70
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == list(scenario_names())
    words = " ".join(out.getvalue().split())
    assert all(find_scenario(name).intent.split()[-1] in words for name in scenario_names())
