"""A copy is whole, verified and named at the end, or it is not there: beside a writer, on a full disk, killed."""

import errno
import fcntl
import os
import resource
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gauge_ingest.backup import making
from gauge_ingest.backup.checking import check, sum_file, sum_of
from gauge_ingest.backup.folder import copies, name_at, tidy
from gauge_ingest.backup.making import HALF, make
from gauge_ingest.journal import copying
from gauge_ingest.journal.copying import Uncopied
from tests.backup.place import NOW, desk_in, in_a_fork, later, rain, readings, stormy
from tests.worlds import MINUTE, T0, message


def left(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    stormy(tmp_path / "var")
    return tmp_path / "var" / "journal.db"


def test_a_copy_holds_what_the_journal_holds_and_says_when_it_was_made(journal: Path, tmp_path: Path) -> None:
    shares: list[float] = []

    made = make(journal, tmp_path / "copy.db", now=NOW, done=shares.append).checked

    checked = check(tmp_path / "copy.db")
    assert checked == made
    assert checked.made_at == NOW
    assert checked.figures == copying.figures(journal)
    assert checked.sha256 == sum_of(tmp_path / "copy.db")
    assert sum_file(made.path).read_text() == f"{made.sha256}  copy.db\n"  # as sha256sum -c reads it
    assert left(tmp_path) == ["copy.db", "copy.db.sha256", "var"]
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


def test_what_is_there_is_not_written_over(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("somebody's")

    with pytest.raises(Uncopied, match="is there already, and nothing is written over"):
        make(journal, tmp_path / "copy.db", now=NOW)

    assert (tmp_path / "copy.db").read_text() == "somebody's"
    assert left(tmp_path) == ["copy.db", "var"]


def test_what_comes_there_meanwhile_is_not_written_over_either(journal: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"

    def come(_share: float) -> None:
        target.write_text("somebody's")

    with pytest.raises(Uncopied, match="has come meanwhile"):
        make(journal, target, now=NOW, done=come)

    assert target.read_text() == "somebody's"
    assert left(tmp_path) == ["copy.db", "var"]


def test_readings_that_arrive_meanwhile_are_in_the_copy_or_not_and_none_is_half_in_it(tmp_path: Path) -> None:
    folder, target, stop = tmp_path / "var", tmp_path / "copy.db", threading.Event()
    stormy(folder)
    ready = threading.Event()

    def arrive() -> None:
        desk, minute = desk_in(folder), 80
        while not stop.is_set():
            minute += 1
            desk.now = T0 + minute * MINUTE
            desk.take(message([(desk.now, 42)], seq=minute + 10_000))
            ready.set()
        desk.journal.close()

    before, writer = readings(folder / "journal.db"), threading.Thread(target=arrive)
    writer.start()
    assert ready.wait(10)
    try:
        make(folder / "journal.db", target, now=NOW)
    finally:
        stop.set()
        writer.join()

    assert before < readings(target) <= readings(folder / "journal.db")
    with closing(sqlite3.connect(target)) as copied:
        batches, rows = copied.execute("SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM reading)").fetchone()
    assert batches == rows  # one message, one reading each


def test_a_copy_that_lacks_a_row_is_not_taken_for_one(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copying.copy

    def lossy(source: Path, target: Path, written: Callable[[int], None]) -> None:
        real(source, target, written)
        with closing(sqlite3.connect(target)) as copied, copied:
            copied.execute("DELETE FROM alert_event WHERE id = 1")

    monkeypatch.setattr(copying, "copy", lossy)

    with pytest.raises(Uncopied, match="the copy has 1 of alert_event, the journal 2"):
        make(journal, tmp_path / "copy.db", now=NOW)

    assert left(tmp_path) == ["var"]


@pytest.mark.parametrize("bytes_max", [33_000, 50_000, 90_000])
def test_on_a_full_disk_nothing_is_left_and_the_words_name_it(journal: Path, tmp_path: Path, bytes_max: int) -> None:
    said = tmp_path / "said"

    def copy_it() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        said.write_text("nothing" * 20)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, hard))
        try:
            make(journal, tmp_path / "copy.db", now=NOW)
        except Uncopied as error:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            said.write_text(str(error))

    assert in_a_fork(copy_it) == 0

    assert "copy.db" in said.read_text()
    assert left(tmp_path) == ["said", "var"]


def test_a_copy_may_have_a_chinese_name(journal: Path, tmp_path: Path) -> None:
    target = tmp_path / "雨量备份.db"

    made = make(journal, target, now=NOW).checked

    assert sum_file(target).read_text("utf-8") == f"{made.sha256}  雨量备份.db\n"
    assert check(target).sum_known
    assert left(tmp_path) == ["var", "雨量备份.db", "雨量备份.db.sha256"]


def test_a_name_that_is_no_text_is_refused_and_leaves_nothing(journal: Path, tmp_path: Path) -> None:
    with pytest.raises(Uncopied, match="the name is no text in UTF-8; name another file"):
        make(journal, tmp_path / os.fsdecode(b"copy\xff.db"), now=NOW)

    assert left(tmp_path) == ["var"]


def test_a_sum_that_cannot_be_written_leaves_nothing(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "copy.db.sha256")

    monkeypatch.setattr(making, "sync", full)

    with pytest.raises(Uncopied, match=r"copy\.db\.sha256: No space left on device"):
        make(journal, tmp_path / "copy.db", now=NOW)

    assert left(tmp_path) == ["var"]


def test_where_the_rain_needs_the_room_no_copy_is_begun(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = journal.stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(size + 400_000_000))

    with pytest.raises(Uncopied, match=r"0\.4 GB free on this disk, which must keep 0\.5 GB free for the rain"):
        make(journal, tmp_path / "copy.db", now=NOW)

    monkeypatch.setattr(making, "FREE_BYTES_MIN", 0)  # as on another disk
    make(journal, tmp_path / "copy.db", now=NOW)


def test_the_write_ahead_log_is_counted_and_little_room_is_told_in_megabytes(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(journal.parent)
    ahead = journal.with_name("journal.db-wal").stat().st_size
    needed = journal.stat().st_size + ahead
    assert ahead > 0
    monkeypatch.setattr(making, "FREE_BYTES_MIN", 0)  # as on another disk

    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(needed - 1))
    with pytest.raises(Uncopied, match=rf": {needed / 1e6:.1f} MB free on .*; the journal takes {needed / 1e6:.1f} MB"):
        make(journal, tmp_path / "copy.db", now=NOW)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(needed))

    assert make(journal, tmp_path / "copy.db", now=NOW).checked.size <= needed


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


def test_a_folder_that_cannot_be_written_is_named(journal: Path) -> None:
    with pytest.raises(Uncopied, match="/proc/1/none"):
        make(journal, Path("/proc/1/none/copy.db"), now=NOW)
    with pytest.raises(Uncopied, match="/proc"):
        make(journal, Path("/proc/copy.db"), now=NOW)


def test_what_a_killed_backup_left_is_written_over_by_the_next_and_one_that_runs_is_not(
    journal: Path, tmp_path: Path
) -> None:
    half = tmp_path / f"copy.db{HALF}"
    half.write_bytes(b"half a copy" * 10_000)
    beside = tmp_path / f"copy.db{HALF}-journal"  # what SQLite would roll back into the next
    beside.write_bytes(b"of one that was killed")
    with half.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Uncopied, match="another backup is being written there"):
            make(journal, tmp_path / "copy.db", now=NOW)
        assert half.exists()

    make(journal, tmp_path / "copy.db", now=NOW)

    assert check(tmp_path / "copy.db").figures == copying.figures(journal)
    assert left(tmp_path) == ["copy.db", "copy.db.sha256", "var"]


