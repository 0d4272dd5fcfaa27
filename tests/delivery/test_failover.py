"""A dead way does not keep anybody from being told; whom no way reaches is written down."""

import time
from pathlib import Path

import pytest

from gauge_ingest.core.people import Address, Person
from gauge_ingest.notifiers import NotifierRejected
from gauge_ingest.outbound.standing import Standing
from tests.delivery.world import Line, World, away, person, rows, running, until

WAYS = "SELECT channel, state FROM way ORDER BY channel"
REFUSED = NotifierRejected("no such room")


def both(tmp_path: Path, mail: Line, sms: Line, level: str, **settings: float) -> World:
    """Zhang is reached by mail, else by sms; one alert; until sms has told it."""
    world = World(tmp_path, person("zhang", "mail", "sms"))
    world.tell(1, "raised", level)
    with running(world.delivering(mail, sms, **{"dead_after_s": 0.3, **settings})):
        assert until(lambda: bool(sms.told))
        time.sleep(0.5)
    return world


def test_a_dead_channel_fails_over_and_the_message_says_so(tmp_path: Path) -> None:
    mail, sms = Line("mail", always=away()), Line("sms")

    both(tmp_path, mail, sms, "blue")

    ((_, message),) = sms.told
    assert "Sent by sms: mail is not working" in message.text
    assert [event for event, _ in sms.events()] == [1]  # a repeat, if mail was being tried in that moment
    assert rows(tmp_path, WAYS) == [("mail", "stopped"), ("sms", "done")]


def test_it_says_so_in_the_language_of_the_person(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "mail", "sms", language="zh"))
    mail, sms = Line("mail", always=REFUSED), Line("sms")
    world.tell(1, "raised")
    with running(world.delivering(mail, sms)):
        assert until(lambda: bool(sms.told))

    assert "经“sms”发送：“mail”目前不通" in sms.told[0][1].text


def test_a_channel_that_hangs_fails_over_as_well(tmp_path: Path) -> None:
    mail, sms = Line("mail"), Line("sms")
    mail.hangs.clear()

    both(tmp_path, mail, sms, "blue")
    mail.hangs.set()

    assert sms.events() == [(1, True)]  # the first try has begun and not ended: it may have arrived


def test_before_it_is_dead_the_next_way_is_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", always=away()), Line("sms")
    world.tell(1, "raised")
    with running(world.delivering(mail, sms, dead_after_s=60.0)):
        assert until(lambda: mail.tries > 10)
        time.sleep(0.7)

    assert not sms.told


def test_a_refusal_fails_over_at_once(tmp_path: Path) -> None:
    mail, sms = Line("mail", always=REFUSED), Line("sms")

    both(tmp_path, mail, sms, "blue", dead_after_s=60.0)

    assert mail.tries == 1
    assert sms.events() == [(1, False)]
    assert rows(tmp_path, "SELECT state FROM delivery") == [("done",)]


