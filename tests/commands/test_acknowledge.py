"""alerts acknowledge and comment: who has seen what, and that nobody acknowledges what was never shown."""

import json
import sqlite3
from typing import Any

import pytest

from gauge_ingest.requests import ACKNOWLEDGE, COMMENT, carry_out
from gauge_ingest.spool import Request
from tests.commands.place import Place
from tests.commands.serving import no_reload, service
from tests.worlds import MINUTE, T0, Desk, message, text

PREPARE, IMMEDIATE = 6, 12  # mm in half an hour that reach the shipped levels


def rain(desk: Desk, minute: int, rain_mm: float) -> None:
    """So much has fallen at HTB01 since T0, as reported every five minutes up to a minute."""
    desk.now = T0 + minute * MINUTE + 2_000
    desk.take(message([(T0 + minute * MINUTE, round(100 + rain_mm / 0.5))], seq=minute + 10))
    desk.settle()


def prepare(place: Place) -> None:
    """An alert of the lower level stands: event 1."""
    with place.desk() as desk:
        for minute, mm in ((-5, 0), (0, 0), (5, 3), (10, PREPARE)):
            rain(desk, minute, mm)
    place.now = T0 + 12 * MINUTE


def asked(desk: Desk, what: str, number: str = "a", **body: Any) -> dict[str, Any]:
    request = Request(number, what, body, "root")
    return carry_out(desk.pump, desk.journal, request, now=desk.now, reload=no_reload)


@pytest.mark.parametrize("serving", [False, True])
def test_who_has_seen_an_alert_stands_with_it_and_is_told(place: Place, *, serving: bool) -> None:
    prepare(place)
    arguments = ("alerts", "acknowledge", "1", "--who", "王伟", "--comment", "calling the village")

    if serving:
        with service(place) as seen:
            done = place.json(*arguments)
        assert [(one.what, one.body["who"]) for one in seen] == [("acknowledge", "王伟")]
    else:
        done = place.json(*arguments)

    assert (done["acknowledged_by"], done["acknowledged_at"]) == ("王伟", text(place.now))
    assert [(one["kind"], one["level"], one["who"], one["reason"]) for one in done["events"]] == [
        ("raised", "prepare", None, ""),
        ("acknowledged", "prepare", "王伟", "calling the village"),
    ]
    (listed,) = place.json("alerts")
    assert listed == done
    raised, said = done["events"]
    assert [said[name] for name in ("rained_at", "known_at")] == [raised[name] for name in ("rained_at", "known_at")]
    assert said["at"] == text(place.now)
    with place.desk() as desk:
        assert desk.told() == [(1, "raised", "prepare"), (1, "acknowledged", "prepare")]


def test_what_rises_after_it_was_acknowledged_waits_to_be_seen_again(place: Place) -> None:
    prepare(place)
    place.json("alerts", "acknowledge", "1", "--who", "wang")
    with place.desk() as desk:
        rain(desk, 15, IMMEDIATE)
    place.now = T0 + 17 * MINUTE

    (alert,) = place.json("alerts")
    waiting = place.run("alerts").stdout
    again = place.json("alerts", "acknowledge", "1", "--who", "li")

    assert (alert["level"], alert["acknowledged_by"]) == ("immediate", None)
    assert "NOT ACKNOWLEDGED: gauge-ingest alerts acknowledge 1" in waiting
    assert again["acknowledged_by"] == "li"
    assert [one["kind"] for one in again["events"]] == ["raised", "acknowledged", "strengthened", "acknowledged"]


def test_what_rises_between_the_look_and_the_word_is_not_acknowledged_unseen(place: Place) -> None:
    prepare(place)
    with place.desk() as desk:
        rain(desk, 15, IMMEDIATE)
        late = asked(desk, ACKNOWLEDGE, alert=1, seen=1)

        assert not late["ok"]
        assert "strengthened (immediate) after what you were shown" in late["error"]
        assert [kind for _, kind, _ in desk.told()] == ["raised", "strengthened"]
        assert not asked(desk, ACKNOWLEDGE, alert=1)["ok"], "nothing was shown at all"
        assert asked(desk, ACKNOWLEDGE, alert=1, seen=2) == {"ok": True, "entered": True}


def test_an_alert_that_ends_or_eases_stays_acknowledged_and_one_that_comes_back_does_not(place: Place) -> None:
    prepare(place)
    place.json("alerts", "acknowledge", "1", "--who", "wang")
    with place.desk() as desk:
        for minute in range(15, 40 * 60, 5):
            rain(desk, minute, PREPARE)

    (ended,) = place.json("alerts", "--all")

    assert (ended["state"], ended["acknowledged_by"]) == ("cleared", "wang")
    with place.desk() as desk:
        rain(desk, 40 * 60, PREPARE + IMMEDIATE)
    newer, older = place.json("alerts", "--all")
    assert (newer["acknowledged_by"], older["acknowledged_by"]) == (None, "wang")


def test_the_same_word_of_the_same_person_is_entered_once_and_others_are_heard_too(place: Place) -> None:
    prepare(place)
    with place.desk() as desk:
        assert asked(desk, ACKNOWLEDGE, "1", alert=1, seen=1, who="wang")["entered"]
        assert asked(desk, ACKNOWLEDGE, "1", alert=1, seen=1, who="wang")["entered"], "the same request, answered again"
        assert not asked(desk, ACKNOWLEDGE, "2", alert=1, seen=1, who="wang")["entered"]
        assert asked(desk, ACKNOWLEDGE, "3", alert=1, seen=1, who="wang", comment="on my way")["entered"]
        assert asked(desk, ACKNOWLEDGE, "4", alert=1, seen=1, who="li")["entered"]
        assert [kind for _, kind, _ in desk.told()] == ["raised", *["acknowledged"] * 3]

    (alert,) = place.json("alerts")

    assert (alert["acknowledged_by"], len(alert["events"])) == ("wang", 4)


