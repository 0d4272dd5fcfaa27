"""docs/simulator.md against the simulator: every key, incident, scenario and event is in its tables, its examples run.

Goal: whoever writes a scenario, or reads a truth file, finds nothing in the document that is not so. Method: the
Markdown is read, and held against the settings classes, the source and what a play emits.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import MISSING, Field, fields
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from rich.console import Console

import simulator
from simulator.direct import to_nobody
from simulator.gauge import GaugeSettings
from simulator.looking import show_truth, write_truth
from simulator.radio import LinkSettings
from simulator.rtu import ClockSettings, MemorySettings, PowerSettings, QuirkSettings, RtuSettings
from simulator.scenario import Incident, Scenario, ScenarioError, find_scenario, read_scenario, scenario_names
from simulator.scenario.incidents import Dated
from simulator.scenario.schema import ScenarioTable
from simulator.switch import SwitchSettings
from simulator.truth import TruthLog, told
from simulator.values import HOUR_MS, NEVER, Happening
from simulator.weather import Convective, Design, Record, Storm, Stratiform, WeatherSettings
from simulator.world import World
from tests.simulator.plays import SITES, START_AT

SOURCE = Path(simulator.__file__).parent
TEXT = (SOURCE.parent / "docs" / "simulator.md").read_text(encoding="utf-8")

SETTINGS: dict[str, type] = {
    "How to write one": ScenarioTable,
    "`[weather]`": WeatherSettings,
    '`kind = "storm"`': Storm,
    '`kind = "convective"`': Convective,
    '`kind = "stratiform"`': Stratiform,
    '`kind = "design"`': Design,
    '`kind = "record"`': Record,
    "`[gauge]`": GaugeSettings,
    "`[switch]`": SwitchSettings,
    "`[rtu]`": RtuSettings,
    "`[rtu.clock]`": ClockSettings,
    "`[rtu.memory]`": MemorySettings,
    "`[rtu.power]`": PowerSettings,
    "`[rtu.quirks]`": QuirkSettings,
    "`[link]`": LinkSettings,
}
OF_A_RUN = {"start", "end", "uplink_lost"}  # written by the command, or told by a real broker
ELSEWHERE = {"rain"}  # goes into the tables, not into the truth file

# Every event within one hour about the new year.
ODD = """
intent = "Whatever can be odd is odd."
minutes = 60
[weather]
temperature_c = 15.0
lightning_per_mm = 1.0
[[weather.rain]]
kind = "storm"
passes_anchor_min = [20.0, 20.0]
[switch]
bounce_share = 0.5
[rtu]
yearly_reset = true
memory.messages_max = 1
[stations.HTB03.rtu.clock]
drift_ppm = 500.0
offset_s = 60.0
[[incidents]]
what = "no_link"
station = "all"
at_min = 5
until_min = 50
[[incidents]]
what = "visit"
station = "HTB04"
at_min = 30
until_min = 45
poured_tips = 3
[[incidents]]
what = "power_cut"
station = "HTB01"
at_min = 20
until_min = 25
[[incidents]]
what = "reboot"
station = "HTB02"
at_min = 10
"""
SHOWN = r'HTB0|station,|simulator: |\{"event"'  # how the outputs begin that a world decides alone
COLUMNS = 110
NEW_YEAR_AT = 1_798_759_800_000  # 2027-01-01T07:30:00+08:00


class Table(NamedTuple):
    """A table: the heading that it stands under, and its rows without their header."""

    heading: str
    rows: list[list[str]]


def _tables(first: str) -> list[Table]:
    """Return the tables whose first column is headed so."""
    heading, found, inside = "", list[Table](), False
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        if line.startswith("|") and cells[0] == first:
            found.append(Table(heading, []))
            inside = True
        elif inside and line.startswith("|"):
            if not set(line) <= set("|-: "):
                found[-1].rows.append(cells)
        else:
            inside = False
    assert found, f"no table headed {first!r}"
    return found


def _code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _blocks(info: str) -> list[str]:
    return re.findall(rf"^```{info}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def _as_toml(value: object) -> str:
    """Return a value as a scenario file writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(map(_as_toml, value))}]"
        case dict():
            assert not value, "no key has a table as its default"
            return "{}"
        case datetime():
            return value.isoformat()
        case None:
            return "none"
        case _:
            return str(value)


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return _as_toml(field.default)
    if field.default_factory is MISSING:
        return "required"
    made = field.default_factory()
    return _as_toml(made) if isinstance(made, dict) else "all defaults"


def _keys_of(kind: type) -> set[str]:
    """Return an incident's own keys as the table writes them."""
    own = [field for field in fields(kind) if field.name not in {"what", *(common.name for common in fields(Dated))}]
    written = set()
    for field in own:
        default = _default(field)
        written.add({"required": field.name, "none": f"[{field.name}]"}.get(default, f"{field.name} = {default}"))
    return written


def _example(text: str, folder: Path) -> Scenario:
    return read_scenario(text, name="example", origin="example.toml", folder=folder)


def _all(scenario: Scenario, *, start_at: int = START_AT) -> list[Happening]:
    world = World(scenario, SITES, seed=1, start_at=start_at, uplink=to_nobody)
    happenings: list[Happening] = []
    while (at := world.next_at()) != NEVER:
        happenings += world.advance(at + HOUR_MS)
    return happenings


def test_every_part_has_one_table_of_its_keys() -> None:
    assert [table.heading for table in _tables("key")] == list(SETTINGS)


