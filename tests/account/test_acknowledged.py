"""Readings that were acknowledged to their station and are not here: on their way, lost by the broker, or lost."""

from pathlib import Path

from gauge_ingest.account.readings import Missing
from tests.account.runs import Run, at
from tests.worlds import message, station


def test_an_acknowledged_reading_that_is_not_here_may_be_on_its_way_while_nothing_later_is_here(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, arrives=False)

    account = run.account()

    assert (account.closes, account.well, account.on_the_way) == (True, False, 1)
    assert account.stations[0].readings.missing == {Missing.ON_THE_WAY: 1}
    assert account.notices == []


def test_an_acknowledged_reading_that_was_overtaken_is_lost_and_nothing_explains_it(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, arrives=False)
    logger.report(10)
    run.tell("uplink_lost", "HTB01", 12, why="closed")

    account = run.account()

    assert (account.closes, account.well) == (False, False)
    assert account.stations[0].readings.missing == {Missing.ACKNOWLEDGED: 1}
    assert [one.what for one in account.unexplained] == ["acknowledged to the station and lost: a later one is here"]


def test_a_service_that_runs_by_another_clock_is_named(run: Run) -> None:
    logger = run.logger()
    logger.report(0, arrives=False)
    run.desk.now = at(-120)
    run.desk.take(message([(at(0), 0)], seq=0, boot=1))

    account = run.account()

    assert [notice for notice in account.notices if "received 2h before they were made" in notice]
    assert [notice for notice in account.notices if "GAUGE_CLOCK" in notice]


def test_what_the_broker_held_when_it_broke_is_lost_with_it(tmp_path: Path) -> None:
    """The other station notices it: a broker breaks for all."""
    run = Run(tmp_path, station("HTB01"), station("HTB02"))
    logger = run.logger("HTB01")
    logger.report(0)
    logger.report(5, arrives=False)
    run.tell("uplink_lost", "HTB02", 6, why="closed")
    logger.report(10)

    account = run.account()

    assert (account.closes, account.well, account.lost_by_broker) == (True, False, 1)
    assert account.stations[0].readings.missing == {Missing.LOST_BY_BROKER: 1}


def test_a_message_that_is_sent_again_is_overtaken_by_nothing_that_was_sent_between(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, fate="held")
    logger.report(10)
    run.tell("publish", "HTB01", 11, number=2, seq=1)
    run.tell("puback", "HTB01", 11, number=2, seq=1)

    account = run.account()

    assert account.stations[0].readings.missing == {Missing.ON_THE_WAY: 1}


def test_a_station_that_the_service_does_not_know_has_a_line_of_its_own(run: Run) -> None:
    run.logger("HTB01").report(0)
    run.logger("HTB09").report(0, arrives=False)

    account = run.account()

    assert account.stations[1].readings.missing == {Missing.NOT_ADMITTED: 1}
