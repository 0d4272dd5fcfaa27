"""Admission: a decoded message to reports, with every claim bounded and a clock that is ahead mended."""

from typing import NamedTuple

from gauge_ingest.codecs import Message, Reading, Rejected
from gauge_ingest.core.model import DAY_MS, Report, Station

UNBOUNDED = 1 << 62


class Bounds(NamedTuple):
    """How far a station's clock may be from ours, and where the journal begins now."""

    ahead_max_ms: int
    behind_max_ms: int
    kept_since: int = 0


def admit(
    message: Message, station: Station, *, received_at: int, bounds: Bounds, message_id: int
) -> tuple[list[Report], list[Rejected]]:
    """The reports of a message, and the readings that must be refused, with reasons.

    A message whose clock is ahead of ours by more than `ahead_max_ms` is certainly wrong about its times. It is mended
    by itself: what was seen so long before sending was seen so long before we received it. With `ahead_max_ms` below
    0 our own clock is the one that is wrong, and nothing is mended.
    """
    reports: list[Report] = []
    rejected = list(message.rejected)
    latest = received_at + bounds.ahead_max_ms
    earliest = max(received_at - bounds.behind_max_ms, bounds.kept_since)
    ahead = bounds.ahead_max_ms >= 0 and message.sent_at > latest
    seq, boot, station_id = message.seq, message.boot, station.id
    doubtful_from = 0 if station.changes_at else station.deployments[0].counter_modulus or UNBOUNDED
    for place, reading in enumerate(message.readings):
        claimed_at, counter, kind, *beside = reading
        observed_at = claimed_at
        if ahead or (claimed_at > latest and bounds.ahead_max_ms >= 0):
            observed_at = received_at - max(0, message.sent_at - claimed_at)
        if counter >= doubtful_from or observed_at < earliest:
            reason = _refusal(reading, station, observed_at=observed_at, earliest=earliest, received_at=received_at)
            if reason:
                rejected.append(Rejected(_place(message, place), reason))
                continue
        # In the order of Report's fields; tuple.__new__ saves the call of its own __new__, for every reading.
        facts = (station_id, observed_at, counter, kind, received_at, claimed_at, seq, boot, *beside, message_id)
        reports.append(tuple.__new__(Report, facts))
    return reports, rejected


def _refusal(reading: Reading, station: Station, *, observed_at: int, earliest: int, received_at: int) -> str:
    modulus = station.deployments[0].counter_modulus
    if station.changes_at:
        modulus = station.deployment_at(observed_at).counter_modulus
    if modulus and reading.counter >= modulus:
        return f"count: {reading.counter} is not below the station's counter_modulus {modulus} (stations.toml)"
    if observed_at < earliest:
        days = (received_at - observed_at) / DAY_MS
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
