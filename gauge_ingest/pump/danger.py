"""Danger in silence, judged from the journal: who is silent, how hard it rains around, what those who are back tell."""

from collections.abc import Mapping, Sequence

from gauge_ingest.core.danger import (
    Around,
    Away,
    bound_ms,
    danger,
    fell_silent,
    gone,
    is_back,
    is_heard,
    over,
    taken_back,
)
from gauge_ingest.core.findings import Finding
from gauge_ingest.core.hearing import Hearing
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import SECOND_MS, Alert, Flag, Increment, Station, Step
from gauge_ingest.core.watch import DangerWatch, Watching
from gauge_ingest.core.watchdogs import Judged
from gauge_ingest.journal import Journal
from gauge_ingest.pump.memory import fill

NEIGHBOURS_MAX = 12  # the nearest
# Stations that are judged at one tick; where more are silent, the next tick goes on with the others.
CANDIDATES_MAX = 100
_EVER = 1 << 61


class Dangers:
    """Knows who was heard when through the mapping that it is given."""

    def __init__(self, journal: Journal, hearings: Mapping[str, Hearing]) -> None:
        self._journal = journal
        self._hearings = hearings
        self._stations: Mapping[str, Station] = {}
        self._settings = DangerWatch()
        self._bounds: list[tuple[str, int]] = []
        self._turn = 0

    def configure(self, stations: Mapping[str, Station], settings: DangerWatch) -> None:
        """Judge these stations."""
        self._stations, self._settings = stations, settings
        self._bounds = [(one.id, bound_ms(one, settings)) for one in stations.values() if one.neighbours]

    def judge(self, standing: Mapping[tuple[str, str], Alert], *, settled: bool, now: int) -> list[Judged]:
        """What stands and what has ended. While we are cut off nothing is raised, and nobody is said to be back."""
        alerts = [alert for (finding, _), alert in standing.items() if finding == Finding.DANGER_IN_SILENCE]
        judged = [self._standing(alert, settled=settled, now=now) for alert in alerts[:CANDIDATES_MAX]]
        if settled and self._settings.watch is Watching.ON:
            known = {alert.scope for alert in alerts}
            judged += [self._candidate(self._stations[one], now=now) for one in self._silent(known, now=now)]
        return [one for one in judged if one is not None]

    def _silent(self, known: set[str], *, now: int) -> Sequence[str]:
        """Stations that fell silent, as many as one tick may judge."""
        hearings = self._hearings
        found = [
            station
            for station, after_ms in self._bounds
            if (hearing := hearings.get(station)) is not None
            and now - hearing.heard_at > after_ms
            and hearing.heard_at
            and station not in known
        ]
        if len(found) <= CANDIDATES_MAX:
            return found
        self._turn += CANDIDATES_MAX
        begin = self._turn % len(found)
        return (found[begin:] + found[:begin])[:CANDIDATES_MAX]

    def _candidate(self, station: Station, *, now: int) -> Judged | None:
        hearing, settings = self._hearings[station.id], self._settings
        if not fell_silent(station, hearing, settings, now=now) or self._owes(station.id):
            return None
        around = [
            Around(one, self._rain_mm(one, since=now - settings.window_s * SECOND_MS, until=now))
            for one in self._neighbours(station)
            if (told := self._hearings.get(one.id)) is not None
            and is_heard(one, told, station, since=hearing.heard_at, settings=settings, now=now)
        ]
        newest = self._journal.reader.newest(station.id) if around else None
        last_mm = None
        if newest is not None:
            at = newest.observed_at
            last_mm = self._rain_mm(station, since=at - settings.window_s * SECOND_MS, until=at)
        return danger(station, hearing, around, settings, now=now, last_mm=last_mm)

    def _standing(self, alert: Alert, *, settled: bool, now: int) -> Judged | None:
        """Whether an alert that stands still does."""
        station, settings = self._stations.get(alert.scope), self._settings
        if station is None or settings.watch is Watching.OFF:
            return gone(alert.scope, configured=station is not None)
        neighbours = self._neighbours(station)
        if any(self._owes(one.id) for one in (station, *neighbours)):
            return None  # more is known in a moment
        evidence = alert.evidence
        if evidence is not None:
            then = [Around(one, self._rain_mm(one, since=evidence.since, until=evidence.until)) for one in neighbours]
            back = taken_back(station, evidence, then, settings)
            if back is not None:
                return back
        hearing = self._hearings.get(station.id)
        if not settled or hearing is None:
            return None
        away = None
        if is_back(station, hearing, alert, settings, now=now):
            away = self._away(station, since=alert.rained_since)
        elif now - hearing.heard_at <= bound_ms(station, settings):
            return None  # one message: the next one shows whether it is back
        quiet_since = now - settings.quiet_s * SECOND_MS
        dry = all(self._rain_mm(one, since=quiet_since, until=now) < settings.dry_mm for one in neighbours)
        return over(station, hearing, alert, settings, now=now, away=away, dry=dry)

    def _away(self, station: Station, *, since: int) -> Away:
        """What a station has told of the time since an instant."""
        ledger = Ledger(station)
        fill(ledger, self._journal.reader.rows(station.id, since=since, until=_EVER))
        until = ledger.newest_at or since
        told = ledger.coverage(since=since, until=until)
        return Away(told, ledger.window(since=since, until=until).rain_um_min / 1000)

    def _neighbours(self, station: Station) -> list[Station]:
        return [self._stations[name] for name in station.neighbours if name in self._stations][:NEIGHBOURS_MAX]

    def _rain_mm(self, station: Station, *, since: int, until: int) -> float:
        """What surely fell at a station in (since, until]."""
        number = self._journal.reader.number(station.id)
        if number is None:
            return 0.0
        ledger = Ledger(station)
        for wet in self._journal.reader.watch.surely_fell(number, since=since, until=until):
            tips = wet.tips_min
            ledger.append(Increment(wet.since, wet.until, tips, tips, tips, Step.STEADY, Flag.GOOD, False))
        return ledger.window(since=since, until=until).rain_um_min / 1000

    def _owes(self, station: str) -> bool:
        number = self._journal.reader.number(station)
        return number is not None and self._journal.reader.watch.owes_increments(number)
