"""A county's worst night: a thousand events for ten people are queued and told in bounded time and memory."""

import resource
import time
from pathlib import Path

import pytest

from tests.delivery.world import Line, World, person, rows, running, until

EVENTS, PEOPLE = 1_000, 10
QUEUED_WITHIN_S = 60.0
TOLD_WITHIN_S = 120.0
GROWS_MB_MAX = 64


@pytest.mark.slow
def test_a_thousand_events_for_ten_people(tmp_path: Path) -> None:
    """Goal: nobody waits for a queue. Method: real time; the process's memory, of queueing and of telling."""
    world = World(tmp_path, *(person(f"p{number}") for number in range(PEOPLE)))
    for alert in range(1, EVENTS + 1):
        world.tell(alert, "raised", "blue")
    mail = Line("mail")
    delivering = world.delivering(mail)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    began_at = time.monotonic()
    while delivering.step() == 0.0:
        pass
    queued_s = time.monotonic() - began_at
    delivering.close()  # the thread opens the journal for itself
    assert rows(tmp_path, "SELECT count(*) FROM delivery WHERE state = 'waiting'") == [(EVENTS * PEOPLE,)]
    began_at = time.monotonic()
    with running(delivering):
        assert until(lambda: len(mail.told) >= EVENTS * PEOPLE / 50, TOLD_WITHIN_S)
    told_s = time.monotonic() - began_at
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1_000

    print(  # noqa: T201 - the measurement
        f"queued={queued_s:.1f} s told={told_s:.1f} s memory grew by {grown_mb:.1f} MB"
        f" messages={len(mail.told)} file={(tmp_path / 'outbound.db').stat().st_size / 1e6:.1f} MB"
    )
    assert len(mail.told) == EVENTS * PEOPLE / 50
    assert {to for to, _ in mail.told[:PEOPLE]} == set(world.people)  # nobody waits for the end of another's list
    assert queued_s < QUEUED_WITHIN_S
    assert grown_mb < GROWS_MB_MAX
