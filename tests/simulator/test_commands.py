"""The simulator's commands: configuration, truth files, mistakes of the caller, full disks."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.__main__ import main
from simulator.sites import read_broker, read_sites
from simulator.truth import TruthLog
from tests.simulator.far_side import Mosquitto, Subscriber, until

CONFIG = Path(__file__).parents[2] / "config"
STATION = '[stations.A1]\nlatitude = 43.75\nlongitude = 86.57\nelevation_m = 1250\nbucket_depth_mm = 0.5\nname = "x"\n'


def _call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["simulator", *arguments])
    for name in ("GAUGE_CLOCK", "GAUGE_CONFIG", "GAUGE_MQTT_HOST", "GAUGE_MQTT_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def _process(*arguments: str | Path) -> subprocess.Popen[str]:
    """A process of its own: what it says when it ends, and after it, is seen as well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # Python 3.11 would leave half a .pyc where files may not grow
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=CONFIG.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, out, error


def _no_room(path: Path, why: str = "No space left on device") -> str:
    return f"simulator: {path}: cannot be written ({why}): name a file in a folder you own, on a disk with room\n"


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


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        ("truth", "--out", "full.csv"),
        ("truth", "--out", "full.parquet"),
        ("truth", "--out=rain.csv --tips", "full.parquet"),
        ("show", "--out", "full.svg"),
    ],
)
def test_a_full_disk_gets_one_line_and_status_2(command: str, option: str, name: str, tmp_path: Path) -> None:
    full = tmp_path / name
    full.symlink_to("/dev/full")
    options = option.replace("rain.csv", str(tmp_path / "rain.csv")).split()

    status, _, error = _ended(_process(command, "flash_flood", *options, full))

    assert (status, error) == (2, _no_room(full))


@pytest.mark.parametrize("name", ["rain.csv", "rain.parquet"])
def test_a_disk_that_fills_up_midway_gets_one_line_and_status_2(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    process = _process("truth", "steady_rain", "--minutes", "14000", "--out", path)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (10_000, 10_000))

    status, _, error = _ended(process)

    assert (status, error) == (2, _no_room(path, "File too large"))
    assert path.stat().st_size == 10_000


def test_a_run_sends_nothing_when_its_truth_has_no_room_and_tells_its_clock_on_standard_error() -> None:
    status, out, error = _ended(_process("run", "--no-wait", "--speed", "60", "--truth", "/dev/full"))

    clock, _, rest = error.partition("\n")
    assert (status, out, rest) == (2, "", _no_room(Path("/dev/full")))
    assert clock.startswith('export GAUGE_CLOCK="speed=60 ')
    assert "prints on standard error the line" in (CONFIG.parent / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_a_run_whose_truth_runs_out_of_room_says_so_and_no_report_that_was_sent_is_lost(
    tmp_path: Path, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    """Goal: no half truth passes for a whole one. Method: forbid the file to grow while stations report."""
    truth = tmp_path / "truth.jsonl"
    options = ("--no-wait", "--speed", "1200", "--truth", truth, "--broker", f"127.0.0.1:{mosquitto.port}")

    process = _process("run", "steady_rain", *options)
    until(lambda: truth.exists() and truth.read_text(encoding="utf-8").count('"puback"') > 20, within_s=20.0)
    size_max = truth.stat().st_size + 1_000
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size_max, size_max))
    status, out, error = _ended(process)

    assert (status, error.splitlines(keepends=True)[-1]) == (2, _no_room(truth, "File too large"))
    assert "Traceback" not in error
    rows = [re.findall(r"\d+", line)[2:] for line in out.splitlines() if "│ HTB0" in line]
    _, messages, acknowledged, _, outstanding = (sum(map(int, column)) for column in zip(*rows, strict=True))
    assert messages == acknowledged + outstanding
    assert acknowledged > 20
    lines = map(json.loads, truth.read_text(encoding="utf-8").splitlines()[:-1])  # the last one broke off
    told = {(line["station"], line["seq"]) for line in lines if line["event"] == "puback"}
    until(lambda: told <= _arrived(subscriber) and len(_arrived(subscriber)) >= acknowledged, within_s=10.0)
    assert len(_arrived(subscriber)) <= messages


def _arrived(subscriber: Subscriber) -> set[tuple[str, int]]:
    return {(topic.split("/")[2], json.loads(payload)["seq"]) for topic, payload in list(subscriber.payloads)}


@pytest.mark.parametrize("before", [{}, {"rain.csv": "kept"}])
@pytest.mark.parametrize("other", ["rain.csv", "./rain.csv", "linked.csv", "new/../rain.csv"])
def test_no_table_is_lost_to_the_other_under_another_name_of_one_file(
    other: str,
    before: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("linked.csv").symlink_to("rain.csv")
    for name, text in before.items():
        Path(name).write_text(text, encoding="utf-8")

    status = _call(monkeypatch, "truth", "--config", str(CONFIG), "--out", "rain.csv", "--tips", other)

    error = capsys.readouterr().err
    assert (status, error.count("\n")) == (2, 1)
    assert f"--out rain.csv and --tips {Path(other)} name one file" in error
    kept = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir() if not path.is_symlink()}
    assert kept == before


def test_two_links_to_one_file_are_one_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rain, tips = tmp_path / "rain.csv", tmp_path / "tips.csv"
    rain.write_text("kept", encoding="utf-8")
    tips.hardlink_to(rain)

    status = _call(monkeypatch, "truth", "--config", str(CONFIG), "--out", str(rain), "--tips", str(tips))

    assert status == 2
    assert "name one file" in capsys.readouterr().err
    assert rain.read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("beside", [("flash_flood",), ("quiet_day",), ("--truth", "truth.jsonl")])
def test_a_load_takes_no_scenario_and_tells_no_truth(
    beside: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    status = _call(monkeypatch, "run", *beside, "--stations", "10")

    error = capsys.readouterr().err
    assert (status, error.count("\n")) == (2, 1)
    assert " ".join(beside) in error
    assert "--stations 10" in error
    assert "leave one of them out" in error
    assert not list(tmp_path.iterdir())


def test_a_load_without_a_scenario_goes_to_the_broker() -> None:
    status, out, error = _ended(_process("run", "--stations", "3", "--no-wait", "--broker", "127.0.0.1:1"))

    assert status == 1
    assert out.startswith("3 stations, one reading each 60 s")
    assert "L00001: cannot connect" in error


def test_the_scenario_that_runs_without_a_name_is_in_the_help(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "[default: (flash_flood)]" in _help("run", capsys, monkeypatch)


@pytest.mark.parametrize(("command", "files"), [("run", 1), ("truth", 2), ("show", 1)])
def test_a_missing_folder_is_made_and_the_help_says_so(
    command: str, files: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _help(command, capsys, monkeypatch).count("A missing folder is made.") == files

    rain = tmp_path / "new" / "folder" / "rain.csv"
    assert _call(monkeypatch, "truth", "--config", str(CONFIG), "--minutes", "5", "--out", str(rain)) == 0
    assert rain.exists()


def _help(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "200")
    assert _call(monkeypatch, command, "--help") == 0
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


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
