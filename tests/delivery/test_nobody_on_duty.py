"""Where nobody is on duty everybody is told once, with the alert itself; step 0 is for those who were not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_ingest.core.model import EventKind
from gauge_ingest.core.reasons import because
from tests.delivery.world import Line, World, person, rows, running, until

LIU, CHEN = person("liu"), person("chen")
NOBODY = because("nobody_everybody")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    one = World(tmp_path, LIU, CHEN)
    one.accept()
    yield one
    one.journal.close()


def told(world: World, mail: Line, *, by: int) -> dict[str, list[int]]:
    """The events that each person heard of, when the delivery has come as far as an event that it tells both."""
    with running(world.delivering(mail)):
        assert until(lambda: all((by, False) in mail.events(name) for name in world.people))
    return {name: [event for event, _ in mail.events(name)] for name in world.people}


def test_whoever_was_told_of_the_rise_is_not_told_of_step_0_as_well(world: World) -> None:
    rise = world.tell(1, EventKind.RAISED)
    world.tell(1, EventKind.ESCALATED, cause=NOBODY)
    mark = world.tell(2, EventKind.RAISED)

    assert told(world, Line("mail"), by=mark) == {"liu": [rise, mark], "chen": [rise, mark]}


def test_step_0_reaches_whoever_was_not_told_of_the_rise(world: World) -> None:
    rise = world.tell(1, EventKind.RAISED)
    world.to = lambda event: [LIU] if event.id == rise else [LIU, CHEN]
    step = world.tell(1, EventKind.ESCALATED, cause=NOBODY)
    mark = world.tell(2, EventKind.RAISED)

    assert told(world, Line("mail"), by=mark) == {"liu": [rise, mark], "chen": [step, mark]}


def test_a_rise_that_was_held_back_is_no_telling_and_a_reminder_is_one(world: World) -> None:
    rise = world.tell(1, EventKind.RAISED)
    world.silence = lambda event: "silence 1" if event.id == rise else ""
    step = world.tell(1, EventKind.ESCALATED, cause=NOBODY)
    again = world.tell(2, EventKind.RAISED)
    reminder = world.tell(2, EventKind.REMINDED)
    world.tell(2, EventKind.ESCALATED, cause=NOBODY)
    mark = world.tell(3, EventKind.RAISED)

    found = told(world, Line("mail"), by=mark)

    assert found == {"liu": [step, again, reminder, mark], "chen": [step, again, reminder, mark]}
    assert rows(world.folder, "SELECT count(*) FROM delivery WHERE event = 5") == [(0,)]
