"""rules.toml: its keys and their bounds, and the rules that it describes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from gauge_ingest.configuration.basins import ALL, ID
from gauge_ingest.configuration.curves import read_curves
from gauge_ingest.configuration.depths import RAIN_MAX_MM, Depths
from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.moving import read_seasons, read_wetness
from gauge_ingest.configuration.settings import PRINTABLE, STRICT
from gauge_ingest.configuration.stations import wrong_names
from gauge_ingest.core.levels import LEVEL_SETS, LEVELS
from gauge_ingest.core.model import Basin, Over, Rule, Threshold

FILE = "rules.toml"
RULES_MAX = 1_000
LEVELS_MAX = 8


def _listed(value: object) -> object:
    return (ALL,) if value == ALL else value


def _level_set(value: object) -> object:
    return LEVEL_SETS.get(value, value) if isinstance(value, str) else value


_READ_BESIDE = {"rain_mm", "curve", "rise_mm", "seasons", "wetness"}
_LATER: Mapping[str, Any] = {
    "rises": (),
    "basins": (),
    "over": Over.MEAN,
    "at_least": 1,
    "seasons": (),
    "wetness": None,
    "dated": "",
}


class RuleTable(BaseModel):
    """[rules.ID]: whom a rule watches, its levels, and when an alert ends. The thresholds are read beside it."""

    model_config = STRICT

    levels: Annotated[tuple[str, ...], BeforeValidator(_level_set)] = Field(
        min_length=1,
        max_length=LEVELS_MAX,
        description=f'"transfer", "colour" or a list of 1 to {LEVELS_MAX} names, from the lowest to the highest',
        examples=[("prepare", "immediate")],
    )
    stations: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(), description='"all" or a list of stations, e.g. ["HTB01", "HTB02"]'
    )
    basins: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(), description='"all" or a list of basins of stations.toml'
    )
    over: Literal["mean", "maximum", "kth"] = "mean"
    at_least: int = Field(default=1, ge=1, le=1_000)
    source: str = Field(
        min_length=1,
        max_length=500,
        pattern=PRINTABLE,
        description="1 to 500 characters in one line that say where the thresholds come from",
        examples=["county table of 2026"],
    )
    dated: date | None = Field(default=None, examples=[date(2026, 5, 1)])
    rain_mm: object = None
    curve: object = None
    rise_mm: object = None
    seasons: object = None
    wetness: object = None
    clear_ratio: float = Field(default=0.8, gt=0, le=1)
    minimum_s: int = Field(default=0, ge=0, le=86_400)
    quiet_s: int = Field(default=1_800, ge=0, le=604_800)
    coverage_min: float = Field(default=0.8, gt=0, le=1)
    lapse_s: int = Field(default=86_400, ge=60, le=2_592_000)
    late_after_s: int = Field(default=1_800, ge=60, le=604_800)
    tell_within_s: int = Field(default=259_200, ge=3_600, le=2_592_000)


@dataclass(slots=True)
class RulesRead:
    """The rules of a file, and every mistake in it."""

    rules: list[Rule] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    of_all: set[str] = field(default_factory=set)
    of_all_basins: set[str] = field(default_factory=set)

    def canonical(self) -> dict[str, object]:
        """The rules as they stand in the configuration's text; `all` stays a word."""
        return {rule.id: self._described(rule) for rule in self.rules}

    def _described(self, rule: Rule) -> dict[str, Any]:
        """What is not set is left out: a key that is new to the program changes no text, and nothing is owed for it."""
        described = {key: value for key, value in asdict(rule).items() if key not in _LATER or value != _LATER[key]}
        if rule.id in self.of_all:
            described["stations"] = ALL
        if rule.id in self.of_all_basins:
            described["basins"] = ALL
        return described


def read_rules(
    table: Mapping[str, object], ids: Mapping[str, object] | None, basins: Mapping[str, Basin] | None = None
) -> RulesRead:
    """The rules of a file's table, and every mistake in it; without `ids` no station and no basin is missed."""
    read = RulesRead()
    file = Place(FILE)
    remedy = "unknown key; every rule stands below rules, e.g. [rules.flash_flood]"
    read.mistakes += [file.at(name).mistake(remedy) for name in table if name not in ("rules", "watch")]
    raw = table.get("rules", {})
    if not isinstance(raw, Mapping) or len(raw) > RULES_MAX:
        remedy = f"must describe at most {RULES_MAX} rules, each beginning with a line like [rules.flash_flood]"
        read.mistakes.append(file.at("rules").mistake(remedy))
        return read
    for rule_id, item in raw.items():
        place = file.at("rules", rule_id)
        if not ID.fullmatch(rule_id):
            remedy = "a rule's id must be 1 to 32 of the characters A-Z a-z 0-9 _ -, e.g. flash_flood"
            read.mistakes.append(place.mistake(remedy))
        if isinstance(item, Mapping):
            _Rule(read, rule_id, item, place).read_into(ids, basins)
        else:
            read.mistakes.append(place.mistake(f"must be a table, written [rules.{rule_id}]"))
    return read


