"""Rows that a store will not take are found and set aside; a store that is ill moves nothing."""

import json
from collections.abc import Sequence

import pytest

from gauge_ingest.core.model import Row
from gauge_ingest.stores import StoreRejected, StoreUnavailable
from gauge_ingest.stores.influx import InfluxStore
from gauge_ingest.stores.influx.search import FRUITLESS_MAX, REQUESTS_MAX
from gauge_ingest.stores.lines import LineProtocol
from tests.edges.influx_server import row, rows, settings_for
from tests.edges.test_influx_loopback import (
    Keeper,
    LoopbackServer,
    Reply,
    Request,
    conflicting,
    internal,
    recorded,
    unparsable,
)

RETENTION = json.loads(recorded("write older than retention").body)["message"]


def is_bad(line: str) -> bool:
    """Bad rows carry a counter from a million on."""
    return int(line.split("count=")[1].split("i", 1)[0]) >= 1_000_000


def with_bad(batch: list[Row], *places: int) -> list[Row]:
    for place in places:
        batch[place] = batch[place]._replace(counter=1_000_000 + place)
    return batch


def good_lines(batch: Sequence[Row]) -> set[str]:
    return {line for line, _ in LineProtocol({}).lines(batch, []) if not is_bad(line)}


def too_old(bad: Sequence[str]) -> Reply:
    words = RETENTION.replace("dropped 1 points", f"dropped {len(bad)} points").replace("=1 for", f"={len(bad)} for")
    assert f"dropped={len(bad)}" in words
    return Reply(422, json.dumps({"message": words}))


@pytest.mark.parametrize("place", [0, 4_999, 5_000, 7_777, 9_999])
def test_one_bad_line_among_ten_thousand_is_found_in_29_requests(place: int) -> None:
    batch = with_bad(rows(10_000), place)
    keeper = Keeper(is_bad, unparsable)
    with LoopbackServer(keeper) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreRejected) as caught:
            store.write(batch, [])

    assert [refused.item for refused in caught.value.refused] == [batch[place]]
    assert "value out of range" in caught.value.refused[0].reason
    assert keeper.kept == good_lines(batch)
    assert len(server.requests) <= 29


@pytest.mark.parametrize("reply", [unparsable, conflicting, internal])
@pytest.mark.parametrize("places", [[0, 1, 17, 400, 401, 402, 403, 999], range(60), range(940, 1_000)])
def test_bad_lines_here_and_there_are_each_found_and_the_rest_is_kept(reply: object, places: Sequence[int]) -> None:
    batch = with_bad(rows(1_000), *places)
    keeper = Keeper(is_bad, reply)  # type: ignore[arg-type]  # parametrized
    with LoopbackServer(keeper) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreRejected) as caught:
            store.write(batch, [])

    assert {refused.item for refused in caught.value.refused} == {batch[place] for place in places}
    assert keeper.kept == good_lines(batch)


def test_lines_that_are_refused_all_together_are_not_taken_apart() -> None:
    batch = with_bad(rows(1_000), *range(250))
    with LoopbackServer(Keeper(is_bad, conflicting)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreRejected) as caught:
            store.write(batch, [])

    assert len(caught.value.refused) == 250
    assert len(server.requests) == 5


def test_a_body_that_is_too_large_is_sent_in_parts() -> None:
    batch = rows(1_000)
    kept: set[str] = set()

    def respond(request: Request) -> Reply:
        if len(request.lines) > 100:
            return Reply(413, "too large")
        kept.update(request.lines)
        return Reply()

    with LoopbackServer(respond) as server:
        InfluxStore(settings_for(server.url), {}).write(batch, [])

    assert kept == good_lines(batch)


@pytest.mark.parametrize("reply", [unparsable, conflicting])
def test_when_most_of_a_batch_is_refused_for_one_reason_the_store_is_ill(reply: object) -> None:
    named = [
        each._replace(station=each.station.translate(str.maketrans("0123456789", "abcdefghij"))) for each in rows(100)
    ]
    batch = with_bad(named, *range(49, 100))
    with LoopbackServer(Keeper(is_bad, reply)) as server:  # type: ignore[arg-type]  # parametrized
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreUnavailable, match="51 rows of one batch for one reason"):
            store.write(batch, [])


def test_a_store_that_answers_400_to_a_partial_write_is_understood_at_once() -> None:
    """InfluxDB 1.8.10: the same words as 2.8, under 400."""

    def respond(request: Request) -> Reply:
        lines = len(request.body.splitlines())
        words = (
            'partial write: field type conflict: input field "tips" on measurement "rain" is type integer,'
            f" already exists as type float dropped={lines}"
        )
        return Reply(400, json.dumps({"error": words})) if request.body.strip() else Reply(204)

    with LoopbackServer(respond) as server:
        store = InfluxStore(settings_for(server.url), {})
        with pytest.raises(StoreUnavailable, match="somebody else has written the field tips of rain as float"):
            store.write(rows(500), [])

    assert len(server.requests) == 2


