"""Load: many stations from one machine, against a real broker, with the publisher's own limit told."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gauge_ingest.configuration import load
from simulator.live.load import LoadError, LoadTally, load_sites, stations_toml
from tests.edges.broker import running_mosquitto
from tests.simulation.service import running_service, until

ROOT = Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulator", "run", "--config", str(ROOT / "config"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_every_reading_of_two_hundred_stations_is_in_the_journal_of_a_service_that_knows_them(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    sites = load_sites(200, every_s=4)
    (config / "stations.toml").write_text("".join(stations_toml(sites)), encoding="utf-8")
    for name in ("rules.toml", "gauge_ingest.toml"):
        (config / name).write_bytes((ROOT / "config" / name).read_bytes())

    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, GAUGE_CONFIG=str(config)) as service,
    ):
        address = f"127.0.0.1:{broker.port}"
        # A clock twenty times as fast: two minutes are over in six seconds, and a step of 4 s in 0.2 s.
        done = _run("--stations", "200", "--every", "4s", "--minutes", "2", "--speed", "20", "--broker", address)

        assert done.returncode == 0, done.stdout + done.stderr
        found = re.search(r"(\d+) +acknowledged by the broker; not acknowledged: 0", done.stdout)
        assert found is not None, done.stdout
        sent = int(found[1])
        assert sent >= 200 * 25
        assert re.search(r"\d+ +messages a second is the most this publisher could send here", done.stdout)
        # Readings of one second of the station's clock with one count are one fact.
        until(lambda: sum(map(len, service.rows().values())) >= 200 * 25, within_s=30, what="all readings are kept")
        assert {len(rows) for rows in service.rows().values()} <= set(range(25, 33))
        assert service.ask("quarantine", "list") == []


def test_the_stations_file_of_a_load_is_one_that_the_service_takes(tmp_path: Path) -> None:
    sites = load_sites(30, every_s=60)
    for name in ("rules.toml", "gauge_ingest.toml"):
        (tmp_path / name).write_bytes((ROOT / "config" / name).read_bytes())

    (tmp_path / "stations.toml").write_text("".join(stations_toml(sites)), encoding="utf-8")

    assert len(load(tmp_path, {}).stations) == 30
    assert len({(site.latitude, site.longitude) for site in sites}) == 30
    assert tomllib.loads("".join(stations_toml(sites)))["stations"]["L00001"]["report_every_s"] == 60


def test_a_load_beyond_the_limit_is_refused_with_the_limit() -> None:
    with pytest.raises(LoadError, match=r"--stations 50001: give a number from 1 to 50000"):
        load_sites(50_001, every_s=60)


def test_a_broker_that_is_not_there_ends_a_load_with_one_line() -> None:
    done = _run("--stations", "3", "--no-wait", "--broker", "127.0.0.1:1")

    assert done.returncode == 1
    assert "L00001: cannot connect" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_publishers_limit_is_what_each_message_has_cost_it() -> None:
    tally = LoadTally(sent=1000, acknowledged=990, cpu_s=0.25, latencies_s=[0.004, 0.001, 0.002, 0.003])

    assert tally.rate_max == 4000
    assert tally.outstanding == 10
    assert tally.latency_s(0.5) == 0.003
