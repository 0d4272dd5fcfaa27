"""A clock that is ahead, and messages that come again: each reading keeps the time it was given first."""

from pathlib import Path

from gauge_ingest.core.model import DAY_MS as DAY
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station


def test_a_message_that_was_mended_comes_again_when_its_time_is_no_longer_ahead(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    ahead = message([(T0 + 15 * MINUTE, 5)], seq=1)

    desk.take(ahead)
    desk.settle()
    desk.now = T0 + 20 * MINUTE
    desk.take(ahead)
    desk.settle()
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
    Goal: a repeat changes nothing, although every message of the backlog was mended to the instant of its arrival.
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
    assert [(row[0] - T0, row[3]) for row in before] == [(-HOUR, 0), (0, 2), (1, 0), (2, 0), (3, 0), (4, 5)]


def test_a_backlog_of_a_clock_that_is_known_to_be_a_day_ahead_is_dated_as_it_fell(tmp_path: Path) -> None:
    """
    Goal: what waited at the station keeps its time: its rain is no storm of the minute in which it came.
    Method: a clock a day ahead is heard live, then six hours of reports arrive at once, then live ones again.
    """
    desk = Desk(tmp_path, [station()], [rule()])

    desk.take(message([(T0 + DAY, 5)], seq=1))
    desk.now = T0 + 6 * HOUR
    waited = [message([(T0 + DAY + n * 30 * MINUTE, 5 + 4 * n)], seq=1 + n) for n in range(1, 13)]
    for one in waited:
        desk.take(one)
        desk.now += 300
    desk.take(message([(T0 + DAY + 6 * HOUR + 5 * MINUTE, 53)], seq=14))
    desk.settle()

    assert [row[0] for row in desk.increments()][:13] == [T0 + n * 30 * MINUTE for n in range(13)]
    assert desk.tips() == 48
    assert desk.episodes() == []


def test_a_backlog_of_a_clock_that_nobody_knew_to_be_ahead_is_counted_once(tmp_path: Path) -> None:
    """
    Goal: rain is neither counted twice nor lost where nothing says when it fell.
    Method: messages of six readings each, so that their spans overlap when each is dated by its own arrival.
    """
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0 - 6 * HOUR, 100)], seq=1))
    readings = [(T0 + DAY + n * 5 * MINUTE, 100 + 4 * n) for n in range(1, 61)]

    for n in range(10):
        desk.take(message(readings[6 * n : 6 * n + 6], seq=2 + n))
        desk.now += 300
    desk.settle()

    assert [row[1] for row in desk.increments()] == [100, *(count for _, count in readings)]
    assert desk.tips() == 240


def test_a_clock_that_is_less_far_ahead_than_it_was_is_believed_after_one_report(tmp_path: Path) -> None:
    """
    Goal: a station whose clock was wrong in another way is not dated into the past for ever.
    Method: a day ahead, then silence for a day, then two hours ahead: as if each message had waited for 22 hours.
    """
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0 + DAY, 5)], seq=1))
    began = desk.now = T0 + DAY

    for n in range(3):
        desk.now = began + n * 5 * MINUTE
        desk.take(message([(desk.now + 2 * HOUR, 5 + n)], seq=2 + n))
    desk.settle()

    assert [row[0] - began for row in desk.increments()][-2:] == [5 * MINUTE, 10 * MINUTE]


def test_what_goes_on_from_a_reading_is_never_mended_to_an_earlier_time(tmp_path: Path) -> None:
    """
    Goal: the order of a station's own clock is kept where it can be.
    Method: our clock is half an hour behind, which shows in nothing: some claims are ahead of it, some just not.
    """
    desk = Desk(tmp_path, [station()])

    for n in range(8):
        desk.take(message([(T0 + n * 4 * MINUTE, 100 + 4 * n)], seq=1 + n))
    desk.settle()

    assert [row[1] for row in desk.increments()] == [100 + 4 * n for n in range(8)]
    assert desk.tips() == 28


def test_a_reading_dated_far_ahead_while_our_clock_was_wrong_holds_no_later_one_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 5)], seq=1))
    desk.now = T0 - HOUR
    desk.take(message([(T0 + DAY, 6)], seq=2))
    desk.now = T0 + 5 * MINUTE

    desk.take(message([(T0 + DAY + 5 * MINUTE, 7)], seq=3))
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0, T0 + 5 * MINUTE, T0 + DAY]


def test_a_clock_that_is_set_back_and_still_ahead_is_believed_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0 + DAY, 5)], seq=1))
    desk.now = T0 + 5 * MINUTE

    desk.take(message([(desk.now + 2 * HOUR, 6)], seq=2))
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0, T0 + 5 * MINUTE]


def test_a_backlog_of_a_known_clock_that_comes_newest_first_is_dated_as_it_fell(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0 + DAY, 5)], seq=1))
    desk.now = T0 + 2 * HOUR

    for n in (4, 3, 2, 1):
        desk.take(message([(T0 + DAY + n * 30 * MINUTE, 5 + 4 * n)], seq=1 + n))
        desk.now += 300
    desk.settle()

    assert [row[0] for row in desk.increments()] == [T0 + n * 30 * MINUTE for n in range(5)]
    assert desk.tips() == 16


def test_claims_that_share_a_row_come_again_when_they_are_no_longer_ahead(tmp_path: Path) -> None:
    """
    Goal: a claim that stands under another one is known as well.
    Method: one count three times by a clock that is set back in between: mended to one instant, one row for all.
    """
    desk = Desk(tmp_path, [station()])
    backlog = [message([(T0 + (60 + minute) * MINUTE, 110)], seq=9 - minute) for minute in (3, 2, 1)]

    desk.take(*backlog)
    desk.settle()
    before = desk.increments()
    desk.now = T0 + 70 * MINUTE
    for one in backlog:
        desk.take(one)
        desk.settle()

    assert len(before) == 1
    assert desk.increments() == before
