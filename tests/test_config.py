"""The configuration loads as a whole or is refused with every mistake in it, and never tells a secret."""

import hashlib
import json
import math
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from gauge_ingest.configuration import Configuration, ConfigurationRefused, Mistake, configuration_directory, load
from gauge_ingest.configuration.actions import ActionTable, WordsTable
from gauge_ingest.configuration.basins import BasinTable
from gauge_ingest.configuration.calibration import PowerCurveTable, TipLossTable
from gauge_ingest.configuration.curves import CurveTable
from gauge_ingest.configuration.duty import ShiftTable, WeeklyTable
from gauge_ingest.configuration.moving import SeasonTable, WetClassTable, WetnessTable
from gauge_ingest.configuration.overrides import SECTIONS
from gauge_ingest.configuration.people import ChainTable, PersonTable, StepTable
from gauge_ingest.configuration.platform import PlatformTable
from gauge_ingest.configuration.rules import RuleTable
from gauge_ingest.configuration.stations import DeploymentTable, StationTable
from gauge_ingest.configuration.watch import TABLES as WATCH_TABLES
from gauge_ingest.core.model import Deployment, Rule, Threshold
from gauge_ingest.core.spans import duration_text, parse_duration_s, parse_instant, parse_moment
from gauge_ingest.notifiers.settings import ChannelSettings

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "config"
FILES = ("gauge_ingest.toml", "stations.toml", "rules.toml")
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

