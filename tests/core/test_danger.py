"""Danger in silence at its edges: who is silent, who is a witness, how much rain is enough, and how an alert ends."""

from dataclasses import replace

import pytest

from gauge_ingest.core.danger import (
    Around,
    Away,
    bound_ms,
    danger,
    fell_silent,
    gone,
    is_back,
    is_heard,
    over,
    taken_back,
)
from gauge_ingest.core.findings import Ended, Finding
from gauge_ingest.core.hearing import Hearing
from gauge_ingest.core.model import Alert, Evidence, State, Station
from gauge_ingest.core.watch import DangerWatch
from tests.worlds import HOUR, MINUTE, T0, station

SETTINGS = DangerWatch()
NEIGHBOURS = ("HTB02", "HTB03", "HTB04", "HTB05", "HTB06", "HTB07")
SILENT = replace(station(), neighbours=NEIGHBOURS)
BOUND = 15 * MINUTE  # three reports that did not come
HEARD = Hearing(T0, T0 - HOUR, T0, T0, T0)


def around(*rain_mm: float) -> list[Around]:
    return [Around(station(name), mm) for name, mm in zip(NEIGHBOURS, rain_mm, strict=False)]


def stands(raised_at: int = T0 + BOUND) -> Alert:
    """An alert for a station that was last heard at T0."""
    found = (Finding.DANGER_IN_SILENCE, "HTB01", "prepare", "prepare", State.RAISED)
    return Alert(1, *found, T0, T0, raised_at, raised_at, None, evidence_of(10.0))


def evidence_of(threshold_mm: float) -> Evidence:
    return Evidence(3600, T0 - HOUR, T0, 12.0, 12.0, threshold_mm, 0.0)


@pytest.mark.parametrize(
    ("silent_ms", "silent"), [(BOUND, False), (BOUND + 1, True), (6 * HOUR, True), (6 * HOUR + 1, False)]
)
def test_silence_begins_after_three_reports_and_is_equipment_after_six_hours(silent_ms: int, *, silent: bool) -> None:
    assert fell_silent(SILENT, HEARD, SETTINGS, now=T0 + silent_ms) is silent


def test_a_station_that_reports_every_minute_may_say_nothing_for_ten() -> None:
    assert bound_ms(replace(SILENT, report_every_s=60), SETTINGS) == 10 * MINUTE


