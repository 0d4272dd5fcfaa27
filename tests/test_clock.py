"""The clock that every date of the service comes from."""

import re
import time

import pytest

from gauge_ingest.clock import (
    EXAMPLE,
    SPEED_MAX,
    ScaledClock,
    SystemClock,
    clock_from,
    clock_starting_now,
    clock_text,
)
from gauge_ingest.core.spans import parse_instant
from simulator.clock import parse_clock

WALL = parse_instant("2026-11-23T06:00:00Z")
SIM = parse_instant("2026-07-15T18:00:00+08:00")
TEXT = "speed=60 wall=2026-11-23T06:00:00Z sim=2026-07-15T18:00:00+08:00"


def test_without_gauge_clock_it_is_the_machines_time() -> None:
    clock = clock_from({"GAUGE_CLOCK": "  "})

    assert abs(clock.now() - time.time() * 1000) < 1_000
    assert clock == SystemClock()


def test_a_minute_of_the_machine_is_an_hour_of_rain_at_speed_60() -> None:
    clock = clock_from({"GAUGE_CLOCK": TEXT})

    assert clock == ScaledClock(60, WALL, SIM)
    assert [clock.at(WALL + ms) - SIM for ms in (0, 60_000, -60_000)] == [0, 3_600_000, -3_600_000]


def test_the_simulator_reads_the_same_time_from_the_same_line() -> None:
    clock = ScaledClock(59.94, WALL + 123, SIM + 7)

    theirs = parse_clock(clock_text(clock))

    assert abs(theirs.speed - 59.94) < 1e-12
    assert clock_from({"GAUGE_CLOCK": clock_text(clock)}) == clock
    assert round(theirs.wall.timestamp() * 1000) == clock.wall
    assert round(theirs.sim.timestamp() * 1000) == clock.sim


def test_the_text_of_a_clock_is_the_documented_line() -> None:
    assert f'GAUGE_CLOCK="{clock_text(ScaledClock(60, WALL, SIM))}"' == EXAMPLE


def test_a_clock_that_starts_now_runs_from_the_present_at_its_speed() -> None:
    clock = clock_starting_now(600)

    assert clock.wall == clock.sim
    assert abs(clock.wall - time.time() * 1000) < 2_000
    assert clock.at(clock.wall + 1_000) - clock.sim == 600_000


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("speed=60", "wall, sim missing"),
        ("60", "'60' is not understood"),
        (f"{TEXT} speed=61", "'speed=61' is not understood"),
        (TEXT.replace("60 ", "fast "), "'fast'"),
        (TEXT.replace("60 ", "0 "), "'0'"),
        (TEXT.replace("60 ", "-1 "), "'-1'"),
        (TEXT.replace("60 ", "nan "), "'nan'"),
        (TEXT.replace("60 ", "inf "), "'inf'"),
        (TEXT.replace("60 ", f"{SPEED_MAX + 1} "), str(SPEED_MAX)),
        (TEXT.replace("+08:00", ""), "sim='2026-07-15T18:00:00'"),
        (TEXT.replace("2026-11-23", "2026-11-31"), "wall='2026-11-31"),
    ],
)
def test_a_wrong_clock_is_refused_with_the_word_that_is_wrong(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)):
        clock_from({"GAUGE_CLOCK": text})
