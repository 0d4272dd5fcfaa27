"""Reads scenarios: those that are shipped, by name, and files. A wrong one is refused with every mistake in it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from simulator.scenario.judging import judge
from simulator.scenario.mistakes import ScenarioError, line, meant
from simulator.scenario.places import Part
from simulator.scenario.schema import PARTS, Scenario, ScenarioTable, StationSettings
from simulator.scenario.times import laid_upon_another, never_met
from simulator.sites import Site
from simulator.weather import Record

ENDING = ".toml"


def scenario_names() -> tuple[str, ...]:
    """Return the names of the shipped scenarios."""
    return tuple(sorted(one.name.removesuffix(ENDING) for one in _shelf().iterdir() if one.name.endswith(ENDING)))


def find_scenario(name_or_path: str | Path, *, sites: Sequence[Site] | None = None) -> Scenario:
    """Return a shipped scenario by its name, or one from a file: what ends in .toml, or has a folder before it.

    With `sites` it may speak of their stations only.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(ENDING) or "/" in text or os.sep in text:
        path = Path(name_or_path)
        return read_scenario(_text(path, text), name=path.stem, origin=text, folder=path.parent, sites=sites)
    names = scenario_names()
    if text not in names:
        known = ", ".join(names)
        raise ScenarioError([f"no scenario is called {text!r}: choose one of {known}, or a file{meant(text, names)}"])
    file = _shelf() / f"{text}{ENDING}"
    return read_scenario(_text(file, file.name), name=text, origin=file.name, folder=Path(str(_shelf())), sites=sites)


def read_scenario(text: str, *, name: str, origin: str, folder: Path, sites: Sequence[Site] | None = None) -> Scenario:
    """Return the scenario that a file's text describes; `origin` is what messages call the file."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError([_toml_mistake(origin, str(error), lines=len(text.splitlines()))]) from error
    judged, rest, wrong = judge(origin, ScenarioTable, table)
    stations, wrong_of_stations = _stations(origin, table)
    wrong += wrong_of_stations + list(never_met(origin, table))
    wrong += laid_upon_another(origin, rest.incidents) if rest is not None else ()
    if sites is not None and rest is not None:
        wrong += _unknown_stations(origin, rest, sites)
    if judged is None or wrong:
        raise ScenarioError(wrong)
    return Scenario(
        name=name,
        intent=judged.intent,
        minutes=judged.minutes,
        weather=judged.weather,
        gauge=judged.gauge,
        switch=judged.switch,
        rtu=judged.rtu,
        link=judged.link,
        stations=stations,
        incidents=judged.incidents,
        folder=folder,
        origin=origin,
    )


def check_stations(scenario: Scenario, sites: Sequence[Site]) -> None:
    """Refuse a scenario that speaks of stations which are not among the sites."""
    if wrong := _unknown_stations(scenario.origin, scenario, sites):
        raise ScenarioError(wrong)


def _unknown_stations(origin: str, scenario: Scenario | ScenarioTable, sites: Sequence[Site]) -> list[str]:
    known = [site.station for site in sites]
    # The key, the station that it speaks of, and whether that is the key's value.
    named: list[tuple[tuple[Part, ...], str, bool]] = [
        (("stations", station), station, False) for station in scenario.stations
    ]
    for number, rain in enumerate(scenario.weather.rain):
        named += [(("weather", "rain", number, "stations"), station, True) for station in rain.stations]
        feeds = rain.feeds if isinstance(rain, Record) else {}
        named += [(("weather", "rain", number, "feeds", station), station, False) for station in feeds]
    for number, incident in enumerate(scenario.incidents):
        named += [(("incidents", number, "station"), station, True) for station in incident.stations]
    remedy = f"no such station: there are {', '.join(known)}"
    return [
        line(origin, key, remedy + meant(station, known), *([station] if is_value else []))
        for key, station, is_value in named
        if station not in known
    ]


def _shelf() -> Traversable:
    return resources.files("simulator") / "scenarios"


def _text(file: Path | Traversable, origin: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{origin}: is no text in UTF-8: save it as UTF-8"]) from error
    except OSError as error:
        words = f"cannot be read ({error.strerror}): name a scenario file, or one of {', '.join(scenario_names())}"
        raise ScenarioError([f"{origin}: {words}"]) from error


def _toml_mistake(origin: str, text: str, *, lines: int) -> str:
    found = re.fullmatch(r"(?P<what>.*) \((?:at )?(?P<where>line \d+, column \d+|end of document)\)", text, re.DOTALL)
    if found is None:
        return line(origin, (), f"is no TOML ({text}): mend it")
    where = found["where"].replace("end of document", f"line {lines}, its end")
    return line(origin, (), f"{where}: is no TOML ({found['what']}): mend that line")


def _stations(origin: str, table: Mapping[str, Any]) -> tuple[dict[str, StationSettings], list[str]]:
    """Return the settings of the stations that differ: their keys laid over those for every station."""
    settings, wrong = {}, []
    tables = table.get("stations")
    for station, differs in tables.items() if isinstance(tables, dict) else ():
        parts = {}
        for part, kind in PARTS.items():
            parts[part], found = _part(origin, station, part, kind, table, differs)
            wrong += found
        if None not in parts.values():
            settings[station] = StationSettings(**parts)
    return settings, wrong


def _part(
    origin: str, station: str, part: str, kind: type, table: Mapping[str, Any], differs: object
) -> tuple[Any, list[str]]:
    """Judge one part of one station; what is wrong for every station is told there alone."""
    own = differs.get(part) if isinstance(differs, dict) else None
    own = own if isinstance(own, dict) else {}
    general = table.get(part)
    if not isinstance(general, dict) or judge(origin, kind, general).wrong:
        general = {}
    whole, _, wrong = judge(origin, kind, _laid_over(general, own), under=("stations", station, part))
    return whole, wrong


def _laid_over(general: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(general)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