@dataclass(slots=True)
class _Rule:
    """Reads one rule."""

    read: RulesRead
    id: str
    item: Mapping[str, object]
    place: Place

    def read_into(self, ids: Mapping[str, object] | None, basins: Mapping[str, Basin] | None) -> None:
        """Add the rule, as far as it can be read, and its mistakes."""
        judged = judge(RuleTable, self.item, self.place)
        table = judged.value
        self.read.mistakes += judged.mistakes
        levels = None if "levels" in judged.wrong else tuple(dict.fromkeys(table.levels))
        if levels is not None:
            self.read.mistakes += _wrong_levels(table.levels, self.place.at("levels"))
        self._check_scopes(table, ids, basins)
        thresholds = self._thresholds(levels)
        rises = self._depths("rise_mm", levels) if "rise_mm" in self.item else ()
        seasons, mistakes = read_seasons(self.item.get("seasons"), self.place.at("seasons"))
        wetness, more = read_wetness(self.item.get("wetness"), levels, thresholds, self.place.at("wetness"))
        self.read.mistakes += mistakes + more
        if table.stations == (ALL,):
            self.read.of_all.add(self.id)
        if table.basins == (ALL,):
            self.read.of_all_basins.add(self.id)
        settled = table.model_dump(exclude={*_READ_BESIDE, "stations", "basins", "over", "dated"})
        self.read.rules.append(
            Rule(
                id=self.id,
                stations=tuple(ids or ()) if table.stations == (ALL,) else table.stations,
                basins=tuple(basins or ()) if table.basins == (ALL,) else table.basins,
                over=Over(table.over),
                thresholds=thresholds,
                rises=rises,
                seasons=seasons,
                wetness=wetness,
                dated="" if table.dated is None else table.dated.isoformat(),
                **settled,
            )
        )

    def _check_scopes(
        self, table: RuleTable, ids: Mapping[str, object] | None, basins: Mapping[str, Basin] | None
    ) -> None:
        place = self.place
        if not self.item.get("stations") and not self.item.get("basins"):
            remedy = 'is required: "all" or a list of stations, e.g. ["HTB01", "HTB02"]; or name basins'
            self.read.mistakes.append(place.at("stations").mistake(remedy))
        if ids is not None and table.stations != (ALL,):
            self.read.mistakes += wrong_names(self.item.get("stations"), ids, place.at("stations"))
        if ids is not None and table.basins != (ALL,):
            self.read.mistakes += wrong_names(self.item.get("basins"), basins or {}, place.at("basins"), what="basin")
        if "basins" not in self.item:
            self.read.mistakes += [
                place.at(key).mistake("says how basins are judged, and the rule names none: add basins, or take it out")
                for key in ("over", "at_least")
                if key in self.item
            ]
        elif ("at_least" in self.item) != (table.over == "kth"):
            remedy = 'stands with over = "kth" alone, and over = "kth" needs it, e.g. at_least = 2'
            self.read.mistakes.append(place.at("at_least").mistake(remedy))
        for name in table.basins if basins and table.basins != (ALL,) else basins or () if table.basins else ():
            if basins and name in basins and table.at_least > len(basins[name].weights):
                remedy = f"must be at most {len(basins[name].weights)}, the number of stations of basin {name}"
                self.read.mistakes.append(place.at("at_least").mistake(remedy, table.at_least))

    def _thresholds(self, levels: tuple[str, ...] | None) -> tuple[Threshold, ...]:
        """From the table of durations or from curves, whichever of them the rule has."""
        item, place, mistakes = self.item, self.place, self.read.mistakes
        if "curve" in item and "rain_mm" in item:
            mistakes.append(place.at("curve").mistake("stands beside rain_mm: a rule has one of them, take one out"))
            return ()
        if "curve" in item:
            thresholds, wrong = read_curves(item["curve"], levels, place.at("curve"), rain_max_mm=RAIN_MAX_MM)
            mistakes += wrong
            return tuple(thresholds)
        if "rain_mm" not in item and "rise_mm" not in item:
            lines = 'a table [rules.ID.rain_mm] with lines like "30m" = { prepare = 6, immediate = 10 }'
            mistakes.append(place.at("rain_mm").mistake(f"is required: {lines}, or curves [rules.ID.curve]"))
            return ()
        if levels is not None:
            mistakes += _unused(levels, [item.get("rain_mm"), item.get("rise_mm")], place.at("levels"))
        return self._depths("rain_mm", levels) if "rain_mm" in item else ()

    def _depths(self, key: str, levels: tuple[str, ...] | None) -> tuple[Threshold, ...]:
        depths = Depths(self.place.at(key), levels)
        thresholds = depths.of(self.item[key])
        self.read.mistakes += depths.mistakes
        return thresholds


def _wrong_levels(levels: tuple[str, ...], place: Place) -> list[Mistake]:
    mistakes = []
    for number, level in enumerate(levels, 1):
        if not ID.fullmatch(level):
            remedy = "a level must be 1 to 32 of the characters A-Z a-z 0-9 _ -, e.g. prepare"
            mistakes.append(place.at(number).mistake(remedy, level))
        elif level in levels[: number - 1]:
            mistakes.append(place.at(number).mistake("is named twice: take one out", level))
    order = sorted((level for level in levels if level in LEVELS), key=lambda level: LEVELS[level].grade)
    if not mistakes and [level for level in levels if level in LEVELS] != order:
        grave = ", ".join(f'"{level}"' for level in order)
        remedy = f"must stand from the lowest to the highest; of those that are known that is {grave}"
        mistakes.append(place.mistake(remedy, list(levels)))
    return mistakes


def _unused(levels: tuple[str, ...], tables: list[object], place: Place) -> list[Mistake]:
    given = [table for table in tables if table is not None]
    if not all(isinstance(table, Mapping) and table for table in given):
        return []
    rows = [row for table in given if isinstance(table, Mapping) for row in table.values()]
    used = {level for row in rows if isinstance(row, Mapping) for level in row}
    return [
        place.at(number).mistake("no duration has a threshold for it: add one to rain_mm, or take the level out", level)
        for number, level in enumerate(levels, 1)
        if level not in used
    ]
