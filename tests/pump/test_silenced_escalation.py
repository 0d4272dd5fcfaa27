"""Escalation and silences: a chain begins when people are told, not when a silence kept the rise from them."""

from pathlib import Path

from gauge_ingest.requests import SILENCE, carry_out
from gauge_ingest.spool import Request
from tests.pump.test_escalation import steps, stormy, ticks
from tests.worlds import HOUR, MINUTE, T0, Desk, message


def silence(desk: Desk, *, until: int) -> None:
    body = {"scope": "HTB01", "until": until, "why": "an exercise", "evacuation": True}
    request = Request("s1", SILENCE, body, "wang")
    assert carry_out(desk.pump, desk.journal, request, now=desk.now, reload=dict)["ok"]


def storm(desk: Desk) -> None:
    for minute in (5, 10, 15):
        desk.now = T0 + minute * MINUTE + 3_000
        desk.take(message([(T0 + minute * MINUTE, 100 + minute)], seq=minute))
        desk.settle()


def test_the_chain_of_a_rise_that_was_held_back_begins_when_people_are_reminded(tmp_path: Path) -> None:
    desk = stormy(tmp_path, until=0)
    silence(desk, until=T0 + HOUR)
    storm(desk)
    raised_at = desk.now

    ticks(desk, until=T0 + HOUR)
    assert [kind for kind, _, _ in steps(desk)] == ["raised"], "nobody was told, so nobody has failed to answer"
    ticks(desk, until=T0 + HOUR + 20 * MINUTE)

    told = steps(desk)
    reminded = round((T0 + HOUR - raised_at) / MINUTE, 1)
    assert [(kind, step) for kind, step, _ in told[1:]] == [("reminded", 0), ("escalated", 1), ("escalated", 2)]
    assert [minutes - told[1][2] for _, _, minutes in told[1:]] == [0, 5, 15]
    assert 0 <= told[1][2] - reminded <= 0.2, "at the first tick after it"


def test_what_people_were_told_before_a_silence_escalates_within_it(tmp_path: Path) -> None:
    desk = stormy(tmp_path)
    silence(desk, until=T0 + 5 * HOUR)

    ticks(desk, until=desk.now + 6 * MINUTE)

    assert steps(desk) == [("raised", 0, 0), ("escalated", 1, 5)]
