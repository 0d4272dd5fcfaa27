"""Every exceedance of every threshold of a rules.toml, worked out slowly from the definitions alone.

It shares no code with the service: the file is read with tomllib, rain is summed in whole micrometres from the readings
themselves, and levels follow docs/configuration.md, docs/ARCHITECTURE.md ("Alerts") and decisions 0003, 0005 and 0014.
Nothing is carried from one instant to the next but where an alert stands.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from benchmarks.storms_rain import DAY_MS, MINUTE_MS, Station, exact

UNIT_MS = {"s": 1_000, "m": MINUTE_MS, "h": 60 * MINUTE_MS, "d": DAY_MS}
LEVEL_SETS = {"transfer": ["prepare", "immediate"], "colour": ["blue", "yellow", "orange", "red"]}
CURVE_MIN = (10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1_440, 2_160, 2_880, 4_320)

Table = dict[int, dict[str, int]]  # duration in ms -> level -> threshold in micrometres
Bounds = tuple[Fraction | int, Fraction | int]  # what surely and what possibly fell, in micrometres


class Told(NamedTuple):
    """A change of an alert: when its rain was observed (ms), what, and to which level ("" when it is over)."""

    rule: str
    scope: str
    at: int
    kind: str
    level: str


class Scope:
    """A station (`over` is "maximum" of one), or a basin: stations with the area that each stands for."""

    def __init__(self, scope_id: str, stations: Sequence[Station], areas: Sequence[Any], over: str, least: int) -> None:
        self.id = scope_id
        self.stations = stations
        self.areas = {one.id: exact(area) for one, area in zip(stations, areas, strict=True)}
        self.over = over
        self.at_least = least
        self.begins_at = min(one.readings[0].since for one in stations)

    def there(self, at: int) -> list[Station]:
        """Who counts: heard within two and a half intervals, and at least 30 minutes."""
        if len(self.stations) == 1:
            return list(self.stations)
        return [
            one
            for one in self.stations
            if (newest_at := one.newest_at(at)) is not None
            and at - newest_at <= max(30 * MINUTE_MS, one.report_every_s * 2_500)
        ]

    def bounds_um(self, since: int, until: int, *, now: int) -> Bounds:
        """Its rain in (since, until]: the mean by area, that of the wettest, or what `at_least` have each had."""
        there = self.there(now)
        found = [one.bounds_um(since, until, now=now) for one in there]
        if self.over == "mean":
            return self._mean(there, [one for one, _ in found]), self._mean(there, [one for _, one in found])
        place = 1 if self.over == "maximum" else self.at_least
        if place > len(found):
            return 0, 0
        return sorted(one for one, _ in found)[-place], sorted(one for _, one in found)[-place]

    def covered(self, since: int, until: int) -> Fraction:
        """The share that readings speak for, by area over all stations: who is silent covers less."""
        return self._mean(self.stations, [one.covered(since, until) for one in self.stations])

    def ground_um(self, wetness: Mapping[str, Any], at: int) -> int | None:
        """How wet the ground is, by area; None where any station does not know."""
        there = self.there(at)
        known = [one.ground_um(wetness, at) for one in there]
        indices = [one for one in known if one is not None]
        return round(self._mean(there, indices)) if len(indices) == len(known) else None

    def instants(self) -> list[int]:
        """When any of its stations has reported."""
        return sorted({end for one in self.stations for end in one.ends})

    def _mean(self, stations: Sequence[Station], values: Sequence[int | Fraction]) -> Fraction:
        areas = [self.areas[one.id] for one in stations]
        weighted = (area * value for area, value in zip(areas, values, strict=True))
        return Fraction(sum(weighted)) / sum(areas)


def truth(
    rules: str, stations: Sequence[Station], basins: Mapping[str, Mapping[str, float]], *, until: int | None = None
) -> list[Told]:
    """What a rules.toml makes of readings known as it rained, for `stations = "all"` and `basins = "all"` alone."""
    told: list[Told] = []
    for rule_id, raw in tomllib.loads(rules)["rules"].items():
        scopes = [Scope(one.id, [one], [1], "maximum", 1) for one in stations if "stations" in raw]
        for basin, areas in basins.items() if "basins" in raw else ():
            members = [one for one in stations if one.id in areas]
            weights = [areas[one.id] for one in members]
            scopes.append(Scope(basin, members, weights, raw.get("over", "mean"), raw.get("at_least", 1)))
        for scope in scopes:
            told += [Told(rule_id, scope.id, *change) for change in _changes(raw, scope)]
    return sorted(one for one in told if until is None or one.at <= until)


def _changes(raw: Mapping[str, Any], scope: Scope) -> Iterator[tuple[int, str, str]]:
    """Walk the instants: (at, kind, level)."""
    named = raw["levels"]
    levels: list[str] = LEVEL_SETS[named] if isinstance(named, str) else named
    sums = _curve(raw["curve"]) if "curve" in raw else _table(raw.get("rain_mm", {}))
    rises = _table(raw.get("rise_mm", {}))
    longest_ms = max([*sums, *(2 * window_ms for window_ms in rises)])
    minimum_ms, quiet_ms = raw.get("minimum_s", 0) * 1_000, raw.get("quiet_s", 1_800) * 1_000
    level, quiet_since, quiet_level, judged_at = 0, None, 0, 0
    since: list[int | None] = [None] * len(levels)  # from when on each level has been reached
    for at in scope.instants():
        if (
            not level
            and not any(since)
            and not any(o.bounds_um(at - longest_ms, at, now=at)[1] for o in scope.stations)
        ):
            continue
        if level and at - judged_at > raw.get("lapse_s", 86_400) * 1_000:
            yield judged_at + raw.get("lapse_s", 86_400) * 1_000, "lapsed", ""
            level, quiet_since = 0, None
        judged_at = at
        ground = _table_at(raw, scope, sums, at)
        reached, held = _levels(raw, scope, levels, (ground, rises), at)
        since = [(known or at) if reached > place else None for place, known in enumerate(since)]
        lasting = sum(1 for one in since if one is not None and one <= at - minimum_ms)
        if lasting > level:
            yield at, "strengthened" if level else "raised", levels[lasting - 1]
            level, quiet_since = lasting, None
        elif max(held, reached) >= level or not _is_covered(raw, scope, (*ground, *(2 * one for one in rises)), at):
            quiet_since = None
        else:
            quiet_level = held if quiet_since is None else max(quiet_level, held)
            quiet_since = at if quiet_since is None else quiet_since
            if at - quiet_since >= quiet_ms:
                yield at, "eased" if quiet_level else "cleared", levels[quiet_level - 1] if quiet_level else ""
                level, quiet_since = quiet_level, None


def _levels(
    raw: Mapping[str, Any], scope: Scope, levels: Sequence[str], tables: tuple[Table, Table], at: int
) -> tuple[int, int]:
    """The highest level that is reached, on what surely fell, and that is held, on what may have."""
    reached = held = 0
    ratio, clear_ratio, wet = _season(raw, at), exact(raw.get("clear_ratio", 0.8)), False
    for rise, table in enumerate(tables):
        for window_ms, row in table.items():
            least_um, most_um = scope.bounds_um(at - window_ms, at, now=at)
            if rise:
                before = scope.bounds_um(at - 2 * window_ms, at - window_ms, now=at)
                least_um, most_um = least_um - before[1], most_um - before[0]
                wet = any(one.wet_at(at) for one in scope.stations)
            for number, name in enumerate(levels, 1):
                if name in row:
                    if least_um >= _times(row[name], ratio) and (not rise or wet):
                        reached = max(reached, number)
                    if most_um >= _times(_times(row[name], ratio), clear_ratio):
                        held = max(held, number)
    return reached, held


@cache
def _times(mark_um: int, ratio: Fraction) -> int:
    return round(mark_um * ratio)


def _is_covered(raw: Mapping[str, Any], scope: Scope, windows_ms: Sequence[int], at: int) -> bool:
    """Whether readings speak for enough of every duration, as far back as there are any."""
    begins = [max(at - window_ms, scope.begins_at) for window_ms in windows_ms]
    return all(at <= begin or scope.covered(begin, at) >= exact(raw.get("coverage_min", 0.8)) for begin in begins)


def _season(raw: Mapping[str, Any], at: int) -> Fraction:
    """What the season makes of thresholds. A day begins at 08:00 in Beijing, which is midnight in UTC."""
    if "seasons" not in raw:
        return Fraction(1)
    today = datetime.fromtimestamp((at - 1) // DAY_MS * 86_400, UTC).strftime("%m-%d")
    for one in raw["seasons"]:
        first, last = one["since"], one["until"]
        if (first <= today <= last) if first <= last else (today >= first or today <= last):
            return exact(one["ratio"])
    return Fraction(1)


def _table_at(raw: Mapping[str, Any], scope: Scope, sums: Table, at: int) -> Table:
    """The sums' thresholds on the ground as it is; where nobody knows, or above every class, the rule's own."""
    wetness = raw.get("wetness")
    ground_um = None if wetness is None else scope.ground_um(wetness, at)
    if wetness is None or ground_um is None:
        return sums
    for one in wetness["classes"]:
        if ground_um <= exact(one["at_most_mm"]) * 1_000:
            drier = _table(one.get("rain_mm", {}))
            return {
                window_ms: {**sums.get(window_ms, {}), **drier.get(window_ms, {})} for window_ms in {**sums, **drier}
            }
    return sums


def _table(rain_mm: Mapping[str, Mapping[str, float]]) -> Table:
    return {
        int(duration[:-1]) * UNIT_MS[duration[-1]]: {name: round(exact(mm) * 1_000) for name, mm in row.items()}
        for duration, row in rain_mm.items()
    }


def _curve(curve: Mapping[str, Mapping[str, float]]) -> Table:
    """I = c + a x D^b in mm/h, over each duration of D hours."""
    return {
        minutes * MINUTE_MS: {
            name: round(1_000 * (one.get("c", 0.0) + one["a"] * (minutes / 60) ** one["b"]) * minutes / 60)
            for name, one in curve.items()
        }
        for minutes in CURVE_MIN
    }
