"""The modem: what is lost on the way is sent again, nothing is lost for good, and everything keeps its order."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from simulator.modem import AWAKE_MS
from simulator.values import DAY_MS, HOUR_MS, MINUTE_MS, NEVER, SECOND_MS, Air, Happening
from tests.simulator.yard import FIVE_MIN, STEADY, T0, Yard


def test_a_report_takes_the_time_of_waking_connecting_and_both_ways() -> None:
    yard = Yard(**STEADY)

    yard.report()
    yard.play(T0 + MINUTE_MS)

    # Awake at 2.0; there, back and there again 3.5; open at 4.0; transmitted at 4.1.
    assert yard.far.opened == [T0 + 3_500]
    assert yard.far.arrived == [(T0 + 4_600, 1)]
    assert yard.happenings == [
        Happening(T0 + 4_600, "HTB01", "publish", {"number": 1, "seq": 1}),
        Happening(T0 + 5_100, "HTB01", "puback", {"number": 1, "seq": 1}),
    ]
    assert len(yard.memory) == 0
    assert yard.modem.next_at() == NEVER


def test_only_a_modem_that_was_idle_has_to_wake_up() -> None:
    yard = Yard(**STEADY)
    yard.report()
    yard.play(T0 + 10_000)

    yard.report()  # transmitted at 10.1, heard of at 11.1
    yard.play(T0 + 11_000 + AWAKE_MS)
    yard.report()  # transmitted at 55.1, heard of at 56.1
    yard.play(T0 + 56_100 + AWAKE_MS)
    yard.report()  # transmitted at 102.2
    yard.play(yard.now + 1_000)
    yard.report()  # waits for that
    yard.play(yard.now + MINUTE_MS)

    assert yard.far.arrived[1:] == [(T0 + at, n) for n, at in enumerate((10_600, 55_600, 102_700, 102_800), 2)]
    assert len(yard.far.opened) == 1, "the connection stays"


def test_a_backlog_takes_as_long_as_its_bytes_do() -> None:
    yard = Yard(**STEADY | {"latency_median_s": 0.0})

    yard.report(messages=100)
    yard.play(T0 + MINUTE_MS)

    assert yard.far.arrived == [(T0 + 2_000 + 100 * number, number) for number in range(1, 101)]


def test_no_more_is_in_flight_than_the_window_allows() -> None:
    yard = Yard(**STEADY, in_flight_max=3)
    yard.far.acknowledges = False

    yard.report(messages=10)
    yard.play(T0 + 20_000)
    waiting = list(yard.far.numbers)
    yard.modem.acknowledged(2, yard.now)
    yard.play(yard.now + 2_000)

    assert waiting == [1, 2, 3]
    assert yard.far.numbers[3:] == [4]
    assert yard.memory.in_flight == 3


def test_nothing_overtakes_on_one_connection() -> None:
    """Goal: first in, first out, both ways. Method: latencies that differ by orders of magnitude, a full window."""
    yard = Yard(latency_sigma=2.0, ack_timeout_s=1e6)

    yard.report(messages=500)
    yard.play(T0 + DAY_MS)

    assert yard.far.numbers == list(range(1, 501))
    assert [number for _, number in yard.events("puback")] == yard.far.numbers
    gaps = sorted(at - before for (before, _), (at, _) in pairwise(yard.far.arrived))
    assert gaps[250] < 300 < 10_000 < gaps[-1]


def test_a_message_whose_acknowledgement_is_lost_arrives_twice() -> None:
    yard = Yard(**STEADY)
    yard.radio.hold_down(T0 + 4_800, T0 + MINUTE_MS)
    yard.radio.hold_down(T0 + 6_000, T0 + 50_000)  # makes it no worse

    yard.report()
    yard.play(T0 + FIVE_MIN)

    assert yard.far.numbers == [1, 1]
    assert [number for _, number in yard.events("puback")] == [1]
    assert yard.events("link") == [(T0 + 4_800, "down"), (T0 + MINUTE_MS, "up")]
    assert yard.far.cuts == [T0 + 4_800]


def test_a_message_that_is_lost_on_its_way_arrives_once_and_late() -> None:
    yard = Yard(**STEADY)
    yard.radio.hold_down(T0 + 4_300, T0 + MINUTE_MS)

    yard.report()
    yard.play(T0 + FIVE_MIN)

    assert yard.far.numbers == [1]
    assert yard.far.arrived[0][0] > T0 + MINUTE_MS


def test_half_open_the_station_waits_for_its_patience_to_end_and_sends_again() -> None:
    yard = Yard(**STEADY, retry_min_s=5.0, retry_max_s=5.0)
    yard.report()
    yard.play(T0 + 10_000)
    yard.radio.hold_down(T0 + 10_800, T0 + 70_000, half_open=True)

    yard.report(messages=2)  # the first arrives at 10.6, its acknowledgement would at 11.1; the second at 10.7
    yard.play(T0 + 10_900)
    arrived = list(yard.far.numbers)
    yard.play(T0 + FIVE_MIN)

    assert arrived == [1, 2, 3]
    # Patience ends 20 s after 10.1; 5 s later it tries in vain for 20 s, and so on; at 80.1 the link is well again.
    assert yard.far.cuts == [T0 + at for at in (30_100, 55_100, 80_100)]
    assert yard.far.numbers == [1, 2, 3, 2, 3]
    assert yard.far.arrived[3][0] == T0 + 85_100 + 1_500 + 500 + 600
    assert [number for _, number in yard.events("puback")] == [1, 2, 3]


def test_a_connection_that_was_half_open_is_not_revived_by_a_good_radio() -> None:
    yard = Yard(**STEADY)
    yard.report()
    yard.play(T0 + 10_000)
    yard.radio.hold_down(T0 + 10_000, T0 + 12_000, half_open=True)
    yard.play(T0 + MINUTE_MS)

    yard.report()
    yard.play(T0 + FIVE_MIN)

    assert yard.far.cuts == [T0 + MINUTE_MS + 2_100 + 20_000]
    assert yard.far.numbers == [1, 2]


def test_half_open_the_station_does_not_learn_that_its_broker_is_gone() -> None:
    yard = Yard(**STEADY)
    yard.report()
    yard.play(T0 + 10_000)
    yard.radio.hold_down(T0 + 10_000, T0 + FIVE_MIN, half_open=True)
    yard.report()
    yard.play(T0 + 11_000)

    yard.far.close(yard.now)
    yard.play(T0 + 2 * FIVE_MIN)

    assert yard.far.cuts[0] == T0 + 10_100 + 20_000
    assert yard.far.numbers == [1, 2]


def test_the_end_of_a_connection_at_the_broker_is_told_when_it_happens_although_the_station_does_not_hear() -> None:
    yard = Yard(**STEADY)
    yard.report()
    yard.play(T0 + 60_000)

    yard.far.close(T0 + 60_000)
    yard.radio.hold_down(T0 + 61_000, NEVER, half_open=True)
    yard.play(T0 + 120_000)
    yard.far.close(T0 + 120_000)
    yard.play(T0 + 180_000)

    told = [(one.at - T0, one.facts) for one in yard.happenings if one.event == "uplink_lost"]
    assert told == [(60_000, {"why": "closed"}), (120_000, {"why": "closed"})]


def test_nothing_reaches_a_broker_that_is_gone_from_a_station_that_does_not_hear() -> None:
    """Goal: a one-way connection ends at both ends. Method: acknowledgements lost by chance, then the broker goes."""
    for seed in range(100):
        yard = Yard(seed, **STEADY, loss_share=0.2)
        yard.report(messages=2)
        yard.play(T0 + 5_500)

        yard.far.close(yard.now)
        yard.report(messages=2)
        yard.play(T0 + HOUR_MS)

        assert list(dict.fromkeys(yard.far.numbers)) == [1, 2, 3, 4], f"seed {seed}"


def test_an_uplink_that_repeats_itself_does_not_make_the_station_wait_for_ever() -> None:
    yard = Yard(**STEADY)
    yard.far.acknowledges = False
    yard.report()
    yard.play(T0 + 5_000)

    yard.modem.opened(yard.now)
    yard.modem.acknowledged(17, yard.now)
    yard.play(T0 + MINUTE_MS)

    assert yard.far.cuts[0] == T0 + 4_100 + 20_000


def test_a_lost_packet_holds_up_what_comes_behind_it_until_all_is_sent_again() -> None:
    """Goal: TCP's order survives losses. Method: a tenth of all packets lost, each way."""
    yard = Yard(loss_share=0.1, in_flight_max=5)

    yard.report(messages=300)
    yard.play(T0 + 2 * DAY_MS)

    assert list(dict.fromkeys(yard.far.numbers)) == list(range(1, 301))
    assert len(yard.far.numbers) > 330
    assert len(yard.memory) == 0


