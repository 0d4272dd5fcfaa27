"""Followers: one thread each, from the journal's change log to a store or a notifier, as far as it has taken."""

import logging
import random
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from gauge_ingest.core.model import AlertEvent, Row
from gauge_ingest.journal import JournalUnavailable, Position, Reader
from gauge_ingest.notifiers import Notifier, NotifierRejected, NotifierUnavailable, Prepared, Renewing
from gauge_ingest.outbound.beginning import told_before
from gauge_ingest.outbound.positions import Positions, SetAside
from gauge_ingest.stores import Refused, Store, StoreRejected, StoreUnavailable, Total

log = logging.getLogger(__name__)

IDLE_S = 5.0  # a follower looks by itself after so long, should a wake be lost
RETRY_FIRST_S = 0.5
# After a small page the next one is waited for: a request costs the same for one row as for a thousand.
LINGER_S = 0.05
ROWS_MAX = 10_000
# A notifier's position is written after so many changes without an alert among them.
QUIET_CHANGES = 1_000
QUIET_S = 2.0  # … or after so long
RENEW_EVERY_S = 60.0  # a notifier whose notices end is asked whether any is to be told again


class Follower(threading.Thread):
    """Repeats `carry_on` until it is told to stop; an outage is waited out with back-off, nothing is skipped."""

    def __init__(
        self, name: str, journal: Path, positions: Positions, *, now: Callable[[], int], retry_max_s: float
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._journal = journal
        self.positions = positions
        self.now = now
        self._retry_max_s = retry_max_s
        self._attempts = 0
        self._reader: Reader | None = None
        self._changed = threading.Condition()
        self._woken = False
        self._stopping = False
        self.position = Position("", 0)
        self.told_before = 0  # the newest event that a life before may have told, unknown to our file

    def wake(self) -> None:
        """There may be something new."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """End after what is being sent."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def run(self) -> None:
        """The thread: repeats step(). Told to stop, it first carries on what is there."""
        while True:
            wait_s = self.step()
            if self._stopping and (self._attempts or wait_s == IDLE_S):
                break
            if wait_s:
                self._wait(wait_s, wakes=wait_s == IDLE_S and not self._attempts)
        self.close()

    def step(self) -> float:
        """Carry on a page; the answer is how long to wait: 0 when there is more, IDLE_S or a wake when there is none.

        The first step opens the journal and finds the position. An outage is noted, and answered with its back-off.
        """
        try:
            if self._reader is None:
                reader = Reader.open(self._journal)
                self.told_before = told_before(self.positions, reader, now=self.now())
                self.position = self._start(reader)
                self.begin()
                self._reader = reader
            wait_s = self.carry_on(self._reader)
        except (StoreUnavailable, NotifierUnavailable, JournalUnavailable) as error:
            return self._ill(error)
        self._attempts = 0
        return wait_s

    def close(self) -> None:
        """Let go of the journal."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    @abstractmethod
    def begin(self) -> None:
        """Make ready what is followed to; may raise that it is unavailable."""

    @abstractmethod
    def carry_on(self, reader: Reader) -> float:
        """Carry on a page of changes; how long to wait before the next, IDLE_S when there was none."""

    def moved(self, seq: int) -> None:
        """Everything up to a change has been carried on."""
        self.position = Position(self.position.epoch, seq)
        self.positions.move(self.name, self.position)

    def _start(self, reader: Reader) -> Position:
        """The remembered position, or the beginning when there is none for this journal's epoch."""
        epoch = reader.epoch()
        known = self.positions.get(self.name)
        return known if known is not None and known.epoch == epoch else Position(epoch, 0)

    def _ill(self, error: StoreUnavailable | NotifierUnavailable | JournalUnavailable) -> float:
        self._attempts += 1
        bound_s = min(self._retry_max_s, RETRY_FIRST_S * 2 ** min(self._attempts, 16))
        wait_s = random.uniform(bound_s / 2, bound_s)  # noqa: S311 - spreads the attempts
        asked = error.retry_after_s if isinstance(error, StoreUnavailable) else None
        wait_s = min(max(wait_s, asked or 0), self._retry_max_s)
        if self._attempts == 1 or self._attempts % 20 == 0:
            log.warning("cannot send for now to=%s attempt=%d reason=%s", self.name, self._attempts, error)
        self.positions.ill(self.name, self.position, str(error), self.now())
        return wait_s

    def _wait(self, wait_s: float, *, wakes: bool = True) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or (wakes and self._woken), wait_s)
            self._woken = self._woken and not wakes


