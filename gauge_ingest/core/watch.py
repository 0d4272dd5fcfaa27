"""What the watchdogs are told to look for, and what they are told of the world around the journal."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.core.findings import NOTICE, WARNING


class Watching(StrEnum):
    """Whether a watchdog looks at all."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SilentWatch:
    """[watch.silent]: a station, or most of them, says nothing. [EST] half an hour is no short gap of a mobile link."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    missed_max: int = 6
    silence_min_s: int = 1_800
    steady_s: int = 900
    network_level: str = WARNING
    network_percent_max: int = 50
    network_stations_min: int = 3


@dataclass(frozen=True, slots=True)
class BatteryWatch:
    """[watch.battery]: thresholds for each 12 V lead-acid battery, as `stations health` has them."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    low_v: float = 11.5
    warning_v: float = 11.0
    back_v: float = 0.3


@dataclass(frozen=True, slots=True)
class ClockWatch:
    """[watch.clock]: five minutes put rain into the wrong report, ten are journal.clock_ahead_max_s."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    off_s: int = 300
    warning_s: int = 600


@dataclass(frozen=True, slots=True)
class DoorWatch:
    """[watch.door]: [EST] a visit with a calibration takes half a day at most."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    open_max_s: int = 14_400


@dataclass(frozen=True, slots=True)
class SuspectWatch:
    """[watch.suspect]: the share from which `stations health` calls data ill, over the last 24 hours."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    doubted_percent_max: float = 25.0
    readings_min: int = 24


@dataclass(frozen=True, slots=True)
class DiskWatch:
    """[watch.disk]: 500 MB is where `health` is not well; [EST] four times as much leaves days to act."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    free_mb_min: int = 2_000
    free_percent_min: float = 2.0
    warning_mb: int = 500


@dataclass(frozen=True, slots=True)
class StoreWatch:
    """[watch.store]: [EST] half an hour behind is more than a restart, six hours need a person."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    behind_s: int = 1_800
    warning_s: int = 21_600


@dataclass(frozen=True, slots=True)
class BrokerWatch:
    """[watch.broker]: we are cut off. While it is so, and for `settle_s` after it, nobody's silence is judged."""

    watch: Watching = Watching.ON
    level: str = WARNING
    gone_s: int = 300
    settle_s: int = 600


@dataclass(frozen=True, slots=True)
class OutboundWatch:
    """[watch.outbound]: nobody copies and nobody tells. Its restarts take a minute at most."""

    watch: Watching = Watching.ON
    level: str = WARNING
    gone_s: int = 300


@dataclass(frozen=True, slots=True)
class QuarantineWatch:
    """[watch.quarantine]: [EST] four messages of every hour of one station are more than a wrong byte now and then."""

    watch: Watching = Watching.ON
    level: str = NOTICE
    entries_per_hour_max: int = 50


@dataclass(frozen=True, slots=True)
class ConfigurationWatch:
    """[watch.configuration]: the service was started on the configuration that was accepted before this one."""

    watch: Watching = Watching.ON
    level: str = WARNING


@dataclass(frozen=True, slots=True)
class DangerWatch:
    """[watch.danger_in_silence]: a station falls silent while its neighbours report heavy rain.

    Three missed reports are silence, as in `stations`; 10 mm in an hour is the lowest level of the shipped rule. [EST]
    """

    watch: Watching = Watching.ON
    level: str = "prepare"
    missed_max: int = 3
    silence_min_s: int = 600
    heard_within_s: int = 21_600
    rain_mm: float = 10.0
    window_s: int = 3_600
    neighbours_min: int = 2
    dry_mm: float = 1.0
    quiet_s: int = 3_600
    lapse_s: int = 86_400


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """All tables below [watch] of rules.toml."""

    silent: SilentWatch = field(default_factory=SilentWatch)
    battery: BatteryWatch = field(default_factory=BatteryWatch)
    clock: ClockWatch = field(default_factory=ClockWatch)
    door: DoorWatch = field(default_factory=DoorWatch)
    suspect: SuspectWatch = field(default_factory=SuspectWatch)
    disk: DiskWatch = field(default_factory=DiskWatch)
    store: StoreWatch = field(default_factory=StoreWatch)
    broker: BrokerWatch = field(default_factory=BrokerWatch)
    outbound: OutboundWatch = field(default_factory=OutboundWatch)
    quarantine: QuarantineWatch = field(default_factory=QuarantineWatch)
    configuration: ConfigurationWatch = field(default_factory=ConfigurationWatch)
    danger_in_silence: DangerWatch = field(default_factory=DangerWatch)


WATCHING = WatchSettings()


class Disk(NamedTuple):
    """Room in the journal's file system."""

    free_bytes: int
    total_bytes: int


class Follower(NamedTuple):
    """How far the outbound process is with one store or one way to tell."""

    name: str
    waits_since: int | None  # when the oldest reading was received that it has not carried on; None: none waits
    error: str = ""


class Refused(NamedTuple):
    """Why the configuration on disk is not the one in force: file and key of its first mistake, and all of it in words.

    Empty words: it is in force.
    """

    where: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the loop knows beside the journal. None: not known, and nothing is judged by it."""

    connected_since: int | None = None  # None: not connected
    drained: bool = False  # since then there was a moment in which nothing waited in the inlet
    outbound_alive: bool | None = None
    outbound_heard_at: int | None = None  # its last heartbeat
    disk: Disk | None = None
    followers: tuple[Follower, ...] | None = None
    refused: Refused | None = None
