"""The mapping file of an import: which column of a CSV file says what, in which unit, of which station."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field

from gauge_ingest.configuration.files import read_table
from gauge_ingest.configuration.mistakes import ConfigurationRefused, Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core.nearest import nearest

Name = Annotated[str, Field(min_length=1, max_length=200)]
_TABLES = frozenset({"file", "station", "time", "rain", "flag"})
_M = TypeVar("_M", bound=BaseModel)


class FileTable(BaseModel):
    """[file]: how the CSV file is written."""

    model_config = STRICT

    delimiter: str = Field(default=",", min_length=1, max_length=1, description="one character")
    decimal: Literal[".", ","] = "."
    encoding: str = Field(default="utf-8", max_length=40, pattern=r"^[A-Za-z0-9._-]+$")
    skip_lines: int = Field(default=0, ge=0, le=1_000)


class StationColumns(BaseModel):
    """[station]: one fixed station, a column that names it, or a column of rain for each."""

    model_config = STRICT

    id: str = Field(default="", max_length=64)
    column: str = Field(default="", max_length=200)
    names: Mapping[str, Name] = {}
    columns: Mapping[str, Name] = {}


class TimeColumns(BaseModel):
    """[time]: when a row's rain fell."""

    model_config = STRICT

    columns: tuple[Name, ...] = Field(
        min_length=1, max_length=4, description='a list such as ["date", "time"]', examples=[("time",)]
    )
    format: str = Field(default="iso", min_length=1, max_length=100)
    offset: str = Field(
        default="", pattern=r"^(?:[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?$", description="hours from UTC, such as +08:00"
    )
    label: Literal["begin", "end"] = "end"


class RainColumn(BaseModel):
    """[rain]: how much fell."""

    model_config = STRICT

    column: str = Field(default="", max_length=200)
    unit: Literal["mm", "cumulated_mm", "tips", "counter"] = Field(examples=["mm"])
    step_s: int = Field(default=0, ge=0, le=86_400 * 31, description="seconds from 1")
    bucket_mm: float = Field(default=0.0, ge=0.0, le=10.0)
    counter_modulus: int = Field(default=0, ge=0, le=2**53)
    events_only: bool = False
    missing: tuple[str, ...] = Field(default=(), max_length=100)


class FlagColumn(BaseModel):
    """[flag]: what the file itself says of a row."""

    model_config = STRICT

    column: str = Field(default="", max_length=200)
    refuse: tuple[str, ...] = Field(default=(), max_length=100)


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A mapping file as a whole."""

    file: FileTable
    station: StationColumns
    time: TimeColumns
    rain: RainColumn
    flag: FlagColumn

    @property
    def by_step(self) -> bool:
        """Whether each row says what fell in a step of its own, and not where a sum stands."""
        return self.rain.unit in ("mm", "tips")


def load_mapping(path: Path) -> ImportMapping:
    """The mapping in a file; raises ConfigurationRefused with every mistake in it."""
    mistakes: list[Mistake] = []
    place = Place(path.name)
    table = read_table(path, mistakes) or {}
    if mistakes:
        raise ConfigurationRefused(mistakes)
    mistakes += [
        place.at(name).mistake(f"unknown table; {nearest(name, sorted(_TABLES))}") for name in table.keys() - _TABLES
    ]

    def part(model: type[_M], name: str) -> _M:
        judged = judge(model, _as_table(table.get(name, {})), place.at(name))
        mistakes.extend(judged.mistakes)
        return judged.value

    mapping = ImportMapping(
        part(FileTable, "file"),
        part(StationColumns, "station"),
        part(TimeColumns, "time"),
        part(RainColumn, "rain"),
        part(FlagColumn, "flag"),
    )
    mistakes += [] if mistakes else _against_each_other(mapping, place)
    if mistakes:
        raise ConfigurationRefused(mistakes)
    return mapping


def _as_table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {"": value}


def _against_each_other(mapping: ImportMapping, place: Place) -> list[Mistake]:
    found, rain, station = [], mapping.rain, mapping.station
    ways = [name for name in ("id", "column", "columns") if getattr(station, name)]
    if len(ways) != 1:
        words = "one of id (a fixed station), column (which names it), columns (a column of rain for each) is needed"
        found.append(place.at("station").mistake(f"{words}; there are {', '.join(ways) or 'none'}"))
    if station.names and not station.column:
        found.append(place.at("station", "names").mistake("is what the values of station.column mean; there is none"))
    if bool(rain.column) == bool(station.columns):
        words = "the column of the rain is needed" if not rain.column else "must be left out beside station.columns"
        found.append(place.at("rain", "column").mistake(words))
    if mapping.by_step and not rain.step_s:
        found.append(place.at("rain", "step_s").mistake(f"with unit {rain.unit} the seconds of a step are needed"))
    if rain.events_only and not mapping.by_step:
        found.append(place.at("rain", "events_only").mistake("goes with unit mm or tips"))
    in_tips = rain.unit in ("tips", "counter")
    if in_tips != bool(rain.bucket_mm):
        words = "the millimetres of a tip of the old gauge are needed" if in_tips else "goes with unit tips or counter"
        found.append(place.at("rain", "bucket_mm").mistake(words))
    if rain.counter_modulus and rain.unit != "counter":
        found.append(place.at("rain", "counter_modulus").mistake("goes with unit counter"))
    has_zone = mapping.time.format in ("unix", "unix_ms") or "%z" in mapping.time.format
    if not mapping.time.offset and not has_zone and mapping.time.format != "iso":
        words = "no zone is in the format: write the hours from UTC, +08:00 for Beijing time"
        found.append(place.at("time", "offset").mistake(words))
    return found
