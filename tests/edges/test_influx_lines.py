"""What is written for a row and for an alert event, to the letter."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from math import inf, nan

import pytest

from gauge_ingest.core.calibration import TipLoss
from gauge_ingest.core.model import AlertEvent, Deployment, EventKind, Evidence, Kind, Row, Step
from gauge_ingest.stores.flux import increments_query, stored_increments
from gauge_ingest.stores.influx import InfluxStore
from gauge_ingest.stores.lines import LineProtocol
from tests.edges.influx_server import AT, row, settings_for, station
from tests.edges.test_influx_loopback import LoopbackServer, Reply

VOID = row(step=int(Step.VOID), counter=115, tips=9, tips_min=9, tips_max=9, flag=1)
RAIN = (
    "rain,station=HTB01 tips=3i,tips_min=3i,tips_max=3i,rain_mm=1.5,count=40213i,quality=1i,step=1i,span_s=300.0 "
    "1784109900000000000"
)
NO_RAIN = (
    "rain,station=HTB01 tips=0i,tips_min=0i,tips_max=0i,rain_mm=0.0,count=115i,quality=9i,step=6i,span_s=300.0 "
    "1784109900000000000"
)
EVENT = AlertEvent(
    id=12,
    alert_id=5,
    rule="burst",
    scope="石门 1",
    kind=EventKind.RAISED,
    level="warning",
    rained_at=AT,
    known_at=AT + 4_000,
    at=AT + 4_100,
    late=False,
    unconfirmed=True,
    sent=True,
    evidence=Evidence(3_600, AT - 3_600_000, AT, 30.5, 31.0, 30.0, 0.9),
    reason='31 mm "in" 1 h\\\nrain,station=HTB01 tips=9i 1',
)


def texts(rows: Sequence[Row], events: Sequence[AlertEvent] = ()) -> list[str]:
    return [line for line, _ in LineProtocol({"HTB01": station()}).lines(rows, events)]


def test_a_reading_is_one_point_at_the_end_of_its_interval() -> None:
    assert texts([row()]) == [RAIN]


def test_every_field_of_the_state_of_a_station_that_is_known_is_written_and_no_other() -> None:
    assert texts([row(battery_v=12.6, signal_dbm=-87.0, temperature_c=11.5, door_open=False)]) == [
        RAIN,
        "station,station=HTB01 battery_v=12.6,signal_dbm=-87.0,temperature_c=11.5,door_open=false 1784109900000000000",
    ]
    assert texts([row(door_open=True)])[1] == "station,station=HTB01 door_open=true 1784109900000000000"
    assert texts([row(battery_v=0.0)])[1] == "station,station=HTB01 battery_v=0.0 1784109900000000000"


@pytest.mark.parametrize("nothing", [nan, inf, -inf])
def test_what_is_no_number_is_left_away(nothing: float) -> None:
    lines = texts([row(battery_v=nothing, signal_dbm=nothing, temperature_c=nothing)])
    written = texts([row(battery_v=nothing, temperature_c=1.5)])
    endless = station("HTB01", Deployment(0, nothing, 0, 1, 1, 1))

    assert lines == [RAIN]
    assert written[1] == "station,station=HTB01 temperature_c=1.5 1784109900000000000"
    ((line, _),) = LineProtocol({"HTB01": endless}).lines([row()], [])
    assert line == RAIN.replace(",rain_mm=1.5", "")
    assert "threshold_mm" not in texts([], [replace(EVENT, evidence=Evidence(1, 0, 1, 1.0, 1.0, nothing, 1.0))])[0]


def test_rain_of_a_station_that_is_not_configured_is_written_in_tips() -> None:
    ((line, _),) = LineProtocol({}).lines([row()], [])
    ((dry, _),) = LineProtocol({}).lines([row(tips=0)], [])

    assert line == RAIN.replace(",rain_mm=1.5", "")
    assert "rain_mm=0.0" in dry


def test_millimetres_follow_the_bucket_that_stood_at_the_end_of_the_interval() -> None:
    old, new = Deployment(0, 0.5, 0, 1, 1, 1), Deployment(AT, 0.2, 0, 1, 1, 1)
    protocol = LineProtocol({"HTB01": station("HTB01", old, new)})

    lines = [line for line, _ in protocol.lines([row(), row(observed_at=AT + 1)], [])]

    assert "rain_mm=1.5," in lines[0]
    assert "rain_mm=0.6," in lines[1]


def test_rain_that_fell_is_written_beside_rain_that_was_counted_where_a_gauge_is_calibrated() -> None:
    plain = Deployment(0, 0.5, 0, 1, 1, 1)
    loses = replace(plain, since=AT, calibration=TipLoss(0.45))
    protocol = LineProtocol({"HTB01": station("HTB01", plain, loses), "HTB02": station("HTB02", plain)})
    counted = row(tips=40, tips_max=40)

    lines = [
        line.partition("=")[2]
        for line, _ in protocol.lines([counted, counted._replace(observed_at=AT + 1, since=AT - 299_999)], [])
    ]
    said = protocol.lines([counted._replace(observed_at=AT + 1, since=AT - 299_999, step=Step.CORRECTED)], [])
    other = protocol.lines([counted._replace(station="HTB02")], [])

    assert "rain_mm=20.0,corrected_mm=20.0," in lines[0]
    assert "rain_mm=20.0,corrected_mm=21.277," in lines[1]
    assert "rain_mm=20.0,corrected_mm=20.0," in said[0][0]  # by a person: no calibration adds to it
    assert "corrected" not in other[0][0]


def test_rain_that_turns_out_void_is_written_over_in_both_depths() -> None:
    loses = Deployment(0, 0.5, 0, 1, 1, 1, TipLoss(0.45))
    protocol = LineProtocol({"HTB01": station("HTB01", loses)})

    (wet, _), (void, _), (dry, _), (perhaps, _) = (
        protocol.lines([one], [])[0] for one in (row(), VOID, row(tips=0, tips_min=0, tips_max=0), row(tips=0))
    )

    fields = [set(re.findall(r"(\w+)=", line)) for line in (wet, void, dry, perhaps)]
    assert fields == [fields[0]] * 4
    assert "corrected_mm" in fields[0]
    assert all("rain_mm=0.0,corrected_mm=0.0," in line for line in (void, dry, perhaps))


def test_a_test_of_the_gauge_is_never_written() -> None:
    test = row(kind=int(Kind.TEST), battery_v=12.0)

    assert texts([test]) == []
    assert texts([test._replace(step=int(Step.VOID))]) == []
    assert texts([test._replace(step=int(Step.VOID)), row()]) == [RAIN]


def test_a_void_row_is_written_with_every_field_no_tips_and_flag_9() -> None:
    assert texts([VOID]) == [NO_RAIN]


def test_of_several_counts_for_one_time_only_the_standing_one_is_written_in_any_order() -> None:
    claimed = [row(), VOID, VOID._replace(counter=7, battery_v=11.0), row(kind=int(Kind.TEST), counter=9)]

    for order in permutations(claimed):
        assert texts(order) == [RAIN]


def test_of_several_void_counts_for_one_time_one_is_written_the_same_in_any_order() -> None:
    claimed = [VOID, VOID._replace(counter=7), VOID._replace(counter=114)]

    for order in permutations(claimed):
        assert texts(order) == [NO_RAIN]


def test_a_void_count_gives_way_to_its_own_station_and_time_only() -> None:
    others = [VOID._replace(observed_at=AT + 1), VOID._replace(station="HTB02")]

    assert len(texts([row(), *others])) == 3


def test_an_alert_event_is_one_point_that_cannot_break_out_of_its_line() -> None:
    (line,) = texts([], [EVENT])

    assert line == (
        "alert,rule=burst,scope=石门\\ 1 "
        'alert_id=5i,event_id=12i,kind="raised",level="warning",late=false,unconfirmed=true,'
        'reason="31 mm \\"in\\" 1 h\\\\ rain,station=HTB01 tips=9i 1",known_at=1784109904000i,at=1784109904100i,'
        "window_s=3600i,rain_mm=30.5,rain_mm_max=31.0,threshold_mm=30.0 1784109900000000012"
    )
    assert "window_s" not in texts([], [replace(EVENT, evidence=None)])[0]
    assert '""' not in texts([], [replace(EVENT, level="", reason="")])[0]
    assert ',who="王伟",known_at=' in texts([], [replace(EVENT, who="王伟")])[0]


def test_two_events_of_one_alert_and_instant_are_two_points_within_its_millisecond() -> None:
    events = [EVENT, replace(EVENT, id=13), replace(EVENT, id=12 + 999_999), replace(EVENT, id=10_000_000)]

    stamps = [int(line.rsplit(" ", 1)[1]) for line in texts([], events)]

    assert len(set(stamps)) == 4
    assert {stamp // 1_000_000 for stamp in stamps} == {AT}
    assert texts([], [EVENT]) == texts([], [EVENT])


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("a b,c=d", "a\\ b\\,c\\=d"),
        ("a\\b", "a\\b"),
        ("a\\,b", "a\\\\,b"),
        ('"', '"'),
        ("HTB01 tips=1i 1\nrain,station=HTB02", "HTB01\\ tips\\=1i\\ 1\\ rain\\,station\\=HTB02"),
    ],
)
def test_the_name_of_a_station_cannot_break_out_of_its_tag(name: str, tag: str) -> None:
    lines = texts([row(station=name, door_open=True)])

    assert lines[0].startswith(f"rain,station={tag} tips=3i,")
    assert lines[1].startswith(f"station,station={tag} door_open=true")


def test_bytes_that_are_no_text_never_leave() -> None:
    with LoopbackServer(lambda _: Reply()) as server:
        store = InfluxStore(settings_for(server.url), {})

        store.write([row(station="HTB\udcff")], [replace(EVENT, reason="\ud800")])

    assert server.requests[0].lines[0].startswith("rain,station=HTB? tips")
    assert 'reason="?"' in server.requests[0].lines[1]


def test_each_line_knows_what_it_was_made_of() -> None:
    wet, dry = row(battery_v=12.0), row(observed_at=AT + 300_000)

    lines = LineProtocol({}).lines([wet, dry], [EVENT])

    assert [item for _, item in lines] == [wet, dry, wet, EVENT]


def test_a_query_covers_the_ends_of_intervals_after_since_up_to_and_with_until() -> None:
    query = increments_query("b", "s", since=AT, until=AT + 1)

    assert "range(start: time(v: 1784109900000000001), stop: time(v: 1784109900001000001))" in query


def test_names_cannot_break_out_of_a_query() -> None:
    query = increments_query('b"\\', '${r.station}"\n', since=0, until=1)

    assert 'from(bucket: "b\\"\\\\")' in query
    assert 'r.station == "\\${r.station}\\"\\n"' in query


def test_stored_increments_come_in_order_and_points_of_others_are_no_increments() -> None:
    answer = ",result,table,_time,_field,_value\r\n" + "".join(
        f",_result,0,{time},{field},{value}\r\n"
        for time in ("2026-07-15T10:05:00.5Z", "2026-07-15T10:00:00Z")
        for field, value in zip(
            ("tips", "tips_min", "tips_max", "span_s", "step", "quality"), (3, 2, 4, 300.5, 4, 3), strict=True
        )
    )
    foreign = "#group,false\r\n,result,table,_time,_field,_value\r\n,_result,1,2026-07-15T10:02:00Z,tips,7\r\n\r\n"

    found = stored_increments(answer + "\r\n" + foreign)

    assert found == [
        (AT - 600_500, AT - 300_000, 3, 2, 4, 4, 3),
        (AT - 300_000, AT + 500, 3, 2, 4, 4, 3),
    ]
