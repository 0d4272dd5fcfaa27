"""The simulated gauge in the cold: snow that tips days later as false rain, and a bucket that is stuck with ice."""

import pytest

from simulator.gauge import Turn
from simulator.values import MINUTE_MS, Air
from tests.simulator.gauges import DAY, HOUR, T0, dry, gauge_of, live, rain


def snow(mm: float) -> list[Air]:
    return [Air(snow_mm=mm / HOUR, temperature_c=-5.0)] * HOUR


def test_snow_melts_days_later_and_tips_as_false_rain() -> None:
    gauge = gauge_of(0.2)

    winter = live(gauge, [*snow(10.0), *dry(3 * DAY, -5.0), *dry(HOUR, 0.0)])
    spring = live(gauge, dry(2 * DAY, 4.0))

    days_later = [(turn.at - T0) / MINUTE_MS / DAY for turn in spring]
    assert winter == []
    assert len(spring) == 49  # 50, but for the melt that ran in while it turned
    assert days_later[0] == pytest.approx(0.2 / 14.0, abs=0.001)  # 3.5 mm a degree and day
    assert 9.8 / 14.0 < days_later[-1] <= 10.0 / 14.0
    assert gauge.balance.snow_held_mm == 0.0


def test_a_cap_of_snow_falls_off_a_full_funnel() -> None:
    gauge = gauge_of(0.2)

    live(gauge, snow(27.0))

    assert gauge.balance.snow_held_mm == 20.0
    assert gauge.balance.overflowed_mm == pytest.approx(7.0)


def test_rain_that_freezes_waits_in_the_funnel_and_rain_on_snow_does_not() -> None:
    frozen, wet = gauge_of(0.2), gauge_of(0.2)
    live(wet, snow(5.0))

    assert live(frozen, rain(5.0, HOUR, temperature_c=-0.5)) == []
    assert len(live(wet, rain(5.0, HOUR, temperature_c=0.5))) == 25

    assert frozen.balance.snow_held_mm == pytest.approx(5.0)
    assert frozen.balance.residue_mm == 0.0


def test_water_that_stands_in_a_clogged_funnel_does_not_run_below_freezing() -> None:
    gauge = gauge_of(0.2)
    gauge.clog(1.0)
    live(gauge, rain(10.0, HOUR))
    held_mm = gauge.balance.funnel_held_mm

    turns = live(gauge, dry(DAY, temperature_c=-0.1))

    assert turns == []
    assert gauge.balance.funnel_held_mm == held_mm > 8.0


def test_a_frozen_bucket_is_stuck_until_it_thaws_and_then_turns_at_once() -> None:
    """0.14 mm of ice melt in 58 minutes at 1 °C (3.5 mm a day); the bucket takes 0.06 mm more, the rest is lost."""
    gauge = gauge_of(0.2)
    live(gauge, [*rain(8.4, 1), *dry(1, -1.0)])

    stuck = live(gauge, rain(6.0, 58, temperature_c=1.0))
    over_mm = gauge.balance.overflowed_mm
    thawed = live(gauge, dry(1))

    assert stuck == []
    assert over_mm == pytest.approx(5.8 - 0.06)
    assert thawed == [Turn(T0 + 1)]
    assert live(gauge, rain(12.0, 1)) == [Turn(T0 + MINUTE_MS)]


def test_a_bucket_without_water_does_not_freeze_and_a_mild_frost_spares_it() -> None:
    empty, mild = gauge_of(0.2), gauge_of(0.2)
    live(empty, dry(DAY, -20.0))
    live(mild, [*rain(6.0, 1), *dry(DAY, -0.9)])

    assert len(live(empty, rain(12.0, 1))) == 1
    assert len(live(mild, rain(12.0, 1))) == 1


def test_a_bucket_thaws_in_dry_air_as_well() -> None:
    gauge = gauge_of(0.2)
    live(gauge, [*rain(6.0, 1), *dry(1, -5.0), *dry(DAY, 1.0)])

    assert len(live(gauge, rain(12.0, 1))) == 1


def test_a_bucket_that_freezes_again_has_to_thaw_again() -> None:
    """0.12 mm of ice melt in 25 minutes at 2 °C; after 20 of them a minute of frost makes ice of all of it again."""
    gauge = gauge_of(0.2)
    live(gauge, [*rain(7.2, 1), *dry(1, -5.0), *dry(20, 2.0), *dry(1, -5.0)])

    stuck = live(gauge, rain(60.0, 24, temperature_c=2.0))

    assert stuck == []
    assert len(live(gauge, rain(60.0, 2, temperature_c=2.0))) > 0
