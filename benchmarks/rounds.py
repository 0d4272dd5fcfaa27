"""One measured round each: the service end to end, stock paho that counts, the publisher alone, latency."""

import tempfile
import time
from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.fleet import SEQ_FIRST, STATIONS, Part, begin_at
from benchmarks.machine import busy_s, cpu_s
from benchmarks.servers import PROTOCOLS, SHIPPED_RULES, Baseline, Broker, Publisher, Service
from benchmarks.stores import BenchmarkStore, started
from benchmarks.timed_service import NONE

# Each station reports so often before the clock starts, and each time all of it is settled first: its first report is
# a debt, its second one brings it into memory, and series and connections are made.
WARM_STEPS = 2


@dataclass(frozen=True, slots=True)
class Round:
    """What one round has measured. `cpu_us`: per reading, of each process."""

    readings: int
    seconds: float
    cpu_us: Mapping[str, float]
    strangers: float  # what other processes took of the machine meanwhile, 0 to 1
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Readings per second."""
        return self.readings / self.seconds


def parts(readings: int, rate: float = 0.0, *, number: int = 1) -> list[Part]:
    """The readings before the clock starts, step by step, and last those that count: `number` times so many."""
    warm = [Part(step, STATIONS, STATIONS, SEQ_FIRST + step * STATIONS) for step in range(WARM_STEPS)]
    step, seq = WARM_STEPS, SEQ_FIRST + WARM_STEPS * STATIONS
    each = -(-readings // STATIONS)  # steps, the last of them perhaps begun only
    return [*warm, *(Part(step + at * each, STATIONS, readings, seq + at * readings, rate) for at in range(number))]


def beginning(readings: int) -> int:
    """When the first reading was observed, so that the last one lies in the past."""
    return begin_at(WARM_STEPS + readings // STATIONS + 1, now=time.time())


class Running:
    """A service that is warm, with a broker, a load and a store of its own; the load comes part by part."""

    def __init__(
        self, where: Path, stack: ExitStack, *, store: str, readings: int, number: int, protocol: str, checked: bool
    ) -> None:
        folder, broker = place(where, stack)
        self._store = running_store(store, folder, stack)
        self._service = Service(broker.port, folder, self._store, protocol=protocol, checked=checked)
        stack.callback(self._service.program.end)
        self._publisher = _publisher(broker, folder, stack, readings, number=number)
        self._readings = readings
        self._sent = warm_up(self._publisher, self._service)
        pids = {"ingest": self._service.program.pid, "outbound": self._service.outbound_pid}
        pids |= {"broker": broker.program.pid, "publisher": self._publisher.program.pid}
        self._pids = pids | ({"store": self._store.program.pid} if self._store else {})

    def take(self) -> Round:
        """From the first message of a part sent until its last is committed, ruled and stored."""
        progress, before = self._service.progress, self._sent
        readings, commits, events = progress.readings(), progress.commits(), progress.alert_events()
        meter = Meter(self._pids, self._readings)
        self._publisher.go()
        sent = self._publisher.sent()
        self._sent += self._readings
        progress.wait_for(self._sent)
        ended_ns = time.monotonic_ns()
        facts = {
            "published": self._readings,
            "committed": progress.readings() - readings,
            "commits": progress.commits() - commits,
            "alert_events": progress.alert_events() - events,
            "publisher_s": (sent["ended_ns"] - sent["begun_ns"]) / 1e9,
        }
        measured = meter.round((ended_ns - sent["begun_ns"]) / 1e9, facts)
        if self._store:
            facts["stored"] = self._store.count(self._sent) - before
        return measured


def service_round(store: str, readings: int, where: Path, *, protocol: str = PROTOCOLS[0]) -> Round:
    """Publisher, broker, service, store: from the first message sent until the last is committed, ruled and stored."""
    with ExitStack() as stack:
        one = Running(where, stack, store=store, readings=readings, number=1, protocol=protocol, checked=True)
        return one.take()


def turns(
    store: str, readings: int, where: Path, *, number: int, protocol: str = PROTOCOLS[0]
) -> Iterator[tuple[Round, Round]]:
    """The service with checks and without them, side by side: each in turn takes the same part of the load.

    What the machine does to a process goes on for seconds at a time, as long as a whole round: parts of half a second
    that take turns meet with the same.
    """
    with ExitStack() as stack:
        sides = [
            Running(where, stack, store=store, readings=readings, number=number, protocol=protocol, checked=checked)
            for checked in (True, False)
        ]
        for turn in range(number):
            order = sides if turn % 2 else sides[::-1]
            taken = {side: side.take() for side in order}
            yield taken[sides[0]], taken[sides[1]]


def baseline_round(readings: int, where: Path, *, protocol: str = PROTOCOLS[0]) -> Round:
    """Publisher, broker, stock paho: from the first message sent until the last is counted."""
    with stage(where) as (folder, stack, broker):
        milestones = [STATIONS * step for step in range(1, WARM_STEPS + 1)]
        baseline = Baseline(broker.port, folder, [*milestones, milestones[-1] + readings], protocol=protocol)
        stack.callback(baseline.program.end)
        publisher = _publisher(broker, folder, stack, readings)
        for _ in milestones:
            publisher.go()
            publisher.sent()
            baseline.counted_ns()
        pids = {"stock paho": baseline.program.pid, "broker": broker.program.pid, "publisher": publisher.program.pid}
        meter = Meter(pids, readings)
        publisher.go()
        sent = publisher.sent()
        return meter.round((baseline.counted_ns() - sent["begun_ns"]) / 1e9, {})


def publisher_round(readings: int, where: Path) -> Round:
    """Publisher and broker alone, nobody subscribed: what the load could be."""
    with stage(where) as (folder, stack, broker):
        publisher = _publisher(broker, folder, stack, readings)
        for _ in range(WARM_STEPS):
            publisher.go()
            publisher.sent()
        meter = Meter({"publisher": publisher.program.pid, "broker": broker.program.pid}, readings)
        publisher.go()
        sent = publisher.sent()
        return meter.round((sent["ended_ns"] - sent["begun_ns"]) / 1e9, {})


class Latencies(NamedTuple):
    """Milliseconds from sending each message to its commit and its acknowledgement, sorted.

    `alerted_ms`: to the commit, of messages whose transaction held alert events; `others`: how many were committed
    when no message was, as of debts.
    """

    committed_ms: list[float]
    acknowledged_ms: list[float]
    alerted_ms: list[float]
    others: int


def latency_round(
    store_name: str,
    readings: int,
    rate: float,
    where: Path,
    *,
    protocol: str = PROTOCOLS[0],
    rules: Path = SHIPPED_RULES,
) -> dict[str, float]:
    """Milliseconds from sending a message to its commit and to its acknowledgement, at a steady rate."""
    with stage(where) as (folder, stack, broker):
        store = running_store(store_name, folder, stack)
        times = folder / "service.times"
        service = Service(broker.port, folder, store, timed=times, protocol=protocol, rules=rules)
        stack.callback(service.program.end)
        publisher = _publisher(broker, folder, stack, readings, rate)
        warm = warm_up(publisher, service)
        before = service.progress.commits()
        publisher.go()
        publisher.sent()
        service.progress.wait_for(warm + readings)
        commits = service.progress.commits() - before
        service.program.end()
        late = latencies(publisher.times_ns(WARM_STEPS), SEQ_FIRST + warm, times)
        assert len(late.committed_ms) == readings, f"{readings - len(late.committed_ms)} messages were never committed"
        return {
            "rate": rate,
            "readings": readings,
            "commits": commits,
            **{f"committed_p{share}_ms": percentile(late.committed_ms, share) for share in (50, 99)},
            "committed_max_ms": late.committed_ms[-1],
            **{f"acknowledged_p{share}_ms": percentile(late.acknowledged_ms, share) for share in (50, 99)},
            "alerted": len(late.alerted_ms),
            **{f"alerted_p{share}_ms": percentile(late.alerted_ms, share) for share in (50, 99)},
            "alert_events_of_debts": late.others,
        }


def latencies(sent_ns: "array[int]", seq_first: int, times: Path) -> Latencies:
    """Of one part's messages."""
    found = array("q", times.read_bytes())
    committed_ms, acknowledged_ms, alerted_ms, others = [], [], [], 0
    for seq, committed_ns, acknowledged_ns, events in zip(*(found[at::4] for at in range(4)), strict=True):
        if seq == NONE:
            others = events
        elif 0 <= seq - seq_first < len(sent_ns):
            begun_ns = sent_ns[seq - seq_first]
            committed_ms.append((committed_ns - begun_ns) / 1e6)
            acknowledged_ms.append((acknowledged_ns - begun_ns) / 1e6)
            alerted_ms += committed_ms[-1:] if events else []
    return Latencies(sorted(committed_ms), sorted(acknowledged_ms), sorted(alerted_ms), others)


