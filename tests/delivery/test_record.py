"""What was told when can be shown: deliveries, findings in health, and the test message."""

import os
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.commands.notify_test import message_for, try_ways
from gauge_ingest.journal import Journal
from gauge_ingest.notifiers import NotifierRejected
from gauge_ingest.notifiers.bell import BellChannel
from gauge_ingest.notifiers.settings import ChannelSettings
from gauge_ingest.outbound.record import RecordUnreadable, delivered
from gauge_ingest.wellbeing.followers import reaching as well
from tests.commands.place import Place
from tests.commands.serving import service, write_status
from tests.delivery.world import Line, World, away, person, rows, running, until


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def told(place: Place) -> Any:
    """A world beside the place's journal in which zhang was told by sms in place of mail, and li by mail."""
    place.journal.parent.mkdir()
    world = World(place.journal.parent, person("zhang", "mail", "sms"))
    mail, sms = Line("mail", always=away()), Line("sms")
    world.tell(1, "raised", "blue")
    with running(world.delivering(mail, sms, dead_after_s=0.2)) as delivering:
        assert until(lambda: bool(sms.told))
        world.silence = lambda _event: "silence 3: the gauge is washed"
        world.tell(2, "raised", "blue")
        delivering.wake()
        assert until(lambda: len(rows(world.folder, "SELECT 1 FROM delivery")) == 2)
        assert until(lambda: rows(world.folder, "SELECT state FROM delivery") == [("done",), ("silenced",)])
    world.journal.close()
    return world


def test_deliveries_say_who_was_told_on_which_way_and_why_not(place: Place) -> None:
    world = told(place)
    place.now = world.now + 60_000

    first, second = place.json("deliveries")

    assert (first["person"], first["alert"], first["state"], first["kind"]) == ("zhang", 1, "done", "raised")
    assert first["queued_at"] == first["ended_at"] == "2026-07-15T18:00:00+08:00"
    assert [(one["channel"], one["state"], one["instead_of"]) for one in first["ways"]] == [
        ("mail", "stopped", ""),
        ("sms", "done", "mail"),
    ]
    assert {(one["channel"], one["result"]) for one in first["tries"]} == {("mail", "failed"), ("sms", "done")}
    assert (second["state"], second["reason"]) == ("silenced", "silence 3: the gauge is washed")
    assert place.json("deliveries", "--alert", "2") == [second]


def test_an_alert_that_there_is_not_is_wrong_use_and_one_of_which_nobody_was_to_be_told_is_none(place: Place) -> None:
    world = told(place)
    world.journal = Journal(place.journal)
    world.tell(3, "raised", "blue")
    world.journal.close()
    place.now = world.now + 60_000

    unknown = place.run("deliveries", "--alert", "99")

    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "there is no alert 99; alerts --all lists them" in unknown.stderr
    assert place.json("deliveries", "--alert", "3") == []


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_deliveries_read_well_without_json_however_narrow_the_terminal(place: Place, columns: int) -> None:
    world = told(place)
    place.now = world.now + 60_000

    shown = " ".join(place.run("deliveries", columns=columns).stdout.split())

    assert "alert 1 raised blue zhang TOLD 07-15 18:00:00" in shown
    assert "mail zhang: " in shown
    assert "; sms zhang: 1 try" in shown
    assert "because mail was not working" in shown
    assert "the gauge is washed" in shown
    assert "nobody was to be told" in place.run("deliveries", "--since", "1s").stdout


def test_before_anybody_was_to_be_told_there_is_nothing_to_show(place: Place) -> None:
    assert place.json("deliveries") == []
    assert list(well(place.journal.with_name("outbound.db"), now=0)) == []


def test_a_record_that_is_no_database_is_said_to_be_none(place: Place) -> None:
    place.journal.parent.mkdir()
    path = place.journal.with_name("outbound.db")
    path.write_text("not a database" * 100)

    result = place.run("deliveries")

    assert result.exit_code == 3
    assert str(path) in result.stderr
    with pytest.raises(RecordUnreadable):
        delivered(path, since=0)
    assert [ok for _, ok, _ in well(path, now=0)] == [False]


