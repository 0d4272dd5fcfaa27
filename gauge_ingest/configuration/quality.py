"""Thresholds of the quality checks in stations.toml: [quality] for all stations, [stations.ID.quality] for one."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core.quality.settings import ALL_YEAR, DEFAULTS, Climate, QualitySettings

_CLIMATE = DEFAULTS.climate


def _of_the_year(value: float | tuple[float, ...]) -> float | tuple[float, ...]:
    months = value if isinstance(value, tuple) else (value,)
    whole = not isinstance(value, tuple) or len(value) == ALL_YEAR
    if not whole or not all(0 < month <= 2_000 for month in months):
        raise ValueError("must be one depth in mm for all the year, or a list of twelve, January first; each above 0")
    return value


Months = Annotated[float | tuple[float, ...], AfterValidator(_of_the_year), Field(examples=[75.0])]


class QualityTable(BaseModel):
    """Keys of [quality] and [stations.ID.quality]; what is left out keeps its default."""

    model_config = STRICT

    climate_1m_mm: Months = _CLIMATE.rain_1m_mm[0]
    climate_15m_mm: Months = _CLIMATE.rain_15m_mm[0]
    climate_1h_mm: Months = _CLIMATE.rain_1h_mm[0]
    climate_24h_mm: Months = _CLIMATE.rain_24h_mm[0]
    measured_max_mm_per_min: float = Field(default=DEFAULTS.measured_max_mm_per_min, gt=0, le=100)
    rain_15m_max_mm: float = Field(default=DEFAULTS.rain_15m_max_mm, gt=0, le=2_000)
    rain_1h_max_mm: float = Field(default=DEFAULTS.rain_1h_max_mm, gt=0, le=2_000)
    rain_24h_max_mm: float = Field(default=DEFAULTS.rain_24h_max_mm, gt=0, le=4_000)
    double_tip_s: float = Field(default=DEFAULTS.double_tip_s, ge=0, le=60)
    fast_tip_s: float = Field(default=DEFAULTS.fast_tip_s, ge=0, le=60)
    repeated_times: int = Field(default=DEFAULTS.repeated_times, ge=3, le=1_000)
    repeated_few_times: int = Field(default=DEFAULTS.repeated_few_times, ge=3, le=10_000)
    repeated_large_times: int = Field(default=DEFAULTS.repeated_large_times, ge=2, le=1_000)
    accumulation_silence_s: int = Field(default=DEFAULTS.accumulation_silence_s, ge=3_600, le=31_536_000)
    accumulation_mm: float = Field(default=DEFAULTS.accumulation_mm, gt=0, le=1_000)
    accumulation_gap_s: int = Field(default=DEFAULTS.accumulation_gap_s, ge=60, le=31_536_000)
    accumulation_gap_mm: float = Field(default=DEFAULTS.accumulation_gap_mm, gt=0, le=1_000)
    dry_days_max: float = Field(default=DEFAULTS.dry_days_max, ge=1, le=3_650)
    neighbours_min: int = Field(default=DEFAULTS.neighbours_min, ge=2, le=10)
    neighbours_rain_mm: float = Field(default=DEFAULTS.neighbours_rain_mm, gt=0, le=1_000)
    neighbours_median_mm: float = Field(default=DEFAULTS.neighbours_median_mm, gt=0, le=1_000)
    neighbours_lag_s: int = Field(default=DEFAULTS.neighbours_lag_s, ge=0, le=21_600)
    influx_mm: float = Field(default=DEFAULTS.influx_mm, gt=0, le=1_000)
    influx_neighbours_mm: float = Field(default=DEFAULTS.influx_neighbours_mm, ge=0, le=100)
    influx_ratio: float = Field(default=DEFAULTS.influx_ratio, ge=1, le=1_000)
    frost_c: float = Field(default=DEFAULTS.frost_c, ge=-40, le=10)
    melt_c: float = Field(default=DEFAULTS.melt_c, ge=-40, le=20)
    melt_s: int = Field(default=DEFAULTS.melt_s, ge=0, le=604_800)
    visit_s: int = Field(default=DEFAULTS.visit_s, ge=0, le=86_400)
    visit_joined_s: int = Field(default=DEFAULTS.visit_joined_s, ge=0, le=86_400)
    battery_v_min: float = Field(default=DEFAULTS.battery_v_min, ge=0, le=100)
    clock_behind_s: int = Field(default=DEFAULTS.clock_behind_s, ge=60, le=86_400)
    every_tip_reported: bool = DEFAULTS.every_tip_reported

    def settings(self) -> QualitySettings:
        """The thresholds as the checks take them."""
        told = self.model_dump()
        climate = {f"rain_{span}_mm": _year(told.pop(f"climate_{span}_mm")) for span in ("1m", "15m", "1h", "24h")}
        return QualitySettings(climate=Climate(**climate), **told)


def read_quality(
    raw: object, place: Place, *, over: Mapping[str, object]
) -> tuple[Mapping[str, object], QualitySettings, list[Mistake]]:
    """A table of thresholds laid over another: the right keys of both, the thresholds, and the mistakes in it.

    A wrong key is told here and nowhere else: it is left out of what further tables are laid over.
    """
    if raw is None:
        return over, judge(QualityTable, over, place).value.settings(), []
    if not isinstance(raw, Mapping):
        mistake = place.mistake(f"must be a table, written [{place.key}]")
        return over, judge(QualityTable, over, place).value.settings(), [mistake]
    given = {**over, **raw}
    judged = judge(QualityTable, given, place)
    right = {key: value for key, value in given.items() if key not in judged.wrong}
    return right, judged.value.settings(), list(judged.mistakes)


def _year(value: Any) -> tuple[float, ...]:
    return tuple(value) if isinstance(value, tuple) else (float(value),) * ALL_YEAR
