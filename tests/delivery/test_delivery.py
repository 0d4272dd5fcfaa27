"""Each person is told of each event: in order, once or marked as a repeat, on a way that works."""

import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.journal import Position, Reader
from gauge_ingest.notifiers import NotifierRejected
from gauge_ingest.outbound import Positions
from gauge_ingest.outbound.beginning import told_before
from gauge_ingest.outbound.delivery import STANDS_S
from gauge_ingest.outbound.follow import IDLE_S
from tests.delivery.world import Line, World, away, person, rows, running, until

STATES = "SELECT person, event, state FROM delivery ORDER BY person, event"


def test_everybody_is_told_of_every_event_in_order(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang"), person("li")), Line("mail")
    with running(world.delivering(mail)):
        for kind in ("raised", "acknowledged", "commented"):
            world.tell(1, kind)
        assert until(lambda: len(mail.events()) == 6)

    assert mail.events("zhang") == mail.events("li") == [(1, False), (2, False), (3, False)]
    assert {state for _, _, state in rows(tmp_path, STATES)} == {"done"}


def test_a_start_after_everything_was_told_tells_nothing_again(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.tell(1, "raised")
    for _ in range(2):
        with running(world.delivering(mail)):
            assert until(lambda: bool(mail.told))
            time.sleep(0.1)

    assert mail.events() == [(1, False)]


def test_a_try_that_reached_nobody_is_no_repeat_when_it_works(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail", away(), away())
    world.tell(1, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert mail.events() == [(1, False)]
    tries = rows(tmp_path, "SELECT number, result, reason FROM try")
    assert tries == [(1, "failed", "nobody answers"), (2, "failed", "nobody answers"), (3, "done", "")]


def test_what_may_have_arrived_is_sent_again_as_the_same_message_and_marked(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail", away(perhaps_told=True))
    world.tell(1, "raised")
    world.tell(1, "acknowledged")
    with running(world.delivering(mail)):
        assert until(lambda: len(mail.told) == 2)

    assert mail.events() == [(1, False), (2, False), (1, True), (2, True)]
    assert [message.event for _, message in mail.told] == [2, 2]


def test_what_comes_behind_a_message_that_never_ends_well_is_told_with_it(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail", always=away(perhaps_told=True))
    world.tell(1, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: len(mail.told) >= 2)
        world.tell(2, "raised")
        assert until(lambda: (2, False) in mail.events())

    told = [message.event for _, message in mail.told]
    assert told == sorted(told)
    assert mail.events().count((1, False)) == mail.events().count((2, False)) == 1


def test_a_woken_delivery_tells_the_others_within_a_second_while_one_channel_hangs(tmp_path: Path) -> None:
    world = World(tmp_path, person("zhang", "mail"), *(person(name, "sms") for name in ("li", "wang", "zhao")))
    mail, sms = Line("mail"), Line("sms")
    mail.hangs.clear()
    with running(world.delivering(mail, sms)) as delivering:
        world.tell(1, "raised")
        delivering.wake()
        assert until(lambda: mail.tries == 1)
        began_at = time.monotonic()
        world.tell(2, "raised")
        delivering.wake()
        assert until(lambda: len(sms.events()) == 6, within_s=5)
        took_s = max(sms.told_at) - began_at
        mail.hangs.set()

    assert took_s < 1


def test_one_bad_address_delays_nobody_else_on_its_channel(tmp_path: Path) -> None:
    class Picky(Line):
        def send(self, to: str, message: object) -> None:
            self.always = away() if to == "zhang" else None
            super().send(to, message)  # type: ignore[arg-type]  # any field, by its name

    world, mail = World(tmp_path, person("zhang"), person("li")), Picky("mail")
    with running(world.delivering(mail, retry_max_s=30.0)) as delivering:
        for alert in range(1, 6):
            world.tell(alert, "raised", "blue")
            delivering.wake()
            assert until(lambda alert=alert: (alert, False) in mail.events("li"), within_s=2)  # type: ignore[misc]

    assert not mail.events("zhang")


def test_stopping_takes_bounded_time_though_a_channel_hangs(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    mail.hangs.clear()
    world.tell(1, "raised")
    delivering = world.delivering(mail)
    delivering.start()
    assert until(lambda: mail.tries == 1)

    began_at = time.monotonic()
    delivering.stop()
    delivering.join(1.0)

    assert time.monotonic() - began_at < 1.5
    mail.hangs.set()


def test_what_was_begun_when_the_process_ended_is_sent_again_marked(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    mail.hangs.clear()
    world.tell(1, "raised")
    first = world.delivering(mail)
    first.start()
    assert until(lambda: mail.tries == 1)
    again = Line("mail")
    with running(world.delivering(again)):
        assert until(lambda: bool(again.told))

    assert again.events() == [(1, True)]
    assert [message.event for _, message in again.told] == [1]
    mail.hangs.set()
    first.stop()
    first.join(2)


def test_what_a_former_process_begins_late_and_does_not_end_is_sent_again_marked(tmp_path: Path) -> None:
    """Two processes for a moment: the ingest process was killed, and the former one has not noticed yet."""
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    former = world.delivering(Line("mail"))
    former.step()
    former.close()
    with running(world.delivering(mail)) as delivering:
        assert until(lambda: delivering.workers["mail"].ident is not None)
        world.tell(1, "raised", "blue")
        former.step()
        assert former.queue.begin("mail", "zhang", "zhang", held=(), now=world.now) is not None
        delivering.workers["mail"].wake()
        assert until(lambda: bool(mail.told))
    former.close()

    assert mail.events() == [(1, True)]


def test_a_silenced_event_is_recorded_and_told_to_nobody(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.silence = lambda event: "silence 3: gauge is washed" if event.id == 1 else ""
    world.tell(1, "raised", "blue")
    world.tell(2, "raised", "blue")
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert mail.events() == [(2, False)]
    assert rows(tmp_path, "SELECT state, reason FROM delivery WHERE event = 1") == [
        ("silenced", "silence 3: gauge is washed")
    ]


def test_losing_the_file_repeats_what_is_there_marked_however_young(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.accept()
    world.now += 60_000
    world.tell(1, "raised")
    with running(world.delivering(mail)) as delivering:
        assert until(lambda: len(mail.events()) == 1)
        world.tell(2, "raised")
        delivering.wake()
        assert until(lambda: len(mail.events()) == 2)

    assert mail.events() == [(1, True), (2, False)]


def test_what_the_first_life_of_a_journal_tells_is_no_repeat(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.accept()
    world.tell(1, "raised")
    world.now += 59_999
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert mail.events() == [(1, False)]


def test_a_life_that_dies_before_it_tells_does_not_hide_that_the_file_was_lost(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.accept()
    world.now += 60_000
    world.tell(1, "raised")
    first = world.delivering(Line("mail"))
    first.step()
    first.close()
    world.tell(2, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: len(mail.events()) == 2)

    assert mail.events() == [(1, True), (2, False)]


def test_people_who_come_to_a_service_that_has_run_for_long_are_told_unmarked(tmp_path: Path) -> None:
    """outbound.db was never lost: it knows that nobody was told."""
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.accept()
    positions = Positions(tmp_path / "outbound.db")
    with closing(Reader.open(tmp_path / "journal.db")) as reader:
        assert told_before(positions, reader, now=world.now) == 0
    positions.close()
    world.now += 3_600_000
    world.tell(1, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))

    assert mail.events() == [(1, False)]


def test_a_file_of_a_release_before_marks_nothing(tmp_path: Path) -> None:
    positions = Positions(tmp_path / "outbound.db")
    positions.move("log", Position("e1", 7))

    assert (positions.begun("e1", 5), positions.begun("e2", 5), positions.begun("e2", 9)) == (0, 5, 5)
    positions.close()


def test_a_first_start_tells_nobody_of_alerts_that_ended_days_ago(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    for kind in ("raised", "cleared"):
        world.tell(1, kind)
    world.now += 86_400_001
    world.tell(2, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.events()))

    assert mail.events() == [(3, False)]


def test_a_journal_that_was_restored_counts_its_events_anew(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang")), Line("mail")
    world.tell(1, "raised")
    world.accept()
    with running(world.delivering(mail)):
        assert until(lambda: bool(mail.told))
    with world.journal.transaction():
        world.journal.set_meta("epoch", "another")
    world.now += 61_000
    with running(world.delivering(mail)):
        assert until(lambda: len(mail.told) == 2)

    assert mail.events() == [(1, False), (1, True)]


@pytest.mark.parametrize("group", [1, 3])
def test_a_refused_message_of_several_is_tried_one_by_one(tmp_path: Path, group: int) -> None:
    class Narrow(Line):
        def send(self, to: str, message: object) -> None:
            text = message.text  # type: ignore[attr-defined]  # known to be there
            self.always = NotifierRejected("too much") if "\n" in text or text.startswith("#1 ") else None
            super().send(to, message)  # type: ignore[arg-type]  # any field, by its name

    world, mail = World(tmp_path, person("zhang")), Narrow("mail")
    for alert in range(1, group + 1):
        world.tell(alert, "raised")
    with running(world.delivering(mail)):
        assert until(lambda: rows(tmp_path, "SELECT event FROM delivery WHERE reason <> ''") == [(1,)])
        assert until(lambda: len(mail.events()) == group - 1)

    assert mail.events() == [(event, False) for event in range(2, group + 1)]


@pytest.mark.parametrize("held", ["page", "watch"])
def test_a_delivery_that_a_disk_holds_does_not_go_on(tmp_path: Path, held: str) -> None:
    world = World(tmp_path, person("zhang"))
    delivering = world.delivering(Line("mail"))
    at, holds = [0.0], threading.Event()
    delivering._desk = replace(delivering._desk, monotonic=lambda: at[0])
    inside = threading.Event()

    def hold(*_: object, **__: object) -> float:
        inside.set()
        holds.wait(10)
        return IDLE_S  # there is nothing more: told to stop, it ends

    if held == "page":
        delivering.carry_on = hold  # type: ignore[method-assign]  # a disk that hangs
    else:
        delivering.watch = hold  # type: ignore[assignment,method-assign]  # the same
    with running(delivering):
        assert inside.wait(10)
        at[0] = STANDS_S - 1
        before = delivering.goes_on
        at[0] = STANDS_S + 1
        after = delivering.goes_on
        holds.set()
        assert until(lambda: delivering.goes_on)

    assert (before, after) == (True, False)
