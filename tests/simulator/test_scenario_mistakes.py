"""A wrong scenario file is refused with every mistake in it, each with its key and what to write instead."""

from pathlib import Path

import pytest

from simulator.scenario import Scenario, ScenarioError, check_stations, find_scenario, read_scenario, scenario_names
from tests.simulator.plays import SITES

RAINS = "storm, convective, stratiform, design, record"
HEAD = 'intent = "x"\nminutes = 60\n'


def read(text: str) -> Scenario:
    return read_scenario(text, name="x", origin="x.toml", folder=Path())


def lines(text: str) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as refused:
        read(text)
    return refused.value.lines


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = """
    intent = ""
    minutes = "60"
    wether = 3
    [[weather.rain]]
    kind = "strom"
    [gauge]
    turn_s = -1
    [stations.HTB02.rtu]
    memory.kind = "rom"
    [[incidents]]
    what = "reboot"
    station = "HTB01"
    """

    assert lines(text) == (
        'x.toml: intent = "": must not be empty',
        'x.toml: minutes = "60": must be a whole number without quotes',
        'x.toml: weather.rain[1].kind = "strom": must be one of ' + RAINS + "; did you mean storm?",
        "x.toml: gauge.turn_s = -1: must be at least 0, e.g. 0.45",
        "x.toml: incidents[1].at_min: is required",
        "x.toml: wether: unknown key; did you mean weather?",
        'x.toml: stations.HTB02.rtu.memory.kind = "rom": must be one of flash, ram',
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rtu.event_tips = 2.5", "rtu.event_tips = 2.5: must be a whole number without quotes, e.g. 4"),
        ('rtu.event_tips = "2"', 'rtu.event_tips = "2": must be a whole number without quotes, e.g. 4'),
        ('gauge.turn_s = "0.3"', 'gauge.turn_s = "0.3": must be a number without quotes, e.g. 0.45'),
        ("gauge.turn_s = nan", "gauge.turn_s = nan: must be a finite number, e.g. 0.45"),
        ("gauge.turn_s = true", "gauge.turn_s = true: must be a number without quotes, e.g. 0.45"),
        ("rtu.hourly = 1", "rtu.hourly = 1: must be true or false, without quotes, e.g. false"),
        ("switch.bounce_share = 1.5", "switch.bounce_share = 1.5: must be at most 1, e.g. 0.0"),
        ("rtu.memory.messages_max = 0", "rtu.memory.messages_max = 0: must be at least 1, e.g. 5000"),
        ("rtu.memory = 5", "rtu.memory = 5: must be a table"),
        ("gauge = [1]", "gauge = [1]: must be a table"),
        ("stations = 5", "stations = 5: must be a table"),
        ("stations.HTB02.gauge = 5", "stations.HTB02.gauge = 5: must be a table"),
        ("stations.HTB02.lnk.a = 5", "stations.HTB02.lnk: unknown key; did you mean link?"),
        ("weather.rain = 5", "weather.rain = 5: must be a list in [ ]"),
        ('weather.rain.kind = "storm"', "weather.rain: must be a list of tables: begin each with [[weather.rain]]"),
        ("incidents = [5]", "incidents[1] = 5: must be a table"),
        ("link.retry_max_s = 1", "link.retry_min_s: must not be above retry_max_s = 1"),
        ('gauge."turn.s" = 1', 'gauge."turn.s": unknown key; did you mean turn_s?'),
        ('gauge."a\\nb" = 1', r'gauge."a\nb": unknown key; known: turn_s, funnel_lets_through_mm_per_min'),
    ],
)
def test_a_wrong_key_is_told_with_its_value_and_a_right_one(text: str, line: str) -> None:
    (told,) = lines(HEAD + text)

    assert told.startswith(f"x.toml: {line}")


