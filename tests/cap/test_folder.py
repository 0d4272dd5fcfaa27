"""The folder of documents: whole files, one for each message, and a feed that is made from them.

Goal: nothing that is published is ever half a file, or says two things under one identifier. Method: a real journal
with storms, the follower of the outbound process over it, and everything that can befall it: a restart, a lost file
of positions, kill -9 at any moment, a folder that takes nothing, a disk that takes only so much.
"""

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gauge_ingest.core.model import HOUR_MS, Alert, State
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.notifiers import NotifierUnavailable
from gauge_ingest.notifiers.cap import CapNotifier
from gauge_ingest.notifiers.cap_document import Document
from gauge_ingest.notifiers.cap_feed import CapFolder
from gauge_ingest.outbound import Positions
from tests.cap.alerts import EPOCH, Validators, event, issuer, published, said, settings, told
from tests.cap.storms import STATIONS, cap_of, files, follow, main, storms
from tests.worlds import T0

ALERT = Alert(7, "flash_flood", "HTB01", "prepare", "prepare", State.RAISED, T0, 0, T0, T0, None, None)
ATOM = "{http://www.w3.org/2005/Atom}"
DAY_MS = 24 * HOUR_MS


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("storms")
    storms(folder)
    return folder / "journal.db"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, journal: Path) -> dict[str, bytes]:
    """The files of a life without kills over the same journal."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for path in journal.parent.glob("journal.db*"):
        shutil.copy(path, folder)
    main(folder, 0)
    return files(folder)


@pytest.fixture
def place(tmp_path: Path, journal: Path) -> Path:
    for path in journal.parent.glob("journal.db*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def feed(content: bytes) -> list[ET.Element]:
    """The entries of a feed."""
    return ET.fromstring(content).findall(f"{ATOM}entry")  # noqa: S314 - our own


def hrefs(content: bytes) -> list[str]:
    """Where the entries of a feed lead."""
    return [link.get("href", "") for entry in feed(content) for link in entry.findall(f"{ATOM}link")]


def made(number: int, *, sent_at: int = T0, content: bytes | None = None) -> Document:
    """A document, by hand."""
    (whole,) = published(issuer(), told(event(number)))
    return Document(f"{EPOCH}-7-{number}", sent_at, whole if content is None else content)


def test_every_event_of_every_storm_is_a_file_that_is_valid_and_stands_in_the_feed(
    place: Path, validators: Validators
) -> None:
    main(place, 0)

    found = files(place)
    content = found.pop("feed.xml")
    assert len(found) >= 15
    for path, document in found.items():
        validators.check(document)
        day, identifier = said(document, "sent")[0][:10], said(document, "identifier")[0]
        assert path == f"{day}/{identifier}.xml"
    assert sorted(hrefs(content)) == sorted(found)
    sent = [said(found[href], "sent")[0] for href in hrefs(content)]
    assert sent == sorted(sent, reverse=True)
    assert {entry.findtext(f"{ATOM}updated") for entry in feed(content)} == set(sent)
    assert len({entry.findtext(f"{ATOM}id") for entry in feed(content)}) == len(found)
    assert all(entry.findtext(f"{ATOM}title") for entry in feed(content))


def test_a_repeat_changes_nothing_even_when_the_positions_are_lost(place: Path) -> None:
    main(place, 0)
    before = files(place)
    for path in place.glob("outbound.db*"):
        path.unlink()

    main(place, 0)

    assert files(place) == before


def test_what_was_published_stays_as_it_was_when_a_station_is_renamed(place: Path) -> None:
    main(place, 0)
    before = files(place)
    for path in place.glob("outbound.db*"):
        path.unlink()
    renamed = {name: replace(one, name="another") for name, one in STATIONS.items()}

    positions = Positions(place / "outbound.db")
    follower = follow(place, positions, cap_of(place, renamed))
    while follower.step() == 0.0:
        pass
    positions.close()

    assert files(place) == before


@pytest.mark.parametrize("die_at", [1, 2, 7])
def test_a_kill_between_the_file_and_the_note_that_it_was_told_leaves_the_same_files(
    place: Path, undisturbed: dict[str, bytes], die_at: int
) -> None:
    command = [sys.executable, "-m", "tests.cap.storms", str(place)]

    killed = subprocess.run([*command, str(die_at)], timeout=120, check=False)

    assert killed.returncode == -9
    between = {path: content for path, content in files(place).items() if path != "feed.xml"}
    assert len(between) == die_at
    main(place, 0)
    after = files(place)
    assert {path: after[path] for path in between} == between
    assert after == undisturbed


@pytest.mark.parametrize("after_s", [0.0, 0.03, 0.11])
def test_a_kill_at_any_moment_leaves_no_half_file(
    place: Path, undisturbed: dict[str, bytes], after_s: float, validators: Validators
) -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.cap.storms", str(place)]) as running:
        give_up = time.monotonic() + 60
        while not (place / "cap").is_dir() and time.monotonic() < give_up:
            time.sleep(0.005)
        time.sleep(after_s)
        running.kill()

    for path, content in files(place).items():
        if path.endswith(".xml") and not Path(path).name.startswith(".") and path != "feed.xml":
            validators.check(content)
    main(place, 0)
    assert files(place) == undisturbed


def test_a_kill_in_the_middle_of_a_file_leaves_the_place_empty_and_the_document_follows(tmp_path: Path) -> None:
    cap_of(tmp_path).prepare()
    die_in_the_file = (
        "import resource, signal, sys; from tests.cap.test_folder import keep_one;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL); resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000));"
        "keep_one(sys.argv[1])"
    )

    killed = subprocess.run([sys.executable, "-c", die_in_the_file, str(tmp_path / "cap")], timeout=120, check=False)

    assert killed.returncode == -signal.SIGXFSZ
    left = {path: len(content) for path, content in files(tmp_path).items() if path != "feed.xml"}
    assert left == {f"2026-07-15/.{EPOCH}-7-1.xml.part": 1_000}
    keep_one(str(tmp_path / "cap"))
    assert set(files(tmp_path)) == {"feed.xml", f"2026-07-15/{EPOCH}-7-1.xml"}


def keep_one(folder: str) -> None:
    """Write the first document."""
    CapFolder(settings(folder=folder)).keep(made(1), T0)


def test_the_feed_is_bounded_and_the_newest_stand_first_after_a_restart(tmp_path: Path) -> None:
    chosen = settings(folder=str(tmp_path / "cap"), feed_entries=3)
    for number in range(1, 5):
        CapFolder(chosen).keep(made(number), T0)
    of_one_day = hrefs(files(tmp_path)["feed.xml"])
    CapFolder(chosen).keep(made(5, sent_at=T0 + DAY_MS), T0)

    found = files(tmp_path)

    assert of_one_day == [f"2026-07-15/{EPOCH}-7-{number}.xml" for number in (4, 3, 2)]
    assert hrefs(found["feed.xml"]) == [f"2026-07-16/{EPOCH}-7-5.xml", *of_one_day[:2]]
    assert len(found) == 6


def test_a_feed_is_there_before_the_first_alert(tmp_path: Path) -> None:
    cap_of(tmp_path).prepare()

    (content,) = files(tmp_path).values()
    assert feed(content) == []
    assert b"<updated>2026-07-18T06:00:00+08:00</updated>" in content


def test_documents_older_than_they_are_kept_go_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    folder = CapFolder(settings(folder=str(tmp_path / "cap"), keep_days=2))
    folder.keep(made(1), T0)
    folder.keep(made(2, sent_at=T0 + DAY_MS), T0 + DAY_MS)
    (tmp_path / "cap" / "2026-07-16" / "note.txt").write_text("not ours")

    folder.keep(made(3, sent_at=T0 + 4 * DAY_MS), T0 + 4 * DAY_MS)

    assert set(files(tmp_path)) == {"feed.xml", "2026-07-16/note.txt", f"2026-07-19/{EPOCH}-7-3.xml"}
    assert not (tmp_path / "cap" / "2026-07-15").exists()
    folder.keep(made(4), T0 + 4 * DAY_MS)
    assert not (tmp_path / "cap" / "2026-07-15").exists()


def test_a_file_that_is_no_document_is_left_out_of_the_feed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = CapFolder(settings(folder=str(tmp_path / "cap")))
    folder.keep(made(1, content=b"<alert"), T0)

    folder.keep(made(2), T0)

    assert hrefs(files(tmp_path)["feed.xml"]) == [f"2026-07-15/{EPOCH}-7-2.xml"]
    assert "left out of the feed" in caplog.text


def test_a_folder_that_takes_nothing_shows_before_the_first_alert_in_words_that_help(place: Path) -> None:
    (place / "cap").write_text("a file where the folder should be")
    positions = Positions(place / "outbound.db")
    follower = follow(place, positions)

    follower.step()

    with pytest.raises(NotifierUnavailable, match=r"cap: (File exists|Not a directory): the service must be able to"):
        cap_of(place).prepare()
    assert positions.notice("cap", 1) == ""
    (place / "cap").unlink()
    while follower.step() == 0.0:
        pass
    assert len(files(place)) > 15
    positions.close()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The disk takes so many bytes of a file and then no more, as a full one does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_no_half_file_and_the_document_follows_when_there_is_room(tmp_path: Path) -> None:
    who = issuer({"folder": str(tmp_path / "cap")})
    notifier = CapNotifier(who, lambda _: told(event(1)), standing=list, now=lambda: T0)
    notifier.prepare()
    feed_before = files(tmp_path)

    with files_no_larger_than(1_000), pytest.raises(NotifierUnavailable, match=r"cap.*: File too large: the service"):
        notifier.send(event(1), ALERT, repeated=False)

    assert files(tmp_path) == feed_before
    notifier.send(event(1), ALERT, repeated=True)
    assert files(tmp_path)[f"2026-07-15/{EPOCH}-7-1.xml"] == published(who, told(event(1)))[0]


def test_the_time_of_a_feed_is_one_that_can_be_read_back(tmp_path: Path) -> None:
    CapFolder(settings(folder=str(tmp_path / "cap"))).keep(made(1), T0)

    root = ET.fromstring(files(tmp_path)["feed.xml"])  # noqa: S314 - our own

    assert parse_instant(root.findtext(f"{ATOM}updated", "")) == T0 + 60_000
    assert root.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
