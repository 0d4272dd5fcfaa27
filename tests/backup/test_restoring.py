"""A copy is put in the journal's place whole, or nothing is changed; what was given out before is not given again."""

import json
import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.app.ingest_side import begin_anew_if_set_back
from gauge_ingest.backup.checking import Checked, sum_file
from gauge_ingest.backup.making import make
from gauge_ingest.backup.restoring import Restored, restore
from gauge_ingest.journal import Journal, Position, Reader, copying
from gauge_ingest.journal.copying import Uncopied
from gauge_ingest.journal.renewal import NUMBERED, ROOM
from gauge_ingest.journal.schema import MIGRATIONS
from gauge_ingest.journal.switching import staged, switch
from gauge_ingest.outbound import Positions
from tests.backup.place import NOW, desk_in, in_a_fork, later, rain, readings, stormy
from tests.worlds import HOUR, Desk


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of a stormy journal, and the journal as a kill left it hours later."""
    stormy(tmp_path / "var")
    make(tmp_path / "var" / "journal.db", tmp_path / "copy.db", now=NOW)
    later(tmp_path / "var")
    assert (tmp_path / "var" / "journal.db-wal").stat().st_size > 0
    return tmp_path


def put_back(place: Path, **more: Any) -> Restored:
    return restore(place / "copy.db", place / "var" / "journal.db", **{"now": NOW + HOUR, "told": {}, **more})


def another_storm(place: Path) -> Desk:
    """After the copy was put back: dry until the alert in it is over, then another."""
    desk = desk_in(place / "var")
    count = rain(desk, since_min=80, until_min=300, count=42)
    rain(desk, since_min=300, until_min=320, count=count, tips=12)
    return desk


def test_the_journal_is_the_copy_and_what_was_there_is_aside_with_its_log(place: Path) -> None:
    journal = place / "var" / "journal.db"
    had, copied = readings(journal), readings(place / "copy.db")
    assert had > copied

    done = put_back(place)

    assert done.aside is not None
    assert sorted(one.name for one in (place / "var").iterdir()) == ["journal.db", done.aside.name]
    assert readings(journal) == copied
    assert readings(done.aside / "journal.db") == had  # what stood in its write-ahead log, too
    assert isinstance(done.checked, Checked)


def test_the_restore_is_undone_by_restoring_what_is_aside(place: Path) -> None:
    journal = place / "var" / "journal.db"
    had = readings(journal)
    done = put_back(place)
    assert done.aside is not None

    again = restore(done.aside / "journal.db", journal, now=NOW + HOUR, told={})

    assert readings(journal) == had
    assert again.aside is not None
    assert again.aside != done.aside
    assert again.checked.made_at is None


def test_followers_begin_anew_and_no_number_is_given_again(place: Path) -> None:
    journal = place / "var" / "journal.db"
    with closing(Reader.open(journal)) as before:
        epoch, alerts, newest = before.epoch(), before.alerts.all(ended=True), before.alerts.newest_event()
    with closing(Reader.open(place / "copy.db")) as copied:
        kept = copied.alerts.newest_event()
    assert kept < newest

    done = put_back(place)
    desk = another_storm(place)
    found = desk.journal.reader
    fresh = [alert.id for alert in found.alerts.all(ended=True) if alert.id > alerts[0].id]
    events = [event.id for event in found.alerts.changes(0)[1] if event.id > kept]

    assert found.epoch() == done.epoch != epoch
    assert found.alerts.former_epochs() == [(epoch, kept)]
    assert done.next_alert == ROOM + 1
    assert fresh[-1] == ROOM + 1
    assert min(events) == ROOM + 1
    assert desk.journal.next_message_id() >> 16 > ROOM
    assert found.corrections.next_id() == desk.journal.silences.next_id() == ROOM + 1
    desk.journal.close()


def test_a_second_restore_of_the_same_copy_gives_other_numbers_than_the_first(place: Path) -> None:
    first = put_back(place)
    another_storm(place).journal.close()

    second = put_back(place)
    (place / "var" / "journal.db").write_bytes(b"the disk is ill" * 1_000)
    third = put_back(place, told={"alert": 2 * ROOM + 1, "alert_event": 2 * ROOM + 5})

    assert (first.next_alert, second.next_alert, third.next_alert) == (ROOM + 1, 2 * ROOM + 1, 3 * ROOM + 1)
    assert len({first.epoch, second.epoch, third.epoch}) == 3


def test_a_silence_of_which_nobody_knows_whether_it_still_held_holds_nothing_back(tmp_path: Path) -> None:
    stormy(tmp_path / "var")
    journal = tmp_path / "var" / "journal.db"
    make(journal, tmp_path / "copy.db", now=NOW)

    done = put_back(tmp_path)

    with closing(Reader.open(journal)) as reader:
        found = reader.silences.one(1)
        assert found is not None
        assert [one.id for one in done.ended] == [1]
        assert found.is_over(NOW)
        assert (found.ended_by, found.ended_at, found.ended_after_event) == ("restore", NOW, 2)
        assert reader.silences.in_force(NOW) == []


def test_a_copy_that_is_put_there_by_hand_begins_anew_as_well(place: Path) -> None:
    journal = place / "var" / "journal.db"
    with closing(Reader.open(journal)) as before:
        epoch = before.epoch()
    for part in ("", "-wal", "-shm"):
        journal.with_name(f"journal.db{part}").unlink(missing_ok=True)
    shutil.copyfile(place / "copy.db", journal)

    with closing(Journal(journal)) as opened:
        anew = opened.reader.epoch()
        assert opened.next_alert_id() == ROOM + 1
    with closing(Journal(journal)) as opened:
        assert opened.reader.epoch() == anew != epoch  # once


def test_a_copy_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    stormy(tmp_path / "var")
    make(tmp_path / "var" / "journal.db", tmp_path / "copy.db", now=NOW)
    sum_file(tmp_path / "copy.db").unlink()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as old:
        assert "cause" in MIGRATIONS[5]
        old.executescript(
            "DROP INDEX reading_told; DROP TABLE imported; DROP TABLE imported_file;"
            "ALTER TABLE alert DROP COLUMN cause;"
            "ALTER TABLE alert_event DROP COLUMN cause; UPDATE meta SET value = '{}' WHERE key = 'backup';"
            "PRAGMA user_version = 4"
        )

    done = put_back(tmp_path)

    assert done.checked.version == 4
    assert readings(tmp_path / "var" / "journal.db") == readings(done.aside / "journal.db" if done.aside else Path())


def unsummed(copy: Path) -> Path:
    sum_file(copy).unlink()
    return copy


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda copy: copy.unlink(), "No such file"),
        (lambda copy: copy.write_bytes(copy.read_bytes()[:-1]), "damaged or changed"),
        (lambda copy: unsummed(copy).write_bytes(b"something" * 1_000), "not a database"),
        (lambda copy: unsummed(copy).write_bytes(b""), "no journal of this program"),
        (lambda copy: sum_file(copy).write_text(""), "empty; remove it"),
        (lambda copy: copy.rename(copy.with_name("elsewhere")).parent.joinpath("copy.db").mkdir(), "not a file"),
    ],
)
def test_what_cannot_be_put_back_changes_nothing(place: Path, spoil: Callable[[Path], object], words: str) -> None:
    spoil(place / "copy.db")
    before = {one.name: one.read_bytes() for one in (place / "var").iterdir() if not one.name.endswith("-shm")}

    with pytest.raises(Uncopied, match=words):
        put_back(place)

    assert {one.name: one.read_bytes() for one in (place / "var").iterdir() if not one.name.endswith("-shm")} == before


def test_on_a_full_disk_nothing_is_changed_and_nothing_is_left(place: Path) -> None:
    before = sorted(one.name for one in (place / "var").iterdir())

    def fill() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        with pytest.raises(Uncopied, match="restoring"):
            put_back(place)

    assert in_a_fork(fill) == 0
    assert sorted(one.name for one in (place / "var").iterdir()) == before


def test_what_is_aside_is_not_written_over(place: Path) -> None:
    journal, aside = place / "var" / "journal.db", place / "var" / "aside"
    copying.copy(place / "copy.db", staged(journal))
    aside.mkdir()
    (aside / "journal.db").write_text("somebody's")

    with pytest.raises(FileExistsError):
        switch(journal, aside)

    assert (aside / "journal.db").read_text() == "somebody's"
    assert journal.exists()


def test_the_journal_itself_and_one_of_a_later_version_are_refused(place: Path) -> None:
    journal = place / "var" / "journal.db"
    with pytest.raises(Uncopied, match="is the journal itself"):
        restore(journal, place / "var" / ".." / "var" / "journal.db", now=NOW, told={})
    sum_file(place / "copy.db").unlink()
    with closing(sqlite3.connect(place / "copy.db")) as copied:
        copied.execute("PRAGMA user_version = 99")
    with pytest.raises(Uncopied, match="journal version 99, this program knows"):
        put_back(place)


# --- kill -9 -----------------------------------------------------------------------------------------------------

STEPS = ("rename", "replace", "unlink", "mkdir", "write_text")


def die_at(number: int) -> None:
    """End this process, as kill -9 does, in place of its so-manieth change of the file system."""
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                os._exit(9)
            return real(*arguments, **more)

        return step

    for name in STEPS:
        setattr(Path, name, counted(getattr(Path, name)))
    os.fsync = counted(os.fsync)


def test_killed_at_any_step_the_old_journal_is_whole_or_the_new_one(place: Path, tmp_path: Path) -> None:
    """
    Goal: whatever instant the power goes at, all readings of the one or of the other, and no write-ahead log beside the
    wrong file. Method: a restore ends at each of its steps in turn; then a start, or another restore.
    """
    had, copied = readings(place / "var" / "journal.db"), readings(place / "copy.db")
    template = tmp_path / "template"
    shutil.copytree(place / "var", template)
    found = []

    for number in range(1, 200):
        shutil.rmtree(place / "var")
        shutil.copytree(template, place / "var")

        def die(number: int = number) -> None:
            die_at(number)
            put_back(place)

        status = in_a_fork(die)
        if status == 0:
            break
        assert status == 9
        again = place / "again"
        shutil.copytree(place / "var", again)
        with closing(Journal(place / "var" / "journal.db")) as opened:  # a start of the service
            assert opened._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found.append(readings(place / "var" / "journal.db"))
        restore(place / "copy.db", again / "journal.db", now=NOW + HOUR, told={})
        assert readings(again / "journal.db") == copied
        asides = [
            readings(one / "journal.db") for one in again.glob("journal.db.before-*") if (one / "journal.db").exists()
        ]
        assert had in asides, "the old journal is nowhere"
        shutil.rmtree(again)

    assert number > 12
    assert set(found) == {had, copied}
    assert found == sorted(found, reverse=True), "old until a step, new from then on"
    assert not (place / "var" / "journal.db.switch.json").exists()


def test_what_says_that_a_switch_was_begun_is_read_by_the_next_start(place: Path) -> None:
    journal = place / "var" / "journal.db"
    copying.copy(place / "copy.db", journal.with_name("journal.db.restoring"))
    journal.with_name("journal.db.switch.json").write_text(json.dumps({"aside": "journal.db.before-x"}))

    with closing(Journal(journal)) as opened:
        assert opened.next_alert_id() == ROOM + 1

    assert readings(journal) == readings(place / "copy.db")
    assert (place / "var" / "journal.db.before-x" / "journal.db-wal").exists()
    assert set(NUMBERED) == {"alert", "alert_event", "batch", "correction", "silence", "quarantine"}


def test_a_journal_that_was_set_back_without_a_mark_is_noticed_by_what_its_followers_have(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal, outbound = place / "var" / "journal.db", place / "var" / "outbound.db"
    with closing(Journal(journal)) as opened:
        epoch, seq = opened.reader.epoch(), opened.reader.newest_seq()
        Positions(outbound).move("log", Position(epoch, seq))
        begin_anew_if_set_back(opened, outbound)
        assert opened.reader.epoch() == epoch  # all is as it was
        Positions(outbound).move("log", Position("of another journal", seq + 9))
        begin_anew_if_set_back(opened, outbound)
        assert opened.reader.epoch() == epoch
        Positions(outbound).move("log", Position(epoch, seq + 1))

        begin_anew_if_set_back(opened, outbound)

        assert opened.reader.epoch() != epoch
        assert opened.next_alert_id() == ROOM + 1
    assert "older than what was told of it" in caplog.text
