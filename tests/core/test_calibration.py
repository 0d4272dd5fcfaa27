"""Counted rain and rain that fell: figures of the literature, bounds, and what holds for every calibration."""

from dataclasses import replace
from math import inf, isfinite

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gauge_ingest.core.calibration import Calibration, PowerCurve, TipLoss, corrected_mm
from gauge_ingest.core.model import Station
from tests.worlds import HOUR, MINUTE, T0, station

DUCHON = TipLoss(0.45)
CURVE = PowerCurve(a=0.9, b=1.04, mm_per_h_max=300, mm_per_h_min=2)


def calibrated(calibration: Calibration | None, *, bucket_depth_mm: float = 0.5, **changes: float) -> Station:
    """A station whose first deployment has a calibration."""
    plain = station(bucket_depth_mm=bucket_depth_mm)
    deployments = (replace(plain.deployments[0], calibration=calibration),)
    return replace(plain, deployments=deployments, **changes)  # type: ignore[arg-type]


def fell_mm(calibration: Calibration, mm_per_h: float, *, bucket_depth_mm: float, mm_per_h_max: float = inf) -> float:
    """What fell in an hour of an intensity as it is counted."""
    return corrected_mm(
        calibration, mm_per_h, elapsed_s=3_600, bucket_depth_mm=bucket_depth_mm, mm_per_h_max=mm_per_h_max
    )


@pytest.mark.parametrize(
    ("mm_per_h", "bucket_depth_mm", "loss"),
    [
        # Duchon et al. 2014: 0.98 % at 19.9 mm/h, measured; 8.6 % at 175.2 mm/h by the model (8.78 % measured).
        (19.9, 0.254, 0.0098),
        (175.2, 0.254, 0.086),
        # 4 mm/min, the most that a gauge after GB/T 11832-2002 measures within its class.
        (240, 0.1, 0.30),
        (240, 0.2, 0.15),
        (240, 0.5, 0.06),
        (240, 1.0, 0.03),
    ],
)
def test_the_loss_of_a_turning_bucket_is_that_of_the_literature(
    mm_per_h: float, bucket_depth_mm: float, loss: float
) -> None:
    fell = fell_mm(DUCHON, mm_per_h, bucket_depth_mm=bucket_depth_mm)

    assert 1 - mm_per_h / fell == pytest.approx(loss, rel=0.02)


def test_five_minutes_of_heavy_rain_are_corrected_by_their_own_intensity() -> None:
    gauge = calibrated(DUCHON)

    # 40 tips of 0.5 mm in 300 s are 240 mm/h as counted: 20 / (1 - 0.06).
    assert gauge.corrected_mm(40, since=T0, until=T0 + 5 * MINUTE) == 21.277
    assert gauge.depth_mm(40, until=T0 + 5 * MINUTE) == 20.0


@pytest.mark.parametrize(
    ("mm_per_h", "factor"),
    [
        (2, 0.9 * 2**0.04),
        (100, 0.9 * 100**0.04),
        (300, 0.9 * 300**0.04),
        (0.01, 0.9 * 2**0.04),
        (450, 0.9 * 300**0.04),
    ],
)
def test_a_curve_holds_between_its_ends_and_its_ratio_stays_beyond_them(mm_per_h: float, factor: float) -> None:
    assert fell_mm(CURVE, mm_per_h, bucket_depth_mm=0.5) == pytest.approx(mm_per_h * factor)


@pytest.mark.parametrize("mm_per_h", [800, 799.999, 800.001, 5_000, 1e9])
def test_at_and_beyond_a_bucket_that_never_rests_the_highest_intensity_stands(mm_per_h: float) -> None:
    # 0.1 mm / 0.45 s: the loss formula has its pole at 800 mm/h.
    fell = fell_mm(DUCHON, mm_per_h, bucket_depth_mm=0.1, mm_per_h_max=900)

    assert fell == max(900, mm_per_h)