def test_a_station_may_send_the_same_message_twice() -> None:
    yard = Yard(**STEADY, duplicate_share=1.0)

    yard.report(messages=3)
    yard.play(T0 + MINUTE_MS)

    assert yard.far.numbers == [1, 1, 2, 2, 3, 3]
    assert [number for _, number in yard.events("publish")] == yard.far.numbers
    assert [number for _, number in yard.events("puback")] == [1, 2, 3]


def test_pauses_between_tries_grow_up_to_the_longest() -> None:
    yard = Yard(**STEADY, retry_min_s=4.0, retry_max_s=60.0)
    yard.far.accepts = False

    yard.report()
    yard.play(T0 + DAY_MS)

    assert yard.modem.trouble == "nobody listens"
    pauses_s = [(later - earlier) / 1000 - 1.5 for earlier, later in pairwise(yard.far.opened)]
    awake = [pause_s - 2.0 * (pause_s > AWAKE_MS / 1000) for pause_s in pauses_s]
    assert all(4.0 <= pause_s <= min(60.0, 4.0 * 2.0 ** min(n, 9)) for n, pause_s in enumerate(awake, 1))
    assert sum(awake[4:]) / len(awake[4:]) == pytest.approx(32.0, abs=2.0)


def test_after_its_repeats_a_station_leaves_until_the_next_report() -> None:
    """SL 651, M2: at most two repeats, then the station leaves (domain.md 1.6)."""
    yard = Yard(**STEADY, repeats_max=2, retry_min_s=5.0, retry_max_s=5.0, rest_s=3600.0)
    yard.far.acknowledges = False

    yard.report()
    yard.play(T0 + FIVE_MIN)
    first = list(yard.far.arrived)
    yard.report()
    yard.play(T0 + 2 * FIVE_MIN)
    second = yard.far.arrived[3:]
    yard.far.acknowledges = True
    yard.play(T0 + 2 * HOUR_MS)

    assert [number for _, number in first] == [1, 1, 1]
    assert first[-1][0] < T0 + 90_000
    assert [number for _, number in second] == [1, 2, 1, 2, 1, 2]
    assert yard.far.numbers[9:] == [1, 2], "without a report it comes again after its rest"
    assert yard.far.opened[-1] >= second[-1][0] + 3600 * SECOND_MS


