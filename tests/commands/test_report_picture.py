"""The picture of a day: every hour, gap, revision and alert of it, where it belongs."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gauge_ingest.commands.report_svg import LEFT, PLOT, REVISED, SUM
from gauge_ingest.commands.svg_shapes import DOUBTED, LEVEL_COLOURS, RAIN, SILENT
from gauge_ingest.core.days import day_end
from gauge_ingest.core.model import EventKind, State
from gauge_ingest.journal import Reader
from gauge_ingest.messages.samples import SAMPLES
from gauge_ingest.reports.day_hours import DayHours, day_hours
from tests.commands.place import Place
from tests.worlds import HOUR, MINUTE, message, text

SVG = "{http://www.w3.org/2000/svg}"
ENDS = day_end("2026-07-15")
BEGINS = ENDS - 24 * HOUR


def rain_at(place: Place, station_id: str, storms: dict[int, int], away: range = range(0)) -> None:
    """Reports of a day every five minutes: so many tips in each five minutes of an hour of the day, silent `away`."""
    count = 100
    with place.desk() as desk:
        for number in range(-1, 290):
            at = BEGINS + number * 5 * MINUTE
            count += storms.get((number - 1) // 12, 0)
            if (number - 1) // 12 in away:
                continue
            desk.now = at + 2_000
            readings = [{"observed_at": text(at), "count": count, "battery_v": 12.1}]
            desk.take(message(readings, seq=number + 1, station_id=station_id))
            desk.settle()
    place.now = ENDS + 6 * MINUTE


def course(place: Place, *, until: int = ENDS) -> DayHours:
    reader = Reader.open(place.journal)
    made = day_hours(reader, place.configuration().stations, until=until, now=place.now)
    reader.close()
    return made


def hours(day: DayHours, station_id: str = "HTB01") -> dict[int, tuple[float, float | None]]:
    """Of each wet or changed hour, by its number in the day, the rain now and before."""
    (one,) = [one for one in day.stations if one.station.id == station_id]
    return {
        (hour.until - BEGINS) // HOUR - 1: (hour.rain_mm, hour.before_mm)
        for hour in one.hours
        if hour.rain_mm or hour.before_mm
    }


def drawn(place: Place, tmp_path: Path) -> ET.Element:
    file = tmp_path / "day.svg"
    result = place.run("report", "daily", "--day", "2026-07-15", "--svg", str(file))
    assert result.exit_code == 0, result.output
    return ET.fromstring(file.read_bytes())  # noqa: S314 - our own


def boxes(picture: ET.Element, colour: str) -> list[tuple[float, float]]:
    """Where boxes of a colour begin and how broad they are; those of the legend are left out."""
    found = [one for one in picture.iter(f"{SVG}rect") if colour in (one.get("fill"), one.get("stroke"))]
    return [(float(one.get("x", "")), float(one.get("width", ""))) for one in found if one.get("width") != "12.0"]


def words(picture: ET.Element) -> str:
    return "\n".join(one.text or "" for one in picture.iter(f"{SVG}text"))


def x(at: int) -> float:
    return LEFT + PLOT * (at - BEGINS) / (ENDS - BEGINS)


def test_each_hour_has_its_bar_and_each_alert_its_band_with_its_times(place: Place, tmp_path: Path) -> None:
    rain_at(place, "HTB01", {10: 2, 11: 1})

    picture = drawn(place, tmp_path)

    assert hours(course(place)) == {10: (12.0, None), 11: (6.0, None)}
    left = [round(left) - 2 for left, _ in boxes(picture, RAIN)]
    assert left == [round(x(BEGINS + hour * HOUR)) for hour in (10, 11)]
    said = words(picture)
    assert "逐时雨量 Rain by the hour  2026-07-15" in said
    assert "18 mm" in said
    assert "降雨预警 rain alerts: 1" in said
    assert "准备转移 PREPARE TO MOVE  18:30 – 00:45  #1" in said
    assert boxes(picture, LEVEL_COLOURS[3])


def test_what_nobody_reported_is_grey_and_is_no_dry_hour(place: Place, tmp_path: Path) -> None:
    rain_at(place, "HTB01", {2: 1}, away=range(20, 24))

    (one,) = [one for one in course(place).stations if one.station.id == "HTB01"]
    picture = drawn(place, tmp_path)

    assert (one.gaps, one.sums) == ((), ((BEGINS + 20 * HOUR, ENDS),)), "the report after it had the sum"
    assert len(boxes(picture, SUM)) == 1
    whole = [broad for left, broad in boxes(picture, SILENT) if round(left) == LEFT and round(broad) == PLOT]
    assert len(whole) == 4, "the stations that were never heard"
    assert words(picture).count("无数据\nno reports\n") == 4


@pytest.mark.parametrize("entered_at", [ENDS - HOUR, ENDS + HOUR])
def test_a_correction_shows_what_stood_there_before(place: Place, tmp_path: Path, entered_at: int) -> None:
    rain_at(place, "HTB01", {10: 2})
    begin, end = text(BEGINS + 10 * HOUR), text(BEGINS + 11 * HOUR)
    place.now = entered_at
    place.json("correct", "void", "HTB01", "--since", begin, "--until", end, "--why", "a test")

    place.now = ENDS + 2 * HOUR
    picture = drawn(place, tmp_path)

    assert hours(course(place)) == {10: (0.0, 12.0)}
    assert len(boxes(picture, REVISED)) == 1
    assert "原 was 12" in words(picture)
    assert "已撤销 withdrawn" in words(picture)
    assert "更正前 before revision" in words(picture)


def test_rain_that_came_after_the_day_shows_as_a_change(place: Place) -> None:
    rain_at(place, "HTB01", {10: 1}, away=range(9, 24))
    place.now = ENDS + HOUR
    assert hours(course(place)) == {}
    with place.desk() as desk:
        desk.now = ENDS + HOUR
        late = [{"observed_at": text(BEGINS + (9 * 60 + minute) * MINUTE), "count": 100} for minute in range(5, 65, 5)]
        late += [{"observed_at": text(BEGINS + (10 * 60 + 30) * MINUTE), "count": 106}]
        desk.take(message(late, seq=900))
        desk.settle()

    assert hours(course(place)) == {10: (3.0, 0.0)}


def test_doubted_rain_has_its_own_colour(place: Place, tmp_path: Path) -> None:
    rain_at(place, "HTB01", {10: 30})

    assert len(boxes(drawn(place, tmp_path), DOUBTED)) == 1


def test_an_alert_of_a_basin_has_a_row_under_the_stations(place: Place, tmp_path: Path) -> None:
    rain_at(place, "HTB02", {1: 1})
    sample, at = SAMPLES["raised"], BEGINS + 3 * HOUR
    alert = replace(
        sample.alert, id=77, scope="mountains", state=State.RAISED, rained_since=at, raised_at=at, known_at=at
    )
    event = replace(
        sample.event, alert_id=77, scope="mountains", kind=EventKind.RAISED, rained_at=at, at=at, known_at=at
    )
    with place.desk() as desk:
        desk.journal.save_alerts([alert], [event], 1)

    said = words(drawn(place, tmp_path))

    assert "南部山区\nmountains\n" in said
    assert "立即转移 MOVE AT ONCE  11:00 – 未解除 STANDS  #77" in said
    assert "未解除 standing: 1" in said


def test_a_day_that_is_not_over_ends_now_and_its_rest_is_no_gap(place: Place, tmp_path: Path) -> None:
    rain_at(place, "HTB01", {2: 1}, away=range(6, 24))
    place.now = BEGINS + 6 * HOUR + MINUTE

    (one,) = [one for one in course(place).stations if one.station.id == "HTB02"]

    assert one.gaps == ((BEGINS, place.now),)
    assert "现在 now" in words(drawn(place, tmp_path))


def test_a_file_that_cannot_be_written_is_told(place: Place, tmp_path: Path) -> None:
    rain_at(place, "HTB01", {2: 1})

    refused = place.run("report", "daily", "--day", "2026-07-15", "--svg", str(tmp_path / "no" / "day.svg"))

    assert refused.exit_code == 2
    assert "cannot be written" in refused.stderr
