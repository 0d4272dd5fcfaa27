"""The simulated reed switch: which turns of the bucket are counted, which are not and why, and what else is counted."""

import hashlib
from itertools import pairwise

import pytest

from simulator.dice import Dice
from simulator.gauge import Turn
from simulator.switch import Pulse, Switch, SwitchSettings
from simulator.values import MINUTE_MS

T0 = 1_783_000_000_000
TURNS = [Turn(T0 + number * MINUTE_MS) for number in range(20_000)]


def switch_of(how: SwitchSettings, seed: int = 17) -> Switch:
    return Switch(how, Dice(seed, "HTB01", "switch"))


def test_a_healthy_switch_counts_every_turn_once_at_its_instant() -> None:
    switch = switch_of(SwitchSettings())

    pulses = [switch.pulses(turn) for turn in TURNS]

    assert pulses == [[Pulse(turn.at, "tip")] for turn in TURNS]


def test_water_that_somebody_pours_is_counted_like_rain() -> None:
    assert switch_of(SwitchSettings()).pulses(Turn(T0, service=True)) == [Pulse(T0, "tip")]


@pytest.mark.parametrize("share", [0.01, 0.115, 0.13, 1.0])
def test_a_switch_that_bounces_counts_a_share_of_its_tips_twice_within_a_second_or_so(share: float) -> None:
    """11.5 % and 13.0 % are the shares of tips at most 1.1 s after another in the two records of iMHEA."""
    switch = switch_of(SwitchSettings(bounce_share=share))

    pulses = [(turn, switch.pulses(turn)) for turn in TURNS]

    doubles = [(turn, both) for turn, both in pulses if len(both) == 2]
    assert len(doubles) / len(TURNS) == pytest.approx(share, rel=0.15)
    assert all([one.cause for one in both] == ["tip", "bounce"] for _, both in doubles)
    after_ms = [both[1].at - turn.at for turn, both in doubles]
    assert 100 <= min(after_ms) < 120
    assert 1080 < max(after_ms) <= 1100


def test_a_bounce_comes_after_its_tip_however_short_the_settings_make_it() -> None:
    switch = switch_of(SwitchSettings(bounce_share=1.0, bounce_s_min=1e-9, bounce_s_max=1e-9))

    assert switch.pulses(Turn(T0)) == [Pulse(T0, "tip"), Pulse(T0 + 1, "bounce")]


def test_a_stuck_switch_counts_nothing_until_it_is_mended() -> None:
    switch = switch_of(SwitchSettings(bounce_share=1.0))
    switch.stuck = True

    stuck, cause = switch.pulses(Turn(T0)), switch.missing
    switch.stuck = False

    assert (stuck, cause) == ([], "stuck_switch")
    assert len(switch.pulses(Turn(T0 + 1))) == 2


def test_a_dead_input_counts_neither_rain_nor_lightning_until_it_is_mended() -> None:
    switch = switch_of(SwitchSettings())
    switch.dead_input = True

    dead, cause, burst = switch.pulses(Turn(T0)), switch.missing, switch.lightning(T0)
    switch.dead_input = False

    assert (dead, cause, burst) == ([], "dead_input", [])
    assert len(switch.pulses(Turn(T0))) == 1
    assert switch.lightning(T0)


def test_a_loose_wire_loses_a_share_of_the_tips_and_says_so() -> None:
    switch = switch_of(SwitchSettings(loose_wire_share=0.2))

    causes = [switch.missing for turn in TURNS if not switch.pulses(turn)]

    assert len(causes) / len(TURNS) == pytest.approx(0.2, rel=0.05)
    assert set(causes) == {"loose_wire"}


def test_lightning_makes_up_to_twenty_pulses_that_no_rain_has_made() -> None:
    switch = switch_of(SwitchSettings())

    bursts = [switch.lightning(T0) for _ in range(2000)]

    assert {len(burst) for burst in bursts} == set(range(1, 21))
    assert all(pulse.cause == "lightning" and T0 < pulse.at <= T0 + 2000 for burst in bursts for pulse in burst)
    assert all(one.at < other.at for burst in bursts for one, other in pairwise(burst))
    assert not switch.dead_input


def test_lightning_needs_the_wire_and_not_the_switch() -> None:
    switch = switch_of(SwitchSettings())
    switch.stuck = True

    assert switch.lightning(T0)


def test_a_strike_may_leave_the_input_dead_after_its_burst_until_somebody_mends_it() -> None:
    switch = switch_of(SwitchSettings(protector_trips_share=1.0))
    burst = switch.lightning(T0)

    before, after = switch.pulses(Turn(burst[-1].at)), switch.pulses(Turn(T0 + 2001))
    dead, cause = switch.dead_input, switch.missing
    next_burst = switch.lightning(T0 + 3000)
    switch.dead_input = False

    assert (len(before), after, dead, cause, next_burst) == (1, [], True, "dead_input", [])
    assert switch.pulses(Turn(T0 + 60_000))


def test_who_mends_an_input_before_any_turn_was_missed_has_mended_it() -> None:
    switch = switch_of(SwitchSettings(protector_trips_share=1.0))
    switch.lightning(T0)

    second_strike = switch.lightning(T0 + 60_000)
    switch.dead_input = False

    assert second_strike == []
    assert switch.pulses(Turn(T0 + 120_000))


def test_a_share_of_the_strikes_trips_the_protector() -> None:
    tripped = 0
    for seed in range(500):
        switch = switch_of(SwitchSettings(protector_trips_share=0.3), seed)
        switch.lightning(T0)
        tripped += not switch.pulses(Turn(T0 + MINUTE_MS))

    assert tripped / 500 == pytest.approx(0.3, abs=0.06)


def test_the_same_seed_counts_the_same_pulses_everywhere() -> None:
    switch = switch_of(SwitchSettings(bounce_share=0.13, loose_wire_share=0.05))
    pulses: list[Pulse] = []
    for turn in TURNS[:5000]:
        pulses += switch.pulses(turn)
        if turn.at % 7 == 0:
            pulses += switch.lightning(turn.at)

    assert hashlib.sha256(repr(pulses).encode()).hexdigest()[:12] == "f2df0a03552a"
