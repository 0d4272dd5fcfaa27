"""The same store in front of a real InfluxDB 2."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr

from gauge_ingest.core.model import Row, Step
from gauge_ingest.stores import StoreRejected, StoreUnavailable
from gauge_ingest.stores.influx import InfluxHistory, InfluxSettings, InfluxStore
from gauge_ingest.stores.influx.history import PAGE_MS
from tests.edges.influx_server import AT, InfluxServer, real_influxdb, row, rows, running_influxd, settings_for, station
from tests.edges.test_influx_lines import EVENT, VOID

DAY_BEGINS = 1_784_073_600_000  # 2026-07-15T08:00:00+08:00


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    folder: Path = tmp_path_factory.mktemp("influx")
    with real_influxdb(folder) as server:
        yield server


@pytest.fixture
def bucket(influx: InfluxServer) -> Iterator[str]:
    with influx.bucket() as name:
        yield name


def settings(influx: InfluxServer, bucket: str, **changes: object) -> InfluxSettings:
    plain = {"org": influx.org, "bucket": bucket, "token": SecretStr(influx.token), "timeout_s": 20.0}
    return settings_for(influx.url, **{**plain, **changes})


def stored(influx: InfluxServer, bucket: str) -> set[tuple[str, str]]:
    return {(point["station"], point["count"]) for point in influx.points(bucket, "rain")}


def test_a_row_is_one_point_with_every_field(influx: InfluxServer, bucket: str) -> None:
    store = InfluxStore(settings(influx, bucket), {"HTB01": station()})
    store.prepare()

    store.write([row(battery_v=12.6, door_open=True)], [])

    fields = {"tips": "3", "tips_min": "3", "tips_max": "3", "rain_mm": "1.5", "count": "40213", "quality": "1"}
    at = {"_time": "2026-07-15T10:05:00Z", "station": "HTB01"}
    assert influx.points(bucket, "rain") == [{**at, **fields, "step": "1", "span_s": "300"}]
    assert influx.points(bucket, "station") == [{**at, "battery_v": "12.6", "door_open": "true"}]


def test_the_same_rows_and_events_again_change_nothing(influx: InfluxServer, bucket: str) -> None:
    store = InfluxStore(settings(influx, bucket), {})
    batch, events = rows(50), [EVENT, replace(EVENT, id=13)]
    store.write(batch, events)
    once = [influx.points(bucket, name) for name in ("rain", "alert")]

    store.write(batch[::-1], events[::-1])

    assert [influx.points(bucket, name) for name in ("rain", "alert")] == once
    assert [len(points) for points in once] == [50, 2]
    assert {point["event_id"] for point in once[1]} == {"12", "13"}
    assert once[1][0]["reason"] == '31 mm "in" 1 h\\ rain,station=HTB01 tips=9i 1'


def test_the_words_of_an_alert_event_are_answered_at_its_own_point(influx: InfluxServer, bucket: str) -> None:
    words = [("warning", "by hand", "王伟"), ("", "", ""), ("alarm", "rain", ""), ("", "", "li"), ("warning", "", "")]
    told = enumerate(words)
    events = [
        replace(EVENT, rained_at=AT + at, id=at, level=level, reason=why, who=who) for at, (level, why, who) in told
    ]

    InfluxStore(settings(influx, bucket), {}).write([], events)

    points = influx.points(bucket, "alert")
    assert [(point["level"], point["reason"], point["who"]) for point in points] == words


def test_a_correction_overwrites_and_a_void_row_leaves_no_rain(influx: InfluxServer, bucket: str) -> None:
    store = InfluxStore(settings(influx, bucket), {"HTB01": station()})
    store.write([row(), row(observed_at=AT + 300_000)], [])

    store.write([row(tips=1, tips_min=0, tips_max=2, flag=3)], [])
    store.write([row(observed_at=AT + 300_000, step=int(Step.VOID))], [])

    corrected, void = influx.points(bucket, "rain")
    assert (corrected["tips"], corrected["tips_min"], corrected["rain_mm"], corrected["quality"]) == (
        "1",
        "0",
        "0.5",
        "3",
    )
    assert (void["tips"], void["tips_max"], void["rain_mm"], void["quality"], void["step"]) == ("0", "0", "0", "9", "6")


def test_of_two_counts_for_one_time_the_standing_one_is_there(influx: InfluxServer, bucket: str) -> None:
    store = InfluxStore(settings(influx, bucket), {})

    store.write([VOID, row()], [])
    first = stored(influx, bucket)
    store.write([row(), VOID], [])

    assert first == stored(influx, bucket) == {("HTB01", "40213")}


@pytest.mark.parametrize("name", ["石门", "a b,c=d", 'a"b', "a\\b", "a\\,b", "${x}", "a'b"])
def test_the_name_of_a_station_comes_back_as_it_was(influx: InfluxServer, bucket: str, name: str) -> None:
    history = InfluxHistory(settings(influx, bucket))

    InfluxStore(settings(influx, bucket), {}).write([row(station=name), row(station="HTB99")], [])

    assert history.rows(name, since=AT - 1, until=AT) == [(AT - 300_000, AT, 3, 3, 3, 1, 1)]


def test_a_field_of_another_type_costs_that_row_only(influx: InfluxServer, bucket: str) -> None:
    """Goal: a 422 sets one row aside. Method: another week's points hold tips as floats, one row falls into it."""
    week = 7 * 86_400_000
    influx.write(bucket, f"rain,station=X tips=1.5 {AT - week}000000")
    batch = rows(300)
    batch[137] = batch[137]._replace(observed_at=AT - week, station="HTB77")
    store = InfluxStore(settings(influx, bucket), {})

    with pytest.raises(StoreRejected) as caught:
        store.write(batch, [])

    (refused,) = caught.value.refused
    assert refused.item == batch[137]
    assert "field type conflict" in refused.reason
    assert len(influx.points(bucket, "rain")) == 300  # the point of another type among them


