"""What becomes of the rain when a logger restarts, is visited, or shows a count out of order."""

from __future__ import annotations

from simulator.rtu import MemorySettings, RtuSettings
from simulator.values import HOUR_MS, MINUTE_MS, SECOND_MS, Happening
from tests.simulator.rtu_bench import START, Bench

AT = START + 7 * MINUTE_MS


def rained(tips: int, *, before: int = AT) -> list[int]:
    return [before - 90 * SECOND_MS + n for n in range(tips)]


def visited(bench: Bench, *, as_test: bool, poured: int, minutes: int = 20) -> None:
    """Open the box at AT, pour so many tips, one each ten seconds, and close it."""
    bench.run(AT)
    bench.met(bench.rtu.visit_begins(AT, as_test=as_test))
    bench.run(AT + minutes * MINUTE_MS, [AT + n * 10 * SECOND_MS for n in range(1, poured + 1)])
    bench.met(bench.rtu.visit_ends(AT + minutes * MINUTE_MS))


def test_a_reboot_keeps_the_count_and_makes_a_base_line_at_the_next_second() -> None:
    bench = Bench(RtuSettings(first_count=100))
    bench.run(AT, rained(3))

    bench.met(bench.rtu.reboot(AT, loses_count=False, loses_memory=False))
    bench.run(AT + MINUTE_MS)

    assert bench.facts("restart") == [{"boot": 4, "loses_count": False, "counted_lost": 0}]
    assert bench.counts() == [100, 100, 103]
    assert [message.boot for message in bench.messages] == [3, 3, 4]
    assert [message.seq for message in bench.messages] == [0, 1, 2]
    assert (bench.readings[-1].kind, bench.readings[-1].made_at) == ("timed", AT + SECOND_MS)


def test_a_reboot_that_loses_the_count_tells_how_much_rain_is_gone_with_it() -> None:
    bench = Bench(RtuSettings(first_count=100))
    bench.run(AT, [START + 1, *rained(3)])

    bench.met(bench.rtu.reboot(AT, loses_count=True, loses_memory=False))
    bench.run(AT + 5 * MINUTE_MS, [AT + 400, AT + 30 * SECOND_MS])

    assert bench.facts("restart") == [{"boot": 4, "loses_count": True, "counted_lost": 3}]
    assert bench.counts() == [100, 101, 1, 2]
    assert [reading.counted for reading in bench.readings] == [0, 1, 5, 6]


def test_rain_of_a_reading_that_was_made_before_a_restart_is_not_lost() -> None:
    bench = Bench()
    edge = START + 5 * MINUTE_MS
    bench.run(edge - 1, [START + n for n in (1, 2, 3)])

    bench.met(bench.rtu.reboot(edge, loses_count=True, loses_memory=False))

    assert bench.facts("restart") == [{"boot": 4, "loses_count": True, "counted_lost": 0}]
    assert bench.counts() == [0, 3]


def test_after_a_restart_it_takes_four_tips_again_to_call_an_event_report() -> None:
    bench = Bench()
    bench.run(AT, rained(3))

    bench.met(bench.rtu.reboot(AT, loses_count=False, loses_memory=False))
    bench.run(AT + MINUTE_MS, [AT + 2 * SECOND_MS])

    assert [reading.kind for reading in bench.readings] == ["timed", "timed", "timed"]


def test_messages_number_from_zero_after_a_boot_where_that_is_set() -> None:
    bench = Bench(RtuSettings(first_seq=50, seq_restarts=True))
    bench.run(AT)

    bench.met(bench.rtu.reboot(AT, loses_count=True, loses_memory=False))
    bench.run(AT + MINUTE_MS)

    assert [(message.boot, message.seq) for message in bench.messages] == [(3, 50), (3, 51), (4, 0)]


def test_a_firmware_that_counts_no_boots_hides_the_restart() -> None:
    bench = Bench(RtuSettings(first_count=9, counts_boots=False))
    bench.run(AT)

    bench.met(bench.rtu.reboot(AT, loses_count=True, loses_memory=False))
    bench.run(AT + MINUTE_MS)

    assert [(message.boot, message.readings[0].count) for message in bench.messages] == [(3, 9), (3, 9), (3, 0)]


def test_readings_that_waited_to_be_packed_leave_under_the_boot_that_made_them() -> None:
    bench = Bench(RtuSettings(packs=True))
    at = START + 21 * MINUTE_MS
    bench.run(at)

    bench.met(bench.rtu.reboot(at, loses_count=True, loses_memory=False))

    assert [(message.boot, len(message.readings)) for message in bench.messages] == [(3, 1), (3, 1), (3, 3)]


def test_the_hourly_report_has_no_reading_of_the_boot_before() -> None:
    bench = Bench(RtuSettings(hourly=True))
    at = START + 31 * MINUTE_MS
    bench.run(at)

    bench.met(bench.rtu.reboot(at, loses_count=True, loses_memory=False))
    bench.run(START + HOUR_MS)

    assert [reading.observed_s * 1000 for reading in bench.messages[-1].readings] == [
        START + n * MINUTE_MS for n in (35, 40, 45, 50, 55, 60)
    ]


def test_the_water_of_a_test_is_not_in_later_counts() -> None:
    bench = Bench(RtuSettings(first_count=100))

    visited(bench, as_test=True, poured=10)
    bench.run(AT + 30 * MINUTE_MS, [AT + 25 * MINUTE_MS])

    tests = [reading for reading in bench.readings if reading.kind == "test"]
    assert tests[-1].count == 110
    assert all(reading.door_open for reading in tests)
    assert [(one.kind, one.count, one.counted, one.door_open) for one in bench.readings[-2:]] == [
        ("timed", 100, 0, False),
        ("timed", 101, 1, False),
    ]
    assert bench.facts("visit") == [{"begins": True, "as_test": True}, {"begins": False, "left_out": 10}]


