"""Readings that were dropped, are on their way, wait in quarantine, or are lost behind an acknowledgement."""

import sqlite3
from pathlib import Path

import pytest

from gauge_ingest.account import Service
from gauge_ingest.account.join import SESSION_LOST
from gauge_ingest.account.readings import Missing, Readings
from gauge_ingest.account.station_side import Fate
from gauge_ingest.core.reasons import because
from gauge_ingest.pump import Delivery
from gauge_ingest.pump.findings import Finding, Findings
from tests.account.runs import Run, at
from tests.worlds import message, station


def readings_of(run: Run) -> Readings:
    """The readings of the only station, of an account that closes."""
    account = run.account()
    assert account.closes, account.unexplained
    readings = account.stations[0].readings
    assert readings.made == readings.stored + sum(readings.missing.values())
    return readings


@pytest.mark.parametrize(
    ("fate", "why"),
    [
        ("memory_full", Missing.MEMORY_FULL),
        ("memory_lost", Missing.MEMORY_LOST),
        ("unsent", Missing.NOT_SENT),
        ("held", Missing.NOT_ACKNOWLEDGED),
    ],
)
def test_a_reading_that_never_came_is_named_by_how_far_it_came(run: Run, fate: str, why: Missing) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, fate=fate)

    readings = readings_of(run)

    assert (readings.made, readings.stored, readings.acknowledged) == (2, 1, 1)
    assert readings.missing == {why: 1}