def test_a_bucket_full_of_another_type_is_an_ill_store(influx: InfluxServer, bucket: str) -> None:
    influx.write(bucket, f"rain,station=X tips=1.5 {AT}000000")
    store = InfluxStore(settings(influx, bucket), {})

    with pytest.raises(StoreUnavailable, match="field type conflict"):
        store.write(rows(300), [])


def test_numbers_that_no_server_takes_cost_their_rows_only(influx: InfluxServer, bucket: str) -> None:
    batch = rows(1_000)
    batch[3] = batch[3]._replace(counter=2**63)
    batch[500] = batch[500]._replace(observed_at=99_999_999_999_999)
    batch[999] = batch[999]._replace(station="ends with \\")
    store = InfluxStore(settings(influx, bucket), {})

    with pytest.raises(StoreRejected) as caught:
        store.write(batch, [])

    assert {each.item for each in caught.value.refused} == {batch[3], batch[500], batch[999]}
    assert all("unable to parse" in each.reason for each in caught.value.refused)
    assert len(influx.points(bucket, "rain")) == 997


def test_rows_older_than_the_retention_are_set_aside_and_newer_ones_kept(influx: InfluxServer) -> None:
    with influx.bucket(retention_s=3_600) as bucket:
        store = InfluxStore(settings(influx, bucket), {})

        with pytest.raises(StoreRejected) as caught:
            store.write(rows(200, since=946_684_800_000), [])

    assert len(caught.value.refused) == 200
    assert "outside retention policy" in caught.value.refused[0].reason


def test_a_missing_bucket_is_made_with_its_retention(influx: InfluxServer) -> None:
    name = "made by prepare 石"
    influx.drop_bucket(name)
    store = InfluxStore(settings(influx, name, retention_days=400), {})

    store.prepare()
    store.prepare()

    (made,) = influx.buckets(name)
    influx.drop_bucket(name)
    assert made["retentionRules"][0]["everySeconds"] == 400 * 86_400


def test_a_wrong_token_is_said(influx: InfluxServer, bucket: str) -> None:
    wrong = settings(influx, bucket, token=SecretStr("wrong"))

    with pytest.raises(StoreUnavailable, match="token"):
        InfluxStore(wrong, {}).prepare()
    with pytest.raises(StoreUnavailable, match="token"):
        InfluxStore(wrong, {}).write([row()], [])
    with pytest.raises(StoreUnavailable, match="token"):
        InfluxHistory(wrong).rows("HTB01", since=AT - 1, until=AT)


def test_a_token_that_may_only_write_is_enough_to_write(influx: InfluxServer, bucket: str) -> None:
    writer = SecretStr(influx.bucket_token(bucket, "write"))
    store = InfluxStore(settings(influx, bucket, token=writer), {})

    store.prepare()
    store.write([row()], [])

    assert stored(influx, bucket) == {("HTB01", "40213")}
    with pytest.raises(StoreUnavailable, match="missing, or hidden from the token"):
        InfluxHistory(settings(influx, bucket, token=writer)).rows("HTB01", since=AT - 1, until=AT)


def test_a_token_of_another_bucket_cannot_make_one_and_says_so(influx: InfluxServer, bucket: str) -> None:
    writer = SecretStr(influx.bucket_token(bucket, "write"))

    with pytest.raises(StoreUnavailable, match=r"missing, or hidden from the token.*creating it failed too"):
        InfluxStore(settings(influx, "nowhere", token=writer), {}).prepare()
    with influx.bucket() as other, pytest.raises(StoreUnavailable, match=f"may not use bucket '{other}'"):
        InfluxStore(settings(influx, other, token=writer), {}).prepare()
    with pytest.raises(StoreUnavailable, match="missing, or hidden"):
        InfluxStore(settings(influx, bucket, org="nobody"), {}).prepare()


