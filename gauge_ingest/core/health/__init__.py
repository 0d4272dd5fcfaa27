"""Station health: how regularly a station reports, its clock, its battery, its signal, its data, and what is ill."""

from gauge_ingest.core.health.figures import HealthDay, StationHealth
from gauge_ingest.core.health.grades import Grade, Graded, HealthSettings, below
from gauge_ingest.core.health.judge import SETTINGS, Judged, judged, share_text
from gauge_ingest.core.health.supply import batteries
from gauge_ingest.core.health.walk import BATTERY_EMPTY_V, health_of

__all__ = [
    "BATTERY_EMPTY_V",
    "SETTINGS",
    "Grade",
    "Graded",
    "HealthDay",
    "HealthSettings",
    "Judged",
    "StationHealth",
    "batteries",
    "below",
    "health_of",
    "judged",
    "share_text",
]
