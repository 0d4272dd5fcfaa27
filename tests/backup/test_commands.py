"""backup and restore as commands: what they print, and what they refuse with which exit status."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.backup.checking import sum_of
from gauge_ingest.backup.folder import others as copies_beside
from gauge_ingest.journal import Lock
from gauge_ingest.requests.take_history import asked, take_history
from tests.commands.place import Place
from tests.commands.serving import service
from tests.importing.spans import fell_of
from tests.worlds import MINUTE, T0, message


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path)
    with found.desk() as desk:
        desk.take(message([(T0, 1), (T0 + 5 * MINUTE, 3)]))
    return found


def test_a_backup_is_made_while_the_service_runs_and_says_what_it_holds(place: Place, tmp_path: Path) -> None:
    with service(place):
        shown = place.run("backup", str(tmp_path / "copy.db"))
        document = place.json("backup", "--folder", str(tmp_path / "copies"))

    assert shown.exit_code == 0, shown.output
    assert f"copying {place.journal}" in shown.stderr
    assert "2 readings, 0 alerts, 0 in quarantine" in shown.stdout
    assert "verified; took" in shown.stdout
    assert document["file"] == str(tmp_path / "copies" / "journal-2026-07-15T200000.db")
    assert document["made_at"] == "2026-07-15T20:00:00+08:00"
    assert document["rows"]["reading"] == 2
    assert document["bytes"] == (tmp_path / "copies" / "journal-2026-07-15T200000.db").stat().st_size
    assert len(document["sha256"]) == 64
    assert document["journal"] == str(place.journal)
    assert document["took_s"] >= 0


def test_the_size_that_is_announced_has_the_write_ahead_log_in_it(place: Place, tmp_path: Path) -> None:
    with closing(sqlite3.connect(place.journal)) as held:
        held.execute("SELECT count(*) FROM reading").fetchone()
        with place.desk() as desk:
            desk.take(message([(T0 + n * MINUTE, n) for n in range(6, 200)], seq=7))
        size = place.journal.stat().st_size
        ahead = place.journal.with_name(f"{place.journal.name}-wal").stat().st_size

        shown = place.run("backup", str(tmp_path / "copy.db"))

    assert f"{size / 1e6:.1f}" != f"{(size + ahead) / 1e6:.1f}"
    assert f"copying {place.journal} ({(size + ahead) / 1e6:.1f} MB)" in shown.stderr


def test_where_to_is_asked_for_or_taken_from_the_configuration(place: Place, tmp_path: Path) -> None:
    nowhere = place.run("backup")
    both = place.run("backup", "a.db", "--folder", "b")
    settings = place.config / "gauge_ingest.toml"
    text = settings.read_text().replace('[backup]\nfolder = ""', f'[backup]\nfolder = "{tmp_path}/daily"')
    settings.write_text(text)

    assert (nowhere.exit_code, both.exit_code) == (2, 2)
    assert "set folder in [backup]" in nowhere.stderr
    assert "not both" in both.stderr
    assert Path(place.json("backup")["file"]).parent == tmp_path / "daily"


def test_refusals_of_a_backup_name_the_file_and_end_with_3(place: Place, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("somebody's")
    (tmp_path / "file").write_text("no folder")
    for words, said in (
        (["backup", str(tmp_path / "copy.db")], f"{tmp_path}/copy.db: is there already"),
        (["backup", str(tmp_path / "none" / "copy.db")], f"{tmp_path}/none: No such file"),
        (["backup", str(tmp_path / os.fsdecode(b"\xff.db"))], "udcff.db': the name is no text in UTF-8"),
        (["backup", "--folder", str(tmp_path / "file" / "copies")], f"{tmp_path}/file/copies: Not a directory"),
    ):
        refused = place.run(*words)
        assert (refused.exit_code, refused.stdout) == (3, "")
        assert said in refused.stderr
    place.journal.unlink()
    assert place.run("backup", str(tmp_path / "other.db")).exit_code == 3


def restored(place: Place, *words: str) -> Any:
    return place.run("restore", *words)


def test_a_restore_is_refused_while_a_process_writes_the_journal_and_names_it(place: Place, tmp_path: Path) -> None:
    place.json("backup", str(tmp_path / "copy.db"))
    before = place.journal.read_bytes()

    with Lock(place.journal):
        refused = restored(place, str(tmp_path / "copy.db"))
        checked = restored(place, str(tmp_path / "copy.db"), "--check")

    assert refused.exit_code == 2
    assert f"nothing was changed: {place.journal}.lock: process {os.getpid()} is already writing" in refused.stderr
    assert place.journal.read_bytes() == before
    assert checked.exit_code == 0
    assert "it is whole and can be restored" in checked.stdout


def test_a_restore_says_what_is_lost_where_the_rest_is_and_what_ended(place: Place, tmp_path: Path) -> None:
    assert place.run("silence", "HTB01", "--for", "48h", "--why", "repair").exit_code == 0
    place.json("backup", str(tmp_path / "copy.db"))
    place.now += 90 * MINUTE

    shown = restored(place, str(tmp_path / "copy.db"))

    assert shown.exit_code == 0, shown.output
    assert "NOT IN IT: everything received after 2026-07-15 18:00 (3 h" in shown.stdout
    assert f"what was there is in {place.journal}.before-2026-07-15T213000" in shown.stdout
    assert "ENDED, enter it again if it is to hold: silence 1 of HTB01 (repair)" in shown.stdout
    assert "New alerts are numbered from 1000001" in shown.stdout
    assert not Lock(place.journal).held


def test_a_restore_as_a_document(place: Place, tmp_path: Path) -> None:
    place.json("backup", str(tmp_path / "copy.db"))

    document = place.json("restore", str(tmp_path / "copy.db"))

    assert list(document) == [
        *("journal", "backup", "aside", "epoch", "newest_received_at", "next_alert", "silences_ended"),
    ]
    assert document["next_alert"] == 1_000_001
    assert document["newest_received_at"] == "2026-07-15T18:00:00+08:00"
    assert document["silences_ended"] == []


def test_imported_rows_are_counted_and_named_among_what_is_not_in_the_copy(place: Place, tmp_path: Path) -> None:
    station, fell = place.configuration().stations["HTB01"], fell_of([1_000, 0, 500])
    with place.desk() as desk:
        take_history(
            desk.journal, {"HTB01": station}, asked("HTB01", fell, file="f", digest="d"), who="w", now=place.now
        )

    made = place.run("backup", str(tmp_path / "copy.db"))
    checked = place.json("restore", str(tmp_path / "copy.db"), "--check")
    shown = restored(place, str(tmp_path / "copy.db"))

    assert "2 readings, 0 alerts, 0 in quarantine, 3 imported rows" in made.stdout
    assert (checked["rows"]["reading"], checked["rows"]["imported"]) == (2, 3)
    assert "0 in quarantine, 3 imported rows" in shown.stdout
    assert "corrections; nor what was imported after the copy was made" in shown.stdout


def test_of_a_copy_without_readings_too_it_is_said_what_is_not_in_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.desk():
        pass
    place.json("backup", str(tmp_path / "copy.db"))

    shown = restored(place, str(tmp_path / "copy.db"))

    assert "NOT IN IT: what was received or imported after the copy was made" in shown.stdout


def test_a_journal_that_is_gone_is_put_back(place: Place, tmp_path: Path) -> None:
    place.json("backup", str(tmp_path / "copy.db"))
    for one in place.journal.parent.iterdir():
        one.unlink()
    place.journal.parent.rmdir()

    document = place.json("restore", str(tmp_path / "copy.db"))

    assert document["aside"] is None
    assert len(place.json("readings", "HTB01", "--since", "3h")) == 2


def test_a_damaged_backup_is_not_well_and_is_not_put_back(place: Place, tmp_path: Path) -> None:
    place.json("backup", str(tmp_path / "copy.db"))
    content = bytearray((tmp_path / "copy.db").read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "copy.db").write_bytes(content)

    checked = restored(place, str(tmp_path / "copy.db"), "--check")
    refused = restored(place, str(tmp_path / "copy.db"))

    assert (checked.exit_code, refused.exit_code) == (1, 3)
    assert "damaged or changed since it was made" in checked.stderr
    assert "not restored: " in refused.stderr
    assert sorted(one.name for one in place.journal.parent.iterdir() if "before" in one.name) == []


def test_of_a_file_that_is_of_no_use_the_other_copies_are_named(place: Place, tmp_path: Path) -> None:
    daily, usb = tmp_path / "daily", tmp_path / "usb"
    usb.mkdir()
    for at, words in enumerate((["--folder", str(daily)], [str(usb / "old.db")], [str(usb / "雨.db")])):
        made = Path(place.json("backup", *words)["file"])
        os.utime(made, (at, at))
    (usb / "notes.txt").write_text("somebody's")
    (usb / "bad.db").write_bytes(b"no database" * 1_000)
    (usb / "bad.db.sha256").write_text(f"{sum_of(usb / 'bad.db')}  bad.db\n")
    others = [str(usb / "雨.db"), str(usb / "old.db"), str(daily / "journal-2026-07-15T200000.db")]
    assert [str(one) for one in copies_beside(usb / "bad.db", daily, usb)] == others
    (usb / "bad.db.sha256").unlink()
    (usb / "cut.db").write_bytes((usb / "old.db").read_bytes()[:-4_096])
    settings = place.config / "gauge_ingest.toml"
    settings.write_text(settings.read_text().replace('[backup]\nfolder = ""', f'[backup]\nfolder = "{daily}"'))

    for name, said in (("bad.db", "damaged: "), ("cut.db", "damaged: "), ("none.db", "No such file")):
        for words, status in (([], 3), (["--check"], 1)):
            refused = restored(place, str(usb / name), *words)
            lines = refused.stderr.splitlines()
            assert refused.exit_code == status
            assert f"{usb / name}: {said}" in lines[0]
            assert lines[1:] == ["take another copy; there are, last written first:", *others]


def test_where_no_other_copy_is_found_the_folders_looked_into_are_named(place: Place, tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"no database" * 1_000)

    refused = restored(place, str(tmp_path / "bad.db"))
    (place.config / "gauge_ingest.toml").write_text("[")
    checked = restored(place, str(tmp_path / "bad.db"), "--check")

    assert f"take another copy; there is none in {tmp_path}\n" in refused.stderr
    assert checked.stderr.splitlines()[1:] == [f"take another copy; there is none in {tmp_path}"]


def test_a_file_that_another_copy_would_not_help_says_so_alone(place: Place, tmp_path: Path) -> None:
    place.json("backup", str(tmp_path / "copy.db"))
    (tmp_path / "copy.db.sha256").unlink()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as db:
        db.execute("PRAGMA user_version = 999")

    refused = restored(place, str(tmp_path / "copy.db"))

    assert "use the newer program" in refused.stderr
    assert "take another copy" not in refused.stderr


def test_a_record_of_deliveries_that_cannot_be_read_does_not_stop_a_restore(place: Place, tmp_path: Path) -> None:
    place.json("backup", str(tmp_path / "copy.db"))
    place.journal.with_name("outbound.db").write_bytes(b"no database" * 1_000)

    shown = restored(place, str(tmp_path / "copy.db"))

    assert shown.exit_code == 0
    assert "new alerts are told all the same" in shown.stderr


def test_a_journal_that_is_no_copy_of_ours_is_called_so(place: Place, tmp_path: Path) -> None:
    with sqlite3.connect(place.journal) as db:
        db.execute("VACUUM INTO ?", (str(tmp_path / "plain.db"),))

    checked = place.json("restore", str(tmp_path / "plain.db"), "--check")

    assert (checked["made_at"], checked["sum_known"]) == (None, False)
    assert "no backup of ours, but a journal" in place.run("restore", str(tmp_path / "plain.db"), "--check").stdout
