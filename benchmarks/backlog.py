"""`python -m benchmarks.backlog`: does a day's backlog of stations that were cut off deafen us to the present?"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.fleet import SEQ_FIRST, STATIONS, Part, begin_at
from benchmarks.machine import machine
from benchmarks.rounds import WARM_STEPS, latencies, percentile, running_store, stage, warm_up
from benchmarks.servers import Publisher, Service
from benchmarks.stores import STORES, on_this_machine

CUT_OFF, DAY_STEPS = 200, 288
LIVE_PER_S, LIVE_S = 200.0, 30.0
BACKLOG_PER_S = 5_000.0  # 25 messages a second from each: what a link of 40 kbit/s carries
BACKLOG_SEQ_FIRST = 5_000_000
NOTES = f"""\
{STATIONS} stations report live all the time, one reading per message; those that were cut off report live as well, so \
that every reading of their backlog lies before their newest and is derived as a debt
live readings: from the sending of each message until its transaction was durable (benchmarks.timed_service); first \
alone, then while the backlog arrives and is paid
nothing owed: from the first late message sent until all are committed and the journal has no debt
mosquitto without persistence; MQTT has one queue to us: a backlog faster than we commit delays what stands behind it
""".splitlines()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backlog", description=__doc__)
    here = on_this_machine()
    parser.add_argument("--store", choices=[*here, "none"], default=here[0] if here else "none")
    parser.add_argument("--backlog-per-s", type=float, default=BACKLOG_PER_S, help="0: as fast as the broker takes it")
    parser.add_argument("--quick", action="store_true", help="two hours of 50 stations: shows that it works")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--dir", type=Path, help="where journal, broker and store live (default: the system's)")
    chosen = parser.parse_args()
    stations, steps, live_s = (50, 24, 4.0) if chosen.quick else (CUT_OFF, DAY_STEPS, LIVE_S)
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=chosen.dir) as folder:
        result = measure(
            chosen.store,
            backlog=Part(WARM_STEPS, stations, stations * steps, BACKLOG_SEQ_FIRST, chosen.backlog_per_s),
            live_s=live_s,
            where=Path(folder),
        )
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        show(result, Console())


def measure(store_name: str, *, backlog: Part, live_s: float, where: Path) -> dict[str, Any]:
    """Every figure as one document."""
    assert store_name == "none" or store_name in STORES
    with stage(where) as (folder, stack, broker):
        store, times = running_store(store_name, folder, stack), folder / "service.times"
        service = Service(broker.port, folder, store, timed=times)
        stack.callback(service.program.end)
        parts = _live_parts(backlog, round(LIVE_PER_S * live_s))
        beginning = begin_at(parts[-1].first_step + parts[-1].count // STATIONS + 1, now=time.time())
        live = Publisher(broker.port, folder, begin_at=beginning, parts=parts, name="live")
        stack.callback(live.program.end)
        late = Publisher(broker.port, folder, begin_at=beginning, parts=[backlog], name="late")
        stack.callback(late.program.end)
        done = warm_up(live, service)
        live.go()
        live.sent()
        service.progress.wait_for(done + parts[-2].count)
        live.go()
        late.go()
        sent = late.sent()
        service.progress.wait_until_paid(done + parts[-2].count + backlog.count)
        owed_s = time.monotonic() - sent["begun_ns"] / 1e9
        live.sent()
        everything = done + parts[-2].count + parts[-1].count + backlog.count
        service.progress.wait_for(everything)
        readings, debts = service.progress.readings(), service.progress.debts()
        service.program.end()
        sides = [_latency(live, place, part, times) for place, part in enumerate(parts) if part.rate]
        return {
            "machine": machine(where),
            "store": store_name,
            "live_per_s": LIVE_PER_S,
            "backlog": {"stations": backlog.stations, "readings": backlog.count, "per_s": backlog.rate},
            "alone": sides[0],
            "with_backlog": sides[1],
            "nothing_owed_after_s": owed_s,
            "published": everything,
            "committed": readings,
            "stored": store.count(everything) if store else None,
            "debts": debts,
            "notes": list(NOTES),
        }


def show(result: dict[str, Any], console: Console) -> None:
    """The document as a table with what its figures mean."""
    here, backlog = result["machine"], result["backlog"]
    console.print(f"{here['cores']} cores {here['model']}, Python {here['python']}, SQLite {here['sqlite']}")
    table = Table("live readings, publish to committed", "readings", "p50 ms", "p99 ms", "max ms")
    for name, key in (("alone", "alone"), ("with the backlog", "with_backlog")):
        one = result[key]
        table.add_row(name, str(one["readings"]), *(f"{one[share]:.2f}" for share in ("p50_ms", "p99_ms", "max_ms")))
    console.print(table)
    pace = f"{backlog['per_s']:,.0f}/s" if backlog["per_s"] else "as fast as the broker took them"
    console.print(
        f"{backlog['readings']} late readings of {backlog['stations']} stations, {pace}, beside"
        f" {result['live_per_s']:.0f}/s live:"
        f" nothing owed {result['nothing_owed_after_s']:.1f} s after the first of them",
        highlight=False,
    )
    console.print(
        f"published {result['published']}, committed {result['committed']}, in the store {result['stored']},"
        f" debts {result['debts']}",
        highlight=False,
    )
    for note in result["notes"]:
        console.print(f"· {note}", highlight=False)


def _live_parts(backlog: Part, count: int) -> list[Part]:
    """The first reports, the live ones without and those with a backlog; the backlog's steps lie between them."""
    first = WARM_STEPS + backlog.count // backlog.stations
    second = first + -(-count // STATIONS)
    warm = [Part(step, STATIONS, STATIONS, SEQ_FIRST + step * STATIONS) for step in range(WARM_STEPS)]
    seq = SEQ_FIRST + WARM_STEPS * STATIONS
    return [
        *warm,
        Part(first, STATIONS, count, seq, LIVE_PER_S),
        Part(second, STATIONS, count, seq + count, LIVE_PER_S),
    ]


def _latency(live: Publisher, place: int, part: Part, times: Path) -> dict[str, float]:
    committed_ms = latencies(live.times_ns(place), part.seq_first, times).committed_ms
    assert len(committed_ms) == part.count, f"{part.count - len(committed_ms)} live messages were never committed"
    return {
        "readings": part.count,
        "p50_ms": percentile(committed_ms, 50),
        "p99_ms": percentile(committed_ms, 99),
        "max_ms": committed_ms[-1],
    }


if __name__ == "__main__":
    main()
