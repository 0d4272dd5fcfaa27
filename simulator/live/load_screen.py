"""What a person sees of a load: connections as they are made, then rates, and at the end the publisher's own limit."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from simulator.clock import cpu_s, monotonic_s
from simulator.live.load import Load, LoadTally
from simulator.live.runner import Stop

SAY_EVERY_S = 5.0
CONNECTIONS_A_LINE = 1_000


def play_load(load: Load, console: Console, *, for_s: float, wait_s: float, wanted_rate: float, stop: Stop) -> bool:
    """Connect, send for so many real seconds, wait for the last acknowledgement; return whether all came."""
    began_s = monotonic_s()
    for number in load.connect():
        if number % CONNECTIONS_A_LINE == 0:
            console.print(
                f"{number} connections after {monotonic_s() - began_s:.1f} s", highlight=False, soft_wrap=True
            )
    began_s, began_cpu_s = monotonic_s(), cpu_s()
    said_s, sent_before = began_s, 0
    while monotonic_s() < began_s + for_s and not stop.wanted:
        load.step(sending=True)
        if monotonic_s() >= said_s + SAY_EVERY_S:
            took_s, said_s = monotonic_s() - said_s, monotonic_s()
            rate = (load.tally.sent - sent_before) / took_s
            sent_before = load.tally.sent
            console.print(_line(load.tally, rate, elapsed_s=said_s - began_s), highlight=False, soft_wrap=True)
    sent_s, deadline_s = monotonic_s() - began_s, monotonic_s() + wait_s
    busy = (cpu_s() - began_cpu_s) / sent_s
    while load.tally.outstanding and monotonic_s() < deadline_s and not stop.wanted:
        load.step(sending=False)
    load.leave()
    console.print(_table(load, sent_s=sent_s, busy=busy, wanted_rate=wanted_rate))
    return not load.tally.outstanding and not stop.wanted


def _line(tally: LoadTally, rate: float, *, elapsed_s: float) -> str:
    return (
        f"{elapsed_s:6.0f} s  {rate:7.0f} messages/s  sent {tally.sent}  acknowledged {tally.acknowledged}"
        f"  waiting {tally.outstanding}  acknowledged within p50 {tally.latency_s(0.5) * 1000:.1f} ms"
        f" p99 {tally.latency_s(0.99) * 1000:.1f} ms"
    )


def _table(load: Load, *, sent_s: float, busy: float, wanted_rate: float) -> Table:
    tally = load.tally
    rate, rate_max = tally.sent / sent_s, tally.rate_max
    sent = f"messages a second sent ({tally.sent} in {sent_s:.1f} s); late by at most {tally.late_s:.2f} s"
    within = f"ms to the acknowledgement, p50; p99 {tally.latency_s(0.99) * 1000:.1f}"
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    rows = (
        (f"{len(load.stations)}", "stations, a connection each"),
        (f"{wanted_rate:.1f}", "messages a second wanted"),
        (f"{rate:.1f}", sent),
        (f"{tally.acknowledged}", f"acknowledged by the broker; not acknowledged: {tally.outstanding}"),
        (f"{tally.latency_s(0.5) * 1000:.1f}", within),
        (f"{busy:.0%}", "of one processor used by the publisher itself"),
        (f"{rate_max:.0f}", "messages a second is the most this publisher could send here, at what each has cost it"),
    )
    for figure, meaning in rows:
        table.add_row(figure, meaning)
    if rate < 0.98 * wanted_rate:
        table.add_row("", "[bold]less was sent than wanted: the publisher was the limit, not the service[/bold]")
    return table
