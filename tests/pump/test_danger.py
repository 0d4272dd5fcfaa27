"""Danger in silence: a station falls silent while it rains hard around it. Never while it is we who are cut off."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_ingest.core.findings import Finding
from gauge_ingest.core.model import EventKind, State
from gauge_ingest.core.watch import WATCHING, Watching
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request
from tests.commands.serving import no_reload
from tests.pump.watched import EVERY, Watched, ring, silent
from tests.worlds import MINUTE, message

DANGER, SILENT = Finding.DANGER_IN_SILENCE, Finding.STATION_SILENT
HEAVY = 3  # tips of half a millimetre in five minutes: 18 mm an hour
BOUND = 15 * MINUTE


def raining(folder: Path, *, count: int = 4) -> Watched:
    """Half an hour of calm after the connection, then an hour of heavy rain everywhere."""
    desk = Watched(folder, ring(count))
    desk.pass_time(30, tips=silent())
    desk.pass_time(60, tips=silent(tips=HEAVY))
    assert not desk.journal.reader.alerts.all()
    return desk


def test_a_station_that_falls_silent_in_heavy_rain_is_an_alert_and_not_an_equipment_notice(tmp_path: Path) -> None:
    desk = raining(tmp_path)
    last_heard = desk.now

    desk.pass_time(20, tips=silent("HTB01", tips=HEAVY), ticks=1)

    (alert,) = desk.journal.reader.alerts.all()
    assert (alert.rule, alert.scope, alert.level, alert.rained_since) == (DANGER, "HTB01", "prepare", last_heard)
    assert BOUND < alert.raised_at - last_heard <= BOUND + 10_000
    assert alert.evidence is not None
    assert alert.evidence.rain_mm >= 10.0
    for words in ("nothing heard since 2026-07-15T19:30:00+08:00", "HTB02 1", "HTB03 1", "last rain: 18.0 mm"):
        assert words in alert.reason


@pytest.mark.parametrize(("tips", "count"), [(1, 4), (HEAVY, 1)])
def test_without_heavy_rain_around_or_without_neighbours_it_is_equipment(tmp_path: Path, tips: int, count: int) -> None:
    desk = Watched(tmp_path, ring(count))
    desk.pass_time(90, tips=silent(tips=tips))

    desk.pass_time(60, tips=silent("HTB01", tips=tips))

    assert not desk.standing(DANGER)
    assert "nothing heard since" in desk.standing(SILENT)["HTB01"].reason


def test_rain_at_one_neighbour_alone_is_not_enough_where_there_are_more(tmp_path: Path) -> None:
    desk = Watched(tmp_path, ring(4))
    desk.pass_time(60, tips=lambda station: HEAVY if station == "HTB02" else 0)

    desk.pass_time(40, tips=lambda station: None if station == "HTB01" else HEAVY if station == "HTB02" else 0)

    assert not desk.standing(DANGER)


def test_a_station_with_one_neighbour_needs_that_one_alone(tmp_path: Path) -> None:
    desk = Watched(tmp_path, ring(2))
    desk.pass_time(60, tips=silent(tips=HEAVY))

    desk.pass_time(30, tips=silent("HTB01", tips=HEAVY))

    assert list(desk.standing(DANGER)) == ["HTB01"]


def test_while_we_are_cut_off_there_is_one_finding_and_no_danger_and_none_while_the_backlog_arrives(
    tmp_path: Path,
) -> None:
    desk = raining(tmp_path)
    desk.cut()
    desk.pass_time(120, tips=silent(tips=HEAVY))
    assert [(one.rule, one.scope) for one in desk.journal.reader.alerts.all()] == [("broker_gone", "service")]

    desk.connect()
    desk.pass_time(20, tips=silent(tips=HEAVY), ticks=1)

    assert not desk.events(DANGER)
    assert not desk.events(SILENT)
    assert [one.kind for one in desk.events(Finding.BROKER_GONE)] == [EventKind.RAISED, EventKind.CLEARED]


def test_a_station_that_fell_silent_while_we_were_cut_off_is_found_once_the_backlog_has_come(tmp_path: Path) -> None:
    """What waited at the broker comes late, and is no sign of life of a station that has been dead since."""
    desk = raining(tmp_path)
    desk.cut()
    desk.pass_time(20, tips=silent(tips=HEAVY))
    desk.pass_time(40, tips=silent("HTB01", tips=HEAVY))
    desk.connect()
    connected = desk.now

    desk.pass_time(9, tips=silent("HTB01", tips=HEAVY), ticks=1)
    assert not desk.events(DANGER)
    desk.pass_time(2, tips=silent("HTB01", tips=HEAVY), ticks=1)

    assert desk.standing(DANGER)["HTB01"].raised_at - connected <= 10 * MINUTE + 10_000


def test_when_all_stop_at_once_nobody_is_a_witness(tmp_path: Path) -> None:
    desk = raining(tmp_path)

    desk.pass_time(120, tips=lambda _station: None, ticks=1)

    assert not desk.events(DANGER)
    assert not desk.events(SILENT)
    assert list(desk.standing(Finding.NETWORK_SILENT)) == ["service"]


def test_stations_that_stop_within_one_report_of_each_other_are_no_witnesses(tmp_path: Path) -> None:
    """Goal: a network that fails is no flood. Method: one of them happens to be the first that should have spoken."""
    desk = raining(tmp_path)
    desk.pass_time(5, tips=silent("HTB01", tips=HEAVY), ticks=1)

    desk.pass_time(60, tips=lambda _station: None, ticks=1)

    assert not desk.events(DANGER)


def test_an_alert_ends_when_the_station_is_back_and_has_told_of_its_time_away(tmp_path: Path) -> None:
    desk = raining(tmp_path)
    desk.pass_time(60, tips=silent("HTB01", tips=HEAVY))

    desk.report("HTB01", tips=20)
    desk.tick()
    assert desk.standing(DANGER), "one message may be the last"
    desk.pass_time(10, tips=silent(tips=HEAVY), ticks=1)

    (alert,) = [one for one in desk.journal.reader.alerts.all(ended=True) if one.rule == DANGER]
    assert alert.state is State.CLEARED
    assert "it has told of its time away: 1" in alert.reason


def test_a_station_that_is_back_without_a_word_of_its_time_away_is_all_clear_only_when_it_is_dry(
    tmp_path: Path,
) -> None:
    desk = raining(tmp_path)
    desk.pass_time(60, tips=silent("HTB01", tips=HEAVY))
    desk.counts["HTB01"] = 0
    for _ in range(9):  # a logger that has begun anew: what fell while it was away nobody knows
        desk.now += EVERY
        for station in desk.network.stations:
            fell = 0 if station == "HTB01" else HEAVY
            count = desk.counts[station] = desk.counts[station] + fell
            desk.seq += 1
            boot = 2 if station == "HTB01" else 1
            desk.take(message([(desk.now, count)], seq=desk.seq, station_id=station, boot=boot))
        desk.settle()
        desk.tick()
    assert desk.standing(DANGER)

    desk.pass_time(90, tips=silent())

    assert "dry around it" in desk.events(DANGER)[-1].reason
    assert desk.events(DANGER)[-1].kind is EventKind.CLEARED


def test_an_alert_is_withdrawn_when_the_rain_of_its_neighbours_was_not_there(tmp_path: Path) -> None:
    desk = raining(tmp_path)
    desk.pass_time(30, tips=silent("HTB01", tips=HEAVY))
    assert desk.standing(DANGER)

    for station in ("HTB02", "HTB03", "HTB04"):
        since, until = desk.now - 120 * MINUTE, desk.now
        body = {"kind": "void", "why": "water was poured", "station": station, "since": since, "until": until}
        request = Request(station, "correct", body, "duty")
        assert carry_out(desk.pump, desk.journal, request, now=desk.now, reload=no_reload)["ok"]
    desk.tick()
    assert desk.standing(DANGER), "what is owed is not known yet"
    desk.settle()
    desk.tick()

    last = desk.events(DANGER)[-1]
    assert last.kind is EventKind.WITHDRAWN
    assert "did not rain so hard" in last.reason


def test_an_alert_is_kept_through_a_restart_and_not_told_again(tmp_path: Path) -> None:
    desk = raining(tmp_path)
    desk.pass_time(20, tips=silent("HTB01", tips=HEAVY))

    desk.start()
    desk.around = replace(desk.around, connected_since=desk.now)
    desk.pass_time(60, tips=silent("HTB01", tips=HEAVY))

    assert [one.kind for one in desk.events(DANGER)] == [EventKind.RAISED]
    desk.pass_time(20, tips=silent(tips=HEAVY))
    assert [one.kind for one in desk.events(DANGER)] == [EventKind.RAISED, EventKind.CLEARED]


def test_an_alert_ends_even_where_we_look_seldom(tmp_path: Path) -> None:
    """A clock that runs fast, or a machine that is busy: between two looks several reports come."""
    desk = raining(tmp_path)
    desk.pass_time(60, tips=silent("HTB01", tips=HEAVY), ticks=120)

    desk.pass_time(60, tips=silent(tips=HEAVY), ticks=120)

    assert [one.kind for one in desk.events(DANGER)] == [EventKind.RAISED, EventKind.CLEARED]


def test_a_station_that_stays_silent_lapses_a_day_later_without_an_all_clear(tmp_path: Path) -> None:
    desk = raining(tmp_path)
    desk.pass_time(20, tips=silent("HTB01", tips=HEAVY))

    desk.pass_time(25 * 60, tips=silent("HTB01"), ticks=180)

    assert [one.kind for one in desk.events(DANGER)] == [EventKind.RAISED, EventKind.LAPSED]
    assert list(desk.standing(SILENT)) == ["HTB01"]


def test_switched_off_it_raises_nothing_and_takes_back_what_stands(tmp_path: Path) -> None:
    desk = raining(tmp_path)
    desk.pass_time(20, tips=silent("HTB01", tips=HEAVY))

    danger = replace(WATCHING.danger_in_silence, watch=Watching.OFF)
    desk.watch = replace(WATCHING, danger_in_silence=danger)
    desk.start()
    desk.pass_time(60, tips=silent("HTB01", tips=HEAVY))

    assert [one.kind for one in desk.events(DANGER)] == [EventKind.RAISED, EventKind.WITHDRAWN]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(["cut", "connect", "dead", "alive", "restart"]), st.integers(1, 8)), max_size=8)
)
def test_whatever_falls_silent_when_danger_is_never_raised_while_we_are_cut_off_and_always_when_it_is_true(
    tmp_path_factory: pytest.TempPathFactory, course: list[tuple[str, int]]
) -> None:
    desk = raining(tmp_path_factory.mktemp("d"))
    dead = False
    for what, reports in course:
        if what == "cut":
            desk.cut()
        elif what == "connect" and desk.around.connected_since is None:
            desk.connect()
        elif what == "restart":
            desk.start()
            if desk.around.connected_since is not None:
                desk.around = replace(desk.around, connected_since=desk.now)
        dead = what == "dead" or (dead and what != "alive")
        for _ in range(reports):
            known = len(desk.events(DANGER))
            connected = desk.around.connected_since
            desk.pass_time(5, tips=silent(*(["HTB01"] if dead else []), tips=HEAVY))
            if connected is None or desk.now - connected < 10 * MINUTE:
                assert len([one for one in desk.events(DANGER) if one.kind is EventKind.RAISED][known:]) == 0

    if desk.around.connected_since is None:
        desk.connect()
    desk.pass_time(30, tips=silent("HTB01", tips=HEAVY))

    assert list(desk.standing(DANGER)) == ["HTB01"]
    assert {one.scope for one in desk.events(DANGER)} == {"HTB01"}
