"""Stations around each other, a pump that is told of the line, and the time that passes over them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from gauge_ingest.core.findings import Finding
from gauge_ingest.core.model import Alert, AlertEvent, Deployment, Station
from gauge_ingest.core.watch import WATCHING, Surroundings, WatchSettings
from tests.worlds import MINUTE, T0, Desk, message

TICK = 10_000
EVERY = 5 * MINUTE


def ring(count: int) -> list[Station]:
    """Stations that are neighbours of each other; a tip is half a millimetre."""
    names = [f"HTB{number:02}" for number in range(1, count + 1)]
    deployment = Deployment(0, 0.5, 65_536, 43.75, 86.57, 1250.0)
    return [
        Station(name, f"站{name}", (deployment,), neighbours=tuple(other for other in names if other != name))
        for name in names
    ]


class Watched(Desk):
    """A desk at whose stations it rains evenly, and that knows whether we are connected."""

    def __init__(self, folder: Path, stations: Iterable[Station], watch: WatchSettings = WATCHING) -> None:
        self.watch = watch
        self.around = Surroundings(connected_since=T0, drained=True, outbound_alive=True)
        self.counts: dict[str, int] = {}
        self.seq = 0
        self.waiting: list[tuple[str, int, int]] = []  # at the broker, while we are away: station, sent, count
        super().__init__(folder, list(stations))

    def start(self) -> None:
        """A pump that remembers nothing, as after a restart."""
        self.network = self.network._replace(watch=self.watch)
        super().start()

    def cut(self) -> None:
        """The line is lost."""
        self.around = replace(self.around, connected_since=None, drained=False)

    def connect(self) -> None:
        """The line is back, and what waited at the broker comes at once."""
        self.around = replace(self.around, connected_since=self.now, drained=True)
        for station, sent_at, count in self.waiting:
            self._hand_over(station, sent_at, count)
        self.waiting.clear()
        self.settle()

    def report(self, station: str, *, tips: int = 0) -> None:
        """A station's regular report; while the line is cut it waits at the broker."""
        count = self.counts[station] = self.counts.get(station, 100) + tips
        if self.around.connected_since is None:
            self.waiting.append((station, self.now, count))
        else:
            self._hand_over(station, self.now, count)
            self.settle()

    def tick(self) -> None:
        """Look once."""
        self.pump.tick(self.around)

    def pass_time(self, minutes: float, *, tips: Callable[[str], int | None], ticks: int = 30) -> None:
        """Report by report, and a look every ten seconds or every so many of them; None: the station says nothing."""
        until = self.now + round(minutes * MINUTE)
        while self.now < until:
            self.now += TICK
            if (self.now - T0) % EVERY == 0:
                for station in self.network.stations:
                    fell = tips(station)
                    if fell is not None:
                        self.report(station, tips=fell)
            if (self.now - T0) % (TICK * ticks) == 0:
                self.tick()

    def standing(self, finding: Finding) -> dict[str, Alert]:
        """What stands of a finding, by scope."""
        return {one.scope: one for one in self.journal.reader.alerts.all() if one.rule == finding}

    def events(self, finding: Finding) -> list[AlertEvent]:
        """Everything that was told of a finding."""
        return [one for one in self.journal.reader.alerts.changes(0)[1] if one.rule == finding]

    def _hand_over(self, station: str, sent_at: int, count: int) -> None:
        self.seq += 1
        self.take(message([(sent_at, count)], seq=self.seq, station_id=station, sent_at=sent_at))


def silent(*stations: str, tips: int = 0) -> Callable[[str], int | None]:
    """All report so many tips but these."""
    return lambda station: None if station in stations else tips
