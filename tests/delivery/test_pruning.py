"""What ended long ago is deleted from outbound.db; what waits stays, and nobody waits for it."""

from contextlib import closing
from pathlib import Path

import pytest

from gauge_ingest.core.model import DAY_MS
from gauge_ingest.journal import Reader
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound import pruning as pruning_module
from gauge_ingest.outbound.delivery import Delivering
from gauge_ingest.outbound.pruning import prune_told
from tests.delivery.world import Line, World, away, person, rows, running, until

LEFT = "SELECT person, event FROM delivery ORDER BY person, event"


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning_module, "SLICE_ROWS", 3)


def prune(world: World, delivering: Delivering, *, keep_days: int = 1) -> int:
    """Prune; how many slices it took."""
    pauses: list[float] = []
    path = world.folder / "journal.db"
    assert prune_told(
        delivering.queue, delivering.positions, path, keep_days=keep_days, now=world.now, pause=pauses.append
    )
    return len(pauses)


def test_what_ended_before_the_days_that_are_kept_goes_with_its_ways_and_tries(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    with running(world.delivering(mail)) as delivering:
        for alert in range(1, 9):
            world.silence = lambda event: "washed" if event.id == 2 else ""
            world.tell(alert, "raised")
        delivering.wake()
        assert until(lambda: len(mail.events()) == 7)
        assert until(lambda: not rows(tmp_path, "SELECT 1 FROM delivery WHERE state IN ('waiting', 'begun')"))
        world.now += DAY_MS
        world.tell(9, "raised")
        delivering.wake()
        assert until(lambda: (9, False) in mail.events())
        assert until(lambda: rows(tmp_path, "SELECT state FROM delivery WHERE event = 9") == [("done",)])

        prune(world, delivering)
        assert len(rows(tmp_path, LEFT)) == 9
        prune(world, delivering, keep_days=0)
        assert len(rows(tmp_path, LEFT)) == 9
        world.now += 1
        assert prune(world, delivering) > 2

    assert rows(tmp_path, LEFT) == [("zhang", 9)]
    assert rows(tmp_path, "SELECT DISTINCT d.event FROM way LEFT JOIN delivery d ON d.id = delivery") == [(9,)]
    assert rows(tmp_path, "SELECT DISTINCT d.event FROM try LEFT JOIN delivery d ON d.id = delivery") == [(9,)]


def test_what_waits_is_never_deleted_nor_what_another_way_still_tries(tmp_path: Path) -> None:
    """Zhang was told by sms of what moves people, and mail goes on; li waits."""
    world = World(tmp_path, person("zhang", "mail", "sms"), person("li", "mail"))
    mail, sms = Line("mail", always=away()), Line("sms")
    world.tell(1, "raised", "immediate")
    with running(world.delivering(mail, sms, dead_after_s=0.1)) as delivering:
        assert until(lambda: bool(sms.told))
        assert until(lambda: rows(tmp_path, "SELECT state FROM delivery WHERE person = 'zhang'") == [("done",)])
        world.now += 30 * DAY_MS
        prune(world, delivering)
        assert rows(tmp_path, LEFT) == [("li", 1), ("zhang", 1)]
        mail.always = None
        assert until(lambda: len(mail.events()) == 2)
        assert until(lambda: not rows(tmp_path, "SELECT 1 FROM way WHERE state IN ('waiting', 'begun')"))
        world.now += 30 * DAY_MS
        prune(world, delivering)

    assert rows(tmp_path, LEFT) == []


def test_ids_go_on_when_everything_was_deleted(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.tell(1, "raised")
    with running(world.delivering(mail)) as delivering:
        assert until(lambda: rows(tmp_path, "SELECT state FROM delivery") == [("done",)])
        world.now += 30 * DAY_MS
        prune(world, delivering)
        world.tell(1, "cleared")
        delivering.wake()
        assert until(lambda: len(mail.told) == 2)

    assert mail.events() == [(1, False), (2, False)]


def test_notices_go_too_and_whoever_begins_behind_them_marks_what_it_tells(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang"))
    world.accept()
    for alert in range(1, 8):
        world.tell(alert, "raised")
    with closing(Positions(tmp_path / "outbound.db")) as positions:
        epoch = epoch_of(world)
        assert positions.begun(epoch, 0) == 0
        for event in range(1, 8):
            positions.note("mqtt", event, "done" if event != 4 else "begun")
        world.now += DAY_MS + 1
        world.tell(8, "raised")
        positions.note("mqtt", 8, "done")

        assert prune_told(
            None, positions, tmp_path / "journal.db", keep_days=1, now=world.now, pause=lambda _pause_s: None
        )

        assert rows(tmp_path, "SELECT event, state FROM notice ORDER BY event") == [(4, "begun"), (8, "done")]
        assert positions.begun(epoch, 0) == 7


def epoch_of(world: World) -> str:
    """The journal's epoch."""
    with closing(Reader.open(world.folder / "journal.db")) as reader:
        return reader.epoch()


def test_without_its_journal_nothing_is_deleted(tmp_path: Path) -> None:
    with closing(Positions(tmp_path / "outbound.db")) as positions:
        assert not prune_told(None, positions, tmp_path / "none.db", keep_days=1, now=0)
