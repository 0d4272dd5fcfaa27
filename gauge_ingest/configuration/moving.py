"""What moves the thresholds of a rule: [[rules.ID.seasons]] and [rules.ID.wetness]."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from gauge_ingest.configuration.depths import Depths
from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import STRICT
from gauge_ingest.core.model import Season, Threshold, WetClass, Wetness

SEASONS_MAX = 12
CLASSES_MAX = 8
_DAY = re.compile(r"(\d{2})-(\d{2})")
_DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NAME = r"^[A-Za-z0-9_-]{1,32}$"


class SeasonTable(BaseModel):
    """[[rules.ID.seasons]]: from one day of every year to another, both included, thresholds are times `ratio`."""

    model_config = STRICT

    name: str = Field(pattern=_NAME, description="1 to 32 of A-Z a-z 0-9 _ -", examples=["snowmelt"])
    since: str = Field(description="month and day", examples=["04-01"])
    until: str = Field(description="month and day", examples=["05-31"])
    ratio: float = Field(gt=0, le=10, examples=[0.8])


class WetnessTable(BaseModel):
    """[rules.ID.wetness]: how wet the ground is, by the rain of past days. Its classes are read beside it."""

    model_config = STRICT

    index: Literal["pa", "api"] = "pa"
    k_per_day: float = Field(default=0.9, gt=0, lt=1)
    capacity_mm: float | None = Field(default=None, gt=0, le=1_000, examples=[80.0])
    days: int = Field(default=15, ge=1, le=60)
    coverage_min: float = Field(default=0.8, gt=0, le=1)
    classes: object = None


class WetClassTable(BaseModel):
    """[[rules.ID.wetness.classes]]: while the index is at most `at_most_mm`, its own rain_mm stands."""

    model_config = STRICT

    name: str = Field(pattern=_NAME, description="1 to 32 of A-Z a-z 0-9 _ -", examples=["dry"])
    at_most_mm: float = Field(ge=0, le=10_000, examples=[40.0])
    rain_mm: object = None


def read_seasons(raw: object, place: Place) -> tuple[tuple[Season, ...], list[Mistake]]:
    """The seasons of a rule, and every mistake in them."""
    if raw is None:
        return (), []
    if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) > SEASONS_MAX:
        return (), [place.mistake(f"must be at most {SEASONS_MAX} tables, each written [[{place.key}]]")]
    seasons: list[Season] = []
    mistakes: list[Mistake] = []
    for number, item in enumerate(raw, 1):
        here = place.at(number)
        if not isinstance(item, Mapping):
            mistakes.append(here.mistake(f"must be a table, written [[{place.key}]]"))
            continue
        judged = judge(SeasonTable, item, here)
        mistakes += judged.mistakes
        table = judged.value
        days = [_day(text, here.at(key), mistakes) for key, text in (("since", table.since), ("until", table.until))]
        if any(season.name == table.name for season in seasons):
            mistakes.append(here.at("name").mistake("is the name of another season: choose another", table.name))
        seasons.append(Season(table.name, days[0], days[1], table.ratio))
    return tuple(seasons), mistakes


def read_wetness(
    raw: object, levels: tuple[str, ...] | None, floor: Sequence[Threshold], place: Place
) -> tuple[Wetness | None, list[Mistake]]:
    """What a rule says of wetness, and every mistake in it; `floor` are the rule's own thresholds, for wet ground."""
    if raw is None:
        return None, []
    if not isinstance(raw, Mapping):
        return None, [place.mistake(f"must be a table, written [{place.key}]")]
    judged = judge(WetnessTable, raw, place)
    table, mistakes = judged.value, list(judged.mistakes)
    if table.index == "pa" and table.capacity_mm is None and "capacity_mm" not in judged.wrong:
        remedy = 'is required with index = "pa": Wm, the most that the ground holds, e.g. capacity_mm = 80.0'
        mistakes.append(place.at("capacity_mm").mistake(remedy))
    if table.index == "api" and table.capacity_mm is not None:
        mistakes.append(place.at("capacity_mm").mistake('stands with index = "pa" alone: take it out'))
    classes, wrong = _classes(table.classes, levels, floor, place.at("classes"))
    return Wetness(table.k_per_day, table.capacity_mm, table.days, table.coverage_min, classes), mistakes + wrong


def _classes(
    raw: object, levels: tuple[str, ...] | None, floor: Sequence[Threshold], place: Place
) -> tuple[tuple[WetClass, ...], list[Mistake]]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not 1 <= len(raw) <= CLASSES_MAX:
        return (), [
            place.mistake(f"must be 1 to {CLASSES_MAX} tables from the driest up, each written [[{place.key}]]")
        ]
    classes: list[WetClass] = []
    mistakes: list[Mistake] = []
    for number, item in enumerate(raw, 1):
        here = place.at(number)
        if not isinstance(item, Mapping):
            mistakes.append(here.mistake(f"must be a table, written [[{place.key}]]"))
            continue
        judged = judge(WetClassTable, item, here)
        mistakes += judged.mistakes
        depths = Depths(here.at("rain_mm"), levels)
        one = WetClass(judged.value.name, judged.value.at_most_mm, depths.of(judged.value.rain_mm))
        mistakes += depths.mistakes + _below_floor(one, floor, here.at("rain_mm"))
        if classes:
            mistakes += _not_wetter(one, classes[-1], here)
        classes.append(one)
    return tuple(classes), mistakes


def _below_floor(one: WetClass, floor: Sequence[Threshold], place: Place) -> list[Mistake]:
    """The rule's own table is for wet ground, and no class may warn later in less rain than it."""
    lowest = {(threshold.window_s, threshold.level): threshold.rain_mm for threshold in floor}
    return [
        place.mistake(
            f"{threshold.level} in {threshold.window_s // 60} min must be at least {least:g}, the rule's own threshold:"
            " that one is for the wettest ground",
            threshold.rain_mm,
        )
        for threshold in one.thresholds
        if threshold.rain_mm < (least := lowest.get((threshold.window_s, threshold.level), 0.0))
    ]


def _not_wetter(one: WetClass, drier: WetClass, place: Place) -> list[Mistake]:
    mistakes = []
    if one.at_most_mm <= drier.at_most_mm:
        remedy = f"must be greater than {drier.at_most_mm:g}, that of the drier class {drier.name}"
        mistakes.append(place.at("at_most_mm").mistake(remedy, one.at_most_mm))
    of_drier = {(threshold.window_s, threshold.level): threshold.rain_mm for threshold in drier.thresholds}
    return mistakes + [
        place.at("rain_mm").mistake(
            f"{threshold.level} in {threshold.window_s // 60} min must be at most {most:g}, that of the drier class"
            f" {drier.name}",
            threshold.rain_mm,
        )
        for threshold in one.thresholds
        if threshold.rain_mm > (most := of_drier.get((threshold.window_s, threshold.level), threshold.rain_mm))
    ]


def _day(text: str, place: Place, mistakes: list[Mistake]) -> tuple[int, int]:
    found = _DAY.fullmatch(text)
    month, day = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS_OF_MONTHS[month - 1]:
        mistakes.append(place.mistake('must be a month and a day, e.g. "04-01"', text))
        return 1, 1
    return month, day