def test_gzip_is_understood(influx: InfluxServer, bucket: str) -> None:
    store = InfluxStore(settings(influx, bucket, gzip=True), {})
    store.prepare()

    store.write(rows(100), [])

    assert len(stored(influx, bucket)) == 100


def test_history_is_what_was_written_and_covers_since_to_until(influx: InfluxServer, bucket: str) -> None:
    """Goal: days are cut at exactly 08:00 Beijing time. Method: rain ends at, before and after the cut."""
    ends = [DAY_BEGINS - 300_000, DAY_BEGINS - 1, DAY_BEGINS, DAY_BEGINS + 1, DAY_BEGINS + 300_000]
    ends += [DAY_BEGINS + 86_400_000, DAY_BEGINS + 86_400_001]
    batch = [
        row(observed_at=until, since=since, tips=number, tips_min=number - 1, tips_max=number + 1, step=4, flag=3)
        for number, (since, until) in enumerate(pairwise([ends[0] - 123_457, *ends]), start=1)
    ]
    InfluxStore(settings(influx, bucket), {}).write(batch[::-1], [])
    history = InfluxHistory(settings(influx, bucket))

    day = history.rows("HTB01", since=DAY_BEGINS, until=DAY_BEGINS + 86_400_000)
    before = history.rows("HTB01", since=DAY_BEGINS - 86_400_000, until=DAY_BEGINS)

    wanted = [(each.since, each.observed_at, each.tips, each.tips_min, each.tips_max, 4, 3) for each in batch]
    assert before == wanted[:3]
    assert day == wanted[3:6]
    assert history.rows("HTB01", since=DAY_BEGINS, until=DAY_BEGINS) == []
    assert history.rows("HTB02", since=DAY_BEGINS - 86_400_000, until=DAY_BEGINS) == []


def test_no_increment_is_lost_or_doubled_between_two_pages_of_history(influx: InfluxServer, bucket: str) -> None:
    ends = [DAY_BEGINS + 1, *(DAY_BEGINS + PAGE_MS + shift for shift in (-1, 0, 1)), DAY_BEGINS + 2 * PAGE_MS]
    InfluxStore(settings(influx, bucket), {}).write([row(observed_at=end, since=end - 1) for end in ends], [])

    found = InfluxHistory(settings(influx, bucket)).rows("HTB01", since=DAY_BEGINS, until=DAY_BEGINS + 2 * PAGE_MS)

    assert [until for _, until, *_ in found] == ends


def test_a_store_killed_while_rows_are_written_keeps_what_it_took_and_takes_the_rest(tmp_path: Path) -> None:
    """Goal: 204 means kept. Method: kill -9 right after a 204, and again; offer again what was not taken."""
    batches = [rows(500, since=AT + number * 86_400_000) for number in range(6)]
    with running_influxd(tmp_path) as server:
        store = InfluxStore(settings(server, "rain"), {})
        for number, batch in enumerate(batches):
            if number % 2 == 1:
                server.kill()
                with pytest.raises(StoreUnavailable):
                    store.write(batch, [])
                server.start()
            store.write(batch, [])

        found = {(point["_time"], point["station"]) for point in server.points("rain", "rain")}
        assert len(found) == 3_000
        history = InfluxHistory(settings(server, "rain"))
        assert {each[1] for each in history.rows("HTB03", since=AT - 1, until=AT + 7 * 86_400_000)} == _ends(
            batches, "HTB03"
        )


def test_a_store_killed_in_the_middle_of_a_body_has_all_of_it_once_it_was_offered_again(tmp_path: Path) -> None:
    """Goal: half a body is no harm. Method: kill -9 while large bodies are on their way, until one has failed."""
    batch = rows(40_000, stations=400)
    with running_influxd(tmp_path) as server:
        store = InfluxStore(settings(server, "rain"), {})
        store.prepare()
        killer = threading.Timer(0.15, server.kill)
        killer.start()
        with pytest.raises(StoreUnavailable):
            _write_for_ever(store, batch)
        killer.join()
        server.start()

        for part in _parts(batch):
            store.write(part, [])

        assert len(server.points("rain", "rain")) == 40_000


def _parts(batch: list[Row]) -> list[list[Row]]:
    return [batch[first : first + 10_000] for first in range(0, len(batch), 10_000)]


def _write_for_ever(store: InfluxStore, batch: list[Row]) -> None:
    for part in cycle(_parts(batch)):
        store.write(part, [])


def _ends(batches: list[list[Row]], station_id: str) -> set[int]:
    return {each.observed_at for batch in batches for each in batch if each.station == station_id}
