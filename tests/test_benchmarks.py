"""The benchmarks run and measure what they say; how fast it is, is nobody's test."""

import json
import os
import signal
import subprocess
import sys
from array import array
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from benchmarks import checks
from benchmarks.fleet import REPORT_EVERY_S, SEQ_AT, SEQ_FIRST, STATIONS, Fleet, Part
from benchmarks.machine import program_path
from benchmarks.rounds import Latencies, Round, latencies
from benchmarks.timed_service import NONE
from tests.codecs.goldens import decode

ROOT = Path(__file__).parent.parent
NEEDED = ("mosquitto",)
BEGIN_AT = 1_784_109_900


def run(program: str, *arguments: str) -> dict[str, Any]:
    """One document from a benchmark, run as people run it."""
    missing = [name for name in NEEDED if program_path(name) is None]
    if missing:
        pytest.skip(f"NO BENCHMARK: {', '.join(missing)} not installed")
    command = [sys.executable, "-m", f"benchmarks.{program}", "--quick", "--json", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, stdout=pipe, stderr=pipe) as started:
        try:
            said, complained = started.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)  # with the broker, the service and the store that it started
            raise
    assert started.returncode == 0, complained[-2_000:]
    return dict(json.loads(said))


@pytest.mark.slow
def test_the_catch_up_benchmark_finds_every_reading_in_the_store() -> None:
    if program_path("influxd") is None:
        pytest.skip("NO REAL INFLUXDB: put influxd on PATH")
    result = run("catch_up")

    assert result["readings"] == 20 * 288
    assert result["found_in_the_store"] >= result["readings"]
    assert set(result["wall_s"]) == {"readings", "hours and days"}


@pytest.mark.slow
def test_the_pipeline_benchmark_loses_nothing_and_shows_each_process_the_ratio_and_the_latency() -> None:
    result = run("pipeline")

    assert result["published"] == result["committed"] == result["readings"]
    assert result["stored"] == (None if result["store"] == "none" else result["published"])
    store = set() if result["store"] == "none" else {"store"}
    assert set(result["service"]["cpu_us"]) == {"ingest", "outbound", "broker", "publisher"} | store
    assert set(result["stock_paho"]["cpu_us"]) == {"stock paho", "broker", "publisher"}
    assert result["ratio"] > 0
    assert result["ratios"] == [result["service"]["rate"] / result["stock_paho"]["rate"]]
    assert 0 < result["latency"]["committed_p50_ms"] <= result["latency"]["committed_p99_ms"]
    assert result["latency"]["committed_p50_ms"] <= result["latency"]["acknowledged_p50_ms"]
    assert result["latency"]["rate"] * 5 == pytest.approx(result["service"]["rate"])
    ten, shipped = result["latency_with_ten_rules"], result["latency"]
    assert (ten["rate"], ten["readings"]) == (shipped["rate"], shipped["readings"])
    assert 0 < ten["committed_p50_ms"] <= ten["committed_p99_ms"] <= ten["committed_max_ms"]
    assert {"cores", "python", "sqlite", "paho", "mosquitto"} <= set(result["machine"])
    assert any("WITHOUT persistence" in note for note in result["notes"])
    assert any("telegraf" in words for words in result["left_out"])


def test_latency_is_told_of_a_parts_messages_and_of_those_committed_with_an_alert_event(tmp_path: Path) -> None:
    sent_ns = array("q", (1_000_000, 2_000_000, 3_000_000))
    of_another_part = (99, 5_000_000, 5_000_000, 7)
    rows = [(102, 9_000_000, 9_500_000, 0), (100, 3_000_000, 4_000_000, 2), (101, 3_000_000, 4_000_000, 2)]
    (tmp_path / "times").write_bytes(array("q", chain(of_another_part, *rows, (NONE, 0, 0, 4))).tobytes())

    late = latencies(sent_ns, 100, tmp_path / "times")

    assert late == Latencies([1.0, 2.0, 6.0], [2.0, 3.0, 6.5], [1.0, 2.0], 4)