def test_whom_nobody_reaches_and_what_waits_stands_in_health(tmp_path: Path) -> None:
    world, mail = World(tmp_path, person("zhang"), person("li")), Line("mail", always=away())
    path = tmp_path / "outbound.db"
    world.tell(1, "raised")
    with running(world.delivering(mail, dead_after_s=0.2)):
        assert until(lambda: len(rows(tmp_path, "SELECT 1 FROM unreached")) == 2)
        found = {name: (ok, detail) for name, ok, detail in well(path, now=world.now + 120_000)}
        assert found["person zhang"] == (
            False,
            "nobody can be reached by any way of zhang: mail: nobody answers (for 2 min)",
        )
        assert found["channel mail"] == (False, "nobody answers; 2 notices wait (for 2 min)")
        mail.always = None
        assert until(lambda: len(mail.told) == 2)
        assert until(lambda: list(well(path, now=world.now)) == [("channel mail", True, "everything told")])


def test_health_shows_it(place: Place) -> None:
    world = told(place)
    place.now = world.now + 60_000

    with service(place):
        write_status(place)
        checks = {one["name"]: one for one in place.json("health")["checks"]}
    gone = {one["name"]: one for one in place.json("health", status=1)["checks"]}

    assert checks["channel sms"]["detail"] == "everything told"
    assert checks["people"]["ok"]
    assert not gone["people"]["ok"], "without a service nobody is told of what comes"


def test_the_test_message_goes_on_every_way_and_each_result_is_its_own() -> None:
    mail, sms, hook = Line("mail"), Line("sms", away()), Line("hook", NotifierRejected("no such room"))
    zhang = person("zhang", "mail", "sms", "hook", "pager")

    tried = try_ways(zhang, {one.name: one for one in (mail, sms, hook)}, at="2026-07-15 18:00")

    assert [(one.channel, one.reason, one.reached) for one in tried] == [
        ("mail", "", True),
        ("sms", "nobody answers", False),
        ("hook", "refused: no such room", True),
    ]
    assert all(one.took_s >= 0 for one in tried)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_test_message_cannot_be_taken_for_an_alert(language: str) -> None:
    message = message_for(person("zhang", language=language), "mail", at="2026-07-15 18:00")

    for words in (message.subject, message.text, message.short):
        assert "TEST" in words[:12]
    assert len(message.short) <= 70
    assert message.drill


def test_a_test_message_to_nobody_we_know_is_wrong_use(place: Place) -> None:
    result = place.run("notify-test", "zhang")

    assert result.exit_code == 2
    assert "people.toml has nobody with the id 'zhang'" in result.stderr


def test_the_bell_rings_once_with_one_line() -> None:
    room, terminal = os.openpty()
    message = message_for(person("zhang"), "bell", at="x")._replace(short="石门\n立即转移\x1b[2J")

    try:
        BellChannel("bell", ChannelSettings(kind="bell")).send(os.ttyname(terminal), message)
        heard = os.read(room, 200)
    finally:
        os.close(room)
        os.close(terminal)

    assert heard == "\a石门 立即转移 [2J\r\n".encode()


@pytest.mark.parametrize("kind", ["file", "null"])
def test_a_bell_at_what_is_no_terminal_is_refused_and_writes_nothing(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "bellfile"
    file.write_text("of somebody", encoding="utf-8")
    to = str(file) if kind == "file" else os.devnull
    message = message_for(person("zhang"), "bell", at="x")

    with pytest.raises(NotifierRejected, match="is no terminal"):
        BellChannel("bell", ChannelSettings(kind="bell")).send(to, message)

    assert file.read_text(encoding="utf-8") == "of somebody"


def test_a_terminal_that_is_not_there_is_tried_again() -> None:
    bell = BellChannel("bell", ChannelSettings(kind="bell"))

    (tried,) = try_ways(person("/nowhere/tty", "bell"), {"bell": bell}, at="x")

    assert "No such file" in tried.reason
