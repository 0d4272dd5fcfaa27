"""Corrections in the journal: rows, former verdicts, change log and alerts follow; order and restarts do not matter."""

import random
import uuid
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.core.corrections import REPLACED_MAX_MS
from gauge_ingest.core.model import Row, Step
from gauge_ingest.core.quality.verdicts import Check, Outcome, outcome_of
from gauge_ingest.pump import Delivery
from gauge_ingest.pump.prune import Retention
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request
from gauge_ingest.stores.lines import LineProtocol
from tests.commands.serving import no_reload
from tests.pump.test_order import a_day
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

DAY = 24 * HOUR


def correct(desk: Desk, kind: str, since: int = 0, until: int = 0, **more: Any) -> int:
    """Ask for a correction of minutes after T0; its number."""
    body: dict[str, Any] = {"kind": kind, "why": "bucket emptied at the visit", "who": "wang", **more}
    if kind != "undo":
        body |= {"station": "HTB01", "since": T0 + since * MINUTE, "until": T0 + until * MINUTE}
    request = Request(str(uuid.uuid4()), "correct", body, "duty")
    answer = carry_out(desk.pump, desk.journal, request, now=desk.now, reload=no_reload)
    assert answer["ok"], answer
    return int(answer["correction"]["id"])


def a_storm(desk: Desk, *, seq: int = 0) -> None:
    """Forty minutes of a tip a minute, half a millimetre each, then rest; told every five minutes."""
    for minute in range(0, 121, 5):
        desk.now = T0 + minute * MINUTE + 3000
        desk.take(message([(T0 + minute * MINUTE, 100 + min(minute, 40))], seq=seq + minute))
        desk.settle()


def rows(desk: Desk) -> list[Row]:
    return list(desk.journal.reader.rows("HTB01", since=0, until=1 << 61))


def between(desk: Desk, since: int, until: int) -> list[Row]:
    return [row for row in rows(desk) if T0 + since * MINUTE < row.observed_at <= T0 + until * MINUTE]


def reasons_told(desk: Desk) -> list[tuple[str, str]]:
    events = desk.journal.reader.alerts.changes(0)[1]
    return [(event.kind.value, event.reason) for event in events if event.kind.value in ("withdrawn", "raised")]


def test_rows_copies_and_alert_follow_a_voided_storm_and_come_back_with_its_undoing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    a_storm(desk)
    before, seq, alerts = rows(desk), desk.journal.reader.newest_seq(), desk.episodes()
    assert desk.tips() == 40

    number = correct(desk, "void", 0, 60)
    desk.settle()

    assert {(row.tips, row.tips_max, row.step, row.flag) for row in between(desk, 0, 60)} == {(0, 0, Step.VOIDED, 9)}
    assert {row.reasons for row in between(desk, 0, 60)} == {"correction 1: void, by wang: bucket emptied at the visit"}
    assert outcome_of(between(desk, 0, 60)[0].checks, Check.CORRECTION) is Outcome.FAILED
    assert [row.counter for row in rows(desk)] == [row.counter for row in before]
    copied = [one for one in desk.journal.reader.changes(seq, rows_max=1_000).rows if one.step == Step.VOIDED]
    line = LineProtocol({"HTB01": station()}).lines(copied[:1], [])[0][0]
    assert len(copied) == 12
    assert "quality=9i,step=9i" in line
    assert "rain_mm=0.0" in line
    assert reasons_told(desk)[-1] == (
        "withdrawn",
        "withdrawn by correction 1 (void, by wang): bucket emptied at the visit",
    )

    correct(desk, "undo", undoes=number)
    desk.settle()

    assert rows(desk) == before
    assert desk.episodes() == alerts
    assert [kind for kind, _ in reasons_told(desk)] == ["raised", "withdrawn", "raised"]


