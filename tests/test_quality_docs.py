"""docs/quality.md against the code: every check, key, default and figure, and the example, which is run."""

import json
import math
import re
import shlex
import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from annotated_types import Ge, Gt, Le, Lt
from typer.testing import CliRunner

from gauge_ingest.assess import run
from gauge_ingest.assess.records import COLUMNS, NEEDED
from gauge_ingest.cli import app
from gauge_ingest.configuration import load
from gauge_ingest.configuration.mistakes import Place
from gauge_ingest.configuration.quality import QualityTable, read_quality
from gauge_ingest.core.model import Flag
from gauge_ingest.core.quality import amount, checks, neighbours, station
from gauge_ingest.core.quality.verdicts import OF_THE_AMOUNT, Check, Outcome
from tests.test_docs import ROOT, blocks, tables

DOCUMENT = "docs/quality.md"
UNITS = {"mm_per_min": "mm/min", "mm": "mm", "s": "s", "days_max": "days", "c": "°C", "km": "km", "v_min": "V"}
EARTH_KM = 6_371.0088


def example(info: str, place: int = -1) -> str:
    return [block.text for block in blocks(ROOT / DOCUMENT) if block.info == info][place]


def test_every_key_has_its_default_unit_bounds_and_source() -> None:
    rows = {row[0].strip("`"): row[1:] for table in tables(DOCUMENT, "key") for row in table}

    assert set(rows) == set(QualityTable.model_fields)
    for key, field in QualityTable.model_fields.items():
        default, unit, bounds, meaning, source = rows[key]
        assert default == f"`{json.dumps(field.default)}`", key
        assert meaning, key
        assert source, key
        suffix = next((one for one in UNITS if re.search(rf"_{one}(_max)?$", key)), None)
        assert suffix is None or unit == UNITS[suffix], key
        for rule in field.metadata:
            if isinstance(rule, Ge | Gt | Le | Lt):
                [limit] = (getattr(rule, name) for name in ("ge", "gt", "le", "lt") if hasattr(rule, name))
                assert f"{limit:.15g}" in re.findall(r"-?\d+", bounds), key
                assert isinstance(rule, Ge | Le) or "greater than" in bounds, key


def test_every_check_is_explained_in_the_order_of_its_number() -> None:
    [rows] = tables(DOCUMENT, "check")

    assert [row[0].strip("`") for row in rows] == [check.name for check in Check]
    assert {Check[row[0].strip("`")] for row in rows if row[1]} == set(OF_THE_AMOUNT)
    assert all(row[2] for row in rows)


def test_every_outcome_and_flag_is_explained() -> None:
    outcomes = [row[0].strip("`") for row in tables(DOCUMENT, "outcome")[0]]
    flags = [row[0].split(" ", 1) for row in tables(DOCUMENT, "flag")[0]]

    assert outcomes == [outcome.name for outcome in Outcome]
    assert {int(number): name for number, name in flags} == {
        flag.value: flag.name.lower().replace("_", " ") for flag in Flag
    }


def test_figures_that_no_key_changes_are_those_of_the_code() -> None:
    [rows] = tables(DOCUMENT, "figure")

    for name, value, meaning, source in rows:
        [found] = {
            vars(module)[name.strip("`")]
            for module in (amount, station, neighbours, checks, run)
            if name.strip("`") in vars(module)
        }
        assert float(value) == found, name
        assert meaning, name
        assert source, name


def test_thresholds_of_the_example_are_taken() -> None:
    table = tomllib.loads(example("toml", 0))
    of_all, of_one = table["quality"], table["stations"]["HTB01"]["quality"]

    over, _, mistakes = read_quality(of_all, Place("stations.toml"), over={})
    _, found, more = read_quality(
        {key: tuple(one) if isinstance(one, list) else one for key, one in of_one.items()}, Place(""), over=over
    )

    assert not [*mistakes, *more]
    assert found.climate.rain_1h_mm == (60.0,) * 12
    assert found.climate.rain_24h_mm[0] == 40
    assert found.every_tip_reported


def test_the_example_of_quality_assess_gives_the_flags_that_stand_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rain.csv").write_text(example("csv", 0) + "\n", encoding="utf-8")
    (tmp_path / "stations.toml").write_text(example("toml", 1), encoding="utf-8")

    result = CliRunner().invoke(app, shlex.split(example("sh"))[1:], catch_exceptions=False)

    assert (result.exit_code, result.stderr) == (0, "")
    assert (tmp_path / "flags.csv").read_text(encoding="utf-8") == example("csv", 1) + "\n"


def test_the_columns_of_records_are_those_that_are_read() -> None:
    [rows] = tables(DOCUMENT, "column")

    assert tuple(row[0].strip("`") for row in rows) == COLUMNS
    assert tuple(row[0].strip("`") for row in rows if row[1]) == NEEDED


def test_the_stations_lie_as_far_apart_as_is_said_and_are_all_compared() -> None:
    stations = load(ROOT / "config", {}).stations
    places = [one.deployments[0] for one in stations.values()]

    apart_km = [
        _apart_km(*(math.radians(x) for x in (a.latitude, a.longitude, b.latitude, b.longitude)))
        for a, b in combinations(places, 2)
    ]

    assert (int(min(apart_km)), round(max(apart_km))) == (12, 53)
    assert "lie 12 to 53 km apart" in (ROOT / DOCUMENT).read_text(encoding="utf-8")
    assert all(len(one.neighbours) == len(stations) - 1 for one in stations.values())


def _apart_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Along the great circle, from angles in radians."""
    angle = math.sin(latitude) * math.sin(other_latitude)
    angle += math.cos(latitude) * math.cos(other_latitude) * math.cos(longitude - other_longitude)
    return EARTH_KM * math.acos(angle)
