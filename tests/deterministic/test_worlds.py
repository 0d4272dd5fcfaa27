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
    "broker keeps": 36,
    "broker falls back": 18,
    "broker forgets": 18,
    "message delivered again": 360,
    "message forgotten by the broker": 18,
    "connection cut, upwards": 18,
    "connection cut, downwards": 18,
    "journal full": 18,
    "service stopped": 18,
    "our clock back": 7,
    "store unavailable": 72,
    "store unavailable after half of the rows": 18,
    "store refuses a row": 1,
    "notifier unavailable": 72,
    "notifier unavailable after it told": 18,
    "notifier rejects": 3,
    "mad payload": 108,
    "stranger": 36,
    "configuration reloaded": 36,
    "replay asked": 18,
    "kill ingest while starting": 18,
    "kill ingest while paying debts": 18,
    "link down": 180,
    "link half_open": 72,
    "station: corrupt_count": 18,
    "station: clock_step": 7,
    "station restarts": 36,
    "station restarts at zero": 18,
    "station clock is set": 7,
    "station drops a message": 36,
    "station-days with exact rain": 108,
    "episodes": 180,
    "tips": 3_600,
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
