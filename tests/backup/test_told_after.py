"""After a restore new alerts are told, whatever outbound.db knows of their numbers; what stands is repeated."""

from contextlib import closing
from pathlib import Path

import pytest

from gauge_ingest.backup.making import make
from gauge_ingest.backup.restoring import restore
from gauge_ingest.journal import Journal, Reader, renewal
from gauge_ingest.notifiers import Notifier, NotifierUnavailable
from gauge_ingest.outbound import NotifierFollower, Positions
from gauge_ingest.outbound.record import first_told
from tests.delivery.world import Line, World, away, person, rows, running, until
from tests.test_notices import Line as Notices
from tests.worlds import HOUR


@pytest.fixture(params=["numbers that nobody was given", "the same numbers again"])
def numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The service gives others; but what is told must not rest on that alone."""
    if request.param == "the same numbers again":
        monkeypatch.setattr(renewal, "ROOM", 1)
        monkeypatch.setattr(renewal, "numbers_after", lambda _connection: {})
    return str(request.param)


def set_back(world: World) -> int:
    """Put the copy back; the newest event that it holds."""
    world.journal.close()
    restore(world.folder / "copy.db", world.folder / "journal.db", now=world.now, told={})
    world.journal = Journal(world.folder / "journal.db")
    with closing(Reader.open(world.folder / "journal.db")) as reader:
        return reader.alerts.newest_event()


def follow(world: World, to: Notifier) -> NotifierFollower:
    return NotifierFollower(
        to, world.folder / "journal.db", Positions(world.folder / "outbound.db"), now=lambda: world.now, retry_max_s=1
    )


def drained(one: NotifierFollower) -> None:
    for _ in range(5):
        one.step()
    one.close()


@pytest.mark.usefixtures("numbers")
def test_a_notifier_is_told_of_a_new_alert_that_has_a_number_it_was_told_of_before(tmp_path: Path) -> None:
    world, line = World(tmp_path), Notices()
    world.accept()
    world.tell(1, "raised")
    make(tmp_path / "journal.db", tmp_path / "copy.db", now=world.now)
    world.tell(2, "raised")
    world.tell(2, "cleared")
    drained(follow(world, line))
    assert line.told == [False, False, False]

    world.now += HOUR
    assert set_back(world) == 1
    after = follow(world, line)
    after.step()
    world.tell(2, "raised")
    drained(after)

    assert line.told == [False, False, False, False]  # nothing of what the copy holds again, and the new one


@pytest.mark.usefixtures("numbers")
def test_people_are_told_of_a_new_alert_and_again_of_one_that_stands(tmp_path: Path) -> None:
    world, line = World(tmp_path, person("wang", "mail")), Line("mail")
    world.accept()
    world.tell(1, "raised")
    make(tmp_path / "journal.db", tmp_path / "copy.db", now=world.now)
    world.tell(2, "raised")
    world.tell(2, "cleared")
    with running(world.delivering(line)):
        assert until(lambda: len(line.events()) >= 2)
    before = len(line.events())
    world.now += HOUR
    set_back(world)

    with running(world.delivering(line)) as delivering:
        assert until(lambda: delivering.workers["mail"].ident is not None)
        world.tell(2, "raised")
        delivering.wake()
        assert until(lambda: len(line.events()) >= before + 2)

    told = line.events()[before:]
    assert told[0] == (1, True)
    assert [repeated for _, repeated in told[1:]] == [False]


@pytest.mark.usefixtures("numbers")
def test_what_waited_of_the_former_journal_is_not_told_in_words_of_another_alert(tmp_path: Path) -> None:
    world, broken, works = World(tmp_path, person("wang", "mail")), Line("mail", always=away()), Line("mail")
    world.accept()
    world.tell(1, "raised")
    world.tell(1, "cleared")
    make(tmp_path / "journal.db", tmp_path / "copy.db", now=world.now)
    world.tell(2, "raised")
    with running(world.delivering(broken)):
        assert until(lambda: broken.tries > 0)
    assert rows(tmp_path, "SELECT count(*) FROM delivery WHERE state = 'waiting'") != [(0,)]
    world.now += 48 * HOUR  # alert 1 is history
    set_back(world)

    with running(world.delivering(works)) as delivering:
        assert until(lambda: delivering.workers["mail"].ident is not None)
        world.tell(2, "raised", "prepare")
        delivering.wake()
        assert until(lambda: len(works.told) >= 1)

    assert [message.text.count("prepare") > 0 for _, message in works.told] == [True]
    former = rows(
        tmp_path,
        "SELECT DISTINCT d.state, w.state FROM delivery d JOIN way w ON w.delivery = d.id"
        " WHERE d.epoch <> (SELECT epoch FROM position WHERE name = 'people')",
    )
    assert former
    assert "waiting" not in {state for pair in former for state in pair}


def test_when_people_were_told_is_still_known_of_what_the_copy_holds(tmp_path: Path) -> None:
    world, line = World(tmp_path, person("wang", "mail")), Line("mail")
    world.accept()
    world.tell(1, "raised")
    world.tell(1, "cleared")
    with running(world.delivering(line)):
        assert until(lambda: rows(tmp_path, "SELECT count(*) FROM delivery WHERE state = 'done'") != [(0,)])
    make(tmp_path / "journal.db", tmp_path / "copy.db", now=world.now)
    world.tell(2, "raised")
    set_back(world)

    with closing(Reader.open(tmp_path / "journal.db")) as reader:
        told = first_told(tmp_path / "outbound.db", reader.alerts.epochs(), [1, 2])

    assert told[1] is not None
    assert told[2] is None


def test_what_was_begun_after_the_restore_is_remembered_over_a_start(tmp_path: Path) -> None:
    world, line = World(tmp_path), Notices(NotifierUnavailable("it broke", perhaps_told=True))
    world.accept()
    make(tmp_path / "journal.db", tmp_path / "copy.db", now=world.now)
    set_back(world)
    first = follow(world, line)
    first.step()
    world.tell(2, "raised")
    first.step()
    first.close()

    drained(follow(world, line))

    assert line.told == [False, True]


def test_what_a_young_journal_held_when_it_was_copied_is_told_again_as_a_repeat(tmp_path: Path) -> None:
    world, line = World(tmp_path, person("wang", "mail")), Line("mail")
    world.accept()
    world.tell(1, "raised")
    make(tmp_path / "journal.db", tmp_path / "copy.db", now=world.now)
    set_back(world)

    with running(world.delivering(line)):
        assert until(lambda: len(line.events()) > 0)

    assert line.events() == [(1, True)]
