"""What a shift hands over: what stands, what came and went, what is silenced, what is ill, what to do first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gauge_ingest.core.corrections import Correction
from gauge_ingest.core.levels import Level
from gauge_ingest.core.model import SECOND_MS, Alert, AlertEvent, EventKind, State, Station
from gauge_ingest.core.silences import Silence, held_back
from gauge_ingest.core.told import acknowledgements
from gauge_ingest.journal import Reader

# A station that misses so many regular reports is silent, as in `gauge-ingest stations`.
MISSED_MAX = 3
BATTERY_LOW_V = 11.5  # 12 V lead-acid: warn
ALERTS_MAX = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that stands. `acknowledged`: by whom, of what it last rose to; `silence`: what holds it back."""

    alert: Alert
    level: Level
    acknowledged: AlertEvent | None
    comment: AlertEvent | None  # the newest
    unconfirmed: bool
    silence: Silence | None


@dataclass(frozen=True, slots=True)
class Gone:
    """An alert that ended in the shift, or was taken back; `seen`: whether anybody acknowledged it."""

    alert: Alert
    seen: bool


@dataclass(frozen=True, slots=True)
class IllStation:
    """A station to look at, and why, the gravest first."""

    station: Station
    why: tuple[str, ...]
    is_silent: bool


@dataclass(frozen=True, slots=True)
class HandOver:
    """The shift over (since, until], as the journal has it at its end. `first`: what the next one does, in order."""

    since: int
    until: int
    newest_received_at: int
    stands: tuple[Standing, ...]
    gone: tuple[Gone, ...]
    silences: tuple[Silence, ...]  # in force or planned
    ended: tuple[Silence, ...]  # in the shift
    stations: tuple[IllStation, ...]
    corrections: tuple[Correction, ...]
    quarantined: int
    owed: int
    failures: tuple[str, ...] = ()


def hand_over(
    reader: Reader,
    stations: Mapping[str, Station],
    level_of: Callable[[AlertEvent], Level],
    *,
    since: int,
    now: int,
    failures: Sequence[str] = (),
) -> HandOver:
    """What there is to hand over. `failures`: what the outbound process could not send, in its words."""
    stands = [_standing(reader, alert, level_of, now=now) for alert in reader.alerts.all()]
    stands.sort(key=lambda one: (-one.level.grade, one.acknowledged is not None, one.alert.id))
    numbers = reader.alerts.of_span(since=since, until=now, alerts_max=ALERTS_MAX)
    alerts = [alert for number in numbers if (alert := reader.alerts.one(number)) is not None]
    silences = reader.silences.all()
    ill = [found for station in stations.values() if (found := _ill(reader, station, now=now)) is not None]
    return HandOver(
        since,
        now,
        reader.newest_received_at(),
        tuple(stands),
        tuple(_gone(reader, alert) for alert in alerts if alert.state is not State.RAISED),
        tuple(one for one in silences if not one.is_over(now)),
        tuple(one for one in silences if since < (one.ended_at or one.until) <= now and one.is_over(now)),
        tuple(sorted(ill, key=lambda one: not one.is_silent)),
        tuple(entry for entry in reader.corrections.entries() if since < entry.at <= now),
        reader.quarantine_size(),
        reader.debts(),
        tuple(failures),
    )


def first_things(shift: HandOver, *, cut_off_ms: int, options: str = "") -> list[str]:
    """What the next shift does first, the most pressing at the top; nothing when all is quiet.

    `options`: what a command of a drill takes behind it.
    """
    things = []
    if shift.until - shift.newest_received_at > cut_off_ms:
        things.append("no message has come for long: see gauge-ingest health before you believe that all is quiet")
    for one in shift.stands:
        number = one.alert.id
        if one.silence is not None:
            things.append(f"alert {number} is held back from people by silence {one.silence.id}: is that still right?")
        elif one.acknowledged is None:
            things.append(f"nobody has acknowledged alert {number}: gauge-ingest alerts acknowledge {number}{options}")
        if one.unconfirmed:
            things.append(
                f"alert {number} is unconfirmed: ask at the place, gauge-ingest alerts show {number}{options}"
            )
    silent = [f"{one.station.name} ({one.station.id})" for one in shift.stations if one.is_silent]
    if silent:
        things.append(f"nothing is heard from {', '.join(silent)}: rain there raises no alert")
    things += [f"not sent: {failure}" for failure in shift.failures]
    if shift.quarantined:
        things.append(f"{shift.quarantined} messages wait in quarantine: gauge-ingest quarantine list")
    return things


def _standing(reader: Reader, alert: Alert, level_of: Callable[[AlertEvent], Level], *, now: int) -> Standing:
    events = reader.alerts.events(alert.id)
    silence = held_back(reader.silences.of(events), events, level_of)
    comments = [event for event in events if event.kind is EventKind.COMMENTED]
    of_level = [event for event in events if event.level == alert.level]
    level = level_of((of_level or events)[-1])
    return Standing(
        alert,
        level,
        next(iter(acknowledgements(events)), None),
        comments[-1] if comments else None,
        alert.evidence is not None and alert.evidence.unconfirmed,
        silence if silence is not None and not silence.is_over(now) else None,
    )


def _gone(reader: Reader, alert: Alert) -> Gone:
    events = reader.alerts.events(alert.id)
    return Gone(alert, any(event.kind is EventKind.ACKNOWLEDGED for event in events))


def _ill(reader: Reader, station: Station, *, now: int) -> IllStation | None:
    newest = reader.newest(station.id, of_any_kind=True)
    if newest is None:
        return IllStation(station, ("never heard",), is_silent=True)
    why, silent_s = [], max(0, now - newest.received_at) // SECOND_MS
    is_silent = silent_s > MISSED_MAX * station.report_every_s
    if is_silent:
        why.append(f"nothing heard for {silent_s // 3600} h {silent_s // 60 % 60} min")
    if newest.battery_v is not None and newest.battery_v < BATTERY_LOW_V:
        why.append(f"battery {newest.battery_v:.1f} V")
    if newest.door_open:
        why.append("its door stands open")
    return IllStation(station, tuple(why), is_silent) if why else None
