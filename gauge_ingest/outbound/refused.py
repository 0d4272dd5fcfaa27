"""A refusal by the last way is not for good: while nothing takes a delivery, what refused it is tried again, slowly."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from gauge_ingest.core.model import HOUR_MS
from gauge_ingest.core.people import Address, Person
from gauge_ingest.outbound.deliveries import UNDONE
from gauge_ingest.outbound.failover import Dead
from gauge_ingest.outbound.queue import Queue

AGAIN_FIRST_S = 2.0
DOUBLINGS_MAX = 16
AGAIN_WITHIN_MS = 12 * HOUR_MS  # after it was put
TRIED_AGAIN = "no way takes it: what refused it is tried again"
GIVEN_UP = "every way has refused it"


class _Refused(NamedTuple):
    """A delivery that a way has refused: the state of each of its ways, and how often that was tried."""

    delivery: int
    person: str
    queued_at: int
    ways: dict[Address, tuple[str, int]]


class Refusals:
    """When each way is tried again, in real time; after a start at once, for whoever mends a channel starts anew."""

    def __init__(self, retry_max_s: Mapping[str, float], *, monotonic: Callable[[], float]) -> None:
        """`retry_max_s`: of each channel, the longest pause between two tries."""
        self._retry_max_s = retry_max_s
        self._monotonic = monotonic
        self._again_at: dict[tuple[int, Address, int], float] = {}
        self._has_looked = False

    def try_again(self, queue: Queue, people: Mapping[str, Person], dead: Dead, *, now: int) -> int:
        """Open again what is due, of each delivery that no way takes; how many ways. What is too old ends."""
        again_at: dict[tuple[int, Address, int], float] = {}
        opened = 0
        with queue.transaction() as db:
            for one in list(_refused(db)):
                person = people.get(one.person)
                if person is None or not _is_spent(one, person, dead):
                    continue
                if now - one.queued_at > AGAIN_WITHIN_MS:
                    _give_up(db, one, person, now)
                    continue
                db.execute("UPDATE delivery SET reason = ? WHERE id = ?", (TRIED_AGAIN, one.delivery))
                for way in person.reach:
                    state, tries = one.ways[way]
                    if state != "rejected" or way.channel not in self._retry_max_s:
                        continue
                    key = (one.delivery, way, tries)
                    again_at[key] = self._again_at.get(key) or self._monotonic() + self._wait_s(way.channel, tries)
                    if again_at[key] <= self._monotonic():
                        opened += _open_again(db, one.delivery, way)
        self._again_at, self._has_looked = again_at, True
        return opened

    def _wait_s(self, channel: str, tries: int) -> float:
        if not self._has_looked:
            return 0.0
        bound_s = min(self._retry_max_s[channel], AGAIN_FIRST_S * 2 ** min(tries, DOUBLINGS_MAX))
        return random.uniform(bound_s / 2, bound_s)  # noqa: S311 - spreads the tries


def _refused(db: sqlite3.Connection) -> Iterator[_Refused]:
    found = db.execute(
        f"SELECT id, person, queued_at FROM delivery WHERE state IN {UNDONE}"
        " AND EXISTS (SELECT 1 FROM way w WHERE w.delivery = delivery.id AND w.state = 'rejected')"
    )
    for delivery, person, queued_at in found.fetchall():
        ways = db.execute("SELECT channel, address, state, tries FROM way WHERE delivery = ?", (delivery,))
        yield _Refused(delivery, person, queued_at, {Address(*way[:2]): (way[2], way[3]) for way in ways})


def _is_spent(one: _Refused, person: Person, dead: Dead) -> bool:
    """Whether every way of the person, as it is reached now, has refused it or is dead."""
    for way in person.reach:
        state, _ = one.ways.get(way, ("", 0))
        if not state or (state != "rejected" and not dead(way.channel, person.id, way.to)):
            return False
    return True


def _give_up(db: sqlite3.Connection, one: _Refused, person: Person, now: int) -> None:
    """It ends where every way has refused it; on one that is dead it goes on waiting."""
    if all(one.ways[way][0] == "rejected" for way in person.reach):
        db.execute(
            "UPDATE delivery SET state = 'rejected', ended_at = ?, reason = ? WHERE id = ?",
            (now, GIVEN_UP, one.delivery),
        )


def _open_again(db: sqlite3.Connection, delivery: int, way: Address) -> int:
    return db.execute(
        "UPDATE way SET state = 'waiting', ended_at = NULL WHERE delivery = ? AND channel = ? AND address = ?",
        (delivery, way.channel, way.to),
    ).rowcount
