"""The simulator's commands without a broker: configuration, truth files, mistakes of the caller."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from simulator.__main__ import main
from simulator.sites import read_broker, read_sites
from simulator.truth import TruthLog

CONFIG = Path(__file__).parents[2] / "config"
STATION = '[stations.A1]\nlatitude = 43.75\nlongitude = 86.57\nelevation_m = 1250\nbucket_depth_mm = 0.5\nname = "x"\n'


def _call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["simulator", *arguments])
    for name in ("GAUGE_CLOCK", "GAUGE_CONFIG", "GAUGE_MQTT_HOST", "GAUGE_MQTT_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_truth_of_a_scenario_has_a_row_per_minute_and_one_per_tip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, tips = tmp_path / "rain.csv", tmp_path / "tips.csv"

    status = _call(
        monkeypatch,
        *("truth", "flash_flood", "--config", str(CONFIG), "--seed", "4", "--minutes", "120"),
        *("--out", str(out), "--tips", str(tips)),
    )

    assert status == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert list(rows[0]) == ["station", "minute", "fell_mm", "caught_mm", "tips"]
    assert len(rows) == 5 * 120
    assert {int(row["minute"]) for row in rows} == set(range(1, 121))
    turned = list(csv.DictReader(tips.read_text().splitlines()))
    assert len(turned) == sum(int(row["tips"]) for row in rows) > 0
    assert turned[0]["observed_at"].endswith("+08:00")


def test_list_names_every_scenario(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert _call(monkeypatch, "list") == 0

    text = capsys.readouterr().out
    assert all(name in text for name in ("flash_flood", "quiet_day", "outage", "steady_rain"))


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        (None, "stations.toml"),
        ("", "stations is missing"),
        ("[stations.A1", "is no TOML"),
        (STATION.replace("43.75", "143.75"), "stations.A1.latitude = 143.75"),
        (STATION.replace("latitude = 43.75\n", ""), "stations.A1.latitude is missing"),
        (STATION.replace("0.5", '"half"'), "stations.A1.bucket_depth_mm = 'half'"),
        (STATION.replace("0.5", "nan"), "stations.A1.bucket_depth_mm = nan"),
        (STATION + "counter_modulus = -1\n", "stations.A1.counter_modulus = -1"),
        (STATION + "report_every_s = 2.5\n", "stations.A1.report_every_s = 2.5"),
        (STATION.replace("A1", '"a/b"'), "stations.a/b"),
        ("stations.A1 = 7", "stations.A1 = 7"),
    ],
)
def test_a_bad_configuration_gets_one_line_and_status_2(
    toml: str | None,
    named: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if toml is not None:
        (tmp_path / "stations.toml").write_text(toml, encoding="utf-8")

    status = _call(monkeypatch, "truth", "--config", str(tmp_path), "--out", str(tmp_path / "rain.csv"))

    error = capsys.readouterr().err
    assert status == 2
    assert error.count("\n") == 1
    assert named in error


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "hurricane"),
        ("run", "--broker", "127.0.0.1"),
        ("run", "--broker", "127.0.0.1:99999"),
        ("run", "--speed", "0"),
        ("truth", "--out", "rain.xlsx"),
        ("run", "--stations", "0"),
        ("run", "--every", "1 minute", "--stations", "5"),
        ("show", "--out", "rain.png"),
        ("truth", "--out", "rain.csv", "--start", "yesterday"),
    ],
)
def test_a_bad_option_gets_one_line_and_status_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CONFIG.parent)

    status = _call(monkeypatch, *arguments)

    assert status == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_stations_have_defaults_and_later_deployments_are_left_alone(tmp_path: Path) -> None:
    later = "[[stations.A1.deployments]]\nsince = 2027-04-01T08:00:00+08:00\nbucket_depth_mm = 0.2\n"
    (tmp_path / "stations.toml").write_text(STATION + later, encoding="utf-8")

    (site,) = read_sites(tmp_path)

    assert (site.bucket_depth_mm, site.counter_modulus, site.report_every_s) == (0.5, 65536, 300)


def test_the_broker_is_the_one_the_service_uses(tmp_path: Path) -> None:
    assert read_broker(tmp_path, environment={}) == ("127.0.0.1", 1883)

    (tmp_path / "gauge_ingest.toml").write_text('[mqtt]\nhost = "::1"\nport = 1884\n', encoding="utf-8")

    assert read_broker(tmp_path, environment={}) == ("::1", 1884)
    assert read_broker(tmp_path, environment={"GAUGE_MQTT_PORT": "1885"}) == ("::1", 1885)


def test_the_truth_is_in_the_file_as_soon_as_it_happened(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        TruthLog(stream).write("puback", station="HTB01", seq=7)

        assert path.read_text(encoding="utf-8") == '{"event": "puback", "station": "HTB01", "seq": 7}\n'
