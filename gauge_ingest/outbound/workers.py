"""One thread for each channel: takes what waits, has it worded, sends it, writes down how it ended."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.model import SECOND_MS
from gauge_ingest.core.people import Person
from gauge_ingest.journal import JournalUnavailable, Reader
from gauge_ingest.notifiers import Channel, Message, NotifierRejected, NotifierUnavailable
from gauge_ingest.outbound.deliveries import Batch, Told, Waiting
from gauge_ingest.outbound.queue import Queue
from gauge_ingest.outbound.standing import Standing
from gauge_ingest.outbound.wording import Link, Writer, worded

log = logging.getLogger(__name__)

IDLE_S = 5.0  # a worker looks by itself after so long, should a wake be lost
LOOK_MIN_S = 0.01
LOOK_MAX_S = 1.0  # while something waits: the service's clock may run faster than ours
LOUD_EVERY = 20  # tries in a row between two warnings
GONE = "the journal no longer has its alert"

Held = Callable[[Person, Level, int], int | None]


@dataclass(frozen=True, slots=True)
class Way:
    """A channel with what people.toml says of it."""

    channel: Channel
    retry_max_s: float
    dead_after_s: float
    group_s: float


@dataclass(frozen=True, slots=True)
class Desk:
    """What every worker works with. `now` is the service's clock, `monotonic` the machine's."""

    queue: Queue
    journal: Path
    people: Mapping[str, Person]
    writer: Writer
    held_until: Held
    link: Link
    now: Callable[[], int]
    monotonic: Callable[[], float] = time.monotonic
    drill: bool = False


class ChannelWorker(threading.Thread):
    """Repeats `step` until it is told to stop."""

    def __init__(self, way: Way, desk: Desk) -> None:
        super().__init__(name=f"channel {way.channel.name}", daemon=True)
        self.standing = Standing(dead_after_s=way.dead_after_s, retry_max_s=way.retry_max_s, monotonic=desk.monotonic)
        self._way = way
        self._desk = desk
        self._reader: Reader | None = None
        self._changed = threading.Condition()
        self._woken = False
        self._stopping = False
        self._turn = 0
        self._turns: dict[tuple[str, str], int] = {}  # of each address, when it last had its turn

    def wake(self) -> None:
        """There may be something new."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """End after the try that runs; what was begun and has not ended is repeated by the next life."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def run(self) -> None:
        """The thread: repeats step()."""
        while not self._stopping:
            wait_s = self.step()
            if wait_s:
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping or self._woken, wait_s)
                    self._woken = False
        if self._reader is not None:
            self._reader.close()
        self._way.channel.close()

    def step(self) -> float:
        """Send one message, if one is due; how long to wait before the next look."""
        now = self._desk.now()
        waits: list[float] = []
        due: list[tuple[Waiting, set[str]]] = []
        waiting = self._desk.queue.waiting(self._way.channel.name)
        for one, held in _addresses(waiting, self._held):
            wait_s = self._wait_s(one, now)
            if wait_s > 0:
                waits.append(wait_s)
            else:
                due.append((one, held))
        if due:
            first, held = min(due, key=lambda each: self._urgency(each[0]))
            self._turn += 1
            self._turns[first.person, first.address] = self._turn
            self._send(first, held)
            return 0.0
        if self._desk.queue.recover(self._way.channel.name):  # this worker is at nothing
            return LOOK_MIN_S
        if waiting:
            return min(max(min(waits, default=LOOK_MAX_S), LOOK_MIN_S), LOOK_MAX_S)
        return IDLE_S

    def _urgency(self, one: Waiting) -> tuple[bool, int, int, int]:
        """What moves people first; whoever fails comes after whoever does not; then each in turn."""
        turn = self._turns.get((one.person, one.address), 0)
        return not one.evacuates, self.standing.failures(one.person, one.address), turn, one.since_at

    def _wait_s(self, one: Waiting, now: int) -> float:
        """How long an address still waits: for its group to gather, or for its next try."""
        # What moves people and was never tried does not wait for what failed before it.
        pressing = one.evacuates and one.untried
        retry_s = self.standing.wait_s(one.person, one.address, pressing=pressing)
        if retry_s:
            return retry_s
        left_s = one.since_at / SECOND_MS + self._way.group_s - now / SECOND_MS
        return left_s if left_s <= self._way.group_s else 0.0  # a clock that was put back must not hold it up

    def _held(self, one: Waiting) -> bool:
        """Whether the person's quiet hours hold it back now; never what moves people."""
        person = self._desk.people.get(one.person)
        if person is None or one.evacuates:
            return False
        level = replace(level_of(one.level), grade=one.grade, evacuates=False)
        return self._desk.held_until(person, level, self._desk.now()) is not None

    def _send(self, first: Waiting, held: set[str]) -> None:
        queue, desk = self._desk.queue, self._desk
        batch = queue.begin(self._way.channel.name, first.person, first.address, held=held, now=desk.now())
        if batch is None:
            return
        try:
            message, batch = self._worded(batch)
        except JournalUnavailable as error:
            self._failed(batch, NotifierUnavailable(str(error)))
            return
        if message is None:
            return
        self.standing.begun()
        try:
            self._way.channel.send(batch.address, message)
        except NotifierRejected as error:
            self.standing.ended(batch.person, batch.address)
            refusals = queue.rejected(batch, str(error), now=desk.now())
            if refusals % LOUD_EVERY == 1:
                log.error("refused by=%s person=%s event=%d reason=%s", *batch[1:3], message.event, error)
        except NotifierUnavailable as error:
            self._failed(batch, error)
        else:
            queue.done(batch, now=desk.now())
            self.standing.worked(batch.person, batch.address)
            log.info("told by=%s person=%s event=%d events=%d", *batch[1:3], message.event, len(batch.members))

    def _worded(self, batch: Batch) -> tuple[Message | None, Batch]:
        """The message, and the batch without what the journal no longer has."""
        if self._reader is None:
            self._reader = Reader.open(self._desk.journal)
        desk, person = self._desk, self._desk.people[batch.person]
        message, gone = worded(batch, self._reader, desk.writer, person=person, link=desk.link, drill=desk.drill)
        desk.queue.gone([one.delivery for one in gone], GONE, now=desk.now())
        return message, _only(batch, tuple(one for one in batch.members if one not in gone))

    def _failed(self, batch: Batch, error: NotifierUnavailable) -> None:
        self._desk.queue.failed(batch, str(error), perhaps_told=error.perhaps_told, now=self._desk.now())
        failures = self.standing.failed(batch.person, batch.address, retry_after_s=error.retry_after_s)
        if failures == 1 or failures % LOUD_EVERY == 0:
            log.warning("cannot tell for now by=%s person=%s attempt=%d reason=%s", *batch[1:3], failures, error)


def _only(batch: Batch, members: tuple[Told, ...]) -> Batch:
    return batch._replace(members=members)


def _addresses(waiting: list[Waiting], is_held: Callable[[Waiting], bool]) -> list[tuple[Waiting, set[str]]]:
    """What is free to go, one for each address: the longest wait, the gravest; and the levels that are held back."""
    free: dict[tuple[str, str], Waiting] = {}
    held: dict[tuple[str, str], set[str]] = {}
    for one in waiting:
        key = (one.person, one.address)
        if is_held(one):
            held.setdefault(key, set()).add(one.level)
            continue
        known = free.get(key)
        free[key] = (
            one
            if known is None
            else known._replace(
                since_at=min(known.since_at, one.since_at),
                untried=(known.untried and known.evacuates) or (one.untried and one.evacuates),
                evacuates=known.evacuates or one.evacuates,
            )
        )
    return [(one, held.get(key, set())) for key, one in free.items()]
