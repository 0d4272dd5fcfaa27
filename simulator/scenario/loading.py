"""Reads scenarios: those that are shipped, by name, and files. A wrong one is refused with every mistake in it."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simulator.scenario.mistakes import ScenarioError, line, meant, mistakes
from simulator.scenario.places import Part
from simulator.scenario.schema import PARTS, Scenario, ScenarioTable, StationSettings
from simulator.scenario.times import laid_upon_another, never_met
from simulator.sites import Site
from simulator.weather import Record

ENDING = ".toml"


def scenario_names() -> tuple[str, ...]:
    """Return the names of the shipped scenarios."""
    return tuple(sorted(one.name.removesuffix(ENDING) for one in _shelf().iterdir() if one.name.endswith(ENDING)))


def find_scenario(name_or_path: str | Path) -> Scenario:
    """Return a shipped scenario by its name, or one from a file: what ends in .toml, or has a folder before it."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(ENDING) or "/" in text or os.sep in text:
        path = Path(name_or_path)
        return read_scenario(_text(path, text), name=path.stem, origin=text, folder=path.parent)
    names = scenario_names()
    if text not in names:
        known = ", ".join(names)
        raise ScenarioError([f"no scenario is called {text!r}: choose one of {known}, or a file{meant(text, names)}"])
    file = _shelf() / f"{text}{ENDING}"
    return read_scenario(_text(file, file.name), name=text, origin=file.name, folder=Path(str(_shelf())))


def read_scenario(text: str, *, name: str, origin: str, folder: Path) -> Scenario:
    """Return the scenario that a file's text describes; `origin` is what messages call the file."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError([_toml_mistake(origin, str(error), lines=len(text.splitlines()))]) from error
    judged, wrong = _judge(origin, ScenarioTable, table)
    stations, wrong_of_stations = _stations(origin, table)
    wrong += wrong_of_stations + list(never_met(origin, table))
    wrong += laid_upon_another(origin, judged.incidents) if judged is not None else ()
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
    wrong = [
        line(scenario.origin, key, remedy + meant(station, known), *([station] if is_value else []))
        for key, station, is_value in named
        if station not in known
    ]
    if wrong:
        raise ScenarioError(wrong)


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


def _judge(origin: str, kind: type, table: Mapping[str, Any], *, under: Sequence[str] = ()) -> tuple[Any, list[str]]:
    """Hold a table against its settings, as strictly as JSON: text is no number, a list fills a tuple."""
    try:
        return _adapter(kind).validate_json(json.dumps(table, default=_json_value), strict=True), []
    except ValidationError as error:
        return None, mistakes(origin, kind, table, error.errors(include_url=False), under=under)


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return the validator of a settings class; building one takes a tenth of a second."""
    return TypeAdapter(kind)


def _json_value(value: object) -> str:
    assert isinstance(value, date | time), value  # nothing else of TOML is unknown to JSON
    return value.isoformat()


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
    if not isinstance(general, dict) or _judge(origin, kind, general)[1]:
        general = {}
    return _judge(origin, kind, _laid_over(general, own), under=("stations", station, part))


def _laid_over(general: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(general)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
