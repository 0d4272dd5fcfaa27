"""`python -m benchmarks.catch_up`: a day's backlog of 10,000 stations into InfluxDB, while they go on reporting."""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from array import array
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from benchmarks.machine import machine
from benchmarks.stores import BUCKET, ORG, on_this_machine, started
from gauge_ingest.core.model import Deployment, Flag, Increment, Report, Station, Step
from gauge_ingest.core.quality.verdicts import Verdict
from gauge_ingest.journal import Journal, Reader
from gauge_ingest.outbound import CopyFollower, Positions, StoreFollower, WindowFollower
from gauge_ingest.outbound.follow import IDLE_S
from gauge_ingest.stores.influx import InfluxSettings, InfluxStore, InfluxWindows

STATIONS, STEPS, STEP_MS = 10_000, 288, 300_000
FIRST_AT = 1_784_073_600_000  # 2026-07-15T08:00:00+08:00
LIVE_EVERY_S = 0.5  # a batch of what comes now, of LIVE_ROWS readings: what 10,000 stations report in that time
LIVE_ROWS = 17
GOOD = Verdict(Flag.GOOD, 0)
NOTES = """\
the journal is filled first, one change of the log for each reading, as when each comes by itself; then followers copy \
readings, hours and days to a fresh influxd on the same machine, as the outbound process does, each in a thread
live: every half second 17 new readings are committed; how long until each of them was copied
server time: user and system time of influxd (/proc); one reading in ten is wet, none brings a voltage
""".splitlines()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catch_up", description=__doc__)
    parser.add_argument("--stations", type=int, default=STATIONS)
    parser.add_argument("--rows-max", type=int, default=50_000, help="of one request")
    parser.add_argument("--oldest", action="store_true", help="the oldest first")
    parser.add_argument("--quick", action="store_true", help="twenty stations: shows that it works, measures nothing")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    chosen = parser.parse_args()
    if "influx" not in on_this_machine():
        sys.exit("there is no influxd on PATH")
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        number = 20 if chosen.quick else chosen.stations
        result = measure(Path(folder), number, rows_max=chosen.rows_max, oldest=chosen.oldest)
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        Console().print_json(json.dumps(result))


def measure(folder: Path, number: int, *, rows_max: int, oldest: bool) -> dict[str, Any]:
    """Every figure as one document."""
    stations = [f"S{place:05d}" for place in range(number)]
    deployment = Deployment(0, 0.5, 65_536, 43.75, 86.57, 1250.0)
    known = {name: Station(name, name, (deployment,)) for name in stations}
    path = folder / "journal.db"
    journal = _filled(path, stations)
    store = started("influx", folder)
    assert store is not None
    settings = InfluxSettings.model_validate({"url": store.url, "token": store.token, "org": ORG, "bucket": BUCKET})
    positions = Positions(folder / "outbound.db")
    common: dict[str, Any] = {"now": lambda: 0, "retry_max_s": 1.0, "catch_up": "oldest" if oldest else "newest"}
    followers: list[CopyFollower] = [
        StoreFollower(InfluxStore(settings, known), path, positions, catch_up_rows_max=rows_max, **common),
        WindowFollower(InfluxWindows(settings), known, path, positions, **common),
    ]
    try:
        return {
            "machine": machine(folder),
            "notes": NOTES,
            "readings": number * STEPS,
            **_caught_up(journal, path, followers, positions, store.program.pid),
            "found_in_the_store": store.count(number * STEPS + LIVE_ROWS * journal_live(journal, number)),
        }
    finally:
        store.program.end()
        journal.close()


def journal_live(journal: Journal, number: int) -> int:
    """How many live batches were committed."""
    return journal.reader.newest_seq() - number * STEPS


def _filled(path: Path, stations: list[str]) -> Journal:
    """A day of every station, step by step."""
    journal = Journal(path)
    with journal.transaction():
        numbers = [journal.station_number(name) for name in stations]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for step in bar.track(range(STEPS), description="filling the journal"):
            with journal.transaction():
                _report(journal, stations, numbers, step)
    return journal


def _report(journal: Journal, stations: list[str], numbers: list[int], step: int, *, together: bool = False) -> None:
    at, new = FIRST_AT + (step + 1) * STEP_MS, []
    for place, (name, number) in enumerate(zip(stations, numbers, strict=True)):
        tips = 3 if (place + step) % 10 == 0 else 0
        report = Report(name, at, 3 * step // 10, received_at=at + 2_000, claimed_at=at, seq=step)
        new.append((number, report, Increment(at - STEP_MS, at, tips, tips, tips, Step.STEADY, Flag.GOOD, False), GOOD))
    journal.add_readings(new, 1)
    if together:
        journal.log_rain(array("q", [value for number in numbers for value in (number, at - 1, at)]))
    else:
        for number in numbers:
            journal.log_rain(array("q", [number, at - 1, at]))


def _caught_up(
    journal: Journal, path: Path, followers: list[CopyFollower], positions: Positions, server: int
) -> dict[str, Any]:
    done: dict[str, float] = {}
    begun_s, server_s, own_s = time.perf_counter(), _cpu_s(server), time.process_time()

    def carry_on(follower: CopyFollower) -> None:
        while follower.step() != IDLE_S or positions.backlog(follower.name, follower.position.epoch):
            if follower.error:
                sys.exit(follower.error)
        done.setdefault(follower.name, time.perf_counter() - begun_s)

    threads = [threading.Thread(target=carry_on, args=(one,)) for one in followers]
    for thread in threads:
        thread.start()
    waits_s = _live(journal, path, followers[0], threads)
    for thread in threads:
        thread.join()
    names = ("readings", "hours and days")
    return {
        "wall_s": {name: round(done[one.name], 1) for name, one in zip(names, followers, strict=True)},
        "server_s": round(_cpu_s(server) - server_s, 1),
        "own_s": round(time.process_time() - own_s, 1),
        "live_copied_after_s": {"median": waits_s[len(waits_s) // 2], "most": waits_s[-1]} if waits_s else None,
    }


def _live(journal: Journal, path: Path, follower: CopyFollower, threads: list[threading.Thread]) -> list[float]:
    """Report while the backlog is copied; how long each batch waited, in order of size."""
    waits_s: list[float] = []
    with closing(Reader.open(path)) as reader:
        names, step = reader.stations()[:LIVE_ROWS], STEPS
        numbers = [number for name in names if (number := reader.number(name)) is not None]
        while any(thread.is_alive() for thread in threads):
            with journal.transaction():
                _report(journal, names, numbers, step, together=True)
            seq, begun_s, step = reader.newest_seq(), time.perf_counter(), step + 1
            while follower.position.seq < seq and any(thread.is_alive() for thread in threads):
                time.sleep(0.01)
            waits_s.append(round(time.perf_counter() - begun_s, 2))
            time.sleep(LIVE_EVERY_S)
    return sorted(waits_s[:-1])


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
