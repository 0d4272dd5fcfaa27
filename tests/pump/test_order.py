"""Order and repetition of messages do not matter, nor does a restart between any two of them."""

import random
from pathlib import Path

import pytest

from gauge_ingest.pump import Delivery
from tests.seeds import seeds
from tests.worlds import MINUTE, T0, Desk, message, rule, station


def a_day(seed: int, *, minutes: int = 600) -> list[Delivery]:
    """A day with a storm, event reports between the timed ones, a reboot, a wrap, corrupt counts and a test."""
    draw = random.Random(seed)
    counter, boot, seq, deliveries = 65_500, 1, 0, []
    storm, burst = draw.randrange(60, 300), draw.choice([2, 3, 5])
    tells_boot = seed % 2 == 0
    for minute in range(0, minutes, 5):
        at = T0 + minute * MINUTE
        if minute and draw.random() < 0.02:
            counter, boot = 0, boot + 1
        if storm <= minute < storm + 90:
            for _ in range(draw.randrange(3)):
                counter = (counter + draw.randrange(burst)) % 65536
                seq += 1
                event_at = at - draw.randrange(1, 290) * 1000
                deliveries.append(message([(event_at, counter)], seq=seq, boot=boot if tells_boot else None))
        counter = (counter + (draw.randrange(burst) if storm <= minute < storm + 90 else draw.random() < 0.03)) % 65536
        seq += 1
        readings: list[tuple[int, int]] = [(at, counter)]
        if draw.random() < 0.03:
            readings.append((at, draw.choice([draw.randrange(65_536), (counter + draw.randrange(4)) % 65536])))
        if draw.random() < 0.02:
            readings.append((at + 1000, draw.randrange(65_536)))
        deliveries.append(message(readings, seq=seq, boot=boot if tells_boot else None))
    return deliveries


@seeds(6, 24)
def test_any_shuffle_and_repetition_of_a_days_messages_gives_the_same_rain_and_episodes(
    seed: int, tmp_path: Path
) -> None:
    deliveries = a_day(seed)
    draw = random.Random(seed * 7 + 1)
    straight = Desk(tmp_path / "a", [station()], [rule()])
    shuffled = Desk(tmp_path / "b", [station()], [rule()])
    straight.now = shuffled.now = T0 + 700 * MINUTE

    for delivery in deliveries:
        straight.take(delivery)
    straight.settle()
    mixed = deliveries + draw.sample(deliveries, len(deliveries) // 3)
    draw.shuffle(mixed)
    while mixed:
        size = draw.randrange(1, 12)
        shuffled.take(*mixed[:size])
        del mixed[:size]
        if draw.random() < 0.3:
            shuffled.settle()
        if draw.random() < 0.1:
            shuffled.start()
    shuffled.settle()

    assert straight.tips() > 20
    assert not straight.journal.reader.quarantine()
    assert shuffled.increments() == straight.increments(), f"seed {seed}"
    assert shuffled.episodes() == straight.episodes(), f"seed {seed}"


@seeds(6, 24)
def test_what_is_derived_at_once_is_what_a_sweep_over_everything_derives(seed: int, tmp_path: Path) -> None:
    deliveries = a_day(seed)
    at_once = Desk(tmp_path / "a", [station()], [rule()])
    swept = Desk(tmp_path / "b", [station()], [rule()])
    at_once.now = swept.now = T0 + 700 * MINUTE

    for delivery in deliveries:
        at_once.take(delivery)
        at_once.settle()
    for delivery in reversed(deliveries):
        swept.take(delivery)
    swept.settle()

    assert at_once.tips() > 20
    assert at_once.increments() == swept.increments()
    assert at_once.episodes() == swept.episodes()


@seeds(12, 80)
def test_each_late_message_paid_for_alone_ends_where_all_at_once_ends(seed: int, tmp_path: Path) -> None:
    deliveries = a_day(seed)
    draw = random.Random(seed)
    late = set(draw.sample(range(len(deliveries)), len(deliveries) // 4))
    outage = draw.randrange(len(deliveries))
    late.update(range(outage, min(len(deliveries), outage + 25)))
    local = Desk(tmp_path / "a", [station()], [rule()])
    whole = Desk(tmp_path / "b", [station()], [rule()])
    local.now = whole.now = T0 + 700 * MINUTE

    for number, delivery in enumerate(deliveries):
        if number not in late:
            local.take(delivery)
            local.settle()
    for number in draw.sample(sorted(late), len(late)):
        local.take(deliveries[number])
        local.settle()
    whole.take(*deliveries)
    whole.settle()

    assert local.increments() == whole.increments(), f"seed {seed}"
    assert local.episodes() == whole.episodes(), f"seed {seed}"


def test_of_two_messages_with_one_reading_the_lower_number_stands_whichever_came_last(tmp_path: Path) -> None:
    first, second = message([(T0, 5)], seq=7, boot=1), message([(T0, 5)], seq=9, boot=2)
    after = message([(T0 + MINUTE, 2)], seq=10, boot=2)
    one, other = Desk(tmp_path / "a", [station()]), Desk(tmp_path / "b", [station()])

    for desk, order in ((one, (first, second, after)), (other, (second, first, after))):
        for delivery in order:
            desk.take(delivery)
        desk.settle()

    rows = [next(desk.journal.reader.rows("HTB01", since=0, until=1 << 61)) for desk in (one, other)]
    assert [(row.seq, row.boot) for row in rows] == [(7, 1), (7, 1)]
    assert one.increments() == other.increments()


def test_a_better_report_of_a_known_count_may_tell_a_restart(tmp_path: Path) -> None:
    """
    Goal: of two reports of one fact the lesser sequence number speaks, whenever it comes; its rain is derived again.
    Method: the first says nothing of a restart and its fall waits for confirmation; the other names the next boot.
    """
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 100)], seq=1, boot=1))
    desk.take(message([(T0 + 5 * MINUTE, 3)], seq=9))
    desk.settle()
    assert desk.tips() == 0

    desk.take(message([(T0 + 5 * MINUTE, 3)], seq=2, boot=2))
    desk.settle()

    assert desk.tips() == 3


@pytest.mark.parametrize("bucket_mm", [0.1, 0.01])
def test_rain_that_goes_on_for_hundreds_of_reports_leaves_nothing_owed(tmp_path: Path, bucket_mm: float) -> None:
    """Each rise of it rests on one report: there is no place to begin a derivation in all of it."""
    fine = station(bucket_depth_mm=bucket_mm)
    desk = Desk(tmp_path, [fine], [rule()])
    late = []
    for number in range(450):
        desk.now = T0 + number * 5 * MINUTE
        reading = message([(desk.now, 1_000 + 3 * number)], seq=number)
        if number in (30, 31):
            late.append(reading)
            continue
        desk.take(reading)
        if not number:
            desk.settle()
    desk.take(*late)

    for _ in range(20):
        desk.pump.pay_debts()

    assert desk.journal.reader.debts() == 0
    assert desk.tips() == 3 * 449
