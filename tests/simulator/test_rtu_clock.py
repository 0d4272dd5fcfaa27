"""The logger's clock: the same rain under right, drifting, stepped and forgotten times, and no report lost by it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.rtu import ClockSettings, QuirkSettings, Rtc, RtuSettings
from simulator.rtu.rtc import DRIFT_PPM_MAX
from simulator.values import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from tests.simulator.rtu_bench import START, Bench, ms

drifts = st.floats(-DRIFT_PPM_MAX, DRIFT_PPM_MAX)
EVERY_MS = 5 * MINUTE_MS


def clocked(**clock: object) -> RtuSettings:
    return RtuSettings(clock=ClockSettings(**clock))  # type: ignore[arg-type]  # what ClockSettings says


@given(drift_ppm=drifts, run_ms=st.integers(0, 400 * DAY_MS), shows_ms=st.integers(-DAY_MS, 4 * 10**12))
def test_the_instant_at_which_a_second_begins_is_exact(drift_ppm: float, run_ms: int, shows_ms: int) -> None:
    clock = Rtc(START, shows_ms=shows_ms, drift_ppm=drift_ppm)

    second = clock.next_second(START + run_ms)
    at = clock.reaches(second)

    assert at >= START + run_ms
    assert clock.seconds(at) == second
    assert clock.milliseconds(at - 1) < second * SECOND_MS <= clock.milliseconds(at)


@given(drift_ppm=drifts, run_ms=st.integers(0, 400 * DAY_MS))
def test_a_drifting_clock_goes_wrong_by_its_drift_and_no_more(drift_ppm: float, run_ms: int) -> None:
    clock = Rtc(START, shows_ms=START, drift_ppm=drift_ppm)

    wrong_ms = clock.milliseconds(START + run_ms) - START - run_ms

    assert wrong_ms == pytest.approx(run_ms * drift_ppm / 1e6, abs=1 + run_ms * 1e-9)


def test_a_clock_that_is_set_shows_that_and_drifts_on_from_there() -> None:
    clock = Rtc(START, shows_ms=START, drift_ppm=100.0)

    clock.set(START + DAY_MS, 0)

    assert clock.milliseconds(START + DAY_MS) == 0
    assert clock.milliseconds(START + 2 * DAY_MS) == DAY_MS + 8640


def test_a_fast_clock_reports_at_its_own_multiples_and_loses_none() -> None:
    bench = Bench(clocked(drift_ppm=400.0))

    bench.run(START + DAY_MS)

    observed_s = [reading.observed_s for reading in bench.readings]
    assert observed_s == [START // 1000 + 300 * n for n in range(289)]
    assert START + DAY_MS - bench.readings[-1].made_at == pytest.approx(34_560, abs=20)


def test_a_step_back_makes_the_same_observed_times_again() -> None:
    bench = Bench()
    bench.run(START + 61 * MINUTE_MS)

    bench.met(bench.rtu.step_clock(START + 61 * MINUTE_MS, -20 * 60))
    bench.run(START + 90 * MINUTE_MS)

    assert bench.minutes()[-8:] == [55.0, 60.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0]
    assert bench.facts("clock") == [{"offset_s": -1200.0, "why": "step"}]


def test_a_step_forward_skips_what_it_jumps_over() -> None:
    bench = Bench()
    bench.run(START + 11 * MINUTE_MS)

    bench.met(bench.rtu.step_clock(START + 11 * MINUTE_MS, DAY_MS / 1000))
    bench.run(START + 20 * MINUTE_MS)

    assert bench.minutes() == [0.0, 5.0, 10.0, 1440 + 15.0, 1440 + 20.0]
    assert bench.readings[-1].made_at == START + 20 * MINUTE_MS


def test_a_report_that_is_due_at_the_instant_of_a_step_is_made_first() -> None:
    bench, edge = Bench(), START + 5 * MINUTE_MS
    bench.run(edge - 1)

    bench.met(bench.rtu.step_clock(edge, 30 * 60 + 0.5))
    bench.run(edge + 5 * MINUTE_MS)

    assert bench.minutes() == [0.0, 5.0, 40.0]


def test_a_clock_that_is_set_to_what_it_shows_changes_nothing() -> None:
    bench, edge = Bench(), START + 5 * MINUTE_MS
    bench.run(edge)

    bench.met(bench.rtu.set_clock(edge, 0.0))
    bench.run(edge + MINUTE_MS)

    assert bench.minutes() == [0.0, 5.0]
    assert bench.facts("clock") == []


def test_a_clock_that_is_set_ahead_is_ahead_by_so_much() -> None:
    bench = Bench(clocked(offset_s=5.0))

    bench.met(bench.rtu.set_clock(START + MINUTE_MS, 90.0))
    bench.run(START + 5 * MINUTE_MS)

    assert bench.facts("clock")[-1] == {"offset_s": 90.0, "why": "set"}
    assert (bench.minutes()[-1], bench.readings[-1].made_at) == (5.0, START + 5 * MINUTE_MS - 90_000)


def test_an_event_report_survives_a_step_of_the_clock() -> None:
    bench = Bench()
    tips = [START + MINUTE_MS + n for n in (1, 2, 3, 4)]
    bench.run(tips[-1], tips)

    bench.met(bench.rtu.step_clock(tips[-1], -3600.3))
    bench.run(tips[-1] + MINUTE_MS)

    event = next(reading for reading in bench.readings if reading.kind == "event")
    assert event.count == 4
    assert 0 < event.made_at - tips[-1] <= SECOND_MS
    assert event.made_at == bench.rtu.clock.reaches(event.observed_s)


@settings(deadline=None)
@given(
    drift_ppm=drifts,
    steps=st.lists(st.tuples(st.integers(0, 6 * 3600_000), st.integers(-90_000_000, 90_000_000)), max_size=6),
)
@example(drift_ppm=0.0, steps=[(0, 153), (299_847, 300_000)])  # a report is due, and a step makes the next one due
def test_no_step_of_the_clock_loses_timed_reports_or_makes_them_without_end(
    drift_ppm: float, steps: list[tuple[int, int]]
) -> None:
    """Goal: reports go on at any clock. Method: true time between readings, with steps anywhere in six hours."""
    bench = Bench(clocked(drift_ppm=drift_ppm))
    for after_ms, by_ms in sorted(steps):
        bench.run(START + after_ms)
        bench.met(bench.rtu.step_clock(START + after_ms, by_ms / 1000))
    end = START + 7 * HOUR_MS
    bench.run(end)

    made = [reading.made_at for reading in bench.readings]
    slack_ms = EVERY_MS * DRIFT_PPM_MAX / 1e6 + 2
    changes = [START, *sorted(START + after_ms for after_ms, _ in steps), end]
    for before, after in pairwise(changes):
        inside = [at for at in made if before < at < after]
        assert all(b - a <= EVERY_MS + slack_ms for a, b in pairwise([before, *inside, after]))
        assert len(inside) <= (after - before) / (EVERY_MS - slack_ms) + 1
    for change in set(changes):  # the report whose time has come there, and one for each step that reaches another
        assert made.count(change) <= 1 + changes.count(change)
    assert all(reading.observed_s % 300 == 0 for reading in bench.readings[1:])


def test_the_network_sets_a_clock_that_is_a_second_wrong() -> None:
    bench = Bench(clocked(offset_s=-90.0))
    bench.run(START + MINUTE_MS)

    bench.met(bench.rtu.hears_network(START + MINUTE_MS))
    bench.met(bench.rtu.hears_network(START + MINUTE_MS + 1))
    bench.run(START + 5 * MINUTE_MS)

    assert bench.facts("clock") == [{"offset_s": -90.0, "why": "start"}, {"offset_s": 0.0, "why": "network"}]
    assert bench.readings[-1].made_at == bench.readings[-1].observed_s * 1000


def test_the_network_leaves_a_clock_alone_that_is_right_to_the_second() -> None:
    bench = Bench(clocked(offset_s=0.9))

    assert bench.rtu.hears_network(START + MINUTE_MS) == []


def test_the_network_does_not_set_the_clock_of_a_logger_that_does_not_ask() -> None:
    bench = Bench(clocked(offset_s=-90.0, set_by_network=False))

    assert bench.rtu.hears_network(START + MINUTE_MS) == []


def test_a_clock_that_starts_between_seconds_reads_at_the_next_one_only_once() -> None:
    bench = Bench(clocked(offset_s=-0.4))

    bench.run(START + MINUTE_MS)

    assert bench.minutes() == [0.0]


@pytest.mark.parametrize("backup", [True, False])
def test_without_a_battery_of_its_own_the_clock_forgets_the_date(backup: bool) -> None:  # noqa: FBT001
    bench = Bench(clocked(backup=backup))
    bench.run(START + MINUTE_MS)

    bench.met(bench.rtu.cut_power(START + MINUTE_MS))
    bench.run(START + HOUR_MS)
    bench.met(bench.rtu.restore_power(START + HOUR_MS))
    bench.run(START + HOUR_MS + 4 * MINUTE_MS)

    back = bench.readings[1]
    assert back.observed_s * 1000 == (START + HOUR_MS if backup else ms("2000-01-01 00:00")) + SECOND_MS
    assert back.made_at == START + HOUR_MS + SECOND_MS
    assert [one["why"] for one in bench.facts("clock")] == ([] if backup else ["power_loss"])


def test_a_clock_has_a_battery_of_its_own_unless_told_otherwise() -> None:
    bench = Bench()

    bench.met(bench.rtu.cut_power(START + MINUTE_MS))
    bench.met(bench.rtu.restore_power(START + HOUR_MS))
    bench.run(START + HOUR_MS + SECOND_MS)

    assert bench.readings[-1].observed_s * 1000 == START + HOUR_MS + SECOND_MS


def test_a_demo_clock_shows_its_year_and_goes_on() -> None:
    bench = Bench(RtuSettings(quirks=QuirkSettings(demo_year=2059)))

    bench.run(START + 5 * MINUTE_MS)

    shown = [datetime.fromtimestamp(reading.observed_s, UTC) for reading in bench.readings]
    assert shown == [datetime(2059, 7, 15, 10, 0, tzinfo=UTC), datetime(2059, 7, 15, 10, 5, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"drift_ppm": 501.0}, "drift_ppm = 501: must be from -500 to 500"),
        ({"resets_to": datetime(2000, 1, 1)}, "resets_to: must be an instant with its offset"),  # noqa: DTZ001
    ],
)
def test_a_clock_that_cannot_be_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        clocked(**wrong)
