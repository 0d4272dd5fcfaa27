"""Commands that wait for the copy wait for what was announced until then, and for nothing that comes later."""

import pytest

from gauge_ingest.commands.copying import behind, wait_for_copy
from gauge_ingest.journal import Position
from gauge_ingest.outbound import Positions
from tests.commands.place import Place
from tests.worlds import MINUTE, T0, message

NAME = "influx http://127.0.0.1:9 hutubi/rain"


@pytest.fixture
def reported(place: Place) -> Place:
    """Some changes in the journal."""
    with place.desk() as desk:
        for minute in range(10):
            desk.now = T0 + minute * MINUTE + 1000
            desk.take(message([(T0 + minute * MINUTE, minute)], seq=minute))
            desk.settle()
    return place


def positions(place: Place, seq: int, put_off: tuple[int, int] | None = None) -> None:
    """How far the follower has come, and what it has put off."""
    with place.desk() as desk:
        epoch = desk.journal.reader.epoch()
    found = Positions(place.journal.with_name("outbound.db"))
    found.move(NAME, Position(epoch, seq if put_off is None else put_off[0]))
    if put_off is not None:
        found.put_off(NAME, Position(epoch, put_off[0]), put_off[1], spans_max=64)
        found.move(NAME, Position(epoch, seq))
    found.close()


def waits(place: Place, until: int) -> list[str]:
    return [one.name for one in behind(place.configuration(), [NAME], until=until)]


def test_a_follower_is_waited_for_up_to_a_change_and_no_further(reported: Place) -> None:
    positions(reported, 5)

    assert [waits(reported, until) for until in (4, 5, 6)] == [[], [], [NAME]]


def test_what_was_put_off_is_waited_for(reported: Place) -> None:
    positions(reported, 8, put_off=(2, 4))

    assert [waits(reported, until) for until in (2, 3, 8)] == [[], [NAME], [NAME]]


def test_one_that_never_ran_is_waited_for(reported: Place) -> None:
    assert waits(reported, 1) == [NAME]


def test_where_stations_report_all_the_time_the_wait_ends(reported: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: new changes do not keep it. Method: with each look one comes, and the follower is always one behind."""
    newest = []
    with reported.desk() as desk:
        newest.append(desk.journal.reader.newest_seq())
    positions(reported, newest[0] - 1)
    looks: list[float] = []

    def rest(_: float) -> None:
        with reported.desk() as desk:
            desk.now = T0 + (20 + len(looks)) * MINUTE
            desk.take(message([(desk.now - 1000, 50 + len(looks))], seq=500 + len(looks)))
            now = desk.journal.reader.newest_seq()
        positions(reported, now - 1)

    monkeypatch.setattr("gauge_ingest.commands.copying.time.sleep", rest)
    words = wait_for_copy(reported.configuration(), [NAME], looks.append, still_max_s=5.0)

    assert words == ""
    assert len(looks) == 1