def test_what_moves_people_is_tried_on_every_opened_way_until_each_has_taken_it(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", always=away()), Line("sms")
    world.tell(1, "raised", "immediate")
    with running(world.delivering(mail, sms, dead_after_s=0.3, retry_max_s=1.0)):
        assert until(lambda: bool(sms.told))
        mail.always = None
        assert until(lambda: bool(mail.told))

    assert [event for event, _ in sms.events()] == [1]
    assert mail.events() == [(1, True)]  # told already, on the other way


def test_a_newer_state_ends_what_other_ways_still_try_of_the_former(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", always=away()), Line("sms")
    world.tell(1, "raised", "immediate")
    with running(world.delivering(mail, sms, dead_after_s=0.3)) as delivering:
        assert until(lambda: bool(sms.told))
        world.tell(1, "cleared", "immediate")
        delivering.wake()
        assert until(lambda: len(sms.told) == 2)
        mail.always = None
        assert until(lambda: bool(mail.told))

    assert [event for event, _ in mail.events()] == [2]


def test_a_way_that_revives_does_not_bring_back_what_no_longer_holds(tmp_path: Path) -> None:
    """The former state may have arrived and waits on both ways when the newer one is put."""
    world = World(tmp_path, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", always=away(perhaps_told=True)), Line("sms")
    world.tell(1, "raised", "orange")
    with running(world.delivering(mail, sms, dead_after_s=1.0)) as delivering:
        assert until(lambda: bool(mail.told))
        world.tell(1, "eased", "blue")
        delivering.wake()
        assert until(lambda: rows(tmp_path, "SELECT state FROM delivery") == [("done",)] * 2)
        assert until(lambda: ("begun",) not in rows(tmp_path, "SELECT state FROM way"))
        mail.told.clear()
        mail.always = None
        time.sleep(0.5)

    assert mail.events() == []


@pytest.mark.parametrize("ends", ["fails", "is refused with others", "is cut off"])
def test_a_former_state_that_was_being_sent_when_the_newer_was_told_is_not_tried_again(
    tmp_path: Path, ends: str
) -> None:
    world = World(tmp_path, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", away()), Line("sms")
    world.tell(1, "raised", "orange")
    world.tell(2, "raised", "orange")
    with running(world.delivering(mail, sms, dead_after_s=0.1)) as delivering:
        assert until(lambda: mail.tries == 1)
        mail.hangs.clear()
        assert until(lambda: mail.tries == 2)
        mail.fails = [REFUSED if ends == "is refused with others" else away()]
        assert until(lambda: {event for event, _ in sms.events()} == {1, 2})
        for alert in (1, 2):
            world.tell(alert, "cleared", "orange")
        delivering.wake()
        assert until(lambda: len(rows(tmp_path, "SELECT 1 FROM way WHERE channel = 'sms' AND state = 'done'")) == 4)
        if ends != "is cut off":
            mail.hangs.set()
            assert until(lambda: mail.tries > 2 or not rows(tmp_path, "SELECT 1 FROM way WHERE state = 'begun'"))
            assert until(lambda: not rows(tmp_path, "SELECT 1 FROM way WHERE state IN ('waiting', 'begun')"))
    later = Line("mail")
    with running(world.delivering(later, Line("sms"))):
        assert until(lambda: not rows(tmp_path, "SELECT 1 FROM way WHERE state IN ('waiting', 'begun')"))
    mail.hangs.set()

    assert [event for event, _ in mail.events() + later.events() if event < 3] == []


def test_whom_no_way_reaches_is_written_down_until_one_does(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", always=away()), Line("sms", always=REFUSED)
    world.tell(1, "raised")
    with running(world.delivering(mail, sms, dead_after_s=0.3)):
        assert until(lambda: bool(rows(tmp_path, "SELECT 1 FROM unreached")))
        assert rows(tmp_path, "SELECT person, reason FROM unreached") == [
            ("zhang", "mail: nobody answers; sms: no such room")
        ]
        assert rows(tmp_path, "SELECT DISTINCT state FROM delivery") in ([("waiting",)], [("begun",)])
        mail.always = None
        assert until(lambda: not rows(tmp_path, "SELECT 1 FROM unreached"))

    assert mail.events() == [(1, False)]


def test_a_channel_that_is_dead_already_fails_over_without_waiting_again(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", always=away()), Line("sms")
    world.tell(1, "raised", "blue")
    with running(world.delivering(mail, sms, dead_after_s=2.0)) as delivering:
        assert until(lambda: bool(sms.told))
        began_at = time.monotonic()
        world.tell(2, "raised", "blue")
        delivering.wake()
        assert until(lambda: len(sms.told) == 2)

    assert time.monotonic() - began_at < 1.8


def test_an_address_that_was_mended_is_used_after_a_new_start(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang", "mail")), Line("mail", always=away())
    world.tell(1, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: mail.tries > 2)
    world.people["zhang"] = Person("zhang", "zhang", "en", (Address("mail", "zhang@new"),))
    mail.always = None
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert [to for to, _ in mail.told] == ["zhang@new"]


def test_a_person_who_left_is_told_no_longer_and_stops_nobody(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang"), person("li")), Line("mail", always=away())
    world.tell(1, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: mail.tries > 2)
    del world.people["zhang"]
    mail.always = None
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert mail.events() == mail.events("li") == [(1, False)]
    assert rows(tmp_path, "SELECT state FROM delivery WHERE person = 'zhang'") == [("rejected",)]


@pytest.mark.parametrize(
    ("what", "dead"),
    [
        ("nothing has been tried", False),
        ("this address fails for a minute", True),
        ("this address fails for a moment", False),
        ("another address alone fails for a minute", False),
        ("two others fail for a minute", True),
        ("two others fail, and a third was told since", False),
        ("a try hangs for a minute", True),
        ("this address failed for a minute and works again", False),
    ],
)
def test_when_a_way_is_dead(what: str, *, dead: bool) -> None:
    clock = [0.0]
    one = Standing(dead_after_s=60, retry_max_s=10, monotonic=lambda: clock[0])
    fails = {"this address": ["zhang"], "another": ["li"], "two others": ["li", "wang"]}
    for who in next((names for words, names in fails.items() if what.startswith(words)), []):
        one.begun()
        one.failed(who, who)
    if "hangs" in what:
        one.begun()
    clock[0] = 1 if "moment" in what else 61
    if "third" in what:
        one.worked("zhao", "zhao")
    if "works again" in what:
        one.worked("zhang", "zhang")

    assert one.dead("zhang", "zhang") is dead


@pytest.mark.parametrize(("asked_s", "least_s", "most_s"), [(None, 0.5, 1), (7.0, 7, 7), (500.0, 10, 10)])
def test_the_next_try_waits_at_random_or_as_long_as_it_was_asked_up_to_the_bound(
    asked_s: float | None, least_s: float, most_s: float
) -> None:
    one = Standing(dead_after_s=60, retry_max_s=10, monotonic=lambda: 0.0)
    one.failed("zhang", "zhang", retry_after_s=asked_s)

    assert least_s <= one.wait_s("zhang", "zhang", pressing=False) <= most_s
    assert one.wait_s("zhang", "zhang", pressing=True) <= 1


def test_waits_between_tries_grow_to_the_bound() -> None:
    one = Standing(dead_after_s=60, retry_max_s=10, monotonic=lambda: 0.0)
    waits = []
    for _ in range(50):
        one.failed("zhang", "zhang")
        waits.append(one.wait_s("zhang", "zhang", pressing=False))

    assert waits[0] <= 1
    assert max(waits) <= 10
    assert min(waits[10:]) >= 5
