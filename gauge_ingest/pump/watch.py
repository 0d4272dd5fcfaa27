"""The watchdogs at each tick: who was heard when, what is judged of it, and what is told that stood otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gauge_ingest.core.findings import SERVICE, Ended, Finding, Found
from gauge_ingest.core.hearing import NEVER, Hearing, Line, cut_off, heard, line
from gauge_ingest.core.model import HOUR_MS, SECOND_MS, Alert, Station
from gauge_ingest.core.reasons import because
from gauge_ingest.core.watch import WATCHING, Surroundings, Watching, WatchSettings
from gauge_ingest.core.watchdogs import Judged, network_silent, silence_ms, station_silent
from gauge_ingest.core.watchdogs_service import (
    configuration_refused,
    disk_low,
    outbound_gone,
    quarantine_growing,
    store_behind,
)
from gauge_ingest.journal import Journal
from gauge_ingest.pump.danger import Dangers
from gauge_ingest.pump.figures import Figures
from gauge_ingest.pump.findings import Findings

LOOKED_UP_MAX = 5  # stations at a tick that have to be looked for in older hours of the journal
KNOWN_MS = 48 * HOUR_MS  # a station that was silent before that is not one of those that fall silent at once
FOLDED, NOT_WATCHED, STATION_GONE = because("told_as_one"), because("not_watched"), because("station_gone")

# Finding -> the table of its watchdog.
TABLES: Mapping[Finding, str] = {
    Finding.STATION_SILENT: "silent",
    Finding.NETWORK_SILENT: "silent",
    Finding.BATTERY_LOW: "battery",
    Finding.CLOCK_OFF: "clock",
    Finding.DOOR_OPEN: "door",
    Finding.DATA_SUSPECT: "suspect",
    Finding.DISK_LOW: "disk",
    Finding.STORE_BEHIND: "store",
    Finding.BROKER_GONE: "broker",
    Finding.OUTBOUND_GONE: "outbound",
    Finding.QUARANTINE_GROWING: "quarantine",
    Finding.CONFIGURATION_REFUSED: "configuration",
    Finding.DANGER_IN_SILENCE: "danger_in_silence",
}

Standing = Mapping[tuple[str, str], Alert]


class _Bound(NamedTuple):
    """A station, and for how long it may say nothing: by itself, and together with the others."""

    station: Station
    alone_ms: int
    together_ms: int


class Watch:
    """Owned by the pump. It remembers when stations were heard; what was told of it stands in the journal."""

    def __init__(self, journal: Journal, findings: Findings) -> None:
        self._journal = journal
        self._findings = findings
        self._settings = WATCHING
        self._stations: Mapping[str, Station] = {}
        self._bounds: list[_Bound] = []
        self._hearings: dict[str, Hearing] = {}
        self._unknown: list[str] = []  # still to be looked for in older hours
        # Since the last tick: when the newest was sent and received, and when the first was received.
        self._latest: dict[str, tuple[int, int, int]] = {}
        self._line = Line()
        self._begun = False
        self._listening_since = 0
        self._outbound_gone_since: int | None = None
        self._figures = Figures(journal)
        self._dangers = Dangers(journal, self._hearings)

    def configure(self, stations: Mapping[str, Station], settings: WatchSettings) -> None:
        """Watch these stations, by these settings."""
        self._stations, self._settings = stations, settings
        silent = settings.silent
        self._bounds = []
        for one in stations.values():
            alone_ms = silence_ms(one, missed_max=silent.missed_max, silence_min_s=silent.silence_min_s)
            self._bounds.append(_Bound(one, alone_ms, alone_ms - one.report_every_s * SECOND_MS))
        missing = [station for station in stations if station not in self._hearings]
        if missing:
            self._remember()
        self._unknown = [station for station in stations if station not in self._hearings]
        self._figures.configure(stations)
        self._dangers.configure(stations, settings.danger_in_silence)

    def hear(self, said: Iterable[tuple[str, int]], received_at: int) -> None:
        """Note, after the commit, when messages were sent that have just been received."""
        latest = self._latest
        for station, sent_at in said:
            known = latest.get(station)
            if known is None and sent_at:  # 0: a retained copy
                latest[station] = sent_at, received_at, received_at
            elif known is not None and sent_at > known[0]:
                latest[station] = sent_at, received_at, known[2]

    def tick(self, around: Surroundings, standing: Sequence[Alert], *, now: int) -> None:
        """Judge everything that is watched, inside the caller's transaction; tell what has changed."""
        self._listen()
        self._line = line(self._line if self._begun else Line(now, now), around, self._settings.broker, now=now)
        self._begun = True
        if around.connected_since is not None:
            self._listening_since = self._listening_since or around.connected_since
        known: Standing = {(one.rule, one.scope): one for one in standing if one.rule in TABLES}
        judged = [one for one in self._service(around, known, now=now) if one is not None]
        if self._line.settled:
            judged += self._silence(known, now=now)
        judged += self._figures.look(self._settings, known, now=now)
        judged += self._dangers.judge(known, settled=self._line.settled, now=now)
        judged = [one for one in judged if isinstance(one, Ended) or self._watched(one.finding)]
        judged += self._left_over(known)
        for one in judged:
            if isinstance(one, Found):
                self._findings.stand(one, at=now)
            elif (one.finding, one.scope) in known:
                self._findings.end(one, at=now)

    # --- hearing -----------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        """When stations were last heard, as the journal has it: one question for all of them."""
        for one in self._journal.reader.watch.heard():
            if one.station in self._hearings:
                continue
            # A clock that is behind is behind in every message: the shortest way tells by how much.
            at = min(one.received_at, one.claimed_at + max(0, one.way_ms))
            self._hearings[one.station] = _remembered(at, one.received_at, one.claimed_at)

    def _listen(self) -> None:
        for station, (sent_at, received_at, first_at) in self._latest.items():
            known = self._stations.get(station)
            if known is not None:
                before = self._hearings.get(station, NEVER)
                self._hearings[station] = heard(
                    before,
                    received_at=received_at,
                    sent_at=sent_at,
                    break_ms=known.gap_after_ms,
                    first_at=first_at,
                )
        self._latest.clear()
        for _ in range(min(LOOKED_UP_MAX, len(self._unknown))):
            self._look_up(self._unknown.pop())

    def _look_up(self, station: str) -> None:
        if station in self._hearings:
            return
        row = self._journal.reader.newest(station, of_any_kind=True)
        at = 0 if row is None else min(row.received_at, row.claimed_at)
        self._hearings[station] = NEVER if row is None else _remembered(at, row.received_at, row.claimed_at)

    # --- judging -----------------------------------------------------------------------------------------------

    def _silence(self, standing: Standing, *, now: int) -> list[Judged]:
        """Stations that say nothing, one by one or as one."""
        watch = self._settings.silent
        network = standing.get((Finding.NETWORK_SILENT, SERVICE))
        known_since = (now if network is None else network.rained_since) - KNOWN_MS
        alone: list[_Bound] = []
        together: list[str] = []
        others = 0  # those that are heard
        for bound in self._bounds:
            hearing = self._hearings.get(bound.station.id)
            if hearing is None:
                continue
            silent_ms = now - (hearing.heard_at or self._listening_since)
            if silent_ms <= bound.together_ms:
                others += 1
                continue
            if hearing.heard_at >= known_since:
                together.append(bound.station.id)
            if silent_ms > bound.alone_ms:
                alone.append(bound)
        one = network_silent(
            together,
            known=others + len(together),
            settings=watch,
            since=now if network is None else network.rained_since,
            standing=network is not None,
        )
        judged = [] if one is None else [one]
        return judged + self._one_by_one(alone, standing, now=now, folded=isinstance(one, Found))

    def _one_by_one(self, alone: Sequence[_Bound], standing: Standing, *, now: int, folded: bool) -> list[Judged]:
        judged: list[Judged] = []
        silent = {bound.station.id for bound in alone}
        told = [scope for finding, scope in standing if finding == Finding.STATION_SILENT]
        if folded:
            return [Ended(Finding.STATION_SILENT, scope, FOLDED) for scope in told]
        for station in [*silent, *(scope for scope in told if scope not in silent)]:
            configured, hearing = self._stations.get(station), self._hearings.get(station)
            if configured is None or hearing is None:
                continue
            stands = (Finding.STATION_SILENT, station) in standing
            if stands and station in silent:
                continue  # it was told, and nothing has changed
            one = station_silent(
                configured, hearing, self._settings.silent, now=now, silent=station in silent, standing=stands
            )
            if one is not None:
                judged.append(one)
        return judged

    def _service(self, around: Surroundings, standing: Standing, *, now: int) -> list[Judged | None]:
        settings = self._settings
        levels = {finding: alert.level for (finding, scope), alert in standing.items() if scope == SERVICE}
        judged = [cut_off(self._line, settings.broker, now=now)]
        if around.disk is not None:
            judged.append(disk_low(around.disk, settings.disk, now=now, standing=levels.get(Finding.DISK_LOW)))
        if around.followers is not None:
            behind = levels.get(Finding.STORE_BEHIND)
            judged.append(store_behind(around.followers, settings.store, now=now, standing=behind))
        if around.outbound_alive is not None:
            alive, since = around.outbound_alive, self._outbound_gone_since
            since = (around.outbound_heard_at or now) if since is None else since
            self._outbound_gone_since = since = None if alive else since
            judged.append(outbound_gone(alive=alive, gone_since=since, settings=settings.outbound, now=now))
        if around.refused is not None:
            judged.append(configuration_refused(around.refused, settings.configuration, now=now))
        entries = self._journal.reader.watch.quarantined_since(now - HOUR_MS)
        grows = Finding.QUARANTINE_GROWING in levels
        judged.append(quarantine_growing(entries, settings.quarantine, now=now, standing=grows))
        return judged

    def _watched(self, finding: Finding) -> bool:
        return bool(getattr(self._settings, TABLES[finding]).watch is Watching.ON)

    def _left_over(self, standing: Standing) -> list[Judged]:
        """Findings that nobody judges any more: their watchdog is off, or their station is gone."""
        left: list[Judged] = []
        for name, scope in standing:
            finding = Finding(name)
            if finding is Finding.DANGER_IN_SILENCE:
                continue  # withdrawn where it is judged
            if not self._watched(finding):
                left.append(Ended(finding, scope, NOT_WATCHED))
            elif scope != SERVICE and scope not in self._stations:
                left.append(Ended(finding, scope, STATION_GONE))
        return left


def _remembered(at: int, received_at: int, sent_at: int) -> Hearing:
    """As the journal has it, the station has come without a break for no time."""
    return Hearing(at, received_at, received_at, received_at, sent_at)
