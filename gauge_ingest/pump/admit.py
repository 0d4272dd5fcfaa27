"""Admission: a decoded message to reports, with every claim bounded and a clock that is ahead mended."""

from typing import NamedTuple

from gauge_ingest.codecs import Message, Rejected
from gauge_ingest.core.model import DAY_MS, Report, Station


class Bounds(NamedTuple):
    """The times that a report received at `received_at` may claim; what is later is mended, what is earlier refused.

    With `latest` UNBOUNDED our own clock is the one that is wrong, and nothing is mended.
    """

    received_at: int
    earliest: int
    latest: int


def admit(message: Message, station: Station, bounds: Bounds) -> tuple[list[Report], list[Rejected]]:
    """The reports of a message, and the readings that must be refused, with reasons.

    A message whose clock is ahead of ours by more than is tolerated is certainly wrong about its times. It is mended
    by itself: what was seen so long before sending was seen so long before we received it.
    """
    received_at, earliest, latest = bounds
    if message.sent_at <= latest and not message.rejected:
        for report in message.reports:
            if not earliest <= report.observed_at <= latest or report.counter >= station.counter_below:
                break
        else:  # nearly always
            return message.reports, message.rejected
    reports: list[Report] = []
    rejected = list(message.rejected)
    ahead = message.sent_at > latest
    for place, claimed in enumerate(message.reports):
        report = claimed
        if ahead or claimed.claimed_at > latest:
            report = claimed._replace(observed_at=received_at - max(0, message.sent_at - claimed.claimed_at))
        if report.observed_at < earliest or report.counter >= station.counter_below:
            reason = _refusal(report, station, bounds)
            if reason:
                rejected.append(Rejected(_place(message, place), reason))
                continue
        reports.append(report)
    return reports, rejected


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
