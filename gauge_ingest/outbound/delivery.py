"""The delivery of alerts to people: follows the journal's events, asks whom to tell, and has the channels tell them."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.model import DAY_MS, Alert, AlertEvent, State
from gauge_ingest.core.people import Person
from gauge_ingest.core.told import first_telling
from gauge_ingest.journal import Position, Reader
from gauge_ingest.outbound.deliveries import Due
from gauge_ingest.outbound.failover import adopt, fail_over, find_unreached
from gauge_ingest.outbound.follow import IDLE_S, QUIET_CHANGES, QUIET_S, Follower
from gauge_ingest.outbound.other_epochs import end_of_other_epochs
from gauge_ingest.outbound.positions import Positions
from gauge_ingest.outbound.queue import Queue
from gauge_ingest.outbound.record import PEOPLE
from gauge_ingest.outbound.refused import Refusals
from gauge_ingest.outbound.workers import ChannelWorker, Desk, Way

log = logging.getLogger(__name__)

WATCH_EVERY_S = 0.5
EVENTS_MAX = 200  # in one transaction, times the people
OLD_MS = DAY_MS  # when it begins without a position, alerts that ended before are history
END_WITHIN_S = 1.0
STANDS_S = 10.0  # neither a page nor a look of the watch takes so long: both write to outbound.db and no further

Recipients = Callable[[AlertEvent, Sequence[AlertEvent]], Sequence[Person]]
Silenced = Callable[[Reader, AlertEvent, Sequence[AlertEvent], Level], str]


class Delivering(Follower):
    """One thread that puts deliveries, one that watches, and one for each channel: none of them waits for another."""

    def __init__(
        self,
        desk: Desk,
        positions: Positions,
        ways: Sequence[Way],
        *,
        recipients: Recipients,
        silenced: Silenced,
        levels: Mapping[str, Sequence[str]],
        retry_max_s: float,
    ) -> None:
        """`recipients`: who is told of an event; `silenced`: why people are not told, or nothing;
        `levels`: of each rule, from the lowest to the highest.
        """
        super().__init__(PEOPLE, desk.journal, positions, now=desk.now, retry_max_s=retry_max_s)
        self._desk = desk
        self._recipients = recipients
        self._silenced = silenced
        self._levels = levels
        self.workers = {way.channel.name: ChannelWorker(way, desk) for way in ways}
        self._refusals = Refusals({way.channel.name: way.retry_max_s for way in ways}, monotonic=desk.monotonic)
        self._ending = threading.Event()
        self._is_running = False
        self._moved_at = 0.0
        self._busy_since: dict[str, float] = {}  # what the two threads are at
        self._watch = threading.Thread(target=self._keep_watching, name="delivery watch", daemon=True)
        adopt(desk.queue, desk.people, channels=frozenset(self.workers), now=desk.now())

    @property
    def queue(self) -> Queue:
        """What it puts into, for whoever prunes it."""
        return self._desk.queue

    def start(self) -> None:
        """Start every thread; the channels begin when the journal has been followed to its end once.

        Else an alert that has long been cleared might be told while its clearing is on the next page.
        """
        self._is_running = True
        super().start()

    def step(self) -> float:
        """Carry on a page; the channels begin after the last one."""
        with self._busy("step"):
            wait_s = super().step()
        if self._is_running and not self._attempts and wait_s == IDLE_S and self._watch.ident is None:
            self._watch.start()
            for worker in self.workers.values():
                worker.start()
        return wait_s

    @property
    def goes_on(self) -> bool:
        """Whether neither thread has been at one thing for too long: a disk that hangs holds them, and nobody else."""
        before = self._desk.monotonic() - STANDS_S
        return all(since > before for since in [*self._busy_since.values()])

    def stop(self) -> None:
        """End after what is being sent."""
        super().stop()
        self._ending.set()
        for worker in self.workers.values():
            worker.stop()

    def join(self, timeout: float | None = None) -> None:
        """Wait for every thread, together for so long; a channel that hangs is left to the end of the process."""
        end_at = self._desk.monotonic() + (END_WITHIN_S if timeout is None else timeout)
        super().join(max(0.0, end_at - self._desk.monotonic()))
        for thread in (self._watch, *self.workers.values()):
            if thread.ident is not None:
                thread.join(max(0.0, end_at - self._desk.monotonic()))

    def begin(self) -> None:
        """Without a position of ours in this journal, what ended long ago is history."""
        known = self.positions.get(self.name)
        is_new = known is None or known.epoch != self.position.epoch
        self._history_before = self.now() - OLD_MS if is_new else 0
        if is_new:
            end_of_other_epochs(self._desk.queue, self.position.epoch, now=self.now())
        self._desk.queue.put(self.name, self.position, (), now=self.now())

    def carry_on(self, reader: Reader) -> float:
        """Put a page of events."""
        seq, events = reader.alerts.changes(self.position.seq, events_max=EVENTS_MAX)
        due = [one for event in events if event.sent for one in self._due(reader, event)]
        long_ago = self._desk.monotonic() - self._moved_at > QUIET_S
        if events or seq - self.position.seq > QUIET_CHANGES or (seq > self.position.seq and long_ago):
            self._moved_at = self._desk.monotonic()
            position = Position(self.position.epoch, seq)
            self._desk.queue.put(self.name, position, due, now=self.now())
            self.position = position
        if due:
            for worker in self.workers.values():
                worker.wake()
        return 0.0 if events else IDLE_S

    def watch(self) -> None:
        """Open the next ways where one is dead, write down whom none reaches, try again what refused."""
        desk, now = self._desk, self._desk.now()
        opened = fail_over(desk.queue, desk.people, self._dead, now=now)
        for name in find_unreached(desk.queue, desk.people, self._dead, now=now):
            log.error("nobody can be reached by any way person=%s", name)
        if opened + self._refusals.try_again(desk.queue, desk.people, self._dead, now=now):
            for worker in self.workers.values():
                worker.wake()

    def _keep_watching(self) -> None:
        while not self._ending.wait(WATCH_EVERY_S):
            with self._busy("watch"):
                self.watch()

    @contextmanager
    def _busy(self, at: str) -> Iterator[None]:
        self._busy_since[at] = self._desk.monotonic()
        try:
            yield
        finally:
            del self._busy_since[at]

    def _dead(self, channel: str, person: str, address: str) -> bool:
        worker = self.workers.get(channel)
        return worker is None or worker.standing.dead(person, address)

    def _due(self, reader: Reader, event: AlertEvent) -> list[Due]:
        alert, events = reader.alerts.one(event.alert_id), reader.alerts.events(event.alert_id)
        if alert is None or self._is_history(alert):
            return []
        name = event.level or alert.peak
        level = level_of(name, self._levels.get(event.rule, ()))
        before = [one for one in events if one.id <= event.id]
        silenced = self._silenced(reader, event, before, level)
        first = first_telling(before)
        return [
            Due(
                person=person.id,
                first=person.reach[0],
                event=event,
                level=name,
                grade=level.grade,
                evacuates=level.evacuates,
                repeated=event.id <= self.told_before,
                silenced=silenced,
                first_told=0 if first is None else first.id,
            )
            for person in self._recipients(event, before)
            if person.reach and person.id in self._desk.people
        ]

    def _is_history(self, alert: Alert) -> bool:
        return alert.state is not State.RAISED and (alert.ended_at or 0) < self._history_before
