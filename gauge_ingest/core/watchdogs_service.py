"""Watchdogs over the service itself: disk, stores, the outbound process, the quarantine, its configuration."""

from collections.abc import Sequence

from gauge_ingest.core.findings import SERVICE, WARNING, Ended, Finding, Found, stepped
from gauge_ingest.core.model import SECOND_MS
from gauge_ingest.core.reasons import because
from gauge_ingest.core.watch import (
    ConfigurationWatch,
    Disk,
    DiskWatch,
    Follower,
    OutboundWatch,
    QuarantineWatch,
    Refused,
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
    if not step:
        return Ended(Finding.DISK_LOW, SERVICE, because("disk_room", free_gb=round(free_mb / 1000, 1)))
    limit_mb = settings.warning_mb if step == 2 else low_mb
    reason = because("disk_low", free_gb=round(free_mb / 1000, 1), limit_gb=round(limit_mb / 1000, 1))
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
        return Ended(Finding.STORE_BEHIND, SERVICE, because("all_sent"))
    reason = because("store_behind", store=slowest.name, since_at=since)
    if slowest.error:
        reason = because("store_behind_error", store=slowest.name, since_at=since, error=slowest.error)
    return Found(Finding.STORE_BEHIND, SERVICE, WARNING if step == 2 else settings.level, reason, now)


def outbound_gone(*, alive: bool, gone_since: int | None, settings: OutboundWatch, now: int) -> Judged | None:
    """The process that copies and tells does not run, so that alerts reach nobody."""
    if alive or gone_since is None:
        return Ended(Finding.OUTBOUND_GONE, SERVICE, because("outbound_runs"))
    if now - gone_since <= settings.gone_s * SECOND_MS:
        return None
    reason = because("outbound_gone", since_at=gone_since)
    return Found(Finding.OUTBOUND_GONE, SERVICE, settings.level, reason, gone_since)


def quarantine_growing(entries: int, settings: QuarantineWatch, *, now: int, standing: bool) -> Judged:
    """More of the last hour went to quarantine than a wrong byte now and then explains."""
    limit = settings.entries_per_hour_max * (BACK_SHARE if standing else 1)
    if entries <= limit:
        return Ended(Finding.QUARANTINE_GROWING, SERVICE, because("quarantine_quiet", entries=entries))
    reason = because("quarantine_growing", entries_max=settings.entries_per_hour_max)
    return Found(Finding.QUARANTINE_GROWING, SERVICE, settings.level, reason, now)


def configuration_refused(refused: Refused, settings: ConfigurationWatch, *, now: int) -> Judged:
    """The service was started with broken files, and runs on those that were accepted before."""
    if not refused.words:
        return Ended(Finding.CONFIGURATION_REFUSED, SERVICE, because("configuration_in_force"))
    reason = because("configuration_refused", error=refused.words, where=refused.where)
    return Found(Finding.CONFIGURATION_REFUSED, SERVICE, settings.level, reason, now)
