"""The simulated world without any network: rain, tips, readings and messages of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from simulator.gauge import Gauge
from simulator.scenario import SCENARIOS, find_scenario
from simulator.sites import read_sites
from simulator.station import READINGS_MAX
from simulator.wire import Message, Reading
from simulator.world import Happening, RainMinute, Tip, World

Kind = TypeVar("Kind")
SITES = read_sites(Path(__file__).parents[2] / "config")
START = datetime.fromisoformat("2026-07-15T18:00:20+08:00")
MOUNTAIN, PLAIN = ("HTB01", "HTB02", "HTB03"), ("HTB04", "HTB05")


def _world(name: str, *, seed: int = 7, minutes: int | None = None) -> World:
    return World(find_scenario(name), SITES, seed=seed, start=START, minutes=minutes)


@cache
def _happenings(name: str, *, seed: int = 7) -> tuple[Happening, ...]:
    return tuple(_world(name, seed=seed).happenings())


def _of(kind: type[Kind], happenings: Iterable[Happening]) -> dict[str, list[Kind]]:
    found: dict[str, list[Kind]] = defaultdict(list)
    for happening in happenings:
        if isinstance(happening.what, kind):
            found[happening.station].append(happening.what)
    return found


def _most_mm(minutes: list[RainMinute], *, within_min: int) -> float:
    fell = [minute.fell_mm for minute in minutes]
    return max(sum(fell[first : first + within_min]) for first in range(len(fell)))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_millimetre_that_fell_is_a_tip_or_still_in_the_bucket(name: str) -> None:
    happenings = _happenings(name)

    rain, tips = _of(RainMinute, happenings), _of(Tip, happenings)
    for site in SITES:
        fell_mm = sum(minute.fell_mm for minute in rain[site.station])
        caught_mm = sum(minute.caught_mm for minute in rain[site.station])
        residue_mm = fell_mm - len(tips[site.station]) * site.bucket_depth_mm
        assert caught_mm == pytest.approx(fell_mm)
        assert -1e-9 <= residue_mm < site.bucket_depth_mm
        assert sum(minute.tips for minute in rain[site.station]) == len(tips[site.station])


def test_a_gauge_tips_when_the_water_reaches_the_brim_and_keeps_the_rest() -> None:
    gauge = Gauge(bucket_depth_mm=0.5, residue_mm=0.25)

    tips = gauge.collect(1.0, since_s=100.0, until_s=110.0)

    assert tips == pytest.approx([102.5, 107.5])
    assert gauge.residue_mm == pytest.approx(0.25)


def test_rain_that_misses_the_funnel_falls_and_is_not_caught() -> None:
    assert Gauge(bucket_depth_mm=0.5, undercatch_share=0.1).caught_mm(10.0) == pytest.approx(9.0)


def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    once, again = list(_world("outage").happenings()), list(_world("outage").happenings())
    other = list(_world("outage", seed=8).happenings())

    assert once == again
    assert _of(Tip, once) != _of(Tip, other)


@pytest.mark.parametrize("seed", range(50))
def test_the_default_storm_is_as_strong_as_its_description_for_every_seed(seed: int) -> None:
    rain = _of(RainMinute, _happenings("flash_flood", seed=seed))

    totals = {station: sum(minute.fell_mm for minute in minutes) for station, minutes in rain.items()}
    assert all(12.0 <= totals[station] <= 19.0 for station in MOUNTAIN), totals
    assert all(4.0 <= totals[station] <= 8.0 for station in PLAIN), totals
    assert 11.0 <= max(_most_mm(minutes, within_min=30) for minutes in rain.values()) <= 14.0
    assert all(_most_mm(minutes, within_min=360) < 20.0 for minutes in rain.values())
    wet = {station: [minute.minute for minute in minutes if minute.fell_mm] for station, minutes in rain.items()}
    assert 30 <= min(minutes[0] for minutes in wet.values()) <= 46
    assert all(minutes[-1] - minutes[0] < 90 for minutes in wet.values())
    peaks = {max(minutes, key=lambda minute: minute.fell_mm).minute for minutes in rain.values()}
    assert max(peaks) - min(peaks) > 50


@pytest.mark.parametrize("seed", range(50))
def test_the_gauges_of_the_default_storm_count_a_flash_flood(seed: int) -> None:
    tips = _of(Tip, _happenings("flash_flood", seed=seed))

    depths = {site.station: site.bucket_depth_mm for site in SITES}
    most_mm = max(
        depths[station] * sum(first.at <= tip.at < first.at + timedelta(minutes=30) for tip in turned)
        for station, turned in tips.items()
        for first in turned
    )
    assert most_mm >= 10.5


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_station_reports_its_count_before_any_tip_and_once_more_at_the_end(name: str) -> None:
    world = _world(name, minutes=240)

    happenings = list(world.happenings())

    tips, readings = _of(Tip, happenings), _of(Reading, happenings)
    for site in SITES:
        made = readings[site.station]
        assert (made[0].observed_at, made[0].count) == (START, 0)
        assert all(tip.at > START for tip in tips[site.station])
        assert (made[-1].observed_at, made[-1].count) == (world.end, len(tips[site.station]))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_count_is_the_number_of_tips_up_to_its_second(name: str) -> None:
    happenings = _happenings(name)

    tips, readings = _of(Tip, happenings), _of(Reading, happenings)
    for site in SITES:
        observed = [reading.observed_at for reading in readings[site.station]]
        assert observed == sorted(set(observed))
        for reading in readings[site.station]:
            assert reading.count == sum(tip.at <= reading.observed_at for tip in tips[site.station])


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_reading_travels_in_exactly_one_message_in_order(name: str) -> None:
    happenings = _happenings(name)

    readings, messages = _of(Reading, happenings), _of(Message, happenings)
    for site in SITES:
        sent = messages[site.station]
        assert [reading for message in sent for reading in message.readings] == readings[site.station]
        assert [message.seq for message in sent] == list(range(len(sent)))
        assert all(message.readings[-1].observed_at <= message.sent_at for message in sent)
        assert all(1 <= len(message.readings) <= READINGS_MAX for message in sent)


def test_a_station_without_a_link_hands_in_everything_when_the_link_heals() -> None:
    world = _world("outage")

    messages = _of(Message, list(world.happenings()))

    assert any(len(message.readings) > 1 for message in messages["HTB02"])
    for station, sent in messages.items():
        assert all(world.link_up(station, message.sent_at) for message in sent)
    assert not world.link_up("HTB02", START + timedelta(minutes=90))


def test_links_heal_and_rain_stops_when_the_run_ends_in_the_middle_of_the_storm() -> None:
    world = _world("outage", minutes=100)

    happenings = list(world.happenings())

    assert all(world.link_up(site.station, world.end) for site in SITES)
    assert max(happening.at for happening in happenings) == world.end
    assert {message[-1].sent_at for message in _of(Message, happenings).values()} == {world.end}


def test_timed_reports_stand_on_the_station_clock_and_event_reports_follow_four_tips() -> None:
    readings = _of(Reading, _happenings("flash_flood"))["HTB01"]

    timed = [reading for reading in readings[1:-1] if reading.kind == "timed"]
    assert all(reading.observed_at.timestamp() % 300 == 0 for reading in timed)
    assert len(timed) == 480 // 5
    events = [reading for reading in readings if reading.kind == "event"]
    assert events
    for event in events:
        before = readings[readings.index(event) - 1]
        assert event.count - before.count == 4


def test_happenings_come_in_the_order_of_time() -> None:
    instants = [happening.at for happening in _happenings("outage")]

    assert instants == sorted(instants)


def test_a_later_run_has_a_higher_boot_number() -> None:
    early = next(m for m in _world("quiet").happenings() if isinstance(m.what, Message)).what
    late_world = World(find_scenario("quiet"), SITES, seed=7, start=START + timedelta(minutes=2))
    late = next(m for m in late_world.happenings() if isinstance(m.what, Message)).what

    assert isinstance(early, Message)
    assert isinstance(late, Message)
    assert late.boot > early.boot
