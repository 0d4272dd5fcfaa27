"""Battery and sun of a station: when it reports its voltage, when it goes dark, and what rain that costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from simulator.portable import cos_turn
from simulator.rtu import Power, PowerSettings, RtuSettings, sun_share
from simulator.values import DAY_MS, HOUR_MS, MINUTE_MS, NEVER, Air
from tests.simulator.rtu_bench import SITE, START, Bench, ms

HUTUBI = (43.75, 86.57)


def lived(
    settings: RtuSettings, *, since: int, days: int, cloud: Callable[[int], float], mean_c: float
) -> tuple[Bench, dict[int, float]]:
    """Return the bench and its voltage by hours from the start."""
    bench, volts = Bench(settings, start_at=since), {}
    for step in range(days * 144):
        at = since + step * 10 * MINUTE_MS
        hour = (at + 8 * HOUR_MS) % DAY_MS / HOUR_MS
        bench.air = Air(temperature_c=mean_c + 6.0 * cos_turn((hour - 15.0) / 24.0), cloud=cloud(step // 144))
        bench.sun = sun_share(at, *HUTUBI)
        bench.run(at)
        bench.acknowledge_all()
        if step % 6 == 0:
            volts[step // 6] = bench.rtu.power.volts
    return bench, volts


def test_the_sun_is_highest_at_noon_by_the_sun_and_gone_by_night() -> None:
    day = [sun_share(ms("2026-07-15 00:00") + n * MINUTE_MS, *HUTUBI) for n in range(1440)]

    # Local noon: 12:00 + (120 - 86.57) / 15 h + 5.9 min of the equation of time = 14:20 Beijing time.
    assert day.index(max(day)) == pytest.approx(14 * 60 + 20, abs=2)
    # Height at noon 90 - 43.75 + 21.6 = 67.8 degrees: 0.91 sin 67.8 - 0.03.
    assert max(day) == pytest.approx(0.8127, abs=0.003)
    assert day[: 6 * 60] == [0.0] * 360
    assert sum(1 for share in day if share > 0.0) / 60 == pytest.approx(14.4, abs=0.2)


@pytest.mark.parametrize(("date", "noon"), [("2026-12-21", 0.322), ("2026-03-20", 0.624), ("2026-06-21", 0.825)])
def test_the_sun_is_weaker_in_winter(date: str, noon: float) -> None:
    best = max(sun_share(ms(f"{date} 12:00") + n * MINUTE_MS, *HUTUBI) for n in range(240))

    assert best == pytest.approx(noon, abs=0.004)


@pytest.mark.parametrize(
    ("date", "noon_min"), [("2026-02-11", 867.9), ("2026-05-14", 850.0), ("2026-07-26", 860.2), ("2026-11-03", 837.3)]
)
def test_noon_by_the_sun_moves_with_the_season(date: str, noon_min: float) -> None:
    # 12:00 + (120 - 86.57) / 15 h, less the equation of time of an almanac: -14.2, 3.7, -6.5 and 16.4 minutes.
    day = [sun_share(ms(f"{date} 12:00") + n * 10_000, *HUTUBI) for n in range(1440)]

    assert 720 + day.index(max(day)) / 6 == pytest.approx(noon_min, abs=0.8)


# Worked out apart from the simulator, with the formulas of Copetti et al. for 7 Ah at the 20-hour rate.
@pytest.mark.parametrize(
    ("charge_share", "sun", "temperature_c", "volts"),
    [
        (0.9, 0.0, 25.0, 12.0904),
        (0.5, 0.0, 25.0, 11.7651),
        (0.2, 0.0, 25.0, 11.3610),
        (0.5, 0.0, -10.0, 11.4904),
        (0.5, 0.3, 25.0, 12.9639),
        (0.5, 0.8, 25.0, 14.2862),
        (0.3, 0.4, 10.0, 13.2126),
        (0.8, 0.5, 30.0, 14.0776),
        (0.8, 0.9, 25.0, 14.4),
        (0.99, 0.9, 25.0, 13.8),
    ],
)
def test_the_voltage_follows_the_published_model(
    charge_share: float, sun: float, temperature_c: float, volts: float
) -> None:
    power = Power(PowerSettings(charge_share=charge_share), START)

    power.step(START + 1, sun=sun, cloud=0.0, temperature_c=temperature_c, loaded=True, messages=0)

    assert power.volts == pytest.approx(volts, abs=2e-4)


@pytest.mark.parametrize(
    ("charge_share", "net_a", "taken"), [(0.5, 0.3, 1.0), (0.8, 0.3, 0.9835), (0.9, 0.3, 0.8714), (0.9, 0.1, 0.9475)]
)
def test_a_battery_takes_less_of_the_current_as_it_fills(charge_share: float, net_a: float, taken: float) -> None:
    power = Power(PowerSettings(charge_share=charge_share, idle_a=0.0, panel_a=net_a), START)

    power.step(START + MINUTE_MS, sun=1.0, cloud=0.0, temperature_c=25.0, loaded=True, messages=0)

    assert power.charge_ah - 7.0 * charge_share == pytest.approx(net_a / 60 * taken, rel=1e-3)


def test_the_first_reading_has_the_voltage_of_the_charge_at_the_start() -> None:
    bench = Bench()

    assert bench.readings[0].battery_v == pytest.approx(12.0904, abs=0.026)


def test_the_battery_is_looked_at_every_twenty_minutes() -> None:
    bench = Bench()
    bench.sun = 0.8

    seen = []
    for minutes in range(1, 81):
        bench.run(START + minutes * MINUTE_MS)
        seen.append(bench.rtu.power.charge_ah)

    assert len(set(seen)) == 5


def test_a_summer_day_looks_like_the_field() -> None:
    bench, volts = lived(RtuSettings(), since=ms("2026-07-15 00:00"), days=3, cloud=lambda _: 0.3, mean_c=20.0)

    night = [volts[hour] for hour in (25, 27, 29, 49, 51, 53)]
    noon = [volts[hour] for hour in (37, 38, 39, 61, 62, 63)]
    assert all(11.9 < one < 12.3 for one in night)
    assert all(13.4 < one < 14.2 for one in noon)
    assert max(volts.values()) == pytest.approx(14.45, abs=0.1)
    assert bench.facts("power") == []


def test_a_winter_night_looks_like_the_field() -> None:
    # Seen in a February log: 11.37 V at 23:00, 11.48 V at 08:40, 11.97 V at 09:40 as the sun rises.
    settings = RtuSettings(power=PowerSettings(charge_share=0.5))

    _, volts = lived(settings, since=ms("2026-02-01 00:00"), days=1, cloud=lambda _: 0.3, mean_c=-12.0)

    assert volts[4] == pytest.approx(11.37, abs=0.05)
    assert volts[8] == pytest.approx(11.44, abs=0.1)
    assert volts[11] > 12.0
    assert 13.5 < max(volts.values()) < 14.2


def test_a_week_with_sun_stays_far_above_the_cut_off() -> None:
    bench, volts = lived(RtuSettings(), since=ms("2026-07-13 00:00"), days=7, cloud=lambda _: 0.5, mean_c=20.0)

    assert min(volts.values()) > 11.8
    assert bench.facts("power") == []
    assert len(bench.readings) == 7 * 288 - 1


def test_ten_overcast_days_take_a_weak_panel_down_and_the_sun_brings_it_back() -> None:
    settings = RtuSettings(power=PowerSettings(panel_a=0.06, charge_share=0.6))

    bench, volts = lived(
        settings, since=ms("2026-07-10 00:00"), days=13, cloud=lambda day: float(day < 10), mean_c=15.0
    )

    (off, on), (down, up) = bench.facts("power"), [one.at for one in bench.happenings if one.event == "power"]
    assert (off["on"], on["on"]) == (False, True)
    assert ms("2026-07-17 00:00") < down < ms("2026-07-20 00:00") < up < ms("2026-07-20 14:00")
    assert off["battery_v"] == pytest.approx(10.8, abs=0.1)
    # Without its load the battery recovers at once, far above the cut-off; it stays off all the same.
    dark = [volts[hour] for hour in range((down - ms("2026-07-10 00:00")) // HOUR_MS + 1, 240)]
    assert 11.7 < min(dark) < max(dark) < 12.5
    assert on["battery_v"] == pytest.approx(12.5, abs=0.4)
    assert bench.facts("restart") == [{"boot": 4, "loses_count": False, "counted_lost": 0}]
    made = [reading.made_at for reading in bench.readings]
    assert [at for at in made if down < at <= up] == []
    assert next(at for at in made if at > up) == up + 1000


def test_a_station_without_power_counts_no_rain_and_reports_none() -> None:
    bench = Bench()
    bench.run(START + 7 * MINUTE_MS, [START + 6 * MINUTE_MS])

    bench.met(bench.rtu.cut_power(START + 7 * MINUTE_MS))
    bench.run(START + 20 * MINUTE_MS, [START + n * MINUTE_MS for n in (8, 9, 10)])
    bench.met(bench.rtu.restore_power(START + 20 * MINUTE_MS))
    bench.run(START + 22 * MINUTE_MS, [START + 21 * MINUTE_MS])
    bench.met(bench.rtu.close(START + 22 * MINUTE_MS))

    assert bench.missed == 3
    assert bench.counts() == [0, 0, 1, 2]
    assert [reading.counted for reading in bench.readings] == [0, 0, 1, 2]
    assert [one["on"] for one in bench.facts("power")] == [False, True]
    assert bench.facts("restart") == [{"boot": 4, "loses_count": False, "counted_lost": 0}]


def test_a_count_that_does_not_survive_takes_unreported_rain_with_it() -> None:
    bench = Bench(RtuSettings(count_survives=False))
    bench.run(START + 7 * MINUTE_MS, [START + 6 * MINUTE_MS])

    bench.met(bench.rtu.cut_power(START + 7 * MINUTE_MS))
    bench.met(bench.rtu.restore_power(START + 20 * MINUTE_MS))

    assert bench.facts("restart") == [{"boot": 4, "loses_count": True, "counted_lost": 1}]


def test_power_that_is_cut_does_not_come_back_by_the_sun() -> None:
    bench = Bench()
    bench.sun = 0.8
    bench.met(bench.rtu.cut_power(START + MINUTE_MS))

    bench.run(START + 3 * HOUR_MS)

    assert not bench.rtu.on
    assert bench.rtu.restore_power(START + 3 * HOUR_MS) != []
    assert bench.rtu.restore_power(START + 3 * HOUR_MS) == []
    bench.run(START + 4 * HOUR_MS)
    assert bench.rtu.on


def test_a_low_battery_stays_off_when_somebody_gives_the_power_back() -> None:
    bench = Bench(RtuSettings(power=PowerSettings(charge_share=0.05)))
    bench.run(START + HOUR_MS)
    bench.met(bench.rtu.cut_power(START + HOUR_MS))

    happenings = bench.rtu.restore_power(START + HOUR_MS + 1)

    assert bench.rtu.power.low
    assert happenings == []


def test_a_run_that_ends_in_the_dark_closes_with_power() -> None:
    bench = Bench()
    bench.run(START + MINUTE_MS, [START + 1])
    bench.met(bench.rtu.cut_power(START + MINUTE_MS))

    bench.met(bench.rtu.close(START + 10 * MINUTE_MS))

    bench.run(START + HOUR_MS)
    assert bench.rtu.on
    assert bench.rtu.next_at() == NEVER
    assert (bench.readings[-1].count, bench.messages[-1].boot) == (1, 4)
    assert [one["on"] for one in bench.facts("power")] == [False, True]


def test_sending_costs_charge() -> None:
    idle, busy = (Power(PowerSettings(), START) for _ in range(2))

    idle.step(START + HOUR_MS, sun=0.0, cloud=0.0, temperature_c=20.0, loaded=True, messages=0)
    busy.step(START + HOUR_MS, sun=0.0, cloud=0.0, temperature_c=20.0, loaded=True, messages=36)

    assert 0.9 * 7.0 - idle.charge_ah == pytest.approx(0.0155)
    assert idle.charge_ah - busy.charge_ah == pytest.approx(0.1 * 0.075)


def test_a_station_that_reports_more_often_uses_more() -> None:
    few, many = (Bench(site=dataclasses.replace(SITE, report_every_s=every_s)) for every_s in (3600, 60))

    for bench in (few, many):
        bench.run(START + 5 * HOUR_MS)

    sent = len(many.messages) - len(few.messages)
    assert few.rtu.power.charge_ah - many.rtu.power.charge_ah == pytest.approx(sent * 0.075 * 10 / 3600, rel=0.02)


@pytest.mark.parametrize(("cloud", "share"), [(0.0, 1.0), (1.0, 0.25), (0.5, 0.929)])
def test_clouds_dim_the_panel(cloud: float, share: float) -> None:
    power = Power(PowerSettings(charge_share=0.2, idle_a=0.0), START)

    power.step(START + HOUR_MS, sun=0.5, cloud=cloud, temperature_c=25.0, loaded=True, messages=0)

    assert power.charge_ah - 1.4 == pytest.approx(0.57 * 0.5 * share, rel=1e-3)


def test_cold_takes_voltage_from_a_half_empty_battery_and_gives_it_to_the_controller() -> None:
    cold, warm = (Power(PowerSettings(charge_share=0.5), START) for _ in range(2))
    for power, temperature_c in ((cold, -15.0), (warm, 25.0)):
        power.step(START + 1, sun=0.0, cloud=0.0, temperature_c=temperature_c, loaded=True, messages=0)
    full = [Power(PowerSettings(charge_share=0.9), START) for _ in range(2)]
    for power, temperature_c in zip(full, (-5.0, 25.0), strict=True):
        power.step(START + 1, sun=0.9, cloud=0.0, temperature_c=temperature_c, loaded=True, messages=0)

    assert cold.volts < warm.volts - 0.3
    assert [power.volts for power in full] == pytest.approx([15.0, 14.4])


def test_a_battery_holds_no_more_than_its_capacity_and_no_less_than_nothing() -> None:
    power = Power(PowerSettings(), START)

    power.step(START + 10 * DAY_MS, sun=1.0, cloud=0.0, temperature_c=25.0, loaded=False, messages=0)
    full_ah = power.charge_ah
    power.step(START + 90 * DAY_MS, sun=0.0, cloud=0.0, temperature_c=25.0, loaded=True, messages=0)

    assert full_ah == 7.0
    assert power.charge_ah == 0.0
    assert power.low


def test_a_run_that_ends_when_the_battery_lets_go_still_closes() -> None:
    bench = Bench(RtuSettings(power=PowerSettings(charge_share=0.05)))
    bench.run(START + 20 * MINUTE_MS - 1)
    bench.rtu.minute(START + 20 * MINUTE_MS, Air(), sun=0.0)
    due_at = bench.rtu.next_at()

    bench.met(bench.rtu.close(START + 20 * MINUTE_MS))

    assert due_at == START + 20 * MINUTE_MS
    assert bench.rtu.power.low
    assert (bench.rtu.on, bench.rtu.next_at()) == (True, NEVER)
    assert bench.readings[-1].made_at == START + 20 * MINUTE_MS


def test_a_return_voltage_below_the_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match=r"return_v = 10\.5: must be above cut_off_v = 10\.8"):
        PowerSettings(return_v=10.5)
