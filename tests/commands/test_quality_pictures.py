"""The pictures and tables of quality report, from rows that were made for them: colours, edges, long spans."""

from datetime import datetime
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from rich.text import Text

from gauge_ingest.commands.output import stretch
from gauge_ingest.commands.quality_report_chart import chart
from gauge_ingest.commands.quality_report_svg import LEFT, PLOT, STATIONS_MAX, svg
from gauge_ingest.commands.quality_report_text import TOLD_SPANS_MAX, Reported, show_station
from gauge_ingest.commands.time_axis import ticks
from gauge_ingest.core.model import DAY_MS, HOUR_MS, MINUTE_MS, Row
from gauge_ingest.core.quality.summary import QualitySummary, quality_of
from gauge_ingest.core.quality.verdicts import Check, Outcome, packed
from gauge_ingest.core.spans import instant_ms
from tests.core.health_rows import STATION, row
from tests.worlds import BEIJING, T0

SVG = "{http://www.w3.org/2000/svg}"


def flagged(hours_ago: float, check: Check, outcome: Outcome = Outcome.SUSPECT, *, tips: int = 0) -> Row:
    """A reading of five minutes that a check did not pass."""
    at = T0 - round(hours_ago * HOUR_MS)
    return row(at, since=at - 5 * MINUTE_MS, tips=tips, tips_max=tips, flag=3, checks=packed([(check, outcome)]))


def summary(*rows: Row, days: float = 30) -> QualitySummary:
    since = T0 - round(days * DAY_MS)
    return quality_of(rows, STATION, since=since, until=T0, first_observed_at=since)


def styles(line: Text) -> list[tuple[str, str]]:
    """The blocks of a line with their colours."""
    return [(line.plain[span.start : span.end], str(span.style)) for span in line.spans if span.style != "dim"]


# --- in the terminal ---------------------------------------------------------------------------------------------


def test_doubted_rain_has_its_colour_above_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    passed = flagged(11, Check.TIPS, Outcome.PASSED, tips=30)

    lines = list(chart(summary(passed, flagged(10, Check.TIPS, tips=10), flagged(1, Check.VISIT, Outcome.FAILED))))

    colours = [styles(line)[0] for line in lines[:4]]
    assert colours == [("█", "yellow"), ("█", "bright_blue"), ("█", "bright_blue"), ("█", "bright_blue")]
    assert [styles(line) for line in lines[4:6]] == [[("▒", "yellow")], [("█", "red")]]


def test_a_month_without_rain_is_one_line_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    lines = [line.plain for line in chart(summary(flagged(1, Check.SUPPLY)))]

    assert lines[0].startswith("         dry ·····")
    assert lines[1].lstrip().startswith("supply")
    assert len(lines) == 4


def test_the_newest_spans_are_told_and_the_rest_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    rows = [flagged(2 * number + 1, Check.SUPPLY) for number in reversed(range(TOLD_SPANS_MAX + 7))]

    show_station(Reported(summary(*rows), 0))

    told = capsys.readouterr().out
    assert told.count(" supply ") == TOLD_SPANS_MAX + 1  # and its lane
    assert "… and 7 older" in told
    assert "07-15 16:55 - 17:00" in told
    assert "07-14 02:55 - 03:00" in told
    assert "07-14 00:55 - 01:00" not in told


def test_dates_of_two_years_have_their_years(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    rows = [flagged(365 * 24, Check.SUPPLY), flagged(1, Check.SUPPLY)]

    show_station(Reported(summary(*rows, days=366), 0))

    assert "2025-07-15 - 2026-07-15" in capsys.readouterr().out
    assert stretch(T0 - 365 * DAY_MS, T0) == "07-15 18:00 - 07-15 18:00"
    assert stretch(T0 - HOUR_MS, T0) == "07-15 17:00 - 18:00"


# --- in a file ---------------------------------------------------------------------------------------------------


def boxes(picture: str, *colours: str) -> list[tuple[float, float]]:
    """Left and right of every box of a colour."""
    found = ElementTree.fromstring(picture).iter(f"{SVG}rect")  # noqa: S314 -- our own file
    return [
        (float(one.get("x", 0)), float(one.get("x", 0)) + float(one.get("width", 0)))
        for one in found
        if one.get("fill") in colours
    ]


def test_what_was_flagged_at_the_edges_of_the_span_is_seen_and_stays_inside() -> None:
    since = T0 - 30 * DAY_MS + 7 * MINUTE_MS
    rows = [flagged(30 * 24 - 1 / 6, Check.SUPPLY), flagged(0, Check.SUPPLY, tips=4)]
    found = quality_of(rows, STATION, since=since, until=T0, first_observed_at=since)

    drawn = boxes(svg([found]), "#e69f00", "#0072b2", "#d6d6d6")

    lanes = [(left, right) for left, right in boxes(svg([found]), "#e69f00") if right - left > 1.9]
    assert [left for left, _ in lanes if left < LEFT + 1] == [LEFT]
    assert [right for _, right in lanes if right > LEFT + PLOT - 1] == [LEFT + PLOT]
    assert all(LEFT <= left <= right <= LEFT + PLOT + 0.1 for left, right in drawn)


def test_a_network_of_many_stations_is_cut_to_the_worst() -> None:
    found = summary(flagged(1, Check.SUPPLY), days=1)

    picture = svg([found] * (STATIONS_MAX + 5))

    assert picture.count(">HTB01 石门</text>") == STATIONS_MAX


# --- the line of time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "apart_h", "labels"),
    [
        (3, 1, ["16:00", "17:00"]),
        (24, 6, ["07-15", "06:00", "12:00"]),
        (72, 20, ["07-13", "07-14", "07-15"]),
        (24 * 30, 24 * 6, ["06-18", "06-25", "07-02", "07-09"]),
        (24 * 365, 24 * 50, ["2025-09", "2025-11", "2026-01", "2026-03", "2026-05", "2026-07"]),
        (24 * 365 * 30, 24 * 365 * 4, ["2000-01", "2005-01", "2010-01", "2015-01", "2020-01", "2025-01"]),
    ],
)
def test_ticks_stand_at_hours_days_and_months_of_beijing(hours: int, apart_h: int, labels: list[str]) -> None:
    found = ticks(since=T0 - hours * HOUR_MS, until=T0, apart_ms=apart_h * HOUR_MS)

    assert [tick.label for tick in found] == labels
    assert all(later.at - earlier.at >= apart_h * HOUR_MS for earlier, later in pairwise(found))


def test_a_tick_stands_where_its_label_says() -> None:
    (tick, *_) = ticks(since=T0 - 3 * DAY_MS, until=T0, apart_ms=DAY_MS)
    (month, *_) = ticks(since=T0 - 90 * DAY_MS, until=T0, apart_ms=28 * DAY_MS)

    assert tick.at == instant_ms(datetime(2026, 7, 13, tzinfo=BEIJING))
    assert (month.at, month.label) == (instant_ms(datetime(2026, 5, 1, tzinfo=BEIJING)), "2026-05")
