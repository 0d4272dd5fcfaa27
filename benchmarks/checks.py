"""`python -m benchmarks.checks`: the whole path with the quality checks against the same without them, in one run."""

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.fleet import STATIONS
from benchmarks.machine import machine
from benchmarks.options import Size, options
from benchmarks.rounds import Round, turns

SIZE = Size(runs=3, readings=200_000, quick_runs=1, quick_readings=4_000)
TURN = 2_000  # readings: a tenth of a second, a batch or two
KEPT = 0.9  # of the readings a second without checks, at least so much is wanted with them
NOTES = f"""\
the load, the broker and what is waited for are those of benchmarks.pipeline: {STATIONS} stations, each compared with \
its ten nearest neighbours, one in ten with rain and storms
without checks: the same service, in which every reading is good as soon as it is derived (benchmarks.unchecked_service)
both run side by side and take turns at {TURN:,} readings each; the ratio is the median of the pairs of turns
""".splitlines()


def main() -> None:
    """Measure and print."""
    chosen = options("checks", __doc__, SIZE, round_of="the service with and without checks")
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=chosen.dir) as folder:
        where = Path(folder)
        runs: list[list[tuple[Round, Round]]] = []
        for number in range(chosen.runs):
            _progress(f"run {number + 1} of {chosen.runs}")
            each = min(TURN, chosen.readings)
            taken = turns(chosen.store, each, where, number=chosen.readings // each, protocol=chosen.protocol)
            runs.append(list(taken))
        result = result_of(runs, machine(where), store=chosen.store, readings=chosen.readings)
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        _show(result, Console())


def result_of(
    runs: Sequence[Sequence[tuple[Round, Round]]], here: Mapping[str, Any], **asked: object
) -> dict[str, Any]:
    """Every figure of some runs, each of pairs of turns with checks and without, as one document."""
    pairs = [pair for run in runs for pair in run]
    sides = {"checked": [one for one, _ in pairs], "unchecked": [other for _, other in pairs]}
    of_runs = [[one.rate / other.rate for one, other in run] for run in runs]
    return {
        "machine": dict(here),
        "runs": len(runs),
        "turns": len(pairs),
        **asked,
        **{
            name: {
                "rates": [one.rate for one in rounds],
                "cpu_us": {
                    process: statistics.median(one.cpu_us[process] for one in rounds) for process in rounds[0].cpu_us
                },
                "strangers": statistics.median(one.strangers for one in rounds),
                "published": sum(one.facts["published"] for one in rounds),
                "committed": sum(one.facts["committed"] for one in rounds),
                "alert_events": [one.facts["alert_events"] for one in rounds],
            }
            for name, rounds in sides.items()
        },
        "ratios": [statistics.median(ratios) for ratios in of_runs],
        "ratio": statistics.median(ratio for ratios in of_runs for ratio in ratios),
        "quartiles": quartiles([ratio for ratios in of_runs for ratio in ratios]),
        "wanted": KEPT,
        "notes": list(NOTES),
    }


def quartiles(values: Sequence[float]) -> list[float]:
    """The middle half of some values: from where to where it reaches."""
    if len(values) < 2:
        return [*values, *values]
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return [lower, upper]


def _show(result: Mapping[str, Any], console: Console) -> None:
    here = result["machine"]
    console.print(
        f"{here['cores']} cores {here['model']}, python {here['python']}; {result['runs']} runs of"
        f" {result['readings']} readings, {result['turns']} pairs of turns, store: {result['store']}",
        highlight=False,
    )
    table = Table("", "readings/s", "lowest … highest", "µs CPU per reading", "others' share of the work")
    for name, words in (("checked", "with all checks"), ("unchecked", "without checks")):
        one = result[name]
        cpu = ", ".join(f"{process} {used:.1f}" for process, used in one["cpu_us"].items())
        span = f"{min(one['rates']):,.0f} … {max(one['rates']):,.0f}"
        table.add_row(words, f"{statistics.median(one['rates']):,.0f}", span, cpu, f"{one['strangers']:.0%}")
    console.print(table)
    of_runs = ", ".join(f"{ratio:.3f}" for ratio in result["ratios"])
    lower, upper = result["quartiles"]
    holds = "holds" if result["ratio"] >= result["wanted"] else "does not hold"
    console.print(
        f"with ÷ without, median of the pairs: {result['ratio']:.3f}   (half of them {lower:.2f} … {upper:.2f};"
        f" by runs {of_runs}); wanted at least {result['wanted']}: {holds}",
        highlight=False,
    )
    for note in result["notes"]:
        console.print(f"· {note}", highlight=False)


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(words + "\n")


if __name__ == "__main__":
    main()