def test_a_bad_firmware_brings_the_water_of_a_test_as_rain() -> None:
    bench = Bench(RtuSettings(test_tips_stay=True))

    visited(bench, as_test=True, poured=10)
    bench.run(AT + 30 * MINUTE_MS)

    assert (bench.readings[-1].kind, bench.readings[-1].count, bench.readings[-1].counted) == ("timed", 10, 10)
    assert bench.facts("visit")[-1] == {"begins": False, "left_out": 0}


def test_rain_during_maintenance_is_rain() -> None:
    bench = Bench()

    visited(bench, as_test=False, poured=3)
    bench.run(AT + 30 * MINUTE_MS)

    visit = [reading for reading in bench.readings if reading.door_open]
    assert {reading.kind for reading in visit} == {"maintenance"}
    assert bench.readings[-1].count == bench.readings[-1].counted == 3


def test_the_door_calls_a_reading_when_it_opens_and_when_it_is_closed() -> None:
    bench = Bench()

    visited(bench, as_test=False, poured=0, minutes=2)
    bench.run(AT + 2 * MINUTE_MS + 30 * SECOND_MS)

    assert [(one.made_at - AT, one.kind, one.door_open) for one in bench.readings[2:]] == [
        (SECOND_MS, "maintenance", True),
        (2 * MINUTE_MS + SECOND_MS, "event", False),
    ]


def test_nobody_who_leaves_calls_nothing() -> None:
    bench = Bench()

    bench.met(bench.rtu.visit_ends(START + MINUTE_MS))
    bench.run(START + 4 * MINUTE_MS)

    assert (len(bench.readings), bench.facts("visit")) == (1, [])


def test_a_door_without_a_switch_calls_nothing() -> None:
    bench = Bench(RtuSettings(door_reports=False))

    visited(bench, as_test=False, poured=0, minutes=2)
    bench.run(AT + 2 * MINUTE_MS + 30 * SECOND_MS)

    assert len(bench.readings) == 2


def test_a_timed_report_that_is_due_when_the_door_opens_is_no_test() -> None:
    bench = Bench()
    edge = START + 5 * MINUTE_MS
    bench.run(edge - 1, [edge - 2])

    bench.met(bench.rtu.visit_begins(edge, as_test=True))

    assert [(one.kind, one.count) for one in bench.readings] == [("timed", 0), ("timed", 1)]


def test_a_run_that_ends_during_a_test_closes_with_the_rain_alone() -> None:
    bench = Bench()
    bench.run(AT, rained(2))
    bench.met(bench.rtu.visit_begins(AT, as_test=True))
    bench.run(AT + MINUTE_MS, [AT + n for n in (2_000, 3_000, 4_000)])

    bench.met(bench.rtu.close(AT + MINUTE_MS))

    closing = bench.readings[-1]
    assert (closing.kind, closing.count, closing.counted, closing.door_open) == ("timed", 2, 2, False)


def test_who_comes_while_somebody_is_there_ends_the_test_before() -> None:
    bench = Bench()
    bench.met(bench.rtu.visit_begins(START, as_test=True))
    bench.run(AT, rained(2))

    bench.met(bench.rtu.visit_begins(AT, as_test=False))
    bench.run(AT + MINUTE_MS, [AT + 5_000])
    bench.met(bench.rtu.visit_ends(AT + MINUTE_MS))
    bench.met(bench.rtu.close(AT + MINUTE_MS))

    assert [one.get("left_out") for one in bench.facts("visit")] == [None, 2, None, 0]
    assert bench.readings[-1].count == bench.readings[-1].counted == 1


def test_a_corrupt_count_is_right_again_after_one_reading() -> None:
    bench = Bench(RtuSettings(first_count=115))
    bench.run(AT)

    bench.rtu.corrupt(AT, counts=(49,))
    bench.run(AT + 10 * MINUTE_MS, [AT + 1])

    assert bench.counts() == [115, 115, 49, 116]
    assert [reading.counted for reading in bench.readings] == [0, 0, 1, 1]


def test_rain_that_only_a_corrupt_reading_had_is_lost_with_the_count() -> None:
    bench = Bench(RtuSettings(first_count=115))
    bench.run(AT)
    bench.rtu.corrupt(AT, counts=(49, 50))
    bench.run(START + 12 * MINUTE_MS, [AT + 1, AT + 2])

    bench.met(bench.rtu.reboot(START + 12 * MINUTE_MS, loses_count=True, loses_memory=False))

    assert bench.facts("restart") == [{"boot": 4, "loses_count": True, "counted_lost": 2}]


def test_the_closing_reading_is_never_corrupt() -> None:
    bench = Bench()
    bench.rtu.corrupt(START, counts=(1, 2, 3))
    bench.run(AT)

    bench.met(bench.rtu.close(AT))

    assert bench.counts() == [0, 1, 0]


def test_nobody_reboots_a_logger_without_power() -> None:
    bench = Bench(RtuSettings(memory=MemorySettings(kind="ram")))
    bench.met(bench.rtu.cut_power(AT))

    happenings: list[Happening] = bench.rtu.reboot(AT + 1, loses_count=True, loses_memory=True)

    assert happenings == []