STATION = """
[stations.HTB01]
name = "石门"
latitude = 43.75
longitude = 86.57
elevation_m = 1250
bucket_depth_mm = 0.5
counter_modulus = 65536
report_every_s = 300
"""
DEPLOYMENT = "[[stations.HTB01.deployments]]\nsince = 2027-04-01T08:00:00+08:00\nbucket_depth_mm = 0.2\n"
RULE = """
[rules.flood]
levels = ["prepare", "immediate"]
stations = ["HTB01"]
source = "a table"
[rules.flood.rain_mm]
"30m" = { prepare = 6, immediate = 10 }
"24h" = { prepare = 32, immediate = 44 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def write(folder: Path, settings: str = "", stations: str = STATION, rules: str = RULE) -> None:
    for name, text in zip(FILES, (settings, stations, rules), strict=True):
        (folder / name).write_text(text, encoding="utf-8")


def mistakes(folder: Path, environ: Mapping[str, str] | None = None) -> tuple[Mistake, ...]:
    with pytest.raises(ConfigurationRefused) as refused:
        load(folder, environ or {})
    return refused.value.mistakes


def test_the_shipped_configuration_loads_with_an_empty_environment() -> None:
    configuration = load(SHIPPED, {})

    assert list(configuration.stations) == ["HTB01", "HTB02", "HTB03", "HTB04", "HTB05"]
    assert configuration.settings.mqtt.host == "127.0.0.1"
    assert configuration.settings.influx.url == ""
    assert configuration.settings.outbound_path == Path("var/outbound.db")
    assert configuration.stations["HTB01"].neighbours == ("HTB02", "HTB03", "HTB04", "HTB05")
    assert configuration.rules[0].stations == tuple(configuration.stations)
    assert Threshold(window_s=10_800, level="immediate", rain_mm=20.0) in configuration.rules[0].thresholds


def test_the_shipped_file_says_of_its_thresholds_that_they_are_an_estimate() -> None:
    assert "ESTIMATE" in load(SHIPPED, {}).rules[0].source
    assert "PROPOSAL" in (SHIPPED / "rules.toml").read_text(encoding="utf-8")


def test_the_shipped_settings_name_every_key_with_its_default() -> None:
    table = tomllib.loads((SHIPPED / "gauge_ingest.toml").read_text(encoding="utf-8"))

    assert list(table) == list(SECTIONS)
    for section, model in SECTIONS.items():
        plain = {key: field.default for key, field in model.model_fields.items() if field.annotation is not SecretStr}
        assert table[section] == {key: list(one) if isinstance(one, tuple) else one for key, one in plain.items()}


def test_what_is_left_out_of_a_rule_is_what_the_core_takes_for_granted(folder: Path) -> None:
    rule = load(folder, {}).rules[0]

    assert rule == Rule(
        id="flood",
        levels=("prepare", "immediate"),
        thresholds=(
            Threshold(1_800, "prepare", 6.0),
            Threshold(1_800, "immediate", 10.0),
            Threshold(86_400, "prepare", 32.0),
            Threshold(86_400, "immediate", 44.0),
        ),
        stations=("HTB01",),
        source="a table",
    )


def test_a_dated_deployment_keeps_what_it_does_not_change(folder: Path) -> None:
    later = "[[stations.HTB01.deployments]]\nsince = 2028-04-01T00:00:00Z\nlatitude = 43.8\n"
    write(folder, stations=STATION + DEPLOYMENT + later)

    deployments = load(folder, {}).stations["HTB01"].deployments

    assert deployments == (
        Deployment(0, 0.5, 65_536, 43.75, 86.57, 1_250.0),
        Deployment(parse_instant("2027-04-01T08:00:00+08:00"), 0.2, 65_536, 43.75, 86.57, 1_250.0),
        Deployment(parse_instant("2028-04-01T00:00:00Z"), 0.2, 65_536, 43.8, 86.57, 1_250.0),
    )


PLACE = st.tuples(
    st.floats(-90, 90) | st.floats(42, 45), st.floats(-180, 180) | st.floats(85, 88) | st.sampled_from([-179.9, 179.9])
)


@settings(deadline=None)
@given(st.lists(PLACE, min_size=2, max_size=12))
def test_neighbours_are_all_within_60_km_of_the_great_circle(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[float, float]]
) -> None:
    folder = tmp_path_factory.mktemp("c")
    stations = "".join(
        f'[stations.S{n}]\nname = "{n}"\nlatitude = {latitude!r}\nlongitude = {longitude!r}\n'
        "elevation_m = 1\nbucket_depth_mm = 0.2\n"
        for n, (latitude, longitude) in enumerate(places)
    )
    write(folder, stations=stations, rules="")

    found = load(folder, {}).stations

    for n, one in enumerate(places):
        for m, other in enumerate(places):
            distance_km = haversine_km(one, other)
            if n == m or distance_km > 60.001:
                assert f"S{m}" not in found[f"S{n}"].neighbours
            elif distance_km < 59.999:
                assert f"S{m}" in found[f"S{n}"].neighbours


def haversine_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    (latitude, longitude), (other_latitude, other_longitude) = one, other
    up = math.sin(math.radians(other_latitude - latitude) / 2) ** 2
    across = math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    across *= math.cos(math.radians(latitude)) * math.cos(math.radians(other_latitude))
    return 2 * 6_371.0088 * math.asin(math.sqrt(min(1.0, up + across)))


@dataclass(frozen=True)
class Case:
    """Text that stands in for `old` in the good files, and the mistake that it makes."""

    file: str
    old: str
    new: str
    key: str
    remedy: str
    value: str | None = None


def stations_case(old: str, new: str, key: str, remedy: str, value: str | None = None) -> Case:
    return Case("stations.toml", old, new, f"stations.HTB01{key}", remedy, value)


def rules_case(old: str, new: str, key: str, remedy: str, value: str | None = None) -> Case:
    return Case("rules.toml", old, new, f"rules.flood{key}", remedy, value)


def settings_case(new: str, key: str, remedy: str, value: str | None = None) -> Case:
    return Case("gauge_ingest.toml", "", new, key, remedy, value)


CASES = [
    settings_case("[mqtt]\nport = 70000", "mqtt.port", "at most 65535, e.g. 1883", "70000"),
    settings_case('[mqtt]\nport = "1883"', "mqtt.port", "a whole number without quotes", '"1883"'),
    settings_case("[mqtt]\nport = 1883.5", "mqtt.port", "a whole number"),
    settings_case("[mqtt]\nport = 0x1" + "0" * 40, "mqtt.port", "at most 18 digits"),
    settings_case("[mqtt]\nhots = 1", "mqtt.hots", "unknown key; did you mean host?", ""),
    settings_case("[mqtt]\nfrequency = 1", "mqtt.frequency", "known: client_id"),
    settings_case("[mqt]\nhost = 'a'", "mqt", "did you mean mqtt?"),
    settings_case("mqtt = 3", "mqtt", "a section, written [mqtt]"),
    settings_case("[mqtt]\nhost = 'tcp://broker'", "mqtt.host", "a host name or address alone, e.g."),
    settings_case("[mqtt]\nprotocol = 5", "mqtt.protocol", "one of '5' or '3.1.1'", "5"),
    settings_case("[mqtt]\ntls = 'yes'", "mqtt.tls", "true or false", '"yes"'),
    settings_case("[mqtt]\nclient_id = ''", "mqtt.client_id", "1 to 64 of the characters"),
    settings_case("[mqtt]\ntopic = 'rain/#'", "mqtt.topic", "exactly one level +"),
    settings_case("[mqtt]\ntopic = 'rain/+/+'", "mqtt.topic", "exactly one level +"),
    settings_case("[mqtt]\ntopic = '$share/a/rain/+'", "mqtt.topic", "exactly one level +"),
    settings_case("[mqtt]\ntls_ca = '/dev/zero/ca.pem'\ntls = true", "mqtt.tls_ca", "no such file"),
    settings_case(f"[mqtt]\ntls_ca = '{__file__}'", "mqtt.tls_ca", "only with tls = true"),
    settings_case("[mqtt]\npassword = 'hunter2'", "mqtt.password", "GAUGE_MQTT_PASSWORD_FILE", ""),
    settings_case("[influx]\ntoken = 'hunter2'", "influx.token", "GAUGE_INFLUX_TOKEN_FILE", ""),
    settings_case("[influx]\nurl = 'localhost:8086'", "influx.url", "begin with http:// or https://"),
    settings_case("[influx]\nurl = 'http://[::1'", "influx.url", "no address of a server"),
    settings_case("[influx]\nurl = 'http://u:hunter2@h'", "influx.url", "no user name and no password", ""),
    settings_case("[influx]\nurl = 'http://u:hunter2/@h'", "influx.url", "no address of a server", ""),
    settings_case("[influx]\nurl = 'http://h?token=hunter2'", "influx.url", "before ? and #", ""),
    settings_case("[influx]\nurl = 'http://h'", "influx.url", "GAUGE_INFLUX_TOKEN or GAUGE_INFLUX_TOKEN_FILE"),
    settings_case("[influx]\nurl = 'http://h'\norg = ''", "influx.org", "must not be empty"),
    settings_case("[influx]\ntimeout_s = nan", "influx.timeout_s", "at most 300, e.g. 10.0", "NaN"),
    settings_case("[cap]\nfolder = 'var/cap'", "cap.sender", "e.g. rain@hutubi.example", '""'),
    settings_case("[cap]\nsender = 'a b'", "cap.sender", "without spaces, commas, < and &", '"a b"'),
    settings_case("[cap]\nsender = 'a&b'", "cap.sender", "without spaces, commas, < and &"),
    settings_case("[cap]\nfolder = 'f'\nsender = 'a'\nrestriction = ''", "cap.restriction", "to whom it is restricted"),
    settings_case(f"[cap]\nfolder = '{__file__}'\nsender = 'a'", "cap.folder", "is a file: name a folder"),
    settings_case("[cap]\nstatus = 'actual'", "cap.status", "one of 'Actual', 'Test', 'Exercise' or 'Draft'"),
    settings_case("[cap]\nlanguages = 'en'", "cap.languages", "a list of languages", '"en"'),
    settings_case("[cap]\nlanguages = ['kk']", "cap.languages[1]", "a list of languages", '"kk"'),
    settings_case("[cap]\nlanguages = []", "cap.languages", "a list of languages"),
    settings_case("[cap]\ngeocode = '6523'", "cap.geocode", "6, 9 or 12 digits"),
    settings_case("[cap]\nweb = 'rain.example'", "cap.web", "begins with http:// or https://"),
    settings_case("[cap]\nexpires_h = 0", "cap.expires_h", "at least 1"),
    settings_case("[desk]\nport = 1\npublic_url = 'https://h.example'", "desk.public_url", "GAUGE_DESK_SECRET_FILE"),
    settings_case("[desk]\nport = 1\npublic_url = 'https://:1'", "desk.public_url", "name a host"),
    settings_case("[desk]\nport = 1\npublic_url = 'https://u:hunter2@h'", "desk.public_url", "name a host", ""),
    settings_case("[desk]\npublic_url = 'h.example'", "desk.public_url", "without / at the end"),
    settings_case("[desk]\nsecret = 'hunter2'", "desk.secret", "GAUGE_DESK_SECRET_FILE", ""),
    settings_case("[desk]\napi = true", "desk.api", "set the port of the desk"),
    settings_case("[desk]\napi_token = 'hunter2'", "desk.api_token", "GAUGE_DESK_API_TOKEN_FILE", ""),
    settings_case("[journal]\npath = ''", "journal.path", "the path of a file, e.g."),
    settings_case("[journal]\npath = '/'", "journal.path", "is a folder", '"/"'),
    settings_case("[journal]\npath = 'var/outbound.db'", "outbound.path", "another file"),
    settings_case("[outbound]\npath = './var/journal.db'", "outbound.path", "another file"),
    settings_case(f"[reports]\nfolder = '{__file__}'", "reports.folder", "is a file: name a folder"),
    settings_case("[reports]\nkeep_days = -1", "reports.keep_days", "at least 0"),
    settings_case("[journal]\nkeep_days = 2", "journal.keep_days", "at least 4", "2"),
    settings_case("[journal]\nkeep_days = -1", "journal.keep_days", "at least 0"),
    settings_case("[mqtt]\nport = \nhost = ''", "line 2", "is no TOML: Invalid value, at column 8"),
    settings_case("[mqtt]\nhost = '''", "last line", "is no TOML"),
    settings_case("x = " + "[" * 5_000, "", "nested too deeply"),
    settings_case("x = " + "1" * 5_000, "", "far too many digits"),
    settings_case("[mqtt]\nhost" + ".a" * 40 + " = 1", "mqtt.host" + ".a" * 15, "nested too deeply"),
    Case("stations.toml", STATION + DEPLOYMENT, "", "stations", "at least one station"),
    Case("stations.toml", STATION + DEPLOYMENT, "[stations]", "stations", "at least one station"),
    Case("stations.toml", STATION + DEPLOYMENT, "stations = 5", "stations", "at least one station"),
    Case("stations.toml", STATION, STATION + "[station.X]\n", "station", "every station stands below stations"),
    Case("stations.toml", STATION, STATION + "[stations]\nX = 1\n", "stations.X", "written [stations.X]"),
    Case("stations.toml", "stations.HTB01", 'stations."HTB 01"', 'stations."HTB 01"', "1 to 32 of the characters"),
    Case("stations.toml", "stations.HTB01", "stations.all", "stations.all", "not the word all"),
    Case("stations.toml", "stations.HTB01", f"stations.{'x' * 33}", f"stations.{'x' * 33}", "1 to 32"),
    stations_case(
        "bucket_depth_mm = 0.5",
        "bucket_depth_mm = -0.5",
        ".bucket_depth_mm",
        "must be greater than 0, e.g. 0.5",
        "-0.5",
    ),
    stations_case("bucket_depth_mm = 0.5", "bucket_depth_mm = 10.5", ".bucket_depth_mm", "must be at most 10"),
    stations_case("bucket_depth_mm = 0.5", "bucket_depth_mm = nan", ".bucket_depth_mm", "must be"),
    stations_case("bucket_depth_mm = 0.5", "", ".bucket_depth_mm", "is required, e.g. 0.5", ""),
    stations_case("65536", "1", ".counter_modulus", "0 (never wraps) or from 2", "1"),
    stations_case("65536", "4294967297", ".counter_modulus", "at most 4294967296"),
    stations_case("300", "9", ".report_every_s", "at least 10, e.g. 300"),
    stations_case("300", "86401", ".report_every_s", "at most 86400"),
    stations_case("43.75", "90.1", ".latitude", "at most 90"),
    stations_case("86.57", "-180.1", ".longitude", "at least -180"),
    stations_case("1250", "9001", ".elevation_m", "at most 9000"),
    stations_case('"石门"', '""', ".name", "1 to 64 characters"),
    stations_case('"石门"', '"a\\u0007"', ".name", "1 to 64 characters"),
    stations_case("report_every_s", "report_evry_s", ".report_evry_s", "did you mean report_every_s?"),
    stations_case("300", "300\nneighbours = 'HTB02'", ".neighbours", 'a list of other stations, e.g. ["HTB02"]'),
    stations_case("300", "300\nneighbours = ['HTB01']", ".neighbours[1]", "no neighbour of itself"),
    stations_case("300", "300\nneighbours = ['HTB02']", ".neighbours[1]", "no such station; did you mean HTB01?"),
    stations_case("300", "300\nneighbours = [5]", ".neighbours[1]", "text in quotes", "5"),
    stations_case("300", "300\nintensity_max_mm_per_min = 0", ".intensity_max_mm_per_min", "greater than 0, e.g. 8.0"),
    stations_case(DEPLOYMENT, "deployments = 3", ".deployments", "[[stations.ID.deployments]]"),
    stations_case(DEPLOYMENT, "deployments = [3]", ".deployments[1]", "[[stations.HTB01.deployments]]"),
    stations_case("+08:00", "", ".deployments[1].since", "must have an offset, e.g. 2027-04-01T08:00:00+08:00"),
    stations_case("2027-04-01T08:00:00+08:00", "2027-04-01", ".deployments[1].since", "an instant with its offset"),
    stations_case("since = 2027-04-01T08:00:00+08:00", "", ".deployments[1].since", "is required"),
    stations_case("2027-", "1969-", ".deployments[1].since", "must be later than 1970"),
    stations_case(DEPLOYMENT, DEPLOYMENT * 2, ".deployments[2].since", "later than the deployment before it"),
    stations_case("bucket_depth_mm = 0.2", "", ".deployments[1]", "at least one key that changed: latitude"),
    stations_case("bucket_depth_mm = 0.2", "bucket_depth_mm = 0", ".deployments[1].bucket_depth_mm", "greater than 0"),
    stations_case("bucket_depth_mm = 0.2", "name = 'x'", ".deployments[1].name", "unknown key"),
    Case("rules.toml", RULE, "rules = 5", "rules", "a line like [rules.flash_flood]"),
    Case("rules.toml", RULE, "[rules]\nflood = 5", "rules.flood", "written [rules.flood]"),
    Case("rules.toml", RULE, RULE + "[rule.x]", "rule", "every rule stands below rules"),
    Case("rules.toml", "rules.flood", 'rules."a b"', 'rules."a b"', "1 to 32 of the characters"),
    rules_case('source = "a table"', "", ".source", "is required: 1 to 500 characters"),
    rules_case('"a table"', '""', ".source", "where the thresholds come from"),
    rules_case('["HTB01"]', '["HTB1"]', ".stations[1]", "did you mean HTB01?", '"HTB1"'),
    rules_case('["HTB01"]', '["HTB01", "HTB01"]', ".stations[2]", "named twice"),
    rules_case('["HTB01"]', '"HTB01"', ".stations", '"all" or a list of stations'),
    rules_case('["HTB01"]', "[]", ".stations", '"all" or a list of stations'),
    rules_case('["HTB01"]', '["all", "HTB01"]', ".stations[1]", "no such station"),
    rules_case('["prepare", "immediate"]', '["prepare", "immediate", "x"]', ".levels[3]", "take the level out", '"x"'),
    rules_case('["prepare", "immediate"]', '["prepare", "immediate", "prepare"]', ".levels[3]", "named twice"),
    rules_case('["prepare", "immediate"]', "[]", ".levels", "a list of 1 to 8 names"),
    rules_case(
        '["prepare", "immediate"]', '["prepare", "immediate", "a b"]', ".levels[3]", "1 to 32 of the characters"
    ),
    rules_case("{ prepare = 6", "{ prepere = 6", ".rain_mm.30m.prepere", "did you mean prepare?", ""),
    rules_case("prepare = 6", "prepare = 10", ".rain_mm.30m.immediate", "greater than 10", "10.0"),
    rules_case("prepare = 32", "prepare = 5", ".rain_mm.24h.prepare", "at least 6, the threshold of the shorter 30m"),
    rules_case("prepare = 6", "prepare = 0", ".rain_mm.30m.prepare", "greater than 0 and at most 5000"),
    rules_case("prepare = 6", "prepare = '6'", ".rain_mm.30m.prepare", "a number of millimetres"),
    rules_case("prepare = 6", "prepare = inf", ".rain_mm.30m.prepare", "a number of millimetres"),
    rules_case('"30m"', '"half"', ".rain_mm.half", "a length of time"),
    rules_case('"30m"', '"30s"', ".rain_mm.30s", "1m to 72h"),
    rules_case('"24h"', '"73h"', ".rain_mm.73h", "1m to 72h"),
    rules_case('"24h"', '"1800s"', ".rain_mm.1800s", "same duration as 30m"),
    rules_case("{ prepare = 6, immediate = 10 }", "6", ".rain_mm.30m", "written like { prepare = 6"),
    rules_case(RULE[RULE.index("[rules.flood.rain") :], "", ".rain_mm", "is required"),
    rules_case(RULE[RULE.index("[rules.flood.rain") :], "rain_mm = {}", ".rain_mm", '"30m" = { prepare = 6'),
    rules_case('"a table"', '"a table"\nquiet_s = -1', ".quiet_s", "at least 0, e.g. 1800"),
    rules_case('"a table"', '"a table"\ncoverage_min = 0', ".coverage_min", "greater than 0, e.g. 0.8"),
    rules_case('"a table"', '"a table"\nclear_ratio = 1.1', ".clear_ratio", "at most 1"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key[-40:]} {case.remedy[:25]}")
def test_a_mistake_is_told_with_its_place_and_its_remedy(folder: Path, case: Case) -> None:
    path = folder / case.file
    good = STATION + DEPLOYMENT if case.file == "stations.toml" else path.read_text(encoding="utf-8")
    assert case.old in good
    path.write_text(good.replace(case.old, case.new, 1) if case.old else case.new, encoding="utf-8")

    found = mistakes(folder)

    matching = [mistake for mistake in found if mistake.key == case.key and case.remedy in mistake.remedy]
    assert matching, found
    assert matching[0].file == case.file
    assert case.value in (None, matching[0].value)
    assert "hunter2" not in f"{found!r} {[*map(str, found)]}"


def test_a_mistake_is_one_line_that_can_be_read_aloud(folder: Path) -> None:
    write(folder, stations=STATION.replace("0.5", "-0.5"))

    with pytest.raises(ConfigurationRefused) as refused:
        load(folder, {})

    assert str(refused.value) == (
        "stations.toml: stations.HTB01.bucket_depth_mm = -0.5: must be greater than 0, e.g. 0.5"
    )


def test_a_mistake_stays_one_line_whatever_stood_there(folder: Path) -> None:
    write(folder, settings='[mqtt]\nhost = "a\\nb\\u0007"\n"new\\nline" = 1')

    lines = [str(mistake) for mistake in mistakes(folder, {"GAUGE_\udcff\n": "x"})]

    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_all_mistakes_of_all_files_and_of_the_environment_are_told_at_once(folder: Path) -> None:
    write(
        folder,
        settings="[mqtt]\nport = 0\nkeep_alive_s = 0\n[influx]\nurl = 'h'\ntoken = 'x'",
        stations=STATION.replace("43.75", "99").replace("0.5", "0") + "neighbours = ['A', 'B']\n" + DEPLOYMENT * 2,
        rules=RULE.replace("a table", "").replace("HTB01", "HTB9").replace("prepare = 32", "prepare = 1"),
    )

    found = {
        (mistake.file, mistake.key) for mistake in mistakes(folder, {"GAUGE_MQTT_HOTS": "a", "GAUGE_NOTIFY_LOG": "on"})
    }

    assert found == {
        ("gauge_ingest.toml", "mqtt.port"),
        ("gauge_ingest.toml", "mqtt.keep_alive_s"),
        ("gauge_ingest.toml", "influx.url"),
        ("gauge_ingest.toml", "influx.token"),
        ("environment", "GAUGE_MQTT_HOTS"),
        ("environment", "GAUGE_NOTIFY_LOG"),
        ("stations.toml", "stations.HTB01.latitude"),
        ("stations.toml", "stations.HTB01.bucket_depth_mm"),
        ("stations.toml", "stations.HTB01.neighbours[1]"),
        ("stations.toml", "stations.HTB01.neighbours[2]"),
        ("stations.toml", "stations.HTB01.deployments[2].since"),
        ("rules.toml", "rules.flood.source"),
        ("rules.toml", "rules.flood.stations[1]"),
        ("rules.toml", "rules.flood.rain_mm.24h.prepare"),
    }


def test_a_broken_file_makes_no_mistakes_in_the_others(folder: Path) -> None:
    write(folder, stations="[stations.A B]")

    assert [(mistake.file, mistake.key) for mistake in mistakes(folder)] == [("stations.toml", "line 1")]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_unreadable_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (missing,) = mistakes(folder)
    (folder / name).mkdir()
    (unreadable,) = mistakes(folder)
    (folder / name).rmdir()
    (folder / name).write_bytes(b"[mqtt]\nhost = '\xff'")
    (no_text,) = mistakes(folder)

    assert {missing.file, unreadable.file, no_text.file} == {name}
    assert str(folder) in missing.remedy
    assert "cannot be read" in unreadable.remedy
    assert "line 2 is not text in UTF-8" in no_text.remedy


def test_a_missing_folder_is_named_and_the_environment_is_still_checked(tmp_path: Path) -> None:
    found = mistakes(tmp_path / "nowhere", {"GAUGE_MQTT_PORT": "many"})

    assert [mistake.file for mistake in found] == [str(tmp_path / "nowhere"), "environment"]
    assert "--config" in found[0].remedy


def test_a_byte_order_mark_and_line_ends_of_windows_do_no_harm(folder: Path) -> None:
    text = (folder / "stations.toml").read_text(encoding="utf-8")
    (folder / "stations.toml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    assert "HTB01" in load(folder, {}).stations


def test_the_environment_takes_the_place_of_single_values(folder: Path) -> None:
    write(folder, settings="[mqtt]\nport = 1\nhost = 'a'")
    environ = {
        "GAUGE_MQTT_PORT": "8883",
        "GAUGE_MQTT_TLS": "true",
        "GAUGE_MQTT_PROTOCOL": "3.1.1",
        "GAUGE_INFLUX_TIMEOUT_S": "2.5",
        "GAUGE_INFLUX_ORG": "12",
        "GAUGE_CONFIG": "elsewhere",
        "GAUGE_CLOCK": "speed=60",
        "GAUGE_TEST_ANYTHING": "1",
        "PATH": "/bin",
    }

    told = load(folder, environ).settings

    assert (told.mqtt.host, told.mqtt.port, told.mqtt.tls, told.mqtt.protocol) == ("a", 8883, True, "3.1.1")
    assert (told.influx.timeout_s, told.influx.org) == (2.5, "12")


@pytest.mark.parametrize(
    ("environ", "key", "remedy"),
    [
        ({"GAUGE_MQTT_PORT": "0"}, "GAUGE_MQTT_PORT", "at least 1"),
        ({"GAUGE_MQTT_PORT": ""}, "GAUGE_MQTT_PORT", "a whole number"),
        ({"GAUGE_MQTT_PORT": "9" * 5_000}, "GAUGE_MQTT_PORT", "a whole number"),
        ({"GAUGE_MQTT_TLS": "True"}, "GAUGE_MQTT_TLS", "true or false"),
        ({"GAUGE_INFLUX_TIMEOUT_S": "nan"}, "GAUGE_INFLUX_TIMEOUT_S", "a number"),
        ({"GAUGE_MQTT_HOST": "\udcff"}, "GAUGE_MQTT_HOST", "UTF-8"),
        (
            {"GAUGE_MQTT_HOST_FILE": "x"},
            "GAUGE_MQTT_HOST_FILE",
            "only secrets are read from files; set GAUGE_MQTT_HOST",
        ),
        ({"GAUGE_MQT_HOST": "x"}, "GAUGE_MQT_HOST", "did you mean GAUGE_MQTT_HOST?"),
        ({"GAUGE_CONFG": "x"}, "GAUGE_CONFG", "did you mean GAUGE_CONFIG?"),
        ({"GAUGE_MQTT_PASWORD": "hunter2"}, "GAUGE_MQTT_PASWORD", "did you mean GAUGE_MQTT_PASSWORD?"),
        ({"GAUGE_MQTT_PASSWORD": "hunter2"}, "GAUGE_MQTT_PASSWORD", "needs mqtt.username"),
        ({"GAUGE_INFLUX_TOKEN": "hunter2\nhunter2"}, "GAUGE_INFLUX_TOKEN", "one line"),
        ({"GAUGE_INFLUX_TOKEN": "hunter2\udcff"}, "GAUGE_INFLUX_TOKEN", "printable"),
        ({"GAUGE_INFLUX_TOKEN_FILE": "/nowhere"}, "GAUGE_INFLUX_TOKEN_FILE", "No such file"),
        ({"GAUGE_INFLUX_TOKEN_FILE": "/"}, "GAUGE_INFLUX_TOKEN_FILE", "name a file that holds the secret"),
        ({"GAUGE_INFLUX_TOKEN_FILE": "a\0b"}, "GAUGE_INFLUX_TOKEN_FILE", "name a file that holds the secret"),
        ({"GAUGE_INFLUX_TOKEN_FILE": "/dev/zero"}, "GAUGE_INFLUX_TOKEN_FILE", "larger than"),
        ({"GAUGE_INFLUX_TOKEN_FILE": "/dev/null"}, "GAUGE_INFLUX_TOKEN_FILE", "one line"),
        ({"GAUGE_INFLUX_TOKEN": "hunter2", "GAUGE_INFLUX_TOKEN_FILE": "x"}, "GAUGE_INFLUX_TOKEN_FILE", "not both"),
        ({"GAUGE_DESK_SECRET": "hunter2"}, "GAUGE_DESK_SECRET", "at least 16 characters"),
        ({"GAUGE_DESK_PUBLIC_URL": "https://h.example"}, "GAUGE_DESK_PUBLIC_URL", "GAUGE_DESK_SECRET"),
        ({"GAUGE_INFLUX_URL": "http://u:hunter2@h"}, "GAUGE_INFLUX_URL", "no user name and no password"),
        ({"GAUGE_MQTT_HOST": "mqtt://u:hunter2@h"}, "GAUGE_MQTT_HOST", "a host name or address alone"),
    ],
)
def test_a_mistake_in_the_environment_is_told_with_its_name(
    folder: Path, environ: dict[str, str], key: str, remedy: str
) -> None:
    found = mistakes(folder, environ)

    matching = [mistake for mistake in found if mistake.key == key and remedy in mistake.remedy]
    assert matching, found
    assert matching[0].file == "environment"
    assert "hunter2" not in f"{found!r} {[*map(str, found)]}"


def test_a_wrong_value_in_the_file_is_a_mistake_even_where_the_environment_stands_over_it(folder: Path) -> None:
    write(folder, settings="[mqtt]\nport = 0")

    (found,) = mistakes(folder, {"GAUGE_MQTT_PORT": "1883"})

    assert (found.file, found.key) == ("gauge_ingest.toml", "mqtt.port")


def test_a_token_of_the_api_that_can_be_guessed_is_refused(folder: Path) -> None:
    (found,) = mistakes(folder, {"GAUGE_DESK_API_TOKEN": "hunter2"})
    told = load(folder, {"GAUGE_DESK_API_TOKEN": "hunter2hunter2hunter2"})

    assert (found.key, "at least 16 characters" in found.remedy) == ("GAUGE_DESK_API_TOKEN", True)
    assert "hunter2" not in told.text


def test_a_desk_whose_links_would_lead_nowhere_is_refused(folder: Path) -> None:
    secret = {"GAUGE_DESK_SECRET": "hunter2hunter2hunter2"}
    (found,) = mistakes(folder, {**secret, "GAUGE_DESK_PUBLIC_URL": "https://h.example"})

    assert (found.key, "set the port of the desk" in found.remedy) == ("desk.port", True)
    told = load(folder, {**secret, "GAUGE_DESK_PUBLIC_URL": "https://h.example/rain", "GAUGE_DESK_PORT": "8750"})
    assert told.settings.desk.link_hours == 48
    assert "hunter2" not in told.text


def test_a_token_that_cannot_be_read_is_one_mistake_and_not_two(folder: Path) -> None:
    found = mistakes(folder, {"GAUGE_INFLUX_URL": "http://h", "GAUGE_INFLUX_TOKEN_FILE": "/nowhere"})

    assert [mistake.key for mistake in found] == ["GAUGE_INFLUX_TOKEN_FILE"]


def with_secrets(folder: Path, password: str) -> Configuration:
    (folder / "token").write_text(f"{password}-token\r\n", encoding="utf-8")
    environ = {
        "GAUGE_MQTT_USERNAME": "ingest",
        "GAUGE_MQTT_PASSWORD": password,
        "GAUGE_INFLUX_URL": "http://127.0.0.1:8086",
        "GAUGE_INFLUX_TOKEN": "",
        "GAUGE_INFLUX_TOKEN_FILE": str(folder / "token"),
    }
    return load(folder, environ)


def test_secrets_are_read_and_never_told(folder: Path) -> None:
    configuration = with_secrets(folder, "hunter2")

    assert configuration.settings.mqtt.password.get_secret_value() == "hunter2"
    assert configuration.settings.influx.token.get_secret_value() == "hunter2-token"
    told = f"{configuration!r} {configuration} {configuration.text} {configuration.settings!r} {configuration.settings}"
    assert "hunter2" not in told


def test_the_digest_names_the_content_and_not_how_it_is_written(folder: Path) -> None:
    first = with_secrets(folder, "hunter2")
    write(
        folder, settings="[notify]\nlog = true # as ever", stations="# a comment\n" + STATION.replace("1250", "1250.0")
    )
    again = with_secrets(folder, "another secret")
    write(folder, stations=STATION.replace("1250", "1251"))
    changed = with_secrets(folder, "hunter2")

    assert first.digest == again.digest == hashlib.sha256(first.text.encode()).hexdigest()
    assert changed.digest != first.digest
    assert json.loads(changed.text)["stations"]["HTB01"]["deployments"][0]["elevation_m"] == 1251
    assert "password" not in json.loads(changed.text)["settings"]["mqtt"]


LINES = [
    "[stations.HTB01]",
    "[[stations.HTB01.deployments]]",
    "[rules.flash_flood]",
    "[mqtt]",
    "since = 2027-04-01T08:00:00+08:00",
    "neighbours = []",
    'neighbours = ["HTB01", "HTB02", 3]',
    'levels = "all"',
    'rain_mm = { "1h" = { prepare = 1 } }',
    "deployments = [1]",
    "keep_days = 1",
]
VALUES = [
    "0",
    "-1",
    "1e400",
    "nan",
    '""',
    '"\\u0000"',
    "true",
    "[]",
    "{}",
    "[[1]]",
    "2027-04-01",
    "07:00:00",
    '"all"',
    '"a@b"',
    "9" * 30,
]
MUTATION = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 10**6), st.integers(0, 200)),
    st.tuples(
        st.just("put"), st.integers(0, 10**6), st.binary(max_size=6) | st.sampled_from([b"\n", b"[", b'"', b"=", b"."])
    ),
    st.tuples(st.just("line"), st.integers(0, 10**6), st.sampled_from(LINES)),
    st.tuples(st.just("value"), st.integers(0, 10**6), st.sampled_from(VALUES)),
)


def mutated(content: bytes, kind: str, at: int, what: object) -> bytes:
    if isinstance(what, int):
        at %= len(content) + 1
        return content[:at] + content[at + what :]
    if isinstance(what, bytes):
        at %= len(content) + 1
        return content[:at] + what + content[at:]
    lines = content.split(b"\n")
    at %= len(lines)
    text = str(what).encode()
    if kind == "line":
        return b"\n".join([*lines[:at], text, *lines[at:]])
    lines[at] = lines[at].partition(b"=")[0] + b"= " + text
    return b"\n".join(lines)


ENVIRON = st.dictionaries(
    st.sampled_from(
        ["GAUGE_MQTT_PORT", "GAUGE_JOURNAL_PATH", "GAUGE_INFLUX_URL", "GAUGE_INFLUX_TOKEN_FILE", "GAUGE_MQTT_TLS_CA"]
    )
    | st.text(max_size=8).map("GAUGE_".__add__),
    st.text(max_size=12) | st.sampled_from(["http://h:99999", "/", "x" * 5_000]),
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FILES), MUTATION), max_size=4), ENVIRON)
def test_whatever_is_written_there_it_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory,
    mutations: list[tuple[str, tuple[str, int, object]]],
    environ: dict[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("c")
    shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
    for name, mutation in mutations:
        (folder / name).write_bytes(mutated((folder / name).read_bytes(), *mutation))

    try:
        configuration = load(folder, environ)
    except ConfigurationRefused as refused:
        lines = str(refused).splitlines()
        remedies = [mistake.remedy for mistake in refused.mistakes]
    else:
        lines, remedies = ["none"], ["none"]
        assert configuration.stations
        assert json.loads(configuration.text)

    assert len(lines) == len(remedies) > 0
    assert all(remedies)


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading of the document: key -> default, unit, bounds, meaning."""
    section = DOCUMENT.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


