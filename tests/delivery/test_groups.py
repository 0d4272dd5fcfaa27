"""What comes at once goes as one message, what is old gives way to what is new, and the quiet hours hold back."""

from pathlib import Path

import pytest

from gauge_ingest.core.levels import Level
from gauge_ingest.core.people import Person
from tests.delivery.world import Line, World, away, person, rows, running, until

HOUR = 3_600_000


def held(world: World, until_at: int) -> None:
    """It is night for everybody until then."""

    def quiet(_person: Person, level: Level, at: int) -> int | None:
        return until_at if not level.evacuates and at < until_at else None

    world.quiet = quiet


def test_what_comes_within_the_group_time_goes_as_one_message_the_gravest_first(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.tell(1, "raised", "blue")
    world.tell(2, "raised", "immediate")
    world.tell(2, "commented", "immediate")
    with running(world.delivering(mail, group_s=10)):
        assert until(lambda: bool(rows(tmp_path, "SELECT 1 FROM delivery")))
        assert not mail.told
        world.now += 10_000
        assert until(lambda: bool(mail.told))

    ((_, message),) = mail.told
    assert [line.split()[0] for line in message.text.split("\n")] == ["#2", "#3", "#1"]
    assert message.event == 3
    assert message.grade == 4


def test_the_group_waits_no_longer_than_its_first(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.tell(1, "raised", "blue")
    with running(world.delivering(mail, group_s=10)) as delivering:
        assert until(lambda: bool(rows(tmp_path, "SELECT 1 FROM delivery")))
        world.now += 9_000
        world.tell(2, "raised", "immediate")
        delivering.wake()
        assert until(lambda: len(rows(tmp_path, "SELECT 1 FROM delivery")) == 2)
        assert not mail.told
        world.now += 1_000
        assert until(lambda: bool(mail.told))

    assert sorted(mail.events()) == [(1, False), (2, False)]
    assert len(mail.told) == 1


def test_an_alert_that_changes_every_few_seconds_is_not_put_off_by_each_change(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    with running(world.delivering(mail, group_s=10)) as delivering:
        for number, kind in enumerate(("raised", "strengthened", "eased"), 1):
            world.tell(1, kind, "immediate")
            delivering.wake()
            assert until(lambda number=number: len(rows(tmp_path, "SELECT 1 FROM delivery")) == number)  # type: ignore[misc]
            world.now += 4_000
        assert until(lambda: bool(mail.told))

    assert mail.events() == [(3, False)]
    assert rows(tmp_path, "SELECT event, state, superseded_by FROM delivery ORDER BY event") == [
        (1, "superseded", 2),
        (2, "superseded", 3),
        (3, "done", None),
    ]


def test_a_clock_that_is_put_back_holds_nothing_up(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.tell(1, "raised")
    with running(world.delivering(mail, group_s=10)):
        assert until(lambda: bool(rows(tmp_path, "SELECT 1 FROM delivery")))
        world.now -= HOUR
        assert until(lambda: bool(mail.told))


def test_a_message_holds_at_most_fifty_events_and_none_is_dropped(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    for alert in range(1, 121):
        world.tell(alert, "raised", "blue")
    world.tell(121, "raised", "red")
    with running(world.delivering(mail)):
        assert until(lambda: len(mail.events()) == 121)

    sizes = [len(message.text.split("\n")) for _, message in mail.told]
    assert sizes == [50, 50, 21]
    assert mail.events()[0] == (121, False)
    assert sorted(mail.events()) == [(event, False) for event in range(1, 122)]


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["raised", "strengthened"], [2]),
        (["raised", "eased"], [2]),
        (["raised", "cleared"], [2]),
        (["raised", "withdrawn"], [2]),
        (["raised", "lapsed"], [2]),
        (["raised", "cleared", "raised"], [3]),
        (["raised", "acknowledged"], [1, 2]),
        (["raised", "commented"], [1, 2]),
        (["commented", "commented"], [1, 2]),
        (["raised", "escalated"], [1, 2]),
        (["escalated", "escalated"], [2]),
        (["reminded", "escalated"], [2]),
        (["escalated", "cleared"], [2]),
        (["acknowledged", "cleared"], [1, 2]),
    ],
)
def test_of_what_waits_only_the_newest_state_is_told_and_what_people_said_is_kept(
    tmp_path: Path, kinds: list[str], told: list[int]
) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    for kind in kinds:
        world.tell(1, kind)
    with running(world.delivering(mail)):
        assert until(lambda: len(mail.events()) == len(told))

    assert [event for event, _ in mail.events()] == told


def test_what_may_have_arrived_is_not_replaced_by_what_is_newer(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail", away(perhaps_told=True))
    world.tell(1, "raised")
    with running(world.delivering(mail, retry_max_s=1)) as delivering:
        assert until(lambda: bool(mail.told))
        world.tell(1, "cleared")
        delivering.wake()
        assert until(lambda: len(mail.events()) == 3)

    assert mail.events() == [(1, False), (1, True), (2, False)]


def test_what_moved_people_is_not_held_by_the_quiet_hours_when_it_eases(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    held(world, world.now + HOUR)
    world.tell(1, "raised", "orange")
    world.tell(1, "eased", "yellow")
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert mail.events() == [(2, False)]


def test_at_night_only_what_moves_people_is_told_and_in_the_morning_where_the_rest_stands(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    held(world, world.now + HOUR)
    world.tell(1, "raised", "blue")
    world.tell(1, "cleared", "blue")
    world.tell(2, "raised", "blue")
    world.tell(2, "strengthened", "yellow")
    world.tell(3, "raised", "red")
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))
        assert mail.events() == [(5, False)]
        assert not until(lambda: len(mail.told) > 1, within_s=1.5)
        world.now += HOUR
        assert until(lambda: len(mail.told) == 2)

    assert mail.events()[1:] == [(4, False), (2, False)]  # one line each, the gravest first


def test_the_quiet_hours_of_one_person_hold_nobody_else(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang"), person("li")), Line("mail")
    world.quiet = lambda one, _level, at: at + HOUR if one.id == "zhang" else None
    world.tell(1, "raised", "blue")
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert [to for to, _ in mail.told] == ["li"]


def test_what_moves_people_does_not_wait_behind_what_fails(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail", *[away()] * 12)
    world.tell(1, "raised", "blue")
    with running(world.delivering(mail, retry_max_s=300)) as delivering:
        assert until(lambda: mail.tries >= 4)  # the next wait is 4 to 8 s
        mail.fails.clear()
        world.tell(2, "raised", "red")
        delivering.wake()
        assert until(lambda: (2, False) in mail.events(), within_s=2.5)
