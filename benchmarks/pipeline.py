"""`python -m benchmarks.pipeline`: the whole path against stock paho that only counts, in one run on this machine."""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.fleet import STATIONS, TEN_RULES
from benchmarks.machine import machine, program_path
from benchmarks.options import Size, options
from benchmarks.rounds import WARM_STEPS, Round, baseline_round, latency_round, publisher_round, service_round
from benchmarks.servers import PROTOCOLS, SHIPPED_RULES
from benchmarks.stores import STORES, on_this_machine

SIZE = Size(runs=5, readings=200_000, quick_runs=1, quick_readings=4_000)
LATENCY_SHARE = 5  # latency is measured at one fifth of the load
LATENCY_S = 10.0
NOTES = f"""\
end to end: from the first message sent until the last reading is committed (synchronous=full), ruled, nothing is \
owed, and the store's position is the journal's newest change; then the store is asked how many readings it holds
load: {STATIONS} stations, one reading of 145 bytes per message, QoS 1, observed five minutes apart in the last days; \
one station in ten rains and has storms that raise alerts by the shipped rules (config/rules.toml); a reading brings \
no voltage, so the store gets one line for it (a voltage is a second line: about 3 µs more in all)
broker: mosquitto WITHOUT persistence, limits opened (max_inflight_messages 0, max_queued_messages 0)
stock paho: paho-mqtt 2.x, manual_ack off, loop_forever, a counter in on_message; same broker, load and protocol \
(--protocol; stock paho is quickest at 3.1.1, the service is configured for MQTT 5 as it is shipped)
each of {STATIONS} stations has reported {WARM_STEPS} times before the clock starts, in every round; service and stock \
paho take turns; medians of all rounds; every round has a new broker, journal and store
CPU: user and system time of each process (/proc), without its children, per reading, granularity 10 ms; others' \
share: what processes outside the benchmark had of all work done meanwhile; with much of it, trust the ratio only
latency: the same service with a look at the clock when Pump.take has returned, which is after the commit, and when \
the PUBACKs were written (benchmarks.timed_service), from the sending of each message, same machine's clock; sent one \
by one at a steady pace of a fifth of the load; once with the shipped rules and once, at the same pace, with ten rules \
of every kind at each station and its basin (benchmarks/ten_rules.toml)
""".splitlines()


