"""A refusal by the last way is not for good: whoever has no other is told as soon as one takes it."""

from pathlib import Path

import pytest

from gauge_ingest.notifiers import NotifierRejected
from gauge_ingest.outbound import delivery as delivery_module
from gauge_ingest.outbound.refused import Refusals
from tests.delivery.world import Line, World, away, person, rows, running, until

REFUSED = NotifierRejected("HTTP 404")
HOUR = 3_600_000


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "WATCH_EVERY_S", 0.02)


def test_whom_the_only_way_refuses_for_a_moment_is_told_after_it(tmp_path: Path) -> None:
    world, hook = World(tmp_path, person("zhang", "hook")), Line("hook", *[REFUSED] * 3)
    world.tell(1, "raised")
    with running(world.delivering(hook)):
        assert until(lambda: bool(hook.told))
        assert until(lambda: rows(tmp_path, "SELECT state, reason FROM delivery") == [("done", "")])

    assert hook.events() == [(1, False)]
    assert rows(tmp_path, "SELECT number, result FROM try") == [
        *[(number, "rejected") for number in (1, 2, 3)],
        (4, "done"),
    ]
    assert not rows(tmp_path, "SELECT 1 FROM unreached")


def test_meanwhile_the_person_stands_as_unreached_and_the_delivery_says_why(tmp_path: Path) -> None:
    world, hook = World(tmp_path, person("zhang", "hook")), Line("hook", always=REFUSED)
    world.tell(1, "raised")
    with running(world.delivering(hook)):
        assert until(lambda: hook.tries > 3)

        assert rows(tmp_path, "SELECT person, reason FROM unreached") == [("zhang", "hook: HTTP 404")]
        assert rows(tmp_path, "SELECT reason FROM delivery WHERE state IN ('waiting', 'begun')") == [
            ("no way takes it: what refused it is tried again",)
        ]


def test_a_way_that_refused_is_tried_again_while_the_other_is_dead(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "hook", "sms"))
    hook, sms = Line("hook", REFUSED), Line("sms", always=away())
    world.tell(1, "raised")
    with running(world.delivering(hook, sms, dead_after_s=0.1)):
        assert until(lambda: bool(hook.told))


def test_a_way_that_refused_is_left_alone_while_another_may_take_it(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "hook", "sms"))
    hook, sms = Line("hook", always=REFUSED), Line("sms", always=away())
    world.tell(1, "raised")
    with running(world.delivering(hook, sms, dead_after_s=60)):
        assert until(lambda: sms.tries > 5)

    assert hook.tries == 1


def test_of_several_states_that_were_refused_only_the_newest_is_told(tmp_path: Path) -> None:
    world, hook = World(tmp_path, person("zhang", "hook")), Line("hook", always=REFUSED)
    world.tell(1, "raised")
    with running(world.delivering(hook)) as delivering:
        assert until(lambda: hook.tries > 1)
        world.tell(1, "strengthened")
        delivering.wake()
        assert until(lambda: ("superseded",) in rows(tmp_path, "SELECT state FROM delivery"))
        hook.always = None
        assert until(lambda: bool(hook.told))

    assert hook.events() == [(2, False)]


def test_a_state_that_is_being_refused_when_the_newer_one_comes_gives_way_to_it(tmp_path: Path) -> None:
    world, hook = World(tmp_path, person("zhang", "hook")), Line("hook", REFUSED)
    hook.hangs.clear()
    world.tell(1, "raised")
    with running(world.delivering(hook)) as delivering:
        assert until(lambda: hook.tries == 1)
        world.tell(1, "strengthened")
        delivering.wake()
        assert until(lambda: len(rows(tmp_path, "SELECT 1 FROM delivery")) == 2)
        hook.hangs.set()
        assert until(
            lambda: (
                not rows(tmp_path, "SELECT 1 FROM way WHERE state IN ('waiting', 'begun', 'rejected') AND delivery = 2")
            )
        )

    assert hook.events() == [(2, False)]
    assert rows(tmp_path, "SELECT state, superseded_by FROM delivery") == [("superseded", 2), ("done", None)]


def test_what_every_way_refuses_for_half_a_day_ends(tmp_path: Path) -> None:
    world, hook = World(tmp_path, person("zhang", "hook")), Line("hook", always=REFUSED)
    world.tell(1, "raised")
    with running(world.delivering(hook)):
        assert until(lambda: hook.tries > 2)
        world.now += 12 * HOUR
        tries = hook.tries
        assert until(lambda: hook.tries > tries + 1)
        world.now += 1
        ended = [("rejected", "every way has refused it")]
        assert until(lambda: rows(tmp_path, "SELECT state, reason FROM delivery") == ended)

    assert rows(tmp_path, "SELECT person FROM unreached") == [("zhang",)]


def test_what_the_journal_no_longer_has_is_not_tried_again(tmp_path: Path) -> None:
    world, hook = World(tmp_path, person("zhang", "hook", "sms")), Line("hook")
    world.tell(1, "raised")
    delivering = world.delivering(hook)
    delivering.step()
    delivering.close()
    with world.journal.transaction():
        world.journal._db.execute("DELETE FROM alert_event")
    with running(delivering):
        assert until(lambda: rows(tmp_path, "SELECT state FROM delivery") == [("rejected",)])

    assert rows(tmp_path, "SELECT channel, state FROM way") == [("hook", "stopped")]
    assert rows(tmp_path, "SELECT result, reason FROM try") == [("rejected", "the journal no longer has its alert")]
    assert hook.tries == 0


def test_the_waits_grow_to_the_bound_of_the_channel_and_a_start_tries_at_once() -> None:
    refusals = Refusals({"hook": 30.0}, monotonic=lambda: 0.0)
    assert refusals._wait_s("hook", 5) == 0
    refusals._has_looked = True

    waits = [refusals._wait_s("hook", tries) for tries in range(1, 40)]

    assert 2 <= waits[0] <= 4
    assert all(15 <= one <= 30 for one in waits[4:])


def test_a_refusal_is_loud_once_and_then_rarely(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world, hook = World(tmp_path, person("zhang", "hook")), Line("hook", always=REFUSED)
    world.tell(1, "raised")
    with running(world.delivering(hook)):
        assert until(lambda: hook.tries > 6)

    assert [one.getMessage() for one in caplog.records] == [
        "refused by=hook person=zhang event=1 reason=HTTP 404",
        "nobody can be reached by any way person=zhang",
    ]
