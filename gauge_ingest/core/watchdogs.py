"""Watchdogs over stations: silent, battery, clock, door, doubtful data. Rows and figures in, findings out."""

from collections.abc import Iterable, Mapping, Sequence

from gauge_ingest.core.findings import SERVICE, WARNING, Ended, Finding, Found, stepped
from gauge_ingest.core.health import StationHealth, batteries, share_text
from gauge_ingest.core.hearing import Hearing
from gauge_ingest.core.model import SECOND_MS, Row, Station
from gauge_ingest.core.reasons import because
from gauge_ingest.core.watch import SilentWatch, Watching, WatchSettings

Judged = Found | Ended
# A figure that has fallen below so much of its limit no longer stands.
BACK_SHARE = 0.8
# Of a network that was silent, fewer than this share of the limit must be silent still.
NETWORK_BACK_SHARE = 0.6
NAMED_MAX = 10  # silent stations that are named


# --- silence ---------------------------------------------------------------------------------------------------


def silence_ms(station: Station, *, missed_max: int, silence_min_s: int) -> int:
    """For how long a station may say nothing."""
    return max(missed_max * station.report_every_s, silence_min_s) * SECOND_MS


def is_silent(station: Station, hearing: Hearing, settings: SilentWatch, *, now: int, listening_since: int) -> bool:
    """Whether a station has said nothing for too long; one that was never heard since we began to listen."""
    bound_ms = silence_ms(station, missed_max=settings.missed_max, silence_min_s=settings.silence_min_s)
    return now - (hearing.heard_at or listening_since) > bound_ms


def station_silent(
    station: Station, hearing: Hearing, settings: SilentWatch, *, now: int, silent: bool, standing: bool
) -> Judged | None:
    """A station that says nothing; it is back when it has been heard for a while without a break."""
    if silent:
        if not hearing.heard_at:
            return Found(Finding.STATION_SILENT, station.id, settings.level, because("never_heard"), now)
        reason = because("not_heard", heard_at=hearing.heard_at, every_s=station.report_every_s)
        return Found(Finding.STATION_SILENT, station.id, settings.level, reason, hearing.heard_at)
    if standing and hearing.came_at - hearing.since >= settings.steady_s * SECOND_MS:
        reason = because("heard_again", since_at=hearing.since)
        return Ended(Finding.STATION_SILENT, station.id, reason)
    return None


def network_silent(
    silent: Sequence[str], *, known: int, settings: SilentWatch, since: int, standing: bool
) -> Judged | None:
    """Most stations say nothing at once: one finding for all of them."""
    limit = known * settings.network_percent_max / 100
    if standing:
        limit *= NETWORK_BACK_SHARE
    if known >= settings.network_stations_min and len(silent) > limit:
        kind = "network_silent_more" if len(silent) > NAMED_MAX else "network_silent"
        reason = because(kind, silent=len(silent), known=known, stations=list(silent[:NAMED_MAX]))
        return Found(Finding.NETWORK_SILENT, SERVICE, settings.network_level, reason, since)
    return Ended(Finding.NETWORK_SILENT, SERVICE, because("network_heard", heard=known - len(silent), known=known))


# --- figures ---------------------------------------------------------------------------------------------------


def opened_at(rows: Iterable[Row]) -> int | None:
    """Since when, by rows in order of time, the box stands open; None: closed, or it does not tell."""
    since = None
    for row in rows:
        if row.door_open is None:
            continue
        since = (row.observed_at if since is None else since) if row.door_open else None
    return since


def figures(
    health: StationHealth, settings: WatchSettings, *, opened: int | None, standing: Mapping[str, str]
) -> list[Judged]:
    """What the figures of a station's last day say. What is not known raises nothing and ends nothing.

    `standing` has the level of each finding that stands at the station.
    """
    judged = [
        _battery(health, settings, standing) if settings.battery.watch is Watching.ON else None,
        _clock(health, settings, standing) if settings.clock.watch is Watching.ON else None,
        _door(health, settings, opened) if settings.door.watch is Watching.ON else None,
        _suspect(health, settings, standing) if settings.suspect.watch is Watching.ON else None,
    ]
    return [one for one in judged if one is not None]


