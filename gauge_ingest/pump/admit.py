"""Admission: a decoded message to reports, with every claim bounded and a clock that is ahead mended."""

from collections.abc import Callable
from typing import NamedTuple

from gauge_ingest.codecs import Message, Rejected
from gauge_ingest.core.model import DAY_MS, MINUTE_MS, Report, Row, Station


class Bounds(NamedTuple):
    """The times that a report received at `received_at` may claim; what is later is mended, what is earlier refused.

    With `latest` UNBOUNDED our own clock is the one that is wrong, and nothing is mended.
    """

    received_at: int
    earliest: int
    latest: int


def admit(
    message: Message, station: Station, bounds: Bounds, latest: Callable[[Station], Row | None]
) -> tuple[list[Report], list[Rejected]]:
    """The reports of a message, and the readings that must be refused, with reasons.

    A message whose clock is ahead of ours by more than is tolerated is certainly wrong about its times. It is mended
    by itself: what was seen so long before sending was seen so long before we received it. If it seems to have waited,
    the station's latest reading, by the time it was given, says how far ahead the clock is. What was seen later is
    never mended to an earlier time.
    """
    received_at, earliest, bound = bounds
    if message.sent_at <= bound and not message.rejected:
        for report in message.reports:
            if not earliest <= report.observed_at <= bound or report.counter >= station.counter_below:
                break
        else:  # nearly always
            return message.reports, message.rejected
    reports: list[Report] = []
    rejected = list(message.rejected)
    ahead = message.sent_at > bound
    before = latest(station) if ahead or any(one.claimed_at > bound for one in message.reports) else None
    ahead_ms = _ahead_ms(message, bounds, before)
    last = (before.claimed_at, before.observed_at) if before is not None and before.observed_at <= bound else (0, 0)
    for place, claimed in enumerate(message.reports):
        report = claimed
        if ahead or claimed.claimed_at > bound:
            at = min(received_at, claimed.claimed_at - ahead_ms)
            if last[0] <= claimed.claimed_at:
                at = max(at, last[1] + (last[0] < claimed.claimed_at))
            report = claimed._replace(observed_at=at)
            last = (claimed.claimed_at, at)
        if report.observed_at < earliest or report.counter >= station.counter_below:
            reason = _refusal(report, station, bounds)
            if reason:
                rejected.append(Rejected(_place(message, place), reason))
                continue
        reports.append(report)
    return reports, rejected


def _ahead_ms(message: Message, bounds: Bounds, latest: Row | None) -> int:
    """How far the clock of the message is ahead of ours.

    At least by what it was ahead when it came; and by as much as it was for the latest reading, if the message goes on
    from there and has waited for the difference. Waits that stay the same over a minute are no waits: a backlog gets
    shorter. Then the clock is less far ahead than it was.
    """
    ahead_ms = message.sent_at - bounds.received_at
    if latest is None:
        return ahead_ms
    known_ms = latest.claimed_at - latest.observed_at
    waited_ms = known_ms - ahead_ms
    if waited_ms <= 0:
        return ahead_ms
    if message.sent_at - known_ms < latest.observed_at:
        return known_ms if _before(message, latest) else ahead_ms  # an older message, or a clock that was set back
    tolerated_ms = bounds.latest - bounds.received_at
    longer_ms = waited_ms - (latest.received_at - latest.observed_at)
    later_ms = bounds.received_at - latest.received_at
    if waited_ms > tolerated_ms and later_ms >= MINUTE_MS and abs(longer_ms) < MINUTE_MS:
        return ahead_ms
    return known_ms


def _before(message: Message, row: Row) -> bool:
    """Whether a message was made before that of a row, by the station's own numbers."""
    return message.seq is not None and row.seq is not None and message.boot == row.boot and message.seq < row.seq


def _refusal(report: Report, station: Station, bounds: Bounds) -> str:
    modulus = station.deployment_at(report.observed_at).counter_modulus
    if modulus and report.counter >= modulus:
        return f"count: {report.counter} is not below the station's counter_modulus {modulus} (stations.toml)"
    if report.observed_at < bounds.earliest:
        days = (bounds.received_at - report.observed_at) / DAY_MS
        return (
            f"observed_at: {days:.0f} days before it was received, more than journal.readings_older_than_days_max"
            " or journal.keep_days allow"
        )
    return ""


def _place(message: Message, number: int) -> int:
    """The place in the message of the reading that is `number` among those that could be read."""
    gone = sorted(rejected.place for rejected in message.rejected)
    place = number
    for missing in gone:
        if missing <= place:
            place += 1
    return place
