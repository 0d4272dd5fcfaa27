"""silence and silences: what is asked for is told back in words, bounded, listed, ended, and shown at alerts."""

from typing import Any

import pytest

from gauge_ingest.core.findings import Finding
from gauge_ingest.core.silences import ALWAYS_TOLD, OF_THE_SERVICE
from tests.commands.place import Place
from tests.commands.serving import service
from tests.worlds import HOUR, MINUTE, T0, message, text

ALERT_RULE = """
[rules.colours]
levels = ["blue", "yellow", "orange"]
stations = ["HTB01"]
source = "a test"
[rules.colours.rain_mm]
"30m" = { blue = 2, yellow = 4, orange = 30 }
"""

MOVING_RULE = """
[rules.moving]
levels = ["orange", "mine"]
stations = ["HTB01"]
source = "a test"
[rules.moving.rain_mm]
"30m" = { orange = 20, mine = 30 }
"""


@pytest.fixture
def place(place: Place) -> Place:
    (place.config / "rules.toml").write_text(ALERT_RULE, encoding="utf-8")
    with place.desk() as desk:
        for minute, tips in ((-5, 0), (0, 0)):
            desk.now = T0 + minute * MINUTE + 2_000
            desk.take(message([(T0 + minute * MINUTE, 100 + tips)], seq=minute + 10))
    place.now = T0 + MINUTE
    return place


def rain(place: Place, minute: int, tips: int) -> None:
    """So many tips since T0 at HTB01, and a tick of the clock."""
    with place.desk() as desk:
        desk.now = T0 + minute * MINUTE + 2_000
        desk.take(message([(T0 + minute * MINUTE, 100 + tips)], seq=minute + 10))
        desk.settle()
        desk.pump.tick()
    place.now = T0 + (minute + 1) * MINUTE


@pytest.mark.parametrize("serving", [False, True])
def test_what_a_silence_holds_back_and_what_not_is_said_when_it_is_entered(place: Place, *, serving: bool) -> None:
    arguments = ("silence", "HTB01", "--for", "2h", "--why", "new bucket", "--who", "王伟")

    if serving:
        with service(place):
            entered = place.json(*arguments)
    else:
        entered = place.json(*arguments)

    assert entered["silence"] == {
        "id": 1, "state": "in force", "scope": "HTB01", "rule": None, "evacuation": False,
        "since": text(place.now), "until": text(place.now + 2 * HOUR), "why": "new bucket", "who": "王伟",
        "at": text(place.now), "ended_at": None, "ended_by": None, "ended_why": None,
    }  # fmt: skip
    assert "levels that do not move people" in entered["holds_back"]
    assert "prepare, immediate, orange, red" in entered["tells"]
    assert place.json("silences", "list") == [entered["silence"]]


def test_an_alert_that_stands_in_the_scope_is_named_at_once(place: Place) -> None:
    rain(place, 5, 5)

    shown = place.run("silence", "all", "--for", "30m", "--why", "an exercise").stdout

    assert "stands now  alert 1: blue at 石门 (HTB01), rule colours" in shown
    assert "gauge-ingest silences end 1" in shown
    (alert,) = place.json("alerts")
    assert alert["silence"] is None, "it was told before"


def test_an_alert_that_is_held_back_says_until_when_and_why(place: Place) -> None:
    place.json("silence", "HTB01", "--for", "2h", "--why", "new bucket", "--who", "wang")
    rain(place, 5, 5)

    (alert,) = place.json("alerts")
    shown = place.run("alerts").stdout
    one = place.json("silences", "show", "1")

    assert (alert["silence"], alert["silenced_until"]) == (1, text(T0 + MINUTE + 2 * HOUR))
    assert "SILENCED until 07-15 20:01 by wang: new bucket (silence 1)" in shown
    assert [(back["id"], back["rise"], back["state"]) for back in one["held_back"]] == [(1, "blue", "raised")]
    assert (
        "alert 1  石门 (HTB01)  raised (blue) 07-15 18:05; now it stands at blue"
        in place.run("silences", "show", "1").stdout
    )


def test_a_silence_that_is_ended_tells_what_still_stands_and_stays_in_the_list(place: Place) -> None:
    place.json("silence", "HTB01", "--for", "2h", "--why", "new bucket")
    rain(place, 5, 5)

    ended = place.json("silences", "end", "1", "--why", "done early", "--who", "li")
    rain(place, 10, 5)

    assert (ended["state"], ended["ended_by"], ended["ended_why"]) == ("ended", "li", "done early")
    assert place.json("silences", "list") == []
    assert [one["id"] for one in place.json("silences", "list", "--all")] == [1]
    (alert,) = place.json("alerts")
    assert [one["kind"] for one in alert["events"]] == ["raised", "reminded"]
    assert alert["silence"] is None
    again = place.run("silences", "end", "1", "--why", "again")
    assert (again.exit_code, "li ended it at" in again.stderr) == (2, True)


