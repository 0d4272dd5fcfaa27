"""What is told of history, as rows of plain values: the same for JSON, CSV, Parquet and the HTTP API."""

from collections.abc import Sequence
from typing import Any

from gauge_ingest.core.fixed import Ended, Fixed, coverage, depths_mm
from gauge_ingest.core.maxima import Maximum
from gauge_ingest.core.model import Station
from gauge_ingest.core.spans import duration_text, instant_text
from gauge_ingest.core.storms import PEAKS_S, Storm
from gauge_ingest.history.events import Largest

Document = dict[str, Any]
"""A row. Instants are RFC 3339 at +08:00, depths millimetres; every row has the keys of WHAT."""

WHAT = ("station", "since", "until", "tips", "tips_min", "tips_max", "rain_mm", "corrected_mm", "coverage", "flag")
# What each kind of row has beside them, in this order behind them.
OF_RAW = ("step",)
OF_STORM = (
    "duration_s",
    "rain_mm_min",
    "rain_mm_max",
    *(f"peak_{duration_text(one)}_{what}" for one in PEAKS_S for what in ("mm", "mm_per_h", "until")),
)
OF_MAXIMUM = ("duration_s", "rain_mm_min", "rain_mm_max", "mm_per_h")


def documents(station: Station, rain: Sequence[Ended | Fixed | Storm | Largest]) -> list[Document]:
    """A row for each increment, window, storm or maximum."""
    return [_document(station, one) for one in rain]


def _document(station: Station, one: Ended | Fixed | Storm | Largest) -> Document:
    if isinstance(one, Storm):
        return _window(station, one.rain) | _of_storm(one)
    if isinstance(one, Largest):
        return _window(station, one.rain) | _of_maximum(one.maximum)
    document = _window(station, one)
    return document | {"step": one.step.name.lower()} if isinstance(one, Ended) else document


def _window(station: Station, one: Ended | Fixed) -> Document:
    rain_mm, corrected_mm = depths_mm(station, one)
    return {
        "station": station.id,
        "since": instant_text(one.since),
        "until": instant_text(one.until),
        "tips": one.tips,
        "tips_min": one.tips_min,
        "tips_max": one.tips_max,
        "rain_mm": rain_mm,
        "corrected_mm": corrected_mm,
        "coverage": one.coverage if isinstance(one, Fixed) else coverage(one),
        "flag": int(one.flag),
    }


def _of_storm(one: Storm) -> Document:
    found: Document = {"duration_s": one.duration_s, "rain_mm_min": one.rain_mm_min, "rain_mm_max": one.rain_mm_max}
    peaks = {peak.duration_s: peak for peak in one.peaks}
    for duration_s in PEAKS_S:
        peak, name = peaks.get(duration_s), f"peak_{duration_text(duration_s)}"
        found[f"{name}_mm"] = None if peak is None else peak.rain_mm
        found[f"{name}_mm_per_h"] = None if peak is None else peak.mm_per_h
        found[f"{name}_until"] = None if peak is None else instant_text(peak.until)
    return found


def _of_maximum(one: Maximum) -> Document:
    """The window's own sums give way to those of the maximum, which leaves out what has no course in it."""
    return {
        "tips": one.tips,
        "tips_min": one.tips_min,
        "tips_max": one.tips_max,
        "rain_mm": one.rain_mm,
        "corrected_mm": one.corrected_mm,
        "duration_s": one.duration_s,
        "rain_mm_min": one.rain_mm_min,
        "rain_mm_max": one.rain_mm_max,
        "mm_per_h": one.mm_per_h,
    }
