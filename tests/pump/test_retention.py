"""Retention deletes old readings and invents no rain at the edge."""

from pathlib import Path

from gauge_ingest.pump.prune import Retention
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

DAY = 24 * HOUR


def a_week(desk: Desk) -> None:
    """Seven days of readings every hour, a tip each."""
    for hour in range(7 * 24):
        desk.now = T0 + hour * HOUR
        desk.take(message([(desk.now, 1_000 + hour)], seq=hour))
        desk.settle()


def test_readings_older_than_kept_go_and_the_rain_of_the_rest_stays(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    a_week(desk)
    before = desk.increments()

    while desk.pump.prune(Retention(keep_days=3, keep_raw_days=2)):
        pass

    kept = desk.increments()
    assert kept == before[-len(kept) :]
    assert 3 * 24 <= len(kept) <= 3 * 24 + 1


def test_a_late_reading_beside_the_edge_invents_no_rain(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    a_week(desk)
    while desk.pump.prune(Retention(keep_days=3, keep_raw_days=0)):
        pass
    edge = desk.increments()[0][0]
    tips = desk.tips()

    desk.take(message([(edge + 10 * MINUTE, desk.increments()[0][1])], seq=9_000))
    desk.take(message([(edge - 10 * HOUR, 5)], seq=9_001))
    desk.settle()

    assert desk.tips() == tips
    assert "keep_days" in desk.journal.reader.quarantine()[0].reason


def test_a_late_reading_beside_the_edge_takes_back_no_rain_that_was_much(tmp_path: Path) -> None:
    """Four tips an hour: a rise that only one report tells is no place for a derivation to begin, but at the edge."""
    desk = Desk(tmp_path, [station()], [rule()])
    for hour in range(7 * 24):
        desk.now = T0 + hour * HOUR
        desk.take(message([(desk.now, 1_000 + 4 * hour)], seq=hour))
        desk.settle()
    while desk.pump.prune(Retention(keep_days=3, keep_raw_days=0)):
        pass
    kept, tips = desk.increments(), desk.tips()

    desk.take(message([(kept[1][0] + 30 * MINUTE, kept[1][1] + 1)], seq=9_000))
    desk.settle()

    assert desk.tips() == tips
    assert desk.increments()[0] == kept[0]


def test_raw_messages_older_than_kept_go_and_readings_stay(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    a_week(desk)

    while desk.pump.prune(Retention(keep_days=0, keep_raw_days=1)):
        pass

    assert len(desk.increments()) == 7 * 24
    batches = desk.journal._db.execute("SELECT count(*) FROM batch").fetchone()[0]
    assert batches == 25


def test_the_newest_message_stays_so_that_no_later_one_takes_its_number(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    a_week(desk)
    numbers = {row.message_id for row in desk.journal.reader.rows("HTB01", since=T0 - HOUR, until=desk.now)}
    desk.now += 3 * DAY

    while desk.pump.prune(Retention(keep_days=30, keep_raw_days=1)):
        pass

    assert desk.journal.next_message_id() not in numbers
