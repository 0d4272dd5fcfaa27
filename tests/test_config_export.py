"""[export] and [stations.ID.platform]: read, refused without showing a password, absent where nobody wrote any."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gauge_ingest.cli import app
from gauge_ingest.configuration import load
from gauge_ingest.core.platform import PlatformStation
from tests.test_config import STATION, folder, mistakes, write

__all__ = ["folder"]

URL = "postgresql://gauge@db.example.org:5432/rain"
SECRET = "nobody-may-see-this"  # noqa: S105  of a test
ENVIRON = {"GAUGE_EXPORT_URL": URL, "GAUGE_EXPORT_PASSWORD": SECRET}
CODE = '[stations.HTB01.platform]\nstcd = "01234501"\n'
OTHER = STATION.replace("HTB01", "HTB02").replace("石门", "雀尔沟镇")


def test_without_a_url_nothing_is_exported_and_the_configuration_stays_the_same_to_the_letter(folder: Path) -> None:
    configuration = load(folder, {})

    assert not configuration.settings.export.url
    assert "export" not in configuration.text
    assert "platform" not in configuration.text
    assert not configuration.warnings
    assert not configuration.not_exported


def test_a_url_and_a_password_switch_it_on_and_the_password_is_kept_nowhere(folder: Path) -> None:
    configuration = load(folder, ENVIRON | {"GAUGE_EXPORT_STEP": "5m", "GAUGE_EXPORT_CREATE_TABLES": "true"})

    export = configuration.settings.export
    assert (export.url, export.step, export.create_tables) == (URL, "5m", True)
    assert export.password.get_secret_value() == SECRET
    assert json.loads(configuration.text)["settings"]["export"]["url"] == URL
    assert SECRET not in configuration.text + repr(configuration)


@pytest.mark.parametrize(
    "url", ["mysql://gauge@h/rain", "mssql+pyodbc://g@h/rain?driver=x", "mariadb+pymysql://g@h:1/r"]
)
def test_the_other_databases_are_known_too(folder: Path, url: str) -> None:
    assert load(folder, ENVIRON | {"GAUGE_EXPORT_URL": url}).settings.export.url == url


def test_a_file_needs_no_password(folder: Path) -> None:
    assert load(folder, {"GAUGE_EXPORT_URL": "sqlite:////tmp/rain.sqlite"}).settings.export.is_file


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        (f"postgresql://gauge:{SECRET}@db/rain", "must hold no password, e.g. postgresql://"),
        (f"postgresql://gauge@db/rain?password={SECRET}", "must hold no password, e.g. postgresql://"),
        (f"mssql://gauge@db/rain?PWD={SECRET}", "must hold no password, e.g. postgresql://"),
        ("oracle://gauge@db/rain", "must begin with one of postgresql://, "),
        ("postgresql://gauge@db", "must name a host and a database, e.g. postgresql://"),
        ("postgresql://gauge@/rain", "must name a host and a database, e.g. postgresql://"),
        ("postgresql://db.example.org/rain", "must name a user, e.g. postgresql://"),
        ("postgresql://gauge@db:port/rain", "is no address of a database, e.g. postgresql://"),
        (f"postgresql://gauge@[{SECRET}/rain", "is no address of a database, e.g. postgresql://"),
        ("postgresql://gauge@db/rain#x", "must end before #, e.g. postgresql://"),
        ("postgresql://gauge@db/ra in", "must hold no space and no control character, e.g. postgresql://"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_and_no_password_in_it_is_shown(
    folder: Path, url: str, remedy: str
) -> None:
    (mistake,) = mistakes(folder, ENVIRON | {"GAUGE_EXPORT_URL": url})

    assert mistake.key == "GAUGE_EXPORT_URL"
    assert mistake.remedy.startswith(remedy)
    assert SECRET not in str(mistake)


def test_an_address_without_a_password_is_refused(folder: Path) -> None:
    (mistake,) = mistakes(folder, {"GAUGE_EXPORT_URL": URL})

    assert mistake.remedy == "needs a password: set GAUGE_EXPORT_PASSWORD or GAUGE_EXPORT_PASSWORD_FILE"


def test_a_password_in_the_file_is_refused_and_not_shown(folder: Path) -> None:
    write(folder, settings=f'[export]\nurl = "{URL}"\npassword = "{SECRET}"\n')

    told = [str(one) for one in mistakes(folder)]

    assert any("export.password: a secret does not belong in a file that many may read" in one for one in told)
    assert SECRET not in "".join(told)


def test_a_station_on_the_platform_is_read_and_nothing_is_derived_anew_for_it(folder: Path) -> None:
    before = load(folder, {})
    write(folder, stations=STATION + CODE + 'river = "呼图壁河"\ndivision_code = "652323"\n')

    configuration = load(folder, {})

    assert configuration.platform == {"HTB01": PlatformStation("01234501", river="呼图壁河", division_code="652323")}
    assert json.loads(configuration.text)["stations"] == json.loads(before.text)["stations"]
    assert configuration.digest != before.digest


@pytest.mark.parametrize(
    "code", ['"0123450"', '"012345012"', '"0123450a"', '"0123 501"', '"石门站码石门站码"', '""', "1234501"]
)
def test_a_code_that_is_none_is_refused_with_what_would_be_right(folder: Path, code: str) -> None:
    write(folder, stations=STATION + CODE.replace('"01234501"', code))

    (mistake,) = mistakes(folder)

    assert (mistake.file, mistake.key) == ("stations.toml", "stations.HTB01.platform.stcd")
    assert "01234501" in mistake.remedy


def test_a_code_that_two_stations_have_is_refused_at_the_second(folder: Path) -> None:
    write(folder, stations=STATION + CODE + OTHER + CODE.replace("HTB01", "HTB02"))

    (mistake,) = mistakes(folder)

    said = 'stations.HTB02.platform.stcd = "01234501": is the code of HTB01 already: each station has its own'
    assert str(mistake) == f"stations.toml: {said}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("river = 5", "stations.HTB01.platform.river = 5: must be text in quotes"),
        ('division_code = "65232"', 'division_code = "65232": must be the division code after GB/T 2260, 6 digits'),
        ("rivr = 'x'", "stations.HTB01.platform.rivr: unknown key; did you mean river?"),
    ],
)
def test_other_keys_of_it_are_refused_by_name(folder: Path, line: str, said: str) -> None:
    write(folder, stations=STATION + CODE + line + "\n")

    (mistake,) = mistakes(folder)

    assert said in str(mistake)


def test_a_station_on_the_platform_that_is_no_table_is_refused(folder: Path) -> None:
    write(folder, stations=STATION + 'platform = "01234501"\n')

    (mistake,) = mistakes(folder)

    assert str(mistake) == (
        'stations.toml: stations.HTB01.platform = "01234501": must be a table, written [stations.HTB01.platform]'
    )


def test_check_and_health_name_the_stations_without_a_code_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, stations=STATION + CODE + OTHER)
    for name, value in (ENVIRON | {"GAUGE_JOURNAL_PATH": str(folder / "journal.db")}).items():
        monkeypatch.setenv(name, value)

    checked = CliRunner().invoke(app, ["check", "--config", str(folder)]).output
    health = CliRunner().invoke(app, ["health", "--json", "--config", str(folder)]).output

    warning = "not exported, for they have no code (STCD): HTB02; write [stations.ID.platform] with stcd"
    assert f"warning: stations.toml: stations: {warning}" in checked
    assert f"export to {URL}" in checked
    assert checked.count("HTB02") == health.count("HTB02") == 1
    assert "2 stations; not exported, for they have no stcd: HTB02" in json.loads(health)["checks"][0]["detail"]


def test_a_station_that_reports_less_often_than_the_interval_is_warned_of(folder: Path) -> None:
    write(folder, stations=STATION.replace("report_every_s = 300", "report_every_s = 600") + CODE)

    hours = load(folder, ENVIRON).warnings
    minutes = load(folder, ENVIRON | {"GAUGE_EXPORT_STEP": "5m"}).warnings

    assert not hours
    said = "report less often than [export] step = 5m: HTB01; intervals without a report stay unknown"
    assert [one.remedy for one in minutes] == [said]


def test_a_drill_never_exports(tmp_path: Path) -> None:
    place = tmp_path / "drills" / "one"
    place.mkdir(parents=True)
    settings = f'[drill]\nname = "one"\n[journal]\npath = "{place}/journal.db"\n[notify]\nmqtt = false\n'
    write(place, settings=settings + '[export]\nurl = "sqlite:////tmp/rain.sqlite"\n')

    (mistake,) = mistakes(place)

    assert (
        str(mistake)
        == "gauge_ingest.toml: export.url: must be empty in a drill: no rain of it may stand on the platform"
    )
