"""alerts and handover: that nobody is told now stands first, and "told" is said of what went out alone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gauge_ingest.outbound.deliveries import SCHEMA
from gauge_ingest.outbound.record import first_told
from tests.commands.place import Place
from tests.commands.serving import service, write_status
from tests.commands.test_alerts import storm
from tests.worlds import MINUTE, T0

PEOPLE = '[people.liu]\nname = "刘伟"\nreach = [["bell", "-"]]\n[channels.bell]\nkind = "bell"\n'


def stormy(place: Place) -> str:
    """Three alerts of rain at three stations, ten minutes ago; the journal's epoch."""
    with place.desk() as desk:
        for station_id in ("HTB01", "HTB02", "HTB03"):
            storm(desk, station_id=station_id, until=15)
        epoch = desk.journal.reader.epoch()
    place.now = T0 + 25 * MINUTE
    return epoch


def delivery(path: Path, epoch: str, alert: int, state: str, ended_at: int) -> None:
    """What the outbound process wrote down of an event."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA)
        count = db.execute("SELECT count(*) FROM delivery").fetchone()[0]
        row = (epoch, "liu", count, alert, "raised", "immediate", 4, 1, T0, T0, T0, 0, state, ended_at)
        db.execute(
            "INSERT INTO delivery (epoch, person, event, alert, kind, level, grade, evacuates, event_at, queued_at,"
            " since_at, repeated, state, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        db.commit()


@pytest.mark.parametrize("command", [("alerts",), ("alerts", "show", "1"), ("handover",)])
def test_the_first_line_says_that_the_service_does_not_run_or_tells_nobody(
    place: Place, command: tuple[str, ...]
) -> None:
    stormy(place)
    write_status(place)
    place.now += 5 * MINUTE

    killed = place.run(*command, columns=200).stdout.splitlines()[0]
    with service(place):
        write_status(place, alive=False, heard_at=T0 + 20 * MINUTE)
        stands = place.run(*command, columns=200).stdout.splitlines()[0]
        write_status(place, age_s=60)
        hangs = place.run(*command, columns=200).stdout.splitlines()[0]
        write_status(place)
        runs = place.run(*command, columns=200).stdout

    assert killed.startswith("THE SERVICE DOES NOT RUN: nothing is taken in, NOBODY IS TOLD since 2026-07-15 18:25.")
    assert "start it (gauge-ingest run)" in killed
    nobody = "THE OUTBOUND PROCESS DOES NOT RUN, OR STANDS STILL: NOBODY IS TOLD since 2026-07-15 18:20."
    assert stands.startswith(nobody)
    assert hangs.startswith("THE SERVICE GIVES NO SIGN OF LIFE, perhaps NOBODY IS TOLD since 2026-07-15 18:30.")
    assert "NOBODY IS TOLD" not in runs


def test_the_document_of_a_hand_over_says_so_too(place: Place) -> None:
    stormy(place)

    gone = place.json("handover")["nobody_told"]
    with service(place):
        write_status(place)
        runs = place.json("handover")["nobody_told"]

    assert gone.startswith("THE SERVICE DOES NOT RUN")
    assert runs is None


def test_told_is_said_only_of_an_alert_of_which_a_message_went_out(place: Place) -> None:
    epoch = stormy(place)
    (place.config / "people.toml").write_text(PEOPLE, encoding="utf-8")
    outbound = place.journal.with_name("outbound.db")
    delivery(outbound, epoch, 1, "silenced", T0 + 11 * MINUTE)
    delivery(outbound, epoch, 1, "done", T0 + 17 * MINUTE)
    delivery(outbound, epoch, 1, "done", T0 + 19 * MINUTE)
    delivery(outbound, epoch, 2, "silenced", T0 + 11 * MINUTE)
    delivery(outbound, "of another journal", 3, "done", T0 + 11 * MINUTE)

    shown = place.run("alerts").stdout
    told = {one["id"]: one["told_at"] for one in place.json("alerts")}

    assert "alert 1, rule flash_flood, recorded 07-15 18:10, people told 07-15 18:17" in shown
    assert "alert 2, rule flash_flood, recorded 07-15 18:10, nobody was told yet" in shown
    assert "alert 3, rule flash_flood, recorded 07-15 18:10, nobody was told yet" in shown
    assert told == {1: "2026-07-15T18:17:00+08:00", 2: None, 3: None}
    assert "recorded at" in place.run("alerts", "show", "1").stdout


def test_with_nobody_in_people_toml_or_a_record_that_cannot_be_read_only_the_recording_is_said(place: Place) -> None:
    stormy(place)
    alone = place.run("alerts").stdout
    (place.config / "people.toml").write_text(PEOPLE, encoding="utf-8")
    place.journal.with_name("outbound.db").write_bytes(b"no database" * 1_000)

    unread = place.run("alerts").stdout

    for shown in (alone, unread):
        assert "rule flash_flood, recorded 07-15 18:10\n" in shown.replace(" \n", "\n")
        assert "told yet" not in shown


def test_before_anybody_was_to_be_told_nobody_was(tmp_path: Path) -> None:
    assert first_told(tmp_path / "outbound.db", [("e", 9)], [1]) == {1: None}
