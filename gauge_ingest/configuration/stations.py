"""stations.toml: its keys and their bounds, and the stations that it describes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from gauge_ingest.configuration.basins import ALL, ID, read_basins
from gauge_ingest.configuration.calibration import read_correction
from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.platform import read_platform
from gauge_ingest.configuration.quality import read_quality
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core.calibration import Calibration
from gauge_ingest.core.model import Basin, Deployment, Station
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.places import nearest_first
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.core.quality.settings import DEFAULTS
from gauge_ingest.core.spans import instant_ms

FILE = "stations.toml"
NEIGHBOURS_KM = 60.0
STATIONS_MAX = 20_000
AT_EXAMPLE = datetime(2027, 4, 1, 8, tzinfo=timezone(timedelta(hours=8)))


def _modulus(value: int) -> int:
    if value == 1:
        raise ValueError("must be 0 (never wraps) or from 2 to 4294967296, e.g. 65536")
    return value


class Placement(BaseModel):
    """Where and with which gauge a station measures: the keys that a dated deployment may change."""

    model_config = STRICT

    latitude: float = Field(ge=-90, le=90, examples=[43.75])
    longitude: float = Field(ge=-180, le=180, examples=[86.57])
    elevation_m: float = Field(ge=-500, le=9_000, examples=[1_250])
    bucket_depth_mm: float = Field(gt=0, le=10, examples=[0.5])
    counter_modulus: Annotated[int, Field(ge=0, le=2**32), AfterValidator(_modulus)] = 65_536
    correction: object = None  # a table of its own, see gauge_ingest.configuration.calibration
    calibrated_at: AwareDatetime | None = Field(default=None, examples=[AT_EXAMPLE])


class StationTable(Placement):
    """[stations.ID]: a station as it was set up, and the dated changes since."""

    name: str = Field(
        max_length=64,
        pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        description="1 to 64 characters, none of them a control character, no space at the ends",
        examples=["石门"],
    )
    report_every_s: int = Field(default=300, ge=10, le=86_400)
    neighbours: tuple[str, ...] | None = Field(
        default=None, max_length=1_000, description='a list of other stations, e.g. ["HTB02"]'
    )
    intensity_max_mm_per_min: float = Field(default=8.0, gt=0, le=100)
    quality: object = None  # a table of its own, see gauge_ingest.configuration.quality
    platform: object = None  # a table of its own, see gauge_ingest.configuration.platform
    deployments: tuple[object, ...] = Field(
        default=(), max_length=1_000, description="a list of tables, each written [[stations.ID.deployments]]"
    )


class DeploymentTable(Placement):
    """[[stations.ID.deployments]]: what holds from `since` on; keys that are left out stay as they were."""

    since: AwareDatetime = Field(examples=[AT_EXAMPLE])


@dataclass(slots=True)
class StationsRead:
    """The stations of a file with every mistake in it. `ids` names the wrong ones too; None: not known."""

    stations: dict[str, Station] = field(default_factory=dict)
    ids: Mapping[str, object] | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    basins: dict[str, Basin] = field(default_factory=dict)
    platform: dict[str, PlatformStation] = field(default_factory=dict)
    neighbours_given: set[str] = field(default_factory=set)
    quality_given: Mapping[str, object] = field(default_factory=dict)  # [quality]: thresholds for all stations

    def canonical(self) -> dict[str, object]:
        """The stations as they stand in the configuration's text; neighbours only where they were listed."""
        return {station.id: self._described(station) for station in self.stations.values()}

    def _described(self, station: Station) -> dict[str, object]:
        """What is not set is left out: a key that is new to the program changes no text, and nothing is owed for it."""
        described: dict[str, object] = {
            "name": station.name,
            "deployments": [_measuring(deployment) for deployment in station.deployments],
            "report_every_s": station.report_every_s,
            "neighbours": station.neighbours if station.id in self.neighbours_given else f"{NEIGHBOURS_KM:g} km",
            "intensity_max_mm_per_min": station.intensity_max_mm_per_min,
        }
        if station.quality != DEFAULTS:
            described["quality"] = asdict(station.quality)
        if any(deployment.calibrated_at is not None for deployment in station.deployments):
            described["calibrated_at"] = [deployment.calibrated_at for deployment in station.deployments]
        return described


def read_stations(table: Mapping[str, object]) -> StationsRead:
    """The stations of a file's table, and every mistake in it."""
    read = StationsRead()
    file = Place(FILE)
    remedy = "unknown key; every station stands below stations, e.g. [stations.HTB01]"
    known = ("stations", "quality", "basins")
    read.mistakes += [file.at(name).mistake(remedy) for name in table if name not in known]
    read.quality_given, _, mistakes = read_quality(table.get("quality"), file.at("quality"), over={})
    read.mistakes += mistakes
    raw = table.get("stations")
    if not isinstance(raw, Mapping) or not 1 <= len(raw) <= STATIONS_MAX:
        remedy = f"must hold at least one station and at most {STATIONS_MAX}, each beginning like [stations.HTB01]"
        read.mistakes.append(file.at("stations").mistake(remedy))
        return read
    read.ids = raw
    for station_id, item in raw.items():
        place = file.at("stations", station_id)
        if not ID.fullmatch(station_id) or station_id == ALL:
            remedy = "an id is a level of a topic: 1 to 32 of the characters A-Z a-z 0-9 _ -, and not the word all"
            read.mistakes.append(place.mistake(remedy))
        if isinstance(item, Mapping):
            _read_station(read, station_id, item, place)
        else:
            read.mistakes.append(place.mistake(f"must be a table, written [stations.{station_id}]"))
    _add_neighbours(read)
    read.basins, mistakes = read_basins(table.get("basins"), raw, file.at("basins"))
    read.mistakes += mistakes
    return read