@pytest.mark.parametrize(
    ("heard_ms", "now_ms", "heard"),
    [
        (BOUND // 2 - 1, BOUND, False),  # stopped with the other one
        (BOUND // 2, BOUND, True),
        (BOUND, BOUND + 12 * MINUTE + 30_000, True),  # two reports and a half
        (BOUND, BOUND + 12 * MINUTE + 30_001, False),
    ],
)
def test_a_witness_spoke_when_the_other_one_should_have_and_lately(heard_ms: int, now_ms: int, *, heard: bool) -> None:
    told = Hearing(heard_at=T0 + heard_ms)

    assert is_heard(station("HTB02"), told, SILENT, since=T0, settings=SETTINGS, now=T0 + now_ms) is heard


@pytest.mark.parametrize(
    ("of", "neighbours_min", "rain_mm", "evidence_mm"),
    [
        (SILENT, 2, (10.0, 10.0), 10.0),  # its very threshold
        (SILENT, 2, (10.0, 9.9), None),
        (SILENT, 2, (11.0, 30.0, 20.0), 20.0),  # what as many as are needed had
        (SILENT, 1, (11.0, 30.0, 20.0), 30.0),
        (SILENT, 3, (11.0, 30.0, 20.0), 11.0),
        (replace(SILENT, neighbours=("HTB02",)), 2, (10.0,), 10.0),  # it has no more
        (replace(SILENT, neighbours=()), 2, (), None),
        (SILENT, 2, (), None),
    ],
)
def test_rain_is_enough_at_as_many_neighbours_as_are_asked_for(
    of: Station, neighbours_min: int, rain_mm: tuple[float, ...], evidence_mm: float | None
) -> None:
    settings = replace(SETTINGS, neighbours_min=neighbours_min)

    found = danger(of, HEARD, around(*rain_mm), settings, now=T0 + HOUR, last_mm=None)

    if evidence_mm is None:
        assert found is None
    else:
        assert found is not None
        assert found[:3] == (Finding.DANGER_IN_SILENCE, "HTB01", "prepare")
        assert found.since == T0
        assert found.evidence == Evidence(3600, T0, T0 + HOUR, evidence_mm, evidence_mm, 10.0, coverage=0.0)


def test_a_danger_names_the_five_neighbours_with_the_most_rain_and_what_the_station_had_itself() -> None:
    wet = around(10, 15, 11, 12, 14, 13)

    unknown = danger(SILENT, HEARD, wet, SETTINGS, now=T0 + HOUR, last_mm=None)
    dry = danger(SILENT, HEARD, wet, SETTINGS, now=T0 + HOUR, last_mm=0)

    assert unknown is not None
    assert dry is not None
    named = [f"石门 HTB0{number} {mm}.0 mm" for number, mm in ((3, 15), (6, 14), (7, 13), (5, 12), (4, 11))]
    fields = {"heard_at": T0, "every_s": 300, "window_s": 3600, "around": named}
    assert unknown.reason == ("silent_in_rain_own_unknown", fields)
    assert dry.reason == ("silent_in_rain", {**fields, "last_mm": 0.0}), "none is an answer"


@pytest.mark.parametrize(
    ("rain_mm", "kind"),
    [((10.0, 10.0), None), ((10.0, 9.9, 9.9), "not_so_hard"), ((), "nobody_tells")],
)
def test_an_alert_is_taken_back_when_by_what_is_known_now_it_rained_less(
    rain_mm: tuple[float, ...], kind: str | None
) -> None:
    """By the threshold that it was raised with, whatever is asked for now."""
    asked_now = replace(SETTINGS, rain_mm=5.0)

    ended = taken_back(SILENT, evidence_of(10.0), around(*rain_mm), asked_now)

    if kind is None:
        assert ended is None
    else:
        assert ended is not None
        assert (ended.finding, ended.scope, ended.state) == (Finding.DANGER_IN_SILENCE, "HTB01", State.WITHDRAWN)
        named = [f"HTB0{number} {mm} mm" for number, mm in enumerate(rain_mm, 2)]
        assert ended.reason == (kind, {"window_s": 3600, "until_at": T0, "around": named})


def test_who_had_less_rain_is_named_up_to_five() -> None:
    ended = taken_back(SILENT, evidence_of(10.0), around(1, 2, 3, 4, 5, 6), SETTINGS)

    assert ended is not None
    assert ended.reason.fields["around"] == [f"HTB0{mm + 1} {mm}.0 mm" for mm in range(1, 6)]


DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("stood_ms", "away", "dry", "kind", "state"),
    [
        (DAY, None, True, None, None),  # for a day, and no longer
        (DAY + 1, None, True, "still_silent", State.LAPSED),
        (DAY + 1, None, False, None, None),
        (HOUR, Away(0.8, 31.5), False, "back_and_told", State.CLEARED),
        (HOUR, Away(0.79, 31.5), False, None, None),
        (HOUR, Away(0.79, 31.5), True, "back_and_dry", State.CLEARED),
        (DAY + 1, Away(0.0, 0.0), False, None, None),
    ],
)
def test_an_alert_ends_when_the_station_has_told_enough_or_it_is_dry(
    stood_ms: int, away: Away | None, *, dry: bool, kind: str | None, state: State | None
) -> None:
    alert = stands()

    ended = over(SILENT, HEARD, alert, SETTINGS, now=alert.raised_at + stood_ms, away=away, dry=dry)

    assert (ended is None) == (kind is None)
    if ended is not None:
        figures = {
            "still_silent": {"lapse_s": 86_400},
            "back_and_told": {"since_at": T0 - HOUR, "rain_mm": 31.5},
            "back_and_dry": {"since_at": T0 - HOUR, "quiet_s": 3600},
        }
        assert ended == Ended(Finding.DANGER_IN_SILENCE, "HTB01", ended.reason, state or State.CLEARED)
        assert ended.reason == (kind, figures[kind or ""])


@pytest.mark.parametrize(
    ("since_ms", "lasts_ms", "quiet_ms", "back"),
    [
        (HOUR, 150_000, 0, True),  # half an interval: more than one message
        (HOUR, 149_999, 0, False),
        (0, 150_000, 0, False),  # it never was away
        (1, 150_000, 0, True),
        (HOUR, 150_000, BOUND, True),
        (HOUR, 150_000, BOUND + 1, False),  # and gone again
    ],
)
def test_a_station_is_back_with_more_than_one_message_and_while_it_goes_on(
    since_ms: int, lasts_ms: int, quiet_ms: int, *, back: bool
) -> None:
    newest = T0 + since_ms + lasts_ms
    hearing = Hearing(newest, T0 + since_ms, newest, newest, newest)

    assert is_back(SILENT, hearing, stands(), SETTINGS, now=newest + quiet_ms) is back


@pytest.mark.parametrize(("configured", "kind"), [(True, "danger_not_watched"), (False, "station_gone")])
def test_what_nobody_can_judge_any_more_is_withdrawn(kind: str, *, configured: bool) -> None:
    ended = gone("HTB01", configured=configured)

    assert ended == Ended(Finding.DANGER_IN_SILENCE, "HTB01", ended.reason, State.WITHDRAWN)
    assert ended.reason.kind == kind