@pytest.mark.parametrize("heading", SETTINGS)
def test_every_key_of_a_part_stands_there_with_its_default_and_no_other_does(heading: str) -> None:
    (table,) = [table for table in _tables("key") if table.heading == heading]

    written = [(row[0].strip("`"), row[1].strip("`")) for row in table.rows]

    assert all(len(row) == 3 for row in table.rows)
    assert written == [(field.name, _default(field)) for field in fields(SETTINGS[heading])]


def test_every_incident_stands_there_with_its_keys() -> None:
    (table,) = _tables("what")

    written = {row[0].strip("`"): set(_code(row[1])) for row in table.rows}

    whats = [next(field.default for field in fields(kind) if field.name == "what") for kind in get_args(Incident)]
    assert list(written) == whats
    assert list(written.values()) == [_keys_of(kind) for kind in get_args(Incident)]


def test_every_shipped_scenario_stands_there_with_its_length() -> None:
    (table,) = _tables("name")

    written = [(row[0].strip("`"), row[1]) for row in table.rows]

    assert written == [(name, f"{find_scenario(name).minutes / 60:g}") for name in scenario_names()]


def test_the_events_of_the_table_are_those_that_the_source_names() -> None:
    (table,) = _tables("event")

    named = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                named |= _events_in(node)

    assert {row[0].strip("`") for row in table.rows} == named - ELSEWHERE


def _events_in(call: ast.Call) -> set[str]:
    """Return the event that a call makes or writes, if it does."""
    place = {"Happening": 2, "self._happening": 1, "log.write": 0}.get(ast.unparse(call.func))
    if place is None or len(call.args) <= place or not isinstance(call.args[place], ast.Constant):
        return set()
    return {str(ast.literal_eval(call.args[place]))}


def test_every_event_of_a_play_has_the_facts_of_the_table() -> None:
    (table,) = _tables("event")
    happenings = _all(_example(ODD, Path()), start_at=NEW_YEAR_AT)

    told_of = defaultdict[str, set[frozenset[str]]](set)
    words_of = defaultdict[str, set[str]](set)
    for one in happenings:
        fields_told = told(one.facts)
        told_of[one.event].add(frozenset(fields_told))
        words_of[one.event] |= {str(fields_told[name]) for name in ("cause", "why", "state") if name in fields_told}

    for row in table.rows:
        event, facts = row[0].strip("`"), _code(row[1])
        if event not in OF_A_RUN:
            always = {fact for fact in facts if not fact.startswith("[")}
            assert {fact.strip("[]") for fact in facts} == set[str]().union(*told_of[event]), event
            assert always == frozenset.intersection(*told_of[event]), event
            assert words_of[event] <= set(_code(row[2])), event


def test_every_scenario_of_the_document_can_be_played() -> None:
    texts = _blocks("toml")

    assert len(texts) == 2
    for text in texts:
        assert _example(text, Path()).incidents or "record" in text


def test_the_record_of_the_document_falls_as_it_says(tmp_path: Path) -> None:
    (text,) = [text for text in _blocks("toml") if "record" in text]
    (record,) = _blocks("csv")
    (tmp_path / "village.csv").write_text(record, encoding="utf-8")

    rain = [one for one in _all(_example(text, tmp_path)) if one.event == "rain"]

    fell = defaultdict[str, float](float)
    tips = defaultdict[str, int](int)
    for one in rain:
        fell[one.station] += float(str(one.facts["fell_mm"]))
        tips[one.station] += int(str(one.facts["tips"]))
    said = re.search(r"In all ([\d.]+) mm fall on HTB02 \((\d+) tips\) and ([\d.]+) mm on HTB03 \((\d+) tips\)", TEXT)
    assert said is not None
    assert (f"{fell['HTB02']:g}", str(tips["HTB02"])) == said.group(1, 2)
    assert (f"{fell['HTB03']:g}", str(tips["HTB03"])) == said.group(3, 4)
    assert fell["HTB01"] == fell["HTB04"] == 0.0


def test_what_the_document_shows_is_what_comes(tmp_path: Path) -> None:
    """Goal: no output is older than the code. Method: the commands' work is done again, and each line is looked for."""
    valley, replay = _blocks("toml")
    (tmp_path / "village.csv").write_text(_blocks("csv")[0], encoding="utf-8")
    scenarios = [find_scenario("outage"), _example(valley, tmp_path), find_scenario("reboot_storm")]
    came = []

    for scenario in scenarios[:2]:
        screen = Console(file=StringIO(), width=COLUMNS)
        show_truth(screen, scenario, SITES, seed=1, start_at=START_AT)
        came.append(screen.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO
    for scenario, seed in ((find_scenario("flash_flood"), 4), (_example(replay, tmp_path), 1)):
        write_truth(scenario, SITES, seed=seed, start_at=START_AT, out=tmp_path / "rain.csv")
        came.append((tmp_path / "rain.csv").read_text(encoding="utf-8"))
    log = StringIO()
    for one in _all(scenarios[2]):
        TruthLog(log).happening(one)
    came.append(log.getvalue())
    with pytest.raises(ScenarioError) as wrong:
        read_scenario(_with_mistakes(valley), name="wrong", origin="wrong.toml", folder=tmp_path)
    came.append("".join(f"simulator: {line}\n" for line in wrong.value.lines))

    there = {line.rstrip() for text in came for line in text.splitlines()}
    shown = [line for block in _blocks("text") if re.match(SHOWN, block) for line in block.splitlines()]
    assert len(shown) > 30
    assert not [line for line in shown if line not in there]


def _with_mistakes(valley: str) -> str:
    """Return the example with the three mistakes that the document tells of."""
    for right, wrong in (("messages_", "mesages_"), ("chicago", "chigaco"), ("until_min = 240", "until_min = 24")):
        valley = valley.replace(right, wrong)
    return valley
