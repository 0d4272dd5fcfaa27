"""The calendar job: a backup each day, and words that stand in health while none can be made."""

from pathlib import Path

import pytest

from gauge_ingest.app.backup import RETRY_S, DailyBackup
from gauge_ingest.backup.checking import check
from gauge_ingest.backup.folder import copies
from gauge_ingest.configuration.settings import BackupSettings
from gauge_ingest.jobs import BACKED_UP
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.record import job_state
from tests.backup.place import stormy
from tests.commands.place import Place
from tests.commands.serving import service, write_status
from tests.commands.test_health import details
from tests.worlds import HOUR, MINUTE, T0

DAY = 24 * HOUR


class Clocks:
    """The service's clock and the monotonic one, in step."""

    def __init__(self) -> None:
        self.now = T0  # 18:00

    def __call__(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1_000


def daily(folder: Path, clocks: Clocks, *, into: str | None = None, keep: int = 3) -> DailyBackup:
    settings = BackupSettings(folder=str(folder / "copies") if into is None else into, at="03:30", keep=keep)
    positions = Positions(folder / "outbound.db")
    return DailyBackup(folder / "journal.db", settings, positions, now=clocks, monotonic=clocks.monotonic)


def look(job: DailyBackup, clocks: Clocks, *, at: int) -> None:
    clocks.now = at
    assert job.begin_when_due()
    job.wait()


def test_one_is_made_at_first_and_then_each_day_after_its_time(tmp_path: Path) -> None:
    stormy(tmp_path)
    clocks, made = Clocks(), []
    job = daily(tmp_path, clocks)
    for at in (T0, T0 + HOUR, T0 + 9 * HOUR, T0 + 10 * HOUR, T0 + 33 * HOUR, T0 + 34 * HOUR, T0 + 90 * HOUR):
        look(job, clocks, at=at)
        made.append(len(copies(tmp_path / "copies")))

    assert made == [1, 1, 1, 2, 2, 3, 3]  # 18:00; 04:00; 04:00; one for days that were missed, and three are kept
    assert [check(one).made_at for one in copies(tmp_path / "copies")] == [
        T0 + 10 * HOUR,
        T0 + 34 * HOUR,
        T0 + 90 * HOUR,
    ]


def test_a_clock_that_was_ahead_does_not_put_the_next_off(tmp_path: Path) -> None:
    stormy(tmp_path)
    clocks = Clocks()
    job = daily(tmp_path, clocks)
    look(job, clocks, at=T0 + 300 * DAY)

    look(job, clocks, at=T0)

    assert len(copies(tmp_path / "copies")) == 2


def test_what_fails_is_remembered_with_its_words_and_tried_again_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stormy(tmp_path)
    (tmp_path / "file").write_text("no folder")
    clocks, positions = Clocks(), Positions(tmp_path / "outbound.db")
    job = daily(tmp_path, clocks, into=str(tmp_path / "file" / "copies"))

    look(job, clocks, at=T0)
    look(job, clocks, at=T0 + MINUTE)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "Not a directory" in caplog.text
    (tmp_path / "file").unlink()
    look(job, clocks, at=T0 + 2 * MINUTE)
    assert positions.last_done(BACKED_UP) is None
    look(job, clocks, at=T0 + int(RETRY_S * 1_000) + MINUTE)

    assert positions.last_done(BACKED_UP) == clocks.now


def test_health_says_when_the_newest_was_made_and_is_not_well_without_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.desk():
        pass
    positions = Positions(place.journal.with_name("outbound.db"))
    with service(place):
        write_status(place)
        assert "backup" not in details(place, status=0)
        positions.done(BACKED_UP, place.now - 5 * HOUR)
        fresh = details(place, status=0)["backup"]
        positions.done(BACKED_UP, place.now - 27 * HOUR)
        late = details(place, status=1)["backup"]
        positions.failed(BACKED_UP, "/mnt/backup: no such folder", place.now - 2 * HOUR)
        positions.failed(BACKED_UP, "/mnt/backup: still none", place.now - HOUR)
        failed = details(place, status=1)["backup"]
        positions.done(BACKED_UP, place.now)
        again = details(place, status=0)["backup"]
        positions.failed(BACKED_UP, "full", place.now)
        positions.not_wanted(BACKED_UP)
        assert "backup" not in details(place, status=0)

    assert fresh == (True, "newest 5 h ago")
    assert not late[0]
    assert failed == (False, "none could be made for 2 h: /mnt/backup: still none; newest 27 h ago")
    assert again[0]


def test_without_a_folder_nothing_is_made_and_nothing_is_said(tmp_path: Path) -> None:
    stormy(tmp_path)
    positions = Positions(tmp_path / "outbound.db")
    positions.failed(BACKED_UP, "of before", T0)
    clocks = Clocks()
    job = daily(tmp_path, clocks, into="")

    look(job, clocks, at=T0)

    assert job_state(tmp_path / "outbound.db", BACKED_UP) == (None, None, "")
    assert sorted(one.suffix for one in tmp_path.iterdir() if one.is_dir()) == []