def test_a_comment_stands_with_the_alert_and_acknowledges_nothing(place: Place) -> None:
    prepare(place)

    done = place.json("alerts", "comment", "1", "the road at the bridge is closed", "--who", "li")
    shown = place.run("alerts", "show", "1").stdout

    assert done["acknowledged_by"] is None
    assert [(one["kind"], one["who"], one["reason"]) for one in done["events"][1:]] == [
        ("commented", "li", "the road at the bridge is closed")
    ]
    assert "07-15 18:12  li: the road at the bridge is closed" in shown
    assert "NOT ACKNOWLEDGED" in shown


def test_people_read_who_has_seen_it_and_what_was_said(place: Place) -> None:
    prepare(place)

    acknowledged = place.run("alerts", "acknowledge", "1", "--who", "王伟", "--comment", "on my way")
    place.now += 3 * MINUTE

    assert acknowledged.exit_code == 0
    assert "acknowledged by 王伟: on my way, just now" in acknowledged.stdout
    assert "acknowledged by 王伟: on my way, 3 min ago" in place.run("alerts").stdout


def test_who_speaks_is_the_user_of_the_machine_unless_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(place)
    monkeypatch.setattr("getpass.getuser", lambda: "duty")

    assert place.json("alerts", "acknowledge", "1")["acknowledged_by"] == "duty"


@pytest.mark.parametrize("command", [("acknowledge", "2"), ("comment", "2", "well")])
def test_an_alert_that_is_not_there_is_wrong_use(place: Place, command: tuple[str, ...]) -> None:
    prepare(place)

    result = place.run("alerts", *command)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "alert 2" in result.stderr
    assert "alerts --all" in result.stderr


@pytest.mark.parametrize(
    ("what", "body", "names"),
    [
        (ACKNOWLEDGE, {"alert": 2, "seen": 1}, "alert 2: there is no such alert"),
        (ACKNOWLEDGE, {"alert": "1", "seen": 1}, "alert '1'"),
        (ACKNOWLEDGE, {"alert": True, "seen": 1}, "alert True"),
        (ACKNOWLEDGE, {"alert": 1 << 80, "seen": 1}, "there is no such alert"),
        (ACKNOWLEDGE, {"seen": 1}, "alert None"),
        (ACKNOWLEDGE, {"alert": 1, "seen": True}, "seen True: must be the number of an event"),
        (ACKNOWLEDGE, {"alert": 1, "seen": 1.0}, "seen 1.0: must be"),
        (ACKNOWLEDGE, {"alert": 1}, "seen: must name the event that was shown, as of now 1"),
        (ACKNOWLEDGE, {"alert": 1, "seen": 1, "who": ""}, "who: must be 1 to 100 printable characters"),
        (ACKNOWLEDGE, {"alert": 1, "seen": 1, "who": "a\nb"}, "who: must be"),
        (ACKNOWLEDGE, {"alert": 1, "seen": 1, "comment": "x" * 501}, "comment: must be 1 to 500"),
        (ACKNOWLEDGE, {"alert": 1, "seen": 1, "level": "prepare"}, "level: a request about an alert knows no level"),
        (COMMENT, {"alert": 1}, "comment: must say something"),
        (COMMENT, {"alert": 1, "comment": "\x1b[31m"}, "comment: must be"),
    ],
)
def test_a_wrong_word_is_refused_with_its_name_and_nothing_is_entered(
    place: Place, what: str, body: dict[str, Any], names: str
) -> None:
    prepare(place)
    with place.desk() as desk:
        answer = asked(desk, what, **body)

        assert not answer["ok"]
        assert names in answer["error"]
        assert [kind for _, kind, _ in desk.told()] == ["raised"]
        json.dumps(answer)


def test_what_several_people_repeat_is_entered_once_each(place: Place) -> None:
    prepare(place)
    with place.desk() as desk:
        for number, (who, comment) in enumerate(
            [("wang", None), ("li", None), ("li", None), ("wang", "on my way")] * 2
        ):
            assert asked(desk, ACKNOWLEDGE, str(number), alert=1, seen=1, who=who, comment=comment)["ok"]

        assert [kind for _, kind, _ in desk.told()] == ["raised", *["acknowledged"] * 3]


def test_spaces_of_every_keyboard_and_joined_signs_are_words(place: Place) -> None:
    prepare(place)

    done = place.json("alerts", "comment", "1", "桥\u3000断\u00a0了 \U0001f469\u200d\U0001f692", "--who", "王\u3000伟")

    assert (done["events"][1]["who"], done["events"][1]["reason"]) == ("王 伟", "桥 断 了 \U0001f469\u200d\U0001f692")


def test_a_journal_of_a_version_before_says_what_brings_it_up_to_date(place: Place) -> None:
    prepare(place)
    with sqlite3.connect(place.journal) as journal:
        journal.execute("PRAGMA user_version = 2")
    journal.close()

    result = place.run("alerts")

    assert result.exit_code == 3
    assert "start the service, which brings it up to date" in result.stderr
