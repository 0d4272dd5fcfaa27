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
    "broker keeps": 60,
    "broker falls back": 30,
    "broker forgets": 30,
    "message delivered again": 600,
    "message forgotten by the broker": 30,
    "connection cut, upwards": 30,
    "connection cut, downwards": 30,
    "journal full": 30,
    "service stopped": 30,
    "our clock back": 12,
    "store unavailable": 120,
    "store unavailable after half of the rows": 30,
    "store refuses a row": 3,
    "notifier unavailable": 120,
    "notifier unavailable after it told": 30,
    "notifier rejects": 6,
    "mad payload": 180,
    "stranger": 60,
    "configuration reloaded": 60,
    "replay asked": 30,
    "kill ingest while starting": 30,
    "kill ingest while paying debts": 30,
    "link down": 300,
    "link half_open": 120,
    "station: corrupt_count": 30,
    "station: clock_step": 12,
    "station restarts": 60,
    "station restarts at zero": 30,
    "station clock is set": 12,
    "station drops a message": 60,
    "station-days with exact rain": 180,
    "episodes": 300,
    "tips": 6_000,
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
