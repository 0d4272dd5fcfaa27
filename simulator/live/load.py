"""Load: thousands of stations that report at a fixed step from one machine, each over a connection of its own.

There is no world behind it, only counts that rise now and then: it asks what broker and service can carry. It says
what the publisher itself could send at most, so that its own limit is not taken for theirs.
"""

from __future__ import annotations

import resource
import selectors
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from simulator.clock import ScaledClock, cpu_s, monotonic_s
from simulator.dice import Dice
from simulator.live.link import CONNECT_TIMEOUT_S, KEEPALIVE_S, Broker
from simulator.live.runner import Stop
from simulator.sites import Site
from simulator.values import Message, Reading
from simulator.wire import Wire

STATIONS_MAX = 50_000
EXPECTED_MIN_S = 10  # a service takes no lesser report_every_s; stations may well report more often
FILES_BESIDE = 64  # open files that are no connections
WET_SHARE = 0.05  # of the reports carry a tip
LOOK_S = 0.02
HOUSEKEEPING_S = 5.0
LATENCIES_MAX = 100_000
APART_DEG, SPREAD_DEG = 0.3, 50.0  # of the grid that they stand on: between two, and in all at most
SENT_AT_ONCE_MAX = 200


class LoadError(ValueError):
    """A load that cannot be made here; the text names the limit, the value and the remedy."""


class LoadBrokenError(Exception):
    """The broker does not go along; the text says which station met it, and how."""


