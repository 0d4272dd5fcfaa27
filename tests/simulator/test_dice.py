"""Chance and arithmetic that are the same everywhere, and as they should be."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise

import pytest

from simulator.dice import Dice
from simulator.portable import cos_turn, exp, log, power, sin_turn


def test_the_draws_of_a_name_are_the_same_on_every_machine_and_python() -> None:
    dice = Dice(17, "HTB01", "rain")

    drawn = (
        dice.fraction(),
        dice.between(-1.0, 3.0),
        dice.whole(1, 6),
        dice.pick("abc"),
        dice.exponential(2.0),
        dice.normal(),
        dice.lognormal(median=0.4, sigma=0.9),
        dice.poisson(3.0),
    )

    assert [value.hex() if isinstance(value, float) else value for value in drawn] == DRAWN


def test_another_name_draws_something_else() -> None:
    assert Dice(17, "a").fraction() != Dice(17, "b").fraction()
    assert Dice(17, "a").fraction() == Dice("17", "a").fraction()


def test_draws_have_the_mean_and_the_spread_that_they_are_named_for() -> None:
    dice = Dice("many")
    number = 40_000

    normal = [dice.normal() for _ in range(number)]
    waits = [dice.exponential(2.0) for _ in range(number)]
    counts = [dice.poisson(3.0) for _ in range(number)]
    sides = [dice.whole(1, 6) for _ in range(number)]
    delays = sorted(dice.lognormal(median=0.4, sigma=0.9) for _ in range(number))

    # Six standard errors: of the mean sd / sqrt(n).
    assert statistics.fmean(normal) == pytest.approx(0.0, abs=6 / 200)
    assert statistics.pstdev(normal) == pytest.approx(1.0, abs=6 / 280)
    assert statistics.fmean(one * two for one, two in pairwise(normal)) == pytest.approx(0, abs=0.03)
    assert statistics.fmean(waits) == pytest.approx(2.0, abs=6 * 2 / 200)
    assert statistics.fmean(counts) == pytest.approx(3.0, abs=6 * 1.74 / 200)
    assert statistics.pvariance(counts) == pytest.approx(3.0, rel=0.06)
    assert {side: round(sides.count(side) / number, 1) for side in range(1, 7)} == dict.fromkeys(range(1, 7), 0.2)
    assert delays[number // 2] == pytest.approx(0.4, rel=0.03)


@pytest.mark.parametrize("x", [-300.0, -1.5, -1e-9, 0.0, 1e-9, 0.3, 1.0, 42.5, 300.0])
def test_the_exponential_is_right_to_the_last_digits(x: float) -> None:
    assert exp(x) == pytest.approx(math.exp(x), rel=1e-15)


@pytest.mark.parametrize("x", [1e-300, 1e-9, 0.5, 0.999999, 1.0, 1.000001, 2.0, 10.0, 1e300])
def test_the_logarithm_is_right_to_the_last_digits(x: float) -> None:
    assert log(x) == pytest.approx(math.log(x), rel=1e-15, abs=1e-16)
    assert power(x, 0.1) == pytest.approx(x**0.1, rel=1e-14)


def test_sine_and_cosine_are_right_at_every_degree_and_beyond_a_turn() -> None:
    for degrees in range(-720, 1080):
        turns = degrees / 360
        assert sin_turn(turns) == pytest.approx(math.sin(turns * 2 * math.pi), abs=5e-15)
        assert cos_turn(turns) == pytest.approx(math.cos(turns * 2 * math.pi), abs=5e-15)


DRAWN: list[object] = [
    "0x1.6cb86294156b7p-1",
    "0x1.a23ac322bd244p+0",
    2,
    "a",
    "0x1.98cc053732a4ap-9",
    "0x1.5c298c9185873p+0",
    "0x1.a4f9205fcca88p-5",
    2,
]