@pytest.mark.parametrize(
    ("rain", "line"),
    [
        ("total_mm = [15, 16]", "kind: is required: one of storm, convective, stratiform, design, record"),
        ('kind = "storm"\ntotal_mm = [16, 15]', "total_mm = [16, 15]: write [low, high], low not above high"),
        ('kind = "storm"\ntotal_mm = [1, 2, 3]', "total_mm = [1, 2, 3]: must have at most 2 elements, e.g."),
        ('kind = "storm"\ntotal_mm = [1]', "total_mm[2]: is required"),
        ('kind = "storm"\ntotal_mm = [1, "2"]', 'total_mm[2] = "2": must be a number without quotes'),
        ('kind = "design"\ndepth = 20', "depth: unknown key; did you mean depth_mm?"),
        ('kind = "design"\nquartile = 5', "quartile = 5: must be one of 1, 2, 3, 4"),
        ('kind = "record"', "file: is required"),
        ('kind = "record"\nfile = "a.csv"\nrows = "count"', 'value_column: rows = "count" needs the column that has'),
    ],
)
def test_wrong_rain_is_told_as_the_kind_of_rain_that_it_is(rain: str, line: str) -> None:
    (told,) = lines(f"{HEAD}[[weather.rain]]\n{rain}")

    assert told.startswith(f"x.toml: weather.rain[1].{line}")


@pytest.mark.parametrize(
    ("incident", "told"),
    [
        ('station = "HTB01"', "what: is required: one of visit, reboot, lightning, clock_step, clock_reset"),
        ('what = "reboots"', 'what = "reboots": must be one of visit, reboot, lightning, clock_step'),
        ('what = "reboot"\nstation = 5', "station = 5: must be text in quotes, or a list in [ ]"),
        ('what = "reboot"\nstation = []', "station = []: must have at least 1 element(s)"),
        ('what = "reboot"\nstation = ""', 'station = "": must not be empty'),
        ('what = "reboot"\nstation = ["HTB01", 5]', "station[2] = 5: must be text in quotes"),
        ('what = "reboot"\nstation = "all"\nat_min = -1', "at_min = -1: must be at least 0"),
        ('what = "reboot"\nstation = "all"\nuntil_min = 9', "until_min: unknown key; known: at_min, station, what"),
        ('what = "no_link"\nstation = "all"\nhalf_opn = true', "half_opn: unknown key; did you mean half_open?"),
        ('what = "no_link"\nstation = "all"\nat_min = 9\nuntil_min = 9', "until_min = 9: must be after at_min = 9"),
        ('what = "visit"\nstation = "all"', "until_min: is required"),
        ('what = "visit"\nmends = ["clogg"]', 'mends[1] = "clogg": must be one of clog, stuck_switch, dead_input'),
        ('what = "visit"\nmends = "clog"', 'mends = "clog": must be a list in [ ]'),
        ('what = "clock_reset"\nto = "now"', 'to = "now": must be an instant with its offset and without quotes'),
        ('what = "clock_reset"\nto = 1262275200', "to = 1262275200: must be an instant with its offset"),
        (
            'what = "clock_reset"\nstation = "all"\nat_min = 5\nto = 2010-01-01T00:00:00',
            "to = 2010-01-01T00:00:00: must",
        ),
        ('what = "corrupt_count"\ncounts = []', "counts = []: must have at least 1 element(s)"),
        ('what = "corrupt_count"\ncounts = [-1]', "counts[1] = -1: must be at least 0"),
        ('what = "reboot"\nstation = "all"\nat_min = 60', "at_min = 60: the run is over after minutes = 60"),
        ('what = "clog"\nstation = "all"\nat_min = 9\nuntil_min = 61', "until_min = 61: the run is over after minutes"),
    ],
)
def test_a_wrong_incident_is_told_by_its_number_and_its_key(incident: str, told: str) -> None:
    found = lines(f"{HEAD}[[incidents]]\n{incident}")

    assert [line for line in found if line.startswith(f"x.toml: incidents[1].{told}")]


def clogs(*spans: str) -> str:
    return HEAD + "".join(f'[[incidents]]\nwhat = "clog"\n{span}\n' for span in spans)


