"""rules.toml: its keys and their bounds, and the rules that it describes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from gauge_ingest.configuration.curves import read_curves
from gauge_ingest.configuration.mistakes import Mistake, Place, judge, nearest
from gauge_ingest.configuration.settings import PRINTABLE, STRICT
from gauge_ingest.configuration.stations import ALL, ID, wrong_names
from gauge_ingest.core.model import Rule, Threshold
from gauge_ingest.core.spans import duration_text, parse_duration_s

FILE = "rules.toml"
RULES_MAX = 1_000
LEVELS_MAX = 8
WINDOWS_MAX = 32
WINDOW_MIN_S = 60
WINDOW_MAX_S = 72 * 3_600
RAIN_MAX_MM = 5_000.0


def _station_list(value: object) -> object:
    return (ALL,) if value == ALL else value


class RuleTable(BaseModel):
    """[rules.ID]: whom a rule watches, its levels, and when an alert ends. The thresholds are read beside it."""

    model_config = STRICT

    levels: tuple[str, ...] = Field(
        min_length=1,
        max_length=LEVELS_MAX,
        description=f"a list of 1 to {LEVELS_MAX} names, from the lowest to the highest",
        examples=[("prepare", "immediate")],
    )
    stations: Annotated[tuple[str, ...], BeforeValidator(_station_list)] = Field(
        min_length=1,
        description='"all" or a list of stations, e.g. ["HTB01", "HTB02"]',
        examples=[(ALL,)],
    )
    source: str = Field(
        min_length=1,
        max_length=500,
        pattern=PRINTABLE,
        description="1 to 500 characters in one line that say where the thresholds come from",
        examples=["county table of 2026"],
    )
    rain_mm: object = None
    curve: object = None
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

    def canonical(self) -> dict[str, object]:
        """The rules as they stand in the configuration's text; `all` stays a word."""
        return {rule.id: asdict(rule) | ({"stations": ALL} if rule.id in self.of_all else {}) for rule in self.rules}


def read_rules(table: Mapping[str, object], ids: Mapping[str, object] | None) -> RulesRead:
    """The rules of a file's table, and every mistake in it; without `ids` no station is missed."""
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
            _read_rule(read, rule_id, item, ids, place)
        else:
            read.mistakes.append(place.mistake(f"must be a table, written [rules.{rule_id}]"))
    return read


def _read_rule(
    read: RulesRead, rule_id: str, item: Mapping[str, object], ids: Mapping[str, object] | None, place: Place
) -> None:
    judged = judge(RuleTable, item, place)
    table = judged.value
    read.mistakes += judged.mistakes
    levels = None if "levels" in judged.wrong else tuple(dict.fromkeys(table.levels))
    if levels is not None:
        read.mistakes += _wrong_levels(table.levels, place.at("levels"))
    names = item.get("stations")
    if ids is not None and names != (ALL,):
        read.mistakes += wrong_names(names, ids, place.at("stations"))
    thresholds = _thresholds(read, item, levels, place)
    if table.stations == (ALL,):
        read.of_all.add(rule_id)
    settled = table.model_dump(exclude={"rain_mm", "curve", "stations"})
    stations = tuple(ids or ()) if table.stations == (ALL,) else table.stations
    read.rules.append(Rule(id=rule_id, stations=stations, thresholds=thresholds, **settled))


def _thresholds(
    read: RulesRead, item: Mapping[str, object], levels: tuple[str, ...] | None, place: Place
) -> tuple[Threshold, ...]:
    """From the table of durations or from curves, whichever of them the rule has."""
    if "curve" not in item and "rain_mm" not in item:
        lines = 'a table [rules.ID.rain_mm] with lines like "30m" = { prepare = 6, immediate = 10 }'
        read.mistakes.append(place.at("rain_mm").mistake(f"is required: {lines}, or curves [rules.ID.curve]"))
        return ()
    if "curve" in item and "rain_mm" in item:
        read.mistakes.append(place.at("curve").mistake("stands beside rain_mm: a rule has one of them, take one out"))
        return ()
    if "rain_mm" in item:
        if levels is not None:
            read.mistakes += _unused(levels, item["rain_mm"], place.at("levels"))
        return _Thresholds(read, place.at("rain_mm"), levels).of(item["rain_mm"])
    thresholds, mistakes = read_curves(item["curve"], levels, place.at("curve"), rain_max_mm=RAIN_MAX_MM)
    read.mistakes += mistakes
    return tuple(thresholds)


def _wrong_levels(levels: tuple[str, ...], place: Place) -> list[Mistake]:
    mistakes = []
    for number, level in enumerate(levels, 1):
        if not ID.fullmatch(level):
            remedy = "a level must be 1 to 32 of the characters A-Z a-z 0-9 _ -, e.g. prepare"
            mistakes.append(place.at(number).mistake(remedy, level))
        elif level in levels[: number - 1]:
            mistakes.append(place.at(number).mistake("is named twice: take one out", level))
    return mistakes