def test_an_acknowledgement_is_waited_for_as_long_as_the_clock_asks() -> None:
    yard = Yard(**STEADY, patience_ms=MINUTE_MS)
    yard.far.acknowledges = False

    yard.report()
    yard.play(T0 + FIVE_MIN)

    assert yard.far.cuts[0] == T0 + 4_100 + MINUTE_MS


def test_without_power_nothing_is_sent_and_nothing_forgotten() -> None:
    yard = Yard(**STEADY)
    yard.far.acknowledges = False
    yard.report()
    yard.play(T0 + 10_000)
    yard.modem.on = False
    yard.report()
    yard.far.acknowledges = True
    yard.play(T0 + 40_000)
    while_off = list(yard.far.numbers)

    yard.modem.on = True
    yard.report()
    yard.play(T0 + HOUR_MS)

    assert yard.far.cuts == [T0 + 10_000]
    assert yard.far.opened[1:] == [T0 + 43_500], "it has to wake up"
    assert while_off == [1]
    assert yard.far.numbers == [1, 1, 2, 3]
    assert len(yard.memory) == 0


def test_a_broker_that_dies_gets_its_stations_back_one_after_the_other() -> None:
    """Goal: no stampede. Method: 50 stations lose their broker in one millisecond and find it again after an hour."""
    yards = [Yard(seed) for seed in range(50)]
    for yard in yards:
        yard.report()
        yard.play(T0 + MINUTE_MS)
        yard.far.accepts = False
        yard.far.close(yard.now)
        yard.play(T0 + HOUR_MS)
        yard.far.opened.clear()
        yard.far.accepts = True
        yard.report()
        yard.play(T0 + 2 * HOUR_MS)

    back = sorted(yard.far.opened[0] for yard in yards)
    assert all(len(yard.far.opened) == 1 and yard.far.numbers == [1, 2] for yard in yards)
    assert back[-1] - back[0] > MINUTE_MS
    assert back[-1] - T0 - HOUR_MS < 150 * SECOND_MS
    assert max(Counter(at // SECOND_MS for at in back).values()) <= 5


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_link_does_nothing_is_lost_and_first_arrivals_keep_their_order(seed: int) -> None:
    random = Random(seed)
    yard = Yard(
        seed,
        air=Air(rain_mm=random.choice([0.0, 0.4, 1.5])),
        good_min=random.uniform(2.0, 60.0),
        bad_min=random.uniform(0.2, 30.0),
        half_open_share=random.random(),
        rain_fails_at_mm_per_h=20.0,
        loss_share=random.choice([0.0, 0.02, 0.1]),
        duplicate_share=random.choice([0.0, 0.2]),
        in_flight_max=random.choice([1, 3, 20]),
        repeats_max=random.choice([None, 0, 2]),
        bytes_per_s=random.choice([20.0, 1000.0]),
        latency_median_s=random.choice([0.0, 0.4, 3.0]),
        retry_min_s=random.choice([0.0001, 5.0]),
    )
    for _ in range(random.randrange(20, 200)):
        yard.play(yard.now + random.randrange(1, FIVE_MIN))
        yard.far.accepts = random.random() < 0.8
        yard.far.acknowledges = random.random() < 0.8
        yard.modem.on = random.random() < 0.9
        if random.random() < 0.1:
            yard.far.close(yard.now)
        yard.report(random.choice([0, 1, 1, 5]))

    yard.radio.heal()
    yard.far.accepts = yard.far.acknowledges = yard.modem.on = True
    yard.report()
    yard.play(yard.now + 3 * DAY_MS)

    assert len(yard.memory) == 0, f"seed {seed}"
    assert list(dict.fromkeys(yard.far.numbers)) == list(range(1, yard.made + 1))
    assert [number for _, number in yard.events("publish")] == yard.far.numbers
    assert sorted(number for _, number in yard.events("puback")) == list(range(1, yard.made + 1))
    assert all(one.at <= other.at for one, other in pairwise(yard.happenings))


def test_the_same_seed_gives_the_same_transmissions_everywhere() -> None:
    """Goal: byte for byte the same on every machine and Python. Method: a digest, computed once and for all."""
    yard = Yard(17, good_min=60.0, bad_min=9.0, half_open_share=0.3, loss_share=0.02, duplicate_share=0.05)

    for _ in range(3 * 288):
        yard.report()
        yard.play(yard.now + FIVE_MIN)

    text = "\n".join(f"{h.at} {h.event} {sorted(h.facts.items())}" for h in yard.happenings)
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert len(yard.far.numbers) > len(set(yard.far.numbers)) > 800
    assert digest == "d2b0c37804a4092c73751f79fc45f63231d7ff04471d1a5cd0fe80c07ad06120"