VISIT = '[[incidents]]\nwhat = "visit"\nstation = "HTB01"\nat_min = 20\nuntil_min = 30\nmends = ["clog"]\n'


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        (('station = "all"\nat_min = 9\nuntil_min = 19', 'station = "HTB02"\nat_min = 18'), "until 19: begin then"),
        (('station = "HTB02"\nat_min = 9', 'station = ["HTB01", "HTB02"]\nat_min = 18'), "to the end: leave one out"),
        (('station = "all"\nat_min = 9', 'station = "all"\nat_min = 9'), "to the end: leave one out"),
    ],
)
def test_a_fault_that_begins_while_it_lasts_is_told_with_the_end_of_the_first(
    spans: tuple[str, str], told: str
) -> None:
    found = lines(clogs(*spans))

    assert len(found) == 1
    assert found[0].startswith("x.toml: incidents[2].at_min = ")
    assert found[0].endswith(told)


def test_a_fault_may_come_again_after_its_end_or_a_visit_and_links_may_fail_twice_at_a_time() -> None:
    read(clogs('station = "HTB01"\nat_min = 9\nuntil_min = 19', 'station = "HTB01"\nat_min = 19'))
    read(clogs('station = "HTB01"\nat_min = 9', 'station = "HTB01"\nat_min = 40') + VISIT)
    read(clogs('station = "HTB01"\nat_min = 9', 'station = "HTB02"\nat_min = 9'))
    read(clogs('station = "all"\nat_min = 9', 'station = "all"\nat_min = 9').replace("clog", "no_link"))


def test_what_is_wrong_for_every_station_is_not_told_again_for_each() -> None:
    text = HEAD + "gauge.turn_s = -1\nstations.HTB01.gauge.turn_s = -2\nstations.HTB02.gauge.snow_holds_mm = 5"

    assert lines(text) == (
        "x.toml: gauge.turn_s = -1: must be at least 0, e.g. 0.45",
        "x.toml: stations.HTB01.gauge.turn_s = -2: must be at least 0, e.g. 0.45",
    )


def test_keys_that_are_at_odds_only_at_one_station_are_told_there() -> None:
    text = HEAD + "link.retry_min_s = 10\nstations.HTB01.link.retry_max_s = 9"

    assert lines(text) == ("x.toml: stations.HTB01.link.retry_min_s = 10: must not be above retry_max_s = 9",)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('intent = "a\nminutes = 5', "line 1, column 12: is no TOML (Illegal character '\\n'): mend that line"),
        ("intent = 5\n\n[a\n", "line 3, column 3: is no TOML (Expected ']' at the end of a table declaration)"),
        ("a = 1\na = 2", "line 2, its end: is no TOML (Cannot overwrite a value): mend that line"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(text: str, line: str) -> None:
    (told,) = lines(text)

    assert told.startswith(f"x.toml: {line}")


def test_a_file_without_anything_is_told_what_it_needs() -> None:
    assert lines("") == ("x.toml: intent: is required", "x.toml: minutes: is required")


def test_a_scenario_that_nobody_knows_is_told_the_names_there_are_and_the_nearest() -> None:
    with pytest.raises(ScenarioError) as refused:
        find_scenario("flash_flod")

    (told,) = refused.value.lines
    assert told.startswith("no scenario is called 'flash_flod': choose one of backlog, ")
    assert all(name in told for name in scenario_names())
    assert told.endswith("or a file; did you mean flash_flood?")


def test_a_file_that_is_not_there_or_no_text_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "no_text.toml").write_bytes(b'intent = "\xff"')

    for name, words in (("none.toml", "cannot be read (No such file"), ("no_text.toml", "is no text in UTF-8")):
        with pytest.raises(ScenarioError) as refused:
            find_scenario(tmp_path / name)
        assert str(refused.value).startswith(f"{tmp_path / name}: {words}")


def test_a_file_of_ones_own_is_a_scenario_with_its_folder_and_its_stem_for_a_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD, encoding="utf-8")

    scenario = find_scenario(str(path))

    assert (scenario.name, scenario.folder, scenario.minutes) == ("mine", tmp_path, 60)


