"""A county's worst night: a thousand events for ten people are queued and told in bounded time and memory."""

import time
import tracemalloc
from pathlib import Path

import pytest

from tests.delivery.world import Line, World, person, rows, running, until

EVENTS, PEOPLE = 1_000, 10
QUEUED_WITHIN_S = 60.0
TOLD_WITHIN_S = 120.0
MEMORY_BYTES_MAX = 32_000_000


@pytest.mark.slow
def test_a_thousand_events_for_ten_people(tmp_path: Path) -> None:
    """Goal: nobody waits for a queue. Method: real time; memory as Python counts it, of queueing and of telling."""
    world = World(tmp_path, *(person(f"p{number}") for number in range(PEOPLE)))
    for alert in range(1, EVENTS + 1):
        world.tell(alert, "raised", "blue")
    mail = Line("mail")
    delivering = world.delivering(mail)
    tracemalloc.start()

    began_at = time.monotonic()
    while delivering.step() == 0.0:
        pass
    queued_s = time.monotonic() - began_at
    queued_bytes = tracemalloc.get_traced_memory()[1]
    delivering.close()  # the thread opens the journal for itself
    assert rows(tmp_path, "SELECT count(*) FROM delivery WHERE state = 'waiting'") == [(EVENTS * PEOPLE,)]
    tracemalloc.reset_peak()
    began_at = time.monotonic()
    with running(delivering):
        assert until(lambda: not rows(tmp_path, "SELECT 1 FROM delivery WHERE state <> 'done' LIMIT 1"), TOLD_WITHIN_S)
    told_s = time.monotonic() - began_at
    told_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    print(  # noqa: T201 - the measurement
        f"queued={queued_s:.1f} s peak={queued_bytes / 1e6:.1f} MB told={told_s:.1f} s peak={told_bytes / 1e6:.1f} MB"
        f" messages={len(mail.told)} file={(tmp_path / 'outbound.db').stat().st_size / 1e6:.1f} MB"
    )
    assert len(mail.told) == EVENTS * PEOPLE / 50
    assert {to for to, _ in mail.told[:PEOPLE]} == set(world.people)  # nobody waits for the end of another's list
    assert queued_s < QUEUED_WITHIN_S
    assert max(queued_bytes, told_bytes) < MEMORY_BYTES_MAX
