"""An alert as a document: what `alerts --json` prints and the HTTP API answers, with or without what people said."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gauge_ingest.core.findings import SERVICE
from gauge_ingest.core.model import Alert, AlertEvent, EventKind, Evidence, State
from gauge_ingest.core.silences import Silence
from gauge_ingest.core.spans import instant_text
from gauge_ingest.core.told import acknowledgements

_ENDS = (EventKind.CLEARED, EventKind.WITHDRAWN, EventKind.LAPSED)


def alert_document(
    alert: Alert, events: Sequence[AlertEvent], silence: Silence | None = None, told_at: int | None = None
) -> dict[str, Any]:
    """An alert with everything recorded of it, as --json prints it. `told_at`: when people first heard of it."""
    stands = alert.state is State.RAISED
    known = next(iter(acknowledgements(events)), None)
    return {
        "id": alert.id,
        "rule": alert.rule,
        "scope": alert.scope,
        "level": alert.level,
        "peak": alert.peak,
        "state": alert.state.value,
        "reason": alert.reason,
        "rained_since": instant_text(alert.rained_since),
        "rained_until": None if stands else instant_text(alert.rained_until),
        "known_at": instant_text(alert.known_at),
        "raised_at": instant_text(alert.raised_at),
        "told_at": None if told_at is None else instant_text(told_at),
        "cleared_at": None if alert.ended_at is None else instant_text(alert.ended_at),
        "acknowledged_at": None if known is None else instant_text(known.at),
        "acknowledged_by": None if known is None else known.who,
        "silence": None if silence is None else silence.id,
        "silenced_until": None if silence is None else instant_text(silence.until),
        "evidence": _evidence(alert.evidence),
        "events": [_event(event) for event in events],
    }


def _event(event: AlertEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind.value,
        "level": "" if event.kind in _ENDS else event.level,
        "at": instant_text(event.at),
        "rained_at": instant_text(event.rained_at),
        "known_at": instant_text(event.known_at),
        "late": event.late,
        "unconfirmed": event.unconfirmed,
        "reason": event.reason,
        "who": event.who or None,
        "around_mm": dict(event.around),
        "configuration": event.configuration,
    }


def _evidence(evidence: Evidence | None) -> Mapping[str, Any]:
    """Why the alert stands at its level; empty for a finding about the service itself."""
    if evidence is None:
        return {}
    return {
        "window_s": evidence.window_s,
        "since": instant_text(evidence.since),
        "until": instant_text(evidence.until),
        "rain_mm": evidence.rain_mm,
        "rain_mm_max": evidence.rain_mm_max,
        "threshold_mm": evidence.threshold_mm,
        "coverage": evidence.coverage,
        "unconfirmed": evidence.unconfirmed,
        "doubted_mm": evidence.doubted_mm,
        "measure": evidence.measure,
        "peak_mm": evidence.peak_mm,
        "peak_since": instant_text(evidence.peak_since),
        "peak_until": instant_text(evidence.peak_until),
        "stations_mm": dict(evidence.stations),
        "absent": list(evidence.absent),
        "wetness": evidence.wetness,
        "wetness_mm": evidence.wetness_mm,
        "season": evidence.season,
    }


def without_names(document: dict[str, Any], places: Collection[str]) -> dict[str, Any]:
    """The document without who said what: no names, and no sentence that somebody wrote or that may name somebody.

    A scope that is none of the places may be a person's as well, and is left out.
    """
    events = [{**event, "who": None, "reason": None} for event in document["events"]]
    scope = document["scope"] if document["scope"] in {*places, SERVICE} else None
    return {**document, "scope": scope, "reason": None, "acknowledged_by": None, "events": events}
