"""Watchdogs over the service itself: disk, stores, the outbound process, the quarantine, its configuration."""

from collections.abc import Sequence

from gauge_ingest.core.findings import SERVICE, WARNING, Ended, Finding, Found, stepped
from gauge_ingest.core.model import SECOND_MS
from gauge_ingest.core.spans import instant_text
from gauge_ingest.core.watch import (
    ConfigurationWatch,
    Disk,
    DiskWatch,
    Follower,
    OutboundWatch,
    QuarantineWatch,
    StoreWatch,
)
from gauge_ingest.core.watchdogs import BACK_SHARE, Judged, step_of

MB = 1_000_000
ROOM_AGAIN = 1.2  # so much more than the limit must be free again


def disk_low(disk: Disk, settings: DiskWatch, *, now: int, standing: str | None) -> Judged:
    """Too little room for the journal."""
    low_mb = max(settings.free_mb_min, disk.total_bytes * settings.free_percent_min / 100 / MB)
    free_mb = disk.free_bytes / MB
    step = stepped(
        -free_mb,
        (-low_mb, -settings.warning_mb),
        (-low_mb * ROOM_AGAIN, -settings.warning_mb * ROOM_AGAIN),
        standing=step_of(standing, settings.level),
    )
    room = f"{free_mb / 1000:.1f} GB free where the journal is"
    if not step:
        return Ended(Finding.DISK_LOW, SERVICE, room)
    then = "when it is full nothing is taken any more, and stations keep their reports. Make room"
    limit_mb = settings.warning_mb if step == 2 else low_mb
    reason = f"{room} (limit {limit_mb / 1000:.1f} GB): {then}"
    return Found(Finding.DISK_LOW, SERVICE, WARNING if step == 2 else settings.level, reason, now)


def store_behind(
    followers: Sequence[Follower], settings: StoreWatch, *, now: int, standing: str | None
) -> Judged | None:
    """A store, or a way to tell, that is far behind: the one whose oldest unsent reading waits longest is named."""
    if not followers:
        return None
    waiting = [(one.waits_since, one) for one in followers if one.waits_since is not None]
    since, slowest = min(waiting, key=lambda one: one[0], default=(now, followers[0]))
    step = stepped(
        (now - since) / SECOND_MS,
        (settings.behind_s, settings.warning_s),
        (BACK_SHARE * settings.behind_s, BACK_SHARE * settings.warning_s),
        standing=step_of(standing, settings.level),
    )
    if not step:
        return Ended(Finding.STORE_BEHIND, SERVICE, "everything is sent, or nearly")
    error = f": {slowest.error}" if slowest.error else ""
    reason = (
        f"{slowest.name} is behind: what was received at {instant_text(since)} still waits to be sent{error}."
        " Nothing is lost, it is sent when this is mended"
    )
    return Found(Finding.STORE_BEHIND, SERVICE, WARNING if step == 2 else settings.level, reason, now)


def outbound_gone(*, alive: bool, gone_since: int | None, settings: OutboundWatch, now: int) -> Judged | None:
    """The process that copies and tells does not run, so that alerts reach nobody."""
    if alive or gone_since is None:
        return Ended(Finding.OUTBOUND_GONE, SERVICE, "the outbound process runs")
    if now - gone_since <= settings.gone_s * SECOND_MS:
        return None
    reason = (
        f"the outbound process has not run since {instant_text(gone_since)}: alerts are recorded and reach NOBODY."
        " Look at the log; gauge-ingest alerts shows what stands"
    )
    return Found(Finding.OUTBOUND_GONE, SERVICE, settings.level, reason, gone_since)


def quarantine_growing(entries: int, settings: QuarantineWatch, *, now: int, standing: bool) -> Judged:
    """More of the last hour went to quarantine than a wrong byte now and then explains."""
    limit = settings.entries_per_hour_max * (BACK_SHARE if standing else 1)
    if entries <= limit:
        return Ended(Finding.QUARANTINE_GROWING, SERVICE, f"{entries} entries in the last hour")
    reason = (
        f"more than {settings.entries_per_hour_max} messages or readings of one hour could not be admitted:"
        " gauge-ingest quarantine list"
    )
    return Found(Finding.QUARANTINE_GROWING, SERVICE, settings.level, reason, now)


def configuration_refused(refused: str, settings: ConfigurationWatch, *, now: int) -> Judged:
    """The service was started with broken files, and runs on those that were accepted before."""
    if not refused:
        return Ended(Finding.CONFIGURATION_REFUSED, SERVICE, "the configuration on disk is in force")
    reason = f"{refused}. Mend it (gauge-ingest check has all mistakes), then gauge-ingest reload"
    return Found(Finding.CONFIGURATION_REFUSED, SERVICE, settings.level, reason, now)
