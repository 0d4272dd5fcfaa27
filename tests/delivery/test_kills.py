"""Kills at random moments, with channels that fail in every way, lose no notice and repeat none unmarked."""

import multiprocessing
import random
from collections import Counter
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.delivery.sink import Arrived, Sink
from tests.delivery.victim import PEOPLE, main
from tests.delivery.world import World

KILLS = 25
ALERTS_PER_LIFE = 5
LIVES_MAX = 200
# What a server may do with a request; the last column of these has told nobody.
ANSWERS = [200, 200, 200, 500, "hang", "reset", "reset early", "close", "garbage", 503, 429]
NOT_TOLD = (503, 429)


@pytest.mark.slow
def test_every_person_is_told_of_every_event_and_twice_only_if_marked(tmp_path: Path) -> None:
    """
    Goal: at least once, and marked when more than once.
    Method: the far end counts what it was told. Each life is a fork of one process that has everything imported.
    """
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
        if kills == KILLS:
            for one in sinks:
                one.answers.clear()
        victim = start(tmp_path, sinks)
        victim.join(chance.uniform(0.0, 0.5) if kills < KILLS else 60)
        if victim.exitcode is not None:
            assert victim.exitcode == 0
            if kills < KILLS:
                continue
            break
        victim.kill()
        victim.join()
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


def start(folder: Path, sinks: list[Sink]) -> ForkServerProcess:
    """The next life, when it has begun."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "tests.delivery.victim"])
    begun = context.Event()
    victim = context.Process(target=main, args=(folder, begun, *(one.port for one in sinks)))
    victim.start()
    assert begun.wait(60)
    return victim


def lines(arrived: list[Arrived]) -> list[tuple[str, int, bool]]:
    """Who was told of which event, and whether it was marked."""
    return [
        (one.document["to"], int(line.split()[0][1:]), "REPEATED" in line)
        for one in arrived
        if one.answer not in NOT_TOLD
        for line in one.document["text"].split("\n")
        if line.startswith("#")
    ]
