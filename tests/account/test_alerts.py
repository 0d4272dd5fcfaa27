"""Alerts beside the rain that the bucket truly tipped: right, late, false, missed, taken back."""

from pathlib import Path

import pytest

from gauge_ingest.account.alerting import Alerting, Verdict
from tests.account.runs import Logger, Run, at
from tests.worlds import message, rule


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Prepare from 6 mm in 30 minutes, immediate from 10; a tip is 0.5 mm."""
    return Run(tmp_path, rules=[rule()])


def storm(logger: Logger, *, tips: int, missed: str = "", arrives: bool = True) -> None:
    """A tip a minute, with a report every five."""
    logger.report(0)
    for minute in range(1, tips + 1):
        logger.tip(minute, missed=missed)
        if minute % 5 == 0:
            logger.report(minute + 0.5, arrives=arrives)
    logger.report(40, arrives=arrives)


def alert_of(run: Run) -> Alerting:
    (one,) = run.account().stations[0].alerts
    return one


def test_the_highest_level_that_was_told_stands_beside_the_one_that_the_rain_reached(run: Run) -> None:
    storm(run.logger(), tips=22)

    alert = alert_of(run)

    assert (alert.verdict, alert.true_level, alert.true_at) == (Verdict.RIGHT, "immediate", at(20))
    assert alert.told is not None
    assert (alert.told.level, alert.told.rained_at, alert.told.known_at) == ("immediate", at(20.5), at(20.5) + 2_000)
    assert [(one.window_s, one.true_mm, one.stored_mm, one.true_level) for one in alert.windows] == [
        (1800, 11.0, 10.0, "immediate"),
        (3600, 11.0, 11.0, "prepare"),
        (10800, 11.0, 11.0, ""),
    ]


def test_of_several_windows_the_one_that_reached_the_level_first_says_when(run: Run) -> None:
    storm(run.logger(), tips=32)

    alert = alert_of(run)

    assert [one.true_level for one in alert.windows] == ["immediate", "immediate", "prepare"]
    assert alert.true_at == at(20)


def test_of_two_storms_the_first_one_was_told_first(run: Run) -> None:
    logger = run.logger()
    storm(logger, tips=22)
    for minute in range(50, 400, 10):
        logger.report(minute)
    for minute in range(400, 422):
        logger.tip(minute)
        logger.report(minute + 0.5)

    alert = alert_of(run)

    assert len(run.desk.journal.reader.alerts.all(ended=True)) == 2
    assert alert.told is not None
    assert (alert.told.level, alert.told.rained_at) == ("immediate", at(20.5))


def elsewhere(run: Run, since: int, *, boot: int) -> None:
    """Rain of another run, enough for an alert that stands from then on."""
    run.desk.now = at(since + 7)
    run.desk.take(message([(at(since), 20), (at(since + 5), 34), (at(since + 6), 34)], boot=boot, seq=90 + boot))
    run.desk.settle()


def test_alerts_about_rain_before_and_after_the_run_are_none_of_it(run: Run) -> None:
    elsewhere(run, -1_000, boot=4)
    logger = run.logger(boot=5)
    logger.report(0)
    logger.tip(3)
    logger.report(5)
    alone = alert_of(run)
    run.lines = run.lines[:-1]
    for minute in range(10, 200, 10):  # with coverage the first alert ends
        logger.report(minute)
    elsewhere(run, 1_000, boot=6)

    alert = alert_of(run)

    assert len(run.desk.journal.reader.alerts.all(ended=True)) == 2
    assert (alone.verdict, alone.told) == (Verdict.RIGHT, None)
    assert (alert.verdict, alert.told) == (Verdict.RIGHT, None)


def test_where_an_alert_stood_before_the_run_nothing_more_had_to_be_told(run: Run) -> None:
    elsewhere(run, -60, boot=4)
    logger = run.logger(boot=5)
    logger.report(0)
    logger.tip(3, times=12)
    logger.report(5)

    alert = alert_of(run)

    assert (alert.verdict, alert.true_level) == (Verdict.RIGHT, "prepare")
    assert alert.told is not None
    assert alert.told.rained_at == at(-55)


def test_a_window_holds_no_tip_as_old_as_itself(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(1, times=6)
    logger.tip(31, times=6)
    logger.report(35)

    assert [one.true_mm for one in alert_of(run).windows] == [3.0, 6.0, 6.0]


def test_rain_below_every_level_and_no_alert_are_right(run: Run) -> None:
    storm(run.logger(), tips=11)

    alert = alert_of(run)

    assert (alert.verdict, alert.true_level, alert.true_at, alert.told) == (Verdict.RIGHT, "", None, None)


def test_rain_that_nobody_counted_is_a_missed_alert_and_the_journal_shows_why(run: Run) -> None:
    storm(run.logger(), tips=22, missed="stuck_switch")

    alert = alert_of(run)

    assert (alert.verdict, alert.true_level, alert.told) == (Verdict.MISSED, "immediate", None)
    assert (alert.windows[0].true_mm, alert.windows[0].stored_mm) == (11.0, 0.0)


def test_lightning_that_looks_like_rain_is_a_false_alert(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    for minute in range(1, 16):
        logger.pulse(minute, "lightning")
        logger.report(minute + 0.5)

    alert = alert_of(run)

    assert (alert.verdict, alert.true_level) == (Verdict.FALSE, "")
    assert alert.told is not None
    assert alert.told.level == "prepare"


def test_water_that_somebody_pours_is_no_true_rain(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(3, times=14, service=True)
    logger.report(5)

    assert alert_of(run).verdict is Verdict.FALSE


def test_an_alert_about_rain_that_came_late_is_counted_as_late(run: Run) -> None:
    logger = run.logger()
    storm(logger, tips=14, arrives=False)
    logger.read(200, claims=15)
    logger.send(200, [logger.reading])

    alert = alert_of(run)

    assert alert.told is not None
    assert (alert.told.late, alert.late) == (True, 1)


def test_an_alert_that_was_taken_back_is_counted_apart(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(10, shows=14)
    raised = alert_of(run)
    logger.report(15)
    logger.report(16, claims=10)

    withdrawn = alert_of(run)

    assert (raised.verdict, raised.withdrawn) == (Verdict.FALSE, 0)
    assert (withdrawn.verdict, withdrawn.told, withdrawn.withdrawn) == (Verdict.RIGHT, None, 1)
