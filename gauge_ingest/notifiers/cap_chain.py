"""Which events of an alert become CAP messages: each one's type, identifier and time, and what a level says in CAP."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.core.levels import Level
from gauge_ingest.core.model import MINUTE_MS, SECOND_MS, AlertEvent, EventKind, Evidence

LEVEL_KINDS = (EventKind.RAISED, EventKind.STRENGTHENED, EventKind.EASED)
END_KINDS = (EventKind.CLEARED, EventKind.LAPSED, EventKind.WITHDRAWN)
# What people say of an alert, and whom we told of it, changes nothing for the systems of others.
SILENT_KINDS = (EventKind.ACKNOWLEDGED, EventKind.COMMENTED, EventKind.ESCALATED, EventKind.REMINDED)


RENEWALS_MAX = 10_000  # of one event
# By then whatever was recorded before a renewal was due is in the journal, so that no renewal comes behind an end.
SETTLED_MS = 5 * MINUTE_MS


class MessageType(StrEnum):
    """What a CAP message is to those before it (msgType)."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Told(NamedTuple):
    """What was told of one alert, in order, in a journal of that epoch.

    `former`: epochs before it, each with the newest event recorded in it, oldest first: a journal that was put back
    from a copy goes on with the identifiers under which its events were published.
    """

    epoch: str
    events: Sequence[AlertEvent]
    former: Sequence[tuple[str, int]] = ()

    def epoch_of(self, event_id: int) -> str:
        """The epoch in which an event was recorded."""
        return next((epoch for epoch, until_event in self.former if event_id <= until_event), self.epoch)


class Link(NamedTuple):
    """One CAP message of an alert. `sent_at`: whole seconds, never before the message before it.

    `renewal`: 0 for what an event says; n when it is said again for the nth time because the alert still stands.
    """

    event: AlertEvent
    kind: MessageType
    identifier: str
    sent_at: int
    level: str  # that the alert stands at, or stood at last
    renewal: int = 0


class Words(NamedTuple):
    """What CAP says of how grave it is. `response` is empty where nothing can be advised."""

    urgency: str
    severity: str
    certainty: str
    response: str = ""


def chain(told: Told, *, renew_ms: int, now: int | None = None) -> list[Link]:
    """Every CAP message of an alert, in order; it depends on nothing but the events up to each of them.

    An end without a beginning makes no message: who was told of nothing has nothing to take back. What is recorded
    only, and not sent, makes none either. An alert that stands is renewed every `renew_ms` after its newest event: up
    to the next one, and after the last of `told` up to `now`, if that is given.
    """
    links: list[Link] = []
    level, stands = "", False
    for event in told.events:
        if event.kind in SILENT_KINDS:
            continue
        if stands:
            links += _renewals(links, level, renew_ms=renew_ms, before=event.at)
        level = event.level if event.kind in LEVEL_KINDS else level
        if event.sent and (event.kind in LEVEL_KINDS or links):
            links.append(_link(told.epoch_of(event.id), event, level, links))
        stands = event.kind in LEVEL_KINDS and bool(links)
    if stands and now is not None:
        links += _renewals(links, level, renew_ms=renew_ms, before=now - SETTLED_MS)
    return links


def is_rain(events: Sequence[AlertEvent]) -> bool:
    """Whether an alert is about rain: it has evidence. Findings about the service and its stations have none."""
    return any(event.evidence is not None for event in events)


def words(kind: EventKind, level: Level, evidence: Evidence | None) -> Words:
    """What CAP says of an event at a level."""
    if kind is EventKind.CLEARED:
        return Words("Past", "Minor", "Observed", "AllClear")
    if kind is EventKind.LAPSED:  # nothing is heard any more: no all-clear
        return Words("Unknown", level.cap_severity, "Unknown", "Monitor")
    if kind is EventKind.WITHDRAWN:  # perhaps merged into an alert that stands: nothing may be said of the danger
        return Words("Unknown", "Unknown", "Unknown")
    return Words(level.cap_urgency, level.cap_severity, _certainty(evidence), level.cap_response)


def rests_on_doubt(evidence: Evidence | None) -> bool:
    """Whether the level would not be reached without rain that a quality check doubts."""
    if evidence is None or not evidence.doubted_mm:
        return False
    return evidence.rain_mm >= evidence.threshold_mm > round(evidence.rain_mm - evidence.doubted_mm, 3)


def _link(epoch: str, event: AlertEvent, level: str, earlier: Sequence[Link]) -> Link:
    sent_at = event.at - event.at % SECOND_MS
    return Link(
        event=event,
        kind=_kind(event, first=not earlier),
        identifier=f"{epoch}-{event.alert_id}-{event.id}",
        sent_at=max(sent_at, earlier[-1].sent_at) if earlier else sent_at,
        level=level,
    )


def _renewals(links: Sequence[Link], level: str, *, renew_ms: int, before: int) -> list[Link]:
    """What is due before an instant after the newest message of an event, at fixed times: whoever asks, whenever."""
    newest = next(link for link in reversed(links) if not link.renewal)
    first, last = links[-1].renewal + 1, min(RENEWALS_MAX, (before - 1 - newest.sent_at) // renew_ms)
    return [
        Link(
            event=newest.event,
            kind=MessageType.UPDATE,
            identifier=f"{newest.identifier}-{number}",
            sent_at=newest.sent_at + number * renew_ms,
            level=level,
            renewal=number,
        )
        for number in range(first, last + 1)
    ]


def _certainty(evidence: Evidence | None) -> str:
    """Observed, for levels rise on rain that surely fell, even where more may have; Possible where it is in doubt."""
    return "Possible" if rests_on_doubt(evidence) else "Observed"


def _kind(event: AlertEvent, *, first: bool) -> MessageType:
    if first:
        return MessageType.ALERT
    return MessageType.CANCEL if event.kind is EventKind.WITHDRAWN else MessageType.UPDATE
