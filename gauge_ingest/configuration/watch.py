"""[watch] of rules.toml: what the watchdogs look for. Every table, and every key of it, may be left out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core import watch
from gauge_ingest.core.findings import Finding
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.watch import WATCHING, Watching, WatchSettings

FILE = "rules.toml"
DAY_S = 86_400
ID = r"^[A-Za-z0-9_-]{1,32}$"

Switch = Literal["on", "off"]
Level = Literal["notice", "warning"]


class SilentTable(BaseModel):
    """[watch.silent]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    missed_max: int = Field(default=WATCHING.silent.missed_max, ge=3, le=1_000)
    silence_min_s: int = Field(default=WATCHING.silent.silence_min_s, ge=60, le=7 * DAY_S)
    steady_s: int = Field(default=WATCHING.silent.steady_s, ge=0, le=DAY_S)
    network_level: Level = "warning"
    network_percent_max: int = Field(default=WATCHING.silent.network_percent_max, ge=10, le=100)
    network_stations_min: int = Field(default=WATCHING.silent.network_stations_min, ge=2, le=100_000)


class BatteryTable(BaseModel):
    """[watch.battery]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    low_v: float = Field(default=WATCHING.battery.low_v, ge=1, le=40)
    warning_v: float = Field(default=WATCHING.battery.warning_v, ge=1, le=40)
    back_v: float = Field(default=WATCHING.battery.back_v, ge=0, le=5)


class ClockTable(BaseModel):
    """[watch.clock]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    off_s: int = Field(default=WATCHING.clock.off_s, ge=30, le=DAY_S)
    warning_s: int = Field(default=WATCHING.clock.warning_s, ge=30, le=DAY_S)


class DoorTable(BaseModel):
    """[watch.door]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    open_max_s: int = Field(default=WATCHING.door.open_max_s, ge=60, le=72_000)


class SuspectTable(BaseModel):
    """[watch.suspect]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    doubted_percent_max: float = Field(default=WATCHING.suspect.doubted_percent_max, gt=0, le=100)
    readings_min: int = Field(default=WATCHING.suspect.readings_min, ge=1, le=10_000)


class DiskTable(BaseModel):
    """[watch.disk]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    free_mb_min: int = Field(default=WATCHING.disk.free_mb_min, ge=1, le=10_000_000)
    free_percent_min: float = Field(default=WATCHING.disk.free_percent_min, ge=0, le=90)
    warning_mb: int = Field(default=WATCHING.disk.warning_mb, ge=1, le=10_000_000)


class StoreTable(BaseModel):
    """[watch.store]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    behind_s: int = Field(default=WATCHING.store.behind_s, ge=60, le=30 * DAY_S)
    warning_s: int = Field(default=WATCHING.store.warning_s, ge=60, le=30 * DAY_S)


class BrokerTable(BaseModel):
    """[watch.broker]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "warning"
    gone_s: int = Field(default=WATCHING.broker.gone_s, ge=30, le=DAY_S)
    settle_s: int = Field(default=WATCHING.broker.settle_s, ge=60, le=DAY_S)


class OutboundTable(BaseModel):
    """[watch.outbound]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "warning"
    gone_s: int = Field(default=WATCHING.outbound.gone_s, ge=60, le=DAY_S)


