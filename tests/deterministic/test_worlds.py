"""The seeds that every change must pass: hundreds of simulated days, each with its own faults and kills."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deterministic.many import CI_SEEDS, Tally, play_many
from tests.deterministic.play import play

ROOT = Path(__file__).parents[2]
SLOW_S = 1_800
# What the worlds must have met at least so often; else they prove less than they say.
MET_MIN = {
    "broker keeps": 100,
    "broker falls back": 50,
    "broker forgets": 50,
    "message delivered again": 1_000,
    "message forgotten by the broker": 50,
    "connection cut, upwards": 50,
    "connection cut, downwards": 50,
    "journal full": 50,
    "service stopped": 50,
    "our clock back": 20,
    "store unavailable": 200,
    "store unavailable after half of the rows": 50,
    "store refuses a row": 5,
    "notifier unavailable": 200,
    "notifier unavailable after it told": 50,
    "notifier rejects": 10,
    "mad payload": 300,
    "stranger": 100,
    "configuration reloaded": 100,
    "replay asked": 50,
    "kill ingest while starting": 50,
    "kill ingest while paying debts": 50,
    "link down": 500,
    "link half_open": 200,
    "station: corrupt_count": 50,
    "station: clock_step": 20,
    "station restarts": 100,
    "station restarts at zero": 50,
    "station clock is set": 20,
    "station drops a message": 100,
    "station-days with exact rain": 300,
    "episodes": 500,
    "tips": 10_000,
}


@pytest.mark.timeout(SLOW_S)
def test_no_promise_is_broken_in_any_simulated_day() -> None:
    """
    Goal: what was acknowledged is kept once, rain and alerts are those of a clean run, copies and notices follow.
    Method: seeded days with faults of stations, links, broker, disk, clock and copies, and kills between any two
    effects; invariants after every step; then a quiet end and an account. The faults must really have been met.
    """
    tally = Tally()

    for played in play_many(CI_SEEDS):
        tally.add(played)

    assert not tally.failures, "\n\n".join(sorted(tally.failures)[:5])
    assert tally.worlds == len(CI_SEEDS)
    assert tally.days >= tally.worlds
    assert tally.kills > 3 * tally.worlds, tally.kills
    assert not tally.never, "nobody was killed here"
    seldom = {what: tally.met[what] for what, least in MET_MIN.items() if tally.met[what] < least}
    assert not seldom, f"met too seldom, see MET_MIN: {seldom}"


@pytest.mark.parametrize("seed", [3, 17])
def test_the_same_seed_tells_the_same_story_in_this_process_and_in_a_fresh_one(seed: int) -> None:
    once, again = play(seed), play(seed)

    command = [sys.executable, "-m", "tests.deterministic", "--seed", str(seed)]
    fresh = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)

    assert once == again
    assert fresh.stdout.split()[-1] == once.digest
