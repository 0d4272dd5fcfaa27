"""The account of a run: both sides joined, station by station and in all."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple, TypeVar

from gauge_ingest.account.alerting import Alerting, alert_account, told_alerts
from gauge_ingest.account.copied import Copier, Copy, CopyStanding, copy_account
from gauge_ingest.account.rain import Rain, Unexplained, rain_account
from gauge_ingest.account.readings import Messages, Missing, Readings, messages_account, readings_account
from gauge_ingest.account.service_side import ServiceSide, service_side
from gauge_ingest.account.station_side import StationSide, Water, station_side
from gauge_ingest.account.truth import Truth, read_truth
from gauge_ingest.core.model import DAY_MS, MINUTE_MS, Alert, Rule, Station
from gauge_ingest.core.spans import duration_text
from gauge_ingest.journal import Reader

_Part = TypeVar("_Part", Rain, Readings, Messages, Copy)

SESSION_LOST = "session_lost"  # the finding (gauge_ingest.pump.findings)


class Service(NamedTuple):
    """How the service stands: why readings may still be on their way to it (empty: none are), and what is owed."""

    trouble: str = ""
    debts: int = 0


WELL = Service()


@dataclass(slots=True)
class StationAccount:
    """Everything of one station."""

    station: str
    name: str
    bucket_depth_mm: float | None
    rain: Rain
    readings: Readings
    messages: Messages
    copy: Copy | None
    alerts: list[Alerting]
    unexplained: list[Unexplained]


@dataclass(slots=True)
class Account:
    """What fell, was caught, tipped, counted, reported, acknowledged, stored, copied and told."""

    truth: Truth
    service: Service
    copying: CopyStanding | None
    stations: list[StationAccount]
    notices: list[str] = field(default_factory=list)

    @property
    def unexplained(self) -> list[Unexplained]:
        """Every difference that nothing explains, by station and time."""
        return [one for station in self.stations for one in station.unexplained]

    @property
    def closes(self) -> bool:
        """Whether nothing is left unexplained."""
        return not self.unexplained

    @property
    def well(self) -> bool:
        """Whether it closes, and every reading that was acknowledged to its station is here."""
        return self.closes and not self.lost_by_broker and not self.on_the_way

    @property
    def lost_by_broker(self) -> int:
        """Readings that were acknowledged to their station and went down with the broker."""
        return sum(station.readings.missing[Missing.LOST_BY_BROKER] for station in self.stations)

    @property
    def on_the_way(self) -> int:
        """Readings that were acknowledged to their station and may still come: nothing later is here."""
        return sum(station.readings.missing[Missing.ON_THE_WAY] for station in self.stations)

    def total(self) -> StationAccount:
        """All stations together."""
        return _total(self.stations)


def account(
    reader: Reader,
    truth_path: Path,
    *,
    stations: Mapping[str, Station],
    rules: Sequence[Rule],
    service: Service = WELL,
    copier: Copier | None = None,
) -> Account:
    """Join a truth file and a journal; TruthRefused, or StoreUnavailable when InfluxDB cannot be asked.

    The truth is read first: what arrives meanwhile is later than it, and is left out.
    """
    truth = read_truth(truth_path)
    quarantine, alerts = reader.quarantine(), told_alerts(reader)
    sides = [station_side(truth, name) for name in truth.events]
    pairs = [(side, service_side(reader, truth, side, quarantine)) for side in sides]
    made = Account(truth, service, None if copier is None else copier.standing(), [])
    sessions = [found for (rule, _), one in alerts.items() if rule == SESSION_LOST for found in one]
    forgotten_at = [event.known_at for _, events in sessions for event in events]
    lost_at = sorted([*forgotten_at, *(at for side in sides for at in side.uplink_lost_at)])
    for side, found in pairs:
        one = _joined(truth, side, found, stations.get(side.station), lost_at)
        if copier is not None and made.copying is not None:
            one.copy, unexplained = copy_account(copier, made.copying, side.station, found)
            one.unexplained += unexplained
        if side.station in stations:
            one.alerts = alert_account(alerts, rules, stations[side.station], side.tipped_at, found.chain)
        made.stations.append(one)
    made.notices = [
        *_clocks([found for _, found in pairs]),
        *_notices(made, [alert for alert, _ in sessions], stations),
    ]
    return made


def _joined(
    truth: Truth, side: StationSide, found: ServiceSide, station: Station | None, broker_lost_at: Sequence[int]
) -> StationAccount:
    rain, of_rain = rain_account(side, found, station)
    readings, of_readings = readings_account(truth, side, found, station, broker_lost_at=broker_lost_at)
    name, depth_mm = "", side.bucket_depth_mm
    if station is not None:
        name = station.name
        depth_mm = depth_mm or station.deployment_at(truth.newest_at).bucket_depth_mm
    unexplained = [*of_rain, *of_readings]
    return StationAccount(side.station, name, depth_mm, rain, readings, messages_account(side), None, [], unexplained)


def _notices(made: Account, sessions: Sequence[Alert], stations: Mapping[str, Station]) -> Iterator[str]:
    truth, service = made.truth, made.service
    if truth.cut_line is not None:
        yield f"the truth file breaks off in line {truth.cut_line}: its simulator was killed, the rest is not told"
    elif truth.ended_at is None:
        yield "the truth file has no end: its simulator was killed, or still runs; the rest is not told"
    if truth.unknown:
        named = ", ".join(f"{name} ({number})" for name, number in sorted(truth.unknown.items()))
        yield f"events that this program does not know were passed over: {named}"
    unknown = [station for station in truth.events if station not in stations]
    if unknown:
        yield f"not in stations.toml, so their messages are not admitted: {', '.join(unknown)}"
    if service.trouble and made.on_the_way:
        yield f"readings that are not here may be on their way: {service.trouble}"
    if service.debts:
        yield f"{service.debts} spans are still to be derived anew: tips and alerts may change"
    if made.lost_by_broker and sessions:
        yield f"the broker had forgotten the service's session (alert {sessions[0].id}): what it held then is lost"
    if made.copying is not None and made.copying.behind_changes:
        why = f": {made.copying.error}" if made.copying.error else ""
        yield f"the copy in InfluxDB is {made.copying.behind_changes} changes behind{why}"


def _clocks(found: Sequence[ServiceSide]) -> Iterator[str]:
    """Whether the service received readings by another clock than the one they were made by."""
    soonest_ms = min((one.row.received_at - one.made.at for side in found for one in side.stored), default=0)
    if soonest_ms < -MINUTE_MS or soonest_ms > DAY_MS:
        apart = duration_text(abs(soonest_ms) // MINUTE_MS * 60)
        order = "before they were made" if soonest_ms < 0 else "after they were made, or later"
        yield f"readings were received {apart} {order}: give service and simulator one clock (GAUGE_CLOCK)"


def _total(stations: Sequence[StationAccount]) -> StationAccount:
    rain, readings, messages = Rain(), Readings(), Messages()
    for one in stations:
        _add(rain, one.rain)
        _add(readings, one.readings)
        _add(messages, one.messages)
    waters = [one.rain.water for one in stations if one.rain.water is not None]
    if waters and len(waters) == len(stations):
        rain.water = Water(*map(sum, zip(*waters, strict=True)))
    copies = [one.copy for one in stations if one.copy is not None]
    copy = Copy() if copies else None
    for other in copies:
        assert copy is not None
        _add(copy, other)
    alerts = [alert for one in stations for alert in one.alerts]
    unexplained = [open_ for one in stations for open_ in one.unexplained]
    return StationAccount("", "in all", None, rain, readings, messages, copy, alerts, unexplained)


def _add(total: _Part, one: _Part) -> None:
    """Add up what can be added: numbers, numbers by cause, lists."""
    for part in fields(total):
        mine, other = getattr(total, part.name), getattr(one, part.name)
        if isinstance(mine, Counter):
            mine.update(other)
        elif isinstance(mine, int | float | list):
            setattr(total, part.name, mine + other)
