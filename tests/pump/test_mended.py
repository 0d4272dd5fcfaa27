"""A clock that is ahead, and messages that come again: each reading keeps the time it was given first."""

from pathlib import Path

from tests.worlds import HOUR, MINUTE, T0, Desk, message, station


def test_a_message_that_was_mended_comes_again_when_its_time_is_no_longer_ahead(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    ahead = message([(T0 + 15 * MINUTE, 5)], seq=1)

    desk.take(ahead)
    desk.now = T0 + 20 * MINUTE
    desk.take(ahead)
    desk.start()
    desk.take(ahead)
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0]


def test_a_message_taken_while_our_clock_was_wrong_comes_again_when_it_is_right(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 5)], seq=1))
    ahead = message([(T0 + 2 * HOUR, 6)], seq=2)

    desk.now = T0 - HOUR
    desk.take(ahead)
    desk.now = T0 + MINUTE
    desk.take(ahead)
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0, T0 + 2 * HOUR]


def test_our_clock_is_known_to_be_wrong_also_after_a_restart_in_the_middle(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 5)], seq=1))

    desk.now = T0 - HOUR
    desk.take(message([(T0 + 5 * MINUTE, 6)], seq=2))
    desk.start()
    desk.now += 5 * MINUTE
    desk.take(message([(T0 + 10 * MINUTE, 7)], seq=3))
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0, T0 + 5 * MINUTE, T0 + 10 * MINUTE]


def test_a_clock_that_was_ahead_and_is_set_right_says_a_time_twice_and_both_readings_stand(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])

    desk.take(message([(T0 + HOUR, 5)], seq=1))
    desk.now = T0 + HOUR
    desk.take(message([(T0 + HOUR, 5)], seq=9))
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0, T0 + HOUR]


def test_a_backlog_of_a_clock_that_is_ahead_comes_again_one_by_one_and_is_no_rain(tmp_path: Path) -> None:
    """
    Goal: a repeat changes nothing, although every message of the backlog was mended to the same instant.
    Method: three messages with one count below the newest; were they new, three of them would confirm a restart.
    """
    desk = Desk(tmp_path, [station()])
    backlog = [message([(T0 + (60 + minute) * MINUTE, 110)], seq=minute) for minute in range(4)]
    newest = message([(T0 + 65 * MINUTE, 115)], seq=9)

    desk.take(message([(T0 - HOUR, 108)], seq=99))
    desk.take(*backlog, newest)
    desk.settle()
    before = desk.increments()
    for one in backlog:
        desk.now += MINUTE
        desk.take(one)
        desk.settle()

    assert desk.increments() == before
    assert len(before) == 3
    assert desk.tips() == 7
