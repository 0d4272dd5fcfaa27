"""The sky of a run: the same for the same seed, air that fits the rain, snow where it is cold, lightning at times."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from simulator.values import Air
from simulator.weather import Convective, Design, Place, Record, Storm, Stratiform, WeatherSettings, make_sky

SITES = (
    Place("HTB01", 43.75, 86.57, 1250.0),
    Place("HTB02", 43.85, 86.50, 1200.0),
    Place("HTB03", 43.88, 86.78, 1150.0),
    Place("HTB04", 43.95, 86.62, 900.0),
    Place("HTB05", 44.18, 86.85, 560.0),
)
HIGH = Place("PASS", 43.60, 86.40, 2600.0)
JULY_AT = 1_784_073_600_000  # 2026-07-15T00:00:00Z
EVERYTHING = (Storm(), Convective(storms_per_day=1.5), Stratiform(gap_hours=8.0), Design(depth_mm=5.0))
# sha256 of every value of `wet_days`, the same on CPython 3.11, 3.12 and 3.13.
WET_DAYS = "30c432d226f88734c28e2e550f9a323ddde28289182364327d17d110e8892186"


def airs(settings: WeatherSettings, place: Place = SITES[0], *, seed: int = 1, minutes: int = 1440) -> list[Air]:
    sky = make_sky(settings, seed=seed, start_at=JULY_AT, minutes=minutes, folder=Path())
    return list(sky.over(place))


def fallen_mm(series: Sequence[Air]) -> float:
    return sum(air.rain_mm + air.snow_mm for air in series)


def wet_days() -> str:
    digest = hashlib.sha256()
    for seed in range(4):
        sky = make_sky(WeatherSettings(rain=EVERYTHING), seed=seed, start_at=JULY_AT, minutes=2880, folder=Path())
        for place in (*SITES, HIGH):
            digest.update("\n".join(repr(tuple(air)) for air in sky.over(place)).encode())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_weather_byte_for_byte_on_every_machine_and_python() -> None:
    assert wet_days() == WET_DAYS


def test_another_seed_gives_other_rain() -> None:
    settings = WeatherSettings(rain=(Convective(storms_per_day=3.0),))

    assert airs(settings, seed=1) != airs(settings, seed=2)


def test_it_does_not_matter_for_a_place_which_other_places_are_asked_first() -> None:
    settings = WeatherSettings(rain=EVERYTHING)
    sky = make_sky(settings, seed=5, start_at=JULY_AT, minutes=1440, folder=Path())

    for place in reversed(SITES):
        list(sky.over(place))
    again = list(sky.over(SITES[0]))

    assert again == airs(settings, seed=5)


def test_a_longer_run_begins_with_the_weather_of_the_shorter_one() -> None:
    settings = WeatherSettings(rain=EVERYTHING)

    assert airs(settings, minutes=2880)[:1440] == airs(settings, minutes=1440)


@pytest.mark.parametrize("minutes", [1, 5, 7, 480, 1441])
def test_a_run_has_one_air_for_each_of_its_minutes(minutes: int) -> None:
    assert len(airs(WeatherSettings(rain=EVERYTHING), minutes=minutes)) == minutes


def test_without_rain_settings_it_is_dry_and_no_darker_than_the_sky_was_said_to_be() -> None:
    series = airs(WeatherSettings(cloud=0.2), minutes=10 * 1440)

    assert fallen_mm(series) == 0.0
    assert not any(air.lightning for air in series)
    assert 0.0 <= min(air.cloud for air in series) < max(air.cloud for air in series) <= 0.4
    assert sum(air.cloud for air in series) / len(series) == pytest.approx(0.2, abs=0.05)


def test_kinds_of_rain_add_up() -> None:
    storm, steady = Storm(), Stratiform(since_min=0.0, swing=0.0)
    both, none_first = WeatherSettings(rain=(storm, steady)), WeatherSettings(rain=(storm,))

    more = [a.rain_mm - b.rain_mm for a, b in zip(airs(both), airs(none_first), strict=True)]

    assert min(more) >= 0.0
    assert 0.3 * 23.0 < sum(more) < 1.6 * 24.0


def test_rain_that_is_for_one_station_leaves_the_others_dry() -> None:
    settings = WeatherSettings(rain=(Design(stations=("HTB02",), depth_mm=12.0),))

    fallen = {place.station: fallen_mm(airs(settings, place)) for place in SITES}

    assert fallen.pop("HTB02") == pytest.approx(12.0)
    assert set(fallen.values()) == {0.0}


def test_a_day_is_warmest_in_the_afternoon_of_local_solar_time_and_colder_higher_up() -> None:
    settings = WeatherSettings(temperature_c=15.0, daily_swing_c=6.0, cloud=0.0)

    low, high = airs(settings, SITES[0]), airs(settings, HIGH)

    warmest = max(range(1440), key=lambda minute: low[minute].temperature_c)
    assert (warmest / 60.0 + 86.57 / 15.0) % 24.0 == pytest.approx(15.0, abs=0.1)
    assert max(air.temperature_c for air in low) == pytest.approx(15.0 + 6.0 - 0.25 * 6.5, abs=0.01)
    assert low[700].temperature_c - high[700].temperature_c == pytest.approx(1.35 * 6.5)


@pytest.mark.parametrize(("start_at", "expected_c"), [(JULY_AT, 23.2), (1_768_435_200_000, -13.1)])
def test_without_a_temperature_the_season_has_its_own(start_at: int, expected_c: float) -> None:
    sky = make_sky(WeatherSettings(), seed=1, start_at=start_at, minutes=1440, folder=Path())

    series = list(sky.over(Place("URUMQI", 43.8, 87.65, 1000.0)))

    # Urumqi, 82 m lower: 23.7 °C in July, -12.6 °C in January.
    assert sum(air.temperature_c for air in series) / 1440 == pytest.approx(expected_c, abs=0.5)


def test_it_clouds_up_before_rain_is_overcast_in_it_and_clears_afterwards() -> None:
    rain = Design(depth_mm=6.0, duration_min=60.0, since_min=300.0)
    series = airs(WeatherSettings(cloud=0.0, cloud_before_min=40.0, cloud_after_min=90.0, rain=(rain,)))

    cloud = [air.cloud for air in series]

    assert cloud[250] == 0.0 < cloud[270] < cloud[295] < 1.0
    assert set(cloud[300:360]) == {1.0}
    assert 1.0 > cloud[365] > cloud[400] > cloud[455] == 0.0


def test_rain_cools_the_air_and_the_air_warms_again() -> None:
    rain = Design(depth_mm=6.0, duration_min=60.0, since_min=300.0)
    dry = airs(WeatherSettings(cloud_damps=0.0))
    wet = airs(WeatherSettings(cloud_damps=0.0, rain_cools_c=4.0, rain=(rain,)))

    cooler_c = [a.temperature_c - b.temperature_c for a, b in zip(dry, wet, strict=True)]

    assert cooler_c[299] == 0.0
    assert 3.5 < cooler_c[358] < 4.0
    assert 0.0 <= cooler_c[-1] < cooler_c[420] < cooler_c[358]


def test_under_cloud_the_afternoon_is_cooler_and_the_night_milder() -> None:
    clear, dull = airs(WeatherSettings(cloud=0.0)), airs(WeatherSettings(cloud=1.0, cloud_damps=0.5))

    def swing_c(series: Sequence[Air]) -> float:
        return max(air.temperature_c for air in series) - min(air.temperature_c for air in series)

    assert swing_c(clear) == pytest.approx(14.0, abs=0.01)
    assert swing_c(dull) == pytest.approx(7.0, abs=0.01)


@pytest.mark.parametrize(
    ("temperature_c", "share"), [(-1.5, 1.0), (-1.0, 1.0), (0.0, 0.75), (1.0, 0.5), (3.0, 0.0), (9.0, 0.0)]
)
def test_precipitation_is_snow_when_cold_rain_when_warm_and_both_between(temperature_c: float, share: float) -> None:
    settings = WeatherSettings(
        temperature_c=temperature_c, daily_swing_c=0.0, rain_cools_c=0.0, rain=(Design(depth_mm=10.0),)
    )

    series = airs(settings, Place("AT1000", 43.75, 86.57, 1000.0))

    assert sum(air.snow_mm for air in series) == pytest.approx(10.0 * share)
    assert sum(air.rain_mm for air in series) == pytest.approx(10.0 * (1.0 - share))


def test_in_may_it_snows_on_the_pass_while_it_rains_in_the_valley() -> None:
    # 2 May 2025: rain in Que'ergou, sleet and snow above 2000 m (warning 65232341600000_20250502131619).
    settings = WeatherSettings(temperature_c=12.0, rain=(Stratiform(since_min=0.0),))

    valley, pass_ = airs(settings, SITES[1]), airs(settings, HIGH)

    assert sum(air.snow_mm for air in valley) == 0.0 < sum(air.rain_mm for air in valley)
    assert sum(air.snow_mm for air in pass_) > sum(air.rain_mm for air in pass_)


def test_lightning_strikes_in_strong_rain_only_and_as_often_as_was_said() -> None:
    settings = WeatherSettings(lightning_per_mm=0.05, rain=(Storm(),))
    series = [air for seed in range(60) for air in airs(settings, seed=seed, minutes=240)]

    strikes = [air for air in series if air.lightning]

    strong_mm = sum(air.rain_mm for air in series if air.rain_mm > 10.0 / 60.0)
    assert min(air.rain_mm for air in strikes) > 10.0 / 60.0
    assert len(strikes) == pytest.approx(0.05 * strong_mm, rel=0.35)


def test_lightning_is_rare_unless_said_otherwise_and_never_in_gentle_rain() -> None:
    storms, gentle = WeatherSettings(rain=(Storm(),)), WeatherSettings(rain=(Stratiform(since_min=0.0),))

    struck = [any(air.lightning for air in airs(storms, seed=seed, minutes=240)) for seed in range(60)]

    assert 0 < sum(struck) < 10
    assert not any(air.lightning for air in airs(gentle))


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (Storm, "total_mm", (16.0, 15.0)),
        (Storm, "speed_km_per_h", (0.0, 40.0)),
        (Convective, "cell_radius_km", (4.0, 2.0)),
        (Convective, "growth_share", (0.2, 1.0)),
        (Convective, "storms_per_day", 1000.0),
        (Stratiform, "mm_per_h", (-1.0, 1.0)),
        (Stratiform, "lasts_hours", (float("nan"), 3.0)),
        (WeatherSettings, "snow_below_c", 4.0),
        (WeatherSettings, "anchor_latitude", 90.0),
    ],
)
def test_bounds_that_make_no_sense_are_refused_by_name(kind: type[Any], field: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"^{field} = "):
        replace(kind(), **{field: value})


def test_a_rain_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^until_min = 10: must be after since_min = 20"):
        Stratiform(since_min=20.0, until_min=10.0)


def test_a_scenario_names_the_kind_of_each_rain_and_a_mistake_is_told_of_that_kind_alone() -> None:
    adapter = TypeAdapter(WeatherSettings)

    read = adapter.validate_python({"rain": [{"kind": "storm", "total_mm": [20, 25]}, {"kind": "design"}]})

    assert read.rain == (Storm(total_mm=(20.0, 25.0)), Design())
    record = {"kind": "record", "file": "rain.csv", "feeds": {"HTB01": "ams1"}}
    assert adapter.validate_python({"rain": [record]}).rain == (Record(file="rain.csv", feeds={"HTB01": "ams1"}),)
    for wrong, where in (
        ({"kind": "storm", "total": 3}, ("rain", 0, "storm", "total")),
        ({"kind": "storm", "total_mm": [3, 2]}, ("rain", 0, "storm")),
        ({"kind": "hail"}, ("rain", 0)),
        ({"depth_mm": 3}, ("rain", 0)),
    ):
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python({"rain": [wrong]})
        assert [error["loc"] for error in caught.value.errors()] == [where]
