"""People and channels that change while something waits lose nobody who is to be told."""

from pathlib import Path

import pytest

from gauge_ingest.core.people import Person
from gauge_ingest.notifiers import NotifierRejected
from gauge_ingest.notifiers.webhook import WebhookChannel
from gauge_ingest.outbound import delivery as delivery_module
from tests.delivery.sink import Sink, sink
from tests.delivery.test_webhook import channel
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


def hook(server: Sink, name: str) -> WebhookChannel:
    """A web hook under a name of its own."""
    one = channel(server.url(), timeout_s=0.2)
    one.name = name
    return one


def test_a_channel_that_goes_while_it_hangs_leaves_the_other_to_tell(tmp_path: Path) -> None:
    """Method: two real web hooks; the first may have told, and the second says so."""
    zhang, li = person("zhang", "hook", "sms"), person("li", "sms", "hook")
    world = World(tmp_path, zhang, li)
    with sink("hang") as first, sink(503) as second:
        world.tell(1, "raised")
        with running(world.delivering(hook(first, "hook"), hook(second, "sms"), dead_after_s=0.1)):
            opened = [("hook", "li"), ("hook", "zhang"), ("sms", "li"), ("sms", "zhang")]
            assert until(lambda: rows(tmp_path, "SELECT channel, person FROM way ORDER BY 1, 2") == opened)
            assert until(lambda: {one.document["to"] for one in first.arrived} == {"zhang", "li"})
        hung = len(first.arrived)
        for name in world.people:
            world.people[name] = person(name, "sms")
        second.always = 200
        with running(world.delivering(hook(second, "sms"))):
            assert until(lambda: rows(tmp_path, "SELECT DISTINCT state FROM delivery") == [("done",)])
        taken = [one.document for one in second.arrived if one.answer == 200]

        assert len(first.arrived) == hung
    assert sorted(one["to"] for one in taken) == ["li", "zhang"]
    assert all("REPEATED" in one["text"] for one in taken)


def test_a_person_who_goes_while_everything_fails_ends_and_the_others_are_told(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "hook"), person("li", "hook"))
    with sink(503) as server:
        world.tell(1, "raised")
        with running(world.delivering(hook(server, "hook"), dead_after_s=0.1)):
            assert until(lambda: len(rows(tmp_path, "SELECT 1 FROM unreached")) == 2)
        del world.people["zhang"]
        server.always = 200
        with running(world.delivering(hook(server, "hook"))):
            assert until(lambda: rows(tmp_path, "SELECT state FROM delivery WHERE person = 'li'") == [("done",)])
            assert until(lambda: not rows(tmp_path, "SELECT 1 FROM unreached"))

    assert [one.document["to"] for one in server.arrived if one.answer == 200] == ["li"]
    assert rows(tmp_path, "SELECT state, reason FROM delivery WHERE person = 'zhang'") == [
        ("rejected", "the person is no longer in people.toml")
    ]
