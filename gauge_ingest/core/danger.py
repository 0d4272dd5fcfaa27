"""Danger in silence: a station says nothing while it rains hard around it, and that may be the flood itself."""

from collections.abc import Sequence
from typing import NamedTuple

from gauge_ingest.core.findings import Ended, Finding, Found
from gauge_ingest.core.hearing import Hearing
from gauge_ingest.core.model import SECOND_MS, Alert, Evidence, State, Station
from gauge_ingest.core.reasons import because
from gauge_ingest.core.watch import DangerWatch
from gauge_ingest.core.watchdogs import silence_ms

NEIGHBOURS_NAMED_MAX = 5
TOLD_MIN = 0.8  # the share of the time away that reports must speak for


class Around(NamedTuple):
    """A neighbour that is heard itself, and what surely fell there."""

    station: Station
    rain_mm: float


class Away(NamedTuple):
    """What a station that is back has told of the time it was away: the share that reports speak for, and the rain."""

    told: float
    rain_mm: float


def bound_ms(station: Station, settings: DangerWatch) -> int:
    """For how long a station may say nothing in heavy rain."""
    return silence_ms(station, missed_max=settings.missed_max, silence_min_s=settings.silence_min_s)


def fell_silent(station: Station, hearing: Hearing, settings: DangerWatch, *, now: int) -> bool:
    """Whether a station that was heard lately is silent now. One that has long been silent is equipment."""
    silent_ms = now - hearing.heard_at
    return bound_ms(station, settings) < silent_ms <= settings.heard_within_s * SECOND_MS


def is_heard(
    neighbour: Station, hearing: Hearing, silent: Station, *, since: int, settings: DangerWatch, now: int
) -> bool:
    """Whether a neighbour speaks for itself: heard lately, and still when the other one should have spoken.

    Where all stop at once it is the line between us, and none of them is a witness.
    """
    spoke_later = hearing.heard_at >= since + bound_ms(silent, settings) // 2
    return spoke_later and now - hearing.heard_at <= neighbour.gap_after_ms


def neighbours_needed(station: Station, settings: DangerWatch) -> int:
    """At how many neighbours it must rain; a station that has fewer needs all of them."""
    return max(1, min(settings.neighbours_min, len(station.neighbours)))


def danger(
    station: Station,
    hearing: Hearing,
    around: Sequence[Around],
    settings: DangerWatch,
    *,
    now: int,
    last_mm: float | None,
) -> Found | None:
    """The alert for a station that has fallen silent, when it rains hard at enough neighbours that are heard.

    `last_mm` is the station's own rain in the window before it fell silent, None when nobody knows.
    """
    heavy = sorted((one for one in around if one.rain_mm >= settings.rain_mm), key=_rain_mm, reverse=True)
    needed = neighbours_needed(station, settings)
    if len(heavy) < needed:
        return None
    named = [f"{one.station.name} {one.station.id} {one.rain_mm:.1f} mm" for one in heavy[:NEIGHBOURS_NAMED_MAX]]
    reason = because(
        "silent_in_rain_own_unknown" if last_mm is None else "silent_in_rain",
        heard_at=hearing.heard_at,
        every_s=station.report_every_s,
        window_s=settings.window_s,
        around=named,
        **({} if last_mm is None else {"last_mm": float(last_mm)}),
    )
    evidence = Evidence(
        window_s=settings.window_s,
        since=now - settings.window_s * SECOND_MS,
        until=now,
        rain_mm=heavy[needed - 1].rain_mm,
        rain_mm_max=heavy[needed - 1].rain_mm,
        threshold_mm=settings.rain_mm,
        coverage=0.0,
    )
    return Found(Finding.DANGER_IN_SILENCE, station.id, settings.level, reason, hearing.heard_at, evidence)


def taken_back(station: Station, evidence: Evidence, around: Sequence[Around], settings: DangerWatch) -> Ended | None:
    """Withdrawn: by what is known now it did not rain so hard when the alert was raised."""
    heavy = [one for one in around if one.rain_mm >= evidence.threshold_mm]
    if len(heavy) >= neighbours_needed(station, settings):
        return None
    named = [f"{one.station.id} {one.rain_mm:.1f} mm" for one in around[:NEIGHBOURS_NAMED_MAX]]
    kind = "not_so_hard" if named else "nobody_tells"
    reason = because(kind, window_s=evidence.window_s, until_at=evidence.until, around=named)
    return Ended(Finding.DANGER_IN_SILENCE, station.id, reason, State.WITHDRAWN)


def over(
    station: Station, hearing: Hearing, alert: Alert, settings: DangerWatch, *, now: int, away: Away | None, dry: bool
) -> Ended | None:
    """The end of an alert: the station is back and has told of its time away, or it is back and dry around it.

    One that stays silent lapses when it has long been dry: that is no all-clear. `away` is None while it is silent.
    """
    if away is None:
        if not dry or now - alert.raised_at <= settings.lapse_s * SECOND_MS:
            return None
        reason = because("still_silent", lapse_s=settings.lapse_s)
        return Ended(Finding.DANGER_IN_SILENCE, station.id, reason, State.LAPSED)
    if away.told >= TOLD_MIN:
        reason = because("back_and_told", since_at=hearing.since, rain_mm=float(away.rain_mm))
        return Ended(Finding.DANGER_IN_SILENCE, station.id, reason)
    if dry:
        reason = because("back_and_dry", since_at=hearing.since, quiet_s=settings.quiet_s)
        return Ended(Finding.DANGER_IN_SILENCE, station.id, reason)
    return None


def is_back(station: Station, hearing: Hearing, alert: Alert, settings: DangerWatch, *, now: int) -> bool:
    """Whether a station is heard again, by more than one message."""
    silent = now - hearing.heard_at > bound_ms(station, settings)
    lasts_ms = hearing.came_at - hearing.since
    return not silent and hearing.since > alert.rained_since and lasts_ms >= station.report_every_s * SECOND_MS // 2


def gone(scope: str, *, configured: bool) -> Ended:
    """The end of an alert that nobody can judge any more."""
    reason = because("danger_not_watched" if configured else "station_gone")
    return Ended(Finding.DANGER_IN_SILENCE, scope, reason, State.WITHDRAWN)


def _rain_mm(one: Around) -> float:
    return one.rain_mm
