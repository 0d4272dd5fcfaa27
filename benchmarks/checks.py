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
from benchmarks.rounds import Round, service_round

SIZE = Size(runs=5, readings=200_000, quick_runs=1, quick_readings=4_000)
KEPT = 0.9  # of the readings a second without checks, at least so much is wanted with them
NOTES = f"""\
the load, the broker and what is waited for are those of benchmarks.pipeline: {STATIONS} stations, each compared with \
its ten nearest neighbours, one in ten with rain and storms
without checks: the same service, in which every reading is good as soon as it is derived (benchmarks.unchecked_service)
rounds take turns; the ratio is the median of the pairs
""".splitlines()


def main() -> None:
    """Measure and print."""
    chosen = options("checks", __doc__, SIZE, round_of="the service with and without checks")
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=chosen.dir) as folder:
        where = Path(folder)
        pairs: list[tuple[Round, Round]] = []
        for number in range(chosen.runs):
            _progress(f"round {number + 1} of {chosen.runs}")
            checked, unchecked = (
                service_round(chosen.store, chosen.readings, where, protocol=chosen.protocol, checked=checked)
                for checked in (True, False)
            )
            pairs.append((checked, unchecked))
        result = result_of(pairs, machine(where), store=chosen.store, readings=chosen.readings)
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        _show(result, Console())


def result_of(pairs: Sequence[tuple[Round, Round]], here: Mapping[str, Any], **asked: object) -> dict[str, Any]:
    """Every figure of some pairs of rounds, with checks and without, as one document."""
    sides = {"checked": [one for one, _ in pairs], "unchecked": [other for _, other in pairs]}
    ratios = [one.rate / other.rate for one, other in pairs]
    return {
        "machine": dict(here),
        "runs": len(pairs),
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
        "ratios": ratios,
        "ratio": statistics.median(ratios),
        "wanted": KEPT,
        "notes": list(NOTES),
    }


def _show(result: Mapping[str, Any], console: Console) -> None:
    here = result["machine"]
    console.print(
        f"{here['cores']} cores {here['model']}, python {here['python']}; {result['runs']} rounds of"
        f" {result['readings']} readings, store: {result['store']}",
        highlight=False,
    )
    table = Table("", "readings/s", "lowest … highest", "µs CPU per reading", "others' share of the work")
    for name, words in (("checked", "with all checks"), ("unchecked", "without checks")):
        one = result[name]
        cpu = ", ".join(f"{process} {used:.1f}" for process, used in one["cpu_us"].items())
        span = f"{min(one['rates']):,.0f} … {max(one['rates']):,.0f}"
        table.add_row(words, f"{statistics.median(one['rates']):,.0f}", span, cpu, f"{one['strangers']:.0%}")
    console.print(table)
    ratios = ", ".join(f"{ratio:.2f}" for ratio in sorted(result["ratios"]))
    holds = "holds" if result["ratio"] >= result["wanted"] else "does not hold"
    console.print(
        f"with ÷ without, median of pairs: {result['ratio']:.2f}   ({ratios});"
        f" wanted at least {result['wanted']}: {holds}",
        highlight=False,
    )
    for note in result["notes"]:
        console.print(f"· {note}", highlight=False)


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(words + "\n")


if __name__ == "__main__":
    main()
