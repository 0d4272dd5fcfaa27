"""Escalation in a real journal: every step recorded once, in order, whatever happens between two ticks."""

from pathlib import Path

import pytest

from gauge_ingest.core.model import Alert, EventKind
from gauge_ingest.core.people import ChainStep, Roster, Shift, recipients
from gauge_ingest.core.reasons import because
from gauge_ingest.journal import Journal
from gauge_ingest.pump.findings import Finding
from gauge_ingest.requests import ACKNOWLEDGE, carry_out
from gauge_ingest.spool import Request
from tests.core.roster import roster
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

LONG = Shift(T0 - 1_000 * HOUR, T0 + 1_000 * HOUR, ("liu",))
CHAIN = (ChainStep(0, ("duty",)), ChainStep(300, ("duty", "chen")), ChainStep(900, ("wang",)))
RAISED_AT = T0 + 15 * MINUTE + 3_000

LOST = because("said", words="the broker forgot us")


def stormy(folder: Path, people: Roster | None = None, *, until: int = 15) -> Desk:
    """A desk with people, and a storm that reaches prepare after 15 minutes, immediate after 20."""
    desk = Desk(folder, [station()], [rule()])
    desk.network = desk.network._replace(roster=roster(*CHAIN, shifts=(LONG,)) if people is None else people)
    desk.start()
    for minute in range(0, until + 1, 5):
        desk.now = T0 + minute * MINUTE + 3_000
        desk.take(message([(T0 + minute * MINUTE, 100 + minute)], seq=minute))
        desk.settle()
    return desk


def ticks(desk: Desk, *, until: int, every_ms: int = 10_000) -> None:
    """Ticks as the ingest process makes them, until an instant."""
    while desk.now < until:
        desk.now = min(desk.now + every_ms, until)
        desk.pump.tick()


def steps(desk: Desk, alert_id: int = 1) -> list[tuple[str, int, float]]:
    """What was told: kind, step, minutes after the first rise."""
    events = desk.journal.reader.alerts.events(alert_id)
    return [(one.kind.value, one.step, round((one.at - events[0].at) / MINUTE, 1)) for one in events]


def people_told(desk: Desk) -> list[list[str]]:
    events = desk.journal.reader.alerts.events(1)
    people = desk.network.roster
    return [sorted(person.id for person in recipients(people, one, events, levels=("prepare",))) for one in events]


def acknowledge(desk: Desk, seen: int) -> None:
    request = Request("r1", ACKNOWLEDGE, {"alert": 1, "seen": seen}, "刘伟")
    assert carry_out(desk.pump, desk.journal, request, now=desk.now, reload=dict)["ok"]


def test_an_alert_that_nobody_acknowledges_climbs_its_chain_step_by_step(tmp_path: Path) -> None:
    desk = stormy(tmp_path)

    ticks(desk, until=RAISED_AT + 60 * MINUTE)

    assert steps(desk) == [("raised", 0, 0), ("escalated", 1, 5), ("escalated", 2, 15), ("escalated", 99, 25)]
    assert people_told(desk) == [["liu"], ["chen", "liu"], ["chen", "liu", "wang"], ["chen", "liu", "wang"]]
    reasons = [one.reason for one in desk.journal.reader.alerts.events(1)[1:]]
    assert reasons == [
        "nobody acknowledged within 5 min: 陈主任 is told too",
        "nobody acknowledged within 15 min: everybody is told",
        "the chain has ended, nobody acknowledged within 25 min: everybody is told",
    ]
    assert [one.level for one in desk.journal.reader.alerts.events(1)] == ["prepare"] * 4
    assert [kind for _, kind, _ in desk.told()] == ["raised", "escalated", "escalated", "escalated"]  # the change log


def test_a_restart_between_any_two_ticks_neither_loses_nor_repeats_a_step(tmp_path: Path) -> None:
    desk = stormy(tmp_path)

    for second in range(0, 30 * 60, 20):
        desk.now = RAISED_AT + second * 1000
        desk.journal.close()
        desk.journal = Journal(tmp_path / "journal.db")
        desk.start()
        desk.pump.tick()
        desk.pump.tick()

    assert [step for _, step, _ in steps(desk)] == [0, 1, 2, 99]


def test_a_tick_that_is_rolled_back_is_made_up_for_by_the_next(tmp_path: Path) -> None:
    desk = stormy(tmp_path)
    with desk.journal.transaction():
        desk.pump.findings.raise_(Finding.SESSION_LOST, LOST, at=desk.now)
    desk.pump.tick()
    desk.now = RAISED_AT + 6 * MINUTE

    def fails_at_the_second(alert: Alert, _: object) -> bool:
        if alert.id == 1:
            raise KeyError("as a disk that is full")
        return False

    with pytest.raises(KeyError):
        desk.pump.tick(silenced=fails_at_the_second)
    assert len(desk.told()) == 2
    desk.pump.tick()

    assert steps(desk, 1) == steps(desk, 2) == [("raised", 0, 0), ("escalated", 1, 6)]


def test_after_a_day_of_standstill_all_that_fell_due_is_one_event_to_everybody_concerned(tmp_path: Path) -> None:
    desk = stormy(tmp_path)

    desk.now += 23 * HOUR
    desk.start()
    desk.pump.tick()
    desk.pump.tick()

    assert [(kind, step) for kind, step, _ in steps(desk)] == [("raised", 0), ("escalated", 99)]
    assert people_told(desk)[1] == ["chen", "liu", "wang"]


def test_an_acknowledgement_stops_the_chain(tmp_path: Path) -> None:
    desk = stormy(tmp_path)
    ticks(desk, until=RAISED_AT + 6 * MINUTE)

    acknowledge(desk, seen=1)
    ticks(desk, until=RAISED_AT + 60 * MINUTE)

    assert [kind for kind, _, _ in steps(desk)] == ["raised", "escalated", "acknowledged"]


