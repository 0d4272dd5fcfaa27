"""Gauges that live through weather: after every minute their balance and the order of their turns is looked at."""

import math
from collections.abc import Iterable
from itertools import pairwise

from simulator.dice import Dice
from simulator.gauge import Balance, Gauge, GaugeSettings, Turn
from simulator.values import MINUTE_MS, Air

T0 = 1_783_000_000_000  # a summer's day of 2026; any would do
HOUR, DAY = 60, 1440  # in minutes
CLOSED_MM = 1e-9
NOTHING_DRIES = GaugeSettings(residue_evaporates_mm_per_h=0.0, funnel_evaporates_mm_per_h=0.0)


def gauge_of(depth_mm: float, how: GaugeSettings = NOTHING_DRIES) -> Gauge:
    return Gauge(depth_mm, how, Dice(17, "HTB01", "gauge"))


def unaccounted_mm(balance: Balance) -> float:
    """What the facts of the balance leave open, summed here anew."""
    sums = {name: float(str(value)) for name, value in balance.facts().items()}
    assert min(sums.values()) >= 0.0
    return sums.pop("fell_mm") - math.fsum(sums.values())


def live(gauge: Gauge, weather: Iterable[Air], since: int = T0) -> list[Turn]:
    """Let weather come; look at the order of turns and at the balance after every minute in which either changed."""
    all_turns: list[Turn] = []
    balance, before = gauge.balance, ""
    for number, air in enumerate(weather):
        at = since + number * MINUTE_MS
        turns = gauge.minute(at, air)
        assert all(at < turn.at <= at + MINUTE_MS for turn in turns)
        all_turns += turns
        if (now := repr(balance)) != before:
            before = now
            assert abs(unaccounted_mm(balance)) < CLOSED_MM
            assert abs(balance.caught_mm - balance.tipped_mm - balance.residue_mm) < CLOSED_MM
            assert balance.residue_mm <= balance.bucket_depth_mm + CLOSED_MM
    assert all(one.at < other.at for one, other in pairwise(all_turns))
    return all_turns


def rain(mm_per_h: float, minutes: int, temperature_c: float = 15.0) -> list[Air]:
    return [Air(rain_mm=mm_per_h / HOUR, temperature_c=temperature_c)] * minutes


def dry(minutes: int, temperature_c: float = 15.0) -> list[Air]:
    return [Air(temperature_c=temperature_c)] * minutes