TABLES: list[tuple[str, type[BaseModel]]] = [
    *((f"[{section}]", model) for section, model in SECTIONS.items()),
    ("[stations.ID]", StationTable),
    ("[stations.ID.platform]", PlatformTable),
    ("[[stations.ID.deployments]]", DeploymentTable),
    ("correction by tip loss", TipLossTable),
    ("correction by a curve", PowerCurveTable),
    ("[basins.ID]", BasinTable),
    ("[rules.ID]", RuleTable),
    ("[[rules.ID.seasons]]", SeasonTable),
    ("[rules.ID.wetness]", WetnessTable),
    ("[[rules.ID.wetness.classes]]", WetClassTable),
    ("[rules.ID.curve]", CurveTable),
    ("[people.ID]", PersonTable),
    ("[channels.ID]", ChannelSettings),
    ("[chains.LEVEL]", ChainTable),
    ("steps of a chain", StepTable),
    ("[[duty.shifts]]", ShiftTable),
    ("[[duty.weekly]]", WeeklyTable),
    ("[actions.LEVEL]", ActionTable),
    ("[actions.LEVEL.places.PLACE]", WordsTable),
    *((f"[watch.{name}]", table) for name, (table, _) in WATCH_TABLES.items()),
]


@pytest.mark.parametrize(("heading", "model"), TABLES)
def test_the_document_names_every_key_with_its_default_and_its_bounds(heading: str, model: type[BaseModel]) -> None:
    table = rows(heading)

    assert set(table) == set(model.model_fields)
    for key, field in model.model_fields.items():
        default, unit, bounds, meaning = table[key]
        assert default == documented_default(heading, key, field), key
        assert unit or not re.search(r"_(s|m|mm|days)$", key), key
        assert meaning
        numbers = re.findall(r"-?\d+", bounds)
        for name in ("ge", "gt", "le", "lt"):
            limits = [getattr(rule, name) for rule in field.metadata if hasattr(rule, name)]
            assert all(f"{limit:.15g}" in numbers for limit in limits), key


