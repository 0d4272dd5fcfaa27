"""Silences in the pump: what rises within one is told when it is over, once, whatever clocks and restarts do."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import Alert, AlertEvent, Basin, EventKind, Rule, State, Threshold
from gauge_ingest.core.silences import silenced
from gauge_ingest.core.told import RISES
from gauge_ingest.requests import END_SILENCE, SILENCE, carry_out
from gauge_ingest.spool import Request
from tests.worlds import HOUR, MINUTE, T0, Desk, station

LEVELS = ("blue", "yellow", "orange")
PLACES = ("HTB01", "HTB02")
EVENT = AlertEvent(
    0, 0, "rain", "", EventKind.RAISED, "", 0, 0, 0, late=False, unconfirmed=False, sent=True, evidence=None
)


def asked(desk: Desk, what: str, number: str, **body: Any) -> dict[str, Any]:
    request = Request(number, what, body, "wang")
    return carry_out(desk.pump, desk.journal, request, now=desk.now, reload=dict)


class Told:
    """A desk whose alerts rise and end as a test says; `told` is what people hear, in order, by a follower's rules."""

    def __init__(self, folder: Path) -> None:
        thresholds = tuple(Threshold(1800, level, 6.0 + number) for number, level in enumerate(LEVELS))
        rain = Rule("rain", LEVELS, thresholds, PLACES)
        self.desk = Desk(folder, [station(place) for place in PLACES], [rain])
        self.requests = 0

    @property
    def reader(self) -> Any:
        return self.desk.journal.reader

    def silence(self, **body: Any) -> dict[str, Any]:
        self.requests += 1
        body = {"scope": "HTB01", "until": self.desk.now + 2 * HOUR, "why": "a visit", **body}
        return asked(self.desk, SILENCE, f"s{self.requests}", **body)

    def end(self, number: int) -> dict[str, Any]:
        self.requests += 1
        return asked(self.desk, END_SILENCE, f"s{self.requests}", silence=number, why="done")

    def tick(self, after_ms: int = 0) -> None:
        self.desk.now += after_ms
        self.desk.pump.tick()

    def rise(self, level: str, place: str = "HTB01") -> None:
        """An alert at a place rises to a level, is eased to it, or ends (level "")."""
        alerts, now = self.reader.alerts, self.desk.now
        known = alerts.raised("rain", place)
        if known is None and not level:
            return
        if known is None:
            number = self.desk.journal.next_alert_id()
            known = Alert(number, "rain", place, level, level, State.RAISED, now, now, now, now, None, None)
            kind = EventKind.RAISED
        elif not level:
            kind = EventKind.CLEARED
        else:
            steps = LEVELS.index(level) - LEVELS.index(known.level)
            kind = EventKind.STRENGTHENED if steps > 0 else EventKind.EASED
            if not steps:
                return
        state = State.CLEARED if kind is EventKind.CLEARED else State.RAISED
        alert = replace(known, level=level or known.level, state=state)
        event = replace(
            EVENT, alert_id=alert.id, scope=place, kind=kind, level=level, rained_at=now, known_at=now, at=now
        )
        with self.desk.journal.transaction():
            self.desk.journal.save_alerts([alert], [event], 1)

    def heard(self) -> list[tuple[int, str, str]]:
        """What people are told, as whoever tells them finds it: asked late, of everything there is by now."""
        silences, told = self.reader.silences.all(), []
        for event in self.reader.alerts.changes(0)[1]:
            events = self.reader.alerts.events(event.alert_id)
            level = level_of(event.level, LEVELS)
            by = silenced(silences, event, level, events=events, level_of=lambda one: level_of(one.level, LEVELS))
            if by is None:
                told.append((event.alert_id, event.kind.value, event.level))
        return told


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def test_what_rose_within_a_silence_is_told_once_when_it_is_over(told: Told) -> None:
    told.silence()
    told.desk.now += HOUR
    told.rise("blue")
    told.rise("yellow")
    told.tick()
    assert told.heard() == []

    told.tick(HOUR + 1)
    told.tick(10_000)
    told.desk.start()
    told.tick(24 * HOUR)

    assert told.heard() == [(1, "reminded", "yellow")]
    (reminded,) = [one for one in told.reader.alerts.events(1) if one.kind is EventKind.REMINDED]
    assert reminded.reason == "the silence 1 of HTB01 is over: the alert still stands"


def test_a_level_that_moves_people_is_told_within_a_silence(told: Told) -> None:
    told.silence()
    told.desk.now += MINUTE
    told.rise("yellow")
    told.rise("orange")

    told.tick(3 * HOUR)

    assert told.heard() == [(1, "strengthened", "orange")]


def test_a_silence_that_is_ended_early_tells_at_the_next_tick(told: Told) -> None:
    told.silence()
    told.desk.now += MINUTE
    told.rise("yellow")

    assert told.end(1)["ok"]
    told.tick(10_000)

    assert told.heard() == [(1, "reminded", "yellow")]


