"""A journal of the first version is taken over: nothing is lost, and its readings are judged by the checks."""

import sqlite3
from pathlib import Path

from gauge_ingest.core.model import Step
from gauge_ingest.journal.schema import SCHEMA, VERSION
from tests.worlds import MINUTE, T0, Desk, message, rule, station

FIRST_VERSION = 1


def first_version(folder: Path) -> None:
    """A journal as the first version left it, with three readings of a station that had its door open for one."""
    journal = sqlite3.connect(folder / "journal.db", isolation_level=None)
    journal.executescript(SCHEMA)
    journal.execute("INSERT INTO meta VALUES ('epoch', 'abc')")
    journal.execute("INSERT INTO station (id) VALUES ('HTB01')")
    for number, (count, tips, step, door) in enumerate(
        ((100, 0, Step.FIRST, 0), (103, 3, Step.STEADY, 1), (104, 1, 1, 0))
    ):
        at = T0 + number * 5 * MINUTE
        since = at - 5 * MINUTE if number else at
        journal.execute(
            "INSERT INTO reading VALUES (?, 1, ?, ?, 0, 0, ?, ?, ?, 1, NULL, NULL, NULL, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1)",
            (at // 3_600_000, at, count, at + 2_000, at, number, door, number, since, tips, tips, tips, int(step), 1),
        )
    journal.execute(f"PRAGMA user_version = {FIRST_VERSION}")
    journal.close()


def test_a_journal_of_the_first_version_keeps_its_rain_and_is_judged(tmp_path: Path) -> None:
    first_version(tmp_path)

    desk = Desk(tmp_path, [station()], [rule()])
    desk.settle()

    version = sqlite3.connect(tmp_path / "journal.db").execute("PRAGMA user_version").fetchone()[0]
    assert version == VERSION
    rows = list(desk.journal.reader.rows("HTB01", since=0, until=1 << 61))
    assert [(row.counter, row.tips) for row in rows] == [(100, 0), (103, 3), (104, 1)]
    assert [row.flag for row in rows] == [2, 4, 3]
    assert "somebody was at the gauge" in str(rows[1].reasons)


def test_what_comes_after_the_change_of_version_goes_on_from_what_was_there(tmp_path: Path) -> None:
    first_version(tmp_path)
    desk = Desk(tmp_path, [station()], [rule()])
    desk.settle()

    desk.now = T0 + 15 * MINUTE + 2_000
    desk.take(message([(T0 + 15 * MINUTE, 106)], seq=3, boot=1))
    desk.settle()

    assert desk.tips() == 6


def test_an_alert_of_a_former_version_keeps_its_words_and_has_nothing_that_they_were_made_from(tmp_path: Path) -> None:
    first_version(tmp_path)
    journal = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    journal.execute(
        "INSERT INTO alert VALUES (1, 'station_silent', 'HTB01', 'notice', 'notice', 'raised', 1, 1, 1, 1, NULL, NULL,"
        " 'never heard', 1)"
    )
    journal.execute(
        "INSERT INTO alert_event VALUES (1, 1, 'raised', 'notice', 1, 1, 1, 0, 0, 1, NULL, 'never heard', 1)"
    )
    journal.close()

    alerts = Desk(tmp_path, [station()], [rule()]).journal.reader.alerts

    (alert,), (event,) = alerts.all(), alerts.events(1)
    assert (alert.reason, alert.cause) == (event.reason, event.cause) == ("never heard", None)
