"""A day of stations by seed: weather, gauges, loggers and links, with the faults that stations have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from simulator.dice import Dice
from simulator.gauge import GaugeSettings
from simulator.radio import LinkSettings
from simulator.rtu import ClockSettings, MemorySettings, QuirkSettings, RtuSettings
from simulator.scenario import Incident, Scenario, StationSettings
from simulator.scenario.incidents import (
    ClockReset,
    ClockStep,
    CorruptCount,
    Lightning,
    NoLink,
    PowerCut,
    Reboot,
    Visit,
)
from simulator.sites import Site
from simulator.switch import SwitchSettings
from simulator.weather import Convective, Rain, Storm, Stratiform, WeatherSettings
from tests.deterministic.fate import poisson

MODULUS = 65_536
PLACES = (
    Site("HTB01", 43.75, 86.57, 1_250.0, 0.5, MODULUS, 600),
    Site("HTB02", 43.85, 86.50, 1_200.0, 0.5, MODULUS, 600),
    Site("HTB03", 43.88, 86.78, 1_150.0, 0.2, MODULUS, 600),
    Site("HTB04", 43.95, 86.62, 900.0, 0.2, MODULUS, 600),
    Site("HTB05", 44.18, 86.85, 560.0, 0.1, MODULUS, 600),
)


@dataclass(frozen=True, slots=True)
class Day:
    """Who reports, and what happens to whom. Of `undecidable` stations nobody can say exactly what they counted."""

    sites: tuple[Site, ...]
    scenario: Scenario
    undecidable: frozenset[str]


def a_day(dice: Dice, *, minutes: int) -> Day:
    """A day with two or three stations and at least one storm."""
    first = dice.whole(0, len(PLACES) - 1)
    number = dice.pick((2, 2, 2, 3))
    sites = tuple(_site(dice, PLACES[(first + place) % len(PLACES)]) for place in range(number))
    incidents: list[Incident] = []
    undecidable: set[str] = set()
    stations: dict[str, StationSettings] = {}
    for site in sites:
        loses_count = dice.chance(0.25)
        stations[site.station] = _settings(dice, loses_count=loses_count)
        met, exact = _incidents(dice, site.station, minutes, loses_count=loses_count)
        incidents += met
        if not exact or not _keeps_order(stations[site.station].rtu):
            undecidable.add(site.station)
    scenario = Scenario(
        name="a day",
        intent="A day by seed.",
        minutes=minutes,
        weather=_weather(dice, minutes),
        stations=stations,
        incidents=tuple(incidents),
    )
    return Day(sites, scenario, frozenset(undecidable))


def _keeps_order(rtu: RtuSettings) -> bool:
    """Whether the station's claims tell the order of its counts, and the service keeps it.

    Not where a wrong clock is set right; nor where one that is ahead says again, in the middle, what it said before.
    """
    ahead = rtu.clock.offset_s > 0.0
    return not rtu.clock.offset_s or not (rtu.clock.set_by_network or (ahead and rtu.hourly))


def _site(dice: Dice, site: Site) -> Site:
    return replace(site, report_every_s=dice.pick((300, 600, 900, 1_200, 1_800)))


def _weather(dice: Dice, minutes: int) -> WeatherSettings:
    at_min = dice.between(60.0, minutes - 300.0)
    storm = Storm(passes_anchor_min=(at_min, at_min + 30.0), total_mm=(8.0, 30.0))
    more: tuple[Rain, ...] = dice.pick(((), (Convective(storms_per_day=2.0),), (Stratiform(gap_hours=8.0),)))
    return WeatherSettings(temperature_c=18.0, lightning_per_mm=dice.pick((0.0, 0.0, 0.0, 0.02)), rain=(storm, *more))


def _settings(dice: Dice, *, loses_count: bool) -> StationSettings:
    # A count that begins high shows a restart by its fall; one just below the modulus wraps in the storm.
    first = dice.whole(300, 5_000) if loses_count else dice.pick((0, 1_200, MODULUS - 4, MODULUS - 20, MODULUS - 40))
    clock = ClockSettings(
        drift_ppm=dice.pick((0.0, 20.0, -40.0)),
        offset_s=dice.pick((*(0.0,) * 16, 90.0, -3_600.0, 7_200.0, 86_400.0)),
        set_by_network=dice.chance(0.5),
    )
    rtu = RtuSettings(
        event_tips=dice.pick((1, 4, 8, 8)),
        event_gap_s=dice.pick((0, 60)),
        hourly=dice.chance(0.15),
        packs=dice.chance(0.3),
        first_count=first,
        seq_restarts=dice.chance(0.3),
        counts_boots=loses_count or dice.chance(0.7),
        clock=clock,
        memory=MemorySettings(
            messages_max=dice.pick((5_000, 5_000, 30)), sends_first=dice.pick(("oldest", "oldest", "newest"))
        ),
        quirks=QuirkSettings(repeats_times=dice.chance(0.15)),
    )
    link = LinkSettings(
        good_min=dice.pick((300.0, 60.0)),
        bad_min=dice.pick((0.0, 5.0, 40.0)),
        half_open_share=0.3,
        rain_fails_at_mm_per_h=dice.pick((0.0, 6.0)),
        loss_share=dice.pick((0.0, 0.01)),
        duplicate_share=dice.pick((0.0, 0.05)),
        in_flight_max=dice.pick((20, 4, 1)),
    )
    switch = SwitchSettings(bounce_share=dice.pick((0.0, 0.02)))
    return StationSettings(GaugeSettings(), switch, rtu, link)


def _incidents(dice: Dice, station: str, minutes: int, *, loses_count: bool) -> tuple[Sequence[Incident], bool]:
    """What happens at a station, and whether what it counted can be told exactly all the same."""
    found: list[Incident] = []
    exact = True

    def when() -> float:
        return round(dice.between(20.0, minutes - 20.0), 3)

    for _ in range(poisson(dice, 0.6)):
        at_min = when()
        until_min = at_min + dice.pick((5.0, 45.0, 200.0, 400.0))
        found.append(NoLink(station=station, at_min=at_min, until_min=until_min, half_open=dice.chance(0.3)))
    found += [Reboot(station=station, at_min=when()) for _ in range(poisson(dice, 0.5))]
    if loses_count:
        found.append(Reboot(station=station, at_min=when(), loses_count=True, loses_memory=dice.chance(0.3)))
    if dice.chance(0.15):
        at_min = when()
        found.append(PowerCut(station=station, at_min=at_min, until_min=at_min + dice.pick((10.0, 90.0))))
    if dice.chance(0.15):
        at_min = when()
        visit = Visit(
            station=station, at_min=at_min, until_min=at_min + 15.0, poured_tips=dice.pick((0, 10)), as_test=True
        )
        found.append(visit)
    if dice.chance(0.1):
        found.append(Lightning(station=station, at_min=when(), spurious_pulses=dice.whole(1, 6)))
    for _ in range(dice.pick((*(0,) * 8, 1, 3))):
        counts = dice.pick(((0,), (40_000,), (40_000, 40_001), (7, 65_535), (1_203,), (123_456,)))
        found.append(CorruptCount(station=station, at_min=when(), counts=counts))
        exact = False
    if dice.chance(0.12):
        found.append(ClockStep(station=station, at_min=when(), by_s=dice.pick((-7_200.0, -300.0, 900.0, 86_400.0))))
        exact = False
    if dice.chance(0.04):
        found.append(ClockReset(station=station, at_min=when(), to=datetime(2000, 1, 1, tzinfo=UTC)))
        exact = False
    return found, exact