def test_a_clock_that_is_set_back_when_a_silence_ends_loses_no_rise(told: Told) -> None:
    told.silence()
    told.desk.now += HOUR
    told.rise("yellow")
    told.desk.now -= 30 * MINUTE

    assert told.end(1)["ok"]
    told.tick(10_000)
    told.tick(3 * HOUR)

    assert told.heard() == [(1, "reminded", "yellow")]


def test_a_clock_that_is_set_back_to_before_a_silence_tells_of_what_rose_in_it(told: Told) -> None:
    told.silence()
    told.desk.now += HOUR
    told.rise("yellow")

    told.tick(-24 * HOUR)
    told.tick(48 * HOUR)

    assert told.heard() == [(1, "reminded", "yellow")]


def test_an_alert_under_a_second_silence_waits_for_it(told: Told) -> None:
    told.silence(until=T0 + HOUR)
    told.silence(scope="all", until=T0 + 3 * HOUR, rule="rain")
    told.desk.now += MINUTE
    told.rise("blue")

    told.tick(2 * HOUR)
    assert told.heard() == []
    told.tick(2 * HOUR)

    assert told.heard() == [(1, "reminded", "blue")]


def test_an_alert_that_came_and_went_within_a_silence_is_not_told(told: Told) -> None:
    told.silence()
    told.desk.now += MINUTE
    told.rise("blue")
    told.desk.now += MINUTE
    told.rise("")

    told.tick(3 * HOUR)

    assert told.heard() == []


def test_a_maintenance_window_holds_back_from_its_beginning_on(told: Told) -> None:
    answer = told.silence(since=T0 + HOUR, until=T0 + 20 * 24 * HOUR)
    assert answer["silence"]["state"] == "planned"
    told.desk.now += MINUTE
    told.rise("blue")
    told.desk.now += 2 * HOUR
    told.rise("yellow")
    told.tick()

    assert told.heard() == [(1, "raised", "blue")]
    assert told.silence(since=told.desk.now + HOUR, until=told.desk.now + 40 * 24 * HOUR)["ok"] is False


def test_what_is_said_of_an_alert_after_its_silence_does_not_hide_that_it_was_held_back(told: Told) -> None:
    told.silence()
    told.desk.now += MINUTE
    told.rise("yellow")
    told.desk.now += 3 * HOUR
    told.rise("blue")

    told.tick()

    assert told.heard() == [(1, "reminded", "blue")], "eased: nobody knew of it"


def test_a_basin_is_silenced_by_its_name_and_its_stations_are_not(told: Told) -> None:
    basin = Basin("upper", "上游", tuple((place, 1.0) for place in PLACES))
    told.desk.network = told.desk.network._replace(basins={"upper": basin}, digest="other")
    told.desk.start()
    answer = told.silence(scope="upper")
    told.desk.now += MINUTE
    told.rise("blue", "upper")
    told.rise("blue", "HTB01")

    told.tick()

    assert "such as the basin's stations" in answer["tells"]
    assert told.heard() == [(2, "raised", "blue")]
    assert "known are HTB01, HTB02, upper" in told.silence(scope="lower")["error"]


STEP = st.one_of(
    st.tuples(st.just("rise"), st.sampled_from(("", *LEVELS)), st.sampled_from(PLACES)),
    st.tuples(st.just("silence"), st.sampled_from((*PLACES, "all")), st.integers(1, 300), st.integers(0, 120)),
    st.tuples(st.just("end"), st.integers(1, 4)),
    st.tuples(st.just("tick"), st.integers(0, 200)),
    st.tuples(st.just("clock"), st.integers(-300, 300)),
    st.tuples(st.just("restart")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=14))
def test_after_everything_each_alert_that_stands_has_been_told_at_its_newest_level(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    told = Told(tmp_path_factory.mktemp("s"))
    for what, *with_ in steps:
        told.desk.now += 1_000
        match what:
            case "rise":
                told.rise(*with_)
            case "silence":
                scope, minutes, ahead = with_
                since = told.desk.now + ahead * MINUTE
                told.silence(scope=scope, since=since, until=since + minutes * MINUTE)
            case "end":
                told.end(*with_)
            case "tick":
                told.tick(with_[0] * MINUTE)
            case "clock":
                told.desk.now += with_[0] * MINUTE
            case "restart":
                told.desk.start()
    told.tick(60 * 24 * HOUR)
    told.tick(10_000)

    heard = told.heard()
    for alert in told.reader.alerts.all():
        levels = [level for number, _, level in heard if number == alert.id]
        assert levels[-1:] == [alert.level]
    for alert in told.reader.alerts.all(ended=True):
        events = told.reader.alerts.events(alert.id)
        rises = [one.id for one in events if one.kind in RISES]
        reminders = [one.id for one in events if one.kind is EventKind.REMINDED]
        since_each = [sum(1 for one in reminders if one > rise) for rise in rises]
        assert len(reminders) <= len(rises)
        assert not since_each or since_each[-1] <= 1, "reminded twice of one rise"
    told.desk.journal.close()
