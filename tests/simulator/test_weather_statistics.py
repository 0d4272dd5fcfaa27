"""Is it rain? Statistics of the generated 5-minute series beside those of real climates.

Goal: whoever tests alarms on generated weather may believe its bursts, its pauses and its spread over the county.
Method: nine months of summer at the three mountain sites, default settings, one seed. Each figure has to lie in the
range that is spanned by what is published of other places and what two real records have, read here from the files. A
semi-arid summer has fewer rains than a maritime one, so that figures which grow with the number of rains (mean,
variance, wet share) are compared per mm of mean, or between the dry neighbour Urumqi and wet Bochum, as each test says.
"""

import csv
import gzip
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from simulator.weather import Convective, Place, Stratiform, WeatherSettings, make_sky

# Real records; sources and licences: tests/records/gauges/README.md.
RECORDS = Path(__file__).parents[1] / "records" / "gauges"
HEALTHY = ("ams1", "ams8", "ams12", "ams20")  # the fifth Amsterdam gauge is dead
TIP_MM = 0.101  # Amsterdam's; the generated series is put through such a bucket where a bucket matters
DAYS = 276
SEED = 1
JULY_AT = 1_782_835_200_000  # 2026-07-01T00:00 Beijing time
MOUNTAINS = (
    Place("HTB01", 43.75, 86.57, 1250.0),
    Place("HTB02", 43.85, 86.50, 1200.0),
    Place("HTB03", 43.88, 86.78, 1150.0),
)
PLAIN = (Place("HTB04", 43.95, 86.62, 900.0), Place("HTB05", 44.18, 86.85, 560.0))
NEAR = (Place("NEAR5", 43.75, 86.632, 1250.0), Place("NEAR7", 43.75, 86.657, 1250.0))  # 5 and 7 km east of HTB01


class Figures(NamedTuple):
    """What is compared. Depths in mm, intensities in mm/h, lags of one step."""

    mean_mm_per_day: float
    dispersion_5_min_mm: float  # variance / mean: does not change with the number of independent rains
    dispersion_1_h_mm: float
    lag_5_min: float
    lag_1_h: float
    wet_5_min: float
    wet_mm_per_h: float  # mean while wet
    q50_mm_per_h: float
    q90_mm_per_h: float
    q99_mm_per_h: float
    dry_days: float  # less than 0.1 mm


# Bochum, 69 years of 5-minute depths to 0.01 mm (Onof and Wang 2020, HESS 24, 2791-2815), May to September:
# mean of 5 min (mm), its coefficient of variation, lag-1 autocorrelation and dry share; coefficient of variation and
# lag-1 autocorrelation of 1 h; dry share of days. As tabulated in the authors' NTU-CompHydroMet-Lab/pyBL (MIT),
# tests/data/bochum_stats.csv at e4319512.
BOCHUM = (
    (0.00692407, 8.61156993, 0.65688849, 0.93435282, 5.47371229, 0.42530972, 0.50682927),
    (0.00932236, 10.26016008, 0.57312976, 0.93028645, 5.92360371, 0.30368424, 0.48235887),
    (0.00882688, 11.44160519, 0.59107582, 0.93881757, 6.31519458, 0.28188099, 0.49708738),
    (0.00835629, 11.42995271, 0.62529505, 0.94429423, 6.65036548, 0.33717740, 0.51653696),
    (0.00806634, 9.59459688, 0.62813548, 0.93451013, 5.88791005, 0.34432788, 0.50358240),
)
# Urumqi (918 m), 130 km east of the stations, May to September: mm and days with rain in a month, days of the month
# (climate table of the China Meteorological Administration, as shown by topchinatravel.com).
URUMQI = ((38.9, 6.8, 31), (36.2, 8.0, 30), (30.4, 8.4, 31), (23.3, 6.3, 31), (26.2, 5.0, 30))
# Hourly correlation of 8 gauges of the German weather service in Upper Franconia, June to August of 2005 to 2021, by
# distance in km: measured by us on the files of rwgen1/rwgen, examples/rainfall_model/spatial/input/gauge_data.
FRANCONIA_1_H = {(12.0, 15.0): (0.41, 0.55), (22.0, 34.0): (0.27, 0.42)}  # 28 pairs: 13 to 17 km, 21 to 38 km


def moments(series: Sequence[float]) -> tuple[float, float, float]:
    """Return mean, variance and lag-1 autocorrelation."""
    mean = math.fsum(series) / len(series)
    square = math.fsum((value - mean) ** 2 for value in series)
    return mean, square / len(series), math.fsum((a - mean) * (b - mean) for a, b in pairwise(series)) / square


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean, at = math.fsum(one) / len(one), math.fsum(other) / len(other)
    both = math.fsum((a - mean) * (b - at) for a, b in zip(one, other, strict=True))
    squares = math.fsum((a - mean) ** 2 for a in one) * math.fsum((b - at) ** 2 for b in other)
    return both / math.sqrt(squares)


