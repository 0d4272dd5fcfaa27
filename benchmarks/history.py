"""`python -m benchmarks.history`: a year and a large network, by outline and plainly, and from InfluxDB."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.history_records import FIRST_AT, MONTH, QUICK, YEAR, Shape, journal_of, stations_of
from benchmarks.machine import machine
from benchmarks.stores import BUCKET, ORG, on_this_machine, started
from gauge_ingest.core.model import HOUR_MS, Station
from gauge_ingest.history import Every, InfluxCopy, JournalHistory, Question, Source
from gauge_ingest.journal import Reader
from gauge_ingest.stores.influx import InfluxHistory, InfluxSettings, InfluxStore

RUNS, OF_MANY = 5, 20
BATCH_ROWS = 10_000
NOTES = """\
readings every 5 minutes, 700 to 800 mm of rain a year; times are of the question alone, without the start of Python; \
median of the runs, each on a new connection
by outline: what `history` does where nothing is owed; plain: every increment is read
""".splitlines()


class _Plain(JournalHistory):
    """The journal, asked for every increment."""

    def outline(self, station: str, *, since: int, until: int) -> None:  # noqa: ARG002 - as every source is asked
        return


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="days, once: shows that it works, measures nothing")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--dir", type=Path, help="where journals are kept for the next run (default: nowhere)")
    parser.add_argument("--no-influx", action="store_true", help="leave InfluxDB out where it is installed")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    chosen = parser.parse_args()
    runs, shapes = (1, QUICK) if chosen.quick else (chosen.runs, (YEAR, MONTH))
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as passing:
        folder = chosen.dir or Path(passing)
        result = {"machine": machine(folder), "notes": NOTES, "rows": [shape.rows for shape in shapes]}
        result["year"] = _year(journal_of(shapes[0], folder, _told(shapes[0])), shapes[0], runs)
        result["network"] = _network(journal_of(shapes[1], folder, _told(shapes[1])), shapes[1], runs)
        if not chosen.no_influx and "influx" in on_this_machine():
            result["influx"] = _influx(folder / shapes[0].name / "journal.db", shapes[0], runs, Path(passing))
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        _print(result)


def _year(path: Path, shape: Shape, runs: int) -> dict[str, Any]:
    """One station of the year, each kind of history, in ms."""
    station = stations_of(shape)[shape.stations // 2]
    found = {}
    for every in Every:
        question = Question(every, FIRST_AT, FIRST_AT + shape.hours * HOUR_MS)
        quick_ms, rows = _asked(path, JournalHistory, question, [station], runs)
        found[every.value] = {"ms": quick_ms, "rows": rows}
        if every in (Every.HOUR, Every.DAY, Every.MONTH):
            plain_ms, plain_rows = _asked(path, _Plain, question, [station], runs)
            assert rows == plain_rows
            found[every.value] |= {"plain_ms": plain_ms, "ratio": plain_ms / quick_ms}
    return found


def _network(path: Path, shape: Shape, runs: int) -> dict[str, Any]:
    """Some of many stations at hourly steps, in ms for one of them."""
    some = stations_of(shape)[:: max(1, shape.stations // OF_MANY)]
    question = Question(Every.HOUR, FIRST_AT, FIRST_AT + shape.hours * HOUR_MS)
    quick_ms, rows = _asked(path, JournalHistory, question, some, runs)
    plain_ms, _ = _asked(path, _Plain, question, some, runs)
    one_ms = quick_ms / len(some)
    return {
        "stations": len(some),
        "ms": one_ms,
        "plain_ms": plain_ms / len(some),
        "rows": rows,
        "ratio": plain_ms / quick_ms,
    }


def _influx(path: Path, shape: Shape, runs: int, folder: Path) -> dict[str, Any]:
    """The same year of a station from InfluxDB, hourly, in ms."""
    store = started("influx", folder)
    assert store is not None
    token = {"url": store.url, "token": store.token, "org": ORG, "bucket": BUCKET}
    settings = InfluxSettings.model_validate(token | {"timeout_s": 120})
    try:
        _copy(path, shape, settings)
        station = stations_of(shape)[shape.stations // 2]
        question = Question(Every.HOUR, FIRST_AT, FIRST_AT + shape.hours * HOUR_MS)
        with closing(InfluxHistory(settings)) as reads:
            ms, rows = _timed(lambda: len(question.of(InfluxCopy(reads), station)), runs)
        return {"ms": ms, "rows": rows}
    finally:
        store.program.end()


def _copy(path: Path, shape: Shape, settings: InfluxSettings) -> None:
    stations = {one.id: one for one in stations_of(shape)}
    told, span_ms = _told(shape, "copying to InfluxDB"), 10 * 24 * HOUR_MS
    with closing(Reader.open(path)) as reader, closing(InfluxStore(settings, stations)) as writes:
        for place, name in enumerate(stations):
            for begin in range(0, shape.hours * HOUR_MS + span_ms, span_ms):
                since = FIRST_AT - HOUR_MS + begin
                writes.write(list(reader.rows(name, since=since, until=since + span_ms)), [])
            told((place + 1) / len(stations))


def _asked(
    path: Path, kind: Callable[[Reader], Source], question: Question, stations: Sequence[Station], runs: int
) -> tuple[float, int]:
    """Milliseconds for all of these stations, and how many rows the answers have."""

    def ask() -> int:
        with closing(Reader.open(path)) as reader:
            return sum(len(question.of(kind(reader), station)) for station in stations)

    return _timed(ask, runs)


def _timed(ask: Callable[[], int], runs: int) -> tuple[float, int]:
    took_ms, rows = [], 0
    for _ in range(runs):
        begun = time.perf_counter()
        rows = ask()
        took_ms.append((time.perf_counter() - begun) * 1000)
    return median(took_ms), rows


def _told(shape: Shape, doing: str = "making") -> Callable[[float], None]:
    """Says on stderr how far it is, each tenth."""
    tenths = -1

    def told(done: float) -> None:
        nonlocal tenths
        if int(done * 10) > tenths:
            tenths = int(done * 10)
            print(f"{doing} {shape.name}, {shape.rows:,} rows: {tenths * 10} %", file=sys.stderr)

    return told


def _print(result: dict[str, Any]) -> None:
    print(f"a year of five stations ({result['rows'][0]:,} rows), one of them:")
    for every, one in result["year"].items():
        plain = f", plain {one['plain_ms']:.0f} ms: {one['ratio']:.1f} times" if "plain_ms" in one else ""
        print(f"  {every:>6}  {one['ms']:8.1f} ms  {one['rows']:7,} rows{plain}")
    one = result["network"]
    print(f"a month of a thousand stations ({result['rows'][1]:,} rows), hourly, for one station:")
    print(f"          {one['ms']:8.1f} ms, plain {one['plain_ms']:.1f} ms: {one['ratio']:.1f} times")
    if "influx" in result:
        times = result["influx"]["ms"] / result["year"]["1h"]["ms"]
        print(f"the year hourly from InfluxDB: {result['influx']['ms']:.0f} ms, {times:.0f} times the journal's")
    for note in result["notes"]:
        print(f"  {note}")


if __name__ == "__main__":
    main()
