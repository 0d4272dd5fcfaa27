"""What a gauge counts and what fell: the tip loss, or the curve of a dynamic calibration, by intensity."""

from dataclasses import dataclass
from math import inf

_S_PER_H = 3_600


@dataclass(frozen=True, slots=True)
class TipLoss:
    """Rain that runs past the bucket while it turns: R / (1 - R x tip_time_s / bucket depth), R as it is counted.

    0.45 s of each turn are lost: Duchon, Fiebrich and Grimsley 2014, "Using high-speed photography to study
    undercatch in tipping-bucket rain gauges", J. Atmos. Oceanic Technol. 31(6).
    """

    tip_time_s: float


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """The curve of a dynamic calibration: a x R^b, R in mm/h as it is counted.

    Outside the intensities that it was made with its ratio stays what it is at their ends: a power of what was never
    measured is no calibration.
    """

    a: float
    b: float
    mm_per_h_max: float
    mm_per_h_min: float


Calibration = TipLoss | PowerCurve


def ratio(calibration: Calibration, mm_per_h: float, *, bucket_depth_mm: float) -> float:
    """How many times the counted rain fell at an intensity as it is counted; inf where no rain at all can show it."""
    if isinstance(calibration, TipLoss):
        caught = 1 - mm_per_h / _S_PER_H * calibration.tip_time_s / bucket_depth_mm
        return 1 / caught if caught > 0 else inf
    known = min(max(mm_per_h, calibration.mm_per_h_min), calibration.mm_per_h_max)
    return float(calibration.a * known ** (calibration.b - 1))


def corrected_mm(
    calibration: Calibration, counted_mm: float, *, elapsed_s: float, bucket_depth_mm: float, mm_per_h_max: float
) -> float:
    """The rain that fell where `counted_mm` was counted in `elapsed_s`; 0 for 0, never less for a higher count.

    The intensity is the mean. No correction lifts it above `mm_per_h_max`, the highest that the gauge can show; what
    is above it as counted, in a time too short or none at all, has no intensity to be believed and is not lifted.
    """
    if counted_mm <= 0:
        return 0.0
    mm_per_h = counted_mm * _S_PER_H / elapsed_s if elapsed_s > 0 else inf
    most_mm = max(counted_mm, mm_per_h_max * max(elapsed_s, 0.0) / _S_PER_H)
    return min(counted_mm * ratio(calibration, mm_per_h, bucket_depth_mm=bucket_depth_mm), most_mm)