def step_of(level: str | None, lower: str) -> int:
    """Which of the two steps a finding stands at: 0 for none, 1 for the lower level, 2 for a warning above it."""
    if level is None:
        return 0
    return 2 if level == WARNING and lower != WARNING else 1


def _battery(health: StationHealth, settings: WatchSettings, standing: Mapping[str, str]) -> Judged | None:
    lowest_v, now_v, watch = health.battery_min_v, health.battery_v, settings.battery
    if lowest_v is None or now_v is None:
        return None
    number = batteries(now_v)
    low_v, warning_v, back_v = (volts * number for volts in (watch.low_v, watch.warning_v, watch.back_v))
    step = stepped(
        -lowest_v,
        (-low_v, -warning_v),
        (-low_v - back_v, -warning_v - back_v),
        standing=step_of(standing.get(Finding.BATTERY_LOW), watch.level),
    )
    if not step:
        return Ended(Finding.BATTERY_LOW, health.station, because("battery_right", lowest_v=lowest_v))
    limit_v = warning_v if step == 2 else low_v
    kind = "battery_very_low" if step == 2 else "battery_low"
    reason = because(kind, lowest_v=lowest_v, limit_v=limit_v)
    level = WARNING if step == 2 else watch.level
    return Found(Finding.BATTERY_LOW, health.station, level, reason, health.until)


def _clock(health: StationHealth, settings: WatchSettings, standing: Mapping[str, str]) -> Judged | None:
    offset_s, watch = health.clock_offset_s, settings.clock
    if offset_s is None:
        return None
    step = stepped(
        abs(offset_s),
        (watch.off_s, watch.warning_s),
        (BACK_SHARE * watch.off_s, BACK_SHARE * watch.warning_s),
        standing=step_of(standing.get(Finding.CLOCK_OFF), watch.level),
    )
    if not step:
        return Ended(Finding.CLOCK_OFF, health.station, because("clock_right", off_s=float(abs(offset_s))))
    kind = "clock_ahead" if offset_s > 0 else "clock_behind"
    reason = because(kind, minutes_min=round(abs(offset_s) / 60))
    return Found(Finding.CLOCK_OFF, health.station, WARNING if step == 2 else watch.level, reason, health.until)


def _door(health: StationHealth, settings: WatchSettings, opened: int | None) -> Judged | None:
    if health.door_open is None:
        return None
    if not health.door_open or opened is None:
        return Ended(Finding.DOOR_OPEN, health.station, because("door_closed"))
    if health.until - opened <= settings.door.open_max_s * SECOND_MS:
        return None
    reason = because("door_open", longer_s=settings.door.open_max_s)
    return Found(Finding.DOOR_OPEN, health.station, settings.door.level, reason, opened)


def _suspect(health: StationHealth, settings: WatchSettings, standing: Mapping[str, str]) -> Judged | None:
    watch, shares = settings.suspect, (health.suspect_share, health.failed_share, health.missing_share)
    known = [share for share in shares if share is not None]
    if len(known) < len(shares) or (health.reports_seen or 0) < watch.readings_min:
        return None
    doubted, limit = sum(known), watch.doubted_percent_max / 100
    if not stepped(doubted, (limit, 1.0), (BACK_SHARE * limit, 1.0), standing=Finding.DATA_SUSPECT in standing):
        return Ended(Finding.DATA_SUSPECT, health.station, because("data_right", share=share_text(doubted)))
    reason = because("data_suspect", doubted_share=float(doubted), station=health.station)
    return Found(Finding.DATA_SUSPECT, health.station, watch.level, reason, health.until)
