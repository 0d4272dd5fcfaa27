"""The account as one JSON document: every number with its unit in its name, times as RFC 3339."""

from collections.abc import Mapping
from typing import Any

from gauge_ingest.account.alerting import Alerting
from gauge_ingest.account.copied import Absent, Copy
from gauge_ingest.account.join import Account, StationAccount
from gauge_ingest.account.rain import Because, Gone, Rain, Unexplained
from gauge_ingest.account.readings import Messages, Missing, Readings
from gauge_ingest.account.station_side import Fate
from gauge_ingest.core.spans import instant_text

_DECIMALS = 6  # of millimetres


def document(account: Account) -> dict[str, Any]:
    """The whole account."""
    truth = account.truth
    return {
        "closes": account.closes,
        "lost_by_broker_readings": account.lost_by_broker,
        "on_the_way_readings": account.on_the_way,
        "notices": account.notices,
        "truth": {
            "file": str(truth.path),
            "scenario": truth.scenario or None,
            "seed": truth.seed,
            "minutes": truth.minutes,
            "started_at": _instant(truth.started_at),
            "ended_at": _instant(truth.ended_at),
            "outstanding_messages": truth.outstanding,
            "cut_line": truth.cut_line,
            "unknown_events": truth.unknown,
        },
        "total": _station(account.total()),
        "stations": [
            {"station": one.station, "name": one.name, "bucket_depth_mm": one.bucket_depth_mm} | _station(one)
            for one in account.stations
        ],
    }


def _station(one: StationAccount) -> dict[str, Any]:
    return {
        "rain": _rain(one.rain),
        "readings": _readings(one.readings),
        "messages": _messages(one.messages),
        "influx": None if one.copy is None else _copy(one.copy),
        "alerts": [_alert(alert) for alert in one.alerts],
        "unexplained": [_unexplained(open_) for open_ in one.unexplained],
    }


def _rain(rain: Rain) -> dict[str, Any]:
    water = rain.water
    named = () if water is None else (*water._fields, "caught_mm", "unexplained_mm")
    return {
        "water": None if water is None else {name: round(getattr(water, name), _DECIMALS) + 0.0 for name in named},
        "turned_tips": rain.turned_tips,
        "poured_tips": rain.poured_tips,
        "pulses_without_turn_tips": dict(rain.pulses),
        "missed_tips": dict(rain.missed),
        "left_out_as_test_tips": rain.left_out_tips,
        "counted_tips": rain.counted_tips,
        "carried_tips": rain.carried_tips,
        "gone_tips": {where.value: rain.gone[where] for where in Gone},
        "stored_otherwise_tips": {why.value: rain.because[why] for why in Because},
        "unexplained_tips": rain.unexplained_tips,
        "stored_tips": rain.stored_tips,
        "stored_tips_min": rain.stored_tips_min,
        "stored_tips_max": rain.stored_tips_max,
        "stored_mm": round(rain.stored_mm, 3),
    }


def _readings(readings: Readings) -> dict[str, Any]:
    return {
        "made": readings.made,
        "acknowledged": readings.acknowledged,
        "missing": {why.value: readings.missing[why] for why in Missing},
        "stored": readings.stored,
        "void": readings.void,
        "unconfirmed": readings.unconfirmed,
        "owed": readings.owed,
        "test": readings.test,
        "unexplained": readings.unexplained,
        "quarantine_reasons": dict(readings.reasons),
        "wrong_counts": [
            {
                "observed_at": instant_text(one.made.claimed_at),
                "count": one.made.shown,
                "counted": one.due,
                "became": one.became,
                "line": one.made.line,
            }
            for one in readings.wrong
        ],
    }


def _messages(messages: Messages) -> dict[str, Any]:
    return {
        "made": messages.made,
        **{fate.name.lower(): messages.fates[fate] for fate in Fate if fate is not Fate.IN_NO_MESSAGE},
        "sent": messages.sent,
        "transmissions": messages.transmissions,
    }


def _copy(copy: Copy) -> dict[str, Any]:
    return {
        "rows": copy.rows,
        "there_rows": copy.there,
        "absent_rows": {why.value: copy.absent[why] for why in Absent},
        "beyond_rows": copy.beyond,
        "tips": copy.tips,
    }


def _alert(alert: Alerting) -> Mapping[str, Any]:
    told = alert.told
    return {
        "station": alert.station,
        "rule": alert.rule,
        "verdict": alert.verdict.value,
        "true_level": alert.true_level,
        "true_at": _instant(alert.true_at),
        "told_level": told.level if told else "",
        "rained_at": _instant(told.rained_at if told else None),
        "known_at": _instant(told.known_at if told else None),
        "told_at": _instant(told.told_at if told else None),
        "late": bool(told and told.late),
        "late_events": alert.late,
        "withdrawn_alerts": alert.withdrawn,
        "windows": [window._asdict() for window in alert.windows],
    }


def _unexplained(open_: Unexplained) -> dict[str, Any]:
    return {
        "station": open_.station,
        "what": open_.what,
        "amount": open_.amount,
        "unit": open_.unit,
        "observed_at": _instant(open_.observed_at),
        "count": open_.shown,
        "line": open_.line,
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else instant_text(at)