def documented_default(heading: str, key: str, field: FieldInfo) -> str:
    if heading == "[[stations.ID.deployments]]" and key != "since":
        return "as before"
    if field.is_required():
        return "required"
    if key == "neighbours":
        return "all within 60 km"
    if field.annotation is SecretStr or field.default in ((), None):
        return "none"
    return f"`{json.dumps(field.default, ensure_ascii=False)}`"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, flags=re.DOTALL)


def test_the_example_of_the_document_loads(tmp_path: Path) -> None:
    for block in blocks("toml"):
        name = re.match(r"# (\S+)\n", block)
        if name is None:  # a table of one file, explained where its keys are
            continue
        (tmp_path / name[1]).write_text(block, encoding="utf-8")
    (variables,) = blocks("sh")

    configuration = load(tmp_path, dict(line.split("=", 1) for line in variables.split()))

    assert configuration.settings.mqtt.keep_alive_s == 15
    assert len(configuration.stations["HTB01"].deployments) == 2
    assert configuration.rules[0].stations == ("HTB02", "HTB03")
    assert list(configuration.roster.people) == ["liu", "chen"]
    assert len(configuration.roster.weekly) == 2
    assert [one.rain_mm for one in configuration.rules[1].thresholds if one.window_s == 10_800] == [28.966]
    rules = {rule.id: rule for rule in configuration.rules}
    assert rules["signal"].levels == ("blue", "yellow", "orange", "red")
    assert rules["by_wetness"].wetness is not None
    assert [one.name for one in rules["by_wetness"].wetness.classes] == ["dry", "medium"]
    assert rules["basin_mean"].basins == ("mountains",)
    assert configuration.basins["mountains"].weights[0] == ("HTB01", 320.0)