def _unused(levels: tuple[str, ...], rain_mm: object, place: Place) -> list[Mistake]:
    if not isinstance(rain_mm, Mapping) or not rain_mm:
        return []
    used = {level for row in rain_mm.values() if isinstance(row, Mapping) for level in row}
    return [
        place.at(number).mistake("no duration has a threshold for it: add one to rain_mm, or take the level out", level)
        for number, level in enumerate(levels, 1)
        if level not in used
    ]


@dataclass(slots=True)
class _Thresholds:
    """Reads the table rain_mm of one rule. `levels` is None where they are wrong themselves."""

    read: RulesRead
    place: Place
    levels: tuple[str, ...] | None

    def of(self, raw: object) -> tuple[Threshold, ...]:
        """The thresholds in order of duration and level."""
        if not isinstance(raw, Mapping) or not 1 <= len(raw) <= WINDOWS_MAX:
            remedy = f'must have 1 to {WINDOWS_MAX} lines like "30m" = {{ prepare = 6, immediate = 10 }}'
            self.read.mistakes.append(self.place.mistake(remedy))
            return ()
        rows: dict[int, tuple[str, dict[str, float]]] = {}
        for text, row in raw.items():
            window_s = self._window_s(text)
            levels_mm = self._row(text, row)
            if window_s is None:
                continue
            if window_s in rows:
                remedy = f"is the same duration as {rows[window_s][0]}: take one out"
                self.read.mistakes.append(self.place.at(text).mistake(remedy))
                continue
            rows[window_s] = (text, levels_mm)
        in_order = sorted(rows.items())
        self._check_durations([(text, levels_mm) for _, (text, levels_mm) in in_order])
        return tuple(
            Threshold(window_s=window_s, level=level, rain_mm=levels_mm[level])
            for window_s, (_, levels_mm) in in_order
            for level in self.levels or ()
            if level in levels_mm
        )

    def _window_s(self, text: str) -> int | None:
        try:
            window_s = parse_duration_s(text)
        except ValueError as error:
            self.read.mistakes.append(self.place.at(text).mistake(str(error)))
            return None
        if not WINDOW_MIN_S <= window_s <= WINDOW_MAX_S:
            bounds = f"{duration_text(WINDOW_MIN_S)} to {WINDOW_MAX_S // 3_600}h"
            self.read.mistakes.append(self.place.at(text).mistake(f"must be a duration of {bounds}, e.g. 30m"))
            return None
        return window_s

    def _row(self, text: str, row: object) -> dict[str, float]:
        """The thresholds of one duration that are right by themselves; they must rise with the level."""
        place = self.place.at(text)
        if not isinstance(row, Mapping) or not row:
            self.read.mistakes.append(place.mistake("must be written like { prepare = 6, immediate = 10 }"))
            return {}
        levels_mm: dict[str, float] = {}
        for level, rain_mm in row.items():
            if self.levels is not None and level not in self.levels:
                self.read.mistakes.append(place.at(level).mistake(f"unknown level; {nearest(level, self.levels)}"))
            elif isinstance(rain_mm, bool) or not isinstance(rain_mm, int | float) or not isfinite(rain_mm):
                self.read.mistakes.append(place.at(level).mistake("must be a number of millimetres, e.g. 10", rain_mm))
            elif not 0 < rain_mm <= RAIN_MAX_MM:
                remedy = f"must be greater than 0 and at most {RAIN_MAX_MM:g}, e.g. 10"
                self.read.mistakes.append(place.at(level).mistake(remedy, rain_mm))
            else:
                levels_mm[level] = float(rain_mm)
        lower: tuple[str, float] | None = None
        for level in [level for level in self.levels or () if level in levels_mm]:
            if lower is not None and levels_mm[level] <= lower[1]:
                remedy = f"must be greater than {lower[1]:g}, the threshold of the lower level {lower[0]}"
                self.read.mistakes.append(place.at(level).mistake(remedy, levels_mm[level]))
            lower = (level, levels_mm[level])
        return levels_mm

    def _check_durations(self, rows: list[tuple[str, dict[str, float]]]) -> None:
        """A threshold never falls as the duration grows."""
        for level in self.levels or ():
            shorter: tuple[str, float] | None = None
            for text, levels_mm in rows:
                if level not in levels_mm:
                    continue
                if shorter is not None and levels_mm[level] < shorter[1]:
                    remedy = f"must be at least {shorter[1]:g}, the threshold of the shorter {shorter[0]}"
                    self.read.mistakes.append(self.place.at(text, level).mistake(remedy, levels_mm[level]))
                shorter = (text, levels_mm[level])
