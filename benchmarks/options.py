"""What the benchmarks of the whole path are asked on the command line."""

import argparse
from pathlib import Path
from typing import NamedTuple

from benchmarks.servers import PROTOCOLS
from benchmarks.stores import STORES, on_this_machine


class Size(NamedTuple):
    """How much is measured unless told otherwise, and how much with --quick."""

    runs: int
    readings: int
    quick_runs: int
    quick_readings: int


def options(program: str, description: str | None, size: Size, *, round_of: str) -> argparse.Namespace:
    """The options of a benchmark whose rounds are those of `round_of`; ends with a message when they cannot be."""
    here = on_this_machine()
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=description)
    parser.add_argument("--store", choices=[*STORES, "none"], default=here[0] if here else "none")
    parser.add_argument("--protocol", choices=PROTOCOLS, default=PROTOCOLS[0], help="of MQTT, for both sides")
    parser.add_argument("--runs", type=int, help=f"rounds of {round_of} (default {size.runs})")
    parser.add_argument("--readings", type=int, help=f"per round (default {size.readings})")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, measures nothing")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--dir", type=Path, help="where journal, broker and store live (default: the system's)")
    chosen = parser.parse_args()
    if chosen.store not in ("none", *here):
        parser.error(f"{STORES[chosen.store][0]} is not on this machine; choose {' or '.join([*here, 'none'])}")
    chosen.runs = chosen.runs or (size.quick_runs if chosen.quick else size.runs)
    chosen.readings = chosen.readings or (size.quick_readings if chosen.quick else size.readings)
    return chosen
