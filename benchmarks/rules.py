"""`python -m benchmarks.rules`: ten rules at each of 10,000 stations against ten rules at each of five, in one run."""

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.fleet import BASIN, SEQ_FIRST, TEN_RULES, Fleet, Part, begin_at, write_configuration
from benchmarks.machine import machine
from gauge_ingest.app.accepted import network_of
from gauge_ingest.codecs import CODECS
from gauge_ingest.configuration import load
from gauge_ingest.journal import Journal
from gauge_ingest.pump import Delivery, Pump, PumpSettings

FEW, MANY, QUICK_MANY = 5, 10_000, 500
BATCH = 500  # messages: what arrives while a commit is made, at full load
WARM_STEPS = 3
RATIO_MAX = 1.3
NOTES = f"""\
rules: benchmarks/ten_rules.toml, seven at each station and three at each basin of {BASIN} stations: sums, wetness, a \
season, colours, Caine's curve, a rise, a minimum duration; mean, maximum and two of a basin
load: as in benchmarks.pipeline, one station in ten rains and has storms that raise alerts; with {FEW} stations every \
one is looked at with the rain of one in ten, so that both sides have the same share of wet readings
processor time of this process alone, for decoding, derivation, checks, rules and the commit of batches of {BATCH}; \
both sides in turns; the few have more storms in so many turns than the many, which their mean shows
""".splitlines()


class Side:
    """A pump with its journal and a load for it."""

    def __init__(self, stations: int, folder: Path, stack: ExitStack, *, readings: int) -> None:
        steps = WARM_STEPS + readings // stations + 2
        begin = begin_at(steps, now=time.time())
        config = write_configuration(folder, rules=TEN_RULES, settings="", stations=stations, basin=BASIN)
        self.stations = stations
        self._journal = Journal(folder / "journal.db")
        stack.callback(self._journal.close)
        self._now = begin * 1000
        self._begin = begin
        self.pump = Pump(self._journal, CODECS["json_v1"], PumpSettings(), now=lambda: self._now)
        self.pump.configure(network_of(load(config, {})))
        fleet = Fleet(begin, stations=stations)
        self._messages = fleet.messages(Part(0, stations, steps * stations, SEQ_FIRST))
        self._taken = 0
        for _ in range(WARM_STEPS):
            self._commit(stations)
            while self.pump.pay_debts():
                pass

    def turn(self) -> float:
        """Microseconds of processor time per reading of one batch."""
        deliveries = self._next(BATCH)
        begun = time.process_time_ns()
        self.pump.take(deliveries)
        return (time.process_time_ns() - begun) / 1e3 / BATCH

    def pay(self) -> None:
        """Pay what is owed, outside the clock: with both loads next to nothing is."""
        while self.pump.owing and self.pump.pay_debts():
            pass

    @property
    def events(self) -> int:
        """How many alert events there were."""
        return len(self._journal.reader.alerts.changes(0, events_max=1 << 30)[1])

    def _commit(self, count: int) -> None:
        self.pump.take(self._next(count))

    def _next(self, count: int) -> list[Delivery]:
        deliveries = [Delivery(topic.decode(), payload) for topic, payload in _first(self._messages, count)]
        self._taken += count
        self._now = (self._begin + self._taken // self.stations * 300 + 600) * 1000
        return deliveries


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--turns", type=int, default=400, help="batches of each side (default 400)")
    parser.add_argument("--quick", action="store_true", help="a short one: shows that it works, measures nothing")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--dir", type=Path, help="where the journals live (default: the system's)")
    chosen = parser.parse_args()
    turns, stations = (4, QUICK_MANY) if chosen.quick else (chosen.turns, MANY)
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=chosen.dir) as folder:
        result = measure(turns, Path(folder), stations=stations)
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return
    few, many = result["few"], result["many"]
    sys.stdout.write(
        f"{FEW} stations x 10 rules: {few['us']:.1f} us CPU per reading, {few['events']} events\n"
        f"{many['stations']:,} stations x 10 rules: {many['us']:.1f} us CPU per reading, {many['events']} events\n"
        f"ratio of the medians: {many['us'] / few['us']:.3f}, of the means: {result['ratio']:.3f}; pairs of turns:"
        f" {result['turns']}, half of them {result['quartiles'][0]:.2f} ... {result['quartiles'][1]:.2f}; wanted at"
        f" most {RATIO_MAX}: {'holds' if many['us'] / few['us'] <= RATIO_MAX else 'does not hold'}\n"
    )
    for note in result["notes"]:
        sys.stdout.write(f"· {note}\n")


def measure(turns: int, where: Path, *, stations: int) -> dict[str, Any]:
    """Every figure as one document."""
    with ExitStack() as stack:
        few = Side(FEW, where / "few", stack, readings=turns * BATCH)
        many = Side(stations, where / "many", stack, readings=turns * BATCH)
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)  # as the service does
        pairs = list(_pairs(few, many, turns))
        events = few.events, many.events
    ratios = [of_many / of_few for of_few, of_many in pairs]
    lower, _, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    return {
        "machine": machine(where),
        "turns": turns,
        "few": {"stations": FEW, "us": statistics.median(one for one, _ in pairs), "events": events[0]},
        "many": {"stations": stations, "us": statistics.median(one for _, one in pairs), "events": events[1]},
        "ratio": statistics.mean(one for _, one in pairs) / statistics.mean(one for one, _ in pairs),
        "ratios_median": statistics.median(ratios),
        "quartiles": [lower, upper],
        "wanted_at_most": RATIO_MAX,
        "notes": list(NOTES),
    }


def _pairs(few: Side, many: Side, turns: int) -> Iterator[tuple[float, float]]:
    for turn in range(turns):
        order: Sequence[Side] = (few, many) if turn % 2 else (many, few)
        taken = {side: side.turn() for side in order}
        for side in order:
            side.pay()
        yield taken[few], taken[many]


def _first(messages: Iterator[tuple[bytes, bytes]], count: int) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(count):
        yield next(messages)


if __name__ == "__main__":
    main()
