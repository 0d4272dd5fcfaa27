"""Kills at random moments, with channels that fail in every way, lose no notice and repeat none unmarked."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.delivery.sink import Arrived, Sink
from tests.delivery.victim import PEOPLE
from tests.delivery.world import World

KILLS = 25
ALERTS_PER_LIFE = 5
LIVES_MAX = 200
# What a server may do with a request; the last column of these has told nobody.
ANSWERS = [200, 200, 200, 500, "hang", "reset", "reset early", "close", "garbage", 503, 429]
NOT_TOLD = (503, 429)


@pytest.mark.slow
def test_every_person_is_told_of_every_event_and_twice_only_if_marked(tmp_path: Path) -> None:
    """Goal: at least once, and marked when more than once. Method: the far end counts what it was told."""
    seed = random.randrange(2**32)
    print(f"seed={seed}")  # noqa: T201 - shown when it fails
    chance = random.Random(seed)
    world = World(tmp_path)
    sinks = [Sink(), Sink()]
    for one in sinks:
        one.answers = [chance.choice(ANSWERS) for _ in range(10_000)]

    kills, lives = 0, 0
    while lives < LIVES_MAX:
        lives += 1
        for _ in range(ALERTS_PER_LIFE if kills < KILLS else 0):
            world.tell(world.event_id + 1, "raised", chance.choice(["blue", "immediate"]))
        victim = start(tmp_path, sinks)
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"begun\n"
        if kills < KILLS:
            kill_at = time.monotonic() + chance.uniform(0.0, 0.5)
            while victim.poll() is None and time.monotonic() < kill_at:
                time.sleep(0.001)
        else:
            for one in sinks:
                one.answers.clear()
            victim.wait(120)
        if victim.poll() is not None:
            assert victim.returncode == 0
            if kills < KILLS:
                continue
            break
        victim.kill()
        victim.wait()
        kills += 1

    told = [one for each in sinks for one in lines(each.arrived)]
    for one in sinks:
        one.close()
    assert kills == KILLS
    assert {(who, event) for who, event, _ in told} == {
        (who, event) for who in PEOPLE for event in range(1, world.event_id + 1)
    }
    unmarked = Counter((who, event) for who, event, repeated in told if not repeated)
    assert [one for one, times in unmarked.items() if times > 1] == []
    print(f"kills={kills} lives={lives} told={len(told)} repeats={sum(one[2] for one in told)}")  # noqa: T201


def start(folder: Path, sinks: list[Sink]) -> subprocess.Popen[bytes]:
    """The next life."""
    command = [sys.executable, "-m", "tests.delivery.victim", str(folder), *(str(one.port) for one in sinks)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)


def lines(arrived: list[Arrived]) -> list[tuple[str, int, bool]]:
    """Who was told of which event, and whether it was marked."""
    return [
        (one.document["to"], int(line.split()[0][1:]), "REPEATED" in line)
        for one in arrived
        if one.answer not in NOT_TOLD
        for line in one.document["text"].split("\n")
        if line.startswith("#")
    ]