REFUSED: list[tuple[list[str], str]] = [
    (["HTB1", "--for", "2h"], "scope 'HTB1': must be a station, a basin or 'all'; known are HTB01"),
    (["service", "--for", "2h"], "what the service finds about itself is always told"),
    (["HTB01", "--for", "8d"], "a silence lasts 7d at most, until 2026-07-22T18:01:00+08:00"),
    (["HTB01", "--for", "7h", "--evacuation"], "levels that move people lasts 6h at most"),
    (["HTB01", "--for", "31d", "--from", "2026-07-16T08:00:00+08:00"], "a window planned ahead lasts 30d at most"),
    (["HTB01", "--for", "1h", "--from", "2026-07-15T08:00:00+08:00"], "must not be before now"),
    (["HTB01", "--until", "2026-07-15T08:00:00+08:00"], "must be later than"),
    (["HTB01"], "how long? give --for"),
    (["HTB01", "--for", "2h", "--until", "2026-07-15T20:00:00+08:00"], "--for and --until both say how long"),
    (["HTB01", "--for", "0m"], "--for '0m': must be longer than 0 and at most 7d,"),
    (["HTB01", "--for", "0h", "--evacuation"], "at most 6h,"),
    (["HTB01", "--for", "0h", "--from", "2026-07-16T08:00:00+08:00"], "at most 30d,"),
    (["HTB01", "--for", "8d"], "--for 8d, until 2026-07-23T18:01:00+08:00: a silence lasts"),
    (["HTB01", "--for", "1h", "--from", "2026-07-15T08:00:00+08:00"], "--from 2026-07-15T08:00:00+08:00: must not be"),
    (["HTB01", "--until", "2026-07-15T08:00:00+08:00"], "--until 2026-07-15T08:00:00+08:00: must be later"),
    (["HTB01", "--for", "two"], "--for 'two': must be a length of time"),
    (["HTB01", "--for", "2h", "--rule", "colour"], "rule 'colour': is not in rules.toml; known are colours, moving"),
    (["HTB01", "--for", "2h", "--rule", "broken"], "is always told"),
    *((["all", "--for", "2h", "--rule", name], "finds about itself is always told") for name in sorted(OF_THE_SERVICE)),
    (["HTB01", "--for", "2h", "--rule", "moving"], "(orange, mine) moves people, and is told all the same: nothing"),
    (["HTB02", "--for", "2h", "--rule", "colours"], "rule 'colours': does not watch HTB02; it watches HTB01"),
    (["HTB01", "--for", "1h", "--from", "2028-07-15T08:00:00+08:00"], "more than 366 days ahead"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_what_cannot_be_silenced_is_refused_with_what_would_be_right(
    place: Place, arguments: list[str], said: str
) -> None:
    (place.config / "rules.toml").write_text(ALERT_RULE + MOVING_RULE, encoding="utf-8")

    refused = place.run("silence", *arguments, "--why", "a visit")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in " ".join(refused.stderr.split())
    assert place.json("silences", "list", "--all") == []


@pytest.mark.parametrize("arguments", [("all", "--rule", "moving", "--evacuation"), ("HTB01",), ("HTB02",)])
def test_what_holds_something_back_is_entered(place: Place, arguments: tuple[str, ...]) -> None:
    (place.config / "rules.toml").write_text(ALERT_RULE + MOVING_RULE, encoding="utf-8")

    assert place.run("silence", *arguments, "--for", "2h", "--why", "a visit").exit_code == 0


@pytest.mark.parametrize("columns", [50, 80, 160])
def test_the_list_names_whole_whom_what_and_why_however_narrow_the_terminal(place: Place, columns: int) -> None:
    place.json("silence", "HTB01", "--for", "2h", "--why", "a new bucket is being set", "--who", "王伟")
    place.json("silence", "all", "--for", "2h", "--why", "a visit", "--who", "li", "--rule", "colours")

    shown = " ".join(place.run("silences", "list", columns=columns).stdout.split())

    for words in ("in force, 2 h left 石门 (HTB01), every rule 07-15 18:01 - 20:01", "王伟: a new bucket is being set"):
        assert words in shown
    assert "all, rule colours" in shown


def test_every_finding_is_one_of_a_station_or_cannot_be_silenced() -> None:
    of_stations = {"station_silent", "battery_low", "clock_off", "door_open", "data_suspect", "danger_in_silence"}

    assert {one.value for one in Finding} == of_stations | OF_THE_SERVICE | ALWAYS_TOLD


def test_a_level_that_moves_people_is_named_as_told_all_the_same(place: Place) -> None:
    rain(place, 5, 70)

    shown = place.run("silence", "HTB01", "--for", "30m", "--why", "an exercise").stdout
    held = place.run("silence", "HTB01", "--for", "30m", "--why", "an exercise", "--evacuation").stdout

    assert "orange at 石门 (HTB01), rule colours: a level that moves people, told all the same" in " ".join(
        shown.split()
    )
    assert "orange at 石门 (HTB01), rule colours" in " ".join(held.split())
    assert "told all the same" not in held.partition("stands now")[2]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scope": 5}, "scope 5: must be"),
        ({"until": True}, "until True: must be an instant"),
        ({"until": 1 << 60}, "must be an instant"),
        ({"since": "now"}, "since 'now': must be an instant"),
        ({"evacuation": "no"}, "evacuation 'no': must be true or false"),
        ({"why": "two\nlines"}, "why: must be 1 to 500"),
        ({"who": ""}, "who: must be 1 to 100"),
        ({"rule": 5}, "rule 5: is not in rules.toml"),
        ({"length": 5}, "length: a silence knows no length"),
    ],
)
def test_every_field_of_a_request_is_checked_by_name(place: Place, changed: dict[str, Any], said: str) -> None:
    from gauge_ingest.requests import SILENCE, carry_out
    from gauge_ingest.spool import Request

    with place.desk() as desk:
        body = {"scope": "HTB01", "until": place.now + HOUR, "why": "a visit", **changed}
        answer = carry_out(desk.pump, desk.journal, Request("a", SILENCE, body, "root"), now=place.now, reload=dict)

    assert not answer["ok"]
    assert said in answer["error"]
