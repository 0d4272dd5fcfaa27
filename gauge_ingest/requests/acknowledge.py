"""What people say of an alert: that they have seen it, and whatever else. Each is an event, told like any other."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from gauge_ingest.core.model import Alert, AlertEvent, EventKind
from gauge_ingest.core.told import acknowledgements, newest_rise, said
from gauge_ingest.journal import Journal, Reader
from gauge_ingest.requests.words import WHO_MAX, WHY_MAX, Refused, words

_KEYS = {"alert", "seen", "who", "comment"}
_ID_MAX = 2**63 - 1


def say(journal: Journal, body: Mapping[str, Any], *, kind: EventKind, who: str, now: int, configuration: int) -> bool:
    """Enter inside the caller's transaction what a person says of an alert; False when it is said already.

    `body`: `alert`, its number; `comment`, what is said, which an acknowledgement may do without; perhaps `who`, else
    the one given. An acknowledgement names in `seen` the event of the newest rise that the person was shown: what rose
    meanwhile is not acknowledged unseen. Raises Refused.
    """
    wrong = sorted(body.keys() - _KEYS)
    if wrong:
        raise Refused(f"{wrong[0]}: a request about an alert knows no {wrong[0]}")
    alert = _alert(journal.reader, body.get("alert"))
    named = words("who", body.get("who", who), WHO_MAX)
    comment = "" if body.get("comment") is None else words("comment", body["comment"], WHY_MAX)
    events = journal.reader.alerts.events(alert.id)
    if kind is EventKind.COMMENTED and not comment:
        raise Refused("comment: must say something")
    if kind is EventKind.ACKNOWLEDGED:
        _refuse_unseen(alert, events, body.get("seen"))
        if any(known.who == named and comment in ("", known.reason) for known in acknowledgements(events)):
            return False
    journal.save_alerts([], [said(alert, events, kind, who=named, words=comment, now=now)], configuration)
    return True


def _alert(reader: Reader, number: object) -> Alert:
    alert = reader.alerts.one(number) if _is_whole(number) else None
    if alert is None:
        raise Refused(f"alert {number!r}: there is no such alert; alerts --all lists them")
    return alert


def _refuse_unseen(alert: Alert, events: Sequence[AlertEvent], seen: object) -> None:
    if seen is not None and not _is_whole(seen):
        raise Refused(f"seen {seen!r}: must be the number of an event")
    newest = newest_rise(events)
    if newest is not None and seen is None:
        raise Refused(f"seen: must name the event that was shown, as of now {newest.id}")
    if newest is not None and seen != newest.id:
        raise Refused(
            f"alert {alert.id}: was {newest.kind} ({newest.level}) after what you were shown; look at it and"
            f" acknowledge it again"
        )


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _ID_MAX