def test_a_flipped_byte_is_noticed_wherever_it_is(journal: Path, tmp_path: Path) -> None:
    whole = make(journal, tmp_path / "copy.db", now=NOW).checked.path
    size = whole.stat().st_size
    for place in (0, 100, size // 3, size // 2, size - 1):
        changed = bytearray(whole.read_bytes())
        changed[place] ^= 1
        flipped = tmp_path / "flipped.db"
        flipped.write_bytes(changed)
        sum_file(flipped).write_text(f"{sum_of(whole)}  flipped.db\n")

        with pytest.raises(Uncopied, match="damaged or changed since it was made"):
            check(flipped)


def test_without_the_sum_damage_of_the_structure_and_changed_counts_are_noticed(journal: Path, tmp_path: Path) -> None:
    whole = make(journal, tmp_path / "copy.db", now=NOW).checked.path
    sum_file(whole).unlink()
    assert not check(whole).sum_known
    with closing(sqlite3.connect(whole)) as copied, copied:
        copied.execute(
            "UPDATE reading SET counter = counter + 1 WHERE observed_at = (SELECT max(observed_at) FROM reading)"
        )
    with pytest.raises(Uncopied, match="counts"):
        check(whole)
    swapped = tmp_path / "swapped.db"
    make(journal, swapped, now=NOW)
    sum_file(swapped).unlink()
    with closing(sqlite3.connect(swapped)) as copied:
        asked = "SELECT rootpage - 1 FROM sqlite_master WHERE name = ?"
        wet, empty = (copied.execute(asked, (name,)).fetchone()[0] for name in ("reading_wet", "quarantine_digest"))
        size = copied.execute("PRAGMA page_size").fetchone()[0]
    torn = bytearray(swapped.read_bytes())
    torn[wet * size : (wet + 1) * size] = torn[empty * size : (empty + 1) * size]  # an index that no figure asks
    swapped.write_bytes(torn)
    with pytest.raises(Uncopied, match="damaged"):
        check(swapped)
    cut = tmp_path / "cut.db"
    cut.write_bytes(whole.read_bytes()[:-4_096])
    with pytest.raises(Uncopied, match=r"cut\.db"):
        check(cut)
    for name, content in (("empty", b""), ("text", b"no database" * 1_000)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Uncopied, match=name):
            check(tmp_path / name)


def test_the_newest_copies_stay_with_the_one_just_made_whatever_the_clock_says(journal: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "notes.txt").write_text("somebody's")
    ahead = make(journal, folder / name_at(NOW + 9 * 86_400_000), now=NOW).checked.path
    for day in range(4):
        make(journal, folder / name_at(NOW + day * 86_400_000), now=NOW)
    (folder / f"{name_at(NOW)}{HALF}").write_text("of one that was killed")

    removed = tidy(folder, keep=2, made=folder / name_at(NOW))

    assert copies(folder) == [folder / name_at(NOW), ahead]
    assert len(removed) == 3
    assert left(folder) == sorted(
        ["notes.txt", ahead.name, f"{ahead.name}.sha256", name_at(NOW), f"{name_at(NOW)}.sha256"]
    )


def test_readings_go_on_being_counted_in_a_copy_that_is_opened_as_a_journal(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    make(journal, tmp_path / "other" / "journal.db", now=NOW)

    desk = desk_in(tmp_path / "other")
    rain(desk, since_min=80, until_min=90, count=42, tips=1)

    assert desk.tips() == 34
    desk.journal.close()
