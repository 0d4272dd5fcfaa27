"""Carries out what people and commands ask for, between batches, by the one process that writes the journal."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gauge_ingest.core.model import EventKind, Station
from gauge_ingest.journal import Journal, Quarantined
from gauge_ingest.pump import Pump
from gauge_ingest.pump.guard import attempt
from gauge_ingest.pump.prune import Retention
from gauge_ingest.requests.acknowledge import say
from gauge_ingest.requests.copy_again import copy_again
from gauge_ingest.requests.correct import document, drafted, enter
from gauge_ingest.requests.silence import end, enter_silence
from gauge_ingest.requests.take_history import take_history
from gauge_ingest.requests.words import Refused
from gauge_ingest.spool import Request

REPLAY, RELOAD, PRUNE, CORRECT = "replay", "reload", "prune", "correct"
ACKNOWLEDGE, COMMENT = "acknowledge", "comment"
SILENCE, END_SILENCE, HISTORY = "silence", "end_silence", "history"
COPY_AGAIN = "copy_again"
_SAID = {ACKNOWLEDGE: EventKind.ACKNOWLEDGED, COMMENT: EventKind.COMMENTED}
REPLAYED_MAX = 20  # entries of one request: the rain waits while they are taken in
_ID_MAX = 2**63 - 1

Answer = dict[str, Any]


def carry_out(
    pump: Pump, journal: Journal, request: Request, *, now: int, reload: Callable[[], Mapping[str, Any]]
) -> Answer:
    """Do what is asked, once; the answer, also to a request that was carried out before.

    `{"ok": …, "replayed": [{"id", "ok", "readings", "reasons"}]}` for a replay, `{"ok": True, "correction": {…}}` for a
    correction (`correct.drafted` says what it takes), `{"ok": True, "entered": …}` for what is said of an alert
    (`acknowledge.say`), `{"ok": True, "silence": {…}}` for a silence or its end (`silence.py`), `{"ok": True, "seq"}`
    for what is to be copied again (`copy_again.py`), whatever `reload` answers for a reload, `{"ok": False, "error"}`
    for what cannot be understood. Errors of the journal are raised: nothing was done.
    """
    known = journal.owing.answer_to(request.id)
    if known is not None:
        return dict(known)
    if request.what == REPLAY:
        return _replay(pump, journal, request, now)
    if request.what == CORRECT:
        return _correct(pump, journal, request, now)
    if request.what in _SAID:
        return _say(pump, journal, request, now)
    if request.what in (SILENCE, END_SILENCE):
        return _silence(pump, journal, request, now)
    if request.what == COPY_AGAIN:
        return _copy_again(journal, request)
    if request.what == RELOAD:
        answer = dict(reload())
        with journal.transaction():
            _remember(journal, request, answer, now)
        return answer
    if request.what == PRUNE:  # repeated until nothing is left, so it need not be remembered
        return _prune(pump, request)
    if request.what == HISTORY:  # the same slice again changes nothing
        return _history(pump, journal, request, now)
    return {"ok": False, "error": f"nobody here knows how to {request.what[:40]!r}"}


def _prune(pump: Pump, request: Request) -> Answer:
    """One slice of what is older than `{"keep_days", "keep_raw_days"}`."""
    keep_days, keep_raw_days = request.body.get("keep_days"), request.body.get("keep_raw_days")
    if not (isinstance(keep_days, int) and isinstance(keep_raw_days, int) and min(keep_days, keep_raw_days) >= 0):
        return {"ok": False, "error": "prune takes keep_days and keep_raw_days: whole numbers from 0"}
    return {"ok": True, "more": pump.prune(Retention(keep_days, keep_raw_days))}


def _history(pump: Pump, journal: Journal, request: Request, now: int) -> Answer:
    try:
        return take_history(journal, pump.network.stations, request.body, who=request.who, now=now)
    except Refused as refused:
        return {"ok": False, "error": str(refused)}


def _correct(pump: Pump, journal: Journal, request: Request, now: int) -> Answer:
    try:
        entry = drafted(journal.reader, pump.network.stations, request.body, who=request.who, now=now)
    except Refused as refused:
        return {"ok": False, "error": str(refused)}
    with journal.transaction():
        enter(journal, entry)
        answer = {"ok": True, "correction": document(entry)}
        _remember(journal, request, answer, now)
    pump.forget_station(entry.station)
    return answer


def _say(pump: Pump, journal: Journal, request: Request, now: int) -> Answer:
    kind, configuration = _SAID[request.what], pump.findings.configuration
    try:
        with journal.transaction():
            entered = say(journal, request.body, kind=kind, who=request.who, now=now, configuration=configuration)
            answer = {"ok": True, "entered": entered}
            _remember(journal, request, answer, now)
    except Refused as refused:
        return {"ok": False, "error": str(refused)}
    return answer


def _silence(pump: Pump, journal: Journal, request: Request, now: int) -> Answer:
    try:
        with journal.transaction():
            if request.what == SILENCE:
                answer = enter_silence(journal, pump.network, request.body, who=request.who, now=now)
            else:
                answer = end(journal, request.body, who=request.who, now=now)
            _remember(journal, request, answer, now)
    except Refused as refused:
        return {"ok": False, "error": str(refused)}
    return answer


def _copy_again(journal: Journal, request: Request) -> Answer:
    """Copying twice does no harm, so it need not be remembered."""
    try:
        with journal.transaction():
            return {"ok": True, "seq": copy_again(journal, request.body)}
    except Refused as refused:
        return {"ok": False, "error": str(refused)}


def _replay(pump: Pump, journal: Journal, request: Request, now: int) -> Answer:
    ids = request.body.get("ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= REPLAYED_MAX or not all(map(_is_id, ids)):
        return {"ok": False, "error": f"replay takes ids: 1 to {REPLAYED_MAX} numbers of quarantine entries"}
    try:
        with journal.transaction():
            replayed = [_replay_one(pump, journal, quarantine_id, now) for quarantine_id in dict.fromkeys(ids)]
            answer = {"ok": all(one["ok"] for one in replayed), "replayed": replayed}
            _remember(journal, request, answer, now)
    except BaseException:
        pump.forget()  # the transaction was rolled back, and memory with it
        raise
    pump.owing = True
    return answer


def _replay_one(pump: Pump, journal: Journal, quarantine_id: int, now: int) -> Answer:
    entry = journal.reader.quarantined(quarantine_id)
    if entry is None:
        return _result(quarantine_id, f"there is no entry {quarantine_id} in quarantine")
    if entry.replayed_at is not None:
        return {"id": quarantine_id, "ok": True, "readings": 0, "reasons": ["was replayed before"]}
    if entry.size > len(entry.payload):
        return _result(quarantine_id, f"cut: only {len(entry.payload)} of its {entry.size} bytes were kept")
    station = pump.senders.by_topic.get(entry.topic)
    if station is None:
        return _result(quarantine_id, f"station {entry.station or '?'}: still not in stations.toml")
    taken: list[Answer] = []
    fault = attempt(partial(_take_in, pump, journal, entry, station, now, taken))
    if fault is not None:
        pump.forget()  # its savepoint was taken back, and memory with it
        return _result(quarantine_id, f"a fault of this program: {fault.error}")
    return taken[0]


def _take_in(pump: Pump, journal: Journal, entry: Quarantined, station: Station, now: int, taken: list[Answer]) -> None:
    """Good readings are taken in even where others of the message are refused again; the entry then stays."""
    with journal.savepoint():
        batch = pump.batch(entry.received_at)
        reasons = batch.replay(station, entry.payload, place=entry.place)
        readings = batch.finish().readings
        if not reasons:
            journal.replayed(entry.id, now)
    taken.append({"id": entry.id, "ok": not reasons, "readings": readings, "reasons": reasons})


def _remember(journal: Journal, request: Request, answer: Answer, now: int) -> None:
    body = {"what": request.what, "who": request.who, "body": request.body}
    journal.owing.carried_out(request.id, now, body, answer)


def _result(quarantine_id: int, reason: str) -> Answer:
    return {"id": quarantine_id, "ok": False, "readings": 0, "reasons": [reason]}


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _ID_MAX
