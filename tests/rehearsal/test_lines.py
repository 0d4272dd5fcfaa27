"""Rain from a file: every exceedance to the minute, what is known when, and what a file's silence means."""

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from gauge_ingest.core.model import Alert, Basin, EventKind, Rule, State, Threshold
from gauge_ingest.rehearsal.book import Book
from gauge_ingest.rehearsal.lines import read_lines
from gauge_ingest.rehearsal.replay import replay
from gauge_ingest.rehearsal.steps import step_of
from tests.rehearsal.test_live import serve
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station, text

STATIONS = {name: station(name) for name in ("HTB01", "HTB02")}


class Line(NamedTuple):
    """What stands in a line; `received_at` 0: as it rained."""

    at: int
    rain_mm: float
    received_at: int = 0
    name: str = "HTB01"


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., Book]:
    """What the rules tell of lines in a file."""

    def of(lines: Iterable[Line], rules: Sequence[Rule], notices: list[str] | None = None) -> Book:
        file = tmp_path / "rain.csv"
        rows = [f"{one.name},{text(one.at)},{one.rain_mm:g},{text(one.received_at or one.at)}" for one in lines]
        file.write_text("\n".join(["station,observed_at,rain_mm,received_at", *rows, ""]), "utf-8")
        record = read_lines(file, STATIONS, notice=([] if notices is None else notices).append)
        return replay(record, [rules])[0]

    return of


