"""Shapes of rain: a flash flood's storm over the county, cells by chance, gentle rain, and design storms."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from simulator.weather import Convective, Design, Place, Rain, Storm, Stratiform, WeatherSettings, make_sky
from simulator.weather.design import HUFF_MEDIANS

SITES = (
    Place("HTB01", 43.75, 86.57, 1250.0),
    Place("HTB02", 43.85, 86.50, 1200.0),
    Place("HTB03", 43.88, 86.78, 1150.0),
    Place("HTB04", 43.95, 86.62, 900.0),
    Place("HTB05", 44.18, 86.85, 560.0),
)
START_AT = 1_784_073_600_000


def minutes_mm(rain: Rain, place: Place = SITES[0], *, seed: int = 1, minutes: int = 480, **air: float) -> list[float]:
    sky = make_sky(WeatherSettings(rain=(rain,), **air), seed=seed, start_at=START_AT, minutes=minutes, folder=Path())
    return [one.rain_mm + one.snow_mm for one in sky.over(place)]


def most_in(minutes: int, mm: list[float]) -> float:
    return max(math.fsum(mm[first : first + minutes]) for first in range(len(mm) - minutes + 1))


@pytest.mark.parametrize("seed", range(10))
def test_the_default_storm_is_a_flash_flood_in_the_mountains_and_two_fifths_of_it_on_the_plain(seed: int) -> None:
    falls = {place.station: minutes_mm(Storm(), place, seed=seed) for place in SITES}

    assert max(most_in(30, falls[station]) for station in ("HTB01", "HTB02", "HTB03")) >= 10.5
    mountains = math.fsum(math.fsum(falls[station]) for station in ("HTB01", "HTB02", "HTB03")) / 3
    for station in ("HTB04", "HTB05"):
        assert 0.35 < math.fsum(falls[station]) / mountains < 0.45
        assert most_in(30, falls[station]) < 8.0


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_leaves_its_total_on_its_track_and_is_over_the_anchor_when_it_was_said(seed: int) -> None:
    plan = Storm(passes_anchor_min=(90.0, 90.0), total_mm=(20.0, 20.0), offset_km=(0.0, 0.0), trailing_share=0.0)

    mm = minutes_mm(plan, seed=seed)

    assert math.fsum(mm) == pytest.approx(20.0, rel=0.005)
    assert math.fsum(mm[:90]) == pytest.approx(10.0, rel=0.01)
    assert mm[:29] == [0.0] * 29  # half an hour of dry weather first
    assert mm[180:] == [0.0] * 300


def test_the_second_cell_of_a_storm_brings_its_share_of_the_total_after_the_first() -> None:
    plan = Storm(
        passes_anchor_min=(90.0, 90.0),
        total_mm=(20.0, 20.0),
        offset_km=(0.0, 0.0),
        trailing_share=0.3,
        trailing_after_min=(100.0, 100.0),
    )

    mm = minutes_mm(plan)

    assert math.fsum(mm[:140]) == pytest.approx(14.0, rel=0.01)
    assert math.fsum(mm[140:]) == pytest.approx(6.0, rel=0.01)


def test_a_storm_reaches_the_plain_later_and_has_grown_before_the_anchor_and_faded_behind_the_plain() -> None:
    plan = Storm(trailing_share=0.0)
    upstream, downstream = Place("UP", 43.45, 86.35, 2000.0), Place("DOWN", 44.70, 87.20, 400.0)

    def middle(mm: list[float]) -> float:
        return math.fsum(minute * fell for minute, fell in enumerate(mm)) / math.fsum(mm)

    falls = [minutes_mm(plan, place, plain_share=1.0) for place in (upstream, SITES[0], SITES[4], downstream)]
    assert [middle(mm) for mm in falls] == sorted(middle(mm) for mm in falls)
    assert math.fsum(falls[0]) < math.fsum(falls[1]) > math.fsum(falls[2]) > math.fsum(falls[3]) > 0.0


def test_convective_rain_comes_as_often_and_at_the_hours_that_were_said() -> None:
    rain = Convective(storms_per_day=1.0, daily_swing=1.0, peak_hour=18.0, cells_per_100_km2_h=4.0)

    mm = minutes_mm(rain, minutes=120 * 1440)

    by_hour = [
        math.fsum(math.fsum(mm[day + hour * 60 : day + hour * 60 + 60]) for day in range(0, len(mm), 1440))
        for hour in range(24)
    ]
    solar = [math.fsum(by_hour[(hour - 6) % 24] for hour in hours) for hours in (range(16, 24), range(4, 12))]
    assert solar[0] > 3.0 * solar[1]


def test_storms_pass_over_every_place_of_the_region_alike() -> None:
    places = [Place(f"P{degrees}", 43.75 + degrees, 86.57 - degrees, 1000.0) for degrees in (-0.35, 0.0, 0.35)]
    rain = Convective(storms_per_day=1.0, cells_per_100_km2_h=4.0)

    wet = []
    for place in places:
        mm = minutes_mm(rain, place, minutes=90 * 1440, plain_share=1.0)
        wet.append(sum(fell > 0.0 for fell in mm) / len(mm))

    assert max(wet) < 1.35 * min(wet)


def test_a_storm_that_stands_still_rains_on_one_place_while_it_lasts() -> None:
    rain = Convective(storms_per_day=5.0, speed_km_per_h=(0.0, 0.0), cells_per_100_km2_h=4.0)

    assert math.fsum(minutes_mm(rain, minutes=1440)) > 0.0


def test_no_convective_rain_without_storms() -> None:
    assert math.fsum(minutes_mm(Convective(storms_per_day=0.0))) == 0.0


def test_gentle_rain_at_a_given_time_has_its_rate_and_comes_and_goes_slowly() -> None:
    rain = Stratiform(since_min=60.0, until_min=360.0, mm_per_h=(2.0, 2.0), ramp_min=60.0, swing=0.0)

    mm = minutes_mm(rain)

    assert [mm[minute] for minute in (59, 360)] == [0.0, 0.0]
    assert mm[70] < mm[100] < mm[125] == pytest.approx(2.0 / 60.0)
    assert math.fsum(mm) == pytest.approx(2.0 * 4.0, rel=0.01)


def test_bands_move_through_gentle_rain_and_places_do_not_have_them_at_the_same_time() -> None:
    rain = Stratiform(since_min=0.0, mm_per_h=(1.0, 1.0), ramp_min=0.0)

    here, there = minutes_mm(rain, minutes=2880), minutes_mm(rain, SITES[2], minutes=2880)

    assert max(here) > 1.5 * math.fsum(here) / len(here)
    assert max(abs(one - other) for one, other in zip(here, there, strict=True)) > 0.5 / 60.0
    assert max(abs(one - other) for one, other in pairwise(here)) < 0.2 / 60.0


def test_gentle_rains_come_by_chance_with_dry_days_between() -> None:
    mm = minutes_mm(Stratiform(), minutes=300 * 1440)

    wet_share = sum(fell > 0.0 for fell in mm) / len(mm)

    assert wet_share == pytest.approx(5.0 / 165.0, rel=0.35)


Shape = Literal["uniform", "chicago", "huff"]


@pytest.mark.parametrize("since_min", [0.0, 30.0, 61.3])
@pytest.mark.parametrize("duration_min", [0.5, 1.0, 59.5, 180.0, 360.0])
@pytest.mark.parametrize("shape", ["uniform", "chicago", "huff"])
def test_a_design_storm_has_its_depth_to_the_last_drop_at_every_station(
    shape: Shape, duration_min: float, since_min: float
) -> None:
    rain = Design(shape=shape, depth_mm=37.3, duration_min=duration_min, since_min=since_min)

    for place in (SITES[0], SITES[4]):
        mm = minutes_mm(rain, place)
        assert math.fsum(mm) == pytest.approx(37.3, abs=1e-9)
        assert math.fsum(mm[: int(since_min)]) == 0.0 == math.fsum(mm[math.ceil(since_min + duration_min) :])


@pytest.mark.parametrize("peak_share", [0.0, 0.375, 1.0])
def test_a_chicago_storm_has_the_depth_of_its_formula_in_its_wettest_part_of_any_length(peak_share: float) -> None:
    rain = Design(shape="chicago", depth_mm=30.0, duration_min=240.0, peak_share=peak_share, since_min=0.0)

    mm = minutes_mm(rain)

    def formula_mm(minutes: float) -> float:
        return float(30.0 * (minutes / (minutes + 10.0) ** 0.75) / (240.0 / 250.0**0.75))

    peak = max(range(480), key=mm.__getitem__)
    assert peak == pytest.approx(240.0 * peak_share, abs=1.0)
    for minutes in (8, 16, 40, 80, 160):  # of which 0.375 is a whole number of minutes
        assert most_in(minutes, mm) == pytest.approx(formula_mm(minutes), rel=1e-9)


@pytest.mark.parametrize("quartile", [1, 2, 3, 4])
def test_a_huff_storm_follows_its_median_curve_and_is_wettest_in_its_quarter(quartile: Literal[1, 2, 3, 4]) -> None:
    rain = Design(shape="huff", quartile=quartile, depth_mm=100.0, duration_min=200.0, since_min=0.0)

    mm = minutes_mm(rain)

    quarters = [math.fsum(mm[first : first + 50]) for first in (0, 50, 100, 150)]
    assert quarters.index(max(quarters)) == quartile - 1
    for twentieth, share in enumerate(HUFF_MEDIANS[quartile]):
        assert math.fsum(mm[: twentieth * 10]) == pytest.approx(100.0 * share)


def test_a_uniform_storm_that_begins_within_a_minute_rains_for_that_part_of_it() -> None:
    mm = minutes_mm(Design(shape="uniform", depth_mm=10.0, duration_min=10.0, since_min=5.25))

    assert mm[4:17] == pytest.approx([0.0, 0.75, *[1.0] * 9, 0.25, 0.0])


def test_a_run_that_ends_in_a_design_storm_has_what_fell_until_then() -> None:
    mm = minutes_mm(Design(shape="uniform", depth_mm=60.0, duration_min=60.0, since_min=30.0), minutes=40)

    assert math.fsum(mm) == pytest.approx(10.0)
