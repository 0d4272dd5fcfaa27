"""What nothing explains: each difference is told with the reading where both sides part, and none cancels another."""

import sqlite3

from gauge_ingest.account.rain import Because
from tests.account.runs import Run, at
from tests.worlds import message


def test_a_tip_too_few_in_the_journal_is_not_explained_and_the_reading_is_named(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    for minute in (5, 10, 15):
        logger.tip(minute - 1, times=2)
        logger.report(minute)
    damage(run, "UPDATE reading SET tips = 1 WHERE observed_at = ?", at(10))

    account = run.account()

    assert not account.closes
    (one,) = account.unexplained
    assert (one.station, one.unit, one.observed_at, one.shown) == ("HTB01", "tips", at(10), 4)
    assert one.line == 1 + next(
        number for number, line in enumerate(run.lines) if line["event"] == "reading" and line["count"] == 4
    )
    assert one.amount == account.stations[0].rain.unexplained_tips == -1


def test_tips_of_a_reading_that_no_station_made_are_not_explained(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(3)
    logger.report(10)
    run.desk.take(message([(at(5), 1)], boot=1, seq=77))
    run.desk.settle()

    account = run.account()

    assert [(one.what, one.amount, one.observed_at) for one in account.unexplained] == [
        ("stored beyond what was counted", -1, at(10)),
        ("of a reading that no station made", 1, at(5)),
        ("stored that no station made", 1, at(5)),
    ]


def test_two_differences_that_cancel_out_are_both_told(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    for minute in (5, 10):
        logger.tip(minute - 1, times=2)
        logger.report(minute)
    damage(run, "UPDATE reading SET tips = 1 WHERE observed_at = ?", at(5))
    damage(run, "UPDATE reading SET tips = 3 WHERE observed_at = ?", at(10))

    account = run.account()

    assert [one.amount for one in account.unexplained] == [-1, 1]
    assert not account.closes


def test_a_restart_or_a_wrong_count_explains_no_tips_that_the_counts_do_not_give(run: Run) -> None:
    logger = run.logger(first_count=65_530)
    logger.report(0)
    logger.tip(3, times=4)
    logger.report(5, shows=65_533)
    logger.tip(8, times=4)
    logger.report(10, shows=2)
    logger.restart(12, loses=True)
    logger.tip(14, times=5)
    logger.report(15)
    before = run.account().stations[0].rain.because
    damage(run, "UPDATE reading SET tips = 6 WHERE observed_at = ?", at(10))
    damage(run, "UPDATE reading SET tips = 4 WHERE observed_at = ?", at(15))

    account = run.account()

    assert before == {Because.WRONG_COUNT: 0, Because.RESTART: -2}
    assert [(one.observed_at, one.amount) for one in account.unexplained] == [(at(10), 2), (at(15), -1)]


def test_rain_of_a_row_that_vanished_is_missed(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    for minute in (5, 10):
        logger.tip(minute - 1, times=2)
        logger.report(minute)
    damage(run, "DELETE FROM reading WHERE observed_at = ?", at(5))

    account = run.account()

    assert [(one.amount, one.unit, one.observed_at) for one in account.unexplained] == [
        (-2, "tips", at(10)),
        (1, "readings", at(5)),
    ]


def damage(run: Run, statement: str, instant: int) -> None:
    """Change a row of the journal past the pump, as no service may."""
    db = sqlite3.connect(run.desk.journal.path)
    assert db.execute(statement, (instant,)).rowcount == 1
    db.commit()
    db.close()


def test_water_that_the_balance_does_not_place_is_told(run: Run) -> None:
    logger = run.logger()
    logger.tip(1)
    logger.report(2)
    logger.balance(fell=1.0, tipped=0.5, residue=0.2)

    account = run.account()

    (one,) = account.unexplained
    assert (round(one.amount, 9), one.unit) == (0.3, "mm")


def test_turns_that_the_balance_has_and_nobody_told_are_told(run: Run) -> None:
    logger = run.logger()
    logger.tip(1)
    logger.report(2)
    logger.balance(fell=1.0, tipped=1.0)

    account = run.account()

    assert [(one.amount, one.unit) for one in account.unexplained] == [(1, "tips")]


def test_a_logger_that_counted_otherwise_than_it_was_told_is_named_once(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(1)
    logger.counted = 3
    logger.report(2)
    logger.report(3)

    account = run.account()

    assert [(one.amount, one.observed_at) for one in account.unexplained] == [(2, at(2))]