def test_half_of_a_batch_is_not_most_of_it() -> None:
    batch = with_bad(rows(100), *range(50, 100))
    with LoopbackServer(Keeper(is_bad, conflicting)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreRejected) as caught:
            store.write(batch, [])

    assert len(caught.value.refused) == 50


def test_a_refused_state_of_each_station_is_an_ill_store_although_the_rain_is_taken() -> None:
    batch = [each._replace(battery_v=12.0) for each in rows(100)]
    with LoopbackServer(Keeper(lambda line: line.startswith("station,"), conflicting)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreUnavailable, match="100 rows"):
            store.write(batch, [])


def test_a_row_refused_with_both_of_its_lines_is_set_aside_once() -> None:
    batch = [row(battery_v=12.0), *rows(20)]
    keeper = Keeper(lambda line: "station=HTB01 " in line and "1784109900000000000" in line, unparsable)
    with LoopbackServer(keeper) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreRejected) as caught:
            store.write([row(battery_v=12.0), *(each for each in batch if each.station != "HTB01")], [])

    (refused,) = caught.value.refused
    assert refused.item == row(battery_v=12.0)
    assert refused.reason.count("unable to parse") == 2


def test_a_few_rows_of_the_same_fault_do_not_make_the_store_ill() -> None:
    batch = with_bad(rows(3), 0, 1, 2)
    with LoopbackServer(Keeper(is_bad, unparsable)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreRejected) as caught:
            store.write(batch, [])

    assert len(caught.value.refused) == 3


def test_a_server_that_refuses_even_nothing_refuses_no_row() -> None:
    with LoopbackServer(lambda _: Reply(400, "go away")) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreUnavailable, match="write of nothing"):
            store.write([row()], [])


def test_rows_older_than_the_retention_are_refused_and_do_not_stop_the_store() -> None:
    batch = with_bad(rows(1_000), *range(1_000))
    with LoopbackServer(Keeper(is_bad, too_old)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreRejected) as caught:
            store.write(batch, [])

    assert len(caught.value.refused) == 1_000
    assert len(server.requests) <= 2


def test_a_server_that_breaks_on_everything_is_ill_and_is_left_in_peace_soon() -> None:
    with LoopbackServer(Keeper(lambda _: True, internal)) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreUnavailable):
            store.write(rows(100_000), [])
        asked = len(server.requests)
        with pytest.raises(StoreUnavailable, match="takes nothing"):
            store.write([row()], [])

    assert asked <= FRUITLESS_MAX


def test_a_moment_of_weakness_costs_no_row() -> None:
    """Goal: a 500 that goes away refuses nothing. Method: one row breaks the server, until it has been asked thrice."""
    batch = with_bad(rows(3), 1)
    alone = 0

    def breaks(line: str) -> bool:
        return is_bad(line) and alone < 2

    keeper = Keeper(breaks, internal)

    def respond(request: Request) -> Reply:
        nonlocal alone
        reply = keeper(request)
        alone += len(request.lines) == 1 and is_bad(request.lines[0])
        return reply

    with LoopbackServer(respond) as server:
        store = InfluxStore(settings_for(server.url), {})
        with pytest.raises(StoreRejected):
            store.write(batch, [])

        alone = 1
        store.write(batch, [])

    assert len(keeper.kept) == 3


def test_more_faults_than_one_attempt_may_look_for_are_found_in_the_next() -> None:
    """Goal: no batch is without an end. Method: 120 bad lines among 2,000, as many attempts as it takes."""
    batch = with_bad(rows(2_000), *range(0, 2_000, 17))
    keeper = Keeper(is_bad, unparsable)
    attempts = 0
    refused: list[object] = []
    with LoopbackServer(keeper) as server:
        store = InfluxStore(settings_for(server.url), {})
        while not refused:
            attempts += 1
            asked = len(server.requests)
            try:
                store.write(batch, [])
            except StoreUnavailable:
                assert len(server.requests) - asked <= REQUESTS_MAX
                assert attempts < 10
            except StoreRejected as error:
                refused = [each.item for each in error.refused]

        (bucket,) = store._buckets._by_name.values()
        bad_no_more = bucket._refused_before

    assert attempts > 1
    assert set(refused) == set(batch[::17])
    assert keeper.kept == good_lines(batch)
    assert not bad_no_more


def test_what_a_search_found_before_an_outage_is_looked_for_again_after_it() -> None:
    """Goal: a fault mended in an outage costs no row. Method: one of two is found, then 503, then all is well."""
    batch = with_bad(rows(4), 0, 3)
    keeper = Keeper(lambda line: is_bad(line) and len(server.requests) <= 5, unparsable)

    def respond(request: Request) -> Reply:
        return Reply(503) if len(server.requests) == 6 and request.method != "PEEK" else keeper(request)

    with LoopbackServer(respond) as server:
        store = InfluxStore(settings_for(server.url), {})

        with pytest.raises(StoreUnavailable):
            store.write(batch, [])
        asked = len(server.requests)
        store.write(batch, [])

    assert asked == 6
    assert len(keeper.kept) == 4
