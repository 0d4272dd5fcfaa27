"""An alert reaches people: everything is killed and fails at random, and the far ends count what they were told."""

import os
import random
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from gauge_ingest.configuration import load
from gauge_ingest.outbound.record import delivered
from tests.delivery.sink import Sink
from tests.edges.broker import Broker, running_mosquitto
from tests.simulation.county import SECRET, Post, Storm, configured
from tests.simulation.service import Service, running_service, scaled_clock, until
from tests.simulation.test_late import connected
from tests.simulation.told import heard, journalled, prove

KILLS = int(os.environ.get("GAUGE_TEST_TOLD_KILLS", "3"))
SEED = int(os.environ.get("GAUGE_TEST_SEED", "0")) or random.randrange(1, 10_000)
SPEED = 120
TRIES_WITHIN_S = 5.0  # most lives try to tell before they end
POST_PLAN = ["take"] * 6 + ["421", "450", "550", "452", "554", "hang", "drop"] + ["take and drop", "take and hang"] * 2
HOOK_PLAN: list[Any] = [200] * 6 + [
    500,
    502,
    "hang",
    "reset",
    "reset early",
    "close",
    "garbage",
    503,
    429,
    403,
    404,
    400,
]


def owed(service: Service) -> list[str]:
    """What is still to be told, or to be known."""
    with closing(service.reader()) as reader:
        standing = [f"alert {one.id} {one.rule} {one.scope}" for one in reader.alerts.all(ended=False)]
        debts = reader.debts()
        newest = reader.alerts.newest_event()
    found = delivered(service.folder / "outbound.db", since=0)
    waiting = [
        f"{one.delivery.person} {one.delivery.event}" for one in found if one.delivery.state in ("waiting", "begun")
    ]
    behind = [] if found and max(one.delivery.event for one in found) == newest else [f"event {newest}"]
    return [*waiting, *behind, *standing, *([f"{debts} debts"] if debts else [])]


def blow(service: Service, broker: Broker, post: Post, draw: random.Random) -> None:
    """One misfortune."""
    what = draw.choice(["outbound", "outbound", "outbound", "ingest", "both", "broker", "post"])
    if what in ("outbound", "both"):
        with suppress(ProcessLookupError):
            service.kill_outbound()
    if what in ("ingest", "both"):
        service.kill()
        service.start()
    if what == "broker":
        broker.kill()
        time.sleep(draw.uniform(0, 1))
        broker.start()
    if what == "post":
        post.stop()
        time.sleep(draw.uniform(0, 1))
        post.start()


def test_whoever_is_to_be_told_is_told_through_kills_and_failing_servers(tmp_path: Path) -> None:
    """
    Goal: nothing lost, nothing repeated unmarked, everybody knows last where each alert stands.
    Method: the real service, broker, mail server and web hook under a storm; kill -9 and failures by a seeded plan;
    then all heals, and what the servers received is held against the journal.
    """
    draw = random.Random(SEED)
    clock = scaled_clock(SPEED)
    post, hook = Post(), Sink()
    config = configured(tmp_path, post=post.port, hook=hook.port)
    environ = {"GAUGE_CONFIG": str(config), "GAUGE_SECRET_HOOK": SECRET}

    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, clock=clock, **environ) as service,
    ):
        until(lambda: connected(service), within_s=30, what="the service at its broker")
        post.plan = [draw.choice(POST_PLAN) for _ in range(10_000)]
        hook.answers = [draw.choice(HOOK_PLAN) for _ in range(10_000)]
        storm = Storm(broker.port, clock, random.Random(SEED))
        time.sleep(2)
        for _ in range(KILLS):
            before, end_at = post.asked + len(hook.arrived), time.monotonic() + TRIES_WITHIN_S
            while post.asked + len(hook.arrived) == before and time.monotonic() < end_at:
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 1.5))
            blow(service, broker, post, draw)
        storm.rains = False
        post.plan.clear()
        hook.answers.clear()
        until(lambda: not owed(service), within_s=60, what=lambda: f"seed {SEED}: {owed(service)[:20]}")
        deliveries = service.ask("deliveries", "--since", "2026-07-01T00:00:00+08:00")
        storm.stop()
        service.stop()
        with closing(service.reader()) as reader:
            journal = journalled(reader, load(config, service.environ))

    post.stop()
    hook.close()
    lines = heard(post.mails, hook.arrived)
    print(  # noqa: T201 - shown when it fails
        f"seed={SEED} alerts={len(journal.alerts)} events={len(journal.events)} due={len(journal.due)}"
        f" mails={len(post.mails)} hooks={len(hook.arrived)} lines={len(lines)}"
        f" repeats={sum(line.repeated for line in lines)}"
    )
    prove(lines, journal, deliveries)