def percentile(ordered: list[float], share: int) -> float:
    """The value that `share` percent do not exceed."""
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0.0


class Meter:
    """Processor time of processes from now on."""

    def __init__(self, pids: Mapping[str, int], readings: int) -> None:
        self._pids, self._readings = pids, readings
        self._begun = {name: cpu_s(pid) for name, pid in pids.items()}
        self._busy_s = busy_s()

    def round(self, seconds: float, facts: Mapping[str, float]) -> Round:
        """Everything up to now as a round that took so long."""
        used_s = {name: cpu_s(pid) - self._begun[name] for name, pid in self._pids.items()}
        busy = busy_s() - self._busy_s
        strangers = max(0.0, busy - sum(used_s.values())) / max(busy, 0.01)
        per_reading = {name: used * 1e6 / self._readings for name, used in used_s.items()}
        return Round(self._readings, seconds, per_reading, strangers, facts)


@contextmanager
def stage(where: Path) -> Iterator[tuple[Path, ExitStack, Broker]]:
    """A folder, a broker, and a stack that ends everything in reverse order."""
    with ExitStack() as stack:
        folder, broker = place(where, stack)
        yield folder, stack, broker


def place(where: Path, stack: ExitStack) -> tuple[Path, Broker]:
    """A folder and a broker, which end with the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-", dir=where)))
    broker = Broker(folder)
    stack.callback(broker.program.end)
    return folder, broker


def running_store(name: str, folder: Path, stack: ExitStack) -> BenchmarkStore | None:
    """A store by its name, ended with the stack; None for `none`."""
    store = started(name, folder)
    if store:
        stack.callback(store.program.end)
    return store


def warm_up(publisher: Publisher, service: Service) -> int:
    """Publish what comes before the clock starts, each step when the one before is settled; how many readings."""
    for step in range(WARM_STEPS):
        publisher.go()
        publisher.sent()
        service.progress.wait_for(STATIONS * (step + 1))
    return STATIONS * WARM_STEPS


def _publisher(
    broker: Broker, folder: Path, stack: ExitStack, readings: int, rate: float = 0.0, *, number: int = 1
) -> Publisher:
    load = parts(readings, rate, number=number)
    publisher = Publisher(broker.port, folder, begin_at=beginning(readings * number), parts=load)
    stack.callback(publisher.program.end)
    return publisher
