"""The simulated clock: GAUGE_CLOCK and --speed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from simulator.clock import ClockError, choose_clock, clock_starting_now, parse_clock, rfc3339

TEXT = "speed=60 wall=2026-11-23T06:00:00Z sim=2026-07-15T18:00:00+08:00"


def test_the_clock_shows_its_instant_and_runs_at_its_speed() -> None:
    clock = parse_clock(TEXT)

    assert rfc3339(clock.at(datetime.fromisoformat("2026-11-23T06:00:00Z"))) == "2026-07-15T18:00:00+08:00"
    assert rfc3339(clock.at(datetime.fromisoformat("2026-11-23T06:01:30Z"))) == "2026-07-15T19:30:00+08:00"
    assert rfc3339(clock.at(datetime.fromisoformat("2026-11-23T05:59:59Z"))) == "2026-07-15T17:59:00+08:00"


def test_the_exported_line_gives_another_command_the_same_clock() -> None:
    clock = clock_starting_now(300.0)

    name, _, value = clock.export_line().removeprefix("export ").partition("=")
    same = choose_clock(speed=None, environment={name: value.strip('"')})

    assert same.at(clock.wall + timedelta(seconds=7)) == clock.at(clock.wall + timedelta(seconds=7))
    assert same.speed == 300.0


def test_without_a_clock_it_is_now() -> None:
    clock = choose_clock(speed=None, environment={})

    assert clock.speed == 1.0
    assert clock.wall == clock.sim


@pytest.mark.parametrize(
    "text",
    [
        "speed=60",
        "speed=0 wall=2026-11-23T06:00:00Z sim=2026-07-15T18:00:00+08:00",
        "speed=nan wall=2026-11-23T06:00:00Z sim=2026-07-15T18:00:00+08:00",
        "speed=fast wall=2026-11-23T06:00:00Z sim=2026-07-15T18:00:00+08:00",
        "speed=60 wall=2026-11-23T06:00:00 sim=2026-07-15T18:00:00+08:00",
        "speed=60 wall=today sim=2026-07-15T18:00:00+08:00",
        f"{TEXT} zone=08",
        f"{TEXT} speed=2",
    ],
)
def test_a_clock_that_cannot_be_meant_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ClockError, match=r"clock|GAUGE_CLOCK"):
        parse_clock(text)


def test_two_clocks_at_once_are_refused() -> None:
    with pytest.raises(ClockError, match="two clocks"):
        choose_clock(speed=2.0, environment={"GAUGE_CLOCK": TEXT})


def test_instants_carry_the_offset_of_beijing() -> None:
    at = datetime.fromisoformat("2026-07-15T10:00:01.2345Z")

    assert rfc3339(at) == "2026-07-15T18:00:01+08:00"
    assert rfc3339(at, precision="milliseconds") == "2026-07-15T18:00:01.234+08:00"
