"""When a station was last heard, which is not when its message came, and whether we can hear at all."""

from typing import NamedTuple

from gauge_ingest.core.findings import SERVICE, Ended, Finding, Found
from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, SECOND_MS
from gauge_ingest.core.reasons import because
from gauge_ingest.core.watch import BrokerWatch, Surroundings

# What waited has a delay that shrinks from message to message; where it stays the same, nothing waited, or the clock
# is behind by so much (decision 0012).
STEADY_WITHIN_MS = MINUTE_MS
# Where messages never stop there is no moment without one: after so long nothing of a backlog can be left.
DRAINED_AFTER_MS = HOUR_MS


class Hearing(NamedTuple):
    """What is remembered of a station's messages, by our clock but for the last. `heard_at` 0: never heard."""

    heard_at: int = 0
    since: int = 0  # it has come without a break since
    came_at: int = 0  # when the newest came that told something new
    received_at: int = 0  # of the last one, and when it was sent
    sent_at: int = 0


NEVER = Hearing()


def heard(before: Hearing, *, received_at: int, sent_at: int, break_ms: int, first_at: int | None = None) -> Hearing:
    """The hearing after a message: the earlier of when it came and when it was sent, so that what waited at the broker
    while we were away does not make a dead station live. A message that is sent again is no sign of life.
    `first_at`: when the first came of several, of which this is the newest.
    """
    at = _lived_at(before, received_at, sent_at)
    if at <= before.heard_at:
        return before._replace(received_at=received_at, sent_at=sent_at)
    came_at = received_at if first_at is None else first_at
    since = came_at if came_at - before.came_at > break_ms else before.since
    return Hearing(at, since, received_at, received_at, sent_at)


def _lived_at(before: Hearing, received_at: int, sent_at: int) -> int:
    if before.received_at and sent_at > before.sent_at:
        longer_ms = abs((received_at - sent_at) - (before.received_at - before.sent_at))
        if longer_ms <= STEADY_WITHIN_MS and 2 * longer_ms <= sent_at - before.sent_at:
            return received_at
    elif before.received_at and sent_at >= received_at:
        return 0  # of a clock that is ahead only what goes on from before is new
    return min(received_at, sent_at)


class Line(NamedTuple):
    """Whether we hear: connected for long enough, and everything that waited has come."""

    unsettled_since: int | None = None
    gone_since: int | None = None  # not connected since

    @property
    def settled(self) -> bool:
        """Whether the silence of a station is its own."""
        return self.unsettled_since is None


def line(before: Line, around: Surroundings, settings: BrokerWatch, *, now: int) -> Line:
    """The line now."""
    since = around.connected_since
    if since is None:
        gone_since = now if before.gone_since is None else before.gone_since
        return Line(now if before.unsettled_since is None else before.unsettled_since, gone_since)
    connected_ms = now - since
    drained = around.drained or connected_ms >= DRAINED_AFTER_MS
    if connected_ms >= settings.settle_s * SECOND_MS and drained:
        return Line()
    return Line(now if before.unsettled_since is None else before.unsettled_since)


def cut_off(found: Line, settings: BrokerWatch, *, now: int) -> Found | Ended | None:
    """We are cut off: not connected for longer than a bound, or no connection lasts. One finding for every silence."""
    unsettled, gone, gone_ms = found.unsettled_since, found.gone_since, settings.gone_s * SECOND_MS
    if unsettled is None:
        return Ended(Finding.BROKER_GONE, SERVICE, because("connected"))
    since, kind = unsettled, "connections_break"
    if gone is not None and now - gone > gone_ms:
        since, kind = gone, "not_connected"
    elif now - unsettled <= gone_ms + 2 * settings.settle_s * SECOND_MS:
        return None
    reason = because(kind, since_at=since, settle_s=settings.settle_s)
    return Found(Finding.BROKER_GONE, SERVICE, settings.level, reason, since)
