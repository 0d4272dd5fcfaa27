"""The simulated world: weather, gauges and loggers of one run, in simulated time and without any network."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.clock import BEIJING
from simulator.gauge import Gauge
from simulator.scenario import Scenario
from simulator.sites import Site
from simulator.station import Station
from simulator.weather import make_weather
from simulator.wire import Message, Reading

STEP_S = 10  # rain is even within a step; a minute must hold a whole number of them
BOOTS_COUNTED_FROM = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tip:
    """The bucket turned, at this instant of the gauge's life."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RainMinute:
    """What one minute brought; minute 1 is the first, `at` is its end."""

    at: datetime
    minute: int
    fell_mm: float
    caught_mm: float
    tips: int


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens at a station at a known instant."""

    at: datetime
    station: str
    what: Tip | RainMinute | Reading | Message


@dataclass(slots=True)
class _Rainfall:
    """The open minute of one gauge."""

    fell_mm: float = 0.0
    caught_mm: float = 0.0
    tips: int = 0


class World:
    """One run. The same scenario, sites, seed, start and length give the same happenings."""

    def __init__(
        self, scenario: Scenario, sites: tuple[Site, ...], *, seed: int, start: datetime, minutes: int | None = None
    ) -> None:
        assert start.microsecond == 0, "stations know whole seconds only"
        self.scenario = scenario
        self.sites = sites
        self.seed = seed
        self.start = start.astimezone(BEIJING)
        self.minutes = scenario.minutes if minutes is None else minutes
        self._weather = make_weather(scenario.storm, steady_mm_per_h=scenario.steady_mm_per_h, seed=seed)

    @property
    def end(self) -> datetime:
        """Return the instant at which the rain stops, links heal and stations close."""
        return self.start + timedelta(minutes=self.minutes)

    def happenings(self) -> Iterator[Happening]:
        """Yield everything that happens, in order of time."""
        return heapq.merge(*(_life(self, site) for site in self.sites), key=lambda happening: happening.at)

    def link_up(self, station: str, at: datetime) -> bool:
        """Return whether the scenario leaves this station its link at this instant."""
        at_s = at.timestamp()
        return not any(since <= at_s < until for since, until in self.offline_spans(station))

    def offline_spans(self, station: str) -> tuple[tuple[int, int], ...]:
        """Return the spans [since, until) without a link, in seconds since 1970."""
        nth = [site.station for site in self.sites].index(station)
        spans = (
            (self._second(outage.since_min), self._second(outage.until_min))
            for outage in self.scenario.outages
            if outage.nth_station == nth
        )
        return tuple((since, until) for since, until in spans if since < until)

    def rate_mm_per_min(self, site: Site, *, minute: float) -> float:
        """Return the rain rate at a site, `minute` minutes after the start."""
        return self._weather.rate_mm_per_min(latitude=site.latitude, longitude=site.longitude, minute=minute)

    def _second(self, minute: int) -> int:
        return int(self.start.timestamp()) + min(minute, self.minutes) * 60


def _life(world: World, site: Site) -> Iterator[Happening]:
    """Yield what one station lives through: its gauge's steps, and its logger's wakes between them."""
    start_s, end_s = int(world.start.timestamp()), int(world.end.timestamp())
    gauge, open_minute = Gauge(bucket_depth_mm=site.bucket_depth_mm), _Rainfall()
    station = _make_station(world, site)
    yield _happening(site, start_s, station.start(start_s))
    for since_s in range(start_s, end_s, STEP_S):
        until_s = since_s + STEP_S
        for tip_ms in _rain_step(world, site, gauge, open_minute, since_s=since_s, start_s=start_s):
            yield from _wakes(site, station, before_s=-(-tip_ms // 1000))
            yield Happening(_instant(tip_ms), site.station, Tip(_instant(tip_ms)))
            station.tip(tip_ms)
        yield from _wakes(site, station, before_s=min(until_s + 1, end_s))
        if (until_s - start_s) % 60 == 0:
            yield _closed_minute(site, open_minute, minute=(until_s - start_s) // 60, until_s=until_s)
            open_minute = _Rainfall()
    for made in station.close(end_s):
        yield _happening(site, end_s, made)


def _make_station(world: World, site: Site) -> Station:
    # Every run is a fresh start of the loggers. Their boot number has to differ from the last run's, and nothing is
    # remembered between runs: so it follows the simulated start.
    boot = max(1, int((world.start - BOOTS_COUNTED_FROM).total_seconds() // 60))
    rng = random.Random(f"station/{world.seed}/{site.station}")
    return Station(site, boot=boot, offline=world.offline_spans(site.station), rng=rng)


def _rain_step(
    world: World, site: Site, gauge: Gauge, open_minute: _Rainfall, *, since_s: int, start_s: int
) -> list[int]:
    """Let it rain for one step; return the milliseconds since 1970 at which the bucket tipped."""
    offset_s = since_s - start_s
    fell_mm = world.rate_mm_per_min(site, minute=(offset_s + STEP_S / 2.0) / 60.0) * STEP_S / 60.0
    caught_mm = gauge.caught_mm(fell_mm)
    # Offsets from the start, so that the same seed tips at the same milliseconds whatever the date.
    tips = gauge.collect(caught_mm, since_s=offset_s, until_s=offset_s + STEP_S) if caught_mm else []
    open_minute.fell_mm += fell_mm
    open_minute.caught_mm += caught_mm
    open_minute.tips += len(tips)
    return [start_s * 1000 + max(offset_s * 1000 + 1, math.ceil(tip_s * 1000)) for tip_s in tips]


def _wakes(site: Site, station: Station, *, before_s: int) -> Iterator[Happening]:
    while (wake_s := station.next_wake_s()) < before_s:
        for made in station.wake(int(wake_s)):
            yield _happening(site, int(wake_s), made)


def _closed_minute(site: Site, rain: _Rainfall, *, minute: int, until_s: int) -> Happening:
    at = datetime.fromtimestamp(until_s, BEIJING)
    return Happening(at, site.station, RainMinute(at, minute, rain.fell_mm, rain.caught_mm, rain.tips))


def _happening(site: Site, at_s: int, what: Reading | Message) -> Happening:
    return Happening(datetime.fromtimestamp(at_s, BEIJING), site.station, what)


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, BEIJING).replace(microsecond=at_ms % 1000 * 1000)
