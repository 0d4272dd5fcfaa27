"""A rehearsal as one JSON document: what scripts that tune thresholds read."""

from typing import Any

from gauge_ingest.core.alert_document import alert_document
from gauge_ingest.core.spans import instant_text
from gauge_ingest.rehearsal.compare import Pair
from gauge_ingest.rehearsal.known import Outcome, Score
from gauge_ingest.rehearsal.result import Rehearsal, Rehearsed


def document(rehearsal: Rehearsal) -> dict[str, Any]:
    """The new rules first, then the old ones, then how they compare."""
    return {
        "since": instant_text(rehearsal.record.since),
        "until": instant_text(rehearsal.record.until),
        "readings": rehearsal.record.total,
        "rules": [_file(one) for one in rehearsal.files],
        "comparison": [_pair(pair) for pair in rehearsal.pairs],
    }


def _file(rehearsed: Rehearsed) -> dict[str, Any]:
    leads = zip(rehearsed.told, rehearsed.to_record_min, strict=True)
    return {
        "file": rehearsed.file.name,
        "alerts": [alert_document(one.alert, one.events) for one in rehearsed.told],
        "events": [_outcome(one) for one in rehearsed.verdicts.outcomes],
        "false_alerts": list(rehearsed.verdicts.false_alerts),
        "levels": [_score(one) for one in rehearsed.verdicts.scores],
        "record": [{"alert": one.alert.id, "lead_min": _minutes(lead)} for one, lead in leads if lead is not None],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    event = outcome.event
    return {
        "name": event.name,
        "at": instant_text(event.at),
        "scope": event.scope,
        "outcome": "no data" if outcome.no_data else "miss" if outcome.missed else "hit",
        "lead_min": _minutes(outcome.lead_min),
        "alert": outcome.alert,
        "known_at": None if outcome.known_at is None else instant_text(outcome.known_at),
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "level": score.level,
        "alerts": score.alerts,
        "false": score.false,
        "hits": score.hits,
        "misses": score.events - score.hits,
        "pod": None if score.pod is None else round(score.pod, 4),
        "far": None if score.far is None else round(score.far, 4),
        "mean_lead_min": _minutes(score.mean_lead_min),
        "median_lead_min": _minutes(score.median_lead_min),
    }


def _pair(pair: Pair) -> dict[str, Any]:
    one = pair.new or pair.old
    assert one is not None
    return {
        "scope": one.alert.scope,
        "rule": one.alert.rule,
        "change": pair.kind,
        "earlier_min": _minutes(pair.earlier_min),
        "old": None if pair.old is None else pair.old.alert.id,
        "new": None if pair.new is None else pair.new.alert.id,
    }


def _minutes(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
