"""A delivery in a process of its own, to be killed: web hooks to the ports that it is given, until all is told."""

import time
from multiprocessing.synchronize import Event
from pathlib import Path

from gauge_ingest.core.people import Address, Person
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.notifiers.webhook import WebhookChannel
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.delivery import Delivering
from gauge_ingest.outbound.queue import Queue
from gauge_ingest.outbound.workers import Desk, Way
from tests.delivery.world import RULES, PlainWriter, rows
from tests.worlds import T0

PEOPLE = ("zhang", "li", "wang")


def main(folder: Path, begun: Event, *ports: int) -> None:
    """Deliver; says when it has begun, ends when nothing waits."""
    names = [f"hook{number}" for number in range(len(ports))]
    # Each person begins with another channel and has all of them.
    people = {
        name: Person(name, name, "en", tuple(Address(names[(turn + k) % len(names)], name) for k in range(len(names))))
        for turn, name in enumerate(PEOPLE)
    }
    ways = []
    for name, port in zip(names, ports, strict=True):
        settings = ChannelSettings.model_validate(
            {"kind": "webhook", "url": f"http://127.0.0.1:{port}/", "timeout_s": 0.5, "secret": "s"}
        )
        channel = WebhookChannel(name, settings, now=lambda: T0)
        ways.append(Way(channel, retry_max_s=0.05, dead_after_s=1.0, group_s=0.0))
    desk = Desk(
        queue=Queue(folder / "outbound.db"),
        journal=folder / "journal.db",
        people=people,
        writer=PlainWriter(),
        held_until=lambda _person, _level, _at: None,
        link=lambda _person, _event: "",
        now=lambda: T0,
    )
    delivering = Delivering(
        desk,
        Positions(folder / "outbound.db"),
        ways,
        recipients=lambda _event, _events: list(people.values()),
        silenced=lambda _reader, _event, _events, _level: "",
        levels=RULES,
        retry_max_s=0.1,
    )
    delivering.start()
    begun.set()
    undone = "SELECT 1 FROM delivery WHERE state <> 'done'"
    while not rows(folder, "SELECT 1 FROM delivery LIMIT 1") or rows(folder, undone):
        time.sleep(0.02)
    delivering.stop()
    delivering.join(2)
