"""What the service told of a storm is what the rehearsal of its journal tells, with every time and every event."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.core.model import Alert, AlertEvent, Rule
from gauge_ingest.pump import Delivery
from gauge_ingest.rehearsal.kept import read_kept
from gauge_ingest.rehearsal.replay import replay
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station


def messages(seed: int, name: str, *, minutes: int = 450) -> list[tuple[int, Delivery]]:
    """A storm as one logger tells it, with the minute in which each message leaves: wraps, reboots, tests, events."""
    draw = random.Random(f"{seed} {name}")
    counter, boot, seq = 65_480, 1, 0
    sent: list[tuple[int, Delivery]] = []
    begins = draw.randrange(40, 120)
    for minute in range(0, minutes, 5):
        at = T0 + minute * MINUTE
        storms = begins <= minute < begins + 80 or begins + 120 <= minute < begins + 150
        if minute and draw.random() < 0.01:
            counter, boot = 0, boot + 1
        if storms and draw.random() < 0.5:
            counter, seq = (counter + draw.randrange(3)) % 65_536, seq + 1
            event_at = at - draw.randrange(1, 290) * 1000
            sent.append((minute, message([(event_at, counter)], seq=seq, boot=boot, station_id=name)))
        counter, seq = (counter + (draw.randrange(4) if storms else draw.random() < 0.02)) % 65_536, seq + 1
        readings: list[Any] = [(at, counter)]
        if draw.random() < 0.03:
            readings.insert(0, (at - 120_000, (counter + draw.choice([15, 25, 30_000])) % 65_536))
        if draw.random() < 0.02:
            readings.append((at, (counter + draw.randrange(3)) % 65_536))
        sent.append((minute, message(readings, seq=seq, boot=boot, station_id=name, sent_at=at + 2_000)))
    return sent


def late(seed: int, sent: Sequence[tuple[int, Delivery]]) -> list[tuple[int, Delivery]]:
    """The messages with the instant at which each is received: most at once, some late, a link down for hours."""
    draw = random.Random(seed)
    outage = draw.randrange(80, 300)
    received = []
    for minute, delivery in sent:
        delay_min = draw.choice([0] * 12 + [1, 3, 7, 30, 180])
        if outage <= minute < outage + 90:
            delay_min = max(delay_min, outage + 95 - minute)
        received.append((T0 + (minute + delay_min) * MINUTE + 3_000, delivery))
    draw.shuffle(received)
    return sorted(received, key=lambda one: one[0])


def serve(desk: Desk, received: Sequence[tuple[int, Delivery]]) -> None:
    """The service as it runs: a batch of what is there, everything owed paid, time looked at."""
    for at in sorted({at for at, _ in received}):
        while desk.now + 10 * MINUTE < at:
            desk.now += 10 * MINUTE
            desk.pump.tick()
            desk.settle()
        desk.now = at
        desk.pump.tick()
        desk.settle()
        desk.take(*(delivery for when, delivery in received if when == at))
        desk.settle()


def story(alert: Alert, events: Sequence[AlertEvent]) -> tuple[Any, ...]:
    """All of an alert but numbers given in order of arrival, the second of a tick, and doubts: those are today's."""
    told = [(one.kind.value, one.level, one.rained_at, one.known_at, one.late, one.sent) for one in events]
    evidence = alert.evidence and replace(alert.evidence, doubted_mm=0.0, unconfirmed=False)
    reason = alert.reason.partition(" alert ")[0]
    without = replace(alert, id=0, ended_at=None, raised_at=0, reason=reason, evidence=evidence)
    return (alert.scope, alert.known_at, alert.rained_since, without, tuple(told))


def in_order(stories: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(stories, key=lambda one: (*one[:3], one[4]))


def recorded(desk: Desk) -> list[tuple[Any, ...]]:
    reader = desk.journal.reader
    alerts = [one for one in reader.alerts.all(ended=True) if one.rule == "flash_flood"]
    return in_order([story(one, reader.alerts.events(one.id)) for one in alerts])


def rehearsed(desk: Desk, rules: Sequence[Rule]) -> list[tuple[Any, ...]]:
    stations = desk.network.stations
    record = read_kept(desk.journal.reader, stations, rules, desk.network.basins, since=T0 - HOUR, until=desk.now)
    (book,) = replay(record, [rules])
    return in_order([story(one, book.events[one.id]) for one in book.alerts.values()])


@pytest.mark.parametrize("seed", range(8))
def test_the_rules_in_force_tell_again_what_the_service_told(seed: int, tmp_path: Path) -> None:
    """
    Goal: a rehearsal is the service: same alerts, same instants, same words, whatever came late.
    Method: two stations' storm with late and shuffled messages through a real pump; its journal is rehearsed.
    """
    rules = [rule("HTB01", "HTB02", lapse_s=2 * 3_600, minimum_s=[0, 600][seed % 2], quiet_s=[1_800, 0][seed % 3 == 0])]
    desk = Desk(tmp_path, [station("HTB01"), station("HTB02")], rules)

    serve(desk, late(seed, messages(seed, "HTB01") + messages(seed, "HTB02", minutes=[450, 150][seed % 4 == 0])))

    told = recorded(desk)
    assert rehearsed(desk, rules) == told, f"seed {seed}"
    assert told
