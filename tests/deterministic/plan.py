"""What a seed decides: the stations and their faults, the rules, and the faults of broker, disk, copies and clock.

Faults come in kinds, and a world has about half of them: two that are always together may hide each other.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.core.model import Deployment, Rule, Station, Threshold
from gauge_ingest.inlet import BrokerAddress
from gauge_ingest.pump import PumpSettings
from gauge_ingest.pump.accept import Network
from simulator.dice import Dice
from simulator.scenario import Scenario
from simulator.sites import Site
from simulator.values import HOUR_MS, MINUTE_MS
from tests.deterministic.broker import CALM, Weather
from tests.deterministic.copies import HEALTHY, Faults
from tests.deterministic.days import Day, a_day
from tests.deterministic.fate import poisson

DAY_MIN = 1_440
START_AT = 1_784_109_600_000  # 2026-07-15T18:00:00+08:00
DAYS_APART = 40  # worlds begin on different days
TOPIC = "rain/v1/+/up"
LEVELS = ("prepare", "immediate")


class Trouble(NamedTuple):
    """Something that is wrong from one instant to another."""

    at: int
    until: int
    what: str
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a seed decides before the world begins."""

    seed: int
    day: Day
    start_at: int
    end_at: int
    kills: float  # share of the lives that end early
    troubles: Sequence[Trouble]
    link: Weather
    store: Faults
    notifier: Faults
    networks: Sequence[Network]  # in force one after the other; the next with each reload
    address: BrokerAddress
    admission: PumpSettings
    slice_s: float  # between two looks at the service, on average
    lapse_hours: float  # after the end, before the account is made

    @property
    def scenario(self) -> Scenario:
        """What the stations live through."""
        return self.day.scenario


def make_plan(seed: int) -> Plan:
    """The plan of a seed."""
    dice = Dice(seed, "harness")
    start_at = START_AT + dice.whole(0, DAYS_APART) * 24 * HOUR_MS
    end_at = start_at + DAY_MIN * MINUTE_MS
    day = a_day(Dice(seed, "day"), minutes=DAY_MIN)
    return Plan(
        seed=seed,
        day=day,
        start_at=start_at,
        end_at=end_at,
        kills=dice.pick((0.0, 0.7, 0.9, 0.9)),
        troubles=_troubles(dice, start_at, end_at),
        link=_link(dice) if dice.chance(0.6) else CALM,
        store=Faults(0.03, 0.03, dice.pick((0.0, 0.002))) if dice.chance(0.6) else HEALTHY,
        notifier=Faults(0.15, 0.1, dice.pick((0.0, 0.03))) if dice.chance(0.6) else HEALTHY,
        networks=_networks(dice, day.sites),
        address=BrokerAddress(
            "127.0.0.1",
            1883,
            "gauge-ingest",
            TOPIC,
            mqtt5=dice.chance(0.7),
            keep_alive_s=900,
            receive_maximum=dice.pick((65_535, 65_535, 200, 20)),
        ),
        admission=PumpSettings(unknown_sender_quota=dice.pick((1_000, 3))),
        slice_s=dice.pick((150.0, 300.0, 450.0)),
        lapse_hours=dice.pick((0.0, 3.0, 30.0)),
    )


def _link(dice: Dice) -> Weather:
    return Weather(
        cut_share=dice.pick((0.0, 0.3, 0.7)),
        late_share=dice.pick((0.0, 0.05, 0.3)),
        per_turn_max=dice.pick((1_000, 1_000, 30, 10)),
        read_bytes_max=dice.pick((65_536, 65_536, 200, 30)),
        window=dice.pick((1_000, 1_000, 100, 15)),
    )


