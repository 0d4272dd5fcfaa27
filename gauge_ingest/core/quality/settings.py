"""Thresholds of the checks for one gauge, each with its default. Sources stand in docs/quality.md beside the keys."""

from dataclasses import dataclass

ALL_YEAR = 12


@dataclass(frozen=True, slots=True)
class Climate:
    """The most rain in mm that a gauge is known for, by month (January first), over four durations."""

    rain_1m_mm: tuple[float, ...] = (4.0,) * ALL_YEAR
    rain_15m_mm: tuple[float, ...] = (35.0,) * ALL_YEAR
    rain_1h_mm: tuple[float, ...] = (75.0,) * ALL_YEAR
    rain_24h_mm: tuple[float, ...] = (200.0,) * ALL_YEAR


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """What the checks of one gauge compare with."""

    # What a gauge after GB/T 11832-2002 measures to its accuracy; what it lets through is the station's own key.
    measured_max_mm_per_min: float = 4.0
    # World records (Lewis et al. 2021 and RainfallQC; NOAA for the day).
    rain_15m_max_mm: float = 198.0
    rain_1h_max_mm: float = 401.0
    rain_24h_max_mm: float = 1_825.0
    climate: Climate = Climate()
    double_tip_s: float = 1.1
    fast_tip_s: float = 2.0
    repeated_times: int = 12
    repeated_few_times: int = 36
    repeated_large_times: int = 4
    accumulation_silence_s: int = 82_800
    accumulation_mm: float = 12.0
    accumulation_gap_s: int = 3_600
    accumulation_gap_mm: float = 6.0
    dry_days_max: float = 60.0
    neighbours_min: int = 3
    neighbours_rain_mm: float = 3.0
    neighbours_median_mm: float = 4.0
    neighbours_lag_s: int = 900
    influx_mm: float = 10.0
    influx_neighbours_mm: float = 0.4
    influx_ratio: float = 25.0
    frost_c: float = 0.0
    melt_c: float = 2.0
    melt_s: int = 86_400
    visit_s: int = 600
    visit_joined_s: int = 3_600
    battery_v_min: float = 11.0
    clock_behind_s: int = 600
    every_tip_reported: bool = False


DEFAULTS = QualitySettings()
