"""Rain that was lost, held, counted twice or lost again: each difference alone, and each in its line."""

import sqlite3
from pathlib import Path

import pytest

from gauge_ingest.account import Account
from gauge_ingest.account.rain import Because, Gone, Rain
from gauge_ingest.core.model import Deployment, Station
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request
from tests.account.runs import Run, at
from tests.worlds import T0, station


def rain_of(account: Account) -> Rain:
    """The rain of the only station, of an account that closes."""
    assert account.closes, account.unexplained
    (one,) = account.stations
    assert one.rain.unexplained_tips == 0
    assert one.rain.explained_tips == one.rain.stored_tips
    return one.rain


def test_rain_in_order_is_stored_to_the_tip_and_nothing_else_has_a_line(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(3, times=4)
    logger.report(5)
    logger.balance(fell=2.3, lost_turning=0.01, evaporated=0.02, residue=0.27, tipped=2.0)

    rain = rain_of(run.account())

    assert (rain.turned_tips, rain.counted_tips, rain.carried_tips, rain.stored_tips) == (4, 4, 4, 4)
    assert (rain.stored_tips_min, rain.stored_tips_max, rain.stored_mm) == (4, 4, 2.0)
    assert rain.water is not None
    assert rain.water.caught_mm == pytest.approx(2.27)
    assert not any((*rain.gone.values(), *rain.because.values(), rain.missed, rain.pulses))


@pytest.mark.parametrize("cause", ["stuck_switch", "dead_input", "no_power", "loose_wire"])
def test_tips_that_nobody_counted_are_named_by_their_cause(run: Run, cause: str) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(2)
    logger.tip(3, times=2, missed=cause)
    logger.report(5)

    rain = rain_of(run.account())

    assert (rain.turned_tips, rain.counted_tips, rain.stored_tips) == (3, 1, 1)
    assert rain.missed == {cause: 2}


@pytest.mark.parametrize("cause", ["bounce", "lightning"])
def test_pulses_that_no_rain_made_are_stored_and_named(run: Run, cause: str) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(2)
    logger.pulse(2, cause)
    logger.report(5)

    rain = rain_of(run.account())

    assert (rain.turned_tips, rain.stored_tips) == (1, 2)
    assert rain.pulses == {cause: 1}


def test_water_that_somebody_pours_without_the_test_switch_is_counted_as_poured(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(2, times=3, service=True)
    logger.report(5)

    rain = rain_of(run.account())

    assert (rain.turned_tips, rain.poured_tips, rain.stored_tips) == (0, 3, 3)


def test_water_of_a_test_is_shown_in_its_readings_and_is_no_rain(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.visit(10)
    logger.tip(12, times=3, service=True)
    logger.report(15)
    logger.leave(20)
    logger.tip(22)
    logger.report(25)

    account = run.account()

    rain = rain_of(account)
    assert (rain.poured_tips, rain.left_out_tips, rain.stored_tips) == (3, 3, 1)
    assert (account.stations[0].readings.test, account.stations[0].readings.void) == (1, 0)
    assert account.stations[0].readings.wrong == []


def test_a_restart_during_a_test_loses_the_count_and_not_the_water_of_the_test(run: Run) -> None:
    logger = run.logger(first_count=70)
    logger.tip(1, times=2)
    logger.report(5)
    logger.visit(10)
    logger.tip(12, times=3, service=True)
    logger.restart(13, loses=True)
    logger.tip(14, times=2, service=True)
    logger.report(15)
    logger.leave(20)
    logger.tip(22)
    logger.report(25)

    account = run.account()

    rain = rain_of(account)
    assert (rain.left_out_tips, rain.counted_tips, rain.stored_tips) == (5, 3, 1)
    assert account.stations[0].readings.wrong == []


def test_tips_in_no_reading_are_lost_with_the_counter_at_a_restart(run: Run) -> None:
    logger = run.logger()
    logger.tip(1, times=5)
    logger.report(2)
    logger.tip(3, times=2)
    logger.restart(4, loses=True)
    logger.tip(4.5)
    logger.report(5)

    rain = rain_of(run.account())

    assert rain.gone == {Gone.BEFORE_FIRST: 5, Gone.WITH_COUNTER: 2}
    assert (rain.carried_tips, rain.stored_tips) == (6, 1)


def test_tips_that_only_lost_readings_told_of_are_lost_at_a_restart(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(1, times=9)
    logger.report(2)
    logger.tip(3, times=3)
    logger.report(4, fate="memory_full")
    logger.tip(4.2, times=2)
    logger.restart(4.5, loses=True)
    logger.report(5)

    rain = rain_of(run.account())

    assert rain.gone == {Gone.WITH_READINGS: 3, Gone.WITH_COUNTER: 2}
    assert (rain.counted_tips, rain.stored_tips) == (14, 9)


def test_between_two_restarts_everything_is_lost_when_no_reading_came(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(1, times=4)
    logger.report(2)
    logger.tip(3, times=3)
    logger.restart(4, loses=True)
    logger.tip(5, times=2)
    logger.report(6, fate="memory_lost")
    logger.tip(7)
    logger.restart(8, loses=True)
    logger.tip(9, times=2)
    logger.report(10)

    rain = rain_of(run.account())

    assert rain.gone == {Gone.WITH_COUNTER: 4, Gone.WITH_READINGS: 2}
    assert rain.stored_tips == 6


def test_a_restart_after_the_last_reading_loses_what_no_reading_told_of(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(1, times=2)
    logger.restart(2, loses=True)
    logger.tip(3)

    assert rain_of(run.account()).gone == {Gone.WITH_COUNTER: 2, Gone.IN_COUNTER: 1}


def test_a_lost_reading_costs_no_rain_when_the_next_one_arrives(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(3, times=3)
    logger.report(5, fate="memory_full")
    logger.report(10)

    assert rain_of(run.account()).stored_tips == 3


def test_rain_before_the_first_and_after_the_last_stored_reading_has_its_lines(run: Run) -> None:
    logger = run.logger()
    logger.report(0, fate="memory_lost")
    logger.tip(3, times=2)
    logger.report(5)
    logger.tip(7)
    logger.report(10)
    logger.tip(12, times=3)
    logger.report(15, fate="held")
    logger.tip(17, times=4)

    rain = rain_of(run.account())

    assert rain.gone == {Gone.BEFORE_FIRST: 2, Gone.AFTER_LAST: 3, Gone.IN_COUNTER: 4}
    assert (rain.counted_tips, rain.carried_tips, rain.stored_tips) == (10, 6, 1)


def test_rain_after_a_silent_restart_waits_until_two_readings_confirm_it(run: Run) -> None:
    logger = run.logger(first_count=500)
    logger.report(0)
    logger.tip(3)
    logger.report(5)
    logger.restart(6, loses=True, told=False)
    logger.tip(8, times=2)
    logger.report(10)

    waits = rain_of(run.account())
    logger.report(15)
    logger.report(20)
    stands = rain_of(run.account())

    assert (waits.gone, waits.stored_tips, waits.stored_tips_max) == ({Gone.UNCONFIRMED: 2}, 1, 3)
    assert (stands.gone, stands.stored_tips) == ({}, 3)


def test_rain_that_is_still_owed_its_increment_is_not_derived_yet(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(3, times=2)
    logger.report(5)
    db = sqlite3.connect(run.desk.journal.path)
    db.execute("UPDATE reading SET step = 8, tips = 0, tips_min = 0, tips_max = 0 WHERE observed_at > ?", (T0,))
    db.commit()
    db.close()

    rain = rain_of(run.account())

    assert (rain.gone, rain.stored_tips) == ({Gone.OWED: 2}, 0)


def test_wrong_counts_that_stand_are_named_as_what_they_are(run: Run) -> None:
    logger = run.logger()
    for minute in (-20, -15, -10, -5, 0):
        logger.report(minute)
    for minute, count in ((5, 7), (10, 7), (15, 8)):
        logger.report(minute, shows=count)

    account = run.account()

    rain = rain_of(account)
    assert (rain.because, rain.stored_tips) == ({Because.WRONG_COUNT: 8}, 8)
    assert [(one.made.shown, one.due) for one in account.stations[0].readings.wrong] == [(7, 0), (7, 0), (8, 0)]


def test_a_restart_behind_which_the_count_is_higher_hides_rain(run: Run) -> None:
    logger = run.logger()
    logger.tip(1)
    logger.report(2)
    logger.restart(3, loses=True)
    logger.tip(4, times=4)
    logger.report(5)

    rain = rain_of(run.account())

    assert (rain.gone, rain.because) == ({Gone.BEFORE_FIRST: 1}, {Because.RESTART: -1})
    assert (rain.counted_tips, rain.stored_tips) == (5, 3)


def test_a_burst_of_lightning_that_the_service_doubts_is_at_most_so_much(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.pulse(1, "lightning", times=60)
    for minute in (1.1, 1.2, 1.3):
        logger.report(minute)

    rain = rain_of(run.account())

    assert rain.pulses == {"lightning": 60}
    assert rain.because == {Because.DOUBTED: -60}
    assert rain.stored_tips == 0 < rain.stored_tips_max


@pytest.mark.parametrize(("first_count", "again"), [(300, 0), (30, 70)])
def test_rain_of_a_clock_that_is_set_back_is_told_again_only_at_a_low_count_and_it_is_named(
    run: Run, first_count: int, again: int
) -> None:
    """A low count under a message numbered 1, behind the report that stands too early, is taken for a start."""
    logger = run.logger(first_count=first_count)
    logger.report(0)
    for minute, tips in ((16, 10), (17, 1), (18, 1)):
        logger.tip(minute, times=tips)
        logger.report(minute, claims=minute + 9)
    logger.tip(19, times=28)
    logger.report(20)
    logger.report(35)

    rain = rain_of(run.account())

    assert rain.because == ({Because.CLOCK: again} if again else {})
    assert (rain.counted_tips, rain.stored_tips) == (40, 40 + again)


def test_no_rain_crosses_a_change_of_the_gauge(tmp_path: Path) -> None:
    place = station().deployments[0]
    changed = Deployment(at(7), 0.2, 65_536, place.latitude, place.longitude, place.elevation_m)
    run = Run(tmp_path, Station("HTB01", "石门", (place, changed)))
    logger = run.logger()
    logger.report(0)
    logger.tip(6, times=2)
    logger.report(10)

    rain = rain_of(run.account())

    assert (rain.because, rain.stored_tips) == ({Because.DEPLOYMENT: -2}, 0)


def test_what_is_counted_from_a_reading_of_another_run_is_no_rain_of_this_one(run: Run) -> None:
    earlier = run.logger()
    earlier.report(-30)
    run.lines = run.lines[:1]
    logger = run.logger(first_count=100, boot=2)
    logger.report(0)
    logger.tip(3)
    logger.report(5)

    rain = rain_of(run.account())

    assert rain.because == {Because.EARLIER: 100}
    assert rain.stored_tips == 101


def test_rain_that_a_person_corrected_is_explained_by_that(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.tip(3, times=4)
    logger.report(5)
    logger.tip(8, times=2)
    logger.report(10)
    body = {"kind": "replace", "station": "HTB01", "since": T0, "until": at(5), "rain_mm": 1.0, "why": "storage gauge"}
    request = Request("a", "correct", body, "wang")
    assert carry_out(run.desk.pump, run.desk.journal, request, now=run.desk.now, reload=dict)["ok"]
    run.desk.settle()

    rain = rain_of(run.account())

    assert (rain.because, rain.stored_tips) == ({Because.CORRECTED: -2}, 4)


def test_a_count_that_passes_its_modulus_is_not_wrong(run: Run) -> None:
    logger = run.logger(first_count=65_534)
    logger.report(0)
    logger.tip(3, times=3)
    logger.report(5, shows=1)

    account = run.account()

    assert rain_of(account).stored_tips == 3
    assert account.stations[0].readings.wrong == []