def _troubles(dice: Dice, start_at: int, end_at: int) -> list[Trouble]:
    found: list[Trouble] = []

    def come(what: str, *, share: float, mean: float, minutes: tuple[float, float], most: int = 0) -> None:
        if not dice.chance(share):
            return
        for _ in range(poisson(dice, mean)):
            at = dice.whole(start_at, end_at - 1)
            low, high = minutes
            lasting_ms = round(low * (high / low) ** dice.fraction() * MINUTE_MS)
            amount = dice.whole(1, most) if most else 0
            if what == "our clock back":
                # Once it shows again what it has shown before, nobody can tell that it is wrong: NTP is quicker.
                lasting_ms = min(lasting_ms, amount * 9 // 10)
            found.append(Trouble(at, at + lasting_ms, what, amount))

    for how in ("keeps", "falls back", "forgets"):
        come(f"broker {how}", share=0.5 if how == "keeps" else 0.25, mean=2.0, minutes=(0.2, 20.0))
    come("store down", share=0.5, mean=1.5, minutes=(2.0, 300.0))
    come("notifier down", share=0.5, mean=1.5, minutes=(2.0, 300.0))
    come("journal full", share=0.3, mean=1.5, minutes=(0.5, 40.0))
    come("service stopped", share=0.35, mean=1.0, minutes=(20.0, 420.0))
    come("our clock back", share=0.25, mean=1.0, minutes=(5.0, 120.0), most=180 * MINUTE_MS)
    come("mad payload", share=0.6, mean=6.0, minutes=(1.0, 2.0))
    come("stranger", share=0.5, mean=4.0, minutes=(1.0, 2.0))
    come("reload", share=0.5, mean=1.5, minutes=(1.0, 2.0))
    come("replay", share=0.6, mean=2.0, minutes=(1.0, 2.0))
    return sorted(found)


# --- the service's configuration -------------------------------------------------------------------------------


def _networks(dice: Dice, sites: Sequence[Site]) -> list[Network]:
    """The first configuration and those that reloads bring: the same again, a station more, another highest rate."""
    stations = {site.station: _station(site) for site in sites}
    rules = (_rule(dice, "flash_flood", tuple(stations)), _rule(dice, "soaking", tuple(stations)))
    networks = [_network(stations, rules)]
    for _ in range(2):
        kind = dice.whole(0, 2)
        if kind == 1:
            name = dice.pick(tuple(stations))
            rate = dice.pick((6.0, 8.0, 10.0))
            stations = {**stations, name: replace(stations[name], intensity_max_mm_per_min=rate)}
        elif kind == 2 and "HTB09" not in stations:
            stations = {**stations, "HTB09": replace(next(iter(stations.values())), id="HTB09", name="新站")}
        networks.append(_network(stations, rules))
    return networks


def _station(site: Site) -> Station:
    placement = (site.bucket_depth_mm, site.counter_modulus, site.latitude, site.longitude, site.elevation_m)
    return Station(site.station, site.station, (Deployment(0, *placement),), report_every_s=site.report_every_s)


def _rule(dice: Dice, name: str, stations: tuple[str, ...]) -> Rule:
    windows = ((1_800, 1.0), (3_600, 1.5)) if name == "flash_flood" else ((7_200, 2.0), (10_800, 2.5))
    lowest_mm = dice.pick((0.8, 1.5, 3.0))
    thresholds = tuple(
        Threshold(window_s, level, lowest_mm * share * factor)
        for window_s, share in windows
        for level, factor in zip(LEVELS, (1.0, 1.7), strict=True)
    )
    return Rule(
        name,
        LEVELS,
        thresholds,
        stations,
        source="a test",
        minimum_s=dice.pick((0, 0, 600)),
        quiet_s=dice.pick((0, 1_800, 5_400)),
        lapse_s=dice.pick((7_200, 86_400)),
    )


def _network(stations: dict[str, Station], rules: tuple[Rule, ...]) -> Network:
    described = {
        station.id: {
            "deployments": [asdict(deployment) for deployment in station.deployments],
            "report_every_s": station.report_every_s,
            "intensity_max_mm_per_min": station.intensity_max_mm_per_min,
        }
        for station in stations.values()
    }
    text = json.dumps({"stations": described, "rules": [asdict(rule) for rule in rules]})
    return Network(stations, rules, hashlib.sha256(text.encode()).hexdigest(), text, TOPIC)


def folder_root() -> Path:
    """Where journals of worlds lie: in memory, where the machine has such a place."""
    shm = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    return shm if shm.is_dir() else Path("/tmp")  # noqa: S108 - likewise