def test_an_alert_that_grows_stronger_begins_its_chain_anew_though_it_was_acknowledged(tmp_path: Path) -> None:
    desk = stormy(tmp_path)
    acknowledge(desk, seen=1)
    for minute in (20, 25):
        desk.now = T0 + minute * MINUTE + 3_000
        desk.take(message([(T0 + minute * MINUTE, 100 + minute)], seq=minute))
        desk.settle()

    ticks(desk, until=RAISED_AT + 60 * MINUTE)

    strengthened = desk.journal.reader.alerts.events(1)[2]
    assert strengthened.kind is EventKind.STRENGTHENED
    later = [(one.step, (one.at - strengthened.at) // MINUTE) for one in desk.journal.reader.alerts.events(1)[3:]]
    assert later == [(1, 5), (2, 15), (99, 25)]


def test_an_alert_that_has_ended_escalates_no_more(tmp_path: Path) -> None:
    desk = stormy(tmp_path)

    desk.network = desk.network._replace(rules=[], stations={}, digest="other")
    desk.start()
    ticks(desk, until=RAISED_AT + 60 * MINUTE)

    assert [kind for kind, _, _ in steps(desk)] == ["raised", "withdrawn"]


def test_where_nobody_is_on_duty_the_first_tick_says_so_to_everybody(tmp_path: Path) -> None:
    desk = stormy(tmp_path, roster(*CHAIN, shifts=()))

    ticks(desk, until=RAISED_AT + 6 * MINUTE)

    assert steps(desk) == [("raised", 0, 0), ("escalated", 0, 0.2), ("escalated", 1, 5)]
    assert people_told(desk)[:2] == [["chen", "liu", "wang"], ["chen", "liu", "wang"]]


def test_without_people_nothing_is_recorded(tmp_path: Path) -> None:
    desk = stormy(tmp_path, Roster())

    ticks(desk, until=RAISED_AT + 60 * MINUTE, every_ms=MINUTE)

    assert steps(desk) == [("raised", 0, 0)]


def test_a_silenced_alert_waits_and_goes_on_when_it_is_silenced_no_more(tmp_path: Path) -> None:
    desk = stormy(tmp_path)
    desk.now = RAISED_AT + 6 * MINUTE

    desk.pump.tick(silenced=lambda *_: True)
    assert [kind for kind, _, _ in steps(desk)] == ["raised"]
    desk.pump.tick()

    assert steps(desk) == [("raised", 0, 0), ("escalated", 1, 6)]


def test_a_clock_that_jumps_back_repeats_nothing_and_delays_a_step_by_no_more_than_its_wait(tmp_path: Path) -> None:
    desk = stormy(tmp_path)
    ticks(desk, until=RAISED_AT + 6 * MINUTE)

    desk.now = RAISED_AT - 24 * HOUR
    ticks(desk, until=RAISED_AT - 24 * HOUR + 20 * MINUTE)

    assert [step for _, step, _ in steps(desk)] == [0, 1, 2]
    assert desk.journal.reader.alerts.events(1)[2].at == RAISED_AT - 24 * HOUR + 15 * MINUTE + 10_000


def test_a_rota_that_is_changed_by_a_reload_holds_from_the_next_tick_on(tmp_path: Path) -> None:
    desk = stormy(tmp_path, roster(ChainStep(0, ("everybody",)), shifts=(LONG,)))
    ticks(desk, until=RAISED_AT + 2 * MINUTE)

    desk.network = desk.network._replace(roster=roster(*CHAIN, shifts=(LONG,)), digest="other")
    desk.pump.configure(desk.network)
    ticks(desk, until=RAISED_AT + 6 * MINUTE)

    assert steps(desk) == [("raised", 0, 0), ("escalated", 1, 5)]


def test_a_finding_about_the_service_itself_escalates_like_rain(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.network = desk.network._replace(roster=roster(*CHAIN, shifts=(LONG,)))
    desk.start()
    with desk.journal.transaction():
        desk.pump.findings.raise_(Finding.SESSION_LOST, LOST, at=desk.now)

    ticks(desk, until=T0 + 6 * MINUTE)

    assert steps(desk) == [("raised", 0, 0), ("escalated", 1, 5)]
    assert desk.journal.reader.alerts.events(1)[1].level == "warning"


def standing(desk: Desk, count: int) -> None:
    """Findings that stand and that nobody has acknowledged."""
    with desk.journal.transaction():
        for number in range(count):
            desk.pump.findings.raise_(Finding.SESSION_LOST, LOST, at=T0, scope=f"broker {number}")


def test_a_thousand_alerts_that_wait_are_read_once_and_not_at_every_tick(tmp_path: Path) -> None:
    """Goal: escalation is no burden of the loop. Method: questions to the journal are counted, not seconds."""
    desk = Desk(tmp_path, [station()])
    standing(desk, 1_000)
    waits = roster(ChainStep(0, ("duty",)), ChainStep(80_000, ("chen",)), shifts=(LONG,))
    asked = {}
    for name, people in (("without people", Roster()), ("with people", waits)):
        desk.network = desk.network._replace(roster=people, digest=name)
        desk.start()
        desk.pump.tick()
        asked[name] = _questions(desk)

    assert len(desk.journal.reader.alerts.all()) == 1_000
    assert asked["with people"] == asked["without people"] + 1


def _questions(desk: Desk) -> int:
    """Statements of one tick."""
    statements: list[str] = []
    desk.journal._db.set_trace_callback(statements.append)
    desk.pump.tick()
    desk.journal._db.set_trace_callback(None)
    return len(statements)