def load_sites(number: int, *, every_s: int) -> tuple[Site, ...]:
    """Return so many made-up sites, L00001 and so on, far enough apart for few to be neighbours of each other."""
    if not 0 < number <= STATIONS_MAX:
        raise LoadError(f"--stations {number}: give a number from 1 to {STATIONS_MAX}")
    width = int(number**0.5) + 1
    apart_deg = min(APART_DEG, SPREAD_DEG / width)
    return tuple(
        Site(
            station=f"L{n + 1:05d}",
            latitude=round(15.0 + n // width * apart_deg, 5),
            longitude=round(60.0 + n % width * apart_deg, 5),
            elevation_m=1000.0,
            bucket_depth_mm=0.5,
            counter_modulus=65536,
            report_every_s=every_s,
        )
        for n in range(number)
    )


def stations_toml(sites: tuple[Site, ...]) -> Iterator[str]:
    """Yield the tables of a stations.toml that has these sites, so that a service knows them."""
    yield f"# {len(sites)} made-up stations for a load test\n"
    for site in sites:
        yield (
            f'\n[stations.{site.station}]\nname = "{site.station}"\nlatitude = {site.latitude}\n'
            f"longitude = {site.longitude}\nelevation_m = {site.elevation_m:g}\n"
            f"bucket_depth_mm = {site.bucket_depth_mm}\nreport_every_s = {max(site.report_every_s, EXPECTED_MIN_S)}\n"
        )


def raise_open_files(wanted: int) -> int:
    """Raise this process's limit of open files as far as it may; return how many connections fit into it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + FILES_BESIDE:
        most = wanted + FILES_BESIDE if hard == resource.RLIM_INFINITY else min(hard, wanted + FILES_BESIDE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return soft - FILES_BESIDE


@dataclass(slots=True)
class LoadTally:
    """What has been sent and acknowledged so far."""

    sent: int = 0
    acknowledged: int = 0
    cpu_s: float = 0.0  # of this process, for sending and for acknowledgements alone
    latencies_s: list[float] = field(default_factory=list)  # from the write to the acknowledgement, real seconds
    late_s: float = 0.0  # how late the latest message left, at worst

    @property
    def outstanding(self) -> int:
        """Return how many messages wait for their acknowledgement."""
        return self.sent - self.acknowledged

    @property
    def rate_max(self) -> float:
        """Return how many messages a second this publisher could send at most, at the processor time each has cost."""
        return self.sent / self.cpu_s if self.cpu_s else 0.0

    def latency_s(self, share: float) -> float:
        """Return the latency that this share of the acknowledgements was within."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class LoadStation:
    """One station's connection and counter."""

    __slots__ = ("client", "connected", "count", "dice", "due_s", "in_flight", "refused", "seq", "site", "tally")

    def __init__(self, site: Site, broker: Broker, tally: LoadTally, *, seed: int, due_s: float) -> None:
        self.site = site
        self.tally = tally
        self.dice = Dice(seed, site.station, "load")
        self.due_s = due_s
        self.count = self.seq = 0
        self.connected = False
        self.refused = ""
        self.in_flight: dict[int, float] = {}
        self.client = _client(site.station, broker)
        self.client.on_connect = self._on_connect
        self.client.on_publish = self._on_publish
        try:
            self.client.connect(broker.host, broker.port, KEEPALIVE_S * 8)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
            raise LoadBrokenError(f"{site.station}: cannot connect: {error}") from error

    def report(self, wire: Wire, *, now_s: int) -> None:
        """Send one reading."""
        self.count = (self.count + self.dice.chance(WET_SHARE)) % self.site.counter_modulus
        reading = Reading(observed_s=now_s, count=self.count, kind="timed", battery_v=12.6)
        message = Message(self.site.station, self.seq, 1, now_s, (reading,))
        self.seq += 1
        sent = self.client.publish(wire.topic(message), wire.payload(message, self.site), qos=1)
        self.in_flight[sent.mid] = monotonic_s()
        self.tally.sent += 1

    def _on_connect(
        self, _client: paho.Client, _: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self.refused = f"the broker refused the connection: {reason}"
        self.connected = True

    def _on_publish(self, _client: paho.Client, _: object, mid: int, _reason: object, _properties: object) -> None:
        began_s = self.in_flight.pop(mid, None)
        if began_s is not None:
            self.tally.acknowledged += 1
            if len(self.tally.latencies_s) < LATENCIES_MAX:
                self.tally.latencies_s.append(monotonic_s() - began_s)


def _client(station: str, broker: Broker) -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"sim-{station}",
        protocol=MQTTProtocolVersion.MQTTv5 if broker.protocol == "5" else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    if broker.username is not None:
        client.username_pw_set(broker.username.replace("{station}", station), broker.passwords.get(station))
    return client


class Load:
    """All stations of a load. `step` sends what is due and takes in what has come; raises LoadBrokenError."""

    def __init__(
        self, sites: tuple[Site, ...], broker: Broker, wire: Wire, *, seed: int, clock: ScaledClock, stop: Stop
    ) -> None:
        fits = raise_open_files(len(sites))
        if fits < len(sites):
            raise LoadError(
                f"--stations {len(sites)}: this process may open {fits} connections only: raise the limit (ulimit -n"
                f" {len(sites) + FILES_BESIDE}), or take fewer stations"
            )
        self.tally = LoadTally()
        self.stations: deque[LoadStation] = deque()  # the one that is due next comes first
        self._sites = sites
        self._broker = broker
        self._wire = wire
        self._seed = seed
        self._clock = clock
        self._stop = stop
        self._selector = selectors.DefaultSelector()
        self._housekeeping_s = 0.0
        self._every_s = sites[0].report_every_s / clock.speed

    def connect(self) -> Iterator[int]:
        """Connect one station after the other; yield how many are connected so far."""
        for number, site in enumerate(self._sites):
            if self._stop.wanted:
                return
            station = LoadStation(site, self._broker, self.tally, seed=self._seed, due_s=0.0)
            sock = station.client.socket()
            assert sock is not None, "connect() either raises or leaves a socket"
            self._selector.register(sock, selectors.EVENT_READ, station)
            self.stations.append(station)
            if number % 100 == 99:
                self._receive(0.0)
            yield number + 1
        while not all(station.connected for station in self.stations) and not self._stop.wanted:
            self._receive(LOOK_S)
        # Spread over the step: real stations are told apart by seconds, not by luck.
        now_s = monotonic_s()
        for number, station in enumerate(self.stations):
            station.due_s = now_s + self._every_s * number / len(self.stations)

    def step(self, *, sending: bool) -> None:
        """Send what is due, unless the time is over, and take in what has come."""
        if sending:
            began_s, now_s, at_s = cpu_s(), monotonic_s(), self._clock.now_ms() // 1000
            for _ in range(SENT_AT_ONCE_MAX):  # acknowledgements are taken in between
                if self.stations[0].due_s > now_s:
                    break
                station = self.stations.popleft()
                self.tally.late_s = max(self.tally.late_s, now_s - station.due_s)
                station.report(self._wire, now_s=at_s)
                station.due_s += self._every_s
                self.stations.append(station)
            self.tally.cpu_s += cpu_s() - began_s
        self._receive(min(LOOK_S, max(0.0, self.stations[0].due_s - monotonic_s())) if sending else LOOK_S)

    def leave(self) -> None:
        """Say goodbye on every connection."""
        for station in self.stations:
            station.client.disconnect()
        self._selector.close()

    def _receive(self, wait_s: float) -> None:
        ready = self._selector.select(wait_s)
        began_s = cpu_s()
        for key, _ in ready:
            station: LoadStation = key.data
            result = station.client.loop_read()
            if station.refused or result != MQTTErrorCode.MQTT_ERR_SUCCESS:
                why = station.refused or "the broker closed the connection (its limit of connections?)"
                raise LoadBrokenError(f"{station.site.station}: {why}")
        self.tally.cpu_s += cpu_s() - began_s
        if monotonic_s() > self._housekeeping_s:
            self._housekeeping_s = monotonic_s() + HOUSEKEEPING_S
            for station in self.stations:
                station.client.loop_misc()
                if station.client.want_write():
                    station.client.loop_write()
