"""Calm readings: up to when the readings of a station pass without a look, and what is said of them."""

from dataclasses import replace

import pytest

from gauge_ingest.core.model import MINUTE_MS, Kind
from gauge_ingest.core.quality.checks import StationChecks
from gauge_ingest.core.quality.settings import DEFAULTS, QualitySettings
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, outcome_of
from tests.core.quality import GAUGE, MS, reading, take
from tests.core.test_quality_checks import network
from tests.worlds import T0


def settled(used: QualitySettings = DEFAULTS, **told: float) -> StationChecks:
    """A station whose last reading, at minute 12, was calm; its four neighbours had 6 mm at minute 10 if it is told."""
    first, *around = checks = network(used)
    for minute in (-60, -50, -40, -30, -20, -10, 0, 10):
        for one in checks:
            take(one, reading(minute, 0.5 if minute == 0 else 6.0 if minute == 10 and one in around else 0.0))
    take(first, reading(12, **told))
    return first


def calm(checks: StationChecks, minute: float, **told: float) -> Verdict | None:
    return checks.calm.verdict(reading(minute).until, Kind.TIMED, celsius=told.get("celsius"), volts=told.get("volts"))


def test_a_dry_reading_is_looked_at_when_the_rain_next_door_counts() -> None:
    assert calm(settled(), 55 - MS) is not None
    assert calm(settled(), 55) is None  # a quarter of an hour, and half an hour to travel, after the rain


def test_a_dry_reading_is_looked_at_when_rain_next_door_comes_after_the_last_look() -> None:
    # Three of four count: all together must have had three times as much.
    first = settled(replace(DEFAULTS, neighbours_rain_mm=13.0))
    take(first, reading(25))
    one = first.neighbours[0]
    assert isinstance(one, StationChecks)

    take(one, reading(22, 14.5))
    assert calm(first, 66) is not None, "24 and 14.5 mm in all: three of four cannot each have passed 13 mm"
    take(one, reading(23, 0.5))

    assert calm(first, 68 - MS) is not None
    assert calm(first, 68) is None


def test_a_cold_reading_or_an_empty_battery_is_looked_at_and_what_is_not_told_passes_nothing() -> None:
    first = settled(temperature_c=5.0, battery_v=12.0)

    plain = calm(first, 13)
    assert plain is not None
    assert outcome_of(plain.checks, Check.FROZEN) is outcome_of(plain.checks, Check.SUPPLY) is Outcome.NOT_CHECKED
    assert calm(first, 13, celsius=5.0) is None
    assert calm(first, 13, celsius=2.0, volts=12.0) is None
    assert calm(first, 13, celsius=2.1, volts=10.99) is None
    known = calm(first, 13, celsius=2.1, volts=11.0)
    assert known is not None
    assert outcome_of(known.checks, Check.FROZEN) is outcome_of(known.checks, Check.SUPPLY) is Outcome.PASSED


@pytest.mark.parametrize(("late_s", "after_s", "calm"), [(599, 300, True), (600, 300, False), (7_200, 59, True)])
def test_a_late_reading_is_looked_at_unless_it_comes_in_one_go_with_the_one_before(
    late_s: int, after_s: int, *, calm: bool
) -> None:
    """A clock that is behind goes on behind; a backlog comes at once."""
    checks = StationChecks(GAUGE, DEFAULTS)
    received_at = T0 + 5 * MINUTE_MS + late_s * 1_000
    first = reading(0, received_at=received_at - after_s * 1_000, claimed_at=T0)
    take(checks, first)

    known = checks.calm.verdict(T0 + 5 * MINUTE_MS, Kind.TIMED, received_at=received_at)

    assert (known is not None) is calm


def test_a_reading_for_maintenance_is_never_calm_for_a_visit_marks_what_was_before_it() -> None:
    [checks] = network(DEFAULTS, stations=1)
    take(checks, reading(0, 1.0))
    take(checks, reading(5, kind=Kind.MAINTENANCE))

    assert checks.calm.verdict(reading(10).until, Kind.MAINTENANCE) is None
    take(checks, reading(15))
    assert checks.calm.verdict(reading(20).until, Kind.TIMED) is not None


def test_two_readings_of_one_instant_with_an_open_door_mark_nothing_between_them() -> None:
    [checks] = network(DEFAULTS, stations=1)
    take(checks, reading(0, door_open=True))
    checks.marks.clear()

    take(checks, reading(0, door_open=True))
    assert checks.marks == []
    take(checks, reading(5, door_open=True))
    assert [(one.since, one.until) for one in checks.marks] == [(reading(0).until, reading(5).until)]


def test_neighbours_that_come_and_go_are_noticed_without_a_look() -> None:
    """They count as they were three quarters of an hour ago; each is there for half an hour after a report."""
    first, *around = checks = network(DEFAULTS)
    for minute in (0, 10, 20):
        for one in checks:
            take(one, reading(minute))

    told = {minute: calm(first, minute) for minute in (25, 44, 45, 95, 96, 120)}

    outcomes = {minute: one and outcome_of(one.checks, Check.FAULTY_ZERO) for minute, one in told.items()}
    absent, there = Outcome.NOT_CHECKED, Outcome.PASSED
    assert outcomes == {25: absent, 44: absent, 45: there, 95: there, 96: absent, 120: absent}
    for one in around:
        take(one, reading(121))
    assert [calm(first, minute) == told[45] for minute in (165, 166, 196)] == [False, True, True]


def test_neighbours_that_have_just_come_need_no_look_before_they_count() -> None:
    """Who was heard first counts from then on; who was not heard yet may be at any time."""
    first, *around = checks = network(DEFAULTS)
    for one in checks:
        take(one, reading(0))

    assert first.calm.until == reading(-15 + 45).until - 1
    assert around[-1].calm.until == reading(45).until - 1
