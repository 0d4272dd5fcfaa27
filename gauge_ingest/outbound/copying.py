"""Followers that copy to a store: what comes now first, then what was put off; what is refused is set aside."""

import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from gauge_ingest.core.model import AlertEvent, Row
from gauge_ingest.journal import Reader
from gauge_ingest.outbound.follow import IDLE_S, LINGER_S, Follower
from gauge_ingest.outbound.positions import Positions, PutOff, SetAside
from gauge_ingest.stores import Kept, Refused, Store, StoreGone, StoreRejected

log = logging.getLogger(__name__)

ROWS_MAX = 10_000
CATCH_UP_ROWS_MAX = 50_000
# Spans of what was put off: a follower that never quite keeps up must not fill its file with them.
SPANS_MAX = 64
SAID_EVERY_S = 30.0  # how far a catch-up has come
SAME_EVERY_S = 60.0  # a store is asked whether it is still the same one

End = Literal["newest", "oldest"]


class CopyFollower(Follower):
    """Copies to one store. A store that is another one than before gets everything anew."""

    linger_s = LINGER_S  # before it looks for more of what comes now

    def __init__(
        self,
        store: Kept,
        journal: Path,
        positions: Positions,
        *,
        now: Callable[[], int],
        retry_max_s: float,
        configuration: str = "",
        catch_up: End = "newest",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`configuration`: the digest of the one that the store was made for; `catch_up`: the end to begin with."""
        super().__init__(store.name, journal, positions, now=now, retry_max_s=retry_max_s)
        self._kept = store
        self._configuration = configuration
        self.newest_first = catch_up == "newest"
        self._monotonic = monotonic
        self._retry_aside = True
        self._is_ready = False
        self._same_at = self._said_at = monotonic()

    def try_again(self) -> bool:
        """Offer what was set aside once more."""
        self._retry_aside = True
        self.wake()
        return True

    def begin(self) -> None:
        """Make the store ready, and be seen from the start."""
        self._is_ready = False
        self.moved(self.position.seq)

    def carry_on(self, reader: Reader) -> float:
        """Copy a page of what comes now, and one of what was put off."""
        try:
            self._make_ready(reader)
            if self._retry_aside:
                self._retry_aside = False
                self.offer_again(reader, self.positions.aside(self.name))
            return self._copy(reader)
        except StoreGone:
            self._is_ready = False
            self.positions.gone(self.name)
            raise

    @abstractmethod
    def copy(self, reader: Reader, until: int) -> tuple[int, bool]:
        """Copy what changed behind the position, up to `until` of the log; up to where, and whether it was much."""

    @abstractmethod
    def copy_put_off(self, reader: Reader, span: PutOff) -> PutOff:
        """Copy some of a span that was put off; what is left of it."""

    @abstractmethod
    def offer_again(self, reader: Reader, refused: Sequence[SetAside]) -> None:
        """Offer what the store had refused."""

    def set_aside(self, refused: Sequence[Refused], named: Callable[[Refused], SetAside]) -> None:
        """Remember what the store refused, with its words."""
        for one in refused:
            self.positions.set_aside(self.name, [named(one)])
            log.error("refused and set aside by=%s reason=%s", self.name, one.reason)

    def _make_ready(self, reader: Reader) -> None:
        at = self._monotonic()
        if self._is_ready and at - self._same_at < SAME_EVERY_S:
            return
        if not self._is_ready:
            self._kept.prepare()
        self._same_at = at
        identity = self._kept.identity()
        before, was_gone = self.positions.place(self.name)
        is_another = identity != before if identity and before else was_gone
        if is_another:
            log.warning("the store is empty or another one than before: everything is copied anew to=%s", self.name)
            self._begin_anew(reader)
        self.positions.found(self.name, identity)
        self._is_ready = True

    def _begin_anew(self, reader: Reader) -> None:
        self.moved(0)
        self._put_off(reader.newest_seq())

    def _put_off(self, until: int) -> None:
        self.positions.put_off(self.name, self.position, until, spans_max=SPANS_MAX)
        self.position = self.position._replace(seq=until)

    def _copy(self, reader: Reader) -> float:
        newest = reader.newest_seq()
        wait_s = IDLE_S
        if newest > self.position.seq:
            reached, much = self.copy(reader, newest)
            if reached > self.position.seq:
                self.moved(reached)
                wait_s = self.linger_s
            if much and reached < newest:
                self._put_off(newest)
        spans = self.positions.backlog(self.name, self.position.epoch)
        if not spans or self.is_outdated(reader):
            return wait_s
        span = spans[-1 if self.newest_first else 0]
        left = self.copy_put_off(reader, span)
        self.positions.carried_on(self.name, self.position.epoch, span, left)
        self._say(spans, span, left)
        return 0.0

    def is_outdated(self, reader: Reader) -> bool:
        """Whether a later configuration was accepted: its changes are for the process that has it.

        Millimetres are made with its buckets. To be asked after a page was read: then nothing of a later one is in it.
        """
        return reader.outdated(self._configuration)

    def _say(self, spans: Sequence[PutOff], span: PutOff, left: PutOff) -> None:
        others = [one for one in spans if one != span]
        changes = sum(one.until - one.since for one in (*others, left))
        if changes == 0:
            log.info("caught up to=%s", self.name)
        elif self._monotonic() - self._said_at >= SAID_EVERY_S:
            total = sum(one.total for one in spans)
            self._said_at = self._monotonic()
            log.info(
                "catching up to=%s done_percent=%.0f changes_left=%d", self.name, 100 - 100 * changes / total, changes
            )


class StoreFollower(CopyFollower):
    """Copies rows and events to a store."""

    def __init__(
        self,
        store: Store,
        journal: Path,
        positions: Positions,
        *,
        now: Callable[[], int],
        retry_max_s: float,
        rows_max: int = ROWS_MAX,
        catch_up_rows_max: int = CATCH_UP_ROWS_MAX,
        configuration: str = "",
        catch_up: End = "newest",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`rows_max`: of one page of what comes now; `catch_up_rows_max`: of what was put off."""
        super().__init__(
            store,
            journal,
            positions,
            now=now,
            retry_max_s=retry_max_s,
            configuration=configuration,
            catch_up=catch_up,
            monotonic=monotonic,
        )
        self._store = store
        self._rows_max, self._catch_up_rows_max = rows_max, max(rows_max, catch_up_rows_max)

    def copy(self, reader: Reader, until: int) -> tuple[int, bool]:
        """Copy what changed behind the position, up to `until` of the log; up to where, and whether it was much."""
        changes = reader.log.page(self.position.seq, until, rows_max=self._rows_max)
        if self.is_outdated(reader):
            return self.position.seq, False
        self._write(changes.rows, changes.events)
        return changes.seq, changes.seq < until

    def copy_put_off(self, reader: Reader, span: PutOff) -> PutOff:
        """Copy some of a span that was put off; what is left of it."""
        changes = reader.log.page(
            span.since, span.until, rows_max=self._catch_up_rows_max, newest_first=self.newest_first
        )
        if self.is_outdated(reader):
            return span
        self._write(changes.rows, changes.events)
        if self.newest_first:
            return span._replace(until=changes.since)
        return span._replace(since=changes.seq)

    def offer_again(self, reader: Reader, refused: Sequence[SetAside]) -> None:
        """Offer what the store had refused."""
        for one in refused:
            rows = list(reader.rows(one.station, since=one.at - 1, until=one.at)) if one.station else []
            events = reader.alerts.events_by_id([one.event]) if one.event else []
            try:
                self._store.write(rows, events)
            except StoreRejected:
                continue
            self.positions.taken_after_all(self.name, one)

    def _write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        try:
            self._store.write(rows, events)
        except StoreRejected as error:
            self.set_aside(error.refused, _aside)


def _aside(refused: Refused) -> SetAside:
    item = refused.item
    if isinstance(item, Row):
        return SetAside(item.station, item.observed_at, 0, refused.reason)
    assert isinstance(item, AlertEvent)
    return SetAside("", 0, item.id, refused.reason)
