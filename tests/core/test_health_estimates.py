"""Station health: what is estimated from many reports, the clock and the battery.

Goal: a duty officer acts on these figures, so the ways in which they could mislead are played. Method: made-up
stations whose clock and battery are known, with the noise, the backlogs and the sun that stations have.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from gauge_ingest.core.health import health_of
from gauge_ingest.core.health.supply import CHARGE, Low, trend_of
from gauge_ingest.core.model import DAY_MS, SECOND_MS, Row
from simulator.rtu.power import Power, PowerSettings, sun_share
from tests.core.health_rows import A_DAY, EVERY, STATION, days, health, row, sun
from tests.worlds import HOUR, MINUTE, T0

BEGIN = T0 - 30 * DAY_MS

# --- the clock ----------------------------------------------------------------------------------------------------


def clocked(ahead_s: Callable[[float], float], *, seed: int = 7, number: int = 30) -> list[Row]:
    """Reports that take 1.5 s and more, from a clock that is ahead by so many seconds on each day."""
    draw = random.Random(seed)
    rows = []
    for one in days(number):
        at, day = one.observed_at, (one.observed_at - BEGIN) / DAY_MS
        claimed_at = at + round(ahead_s(day) * SECOND_MS)
        received_at = at + 1_500 + round(draw.expovariate(1 / 4_000))
        is_mended = claimed_at > received_at + 10 * MINUTE
        observed_at = at if is_mended else claimed_at
        rows.append(row(observed_at, claimed_at=claimed_at, received_at=received_at))
    return sorted(rows, key=lambda one: one.observed_at)


@pytest.mark.parametrize("drift", [2.0, -2.0, 40.0, -90.0])
def test_a_clock_that_drifts_is_found_within_a_tenth(drift: float) -> None:
    found = health(clocked(lambda day: drift * day))

    assert found.clock_drift_s_per_day == pytest.approx(drift, rel=0.1)
    assert found.clock_offset_s == pytest.approx(drift * 30, rel=0.1, abs=4)


def test_a_clock_that_keeps_time_has_no_drift_and_no_offset_but_the_way() -> None:
    found = health(clocked(lambda _: 0.0))

    assert found.clock_drift_s_per_day == pytest.approx(0.0, abs=0.05)
    assert found.clock_offset_s == pytest.approx(-2.0, abs=1.0)
    assert (found.clock_mended, found.clock_mended_at) == (0, None)


@pytest.mark.parametrize("ahead_s", [-3_600.0, -90.0, 90.0, 1_200.0])
def test_a_clock_that_is_off_is_found_on_both_sides_mended_or_not(ahead_s: float) -> None:
    found = health(clocked(lambda _: ahead_s, number=2))

    assert found.clock_offset_s == pytest.approx(ahead_s, abs=3)
    assert found.clock_mended == (2 * A_DAY + 1 if ahead_s == 1_200.0 else 0)


def delayed(rows: list[Row], came_at: Callable[[int, Row], int | None]) -> list[Row]:
    """Rows of which some were received at another time."""
    return [one._replace(received_at=came_at(place, one) or one.received_at) for place, one in enumerate(rows)]


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(lambda place: place * 2_000, id="oldest first, one after the other"),
        pytest.param(lambda place: (200 - place) * 2_000, id="newest first"),
        pytest.param(lambda place: place // 50 * 1_000, id="in batches of the broker"),
    ],
)
@pytest.mark.parametrize("ended_days_ago", [0, 9])
def test_a_backlog_spoils_neither_offset_nor_drift(order: Callable[[int], int], ended_days_ago: int) -> None:
    """Reports of three days came at their end within minutes; the last case is looked at while it comes."""
    ended_at = T0 - ended_days_ago * DAY_MS

    def came_at(_: int, one: Row) -> int | None:
        waited = ended_at - 3 * DAY_MS < one.observed_at <= ended_at - HOUR
        place = (one.observed_at - ended_at + 3 * DAY_MS) // EVERY
        return ended_at + order(place) if waited else None

    rows = [one for one in clocked(lambda day: 2.0 * day) if ended_days_ago or one.observed_at <= T0 - HOUR]

    found = health(delayed(rows, came_at))

    assert found.clock_drift_s_per_day == pytest.approx(2.0, rel=0.1)
    assert found.clock_offset_s == pytest.approx(60.0 if ended_days_ago else 54.0, abs=4)


@pytest.mark.parametrize(
    ("every_ms", "sent_every_ms"),
    [
        pytest.param(EVERY, 20 * MINUTE, id="a link that is hardly faster than the reports"),
        pytest.param(10_000, 100, id="reports each ten seconds"),
    ],
)
def test_a_backlog_that_is_still_coming_is_not_a_clock_that_is_behind(every_ms: int, sent_every_ms: int) -> None:
    live = [row(at) for at in range(T0 - 100 * every_ms, T0 - 40 * every_ms, every_ms)]
    begun_at = T0 - 24 * sent_every_ms
    waited = [
        row(live[-1].observed_at + place * every_ms, received_at=begun_at + place * sent_every_ms)
        for place in range(1, 24)
    ]

    assert health([*live, *waited]).clock_offset_s == -2.0


def test_of_readings_that_share_a_message_the_last_tells_the_clock() -> None:
    hourly = [one._replace(received_at=-(-one.observed_at // (4 * HOUR)) * 4 * HOUR + 1_500) for one in days(10)]

    found = health(hourly)

    assert found.clock_offset_s == -1.5
    assert found.clock_drift_s_per_day == 0.0


def test_a_clock_that_is_set_each_week_still_shows_its_drift_and_where_it_stands_now() -> None:
    found = health(clocked(lambda day: 3.0 * (day % 7)))

    assert found.clock_drift_s_per_day == pytest.approx(3.0, rel=0.1)
    assert found.clock_offset_s == pytest.approx(6.0 - 2.0, abs=2)


def test_two_days_are_too_few_for_a_drift_and_two_reports_for_an_offset() -> None:
    assert health(clocked(lambda day: 2.0 * day, number=1)).clock_drift_s_per_day is None
    assert health(list(days(1))[:3]).clock_offset_s is None


def test_a_single_time_that_is_wrong_by_years_is_not_the_clock() -> None:
    rows = clocked(lambda _: 0.0)
    rows[-5] = rows[-5]._replace(claimed_at=rows[-5].claimed_at + 900 * DAY_MS)

    found = health(rows)

    assert found.clock_offset_s == pytest.approx(-2.0, abs=1.0)
    assert (found.clock_mended, found.clock_mended_at) == (1, rows[-5].observed_at)


# --- the battery --------------------------------------------------------------------------------------------------


def volts(level_v: Callable[[float], float], *, number: int = 30, seed: int = 2) -> Iterator[Row]:
    """Reports of a battery with the sun's swing upon its level, and a converter's noise."""
    draw = random.Random(seed)

    def told(_: int, day: float) -> dict[str, Any]:
        return {"battery_v": round(level_v(day) + sun(day) + draw.uniform(-0.02, 0.02), 2)}

    return days(number, told)


def resting_v(share: float) -> float:
    """The voltage of a battery with this share of its charge, by the chart."""
    for (low_v, low_share), (high_v, high_share) in pairwise(CHARGE):
        if share <= high_share:
            return low_v + (high_v - low_v) * (share - low_share) / (high_share - low_share)
    return CHARGE[-1][0]


@pytest.mark.parametrize("seed", range(3))
def test_the_fall_of_a_battery_is_found_within_a_tenth(seed: int) -> None:
    found = health(volts(lambda day: 13.0 - 0.05 * day, seed=seed))

    assert found.battery_trend_v_per_day == pytest.approx(-0.05, rel=0.1)
    assert found.battery_min_v == pytest.approx(11.5, abs=0.03)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("left", [0.65, 0.3, 0.15])
def test_the_days_that_a_battery_has_left_are_found_within_a_tenth(seed: int, left: float) -> None:
    a_day = 0.04
    found = health(volts(lambda day: resting_v(left + a_day * (30 - day)), seed=seed))

    at_cut_off = 0.1 * (10.8 - 10.5) / (11.31 - 10.5)
    assert found.battery_days_to_empty == pytest.approx((left - at_cut_off) / a_day, rel=0.1, abs=0.5)


@pytest.mark.parametrize("celsius", [25.0, -10.0])
@pytest.mark.parametrize("days_left", [2, 4, 6])
def test_a_battery_whose_panel_failed_is_empty_when_it_is_said_to_be(celsius: float, days_left: int) -> None:
    """The simulator's battery is another model (Copetti's) with load, cold and clouds; its panel fails on day 20."""
    draw = random.Random(8)
    power = Power(PowerSettings(), BEGIN)
    rows, at = [], BEGIN
    while not power.low:
        at += EVERY
        fails = at > BEGIN + 20 * DAY_MS
        sun_now = 0.0 if fails else sun_share(at, 43.75, 86.57)
        power.step(at, sun=sun_now, cloud=draw.random(), temperature_c=celsius, loaded=True, messages=6)
        rows.append(row(at, battery_v=round(power.volts + draw.uniform(-0.02, 0.02), 2)))
    now = at - days_left * DAY_MS

    found = health_of(
        (one for one in rows if one.observed_at <= now), STATION, since=BEGIN, now=now, first_observed_at=BEGIN
    )

    assert found.battery_days_to_empty == pytest.approx(days_left, rel=0.3, abs=1.1)


@pytest.mark.parametrize("number", [7, 10, 30])
@pytest.mark.parametrize("hours", [0, 5, 13, 19])
def test_the_swing_of_day_and_night_is_no_trend_at_whatever_hour_one_asks(number: int, hours: int) -> None:
    found = health(volts(lambda day: 12.3 + sun(day + hours / 24) - sun(day), number=number), number=number)

    assert found.battery_trend_v_per_day == pytest.approx(0.0, abs=0.01)
    assert found.battery_days_to_empty is None
    assert found.battery_min_v == pytest.approx(12.3, abs=0.03)


def test_a_week_of_clouds_that_is_over_is_no_fall() -> None:
    found = health(volts(lambda day: 12.6 - 0.1 * max(0.0, min(day - 20, 26 - day, 3.0))))

    assert found.battery_days_to_empty is None


def lows(told_v: Sequence[float]) -> list[Low]:
    return [Low(day, low_v, True) for day, low_v in enumerate(told_v)]


def test_weather_without_a_fall_seldom_makes_one() -> None:
    draw = random.Random(12)
    weathers = [lows([12.2 + draw.gauss(0.0, 0.15) for _ in range(10)]) for _ in range(200)]

    taken_for_falling = [trend_of(one, empty_v=10.8).days_to_empty for one in weathers]

    assert sum(days is not None for days in taken_for_falling) <= 20


def test_a_slow_fall_among_clouds_is_seen_over_ten_days() -> None:
    told_v = [12.5, 12.45, 12.47, 12.4, 12.42, 12.35, 12.37, 12.3, 12.32, 12.25]

    assert trend_of(lows(told_v), empty_v=10.8).days_to_empty is not None
    assert trend_of(lows(told_v[5:]), empty_v=10.8).days_to_empty is None


def test_a_fall_of_less_than_a_tenth_of_a_volt_is_none() -> None:
    assert trend_of(lows([12.5 - 0.01 * day for day in range(10)]), empty_v=10.8).days_to_empty is None


def test_a_battery_that_rises_is_never_empty() -> None:
    found = health(volts(lambda day: 11.0 + 0.05 * day))

    assert found.battery_trend_v_per_day == pytest.approx(0.05, rel=0.1)
    assert found.battery_days_to_empty is None


def test_an_empty_battery_has_no_day_left() -> None:
    assert health(volts(lambda day: 12.0 - 0.05 * day)).battery_days_to_empty == 0.0


def test_two_batteries_in_a_row_are_empty_at_twice_the_voltage() -> None:
    one = list(volts(lambda day: resting_v(0.3 + 0.04 * (30 - day))))
    two = [reading._replace(battery_v=2 * (reading.battery_v or 0.0)) for reading in one]

    assert health(two).battery_days_to_empty == health(one).battery_days_to_empty


def test_four_days_are_too_few_for_a_trend() -> None:
    assert health(volts(lambda day: 12.5 - 0.1 * day, number=4), number=4).battery_trend_v_per_day is None


@pytest.mark.parametrize("wrong_v", [3.3, 99.99, 0.0, -5.0])
def test_one_wrong_voltage_is_no_low_battery(wrong_v: float) -> None:
    rows = list(volts(lambda _: 12.5))
    rows[-20] = rows[-20]._replace(battery_v=wrong_v)

    found = health(rows)

    assert found.battery_min_v == pytest.approx(12.5, abs=0.03)
    assert min(day.battery_min_v or 0.0 for day in found.days) > 12.4


def test_of_a_station_that_fell_silent_in_the_sun_the_night_before_still_counts() -> None:
    sunny_until_the_end = volts(lambda day: 11.2 + sun(day + 0.2) - sun(day))

    found = health(one for one in sunny_until_the_end if one.observed_at <= T0 - 42 * HOUR)

    assert found.battery_v == pytest.approx(11.2 + sun(0.43), abs=0.03)
    assert found.battery_min_v == pytest.approx(11.2, abs=0.03)


def test_a_voltage_that_is_not_told_any_more_is_not_known() -> None:
    rows = [one if one.observed_at < T0 - 3 * DAY_MS else one._replace(battery_v=None) for one in volts(lambda _: 12.0)]

    found = health(rows)

    assert (found.battery_v, found.battery_min_v, found.battery_trend_v_per_day) == (None, None, None)