def weather(seed: int, *, minutes: int, step: int) -> list[Line]:
    """Showers of tips over some days, dry lines between them."""
    draw = random.Random(seed)
    lines, wet = [], 0
    for minute in range(0, minutes, step):
        wet = wet - 1 if wet else draw.randrange(60) if draw.random() < 0.01 else 0
        lines.append(Line(T0 + minute * MINUTE, 0.5 * draw.choice([0, 0, 1, 1, 2, 3 * step // 4]) if wet else 0))
    return lines


def slowly(lines: Sequence[Line], of: Rule) -> list[tuple[int, str, str]]:
    """Every raising, strengthening, easing and clearing, from sums over all lines at every line."""
    happened: list[tuple[int, str, str]] = []
    level, falling, falling_to = 0, None, 0
    for place, one in enumerate(lines):
        reached = held = 0
        for threshold in of.thresholds:
            window_ms = threshold.window_s * 1000
            before = lines[max(0, place - window_ms // MINUTE) : place + 1]
            tenths = sum(round(other.rain_mm * 10) for other in before if one.at - other.at < window_ms)
            number = of.levels.index(threshold.level) + 1
            reached = max(reached, number) if tenths >= round(threshold.rain_mm * 10) else reached
            held = max(held, number) if tenths >= threshold.rain_mm * 10 * of.clear_ratio - 1e-9 else held
        held = max(held, reached)
        if reached > level:
            happened.append((one.at, "strengthened" if level else "raised", of.levels[reached - 1]))
            level, falling, falling_to = reached, None, 0
        elif held >= level:
            falling = None
        else:
            falling_to = held if falling is None else max(falling_to, held)
            falling = one.at if falling is None else falling
            if one.at - falling >= of.quiet_s * 1000:
                kind, name = ("eased", of.levels[falling_to - 1]) if falling_to else ("cleared", "")
                happened.append((one.at, kind, name))
                level, falling = falling_to, None
    return happened


@pytest.mark.parametrize(("seed", "step"), [(1, 5), (2, 5), (3, 1), (7, 10)])
def test_every_exceedance_is_found_to_the_minute(seed: int, step: int, told: Callable[..., Book]) -> None:
    lines = weather(seed, minutes=480 * step, step=step)
    rules = [rule(clear_ratio=0.75, quiet_s=1_200)]

    book = told(lines, rules)

    events = sorted((one.rained_at, one.kind.value, one.level) for events in book.events.values() for one in events)
    expected = sorted(slowly(lines, rules[0]))
    assert [(at, kind, level if kind != "cleared" else "") for at, kind, level in events] == expected
    assert len(expected) >= 2
    assert all(one.known_at == one.rained_at for events in book.events.values() for one in events)


def burst(lines: Sequence[Line], *, begin: int, end: int) -> list[Line]:
    """The same lines where everything of a stretch is received at its end, at once."""
    return [
        one._replace(received_at=T0 + end * MINUTE if begin <= (one.at - T0) // MINUTE < end else one.at + 2_000)
        for one in lines
    ]


def plain(alert: Alert) -> tuple[object, ...]:
    return (
        *(alert.scope, alert.level, alert.peak, alert.state, alert.rained_since, alert.rained_until, alert.known_at),
        alert.evidence and (alert.evidence.window_s, alert.evidence.until, alert.evidence.rain_mm),
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_shuffled_file_with_times_of_arrival_is_what_the_pump_makes_of_it(
    seed: int, tmp_path: Path, told: Callable[..., Book]
) -> None:
    """
    Goal: a file is as good as the telemetry that it was written from.
    Method: counts through a real pump with a link that is down over a storm; the same as shuffled lines.
    """
    calm = [Line(T0 + minute * MINUTE, 0) for minute in range(0, 60, 5)]
    storm = [Line(T0 + (60 + 5 * number) * MINUTE, 0.5 * (number % 4)) for number in range(30)]
    after = [Line(T0 + (210 + 5 * number) * MINUTE, 0) for number in range(60)]
    lines = burst([*calm, *storm, *after], begin=100 + 10 * seed, end=180)
    rules = [rule()]
    desk = Desk(tmp_path, [station()], rules)
    tips, sent = 0, []
    for number, one in enumerate(lines):
        tips += round(one.rain_mm / 0.5)
        sent.append((one.received_at, message([(one.at, tips)], seq=number)))

    serve(desk, sent)
    notices: list[str] = []
    mixed = list(lines)
    random.Random(seed).shuffle(mixed)
    book = told(mixed, rules, notices)

    recorded = [plain(one) for one in desk.journal.reader.alerts.all(ended=True)]
    assert [plain(one) for one in book.alerts.values()] == recorded
    assert recorded
    assert ["in order" in one for one in notices] == [True]


def test_an_alert_whose_rain_came_late_comes_late(told: Callable[..., Book]) -> None:
    lines = [Line(T0 + 5 * number * MINUTE, 0) for number in range(40)]
    lines[10] = lines[10]._replace(rain_mm=12, received_at=lines[10].at + 2 * HOUR)

    (alert,) = told(lines, [rule()]).alerts.values()

    assert alert.rained_since == lines[10].at
    assert alert.known_at == lines[10].at + 2 * HOUR


def test_a_late_line_that_shows_one_storm_withdraws_the_second_alert_as_merged(told: Callable[..., Book]) -> None:
    short = Rule("r", ("prepare",), rule().thresholds[:1], ("HTB01",), quiet_s=600, coverage_min=0.1)
    lines = [Line(T0 + 5 * number * MINUTE, 0) for number in range(60)]
    for number, mm in ((10, 7), (25, 7)):
        lines[number] = lines[number]._replace(rain_mm=mm)
    lines[18] = lines[18]._replace(rain_mm=7, received_at=lines[40].at)
    lines[14] = lines[14]._replace(rain_mm=7, received_at=lines[40].at)
    lines[21] = lines[21]._replace(rain_mm=7, received_at=lines[40].at)

    book = told(lines, [short])

    assert [one.state for one in book.alerts.values()] == [State.CLEARED, State.WITHDRAWN]
    assert book.events[2][-1].known_at == lines[40].at


def test_between_the_lines_of_a_list_of_tips_it_was_dry_and_its_alert_clears(told: Callable[..., Book]) -> None:
    tips = [Line(T0 + number * 61_000, 0.5) for number in range(30)] + [Line(T0 + 90 * HOUR, 0.5)]

    book = told(tips, [rule(quiet_s=1_800)])

    (alert,) = book.alerts.values()
    assert alert.rained_since == T0 + 11 * 61_000
    assert alert.state is State.CLEARED
    assert T0 + 3 * HOUR < (alert.ended_at or 0) < T0 + 8 * HOUR
    assert book.events[1][-1].known_at == alert.ended_at


def test_a_hole_in_a_file_is_not_dry(told: Callable[..., Book]) -> None:
    storm = [Line(T0 + 5 * number * MINUTE, 2 if 2 < number < 8 else 0) for number in range(12)]
    silent = [Line(T0 + (60 + 5 * number) * MINUTE, 0) for number in range(72, 90)]  # six hours are missing

    held, whole = (
        told([*storm, *more], [rule(quiet_s=600)]).events[1]
        for more in (silent, [Line(T0 + (60 + 5 * number) * MINUTE, 0) for number in range(90)])
    )

    assert EventKind.CLEARED in [one.kind for one in whole]
    assert EventKind.CLEARED not in [one.kind for one in held]


def test_at_the_end_of_a_hole_nobody_has_reported_and_nothing_is_judged(told: Callable[..., Book]) -> None:
    """Quiet since 18:35; after 15 minutes, at 18:50, a line is missing: it is known with that of 18:55."""
    lines = [Line(T0 + minute * MINUTE, 6 if minute == 5 else 0) for minute in range(0, 90, 5) if minute != 50]

    (events,) = told(lines, [rule(quiet_s=900)]).events.values()

    assert [(one.kind, one.rained_at) for one in events] == [
        (EventKind.RAISED, T0 + 5 * MINUTE),
        (EventKind.CLEARED, T0 + 55 * MINUTE),
    ]


def test_a_station_of_a_basin_that_begins_later_counts_from_then_on(tmp_path: Path) -> None:
    """The first rain falls before the second station has a line; what that one has had is half of the mean."""
    file = tmp_path / "rain.csv"
    rows = [f"HTB01,{text(T0 + minute * MINUTE)},{0.5 if minute == 0 else 0}" for minute in range(0, 60, 5)]
    rows += [f"HTB02,{text(T0 + minute * MINUTE)},{6 if minute > 20 else 0}" for minute in range(10, 60, 5)]
    file.write_text("\n".join(["station,observed_at,rain_mm", *rows, ""]), "utf-8")
    basin = Basin("b", "b", (("HTB01", 1.0), ("HTB02", 1.0)))
    mean = Rule("mean", ("high",), (Threshold(10_800, "high", 9.25),), (), basins=("b",))

    (book,) = replay(read_lines(file, STATIONS, [basin], notice=list[str]().append), [[mean]])

    (alert,) = book.alerts.values()
    assert alert.rained_since == T0 + 35 * MINUTE
    assert alert.evidence is not None
    assert (dict(alert.evidence.stations), alert.evidence.absent) == ({"HTB01": 0.5, "HTB02": 18.0}, ())


def test_a_station_of_a_basin_is_not_there_at_the_end_of_its_hole(tmp_path: Path) -> None:
    """12 mm at one of two, the other missing from 18:15 to 18:55: away from 18:45 on, and back at 19:00 alone."""
    file = tmp_path / "rain.csv"
    rows = [
        f"{name},{text(T0 + minute * MINUTE)},{12 if (name, minute) == ('HTB01', 5) else 0}"
        for minute in range(0, 90, 5)
        for name in ("HTB01", "HTB02")
        if name == "HTB01" or not 10 < minute < 60
    ]
    file.write_text("\n".join(["station,observed_at,rain_mm", *rows, ""]), "utf-8")
    basin = Basin("b", "b", (("HTB01", 1.0), ("HTB02", 1.0)))
    mean = Rule("mean", ("high",), (Threshold(10_800, "high", 9.0),), (), basins=("b",), quiet_s=0, coverage_min=0.1)

    (book,) = replay(read_lines(file, STATIONS, [basin], notice=list[str]().append), [[mean]])

    (events,) = book.events.values()
    assert [(one.kind, one.rained_at) for one in events] == [
        (EventKind.RAISED, T0 + 45 * MINUTE),
        (EventKind.CLEARED, T0 + 60 * MINUTE),
    ]


def test_of_two_stations_each_has_its_own_rain(told: Callable[..., Book]) -> None:
    lines = [Line(T0 + 5 * number * MINUTE, 3, name=name) for number in range(3) for name in ("HTB01", "HTB02")]

    book = told(lines, [rule("HTB01", "HTB02")])

    assert sorted(one.scope for one in book.alerts.values()) == ["HTB01", "HTB02"]


@pytest.mark.parametrize(
    ("times_s", "step_ms"),
    [
        ((0, 300, 600, 900), 300_000),
        ((0, 300, 900, 1_200, 1_500), 300_000),  # one is missing
        ((0, 300, 1_000, 1_700, 1_800), 700_000),
        ((0, 61, 200, 1_000, 1_020), 1),  # tips
        ((0,), 1),
    ],
)
def test_a_step_is_what_at_least_every_second_line_keeps(times_s: Sequence[int], step_ms: int) -> None:
    assert step_of([T0 + 1_000 * at for at in times_s]) == step_ms