def added(series: Sequence[float], steps: int) -> list[float]:
    return [math.fsum(series[first : first + steps]) for first in range(0, len(series) - steps + 1, steps)]


def figures(series: Sequence[float], *, wet_from_mm: float = 1e-9) -> Figures:
    """Return the figures of a series of 5-minute depths."""
    hours, days = added(series, 12), added(series, 288)
    mean, variance, lag = moments(series)
    mean_1_h, variance_1_h, lag_1_h = moments(hours)
    wet = sorted(value * 12.0 for value in series if value >= wet_from_mm)
    return Figures(
        mean_mm_per_day=mean * 288.0,
        dispersion_5_min_mm=variance / mean,
        dispersion_1_h_mm=variance_1_h / mean_1_h,
        lag_5_min=lag,
        lag_1_h=lag_1_h,
        wet_5_min=len(wet) / len(series),
        wet_mm_per_h=mean * 12.0 * len(series) / len(wet),
        q50_mm_per_h=round(wet[len(wet) // 2], 1),
        q90_mm_per_h=wet[len(wet) * 9 // 10],
        q99_mm_per_h=wet[len(wet) * 99 // 100],
        dry_days=sum(day < 0.1 for day in days) / len(days),
    )


def in_tips(series: Sequence[float]) -> list[float]:
    """Return what an ideal tipping bucket makes of a series."""
    tips, fallen, before = [], 0.0, 0
    for value in series:
        fallen += value
        whole = math.floor(fallen / TIP_MM + 1e-9)
        tips.append((whole - before) * TIP_MM)
        before = whole
    return tips


@pytest.fixture(scope="module")
def generated() -> dict[str, list[float]]:
    """Return the 5-minute depths of nine months at each site."""
    settings = WeatherSettings(temperature_c=20.0, rain=(Convective(), Stratiform()))
    sky = make_sky(settings, seed=SEED, start_at=JULY_AT, minutes=DAYS * 1440, folder=Path())
    return {
        place.station: added([air.rain_mm + air.snow_mm for air in sky.over(place)], 5)
        for place in (*MOUNTAINS, *PLAIN, *NEAR)
    }


@pytest.fixture(scope="module")
def mountains(generated: dict[str, list[float]]) -> list[float]:
    return [value for place in MOUNTAINS for value in generated[place.station]]


@pytest.fixture(scope="module")
def truth(mountains: list[float]) -> Figures:
    """Return the figures of what fell; as wet counts what Bochum's gauge could show."""
    return figures(mountains, wet_from_mm=0.01)


@pytest.fixture(scope="module")
def tipped(mountains: list[float]) -> Figures:
    """Return the figures of what a gauge like Amsterdam's would have recorded."""
    return figures(in_tips(mountains))


@pytest.fixture(scope="module")
def amsterdam() -> dict[str, list[float]]:
    with gzip.open(RECORDS / "amsterdam" / "ams_five_gauges_5min.csv.gz", "rt", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    return {gauge: [float(row[gauge] or 0.0) for row in rows] for gauge in HEALTHY}


@pytest.fixture(scope="module")
def measured(amsterdam: dict[str, list[float]]) -> list[Figures]:
    """Return the figures of the four healthy Amsterdam gauges, one wet summer, and of an Andean gauge, four years."""
    return [*(figures(series) for series in amsterdam.values()), figures(list(andean_5_min()))]


def andean_5_min() -> Iterator[float]:
    packed = (RECORDS / "imhea" / "iMHEA_LLO_01_PO_01_raw.csv.gz").read_bytes()
    rows = [line.split(",") for line in gzip.decompress(packed).decode("utf-8-sig").split("\r")[1:] if line]
    since = datetime(2013, 1, 15)  # noqa: DTZ001
    depths: dict[int, float] = {}
    for at, depth, *flags in rows:
        if depth and (not flags or flags[0] in ("", "P")):
            step = int((datetime.strptime(at, "%d/%m/%Y %H:%M:%S") - since).total_seconds() // 300)  # noqa: DTZ007
            depths[step] = depths.get(step, 0.0) + float(depth)
    return (depths.get(step, 0.0) for step in range(max(depths) + 1))


def assert_within(figure: float, *others: float) -> None:
    assert min(others) <= figure <= max(others), f"{figure:.3f} is not in {min(others):.3f} to {max(others):.3f}"


def test_a_summer_has_as_much_rain_as_between_dry_urumqi_and_wet_bochum(truth: Figures) -> None:
    assert_within(
        truth.mean_mm_per_day,
        *(mm / days for mm, _, days in URUMQI),
        *(row[0] * 288.0 for row in BOCHUM),
    )


def test_the_plain_has_less_rain_than_the_mountains_by_the_share_that_it_has_in_a_year(
    generated: dict[str, list[float]], truth: Figures
) -> None:
    plain_mm = [math.fsum(generated[place.station]) / DAYS for place in PLAIN]

    # A year has 110 mm in the desert, 278 mm in Urumqi at 918 m, 400 mm in the mountains (domain.md section 5).
    assert_within(math.fsum(plain_mm) / 2 / truth.mean_mm_per_day, 110.0 / 400.0, 278.0 / 400.0)


def test_the_variance_per_mm_of_mean_is_as_in_other_climates(truth: Figures, measured: list[Figures]) -> None:
    assert_within(
        truth.dispersion_5_min_mm,
        *(row[1] ** 2 * row[0] for row in BOCHUM),
        *(one.dispersion_5_min_mm for one in measured),
    )
    assert_within(
        truth.dispersion_1_h_mm,
        *(row[4] ** 2 * row[0] * 12.0 for row in BOCHUM),
        *(one.dispersion_1_h_mm for one in measured),
    )


def test_rain_goes_on_for_five_minutes_and_for_an_hour_as_it_does_elsewhere(
    truth: Figures, measured: list[Figures]
) -> None:
    assert_within(truth.lag_5_min, *(row[2] for row in BOCHUM), *(one.lag_5_min for one in measured))
    assert_within(truth.lag_1_h, *(row[5] for row in BOCHUM), *(one.lag_1_h for one in measured))


def test_it_is_wet_as_often_as_where_few_rains_come_and_less_often_than_in_bochum(
    truth: Figures, tipped: Figures, measured: list[Figures]
) -> None:
    # The Andean gauge (0.2 mm a tip) is the drier end, Bochum the wetter.
    assert_within(truth.wet_5_min, *(1.0 - row[3] for row in BOCHUM), *(one.wet_5_min for one in measured))
    assert_within(tipped.wet_5_min, *(one.wet_5_min for one in measured))


def test_while_it_is_wet_it_rains_as_hard_as_elsewhere(
    truth: Figures, tipped: Figures, measured: list[Figures]
) -> None:
    # Like with like: to 0.01 mm with Bochum, in tips of 0.1 mm with gauges of 0.1 and 0.2 mm.
    assert_within(truth.wet_mm_per_h, *(row[0] * 12.0 / (1.0 - row[3]) for row in BOCHUM))
    assert_within(tipped.wet_mm_per_h, *(one.wet_mm_per_h for one in measured))


def test_the_median_the_heavy_and_the_rare_intensity_are_those_of_real_gauges(
    tipped: Figures, measured: list[Figures]
) -> None:
    assert_within(tipped.q50_mm_per_h, *(one.q50_mm_per_h for one in measured))
    assert_within(tipped.q90_mm_per_h, *(one.q90_mm_per_h for one in measured))
    assert_within(tipped.q99_mm_per_h, *(one.q99_mm_per_h for one in measured))


def test_dry_days_are_fewer_than_in_urumqi_and_more_than_in_bochum(truth: Figures) -> None:
    assert_within(
        truth.dry_days,
        *(1.0 - wet / days for _, wet, days in URUMQI),
        *(row[6] for row in BOCHUM),
    )


def test_dry_spells_last_for_days_and_no_month_is_without_rain(mountains: list[float]) -> None:
    days = added(mountains[: DAYS * 288], 288)

    spells = [len(spell) for spell in "".join(".#"[day >= 0.1] for day in days).split("#") if spell]

    assert 5 <= max(spells) < 30


def test_near_places_share_their_bursts_as_amsterdams_gauges_do(
    generated: dict[str, list[float]], amsterdam: dict[str, list[float]]
) -> None:
    real = [
        correlation(amsterdam[one], amsterdam[other])  # 2.0 to 7.0 km apart
        for number, one in enumerate(HEALTHY)
        for other in HEALTHY[number + 1 :]
    ]

    for near in ("NEAR5", "NEAR7"):
        assert_within(correlation(generated["HTB01"], generated[near]), *real)


def test_places_have_less_in_common_the_farther_apart_they_are(generated: dict[str, list[float]]) -> None:
    hours = {station: added(series, 12) for station, series in generated.items()}
    by_km = {
        (5.0, 7.0): [("HTB01", "NEAR5"), ("HTB01", "NEAR7")],
        (12.0, 15.0): [("HTB01", "HTB02"), ("HTB02", "HTB04"), ("HTB03", "HTB04")],
        (22.0, 34.0): [("HTB01", "HTB03"), ("HTB01", "HTB04"), ("HTB03", "HTB05"), ("HTB04", "HTB05")],
        (53.0, 53.0): [("HTB01", "HTB05")],
    }

    means = {
        km: math.fsum(correlation(hours[a], hours[b]) for a, b in pairs) / len(pairs) for km, pairs in by_km.items()
    }

    assert list(means.values()) == sorted(means.values(), reverse=True)
    for km, (low, high) in FRANCONIA_1_H.items():
        assert_within(means[km], low, high)
