"""Requests carried out by the one process that writes the journal: once, all or nothing, past any fault of ours."""

import uuid
from array import array
from pathlib import Path

import pytest

from gauge_ingest.pump import Delivery
from gauge_ingest.requests import REPLAYED_MAX, carry_out
from gauge_ingest.spool import Request
from tests.commands.serving import no_reload
from tests.worlds import HOUR, MINUTE, T0, Desk, message, station


def replay(*ids: object, request_id: str | None = None) -> Request:
    return Request(request_id or str(uuid.uuid4()), "replay", {"ids": list(ids)}, "duty")


def test_a_request_that_comes_again_is_answered_and_not_carried_out_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 10)], station_id="HTB06"))
    desk.network = desk.network._replace(stations={"HTB06": station("HTB06")})
    desk.start()
    request = replay(1)
    first = carry_out(desk.pump, desk.journal, request, now=T0, reload=no_reload)
    desk.start()

    again = carry_out(desk.pump, desk.journal, request, now=T0 + HOUR, reload=no_reload)

    assert again == first == {"ok": True, "replayed": [{"id": 1, "ok": True, "readings": 1, "reasons": []}]}
    entry = desk.journal.reader.quarantined(1)
    assert entry is not None
    assert entry.replayed_at == T0


def test_what_was_replayed_is_derived_before_anything_is_asked_of_the_pump(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 10)], station_id="HTB06"))
    desk.network = desk.network._replace(stations={"HTB06": station("HTB06")})
    desk.start()
    desk.settle()
    assert not desk.pump.owing

    carry_out(desk.pump, desk.journal, replay(1), now=T0, reload=no_reload)

    assert desk.pump.owing


@pytest.mark.parametrize("ids", [[], [0], [True], ["1"], [2**63], [1.5], list(range(1, REPLAYED_MAX + 2))])
def test_numbers_that_are_none_are_refused_and_nothing_is_done(tmp_path: Path, ids: list[object]) -> None:
    desk = Desk(tmp_path, [station()])

    answer = carry_out(desk.pump, desk.journal, replay(*ids), now=T0, reload=no_reload)

    assert answer["ok"] is False
    assert "ids" in answer["error"]


def test_an_unknown_request_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])

    answer = carry_out(desk.pump, desk.journal, Request("x", "dance", {}, "duty"), now=T0, reload=no_reload)

    assert answer == {"ok": False, "error": "nobody here knows how to 'dance'"}


def test_a_fault_of_ours_that_an_entry_trips_leaves_it_and_the_others_are_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 10)], station_id="HTB06"), message([(T0 + MINUTE, 11)], station_id="HTB06"))
    desk.network = desk.network._replace(stations={"HTB06": station("HTB06")})
    desk.start()
    logged = desk.journal.log_rain

    def trips(spans: "array[int]") -> None:
        if spans[-1] == T0 + MINUTE:
            raise ZeroDivisionError
        logged(spans)

    monkeypatch.setattr(desk.journal, "log_rain", trips)
    answer = carry_out(desk.pump, desk.journal, replay(1, 2), now=T0, reload=no_reload)
    monkeypatch.undo()
    desk.settle()

    assert [(one["id"], one["ok"]) for one in answer["replayed"]] == [(1, True), (2, False)]
    assert "fault" in answer["replayed"][1]["reasons"][0]
    assert [row[1] for row in desk.increments("HTB06")] == [10]
    assert [entry.id for entry in desk.journal.reader.quarantine()] == [2]


def test_memory_does_not_keep_what_a_fault_of_ours_took_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 10)], station_id="HTB06"))
    desk.network = desk.network._replace(stations={"HTB06": station("HTB06")})
    desk.start()

    def trips(_: "array[int]") -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.journal, "log_rain", trips)
    carry_out(desk.pump, desk.journal, replay(1), now=T0, reload=no_reload)
    monkeypatch.undo()
    desk.take(message([(T0, 10)], station_id="HTB06"))

    assert [row[1] for row in desk.increments("HTB06")] == [10]


def test_memory_does_not_keep_what_a_rolled_back_replay_had_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, [station()])
    desk.take(message([(T0, 10)]))
    desk.settle()
    desk.now = T0 + 10 * MINUTE
    desk.take(Delivery("rain/v1/HTB01/up", b"x"))
    payload = message([(T0 + 5 * MINUTE, 13)]).payload
    desk.journal._db.execute("UPDATE quarantine SET payload = ?, size = ?", (payload, len(payload)))

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.journal.owing, "carried_out", fails)
    with pytest.raises(KeyboardInterrupt):
        carry_out(desk.pump, desk.journal, replay(1), now=desk.now, reload=no_reload)
    monkeypatch.undo()
    desk.take(message([(T0 + 5 * MINUTE, 13)], seq=2))
    desk.settle()

    assert [(row[1], row[3]) for row in desk.increments()] == [(10, 0), (13, 3)]
