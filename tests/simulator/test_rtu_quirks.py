"""Firmware as it is in the field: each way of it that makes rain harder to read, and what a reading says beside."""

from __future__ import annotations

import dataclasses

import pytest
from pydantic import TypeAdapter, ValidationError

from simulator.rtu import QuirkSettings, RtuSettings
from simulator.values import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Air
from tests.simulator.rtu_bench import SITE, START, Bench, ms


def quirky(**quirks: object) -> RtuSettings:
    return RtuSettings(quirks=QuirkSettings(**quirks))  # type: ignore[arg-type]  # what QuirkSettings says


def test_a_reading_says_voltage_signal_temperature_and_door() -> None:
    bench = Bench()
    bench.air = Air(temperature_c=11.5)

    bench.run(START + DAY_MS)

    readings = bench.readings[1:]
    assert all(reading.door_open is False for reading in readings)
    signals = [reading.signal_dbm for reading in readings if reading.signal_dbm is not None]
    assert (min(signals), max(signals)) == (-91, -79)
    temperatures = [reading.temperature_c for reading in readings if reading.temperature_c is not None]
    assert 11.2 <= min(temperatures) < max(temperatures) <= 11.8
    assert all(reading.battery_v is not None and 10.8 < reading.battery_v < 14.4 for reading in readings)
    assert len(signals) == len(temperatures) == 288
    assert all(round(one, 1) == one for one in temperatures)


def test_the_voltage_of_a_reading_is_the_voltage_of_the_battery() -> None:
    bench = Bench()

    for hours in range(1, 20):
        bench.run(START + hours * HOUR_MS)

        assert bench.readings[-1].battery_v == pytest.approx(bench.rtu.power.volts, abs=0.026)


