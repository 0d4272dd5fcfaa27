"""People and channels that change while something waits lose nobody who is to be told."""

from pathlib import Path

import pytest

from gauge_ingest.core.people import Person
from gauge_ingest.notifiers import NotifierRejected
from gauge_ingest.outbound import delivery as delivery_module
from tests.delivery.world import Line, World, person, rows, running, until

REFUSED = NotifierRejected("HTTP 404")


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "WATCH_EVERY_S", 0.02)


def both_refused(tmp_path: Path) -> World:
    """An alert that zhang's ways a and b have refused."""
    world = World(tmp_path, person("zhang", "a", "b"))
    world.tell(1, "raised")
    refusing = Line("a", always=REFUSED), Line("b", always=REFUSED)
    with running(world.delivering(*refusing)):
        assert until(lambda: rows(tmp_path, "SELECT count(*) FROM try WHERE result = 'rejected'") >= [(2,)])
        assert until(lambda: all(one.tries for one in refusing))
    return world


@pytest.mark.parametrize("reach", ["cab", "acb", "abc", "c", "ca", "cd", "dcab"])
def test_a_way_that_a_change_brings_is_opened_wherever_it_stands(tmp_path: Path, reach: str) -> None:
    world = both_refused(tmp_path)
    world.people["zhang"] = person("zhang", *reach)
    lines = {name: Line(name, always=None if name == "c" else REFUSED) for name in "abcd"}
    with running(world.delivering(*lines.values())):
        assert until(lambda: bool(lines["c"].told))

    assert lines["c"].events() == [(1, False)]
    assert rows(tmp_path, "SELECT state FROM delivery") == [("done",)]


def test_a_person_without_any_way_stands_as_unreached_and_is_told_when_there_is_one(tmp_path: Path) -> None:
    world = both_refused(tmp_path)
    world.people["zhang"] = Person("zhang", "zhang", "en", ())
    with running(world.delivering(Line("a"))):
        unreached = [("zhang", "people.toml gives no way")]
        assert until(lambda: rows(tmp_path, "SELECT person, reason FROM unreached") == unreached)
    world.people["zhang"] = person("zhang", "c")
    c = Line("c")
    with running(world.delivering(c)):
        assert until(lambda: bool(c.told))

    assert rows(tmp_path, "SELECT state FROM delivery") == [("done",)]
