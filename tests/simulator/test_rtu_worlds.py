"""Loggers under everything at once: no counted rain vanishes unseen, and the same seed gives the same bytes."""

from __future__ import annotations

import hashlib
from typing import cast

import pytest

from simulator.dice import Dice
from simulator.rtu import ClockSettings, MemorySettings, PowerSettings, QuirkSettings, RtuSettings, sun_share
from simulator.values import HOUR_MS, MINUTE_MS, Air, Happening, Message, Reading
from tests.simulator.rtu_bench import SITE, START, Bench

HOURS = 30

# Over the worlds below; made on x86-64 with Python 3.11, and the same on 3.12 and 3.13.
DIGEST = "fb4b8b83169457df5a89d40095e81757e2f116cdf45cbbb099d033a967d4a371"


def drawn(dice: Dice) -> RtuSettings:
    """Return a firmware with a mixture of ways."""
    return RtuSettings(
        event_tips=dice.whole(0, 5),
        event_gap_s=dice.pick((0, 10, 60)),
        hourly=dice.chance(0.3),
        packs=dice.chance(0.3),
        first_count=dice.whole(0, 65535),
        seq_restarts=dice.chance(0.2),
        count_survives=dice.chance(0.7),
        test_tips_stay=dice.chance(0.3),
        clock=ClockSettings(drift_ppm=dice.between(-100.0, 100.0), backup=dice.chance(0.5)),
        memory=MemorySettings(
            messages_max=dice.pick((3, 20, 5000)),
            kind=dice.pick(("flash", "ram")),
            full_drops=dice.pick(("oldest", "newest")),
            sends_first=dice.pick(("oldest", "newest")),
        ),
        power=PowerSettings(charge_share=dice.between(0.1, 1.0), panel_a=dice.pick((0.05, 0.57))),
        quirks=QuirkSettings(
            missing_share=dice.pick((0.0, 0.1)),
            sentinels=dice.chance(0.3),
            repeats_times=dice.chance(0.2),
            forgets_at_reboot=dice.chance(0.1),
        ),
    )


def disturb(bench: Bench, at: int, dice: Dice) -> None:
    """Do one thing to a logger, or nothing."""
    rtu = bench.rtu
    match dice.whole(0, 11):
        case 0:
            bench.met(rtu.reboot(at, loses_count=dice.chance(0.5), loses_memory=dice.chance(0.5)))
        case 1:
            bench.met(rtu.cut_power(at))
        case 2:
            bench.met(rtu.visit_begins(at, as_test=dice.chance(0.5)))
        case 3:
            bench.met(rtu.step_clock(at, dice.between(-7200.0, 7200.0)))
        case 4:
            bench.met(rtu.hears_network(at))
        case 5:
            counts = (dice.whole(0, 1000), dice.whole(0, 1000))
            rtu.corrupt(at, counts=counts)
            bench.met([Happening(at, SITE.station, "corrupt", {"counts": counts})])
        case 6:
            rtu.memory.back()
        case _:
            bench.met(rtu.restore_power(at))
            bench.met(rtu.visit_ends(at))
            bench.acknowledge_all()


def world(seed: int) -> tuple[Bench, int]:
    """Return a logger after thirty hours of a world, and how many pulses reached it."""
    dice, pulses = Dice(seed, "world"), 0
    bench = Bench(drawn(dice), seed=seed)
    for step in range(HOURS * 6):
        at = START + step * 10 * MINUTE_MS
        bench.air = Air(temperature_c=dice.between(-20.0, 30.0), cloud=dice.fraction())
        bench.sun = sun_share(at, SITE.latitude, SITE.longitude)
        tips = [at + dice.whole(0, 10 * MINUTE_MS) for _ in range(dice.poisson(5.0) if dice.chance(0.4) else 0)]
        pulses += len(tips)
        bench.run(at + 10 * MINUTE_MS, tips)
        if dice.chance(0.3):
            disturb(bench, at + 10 * MINUTE_MS, dice)
    bench.met(bench.rtu.close(START + HOURS * HOUR_MS))
    return bench, pulses


@pytest.mark.parametrize("seed", range(40))
def test_every_pulse_is_counted_missed_or_left_out_as_a_test(seed: int) -> None:
    bench, pulses = world(seed)

    left_out = sum(cast(int, facts["left_out"]) for facts in bench.facts("visit") if "left_out" in facts)
    assert bench.readings[-1].counted + left_out + bench.missed == pulses, f"seed {seed}"


@pytest.mark.parametrize("seed", range(40))
def test_every_honest_reading_has_the_rain_since_the_count_began_and_restarts_tell_the_rest(seed: int) -> None:
    """Goal: the count and the truth agree to the tip. Method: what readings should show, from what happened alone."""
    bench, _ = world(seed)

    began, base, told = 0, bench.rtu.settings.first_count, 0
    corrupt: list[int] = []
    for happening in bench.happenings:
        facts = happening.facts
        if happening.event == "corrupt":
            corrupt = list(cast(tuple[int, ...], facts["counts"]))
        elif happening.event == "restart" and facts["loses_count"]:
            base, began = 0, told + cast(int, facts["counted_lost"])
            told = began
        elif happening.event == "restart":
            assert facts["counted_lost"] == 0
        elif happening.event == "reading":
            reading = cast(Reading, facts["reading"])
            if corrupt and reading is not bench.readings[-1]:
                assert reading.count == corrupt.pop(0)
                continue
            told = reading.counted
            left_out = (reading.count - base - reading.counted + began) % 65536
            assert left_out == 0 or (reading.kind == "test" and left_out < 100), f"seed {seed}: {reading}"


@pytest.mark.parametrize("seed", range(40))
def test_every_message_is_still_held_was_taken_or_is_told_as_dropped(seed: int) -> None:
    bench, _ = world(seed)

    made = [cast(Message, one.facts["message"]) for one in bench.happenings if one.event == "message"]
    assert [message.number for message in made] == list(range(1, len(made) + 1))
    held = {message.number for message in bench.acknowledge_all()}
    dropped = [cast(int, facts["number"]) for facts in bench.facts("dropped")]
    assert len(dropped) == len(set(dropped))
    assert made[-1].number in held
    assert not held & set(dropped)
    inside = [reading for message in made if message.kind != "hourly" for reading in message.readings]
    assert {id(reading) for reading in bench.readings} == {id(reading) for reading in inside}
    assert all(1 <= len(message.readings) <= 12 for message in made)


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    digest = hashlib.sha256()
    for seed in range(40):
        bench, _ = world(seed)
        for happening in bench.happenings:
            digest.update(repr(happening).encode())
        digest.update(repr((bench.rtu.power.volts, bench.rtu.power.charge_ah)).encode())

    assert digest.hexdigest() == DIGEST
