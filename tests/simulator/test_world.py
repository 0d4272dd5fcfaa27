"""The simulated world as a whole, without any network: rain, tips, readings and messages of a run."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from simulator.direct import Direct
from simulator.modem import Modem
from simulator.rtu import ClockSettings, RtuSettings
from simulator.scenario import Scenario, find_scenario, scenario_names
from simulator.scenario.incidents import PowerCut
from simulator.sites import read_sites
from simulator.values import DAY_MS, MINUTE_MS, NEVER, Happening, Message, Reading
from simulator.world import World

FOLDER = Path(__file__).parent
SITES = read_sites(FOLDER.parents[1] / "config")
DEPTHS_MM = {site.station: site.bucket_depth_mm for site in SITES}
START_AT = 1_784_109_620_000  # 2026-07-15T18:00:20+08:00
MOUNTAIN, PLAIN = ("HTB01", "HTB02", "HTB03"), ("HTB04", "HTB05")
DIGESTS = FOLDER / "digests.json"


class Run:
    """A world that was played to its end, and every message as it arrived."""

    def __init__(self, scenario: Scenario, *, seed: int = 7, minutes: int | None = None, start_at: int = START_AT):
        self.arrived: list[Message] = []
        self.world = World(scenario, SITES, seed=seed, start_at=start_at, minutes=minutes, uplink=self._uplink)
        self.happenings: list[Happening] = []
        while (at := self.world.next_at()) != NEVER:
            self.happenings += self.world.advance(at)

    def _uplink(self, _station: str, modem: Modem) -> Direct:
        return Direct(modem, self._take)

    def _take(self, message: Message, _at: int) -> bool:
        self.arrived.append(message)
        return True

    def of(self, event: str, station: str | None = None) -> list[Happening]:
        """What happened of one kind."""
        return [one for one in self.happenings if one.event == event and station in (None, one.station)]

    def readings(self, station: str) -> list[Reading]:
        """Every reading that a station made, in order."""
        found = (one.facts["reading"] for one in self.of("reading", station))
        return [reading for reading in found if isinstance(reading, Reading)]


@cache
def _run(name: str, *, seed: int = 7) -> Run:
    return Run(find_scenario(name), seed=seed)


def _sum(happenings: Iterable[Happening], key: str) -> float:
    return sum(float(str(one.facts[key])) for one in happenings)


def _digest(run: Run) -> str:
    """What happened, to the last bit, and every byte that arrived."""
    digest = hashlib.sha256()
    for one in run.happenings:
        facts = {key: repr(value) for key, value in one.facts.items()}
        digest.update(json.dumps([one.at, one.station, one.event, facts], sort_keys=True).encode())
    by_station = {site.station: site for site in SITES}
    for message in run.arrived:
        digest.update(run.world.wire.payload(message, by_station[message.station]))
    return digest.hexdigest()[:16]


@pytest.mark.parametrize("name", scenario_names())
def test_the_same_seed_makes_the_same_world_on_every_machine_and_python(name: str) -> None:
    """
    Goal: a seed that fails here fails everywhere.
    Method: digests that were pinned once are compared on every machine and every Python the tests run on.
    """
    pinned = json.loads(DIGESTS.read_text(encoding="utf-8"))

    assert _digest(_run(name)) == pinned[name], f"if {name} was meant to change: python -m tests.simulator"


def test_another_seed_makes_another_world() -> None:
    assert _digest(_run("flash_flood")) == _digest(Run(find_scenario("flash_flood")))
    assert _digest(_run("flash_flood")) != _digest(_run("flash_flood", seed=8))


@pytest.mark.parametrize("name", scenario_names())
def test_every_millimetre_that_fell_is_somewhere(name: str) -> None:
    run = _run(name)

    for site in SITES:
        (balance,) = (one.facts for one in run.of("balance", site.station))
        fell_mm = _sum(run.of("rain", site.station), "fell_mm")
        gone = ("evaporated_mm", "overflowed_mm", "lost_turning_mm", "tipped_mm")
        parts = (*gone, "snow_held_mm", "funnel_held_mm", "residue_mm")
        tips = [one for one in run.of("tip", site.station) if "service" not in one.facts]
        assert balance["fell_mm"] == pytest.approx(fell_mm)
        assert sum(float(str(balance[part])) for part in parts) == pytest.approx(fell_mm)
        assert balance["tipped_mm"] == pytest.approx(len(tips) * site.bucket_depth_mm)


@pytest.mark.parametrize("name", scenario_names())
def test_happenings_come_in_the_order_of_time(name: str) -> None:
    instants = [one.at for one in _run(name).happenings]

    assert instants == sorted(instants)


@pytest.mark.parametrize("name", scenario_names())
def test_everything_that_was_made_is_acknowledged_or_known_to_be_lost(name: str) -> None:
    run = _run(name)

    for site in SITES:
        made = {one.facts["message"].number for one in run.of("message", site.station)}  # type: ignore[attr-defined]  # a Message
        acknowledged = {one.facts["number"] for one in run.of("puback", site.station)}
        dropped = {one.facts["number"] for one in run.of("dropped", site.station)}
        assert made == acknowledged | dropped
        assert not acknowledged & dropped
        assert acknowledged <= {message.number for message in run.arrived if message.station == site.station}


@pytest.mark.parametrize("name", scenario_names())
def test_each_station_reports_its_count_before_any_tip_and_once_more_at_the_end(name: str) -> None:
    run = _run(name)

    for site in SITES:
        first, *_, last = run.readings(site.station)
        tips = [one.at for one in run.of("tip", site.station)]
        assert (first.made_at, first.counted) == (START_AT, 0)
        assert last.made_at == run.world.end_at
        assert all(at > START_AT for at in tips)


def test_every_count_is_the_number_of_tips_up_to_its_second() -> None:
    run = _run("flash_flood")

    for site in SITES:
        tips = [one.at for one in run.of("tip", site.station)]
        readings = run.readings(site.station)
        for reading in readings:
            assert reading.count == sum(at <= reading.observed_s * 1000 for at in tips)
        assert readings[-1].count == len(tips) > 10


def test_the_plain_gets_less_of_the_storm_than_the_mountains() -> None:
    run = _run("flash_flood")

    fell_mm = {site.station: _sum(run.of("rain", site.station), "fell_mm") for site in SITES}

    assert max(fell_mm[station] for station in PLAIN) < 0.6 * min(fell_mm[station] for station in MOUNTAIN)


@pytest.mark.parametrize("seed", range(8))
def test_the_buckets_of_the_default_storm_count_a_flash_flood(seed: int) -> None:
    run = _run("flash_flood", seed=seed)

    assert max(_most_mm(run, site.station, within_min=30) for site in SITES) >= 10.0


def _most_mm(run: Run, station: str, *, within_min: int) -> float:
    tips: Sequence[int] = [one.at for one in run.of("tip", station)]
    most = max((sum(first <= at < first + within_min * MINUTE_MS for at in tips) for first in tips), default=0)
    return most * DEPTHS_MM[station]


def test_a_run_that_ends_in_the_middle_of_the_storm_heals_and_hands_everything_in() -> None:
    run = Run(find_scenario("outage"), minutes=100)

    readings: dict[str, set[int]] = defaultdict(set)
    for message in run.arrived:
        readings[message.station] |= {reading.observed_s for reading in message.readings}
    assert max(one.at for one in run.of("rain")) == run.world.end_at
    for site in SITES:
        assert {reading.observed_s for reading in run.readings(site.station)} == readings[site.station]


def test_a_station_in_an_outage_is_not_heard_and_hands_everything_in_afterwards() -> None:
    run = _run("outage")

    down_at, *_ = (one.at for one in run.of("link", "HTB02") if one.facts["state"] == "down")
    back_at, *_ = (one.at for one in run.of("link", "HTB02") if one.facts["state"] == "up" and one.at > down_at)
    published = [one.at for one in run.of("publish", "HTB02")]
    made = [one.at for one in run.of("message", "HTB02")]
    assert not [at for at in published if down_at <= at < back_at]
    assert [at for at in made if down_at <= at < back_at]


def test_a_later_run_has_a_higher_boot_number() -> None:
    early = _run("quiet_day").arrived[0]
    late = Run(find_scenario("quiet_day"), minutes=10, start_at=START_AT + 2 * MINUTE_MS).arrived[0]

    assert late.boot > early.boot


def test_a_clock_that_is_wrong_is_set_right_by_the_network_or_stays_wrong() -> None:
    lost = PowerCut(station="all", at_min=30, until_min=60)
    forgets = ClockSettings(backup=False)
    alone = ClockSettings(backup=False, set_by_network=False)
    dry = Scenario(name="dry", intent="A power cut on a dry day.", minutes=120, incidents=(lost,))

    helped = Run(replace(dry, rtu=RtuSettings(clock=forgets)))
    left = Run(replace(dry, rtu=RtuSettings(clock=alone)))

    factory = [abs(reading.observed_s * 1000 - reading.made_at) > DAY_MS for reading in helped.readings("HTB01")]
    assert any(factory), "the first reading after the cut still has the date of the factory"
    assert not factory[-1]
    assert [one.facts["why"] for one in helped.of("clock", "HTB01")] == ["power_loss", "network"]
    assert abs(left.readings("HTB01")[-1].observed_s * 1000 - left.world.end_at) > DAY_MS