class QuarantineTable(BaseModel):
    """[watch.quarantine]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "notice"
    entries_per_hour_max: int = Field(default=WATCHING.quarantine.entries_per_hour_max, ge=1, le=900)


class ConfigurationTable(BaseModel):
    """[watch.configuration]."""

    model_config = STRICT

    watch: Switch = "on"
    level: Level = "warning"


class DangerTable(BaseModel):
    """[watch.danger_in_silence]. Its level is one of an alert that moves people, or any other name of a level."""

    model_config = STRICT

    watch: Switch = "on"
    level: str = Field(
        default=WATCHING.danger_in_silence.level,
        pattern=ID,
        description="1 to 32 of the characters A-Z a-z 0-9 _ -, e.g. prepare",
    )
    missed_max: int = Field(default=WATCHING.danger_in_silence.missed_max, ge=3, le=1_000)
    silence_min_s: int = Field(default=WATCHING.danger_in_silence.silence_min_s, ge=60, le=DAY_S)
    heard_within_s: int = Field(default=WATCHING.danger_in_silence.heard_within_s, ge=600, le=30 * DAY_S)
    rain_mm: float = Field(default=WATCHING.danger_in_silence.rain_mm, gt=0, le=1_000)
    window_s: int = Field(default=WATCHING.danger_in_silence.window_s, ge=600, le=DAY_S)
    neighbours_min: int = Field(default=WATCHING.danger_in_silence.neighbours_min, ge=1, le=12)
    dry_mm: float = Field(default=WATCHING.danger_in_silence.dry_mm, gt=0, le=1_000)
    quiet_s: int = Field(default=WATCHING.danger_in_silence.quiet_s, ge=600, le=DAY_S)
    lapse_s: int = Field(default=WATCHING.danger_in_silence.lapse_s, ge=3_600, le=30 * DAY_S)


# Table -> its keys, and the value that they fill.
TABLES: Mapping[str, tuple[type[BaseModel], type[Any]]] = {
    "silent": (SilentTable, watch.SilentWatch),
    "battery": (BatteryTable, watch.BatteryWatch),
    "clock": (ClockTable, watch.ClockWatch),
    "door": (DoorTable, watch.DoorWatch),
    "suspect": (SuspectTable, watch.SuspectWatch),
    "disk": (DiskTable, watch.DiskWatch),
    "store": (StoreTable, watch.StoreWatch),
    "broker": (BrokerTable, watch.BrokerWatch),
    "outbound": (OutboundTable, watch.OutboundWatch),
    "quarantine": (QuarantineTable, watch.QuarantineWatch),
    "configuration": (ConfigurationTable, watch.ConfigurationWatch),
    "danger_in_silence": (DangerTable, watch.DangerWatch),
}


@dataclass(slots=True)
class WatchRead:
    """What the watchdogs are to look for, and every mistake in it."""

    settings: WatchSettings = WATCHING
    mistakes: list[Mistake] = field(default_factory=list)

    def canonical(self) -> dict[str, object]:
        """The tables as they stand in the configuration's text."""
        return asdict(self.settings)


def read_watch(table: Mapping[str, object]) -> WatchRead:
    """The tables below [watch] of the file's table; rules may not have the names of findings."""
    read = WatchRead(mistakes=_taken_names(table.get("rules")))
    raw, place = table.get("watch", {}), Place(FILE, "watch")
    if not isinstance(raw, Mapping):
        read.mistakes.append(place.mistake("must have tables, each beginning with a line like [watch.silent]"))
        return read
    values = {}
    for name, item in raw.items():
        if name not in TABLES:
            read.mistakes.append(place.at(name).mistake(f"unknown table; {nearest(name, TABLES)}"))
        elif not isinstance(item, Mapping):
            read.mistakes.append(place.at(name).mistake(f"must be a table, written [watch.{name}]"))
        else:
            values[name] = _value(read, name, item, place.at(name))
    read.settings = WatchSettings(**values)
    return read


def _value(read: WatchRead, name: str, item: Mapping[str, object], place: Place) -> Any:
    model, value = TABLES[name]
    judged = judge(model, item, place)
    read.mistakes += judged.mistakes
    keys = judged.value.model_dump()
    for key, least, most in _PAIRS.get(name, ()):
        if not judged.mistakes and keys[least] > keys[most]:
            other = most if key == least else least
            remedy = f"must be {'at most' if key == least else 'at least'} {keys[other]:g}, which is {other}"
            read.mistakes.append(place.at(key).mistake(remedy, keys[key]))
    return value(**keys | {"watch": Watching(keys["watch"])})


# Table -> (the key that is told, the lesser one of two, the greater one).
_PAIRS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "battery": (("warning_v", "warning_v", "low_v"),),
    "clock": (("warning_s", "off_s", "warning_s"),),
    "disk": (("warning_mb", "warning_mb", "free_mb_min"),),
    "store": (("warning_s", "behind_s", "warning_s"),),
}


def _taken_names(rules: object) -> list[Mistake]:
    """A rule with the name of a finding would be taken for one."""
    names = rules if isinstance(rules, Mapping) else {}
    findings = {finding.value for finding in Finding}
    remedy = "is the name of a finding of the service: give the rule another one"
    return [Place(FILE).at("rules", name).mistake(remedy) for name in names if name in findings]