def test_the_mistakes_of_the_document_are_told_in_its_words(folder: Path) -> None:
    write(
        folder,
        "[mqtt]\nprot = 1",
        STATION.replace("0.5", "-0.5"),
        RULE.replace("flood", "flash_flood").replace("HTB01", "HTB1"),
    )

    with pytest.raises(ConfigurationRefused) as refused:
        load(folder, {})

    assert blocks("text") == [f"{refused.value}\n"]


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5_400), ("24h", 86_400), ("7d", 604_800), ("1s", 1)])
def test_a_length_of_time_is_a_whole_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration_s(text) == seconds
    assert parse_duration_s(duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    "text", ["", "90", "m", "1.5h", "-1h", "1 h", "0m", "36526d", "9" * 5_000 + "d", "٣h", "1h\n", "1H"]
)
def test_another_length_of_time_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be .*, e\.g\. "):
        parse_duration_s(text)


def test_an_instant_has_an_offset_and_a_moment_may_lie_back_from_now() -> None:
    at = 1_784_109_900_000

    assert parse_instant("2026-07-15T18:05:00+08:00") == at
    assert parse_instant("2026-07-15t10:05:00.1239z") == at + 123
    assert parse_moment("2026-07-15 10:05:00Z", now=0) == at
    assert parse_moment("90m", now=at) == at - 5_400_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-07-15",
        "2026-07-15T18:05:00",
        "2026-02-30T00:00:00Z",
        "2026-07-15T18:05:60Z",
        "20260715T180500Z",
        "now",
    ],
)
def test_another_instant_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be an instant .*, or a length of time back from now, e\.g\. 24h$"):
        parse_moment(text, now=0)


def test_the_folder_is_the_one_given_or_the_one_in_the_environment_or_config() -> None:
    assert configuration_directory(Path("a"), {"GAUGE_CONFIG": "b"}) == Path("a")
    assert configuration_directory(None, {"GAUGE_CONFIG": "b"}) == Path("b")
    assert configuration_directory(None, {"GAUGE_CONFIG": ""}) == Path("config")