@pytest.mark.slow
def test_the_benchmark_of_rules_shows_both_sides_and_their_ratio() -> None:
    result = run("rules")

    few, many = result["few"], result["many"]
    assert (few["stations"], many["stations"]) == (5, 500)
    assert min(few["events"], many["events"]) > 0
    assert min(few["us"], many["us"]) > 0
    assert 0 < result["quartiles"][0] <= result["ratios_median"] <= result["quartiles"][1]


def test_the_cost_of_the_checks_is_the_median_of_its_pairs() -> None:
    facts = {"published": 10, "committed": 10, "alert_events": 2}
    first, second, third, fourth = [
        (Round(10, seconds, {"ingest": 2.0}, 0.0, facts), Round(10, 1.0, {"ingest": 1.0}, 0.0, facts))
        for seconds in (1.0, 2.0, 4.0, 2.0)
    ]

    result = checks.result_of([[first, second, third], [fourth]], {"cores": 2}, store="none", readings=10)

    assert (result["ratio"], result["ratios"]) == (0.5, [0.5, 0.5])
    assert result["quartiles"] == [0.4375, 0.625]
    assert (result["runs"], result["turns"]) == (2, 4)
    assert result["checked"]["rates"] == [10.0, 5.0, 2.5, 5.0]
    assert result["unchecked"]["rates"] == [10.0] * 4
    assert result["checked"]["cpu_us"] == {"ingest": 2.0}


@pytest.mark.slow
def test_a_backlog_is_committed_and_paid_while_live_readings_go_on() -> None:
    result = run("backlog", "--store", "none")

    assert result["published"] == result["committed"]
    assert result["debts"] == 0
    assert result["alone"]["readings"] == result["with_backlog"]["readings"] > 0
    assert result["nothing_owed_after_s"] > 0


def test_the_load_is_what_the_benchmark_says_it_is() -> None:
    """Goal: figures are comparable. Method: the messages of two steps, decoded by the service's own codec."""
    topics_and_payloads = list(Fleet(BEGIN_AT).messages(Part(7, STATIONS, 2 * STATIONS, SEQ_FIRST)))

    messages = [decode(payload) for _, payload in topics_and_payloads]

    assert {len(payload) for _, payload in topics_and_payloads} == {145}
    assert [int(payload[SEQ_AT]) for _, payload in topics_and_payloads] == [one.seq for one in messages]
    assert len({topic for topic, _ in topics_and_payloads}) == STATIONS
    first, second = messages[0].reports[0], messages[STATIONS].reports[0]
    assert second.observed_at - first.observed_at == REPORT_EVERY_S * 1_000


def test_a_station_of_the_benchmark_counts_the_same_whoever_asks_and_in_which_order() -> None:
    forwards, at_once = Fleet(BEGIN_AT), Fleet(BEGIN_AT)

    counts = [forwards.count(30, step) for step in range(400)]

    assert at_once.count(30, 399) == counts[-1]
    assert counts == sorted(counts)
    assert counts[-1] - counts[0] > 20, "a wet station has storms"
    assert Fleet(BEGIN_AT).count(31, 399) == Fleet(BEGIN_AT).count(31, 0), "nine stations in ten stay dry"


def test_the_history_benchmark_asks_in_both_ways_and_gets_the_same() -> None:
    result = run("history", "--no-influx")

    assert result["rows"] == [5 * 72 * 12, 20 * 48 * 12]
    assert [result["year"][every]["rows"] for every in ("raw", "5m", "1h", "1d")] == [864, 864, 72, 3]
    assert result["year"]["1h"]["ratio"] == result["year"]["1h"]["plain_ms"] / result["year"]["1h"]["ms"] > 0
    assert result["network"]["rows"] == 48 * result["network"]["stations"]
