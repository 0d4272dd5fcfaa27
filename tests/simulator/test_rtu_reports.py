"""When a logger reports rain, and what its readings and messages say."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest

from simulator.rtu import RtuSettings
from simulator.values import HOUR_MS, MINUTE_MS, NEVER, SECOND_MS
from tests.simulator.rtu_bench import SITE, START, Bench, ms


def test_a_timed_report_comes_at_each_multiple_of_the_interval_without_rain_too() -> None:
    bench = Bench(start_at=START + 90 * SECOND_MS)

    bench.run(START + 17 * MINUTE_MS)

    assert bench.minutes() == [1.5, 5.0, 10.0, 15.0]
    assert [reading.made_at for reading in bench.readings][1:] == [START + n * MINUTE_MS for n in (5, 10, 15)]
    assert {reading.kind for reading in bench.readings} == {"timed"}


def test_long_intervals_are_counted_from_eight_in_the_morning() -> None:
    bench = Bench(site=dataclasses.replace(SITE, report_every_s=6 * 3600))

    bench.run(START + 24 * HOUR_MS)

    assert [reading.observed_s * 1000 for reading in bench.readings[1:]] == [
        ms("2026-07-15 20:00"),
        ms("2026-07-16 02:00"),
        ms("2026-07-16 08:00"),
        ms("2026-07-16 14:00"),
    ]


def test_the_first_reading_is_made_before_any_rain() -> None:
    bench = Bench(RtuSettings(first_count=40213))

    assert [(one.event, one.at) for one in bench.happenings] == [("reading", START), ("message", START)]
    assert bench.counts() == [40213]
    assert bench.readings[0].counted == 0


def test_a_start_on_the_interval_makes_one_reading() -> None:
    bench = Bench()

    bench.run(START + 5 * MINUTE_MS)

    assert bench.minutes() == [0.0, 5.0]


def test_rain_up_to_the_second_of_a_reading_is_in_it() -> None:
    bench, edge = Bench(), START + 5 * MINUTE_MS

    bench.run(START + 10 * MINUTE_MS, [edge - 1, edge, edge + 1])

    assert bench.counts() == [0, 2, 3]
    assert [reading.counted for reading in bench.readings] == [0, 2, 3]


def test_the_fourth_tip_since_the_last_report_calls_an_event_report_at_the_next_second() -> None:
    bench = Bench()
    tips = [START + n * SECOND_MS + 300 for n in (10, 20, 30, 40, 50)]

    bench.run(START + MINUTE_MS, tips)

    assert [(one.kind, one.count, one.observed_s * 1000 - START) for one in bench.readings[1:]] == [
        ("event", 4, 41 * SECOND_MS)
    ]


def test_tips_before_a_timed_report_do_not_call_an_event_report_after_it() -> None:
    bench = Bench()
    tips = [START + 4 * MINUTE_MS + n for n in (1, 2, 3)] + [START + 6 * MINUTE_MS + n for n in (1, 2, 3)]

    bench.run(START + 9 * MINUTE_MS, tips)

    assert [reading.kind for reading in bench.readings] == ["timed", "timed"]


def test_rain_that_goes_on_calls_an_event_report_at_each_fourth_tip() -> None:
    bench = Bench()

    bench.run(START + 3 * MINUTE_MS, [START + n * 10_000 for n in range(1, 18)])

    assert [reading.count for reading in bench.readings if reading.kind == "event"] == [4, 8, 12, 16]


def test_event_reports_keep_the_least_gap_and_lose_no_rain() -> None:
    bench = Bench(RtuSettings(event_tips=1, event_gap_s=60))

    bench.run(START + 4 * MINUTE_MS, [START + n * 7_000 for n in range(1, 30)])

    gaps = [later - before for before, later in pairwise(bench.minutes())]
    assert min(gaps) == 1.0
    assert len(bench.readings) == 5
    assert bench.counts() == [0, 8, 17, 25, 29]


def test_a_report_in_time_answers_an_event_that_waits_for_its_gap() -> None:
    bench = Bench(RtuSettings(event_tips=1, event_gap_s=280))
    event_at = START + 4 * MINUTE_MS + 40_000

    bench.run(START + 9 * MINUTE_MS, [event_at, event_at + 5_000])

    assert [(one.kind, one.count) for one in bench.readings] == [
        ("timed", 0),
        ("event", 1),
        ("timed", 2),
    ]


def test_a_timed_and_an_event_report_in_one_second_are_one_reading() -> None:
    bench, edge = Bench(RtuSettings(event_tips=1)), START + 5 * MINUTE_MS

    bench.run(edge + MINUTE_MS, [edge - 400])

    assert [(one.kind, one.count) for one in bench.readings] == [("timed", 0), ("timed", 1)]
    assert len(bench.messages) == 2


def test_no_number_of_tips_calls_a_logger_without_event_reports() -> None:
    bench = Bench(RtuSettings(event_tips=0))

    bench.run(START + 4 * MINUTE_MS, [START + n * 1_000 for n in range(1, 200)])

    assert len(bench.readings) == 1


def test_each_reading_leaves_in_a_message_of_its_own() -> None:
    bench = Bench(RtuSettings(first_seq=7))

    bench.run(START + 15 * MINUTE_MS, [START + n for n in range(1, 5)])

    assert [message.readings for message in bench.messages] == [(reading,) for reading in bench.readings]
    assert [message.seq for message in bench.messages] == [7, 8, 9, 10, 11]
    assert [message.number for message in bench.messages] == [1, 2, 3, 4, 5]
    assert [message.kind for message in bench.messages] == ["timed", "event", "timed", "timed", "timed"]
    assert {message.boot for message in bench.messages} == {3}
    assert all(message.sent_s == message.readings[0].observed_s for message in bench.messages)
    assert len(bench.rtu.memory) == 5


def test_message_numbers_go_on_at_zero_after_the_last() -> None:
    bench = Bench(RtuSettings(first_seq=2**32 - 1))

    bench.run(START + 5 * MINUTE_MS)

    assert [message.seq for message in bench.messages] == [2**32 - 1, 0]


@pytest.mark.parametrize(("modulus", "counts"), [(100, [98, 3]), (0, [98, 103])])
def test_the_count_is_zero_again_at_its_modulus(modulus: int, counts: list[int]) -> None:
    bench = Bench(RtuSettings(first_count=98, event_tips=5), site=dataclasses.replace(SITE, counter_modulus=modulus))

    bench.run(START + MINUTE_MS, [START + n for n in range(1, 6)])

    assert bench.counts() == counts
    assert bench.readings[-1].counted == 5


def test_the_hourly_report_repeats_the_timed_readings_of_the_hour() -> None:
    bench = Bench(RtuSettings(hourly=True))

    bench.run(START + 2 * HOUR_MS, [START + 30 * MINUTE_MS + n for n in range(1, 5)])

    hourly = [message for message in bench.messages if message.kind == "hourly"]
    timed = [reading for reading in bench.readings[1:] if reading.kind == "timed"]
    assert [message.readings for message in hourly] == [tuple(timed[:12]), tuple(timed[12:])]
    assert [message.sent_s * 1000 for message in hourly] == [START + HOUR_MS, START + 2 * HOUR_MS]
    assert [message.seq for message in bench.messages] == list(range(len(bench.messages)))
    assert len(bench.messages) == len(bench.readings) + 2


def test_an_hourly_report_has_one_reading_of_each_five_minutes() -> None:
    bench = Bench(RtuSettings(hourly=True), site=dataclasses.replace(SITE, report_every_s=60))

    bench.run(START + HOUR_MS)

    (hourly,) = [message for message in bench.messages if message.kind == "hourly"]
    assert [reading.observed_s * 1000 - START for reading in hourly.readings] == [
        n * 5 * MINUTE_MS for n in range(1, 13)
    ]


def test_there_is_no_hourly_report_unless_it_is_asked_for() -> None:
    bench = Bench()

    bench.run(START + 2 * HOUR_MS)

    assert len(bench.messages) == len(bench.readings) == 25


def test_an_event_waits_for_its_gap_beyond_a_full_hour_without_a_reading() -> None:
    site = dataclasses.replace(SITE, report_every_s=7 * 3600)
    bench = Bench(RtuSettings(hourly=True, event_tips=1, event_gap_s=90 * 60), site=site)

    bench.run(START + 100 * MINUTE_MS, [START + MINUTE_MS])

    assert [(one.kind, one.count, one.made_at - START) for one in bench.readings[1:]] == [("event", 1, 90 * MINUTE_MS)]
    assert len(bench.messages) == 2


def test_a_firmware_that_packs_lets_readings_share_a_message_while_others_wait() -> None:
    bench = Bench(RtuSettings(packs=True))

    bench.run(START + 100 * MINUTE_MS)
    made = [len(message.readings) for message in bench.messages]
    bench.acknowledge_all()
    bench.run(START + 105 * MINUTE_MS)

    assert made == [1, 1, 12]
    assert [len(message.readings) for message in bench.messages] == [1, 1, 12, 8]
    assert [one for message in bench.messages for one in message.readings] == bench.readings


def test_a_firmware_that_packs_sends_a_reading_at_once_while_the_link_is_good() -> None:
    bench = Bench(RtuSettings(packs=True))

    for minutes in range(5, 65, 5):
        bench.run(START + minutes * MINUTE_MS)
        bench.acknowledge_all()

    assert [len(message.readings) for message in bench.messages] == [1] * 13


def test_the_count_goes_to_zero_at_new_year_and_loses_no_rain() -> None:
    bench = Bench(RtuSettings(first_count=200, yearly_reset=True), start_at=ms("2026-12-31 08:00"))
    new_year = ms("2027-01-01 08:00")

    bench.run(new_year + 5 * MINUTE_MS, [new_year - 1, new_year, new_year + 1])

    assert bench.counts()[-3:] == [200, 202, 1]
    assert bench.readings[-1].counted == 3
    assert bench.facts("count_reset") == [{"counted_lost": 0}]
    assert bench.facts("restart") == []


def test_new_year_makes_a_reading_where_none_was_due() -> None:
    site = dataclasses.replace(SITE, report_every_s=7 * 3600)
    bench = Bench(RtuSettings(yearly_reset=True), site=site, start_at=ms("2027-01-01 07:59"))
    new_year = ms("2027-01-01 08:00")

    bench.run(new_year + MINUTE_MS, [new_year - 500])

    assert [(one.observed_s * 1000, one.count) for one in bench.readings[1:]] == [(new_year, 1)]


def test_a_count_that_has_no_yearly_reset_goes_on() -> None:
    bench = Bench(RtuSettings(first_count=200), start_at=ms("2026-12-31 08:00"))

    bench.run(ms("2027-01-01 08:05"))

    assert set(bench.counts()) == {200}
    assert bench.facts("count_reset") == []


def test_the_closing_reading_has_all_the_rain_and_nothing_follows_it() -> None:
    bench = Bench(RtuSettings(event_tips=5))
    bench.run(START + 7 * MINUTE_MS, [START + 6 * MINUTE_MS + n for n in range(4)])

    bench.met(bench.rtu.close(START + 7 * MINUTE_MS))

    assert bench.readings[-1].count == bench.readings[-1].counted == 4
    assert (bench.readings[-1].kind, bench.minutes()[-1]) == ("timed", 7.0)
    assert bench.messages[-1].readings == (bench.readings[-1],)
    assert bench.rtu.next_at() == NEVER


def test_the_closing_reading_replaces_a_timed_one_that_is_due_just_then() -> None:
    bench = Bench()
    bench.run(START + 5 * MINUTE_MS - 1)

    bench.met(bench.rtu.close(START + 5 * MINUTE_MS))

    assert bench.minutes() == [0.0, 5.0]


def test_the_closing_message_takes_the_readings_that_still_waited() -> None:
    bench = Bench(RtuSettings(packs=True))
    bench.run(START + 30 * MINUTE_MS)

    bench.met(bench.rtu.close(START + 31 * MINUTE_MS))

    assert [one for message in bench.messages for one in message.readings] == bench.readings
    assert len(bench.messages) == 3