def test_no_correction_lifts_rain_above_what_the_gauge_can_show() -> None:
    gauge = calibrated(DUCHON, bucket_depth_mm=0.1, intensity_max_mm_per_min=5.0)

    # 4 mm/min would become 5.7; 6 mm/min, more than it can show, stays.
    assert gauge.corrected_mm(40, since=T0, until=T0 + MINUTE) == 5.0
    assert gauge.corrected_mm(60, since=T0, until=T0 + MINUTE) == 6.0


@pytest.mark.parametrize("elapsed_ms", [0, 1, -5])
def test_rain_without_a_length_of_time_is_not_lifted(elapsed_ms: int) -> None:
    assert calibrated(DUCHON).corrected_mm(31, since=T0, until=T0 + elapsed_ms) == 15.5


def test_a_gap_is_corrected_by_less_than_its_course_would_be() -> None:
    gauge = calibrated(DUCHON)
    burst = [40, 40, 0, 0, 0, 0]

    course = sum(
        gauge.corrected_mm(tips, since=T0 + place * 5 * MINUTE, until=T0 + (place + 1) * 5 * MINUTE)
        for place, tips in enumerate(burst)
    )

    gap = gauge.corrected_mm(sum(burst), since=T0, until=T0 + 30 * MINUTE)
    assert 40 < gap < course


def test_without_a_calibration_what_was_counted_stands() -> None:
    plain = calibrated(None)

    assert not plain.corrects
    assert plain.corrected_mm(40, since=T0, until=T0 + 5 * MINUTE) == plain.depth_mm(40, until=T0) == 20.0


def test_each_deployment_is_corrected_in_its_own_way() -> None:
    first = calibrated(DUCHON).deployments[0]
    later = replace(first, since=T0, bucket_depth_mm=0.2, calibration=None)
    last = replace(first, since=T0 + HOUR, calibration=PowerCurve(2.0, 1.0, 300, 2))
    gauge = replace(station(), deployments=(first, later, last))

    fell = [gauge.corrected_mm(40, since=at - 5 * MINUTE, until=at) for at in (T0, T0 + HOUR, T0 + 2 * HOUR)]

    assert gauge.corrects
    assert fell == [21.277, 8.0, 40.0]


CURVES = st.builds(
    PowerCurve,
    a=st.floats(0.5, 2),
    b=st.floats(0.5, 1.5),
    mm_per_h_max=st.floats(50, 600),
    mm_per_h_min=st.floats(0.1, 50),
)


@given(
    calibration=st.none() | st.builds(TipLoss, st.floats(0, 2)) | CURVES,
    tips=st.integers(0, 5_000) | st.integers(0, 2**32),
    more=st.integers(1, 50) | st.integers(1, 2**32),
    elapsed_ms=st.integers(0, 600_000) | st.integers(0, 400 * 24 * HOUR),
    bucket_depth_mm=st.floats(0.01, 10),
    intensity_max=st.floats(0.1, 100),
)
@example(calibration=DUCHON, tips=8, more=1, elapsed_ms=3_600, bucket_depth_mm=0.1, intensity_max=8.0)
@example(calibration=DUCHON, tips=0, more=1, elapsed_ms=0, bucket_depth_mm=0.5, intensity_max=8.0)
def test_corrected_rain_is_zero_for_zero_finite_and_never_less_for_more_tips(
    calibration: Calibration | None, tips: int, more: int, elapsed_ms: int, bucket_depth_mm: float, intensity_max: float
) -> None:
    gauge = calibrated(calibration, bucket_depth_mm=bucket_depth_mm, intensity_max_mm_per_min=intensity_max)

    none, less, most = (gauge.corrected_mm(count, since=T0 - elapsed_ms, until=T0) for count in (0, tips, tips + more))

    assert none == 0
    assert 0 <= less <= most
    assert isfinite(most)
    counted_mm, most_mm = gauge.depth_mm(tips, until=T0), intensity_max * elapsed_ms / 60_000
    assert less <= max(counted_mm, most_mm) + 0.001
    if isinstance(calibration, TipLoss):
        assert less >= counted_mm
