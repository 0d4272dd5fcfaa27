"""The day's report as one JSON document, and how two of one day differ."""

from collections.abc import Mapping
from typing import Any

from gauge_ingest.core.corrections import Correction
from gauge_ingest.core.days import day_name
from gauge_ingest.core.silences import Silence
from gauge_ingest.core.spans import instant_text
from gauge_ingest.reports.day import ENDS, AlertDay, DayReport, StationDay

Document = dict[str, Any]
# Figures of a station whose change makes another revision; the others come with the next reading and change nothing.
_REVISED = ("rain_mm", "rain_mm_min", "rain_mm_max", "corrected_mm", "flag")


def document(report: DayReport) -> Document:
    """The report, with times as RFC 3339 in Beijing time."""
    return {
        "day": day_name(report.until),
        "since": instant_text(report.since),
        "until": instant_text(report.until),
        "made_at": instant_text(report.made_at),
        "owed": report.owed,
        "stations": [_station(one) for one in report.stations],
        "alerts": [_alert(one, report.names) for one in report.alerts],
        "silences": [_silence(one, report.names) for one in report.silences],
        "corrections": [_correction(one, report.names) for one in report.corrections],
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What a later report of the same day says otherwise about its rain, a sentence for each station."""
    said = []
    known = {one["station"]: one for one in before["stations"]}
    for one in after["stations"]:
        old = known.get(one["station"])
        if old is None:
            said.append(f"{one['station']}: was not in the report before")
            continue
        changed = [name for name in _REVISED if old.get(name) != one[name]]
        if changed:
            parts = (f"{name} {old.get(name)} -> {one[name]}" for name in changed)
            said.append(f"{one['station']}: {', '.join(parts)}")
    gone = known.keys() - {one["station"] for one in after["stations"]}
    return [*said, *(f"{station}: is no longer configured" for station in sorted(gone))]


def _station(one: StationDay) -> Document:
    return {
        "station": one.station.id,
        "name": one.station.name,
        "tips": one.tips,
        "rain_mm": one.rain_mm,
        "rain_mm_min": one.rain_mm_min,
        "rain_mm_max": one.rain_mm_max,
        "corrected_mm": one.corrected_mm,
        "hour_mm": one.hour_mm,
        "hour_until": None if one.hour_until is None else instant_text(one.hour_until),
        "coverage": one.coverage,
        "flag": int(one.flag),
        "battery_min_v": one.battery_min_v,
        "found": [
            {"name": found.name, "grade": found.grade.name.lower(), "reason": found.reason} for found in one.found
        ],
    }


def _alert(one: AlertDay, names: Mapping[str, str]) -> Document:
    return {
        "id": one.alert.id,
        "rule": one.alert.rule,
        "scope": one.alert.scope,
        "name": names.get(one.alert.scope, ""),
        "level": one.level,
        "peak": one.peak,
        "stands": one.stands,
        "acknowledged_by": one.acknowledged_by or None,
        "events": [
            {
                "id": event.id,
                "kind": event.kind.value,
                "level": "" if event.kind in ENDS else event.level,
                "at": instant_text(event.at),
                "who": event.who or None,
                "reason": event.reason.partition("\n")[0],
            }
            for event in one.events
        ],
    }


def _silence(one: Silence, names: Mapping[str, str]) -> Document:
    return {
        "id": one.id,
        "scope": one.scope,
        "name": names.get(one.scope, ""),
        "rule": one.rule or None,
        "evacuation": one.evacuation,
        "since": instant_text(one.since),
        "until": instant_text(one.until if one.ended_at is None else one.ended_at),
        "who": one.who,
        "why": one.why,
    }


def _correction(one: Correction, names: Mapping[str, str]) -> Document:
    return {
        "id": one.id,
        "at": instant_text(one.at),
        "who": one.who,
        "what": one.kind.value if one.undoes is None else f"undo of {one.undoes}",
        "station": one.station,
        "name": names.get(one.station, ""),
        "since": instant_text(one.since),
        "until": instant_text(one.until),
        "rain_mm": one.rain_mm,
        "why": one.why,
    }
