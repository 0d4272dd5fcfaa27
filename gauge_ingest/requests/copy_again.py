"""Announces what is to be copied once more: readings and windows of spans, alert events; to stores, never to people."""

from array import array
from typing import Any

from gauge_ingest.core.model import DAY_MS
from gauge_ingest.journal import Journal
from gauge_ingest.requests.words import Refused

SPANS_MAX = 200  # of one request: the rain waits while they are entered
SPAN_MAX_MS = 7 * DAY_MS
EVENTS_MAX = 1_000
_LATEST = 1 << 62


def copy_again(journal: Journal, body: dict[str, Any]) -> int:
    """Enter `{"spans": [[station, since, until], …], "events": [id, …]}` into the change log; its newest change.

    Inside the caller's transaction; Refused for what cannot be understood.
    """
    spans, events = body.get("spans", []), body.get("events", [])
    if not isinstance(spans, list) or len(spans) > SPANS_MAX:
        raise Refused(f"spans: must be a list of at most {SPANS_MAX} spans [station, since, until]")
    if not isinstance(events, list) or len(events) > EVENTS_MAX or not all(_is_whole(one) for one in events):
        raise Refused(f"events: must be a list of at most {EVENTS_MAX} numbers of alert events")
    announced = array("q")
    for span in spans:
        announced.extend(_span(journal, span))
    if announced:
        journal.log_rain(announced)
    if events:
        journal.log_alerts_again(events)
    return journal.reader.newest_seq()


def _span(journal: Journal, span: object) -> tuple[int, int, int]:
    if not (isinstance(span, list) and len(span) == 3 and isinstance(span[0], str) and all(map(_is_whole, span[1:]))):
        raise Refused(f"spans: {str(span)[:100]} must be [station, since, until], in milliseconds since 1970")
    station, since, until = span
    number = journal.reader.number(station)
    if number is None:
        raise Refused(f"spans: the journal has nothing of a station {station[:40]!r}")
    if not 0 < until - since <= SPAN_MAX_MS:
        raise Refused(f"spans: {since} to {until} must be longer than nothing and at most seven days")
    return number, since, until


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LATEST
