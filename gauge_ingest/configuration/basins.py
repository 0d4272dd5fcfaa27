"""Basins in stations.toml: catchments and the stations that stand for them."""

import re
from collections.abc import Mapping

from pydantic import BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core.model import Basin
from gauge_ingest.core.nearest import nearest

ALL = "all"
SERVICE = "service"  # the scope of what the service finds about itself
ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
BASINS_MAX = 10_000
POINTS_MAX = 2_000


class BasinTable(BaseModel):
    """[basins.ID]: a catchment. Its stations are read beside it."""

    model_config = STRICT

    name: str = Field(
        max_length=64,
        pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        description="1 to 64 characters, none of them a control character, no space at the ends",
        examples=["呼图壁河"],
    )
    stations: object = Field(
        description='a list like ["HTB01", "HTB02"], or areas like { HTB01 = 320, HTB02 = 150 }',
        examples=[("HTB01",)],
    )
    polygon: tuple[tuple[float, float], ...] = Field(
        default=(),
        max_length=POINTS_MAX,
        description="a list of at least three points [latitude, longitude], in order round the basin",
    )


def read_basins(raw: object, stations: Mapping[str, object], place: Place) -> tuple[dict[str, Basin], list[Mistake]]:
    """The basins of a file's table, and every mistake in them."""
    if raw is None:
        return {}, []
    if not isinstance(raw, Mapping) or len(raw) > BASINS_MAX:
        return {}, [place.mistake(f"must describe at most {BASINS_MAX} basins, each beginning like [basins.hutubi]")]
    basins: dict[str, Basin] = {}
    mistakes: list[Mistake] = []
    for basin_id, item in raw.items():
        here = place.at(basin_id)
        if not ID.fullmatch(basin_id) or basin_id in (ALL, SERVICE):
            remedy = f"an id must be 1 to 32 of the characters A-Z a-z 0-9 _ -, and neither {ALL} nor {SERVICE}"
            mistakes.append(here.mistake(remedy))
        if basin_id in stations:
            mistakes.append(here.mistake("is the id of a station: give the basin another"))
        if not isinstance(item, Mapping):
            mistakes.append(here.mistake(f"must be a table, written [basins.{basin_id}]"))
            continue
        judged = judge(BasinTable, item, here)
        mistakes += judged.mistakes
        weights: tuple[tuple[str, float], ...] = ()
        if "stations" not in judged.wrong:
            weights, wrong = _weights(judged.value.stations, stations, here.at("stations"))
            mistakes += wrong
        polygon = judged.value.polygon
        mistakes += _wrong_points(polygon, here.at("polygon"))
        basins[basin_id] = Basin(basin_id, judged.value.name, weights, polygon)
    return basins, mistakes


def _weights(
    raw: object, stations: Mapping[str, object], place: Place
) -> tuple[tuple[tuple[str, float], ...], list[Mistake]]:
    """Stations with the area that each stands for; of a list each stands for the same."""
    if isinstance(raw, tuple) and all(isinstance(name, str) for name in raw):
        given: Mapping[str, object] = dict.fromkeys(raw, 1.0)
        if len(given) < len(raw):
            return (), [place.mistake("names a station twice: take one out", raw)]
    elif isinstance(raw, Mapping):
        given = raw
    else:
        given = {}
    if not given:
        remedy = 'must be a list like ["HTB01", "HTB02"], or areas like { HTB01 = 320, HTB02 = 150 }'
        return (), [place.mistake(remedy, raw)]
    mistakes = [
        place.at(name).mistake(f"no such station; {nearest(name, stations)}") for name in given if name not in stations
    ]
    weights: list[tuple[str, float]] = []
    for name, area in given.items():
        if isinstance(area, bool) or not isinstance(area, int | float) or not 0 < area < 1e9:
            mistakes.append(place.at(name).mistake("must be an area greater than 0, in km2 or as a share", area))
        else:
            weights.append((name, float(area)))
    return tuple(weights), mistakes


def _wrong_points(polygon: tuple[tuple[float, float], ...], place: Place) -> list[Mistake]:
    if polygon and len(set(polygon)) < 3:
        return [place.mistake("must have at least three points [latitude, longitude]")]
    return [
        place.at(number).mistake("must be [latitude, longitude] in degrees, e.g. [43.75, 86.57]", point)
        for number, point in enumerate(polygon, 1)
        if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180)
    ]
