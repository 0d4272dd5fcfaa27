"""duty: who is on duty, whom a level tells, whose quiet hours hold, and where the rota has a gap."""

import pytest

from gauge_ingest.core.spans import parse_instant
from tests.commands.place import Place
from tests.commands.serving import service

PEOPLE = """
[channels.mail]
kind = "apprise"
url = "mailto://smtp.example.org?from=rain@example.org&to={to}"
[people.liu]
name = "刘伟"
reach = [["mail", "liu@example.org"]]
quiet = "22:00-07:00"
[people.chen]
name = "陈主任"
reach = [["mail", "chen@example.org"]]
[chains.default]
steps = [{ after = "0m", tell = ["duty"] }, { after = "5m", tell = ["chen"] }, { after = "15m", tell = ["everybody"] }]
[chains.immediate]
steps = [{ after = "0m", tell = ["everybody"] }]
[[duty.weekly]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
hours = "08:00-08:00"
people = ["liu"]
since = 2026-07-13
"""
TURN = """
[[duty.shifts]]
since = 2026-07-20T08:00:00+08:00
until = 2026-07-21T08:00:00+08:00
people = ["chen"]
"""
WEEKDAYS = PEOPLE.replace('"sat", "sun"', '"sat"')


def peopled(place: Place, text: str = PEOPLE) -> Place:
    (place.config / "people.toml").write_text(text, encoding="utf-8")
    return place


def test_it_says_who_is_on_duty_and_whom_each_level_tells(place: Place) -> None:
    found = peopled(place, PEOPLE + TURN).json("duty")

    assert found["at"] == "2026-07-15T20:00:00+08:00"
    assert found["on_duty"] == [{"id": "liu", "name": "刘伟"}]
    assert found["changes"] == [
        {"at": "2026-07-20T08:00:00+08:00", "on_duty": ["chen", "liu"]},
        {"at": "2026-07-21T08:00:00+08:00", "on_duty": ["liu"]},
    ]
    assert [(one["level"], one["holds_in_quiet_hours"]) for one in found["levels"]] == [
        ("immediate", False),
        ("prepare", False),
        ("warning", True),
    ]
    assert found["levels"][0]["steps"] == [{"after_s": 0, "tell": ["everybody"], "people": ["liu", "chen"]}]
    assert [(step["after_s"], step["people"]) for step in found["levels"][1]["steps"]] == [
        (0, ["liu"]),
        (300, ["chen"]),
        (900, ["liu", "chen"]),
    ]
    assert (found["quiet"], found["gaps"]) == ([], [])


def test_quiet_hours_in_force_are_told_with_their_end(place: Place) -> None:
    peopled(place).now = parse_instant("2026-07-16T03:00:00+08:00")

    assert place.json("duty")["quiet"] == [{"person": "liu", "until": "2026-07-16T07:00:00+08:00"}]
    assert "刘伟: quiet hours until 07-16 07:00" in place.run("duty").stdout


def test_gaps_of_the_next_fourteen_days_stand_at_the_top(place: Place) -> None:
    found, shown = peopled(place, WEEKDAYS).json("duty"), place.run("duty").stdout

    assert found["gaps"] == [
        {"since": "2026-07-19T08:00:00+08:00", "until": "2026-07-20T08:00:00+08:00"},
        {"since": "2026-07-26T08:00:00+08:00", "until": "2026-07-27T08:00:00+08:00"},
    ]
    assert shown.splitlines()[1] == "NOBODY ON DUTY 07-19 08:00 - 07-20 08:00, 24 h: everybody would be told"
    assert "NOBODY" in shown.splitlines()[6]


def test_when_nobody_is_on_duty_the_exit_status_says_so(place: Place) -> None:
    peopled(place, WEEKDAYS).now = parse_instant("2026-07-19T12:00:00+08:00")

    found = place.json("duty", status=1)

    assert found["on_duty"] == []
    assert found["gaps"][0]["since"] == "2026-07-19T12:00:00+08:00"
    assert found["levels"][1]["steps"][0] == {"after_s": 0, "tell": ["duty"], "people": ["liu", "chen"]}
    assert "NOBODY" in place.run("duty").stdout.splitlines()[0]


def test_another_moment_can_be_asked_about(place: Place) -> None:
    peopled(place, WEEKDAYS)

    assert place.json("duty", "--at", "2026-07-19T12:00:00+08:00", status=1)["on_duty"] == []
    assert place.json("duty", "--at", "1h")["at"] == "2026-07-15T19:00:00+08:00"
    assert place.run("duty", "--at", "soon").exit_code == 2


def test_with_nobody_in_people_toml_it_says_so_and_all_is_well(place: Place) -> None:
    found = place.json("duty")

    assert (found["on_duty"], found["gaps"], found["quiet"]) == ([], [], [])
    assert "nobody is in people.toml" in place.run("duty").stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(place: Place, columns: int) -> None:
    shown = peopled(place, WEEKDAYS + TURN).run("duty", columns=columns).stdout

    assert "on duty at 2026-07-15 20:00, times of Beijing: 刘伟 (liu)" in shown
    assert max(map(len, shown.splitlines())) <= columns


def test_a_reload_warns_of_gaps_ahead(place: Place) -> None:
    peopled(place)
    chain = '\n[chains.immediate]\nsteps = [{ after = "0m", tell = ["duty"] }]\n'
    (place.config / "people.toml").write_text(PEOPLE.split("[duty]")[0].split("[chains")[0] + chain, encoding="utf-8")

    with service(place, lambda: {"ok": True}):
        done = place.run("reload")

    assert done.exit_code == 0
    assert "warning: people.toml: duty: nobody is on duty, now or within 14 days" in " ".join(done.stdout.split())