def test_a_reading_that_waits_for_others_is_in_no_message_yet(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.read(5)

    assert readings_of(run).missing == {Missing.IN_NO_MESSAGE: 1}


def test_readings_that_share_a_message_share_its_fate(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.read(5)
    first = logger.reading
    logger.read(10)
    logger.send(10, [first, logger.reading], fate="memory_full")

    assert readings_of(run).missing == {Missing.MEMORY_FULL: 2}


def test_a_reading_whose_message_was_lost_may_come_in_another(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, fate="memory_full")
    logger.send(60, [logger.reading], kind="hourly")

    readings = readings_of(run)

    assert (readings.stored, readings.missing) == (2, {})


def test_an_hourly_message_leaves_readings_waiting_that_are_not_in_it(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    first = logger.reading
    logger.read(60)
    logger.send(60, [first], kind="hourly")

    assert readings_of(run).missing == {Missing.IN_NO_MESSAGE: 1}


def test_of_two_messages_with_one_reading_the_better_one_counts(run: Run) -> None:
    logger = run.logger()
    logger.read(0)
    first = logger.reading
    logger.read(5)
    logger.send(5, [logger.reading], kind="event")  # sent ahead, while both wait
    logger.send(6, [first, logger.reading], fate="memory_full")

    readings = readings_of(run)

    assert (readings.acknowledged, readings.missing) == (1, {Missing.MEMORY_FULL: 1})


def test_a_reading_that_the_station_still_holds_may_be_stored_already(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, fate="held", arrives=True)

    readings = readings_of(run)

    assert (readings.stored, readings.acknowledged) == (2, 1)


def test_where_the_service_is_not_connected_such_a_reading_may_be_on_its_way(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, arrives=False)

    account = run.account(service=Service("the service does not run", debts=3))

    assert account.notices == [
        "readings that are not here may be on their way: the service does not run",
        "3 spans are still to be derived anew: tips and alerts may change",
    ]


def test_where_the_broker_forgot_the_session_the_finding_is_named(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, arrives=False)
    Findings(run.desk.journal).raise_(Finding.SESSION_LOST, because("said", words="no session"), at=at(6))

    account = run.account()

    assert [notice for notice in account.notices if "forgotten the service's session (alert 1)" in notice]
    assert SESSION_LOST == Finding.SESSION_LOST


def test_where_nothing_is_missing_nobody_need_know_how_the_service_stands(run: Run) -> None:
    run.logger().report(0)
    Findings(run.desk.journal).raise_(Finding.SESSION_LOST, because("said", words="no session"), at=at(6))

    account = run.account(service=Service("the service does not run"))

    assert account.notices == []


def test_a_message_that_comes_three_times_is_stored_once(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, again=2)

    account = run.account()

    assert account.closes
    (one,) = account.stations
    assert (one.messages.made, one.messages.sent, one.messages.transmissions) == (2, 2, 4)
    assert one.messages.fates == {Fate.ACKNOWLEDGED: 2}
    assert one.readings.stored == 2


def test_a_reading_in_quarantine_is_there_with_its_reason(tmp_path: Path) -> None:
    run = Run(tmp_path, station(counter_modulus=1000))
    logger = run.logger()
    logger.report(0)
    logger.report(5, shows=4_000)

    account = run.account()

    assert account.closes
    readings = account.stations[0].readings
    assert readings.missing == {Missing.QUARANTINED: 1}
    (reason,) = readings.reasons
    assert "counter_modulus" in reason
    assert [(one.made.shown, one.due, one.became) for one in readings.wrong] == [(4_000, 0, "quarantined")]


def test_of_a_message_only_the_reading_in_quarantine_is_missing(tmp_path: Path) -> None:
    run = Run(tmp_path, station(counter_modulus=1000))
    logger = run.logger()
    logger.report(0)
    logger.read(5, shows=4_000)
    bad = logger.reading
    logger.read(10)
    logger.send(10, [bad, logger.reading])

    readings = readings_of(run)

    assert (readings.stored, readings.missing) == (2, {Missing.QUARANTINED: 1})


def test_a_reading_in_quarantine_that_came_again_and_was_admitted_is_not_missing(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.read(5)
    logger.send(5, [logger.reading | {"battery_v": "twelve"}])
    quarantined = readings_of(run)
    run.lines = [line for line in run.lines if line["event"] != "end"]
    logger.send(60, [logger.reading], kind="hourly")

    readings = readings_of(run)

    assert (quarantined.missing, sum(quarantined.reasons.values())) == ({Missing.QUARANTINED: 1}, 1)
    assert (readings.missing, readings.reasons) == ({}, {})


def test_what_another_station_has_in_quarantine_explains_nothing_here(tmp_path: Path) -> None:
    run = Run(tmp_path, station("HTB01"), station("HTB02", counter_modulus=1000))
    for name, shows in (("HTB01", 900), ("HTB02", 4_000)):
        logger = run.logger(name)
        logger.report(0)
        logger.report(5, shows=shows, arrives=name == "HTB02")

    account = run.account()

    missing = [one.readings.missing for one in account.stations]
    assert missing == [{Missing.ON_THE_WAY: 1}, {Missing.QUARANTINED: 1}]


def test_a_message_in_the_air_when_the_memory_was_lost_is_lost_all_the_same(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, fate="memory_lost")
    run.tell("publish", "HTB01", 5.1, number=2, seq=1)

    assert readings_of(run).missing == {Missing.MEMORY_LOST: 1}


def test_messages_of_a_station_that_is_not_configured_are_in_quarantine(run: Run) -> None:
    run.logger("HTB01").report(0)
    stranger = run.logger("HTB09")
    stranger.report(0)
    stranger.report(5)

    account = run.account()

    assert account.closes
    assert account.stations[1].readings.missing == {Missing.QUARANTINED: 2}
    assert any("not in stations.toml" in notice and "HTB09" in notice for notice in account.notices)


def test_bytes_in_quarantine_that_are_no_message_explain_nothing(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5, arrives=False)
    run.desk.take(Delivery("rain/v1/HTB01/up", b"\xff"))

    assert readings_of(run).missing == {Missing.ON_THE_WAY: 1}


def test_an_hour_that_a_wrong_clock_shows_twice_is_two_readings(run: Run) -> None:
    logger = run.logger()
    logger.report(0, claims=60)  # an hour ahead, and mended
    logger.report(5, claims=65)
    logger.report(60)
    logger.report(65)

    readings = readings_of(run)

    assert (readings.made, readings.stored, readings.missing) == (4, 4, {})


def test_a_single_wrong_count_is_void_and_named(run: Run) -> None:
    logger = run.logger(first_count=115)
    logger.report(0)
    logger.report(5, shows=49)
    logger.report(10)

    readings = readings_of(run)

    assert (readings.stored, readings.void) == (3, 1)
    assert [(one.made.shown, one.due, one.became) for one in readings.wrong] == [(49, 115, "void")]


def test_a_row_that_no_station_made_is_not_explained(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(10)
    run.desk.take(message([(at(5), 0)], boot=1, seq=77))
    run.desk.settle()

    account = run.account()

    assert [(one.what, one.observed_at) for one in account.unexplained] == [("stored that no station made", at(5))]
    assert account.stations[0].readings.unexplained == 1


def test_while_the_simulator_still_runs_rows_later_than_its_truth_are_left_alone(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(10)
    run.desk.now = at(11)
    run.desk.take(message([(at(5), 0)], boot=1, seq=77))
    run.desk.settle()

    assert run.account(ended=False).closes
    run.desk.now = at(9)
    run.desk.take(message([(at(6), 0)], boot=1, seq=78))
    run.desk.settle()
    assert [one.observed_at for one in run.account(ended=False).unexplained] == [at(6)]
    assert not run.account().closes


def test_rows_of_other_runs_are_none_of_this_account(run: Run) -> None:
    logger = run.logger(boot=4)
    logger.report(0)
    logger.report(10)
    for minute, boot in ((-60, 4), (5, 3), (90, 4)):
        run.desk.take(message([(at(minute), 0)], boot=boot, seq=77 + boot + minute))
    run.desk.settle()

    assert readings_of(run).stored == 2


def test_a_reading_that_is_stored_twice_is_not_explained(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(10)
    db = sqlite3.connect(run.desk.journal.path)
    names = [row[1] for row in db.execute("PRAGMA table_info(reading)")]
    copied = ", ".join("observed_at + 1" if name == "observed_at" else name for name in names)
    db.execute(f"INSERT INTO reading SELECT {copied} FROM reading WHERE observed_at = {at(10)}")  # noqa: S608
    db.commit()
    db.close()

    account = run.account()

    assert [one.what for one in account.unexplained] == ["stored twice"]


def test_a_stored_reading_that_was_never_sent_is_not_explained(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5)
    run.lines = [line for line in run.lines if line["event"] not in ("publish", "puback") or line["number"] != 2]

    account = run.account()

    assert [(one.what, one.observed_at) for one in account.unexplained] == [
        ("stored that the station says it never sent", at(5))
    ]


def test_two_readings_with_one_time_and_one_count_are_one_fact(run: Run) -> None:
    logger = run.logger()
    logger.report(0)
    logger.report(5)
    logger.report(5)

    readings = readings_of(run)

    assert (readings.made, readings.stored) == (3, 3)
