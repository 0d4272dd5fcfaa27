"""A file of stations for records that are not ours: an id is enough, position and bucket depth make it better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from gauge_ingest.configuration.files import read_table
from gauge_ingest.configuration.mistakes import ConfigurationRefused, Mistake, Place, judge
from gauge_ingest.configuration.quality import read_quality
from gauge_ingest.configuration.stations import StationTable, wrong_names
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.places import nearest_first
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.site import Site

MATTERS = ("latitude", "longitude", "bucket_depth_mm")
PASSED_OVER_MAX = 10
SHORT = {"lat": "latitude", "lon": "longitude", "lng": "longitude", "long": "longitude", "bucket_mm": "bucket_depth_mm"}


class AssessedTable(BaseModel):
    """[stations.ID] of a file of stations; keys that only the service needs may stand there and are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    latitude: float | None = Field(default=None, ge=-90, le=90, examples=[43.75])
    longitude: float | None = Field(default=None, ge=-180, le=180, examples=[86.57])
    bucket_depth_mm: float | None = Field(default=None, gt=0, le=10, examples=[0.2])
    intensity_max_mm_per_min: float = Field(default=8.0, gt=0, le=100)
    neighbours: tuple[str, ...] | None = Field(default=None, max_length=1_000)


@dataclass(frozen=True, slots=True)
class AssessedStations:
    """The stations of a file, what holds for those that it does not name, and what was passed over in it."""

    sites: Mapping[str, Site] = field(default_factory=dict)
    others: Site = field(default_factory=Site)
    passed_over: Sequence[str] = ()  # a sentence for each key that nobody knows


def read_assessed_stations(path: Path, *, neighbours_km: float) -> AssessedStations:
    """The stations of a file; ConfigurationRefused with every mistake in it."""
    place = Place(path.name)
    unread: list[Mistake] = []
    table = read_table(path, unread)
    if table is None or unread:
        raise ConfigurationRefused(unread)
    raw = table.get("stations", {} if "quality" in table else None)
    if not isinstance(raw, Mapping):
        raise ConfigurationRefused([place.at("stations").mistake("must hold stations, each like [stations.HTB01]")])
    over, of_all, mistakes = read_quality(table.get("quality"), place.at("quality"), over={})
    tables: dict[str, AssessedTable] = {}
    settings: dict[str, QualitySettings] = {}
    for name, item in raw.items():
        here = place.at("stations", name)
        if not isinstance(item, Mapping):
            mistakes.append(here.mistake(f"must be a table, written [stations.{name}]"))
            continue
        judged = judge(AssessedTable, {key: value for key, value in item.items() if key != "quality"}, here)
        _, settings[name], wrong = read_quality(item.get("quality"), here.at("quality"), over=over)
        tables[name] = judged.value
        mistakes += [
            *_misspelt(item, here),
            *judged.mistakes,
            *wrong,
            *wrong_names(item.get("neighbours"), raw, here.at("neighbours"), itself=name),
        ]
    if mistakes:
        raise ConfigurationRefused(mistakes)
    sites = _stations(tables, settings, neighbours_km)
    return AssessedStations(sites, Site(settings=of_all), _passed_over(table, raw, place))


def _passed_over(
    table: Mapping[str, object], stations: Mapping[str, Mapping[str, object]], place: Place
) -> Sequence[str]:
    """What to say of keys that neither the service nor these checks know: once for each, with the first station."""
    remedy = "unknown key, passed over; every station stands below stations, e.g. [stations.HTB01]"
    told = [str(place.at(key).mistake(remedy)) for key in table if key not in ("stations", "quality", "basins")]
    unknown: dict[str, list[str]] = {}
    for name, item in stations.items():
        for key in item.keys() - StationTable.model_fields.keys():
            unknown.setdefault(key, []).append(name)
    for key, names in sorted(unknown.items()):
        more = f", here and in {len(names) - 1} more" if len(names) > 1 else ""
        remedy = f"unknown key, passed over{more}; {nearest(key, StationTable.model_fields)}"
        told.append(str(place.at("stations", names[0], key).mistake(remedy)))
    left = len(told) - PASSED_OVER_MAX
    return [*told[:PASSED_OVER_MAX], f"{place.file}: {left} more unknown keys, passed over"] if left > 0 else told


def _misspelt(item: Mapping[str, object], place: Place) -> list[Mistake]:
    """Keys that were meant to be a position or a bucket, and a position of which one half is missing."""
    wrong = []
    for key in item:
        if key in StationTable.model_fields:
            continue
        meant = SHORT.get(key.lower()) or next(iter(get_close_matches(key.lower(), MATTERS, n=1, cutoff=0.7)), None)
        if meant is not None:
            wrong.append(place.at(key).mistake(f"is written {meant}", item[key]))
    halves = [key for key in ("latitude", "longitude") if key in item]
    if len(halves) == 1 and not wrong:
        other = "longitude" if halves == ["latitude"] else "latitude"
        wrong.append(place.at(other).mistake(f"is missing beside {halves[0]}: give both, or neither"))
    return wrong


def _stations(
    tables: Mapping[str, AssessedTable], settings: Mapping[str, QualitySettings], neighbours_km: float
) -> dict[str, Site]:
    positions = {
        name: (table.latitude, table.longitude)
        for name, table in tables.items()
        if table.latitude is not None and table.longitude is not None
    }
    near = nearest_first(positions, within_km=neighbours_km)
    return {
        name: Site(
            table.bucket_depth_mm,
            near.get(name, ()) if table.neighbours is None else table.neighbours,
            settings[name],
            table.intensity_max_mm_per_min,
            positions.get(name),
        )
        for name, table in tables.items()
    }