def wrong_names(
    raw: object, known: Mapping[str, object], place: Place, *, itself: str | None = None, what: str = "station"
) -> list[Mistake]:
    """The mistakes in a list of ids: those that are not known, named twice, or the station itself."""
    seen: set[str] = set()
    mistakes = []
    for number, name in enumerate(raw if isinstance(raw, tuple) else (), 1):
        if not isinstance(name, str):
            continue  # its type has been refused already
        if name == itself:
            mistakes.append(place.at(number).mistake("a station is no neighbour of itself: take it out", name))
        elif name not in known:
            mistakes.append(place.at(number).mistake(f"no such {what}; {nearest(name, known)}", name))
        elif name in seen:
            mistakes.append(place.at(number).mistake("is named twice: take one out", name))
        seen.add(name)
    return mistakes


def _read_station(read: StationsRead, station_id: str, item: Mapping[str, object], place: Place) -> None:
    judged = judge(StationTable, item, place)
    table = judged.value
    read.mistakes += judged.mistakes
    names = item.get("neighbours")
    read.mistakes += wrong_names(names, read.ids or {}, place.at("neighbours"), itself=station_id)
    if table.neighbours is not None:
        read.neighbours_given.add(station_id)
    _, quality, mistakes = read_quality(table.quality, place.at("quality"), over=read.quality_given)
    read.mistakes += mistakes
    on_platform = read_platform(table.platform, place.at("platform"), read.platform, read.mistakes)
    if on_platform is not None:
        read.platform[station_id] = on_platform
    read.stations[station_id] = Station(
        id=station_id,
        name=table.name,
        deployments=_deployments(read, table, place),
        report_every_s=table.report_every_s,
        neighbours=table.neighbours or (),
        intensity_max_mm_per_min=table.intensity_max_mm_per_min,
        quality=quality,
    )


def _deployments(read: StationsRead, table: StationTable, place: Place) -> tuple[Deployment, ...]:
    """The first deployment, from the beginning on, and the dated ones after it."""
    current = _placed(table)
    calibration = read_correction(table.correction, place.at("correction"), read.mistakes)
    deployments = [_deployment(current, calibration, since=0)]
    for number, item in enumerate(table.deployments, 1):
        here = place.at("deployments", number)
        if not isinstance(item, Mapping):
            read.mistakes.append(here.mistake(f"must be a table, written [[{place.key}.deployments]]"))
            continue
        judged = judge(DeploymentTable, current | dict(item), here)
        read.mistakes += judged.mistakes
        if not set(item) & set(Placement.model_fields):
            keys = ", ".join(Placement.model_fields)
            read.mistakes.append(here.mistake(f"must name at least one key that changed: {keys}"))
        current = _placed(judged.value)
        if "correction" in item:
            calibration = read_correction(item["correction"], here.at("correction"), read.mistakes)
        if "since" in judged.wrong:
            continue
        since = instant_ms(judged.value.since)
        if since <= deployments[-1].since:
            before = "the deployment before it" if len(deployments) > 1 else "1970"
            read.mistakes.append(here.at("since").mistake(f"must be later than {before}", judged.value.since))
        else:
            deployments.append(_deployment(current, calibration, since=since))
    return tuple(deployments)


def _placed(table: Placement) -> dict[str, Any]:
    return {key: getattr(table, key) for key in Placement.model_fields}


def _deployment(placed: Mapping[str, Any], calibration: Calibration | None, *, since: int) -> Deployment:
    plain = {key: value for key, value in placed.items() if key not in ("correction", "calibrated_at")}
    at = placed["calibrated_at"]
    calibrated_at = None if at is None else instant_ms(at)
    return Deployment(since=since, **plain, calibration=calibration, calibrated_at=calibrated_at)


def _measuring(deployment: Deployment) -> dict[str, Any]:
    """What rain is derived from. The day of a calibration that changed nothing is not: it stands apart in the text."""
    measuring = asdict(deployment)
    del measuring["calibrated_at"]
    if deployment.calibration is None:
        del measuring["calibration"]
    return measuring


def _add_neighbours(read: StationsRead) -> None:
    """Give every station without a list of neighbours all that were set up within NEIGHBOURS_KM, the nearest first."""
    first = {name: station.deployments[0] for name, station in read.stations.items()}
    near = nearest_first({name: (at.latitude, at.longitude) for name, at in first.items()}, within_km=NEIGHBOURS_KM)
    for name, station in read.stations.items():
        if name not in read.neighbours_given:
            read.stations[name] = replace(station, neighbours=near[name])