def test_a_replaced_depth_that_a_person_raised_is_withdrawn_in_the_name_of_its_undoing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    for minute in range(0, 121, 5):
        desk.now = T0 + minute * MINUTE
        desk.take(message([(desk.now, 100)], seq=minute))
    desk.settle()

    number = correct(desk, "replace", 0, 60, rain_mm=30.0)
    desk.settle()
    assert desk.tips() == 60
    assert {row.tips for row in between(desk, 0, 60)} == {5}
    correct(desk, "undo", undoes=number, why="it was another station")
    desk.settle()

    assert reasons_told(desk)[-1] == (
        "withdrawn",
        "withdrawn by correction 2 (undo of 1, by wang): it was another station",
    )
    assert desk.tips() == 0


def test_half_of_an_even_rain_is_even_and_leaves_no_alert_of_the_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    for tips in range(61):
        desk.now = T0 + tips * 5 * MINUTE
        desk.take(message([(desk.now, 100 + tips)], seq=tips))
    desk.settle()
    assert desk.episodes()

    correct(desk, "replace", 0, 300, rain_mm=15.0)
    desk.settle()

    assert [sum(row.tips for row in between(desk, begin, begin + 60)) for begin in range(0, 300, 60)] == [6] * 5
    assert desk.episodes() == []


