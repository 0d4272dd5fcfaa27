"""What the window that decided says, and what stands against it, as facts of a message."""

from collections.abc import Mapping, Sequence
from typing import Any

from gauge_ingest.core.measures import measure_of
from gauge_ingest.core.model import AlertEvent, Evidence, Rule
from gauge_ingest.messages.words import clock_text, elapsed_text, mm_text, one_line, window_short, window_text

NAMED_MAX = 5  # others whose rain is told, the most first
PLACE_MAX = 24  # characters of their names
_LISTED = {"zh": ("、", "", "毫米"), "en": (", ", " ", " mm")}  # between two, between name and figure, the unit
_NOTHING = Evidence(0, 0, 0, 0.0, 0.0, 0.0, 1.0)
JUST_NOW_MS = 30_000  # what is younger is not said to have an age

_NAMES = (
    *(
        "rain_mm",
        "rain_of",
        "rain_of_short",
        "rain_mm_max",
        "duration",
        "duration_short",
        "threshold_mm",
        "rain_since",
        "rain_until",
    ),
    *("highest_rain_mm", "highest_rain_of", "highest_duration", "highest_duration_short", "highest_threshold_mm"),
)


def rain_facts(evidence: Evidence | None, highest: Evidence | None, rule: Rule | None, language: str) -> dict[str, Any]:
    """The window that decided, and the one of the highest level; empty texts without one."""
    if evidence is None or highest is None:
        return {**dict.fromkeys(_NAMES, ""), "reached": False}
    measure = measure_of(evidence, rule, language, window_text(evidence.window_s, language))
    rain_mm, most_mm = mm_text(evidence.rain_mm), mm_text(evidence.rain_mm_max)
    return {
        "rain_mm": rain_mm,
        "rain_of": measure.words,
        "rain_of_short": measure.short,
        "rain_mm_max": most_mm if evidence.rain_mm_max > evidence.rain_mm and most_mm != rain_mm else "",
        "duration": window_text(evidence.window_s, language),
        "duration_short": window_short(evidence.window_s),
        "threshold_mm": mm_text(evidence.threshold_mm),
        "reached": evidence.rain_mm >= evidence.threshold_mm,
        "rain_since": clock_text(evidence.since),
        "rain_until": clock_text(evidence.until),
        "highest_rain_mm": mm_text(highest.rain_mm),
        "highest_rain_of": measure_of(highest, rule, language, window_text(highest.window_s, language)).words,
        "highest_duration": window_text(highest.window_s, language),
        "highest_duration_short": window_short(highest.window_s),
        "highest_threshold_mm": mm_text(highest.threshold_mm),
    }


def around_facts(
    event: AlertEvent, evidence: Evidence | None, places: Mapping[str, str], language: str
) -> dict[str, Any]:
    """What else the window is judged by: others' rain, its hardest rain, how wet the ground is, the season."""
    found = evidence or _NOTHING
    between, _, unit = _LISTED[language]
    span = f"{clock_text(found.peak_since)[6:]}–{clock_text(found.peak_until)[6:]}"
    return {
        "around": _each(event.around, places, language),
        "stations": _each(found.stations, places, language),
        "absent": between.join(_place(name, places) for name in found.absent[:NAMED_MAX]),
        "peak": f"{mm_text(found.peak_mm)}{unit} {span}" if found.peak_mm > 0 else "",
        "wetness": one_line(found.wetness, PLACE_MAX),
        "wetness_unknown": bool(found.wetness) and found.wetness_mm is None,
        "season": one_line(found.season, PLACE_MAX),
    }


def _each(rain: Sequence[tuple[str, float]], places: Mapping[str, str], language: str) -> str:
    between, gap, unit = _LISTED[language]
    return between.join(f"{_place(name, places)}{gap}{mm_text(mm)}{unit}" for name, mm in rain[:NAMED_MAX])


def _place(name: str, places: Mapping[str, str]) -> str:
    return one_line(places.get(name, name), PLACE_MAX) or "?"


def trust_facts(event: AlertEvent, evidence: Evidence | None, language: str) -> dict[str, Any]:
    """What stands against the numbers: doubt, missing reports, delay."""
    # Cut, not rounded: 99.9 % is not all of it.
    coverage_percent = 100 if evidence is None else int(evidence.coverage * 100 + 1e-9)
    age_ms = 0 if evidence is None else event.at - evidence.until
    more = evidence is not None and mm_text(evidence.rain_mm_max) != mm_text(evidence.rain_mm)
    return {
        "unconfirmed": event.unconfirmed or (evidence is not None and evidence.unconfirmed),
        "doubted_mm": mm_text(evidence.doubted_mm) if evidence is not None and evidence.doubted_mm > 0 else "",
        "coverage_percent": coverage_percent,
        "incomplete": coverage_percent < 100,
        "at_least": coverage_percent < 100 or more,
        "late": event.late,
        "late_by": elapsed_text(event.known_at - event.rained_at, language) if event.late else "",
        "rain_age": "" if age_ms < JUST_NOW_MS else elapsed_text(age_ms, language),
    }
