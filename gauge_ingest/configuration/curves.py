"""Intensity-duration curves of a rule: a line over all durations, as the threshold that it has at each of some.

The mean intensity I over D hours that reaches a level: I = c + a x D^b in mm/h, so a depth of I x D millimetres.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from pydantic import BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core.model import Threshold
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.spans import duration_text

# Each at most one and a half times the one before, so that a depth between two of them is found by the longer one
# when it is at most 1.5^(1 + b) times too great: 28 % for b = -0.39.
DURATIONS_S = tuple(
    60 * minutes for minutes in (10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1440, 2160, 2880, 4320)
)


class CurveTable(BaseModel):
    """One level of [rules.ID.curve]. With b from -1 to 0 a depth never falls as the duration grows."""

    model_config = STRICT

    a: float = Field(gt=0, le=1_000, allow_inf_nan=False, examples=[14.82])
    b: float = Field(ge=-1, le=0, allow_inf_nan=False, examples=[-0.39])
    c: float = Field(default=0.0, ge=0, le=1_000, allow_inf_nan=False, examples=[0.0])

    def depth_mm(self, duration_s: int) -> float:
        """The depth that reaches the level in a duration, to the micrometre."""
        hours = duration_s / 3_600
        depth_mm: float = (self.c + self.a * hours**self.b) * hours
        return round(depth_mm, 3)


def read_curves(
    raw: object, levels: tuple[str, ...] | None, place: Place, *, rain_max_mm: float
) -> tuple[list[Threshold], list[Mistake]]:
    """The thresholds of a rule's curves in order of duration and level, and every mistake in them.

    `levels` is None where they are wrong themselves; `rain_max_mm` is the most that a threshold may be.
    """
    if not isinstance(raw, Mapping) or not raw:
        return [], [place.mistake("must have a line for each level, like watch = { a = 14.82, b = -0.39 }")]
    curves: dict[str, CurveTable] = {}
    mistakes: list[Mistake] = []
    for level, row in raw.items():
        if levels is not None and level not in levels:
            mistakes.append(place.at(level).mistake(f"unknown level; {nearest(level, levels)}"))
        elif not isinstance(row, Mapping):
            mistakes.append(place.at(level).mistake("must be written like { a = 14.82, b = -0.39 }", row))
        else:
            judged = judge(CurveTable, row, place.at(level))
            mistakes += judged.mistakes
            if not judged.mistakes:
                curves[level] = judged.value
                mistakes += _beyond(judged.value, place.at(level), rain_max_mm)
    ordered = [level for level in levels or () if level in curves]
    mistakes += [
        place.at(level).mistake("is required: a level without a curve is never reached; add one, or take the level out")
        for level in levels or ()
        if level not in raw
    ]
    mistakes += _not_above(curves, ordered, place)
    thresholds = [
        Threshold(window_s=duration_s, level=level, rain_mm=curves[level].depth_mm(duration_s))
        for duration_s in DURATIONS_S
        for level in ordered
    ]
    return thresholds, mistakes


def _beyond(curve: CurveTable, place: Place, rain_max_mm: float) -> list[Mistake]:
    """The first depth that cannot be a threshold."""
    for duration_s in DURATIONS_S:
        depth_mm = curve.depth_mm(duration_s)
        if not 0 < depth_mm <= rain_max_mm:
            bounds = f"must be greater than 0 and at most {rain_max_mm:g}"
            made = "less than 0.001" if not depth_mm else f"{depth_mm:g}"
            return [place.mistake(f"{made} mm in {duration_text(duration_s)} {bounds}: look at a, b and c")]
    return []


def _not_above(curves: Mapping[str, CurveTable], ordered: Sequence[str], place: Place) -> list[Mistake]:
    """A higher level lies above the lower one at every duration: the first at which it does not is told."""
    mistakes = []
    for lower, higher in pairwise(ordered):
        for duration_s in DURATIONS_S:
            least_mm, depth_mm = curves[lower].depth_mm(duration_s), curves[higher].depth_mm(duration_s)
            if depth_mm <= least_mm:
                told = f"{depth_mm:g} mm in {duration_text(duration_s)} must be more than {least_mm:g}"
                mistakes.append(place.at(higher).mistake(f"{told}, the depth of the lower level {lower}"))
                break
    return mistakes