class StoreFollower(Follower):
    """Copies rows and events to a store; what the store refuses for good is set aside with its words."""

    def __init__(
        self,
        store: Store,
        journal: Path,
        positions: Positions,
        *,
        now: Callable[[], int],
        retry_max_s: float,
        rows_max: int = ROWS_MAX,
        configuration: str = "",
    ) -> None:
        """`configuration`: the digest of the one that the store was made for."""
        super().__init__(store.name, journal, positions, now=now, retry_max_s=retry_max_s)
        self._store = store
        self._configuration = configuration
        self._rows_max = rows_max
        self._retry_aside = True

    def try_again(self) -> bool:
        """Offer what was set aside once more."""
        self._retry_aside = True
        self.wake()
        return True

    def begin(self) -> None:
        """Make the store ready, and be seen from the start."""
        self._prepared = False
        self.moved(self.position.seq)

    def carry_on(self, reader: Reader) -> float:
        """Copy a page of changes."""
        if not self._prepared:
            self._store.prepare()
            self._prepared = True
        if self._retry_aside:
            self._retry_aside = False
            self._offer_again(reader)
        changes = reader.changes(self.position.seq, rows_max=self._rows_max)
        # What a later configuration announces is for the process that has it: millimetres are made with its buckets.
        # Asked after the page was read, for then nothing of a later one is in it.
        if changes.seq == self.position.seq or reader.outdated(self._configuration):
            return IDLE_S
        for refused in self._write(changes.rows, changes.events):
            self.positions.set_aside(self.name, [_aside(refused)])
            log.error("refused and set aside by=%s reason=%s", self.name, refused.reason)
        self.moved(changes.seq)
        return LINGER_S if len(changes.rows) < self._rows_max // 2 else 0.0

    def _write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> Sequence[Refused]:
        try:
            self._store.write(rows, events)
        except StoreRejected as error:
            return error.refused
        return ()

    def _offer_again(self, reader: Reader) -> None:
        for one in self.positions.aside(self.name):
            rows = list(reader.rows(one.station, since=one.at - 1, until=one.at)) if one.station else []
            events = reader.alerts.events_by_id([one.event]) if one.event else []
            if not self._write(rows, events):
                self.positions.taken_after_all(self.name, one)


class NotifierFollower(Follower):
    """Tells of alert events in their order, each at least once; one that may have been told is marked as a repeat."""

    def __init__(
        self,
        notifier: Notifier,
        journal: Path,
        positions: Positions,
        *,
        now: Callable[[], int],
        retry_max_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(notifier.name, journal, positions, now=now, retry_max_s=retry_max_s)
        self._notifier = notifier
        self._monotonic = monotonic
        self._moved_at = 0.0
        self._renewed_at = -RENEW_EVERY_S

    def begin(self) -> None:
        """Nothing to connect yet."""
        self._prepared = False
        self.moved(self.position.seq)

    def carry_on(self, reader: Reader) -> float:
        """Tell a page of events."""
        if not self._prepared and isinstance(self._notifier, Prepared):
            self._notifier.prepare()
        self._prepared = True
        seq, events = reader.alerts.changes(self.position.seq)
        for event in events:
            if event.sent:
                self._tell(reader, event)
        long_ago = self._monotonic() - self._moved_at > QUIET_S
        if events or seq - self.position.seq > QUIET_CHANGES or (seq > self.position.seq and long_ago):
            self._moved_at = self._monotonic()
            self.moved(seq)
        if not events:
            self._renew()
        return 0.0 if events else IDLE_S

    def _renew(self) -> None:
        at = self._monotonic()
        if isinstance(self._notifier, Renewing) and at - self._renewed_at >= RENEW_EVERY_S:
            self._notifier.renew()
            self._renewed_at = at

    def _tell(self, reader: Reader, event: AlertEvent) -> None:
        state = self.positions.notice(self.name, event.id)
        alert = reader.alerts.one(event.alert_id)
        if state in ("done", "rejected") or alert is None:
            return
        perhaps_told = state == "begun" or event.id <= self.told_before
        self.positions.note(self.name, event.id, "begun")
        try:
            self._notifier.send(event, alert, repeated=perhaps_told)
        except NotifierRejected as error:
            log.error("notice rejected by=%s event=%d reason=%s", self.name, event.id, error)
            self.positions.note(self.name, event.id, "rejected", str(error))
            return
        except NotifierUnavailable as error:
            if not (perhaps_told or error.perhaps_told):  # else it stays begun: the next try is a repeat
                self.positions.note(self.name, event.id, "failed")
            raise
        self.positions.note(self.name, event.id, "done")


def _aside(refused: Refused) -> SetAside:
    item = refused.item
    if isinstance(item, Row):
        return SetAside(item.station, item.observed_at, 0, refused.reason)
    if isinstance(item, Total):
        return SetAside(item.station, item.window.until, 0, refused.reason)
    return SetAside("", 0, item.id, refused.reason)