def test_the_noise_of_a_reading_has_no_bias() -> None:
    bench = Bench()
    bench.air = Air(temperature_c=11.54)
    bench.run(START)

    wrong_v, wrong_c = [], []
    for minutes in range(5, 5 * DAY_MS // MINUTE_MS, 5):
        bench.run(START + minutes * MINUTE_MS)
        reading = bench.readings[-1]
        assert reading.battery_v is not None
        assert reading.temperature_c is not None
        wrong_v.append(reading.battery_v - bench.rtu.power.volts)
        wrong_c.append(reading.temperature_c - 11.54)

    assert sum(wrong_v) / len(wrong_v) == pytest.approx(0.0, abs=0.001)
    assert sum(wrong_c) / len(wrong_c) == pytest.approx(0.0, abs=0.015)


def test_a_station_without_a_thermometer_leaves_the_temperature_out() -> None:
    bench = Bench(RtuSettings(temperature_sensor=False))

    assert bench.readings[0].temperature_c is None
    assert bench.readings[0].battery_v is not None


def test_firmware_that_never_reports_its_voltage_leaves_it_out() -> None:
    bench = Bench(quirky(no_battery=True))

    bench.run(START + HOUR_MS)

    assert {reading.battery_v for reading in bench.readings} == {None}


def test_values_that_are_missing_now_and_then_are_left_out() -> None:
    bench = Bench(quirky(missing_share=0.25))

    bench.run(START + 4 * DAY_MS)

    number = len(bench.readings)
    assert sum(reading.temperature_c is None for reading in bench.readings) / number == pytest.approx(0.25, abs=0.05)
    assert sum(reading.signal_dbm is None for reading in bench.readings) / number == pytest.approx(0.25, abs=0.05)


def test_a_sentinel_stands_for_what_is_missing() -> None:
    bench = Bench(quirky(missing_share=1.0, sentinels=True, no_battery=True))

    reading = bench.readings[0]

    assert (reading.battery_v, reading.signal_dbm, reading.temperature_c) == (99.99, 99, 999.9)


def test_nothing_missing_needs_no_sentinel() -> None:
    plain, quirk = Bench(), Bench(quirky(sentinels=True))

    assert plain.readings == quirk.readings


def test_a_firmware_that_forgets_begins_at_message_one_and_count_zero() -> None:
    bench = Bench(quirky(forgets_at_reboot=True))
    at = START + 7 * MINUTE_MS
    bench.run(at, [START + MINUTE_MS, at - MINUTE_MS])

    bench.met(bench.rtu.reboot(at, loses_count=False, loses_memory=False))
    bench.run(at + 5 * MINUTE_MS, [at + MINUTE_MS])

    assert [(message.seq, message.readings[0].count) for message in bench.messages] == [(0, 0), (1, 1), (1, 0), (2, 1)]
    assert bench.facts("restart") == [{"boot": 4, "loses_count": True, "counted_lost": 1}]


def test_event_reports_by_time_come_in_dry_weather() -> None:
    bench = Bench(quirky(event_every_s=300), site=dataclasses.replace(SITE, report_every_s=3600))

    bench.run(START + 2 * HOUR_MS)

    kinds = [reading.kind for reading in bench.readings]
    assert kinds == ["timed", *["event"] * 11, "timed", *["event"] * 11, "timed"]
    assert set(bench.counts()) == {0}


def test_one_observed_time_comes_in_several_messages() -> None:
    bench, edge = Bench(quirky(repeats_times=True)), START + 5 * MINUTE_MS

    bench.run(START + HOUR_MS, [edge - n for n in (400, 300, 200, 100)])

    times = [message.readings[0].observed_s * 1000 for message in bench.messages]
    assert [at - START for at in times if times.count(at) > 1] == [
        5 * MINUTE_MS,
        5 * MINUTE_MS,
        HOUR_MS,
        HOUR_MS,
    ]
    assert [message.kind for message in bench.messages][1:3] == ["timed", "event"]
    assert [message.seq for message in bench.messages] == list(range(15))
    assert len(bench.readings) == 13


def test_a_demo_year_that_no_clock_shows_is_refused() -> None:
    with pytest.raises(ValueError, match="demo_year = 59: must be from 1970 to 2099, or 0 for none"):
        quirky(demo_year=59)


def test_a_demo_clock_on_a_leap_day_stays_within_its_year() -> None:
    bench = Bench(quirky(demo_year=2059), start_at=ms("2028-02-29 12:00"))

    assert bench.readings[0].observed_s * 1000 == ms("2059-03-01 12:00")


def test_settings_come_from_a_table() -> None:
    table = (
        '{"event_tips": 1, "clock": {"drift_ppm": 20, "resets_to": "2000-01-01T00:00:00+08:00"},'
        ' "memory": {"messages_max": 100, "kind": "ram"}, "quirks": {"demo_year": 2059}}'
    )

    settings = TypeAdapter(RtuSettings).validate_json(table, strict=True)

    assert (settings.event_tips, settings.clock.drift_ppm, settings.memory.kind) == (1, 20.0, "ram")
    assert settings.clock.resets_to_ms == ms("2000-01-01 00:00")


@pytest.mark.parametrize(
    "table",
    [
        '{"event_tip": 1}',
        '{"event_tips": -1}',
        '{"memory": {"messages_max": 0}}',
        '{"memory": {"kind": "paper"}}',
        '{"power": {"charge_share": 1.5}}',
        '{"power": {"capacity_ah": 0}}',
        '{"quirks": {"missing_share": 2}}',
        '{"clock": {"drift_ppm": 1000}}',
        '{"first_seq": 4294967296}',
    ],
)
def test_settings_that_no_logger_has_are_refused(table: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RtuSettings).validate_json(table, strict=True)


def test_the_same_seed_gives_the_same_readings_and_another_gives_others() -> None:
    first, same, other = Bench(seed=17), Bench(seed=17), Bench(seed=18)

    for bench in (first, same, other):
        bench.run(START + HOUR_MS)

    assert first.readings == same.readings != other.readings
    assert first.messages[-1].sent_s == other.messages[-1].sent_s == (START + HOUR_MS) // SECOND_MS
