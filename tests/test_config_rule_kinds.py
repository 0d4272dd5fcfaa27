"""Basins, seasons, wetness and rises are read as they are written, and every mistake in them is named."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gauge_ingest.configuration import Configuration, ConfigurationRefused, load
from gauge_ingest.core.model import Over, Season

STATIONS = "".join(
    f'[stations.{name}]\nname = "{name}"\nlatitude = 43.7\nlongitude = 86.5\nelevation_m = 1200\n'
    "bucket_depth_mm = 0.5\n"
    for name in ("HTB01", "HTB02", "HTB03")
)
BASIN = '[basins.south]\nname = "南"\nstations = { HTB01 = 3, HTB02 = 1.5 }\n'
RULE = """
[rules.one]
levels = "transfer"
stations = "all"
source = "a table"
rain_mm = { "1h" = { prepare = 10, immediate = 15 } }
"""
WETNESS = """
[rules.one.wetness]
capacity_mm = 80.0
[[rules.one.wetness.classes]]
name = "dry"
at_most_mm = 40.0
rain_mm = { "1h" = { prepare = 15, immediate = 20 } }
"""
SEASON = '[[rules.one.seasons]]\nname = "melt"\nsince = "11-15"\nuntil = "03-31"\nratio = 0.8\n'
BASIN_RULE = RULE.replace('stations = "all"', 'basins = ["south"]')


def loaded(folder: Path, rules: str, stations: str = STATIONS + BASIN) -> Configuration:
    files: Mapping[str, str] = {"gauge_ingest.toml": "", "stations.toml": stations, "rules.toml": rules}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder, {})


def test_every_kind_of_rule_is_read(tmp_path: Path) -> None:
    kth = BASIN_RULE.replace("rules.one", "rules.two") + 'over = "kth"\nat_least = 2\n'
    rise = '[rules.three]\nlevels = "colour"\nstations = ["HTB01"]\nsource = "s"\ndated = 2026-05-01\n'
    rise += 'rise_mm = { "10m" = { blue = 1, yellow = 2, orange = 3, red = 4 } }\n'

    configuration = loaded(tmp_path, RULE + WETNESS + SEASON + kth + rise)

    one, two, three = configuration.rules
    assert one.levels == ("prepare", "immediate")
    assert one.seasons == (Season("melt", (11, 15), (3, 31), 0.8),)
    assert one.wetness is not None
    assert (one.wetness.capacity_mm, one.wetness.days, one.wetness.classes[0].thresholds[0].rain_mm) == (80.0, 15, 15.0)
    assert (two.basins, two.stations, two.over, two.at_least) == (("south",), (), Over.KTH, 2)
    assert (len(three.rises), three.thresholds, three.window_max_s, three.dated) == (4, (), 1200, "2026-05-01")
    assert configuration.basins["south"].weights == (("HTB01", 3.0), ("HTB02", 1.5))


@pytest.mark.parametrize(("written", "over"), [("mean", Over.MEAN), ("maximum", Over.MAXIMUM)])
def test_what_a_basins_rain_is_goes_by_its_written_name(written: str, over: Over, tmp_path: Path) -> None:
    (rule,) = loaded(tmp_path, BASIN_RULE + f'over = "{written}"\n').rules

    assert rule.over is over


def test_what_is_new_to_the_program_changes_no_text_where_it_is_not_used(tmp_path: Path) -> None:
    """Else every journal would be judged anew by a program that knows more kinds of rules."""
    text = loaded(tmp_path, RULE, STATIONS).text

    for key in ("basins", "rises", "seasons", "wetness", "at_least", "dated"):
        assert f'"{key}"' not in text


@pytest.mark.parametrize(
    ("rules", "key", "remedy"),
    [
        (RULE.replace('stations = "all"\n', ""), "rules.one.stations", "or name basins"),
        (RULE.replace('"transfer"', '"traffic"'), "rules.one.levels", '"transfer", "colour" or a list'),
        (RULE.replace('"transfer"', '["immediate", "prepare"]'), "rules.one.levels", 'that is "prepare", "immediate"'),
        (RULE.replace('"transfer"', '["red", "mine", "blue"]'), "rules.one.levels", 'that is "blue", "red"'),
        (BASIN_RULE.replace("south", "soth"), "rules.one.basins[1]", "no such basin; did you mean south?"),
        (RULE + 'over = "mean"\n', "rules.one.over", "names none: add basins"),
        (BASIN_RULE + 'over = "kth"\n', "rules.one.at_least", "needs it"),
        (BASIN_RULE + "at_least = 2\n", "rules.one.at_least", 'with over = "kth" alone'),
        (BASIN_RULE + 'over = "kth"\nat_least = 3\n', "rules.one.at_least", "at most 2, the number of stations"),
        (RULE + SEASON.replace("11-15", "11-31"), "rules.one.seasons[1].since", 'e.g. "04-01"'),
        (RULE + SEASON.replace("0.8", "0.0"), "rules.one.seasons[1].ratio", "greater than 0"),
        (RULE + SEASON + SEASON, "rules.one.seasons[2].name", "another season"),
        (RULE + WETNESS.replace("capacity_mm = 80.0\n", ""), "rules.one.wetness.capacity_mm", "Wm"),
        (RULE + WETNESS.replace("capacity_mm", 'index = "api"\ncapacity_mm'), "rules.one.wetness.capacity_mm", "alone"),
        (RULE + WETNESS.replace("prepare = 15", "prepare = 9"), "rules.one.wetness.classes[1].rain_mm", "at least 10"),
        (RULE + WETNESS + WETNESS[WETNESS.index("[[") :], "rules.one.wetness.classes[2].at_most_mm", "greater than 40"),
        (RULE.replace("rain_mm", "rise_m"), "rules.one.rise_m", "did you mean rise_mm?"),
    ],
)
def test_a_mistake_in_a_rule_says_where_and_what_would_be_right(
    rules: str, key: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        loaded(tmp_path, rules)

    assert any(
        one.file == "rules.toml" and one.key == key and remedy in one.remedy for one in refused.value.mistakes
    ), str(refused.value)


@pytest.mark.parametrize(
    ("basin", "key", "remedy"),
    [
        (BASIN.replace("HTB02", "HTB09"), "basins.south.stations.HTB09", "no such station"),
        (BASIN.replace("1.5", "0"), "basins.south.stations.HTB02", "greater than 0"),
        (BASIN.replace("{ HTB01 = 3, HTB02 = 1.5 }", "[]"), "basins.south.stations", "a list like"),
        (BASIN.replace("{ HTB01 = 3, HTB02 = 1.5 }", '["HTB01", "HTB01"]'), "basins.south.stations", "twice"),
        (BASIN.replace("basins.south", "basins.HTB01"), "basins.HTB01", "is the id of a station"),
        (BASIN.replace("basins.south", "basins.service"), "basins.service", "neither all nor service"),
        (BASIN + "polygon = [[43.0, 86.0], [43.1, 86.0]]\n", "basins.south.polygon", "at least three points"),
        (BASIN + "polygon = [[43, 86], [99, 86], [43, 87]]\n", "basins.south.polygon[2]", "in degrees"),
    ],
)
def test_a_mistake_in_a_basin_says_where_and_what_would_be_right(
    basin: str, key: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        loaded(tmp_path, RULE, STATIONS + basin)

    found = [(one.key, one.remedy) for one in refused.value.mistakes if one.file == "stations.toml"]
    assert any(at == key and remedy in words for at, words in found), str(refused.value)