def test_stations_that_nobody_has_are_told_when_the_scenario_meets_the_sites() -> None:
    scenario = read(
        f"""{HEAD}
        stations.HTB1.rtu.event_tips = 2
        weather.rain = [{{kind = "storm", stations = ["HTB01", "XYZ"]}}]
        incidents = [{{what = "reboot", at_min = 3, station = "all"}}, {{what = "reboot", at_min = 3, station = "B9"}}]
        """
    )

    with pytest.raises(ScenarioError) as refused:
        check_stations(scenario, SITES)

    there = "no such station: there are HTB01, HTB02, HTB03, HTB04, HTB05"
    assert refused.value.lines == (
        f"x.toml: stations.HTB1: {there}; did you mean HTB01?",
        f'x.toml: weather.rain[1].stations = "XYZ": {there}',
        f'x.toml: incidents[2].station = "B9": {there}',
    )


def test_keys_at_odds_overlaps_and_unknown_stations_are_told_beside_single_mistakes() -> None:
    """Goal: a file is mended in one go. Method: what shows only in sound tables, in tables with other mistakes."""
    text = """
    intent = "x"
    minutes = 60
    [weather]
    anchor_latitude = 99
    cloud = 2
    snow_below_c = 5.0
    rain_above_c = 1.0
    [[weather.rain]]
    kind = "convective"
    storm_radius_km = [20.0, 10.0]
    storms_per_day = 1e6
    [switch]
    bounce_share = 2
    bounce_s_min = 5.0
    lightning_pulses_min = 50
    [[incidents]]
    what = "clock_step"
    station = "HTB0l"
    at_min = 5
    by_s = 1e300
    [[incidents]]
    what = "clog"
    station = "HTB01"
    at_min = 5
    [[incidents]]
    what = "clog"
    station = ["HTB01", "HTB99"]
    at_min = 6
    """

    with pytest.raises(ScenarioError) as refused:
        read_scenario(text, name="x", origin="x.toml", folder=Path(), sites=SITES)

    assert sorted(line.split(": ")[1].split(" = ")[0] for line in refused.value.lines) == [
        "incidents[1].by_s",
        "incidents[3].at_min",
        "incidents[3].station",
        "switch.bounce_s_min",
        "switch.bounce_share",
        "switch.lightning_pulses_min",
        "weather.anchor_latitude",
        "weather.cloud",
        "weather.rain[1].storm_radius_km",
        "weather.rain[1].storms_per_day",
        "weather.snow_below_c",
    ]


def test_rain_that_would_begin_after_the_run_is_told() -> None:
    (told,) = lines(HEAD + 'weather.rain = [{kind = "design", since_min = 60}]')

    assert told == "x.toml: weather.rain[1].since_min = 60: the run is over after minutes = 60: must be below that"


@pytest.mark.parametrize(
    "text",
    [
        "link.latency_sigma = 1e3",
        "rtu.signal_dbm = 1e308",
        "rtu.signal_spread_db = 1e308",
        "rtu.clock.offset_s = 1e300",
        "switch.bounce_s_max = 1e300",
        'weather.rain = [{kind = "convective", storm_sigma = 1000.0}]',
        'weather.rain = [{kind = "convective", cells_per_100_km2_h = 1e6}]',
        'weather.rain = [{kind = "storm", total_mm = [1e9, 1e9]}]',
        'weather.rain = [{kind = "design", depth_mm = 1e9}]',
    ],
)
def test_figures_beyond_all_measure_are_refused(text: str) -> None:
    (told,) = lines(HEAD + text)

    assert "must be at most" in told or "must not go above" in told


def test_a_key_is_not_at_odds_with_the_default_of_one_that_is_wrong() -> None:
    assert lines(HEAD + "link.wake_min_s = 10\nlink.wake_max_s = -1") == (
        "x.toml: link.wake_max_s = -1: must be at least 0, e.g. 4.0",
    )
