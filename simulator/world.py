"""The simulated world: every station of one run, in order of time. It knows no network: uplinks are given to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from simulator.modem import Modem, Uplink
from simulator.scenario import Scenario, check_stations
from simulator.sites import Site
from simulator.station import Station
from simulator.values import MINUTE_MS, SECOND_MS, Happening
from simulator.weather import Place, make_sky
from simulator.wire import WIRES, Wire

BOOTS_COUNTED_FROM = 1_767_225_600_000  # 2026-01-01T00:00:00Z


class World:
    """One run. The same scenario, sites, seed, start and length give the same rain, tips, readings and messages.

    What is sent when, and sent again, depends on what the uplinks answer as well.
    """

    def __init__(
        self,
        scenario: Scenario,
        sites: Sequence[Site],
        *,
        seed: int,
        start_at: int,
        minutes: int | None = None,
        uplink: Callable[[str, Modem], Uplink],
        patience_ms: int = 0,
        wire: str = "json_v1",
    ) -> None:
        assert start_at % SECOND_MS == 0, "stations know whole seconds only"
        check_stations(scenario, sites)
        self.scenario = scenario
        self.sites = tuple(sites)
        self.seed = seed
        self.start_at = start_at
        self.minutes = scenario.minutes if minutes is None else minutes
        self.wire: Wire = WIRES[wire]
        self._now = start_at
        self.stations = list(self._stations(patience_ms))
        for station in self.stations:
            station.connect(uplink(station.site.station, station.modem))

    @property
    def end_at(self) -> int:
        """Return the instant at which the rain stops, links heal and stations close."""
        return self.start_at + self.minutes * MINUTE_MS

    @property
    def closed(self) -> bool:
        """Return whether every station has made its closing report."""
        return all(station.closed for station in self.stations)

    def next_at(self) -> int:
        """Return the instant of the next thing to do; NEVER when everything is over and acknowledged."""
        for station in self.stations:
            station.refresh()
        return min(station.due for station in self.stations)

    def advance(self, until: int) -> Iterator[Happening]:
        """Let everything happen up to and including an instant, in order of time."""
        stations, due = self.stations, attrgetter("due")
        for station in stations:
            station.refresh()
        while True:
            station = min(stations, key=due)
            if station.due > until:
                return
            self._now = max(self._now, station.due)
            yield from station.step(self._now)

    def _stations(self, patience_ms: int) -> Iterator[Station]:
        scenario, start_at, minutes = self.scenario, self.start_at, self.minutes
        sky = make_sky(scenario.weather, seed=self.seed, start_at=start_at, minutes=minutes, folder=scenario.folder)
        # Every run is a fresh start of the loggers. Their boot number has to differ from the last run's, and nothing
        # is remembered between runs: so it follows the simulated start.
        boot = max(1, (start_at - BOOTS_COUNTED_FROM) // MINUTE_MS)
        for site in self.sites:
            yield Station(
                site,
                scenario.for_station(site.station),
                sky.over(Place(site.station, site.latitude, site.longitude, site.elevation_m)),
                seed=self.seed,
                start_at=start_at,
                minutes=minutes,
                boot=boot,
                size=self.wire.size,
                patience_ms=patience_ms,
            )
