"""`python -m benchmarks.rehearse`: a year of five stations under two rule files, beside a plain read of the file."""

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import machine

ROOT = Path(__file__).parent.parent
BEIJING = timezone(timedelta(hours=8))
BEGIN = datetime(2026, 1, 1, 8, tzinfo=BEIJING)
STATIONS = [f"HTB0{number}" for number in range(1, 6)]
YEAR_STEPS, QUICK_STEPS, RUNS = 105_120, 2_016, 3
NOTES = f"""\
a year of {len(STATIONS)} stations, a line every 5 minutes, showers in about 2 % of them; the shipped rules and a copy \
with half-hour thresholds a third higher
the command as people run it, from its start to its end, and a loop of Python's csv.reader over the same file, which \
only counts lines; median of alternating runs
""".splitlines()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearse", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a week, once: shows that it works, measures nothing")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        result = measure(Path(folder), QUICK_STEPS if chosen.quick else YEAR_STEPS, 1 if chosen.quick else chosen.runs)
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return
    print(" ".join(result["command"]))
    print(f"{result['rows']:,} rows, {result['alerts']} and {result['alerts_against']} alerts")
    print(f"{result['seconds']:.1f} s ({result['cpu_s']:.1f} s of the processor), {result['rows_per_s']:,.0f} rows/s")
    plain = f"a plain read ({result['plain_s']:.2f} s)"
    print(f"{result['ratio']:.1f} times as long as {plain}; at most {result['peak_mb']:.0f} MB")
    for note in result["notes"]:
        print(f"  {note}")


def measure(folder: Path, steps: int, runs: int) -> dict[str, Any]:
    """Every figure as one document."""
    file, rules = folder / "year.csv", folder / "new.toml"
    rows = write_year(file, steps)
    shipped = (ROOT / "config" / "rules.toml").read_text(encoding="utf-8")
    rules.write_text(shipped.replace("prepare = 6, immediate = 10", "prepare = 8, immediate = 13"), encoding="utf-8")
    options = ["--rules", str(rules), "--against", "config/rules.toml", "--csv", str(file), "--json"]
    command = [sys.executable, "-m", "gauge_ingest", "rehearse", *options]
    took, cpu, plain, document = [], [], [], {}
    for _ in range(runs):
        plain.append(_read_plainly(file))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        took.append(time.perf_counter() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        document = json.loads(done.stdout)
    return {
        "command": ["python", *command[1:4], *options[:-1]],
        "rows": rows,
        "alerts": len(document["rules"][0]["alerts"]),
        "alerts_against": len(document["rules"][1]["alerts"]),
        "seconds": median(took),
        "cpu_s": median(cpu),
        "rows_per_s": rows / median(took),
        "plain_s": median(plain),
        "ratio": median(took) / median(plain),
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "machine": machine(folder),
        "notes": NOTES,
    }


def write_year(file: Path, steps: int) -> int:
    """Lines of rain with showers, the same each time; how many."""
    draw = random.Random(2026)
    wet = dict.fromkeys(STATIONS, 0)
    with file.open("w", encoding="utf-8") as out:
        out.write("station,observed_at,rain_mm\n")
        for step in range(steps):
            at = (BEGIN + timedelta(minutes=5 * step)).isoformat()
            for station in STATIONS:
                wet[station] = wet[station] - 1 if wet[station] else draw.randrange(40) * (draw.random() < 0.001)
                rain_mm = 0.5 * draw.choice((0, 0, 1, 1, 2, 3)) if wet[station] else 0.0
                out.write(f"{station},{at},{rain_mm:g}\n")
    return steps * len(STATIONS)


def _read_plainly(file: Path) -> float:
    begun = time.perf_counter()
    with file.open(encoding="utf-8", newline="") as lines:
        assert sum(1 for _ in csv.reader(lines))
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
