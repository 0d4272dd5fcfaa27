"""The key `correction` of a station and its deployments: its two forms, their bounds, what they make of each other."""

from collections.abc import Mapping

from pydantic import BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core.calibration import Calibration, PowerCurve, TipLoss

WRITTEN = "{ tip_time_s = 0.45 } or { a = 1.02, b = 1.05, mm_per_h_max = 300 }"
# Of seven gauges on the bench the worst counted 22 % too much in drizzle and 30 % too little in a cloudburst (Vasvari
# 2005, Atmospheric Research 77): what makes half or twice of the rain is a slip of the pen, such as 1.5 for 1.05.
RATIO_MIN, RATIO_MAX = 0.5, 2.0


class TipLossTable(BaseModel):
    """{ tip_time_s = … }: rain is lost while the bucket turns."""

    model_config = STRICT

    tip_time_s: float = Field(ge=0, le=2, examples=[0.45])


class PowerCurveTable(BaseModel):
    """{ a = …, b = …, mm_per_h_max = … }: the curve of a dynamic calibration."""

    model_config = STRICT

    a: float = Field(gt=0, le=10, examples=[1.02])
    b: float = Field(gt=0, le=2, examples=[1.05])
    mm_per_h_max: float = Field(gt=0, le=2_000, examples=[300])
    # At 2 mm/h a bucket of 0.1 mm loses 0.25 % while it turns: nothing that a bench could measure.
    mm_per_h_min: float = Field(default=2.0, gt=0, le=2_000)


def read_correction(raw: object, place: Place, mistakes: list[Mistake]) -> Calibration | None:
    """The calibration that a key `correction` describes; None where there is none, or none that can be used."""
    if raw is None:
        return None
    known = {*TipLossTable.model_fields, *PowerCurveTable.model_fields}
    if not isinstance(raw, Mapping) or not raw.keys() & known:
        mistakes.append(place.mistake(f"must be written like {WRITTEN}", raw))
        return None
    if raw.keys() & TipLossTable.model_fields.keys():
        return _tip_loss(raw, place, mistakes)
    return _curve(raw, place, mistakes)


def _tip_loss(raw: Mapping[str, object], place: Place, mistakes: list[Mistake]) -> TipLoss | None:
    both = sorted(raw.keys() & PowerCurveTable.model_fields.keys())
    if both:
        mistakes.append(place.mistake(f"tip_time_s and {', '.join(both)} are two forms: write {WRITTEN}"))
        return None
    judged = judge(TipLossTable, raw, place)
    mistakes += judged.mistakes
    return TipLoss(**judged.value.model_dump())


def _curve(raw: Mapping[str, object], place: Place, mistakes: list[Mistake]) -> PowerCurve | None:
    judged = judge(PowerCurveTable, raw, place)
    mistakes += judged.mistakes
    if judged.mistakes:
        return None
    curve = PowerCurve(**judged.value.model_dump())
    if curve.mm_per_h_min >= curve.mm_per_h_max:
        remedy = f"must be greater than mm_per_h_min, which is {curve.mm_per_h_min:g}"
        mistakes.append(place.at("mm_per_h_max").mistake(remedy, curve.mm_per_h_max))
        return None
    for mm_per_h in (curve.mm_per_h_min, curve.mm_per_h_max):
        made = curve.a * mm_per_h ** (curve.b - 1)
        if not RATIO_MIN <= made <= RATIO_MAX:
            remedy = (
                f"makes {made:.3g} times of {mm_per_h:g} mm/h, which must be from {RATIO_MIN:g} to {RATIO_MAX:g} times:"
                " the true intensity in mm/h is a × counted^b"
            )
            mistakes.append(place.mistake(remedy, dict(raw)))
    return curve