def test_an_alert_that_goes_for_another_reason_later_does_not_name_the_correction(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    for minute in (0, 5, 10):
        desk.now = T0 + minute * MINUTE
        desk.take(message([(desk.now, 100 + 2 * minute)], seq=minute))
    correct(desk, "confirm", 0, 10)
    desk.settle()
    assert desk.episodes()

    desk.take(
        message([(T0, 120)], seq=3), message([(T0 + MINUTE, 120)], seq=4), message([(T0 + 2 * MINUTE, 120)], seq=5)
    )
    desk.settle()

    assert desk.episodes() == []
    assert "readings that came later" in reasons_told(desk)[-1][1]


def test_rain_that_a_person_confirms_is_doubted_no_more_by_any_check(tmp_path: Path) -> None:
    """The counter restarted in a storm: the checks doubt the rain, and the alert says so until somebody confirms it."""
    desk = Desk(tmp_path, [station()], [rule()])
    desk.now = T0 + 15 * MINUTE
    desk.take(message([(T0, 100)], boot=1), message([(T0 + 15 * MINUTE, 30)], seq=2, boot=2))
    desk.settle()
    doubted = between(desk, 0, 15)[0]
    assert (doubted.tips, doubted.flag) == (30, 3)
    (alert,) = desk.journal.reader.alerts.all()
    assert alert.evidence is not None
    assert alert.evidence.doubted_mm == 15.0

    correct(desk, "confirm", 0, 15)
    desk.settle()

    confirmed = between(desk, 0, 15)[0]
    (alert,) = desk.journal.reader.alerts.all()
    assert alert.evidence is not None
    assert (confirmed.tips, confirmed.flag, alert.evidence.doubted_mm) == (30, 1, 0.0)
    assert outcome_of(confirmed.checks, Check.COUNTER) is Outcome.SUSPECT
    assert [one.flag for one in desk.journal.reader.verdicts("HTB01", since=T0, until=desk.now)] == [3]


def test_a_voided_gauge_is_no_dry_neighbour(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    a_storm(desk)
    number, asked = (
        desk.journal.station_number("HTB01"),
        {"since": T0 - 1, "until": desk.now, "silence_ms": 10 * MINUTE},
    )
    assert desk.journal.reader.quality.heard(number, **asked) == [(T0, T0 + 120 * MINUTE)]

    correct(desk, "void", 30, 60)
    desk.settle()

    assert desk.journal.reader.quality.heard(number, **asked) == [
        (T0, T0 + 30 * MINUTE),
        (T0 + 65 * MINUTE, T0 + 120 * MINUTE),
    ]
    assert "nothing is known of 30 min before it" in str(between(desk, 60, 65)[0].reasons)


def test_the_first_dry_reading_behind_a_voided_span_says_that_nothing_is_known_of_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    for minute in range(0, 301, 5):
        desk.now = T0 + minute * MINUTE + 3000
        desk.take(message([(T0 + minute * MINUTE, 100)], seq=minute))
    desk.settle()

    correct(desk, "void", 60, 240)
    desk.settle()

    said = {(row.observed_at - T0) // MINUTE: row.reasons for row in rows(desk) if row.step == Step.STEADY}
    assert said[245] == "gap: nothing is known of 3 h before it"
    assert {minute: why for minute, why in said.items() if why} == {245: said[245]}


def test_what_was_said_before_is_kept_with_the_time_when_it_ended(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    a_storm(desk)
    desk.now += HOUR

    correct(desk, "visit", 5, 10)
    desk.settle()
    correct(desk, "replace", 5, 10, rain_mm=1.0)
    desk.settle()

    found = desk.journal.reader.verdicts("HTB01", since=T0, until=T0 + 2 * HOUR)
    assert [(one.observed_at, one.at, one.tips, one.tips_min, one.tips_max, one.flag) for one in found] == [
        (T0 + 10 * MINUTE, desk.now, 5, 5, 5, 1),
        (T0 + 10 * MINUTE, desk.now, 0, 0, 5, 4),
    ]
    assert found[1].reasons == "correction 1: visit, by wang: bucket emptied at the visit"
    assert between(desk, 5, 10)[0].tips == 2


def test_a_reading_that_was_owed_has_no_former_verdict_nor_has_one_whose_rain_stays(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + HOUR
    desk.take(message([(T0, 100), (T0 + 10 * MINUTE, 100)]))

    desk.take(message([(T0 + 5 * MINUTE, 100)], seq=2))
    desk.settle()

    assert rows(desk)[2].since == T0 + 5 * MINUTE
    assert desk.journal.reader.verdicts("HTB01", since=0, until=1 << 61) == []


def test_live_readings_into_a_corrected_span_are_corrected_and_those_behind_it_derived_at_once(tmp_path: Path) -> None:
    """The station reports with a delay: what it says of the corrected time comes after the correction."""
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + HOUR
    desk.take(message([(T0, 100), (T0 + 5 * MINUTE, 101)]))
    desk.settle()
    assert not desk.pump.owing
    correct(desk, "void", 0, 20)
    assert desk.pump.owing
    desk.settle()

    desk.take(message([(T0 + 10 * MINUTE, 103)], seq=2))
    owed = desk.journal.reader.debts()
    desk.settle()
    desk.take(message([(T0 + 21 * MINUTE, 105)], seq=3))

    assert owed == 1
    assert desk.journal.reader.debts() == 0
    assert [(row.tips, row.step) for row in rows(desk)] == [
        (0, Step.FIRST),
        (0, Step.VOIDED),
        (0, Step.VOIDED),
        (2, Step.STEADY),
    ]


def test_a_late_reading_changes_the_shares_of_all_the_replaced_span(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + 10 * HOUR
    desk.take(message([(T0, 0), (T0 + 5 * MINUTE, 2), (T0 + 9 * HOUR, 4)]))
    desk.settle()
    correct(desk, "replace", 0, 541, rain_mm=8.0)
    desk.settle()
    assert [row.tips for row in rows(desk)] == [0, 8, 8]

    desk.take(message([(T0 + 10 * MINUTE, 4)], seq=2))
    desk.settle()

    assert [row.tips for row in rows(desk)] == [0, 8, 8, 0]


@pytest.mark.parametrize("seed", range(5))
def test_readings_and_corrections_in_any_order_end_in_the_same_rain_and_episodes(seed: int, tmp_path: Path) -> None:
    """
    Goal: what stands depends on the readings and on what people said in which order, not on what came before what.
    Method: a day in order, then all corrections; and the same day shuffled, corrections between, restarts, undoings.
    """
    deliveries = a_day(seed)
    draw = random.Random(seed * 13 + 5)
    spans = [(begin, begin + draw.randrange(5, 200)) for begin in draw.sample(range(400), 5)]
    said: list[tuple[str, dict[str, Any]]] = [
        (draw.choice(["void", "confirm", "visit"]), {"since": since, "until": until}) for since, until in spans
    ]
    said.insert(2, ("undo", {"undoes": 1}))
    replaced = ("replace", {"since": 20, "until": 420, "rain_mm": 37.5})
    straight = Desk(tmp_path / "a", [station()], [rule()])
    shuffled = Desk(tmp_path / "b", [station()], [rule()])
    straight.now = shuffled.now = T0 + 700 * MINUTE

    straight.take(*deliveries)
    straight.settle()
    for kind, more in (*said[:4], replaced, *said[4:]):
        correct(straight, kind, **more)
    straight.settle()
    _mixed(shuffled, deliveries, [*said[:4], replaced, *said[4:]], draw)

    assert rows(straight) == [
        row._replace(message_id=other.message_id) for row, other in zip(rows(shuffled), rows(straight), strict=True)
    ]
    assert shuffled.episodes() == straight.episodes(), f"seed {seed}"
    assert any(row.step == Step.CORRECTED for row in rows(straight))


def _facts(desk: Desk) -> list[Row]:
    """Rows without the message that brought them."""
    return [row._replace(message_id=0) for row in rows(desk)]


def _mixed(desk: Desk, deliveries: list[Delivery], said: list[tuple[str, dict[str, Any]]], draw: random.Random) -> None:
    """Everything in small batches of any order; the corrections in theirs. A depth waits for its first reading."""
    mixed, waiting = draw.sample(deliveries, len(deliveries)), list(said)
    first = next(one for one in deliveries if b"18:25:00" in one.payload)
    desk.take(first)
    desk.settle()
    while mixed or waiting:
        for _ in range(draw.randrange(1, 12)):
            if mixed:
                desk.take(mixed.pop())
        if waiting and (draw.random() < 0.3 or not mixed):
            kind, more = waiting.pop(0)
            correct(desk, kind, **more)
        if draw.random() < 0.4:
            desk.settle()
        if draw.random() < 0.1:
            desk.start()
    desk.settle()


def test_a_correction_that_was_entered_before_a_crash_is_carried_through_after_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [rule()])
    a_storm(desk)

    correct(desk, "void", 0, 60)
    desk.start()
    desk.settle()

    assert desk.tips() == 0
    assert reasons_told(desk)[-1][1].startswith("withdrawn by correction 1 ")


def test_a_long_span_is_paid_in_slices_and_a_replaced_part_of_it_stays_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + 3 * DAY
    desk.take(*(message([(T0 + n * 5 * MINUTE, n)], seq=n) for n in range(3 * 288)))
    desk.settle()

    correct(desk, "void", 0, 3 * 24 * 60)
    correct(desk, "replace", 600, 2_400, rain_mm=100.0)
    correct(desk, "confirm", 2_500, 2_600)
    slices = 0
    while desk.pump.pay_debts():
        slices += 1

    assert slices > 3
    assert desk.tips() == 200 + 20
    assert sum(row.tips for row in between(desk, 600, 2_400)) == 200


def test_rain_is_not_deleted_out_of_the_middle_of_a_replaced_span(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    for hour in range(7 * 24):
        desk.now = T0 + hour * HOUR
        desk.take(message([(desk.now, 1_000 + hour)], seq=hour))
    desk.settle()
    correct(desk, "replace", 60 * 60, 100 * 60, rain_mm=40.0)
    correct(desk, "void", 10 * 60, 20 * 60)
    desk.settle()

    while desk.pump.prune(Retention(keep_days=3, keep_raw_days=0)):
        pass
    desk.take(message([(T0 + 90 * HOUR + MINUTE, 1_090)], seq=9_000))
    desk.settle()

    assert sum(row.tips for row in between(desk, 60 * 60, 100 * 60)) == 80
    assert rows(desk)[0].observed_at == T0 + 60 * HOUR
    assert desk.journal.reader.verdicts("HTB01", since=0, until=T0 + 30 * HOUR) == []

    desk.now += 5 * DAY
    desk.take(message([(desk.now, 2_000)], seq=9_001))
    desk.settle()
    while desk.pump.prune(Retention(keep_days=3, keep_raw_days=0)):
        pass
    assert [row.observed_at for row in rows(desk)] == [desk.now]


def test_a_month_is_the_most_that_one_depth_stands_for() -> None:
    assert REPLACED_MAX_MS == 31 * DAY