def main() -> None:
    """Measure and print."""
    chosen = options("pipeline", __doc__, SIZE, round_of="service and stock paho")
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=chosen.dir) as folder:
        result = measure(
            chosen.store,
            protocol=chosen.protocol,
            runs=chosen.runs,
            readings=chosen.readings,
            latency_s=1.0 if chosen.quick else LATENCY_S,
            where=Path(folder),
        )
    if chosen.json:
        sys.stdout.write(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    else:
        show(result, Console())


def measure(
    store: str, *, runs: int, readings: int, latency_s: float, where: Path, protocol: str = PROTOCOLS[0]
) -> dict[str, Any]:
    """Every figure as one document."""
    asked = {"store": store, "protocol": protocol, "runs": runs, "readings": readings}
    result: dict[str, Any] = {"machine": machine(where), **asked}
    pairs: list[tuple[Round, Round]] = []
    for number in range(runs):
        _progress(f"round {number + 1} of {runs}")
        pairs.append(
            (
                service_round(store, readings, where, protocol=protocol),
                baseline_round(readings, where, protocol=protocol),
            )
        )
    _progress("publisher alone, latency")
    alone = publisher_round(readings, where)
    rate = statistics.median(service.rate for service, _ in pairs) / LATENCY_SHARE
    late, late_with_ten = (
        latency_round(store, max(500, round(rate * latency_s)), rate, where, protocol=protocol, rules=rules)
        for rules in (SHIPPED_RULES, TEN_RULES)
    )
    services, baselines = [service for service, _ in pairs], [baseline for _, baseline in pairs]
    facts = [service.facts for service in services]
    return {
        **result,
        "service": _summary(services),
        "stock_paho": _summary(baselines),
        "publisher_alone": _summary([alone]),
        "ratio": statistics.median(service.rate / baseline.rate for service, baseline in pairs),
        "ratios": [service.rate / baseline.rate for service, baseline in pairs],
        "latency": late,
        "latency_with_ten_rules": late_with_ten,
        "published": sum(fact["published"] for fact in facts),
        "committed": sum(fact["committed"] for fact in facts),
        "stored": sum(fact["stored"] for fact in facts) if store != "none" else None,
        "alert_events": statistics.median(fact["alert_events"] for fact in facts),
        "commits": statistics.median(fact["commits"] for fact in facts),
        "left_out": _left_out(store),
        "notes": list(NOTES),
    }


def show(result: Mapping[str, Any], console: Console) -> None:
    """The document as a table with what its figures mean."""
    here = result["machine"]
    versions = ", ".join(f"{name} {here[name]}" for name in ("python", "sqlite", "paho"))
    servers = "; ".join(here[name] for name in ("mosquitto", "victoria-metrics", "influxd") if here[name])
    console.print(f"{here['cores']} cores {here['model']}, {versions}; {servers}", highlight=False)
    console.print(
        f"load before {here['load_before']}, disk sync {here['disk_sync_ms']} ms; {result['runs']} rounds of"
        f" {result['readings']} readings, store: {result['store']}, MQTT {result['protocol']}",
        highlight=False,
    )
    table = Table("", "readings/s", "lowest … highest", "µs CPU per reading", "others' share of the work")
    for name, key in (
        ("service, end to end", "service"),
        ("stock paho, counting", "stock_paho"),
        ("publisher alone, nobody subscribed", "publisher_alone"),
    ):
        one = result[key]
        cpu = ", ".join(f"{process} {used:.1f}" for process, used in one["cpu_us"].items())
        span = f"{one['lowest']:,.0f} … {one['highest']:,.0f}"
        table.add_row(name, f"{one['rate']:,.0f}", span, cpu, f"{one['strangers']:.0%}")
    console.print(table)
    ratios = ", ".join(f"{ratio:.2f}" for ratio in sorted(result["ratios"]))
    console.print(f"service ÷ stock paho, median of pairs: {result['ratio']:.2f}   ({ratios})", highlight=False)
    for key, which in (("latency", "shipped rules"), ("latency_with_ten_rules", "ten rules of every kind")):
        late = result[key]
        console.print(
            f"publish to committed at {late['rate']:,.0f}/s, {which}: p50 {late['committed_p50_ms']:.2f} ms, p99"
            f" {late['committed_p99_ms']:.2f} ms, max {late['committed_max_ms']:.1f} ms; to acknowledged: p50"
            f" {late['acknowledged_p50_ms']:.2f} ms, p99 {late['acknowledged_p99_ms']:.2f} ms"
            f" ({late['readings']} readings in {late['commits']} commits); those committed with an alert event:"
            f" {late['alerted']}, p50 {late['alerted_p50_ms']:.2f} ms, p99 {late['alerted_p99_ms']:.2f} ms;"
            f" alert events of debts: {late['alert_events_of_debts']}",
            highlight=False,
        )
    stored = "no store" if result["stored"] is None else f"in the store {result['stored']}"
    console.print(
        f"published {result['published']}, committed {result['committed']}, {stored} (all rounds, with the reports"
        f" before the clock started); per round {result['alert_events']:.0f} alert events and"
        f" {result['commits']:.0f} commits",
        highlight=False,
    )
    for note in (*result["notes"], *result["left_out"]):
        console.print(f"· {note}", highlight=False)


def _summary(rounds: Sequence[Round]) -> dict[str, Any]:
    def median(value: Callable[[Round], float]) -> float:
        return statistics.median(map(value, rounds))

    names = rounds[0].cpu_us
    return {
        "rate": median(lambda one: one.rate),
        "lowest": min(one.rate for one in rounds),
        "highest": max(one.rate for one in rounds),
        "cpu_us": {name: statistics.median(one.cpu_us[name] for one in rounds) for name in names},
        "strangers": median(lambda one: one.strangers),
    }


def _left_out(store: str) -> list[str]:
    missing = [f"store {name} is not on this machine: left out" for name in STORES if name not in on_this_machine()]
    others = [f"store {name} is here, measure it with --store {name}" for name in on_this_machine() if name != store]
    peers = [f"peer {name}: {_why(name)}, left out" for name in ("telegraf", "node-red")]
    return missing + others + peers


def _why(peer: str) -> str:
    return "here, but this program does not drive it" if program_path(peer) else "not on this machine"


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(words + "\n")


if __name__ == "__main__":
    main()
