"""Rules of every kind: what the service told of days of three stations and their basin, the rehearsal tells again."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.core.model import DAY_MS
from gauge_ingest.pump import Delivery
from gauge_ingest.rehearsal.kept import read_kept
from gauge_ingest.rehearsal.replay import replay
from tests.pump.test_rule_kinds import BASIN, NAMES, RULES, days
from tests.rehearsal.test_live import serve, story
from tests.seeds import seeds
from tests.worlds import MINUTE, T0, Desk, station

Stories = list[tuple[Any, ...]]


def observed_at(delivery: Delivery) -> int:
    return T0 + int(json.loads(delivery.payload)["seq"] - 1) * 5 * MINUTE


def received(deliveries: Sequence[Delivery], seed: int, *, late: bool) -> list[tuple[int, Delivery]]:
    """The messages with the instant at which each is received: its own second, or minutes and hours late."""
    draw = random.Random(seed)
    delays_min = [0] * 12 + [6, 11, 45, 200] if late else [0]
    arrived = [
        (observed_at(one) + (1 + draw.choice(delays_min)) * MINUTE + draw.randrange(3) * 1_000, one)
        for one in deliveries
    ]
    return sorted(arrived, key=lambda one: one[0])


def rehearsed(desk: Desk, *, since: int) -> Stories:
    network = desk.network
    record = read_kept(desk.journal.reader, network.stations, RULES, network.basins, since=since, until=desk.now)
    (book,) = replay(record, [RULES])
    return sorted((story(one, book.events[one.id]) for one in book.alerts.values()), key=repr)


@pytest.mark.parametrize("late", [False, True], ids=["in order", "with late messages"])
@seeds(1, 8)
def test_rules_of_every_kind_tell_again_what_the_service_told(seed: int, late: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """
    Goal: a rehearsal is the service for rules of basins, wet ground, seasons and rises, too.
    Method: a day of three stations through a real pump, its journal rehearsed; one batch for each second.
    """
    desk = Desk(tmp_path, [station(name) for name in NAMES], RULES, [BASIN])

    serve(desk, received(days(seed), seed, late=late))

    reader = desk.journal.reader
    kinds = {rule.id for rule in RULES}
    alerts = [one for one in reader.alerts.all(ended=True) if one.rule in kinds]
    recorded = sorted((story(one, reader.alerts.events(one.id)) for one in alerts), key=repr)
    assert rehearsed(desk, since=T0 - DAY_MS) == recorded, f"seed {seed}"
    assert {one.rule for one in alerts} >= {"mean", "two", "wet", "rise", "plain", "basin_wet"}
