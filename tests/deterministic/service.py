"""The production service, put together as its own composition root does it, with a place to die at each effect.

Nothing is replaced: the classes below tell their process's fate of an effect, before and after it. `paho_in` gives
paho a socket of the virtual broker and the virtual clock.
"""

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import paho.mqtt.client as mqtt

from gauge_ingest import ingest
from gauge_ingest.codecs import CODECS
from gauge_ingest.core.model import Alert, AlertEvent
from gauge_ingest.ingest import Ingest
from gauge_ingest.inlet import BrokerAddress, Inlet
from gauge_ingest.journal import Journal, Lock, Position
from gauge_ingest.outbound import NotifierFollower, Positions, StoreFollower
from gauge_ingest.outbound.positions import SetAside
from gauge_ingest.pump import Delivery, Pump, PumpSettings
from gauge_ingest.pump.accept import Network
from gauge_ingest.spool import Request, Spool
from tests.deterministic.clock import VirtualClock
from tests.deterministic.copies import ListeningNotifier, TableStore
from tests.deterministic.fate import Fate

PAGES_MAX = 1_073_741_823


class DoomedJournal(Journal):
    """May be the last thing that a process does."""

    def __init__(self, path: Path, fate: Fate) -> None:
        super().__init__(path)
        self._fate = fate

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._fate.at("before begin")
        with super().transaction():
            yield
            self._fate.at("before commit")
        self._fate.at("after commit")

    def save_alerts(self, alerts: Iterable[Alert], events: Iterable[AlertEvent], configuration: int) -> None:
        """Write alerts, and what is to be told of them."""
        super().save_alerts(alerts, events, configuration)
        self._fate.tempt(4)  # the commit, and the first effects after it

    def fill(self, *, full: bool) -> None:
        """Let the disk be full, or have room again."""
        pages = self._db.execute("PRAGMA page_count").fetchone()[0] if full else PAGES_MAX
        self._db.execute(f"PRAGMA max_page_count = {pages}")


class DoomedInlet(Inlet):
    """May be the last thing that a process does."""

    fate: Fate

    def take(self, wait_s: float) -> list[Delivery]:
        """The next batch."""
        self.fate.at("before take")
        taken = super().take(wait_s)
        if taken:
            self.fate.at("after take")
        return taken

    def acknowledge(self, deliveries: list[Delivery]) -> None:
        """Acknowledge a batch."""
        self.fate.at("before acknowledge")
        super().acknowledge(deliveries)
        self.fate.at("after acknowledge")

    def drop(self, reason: str) -> None:
        """Close the connection."""
        self.fate.tempt(1)
        self.fate.at("before drop")
        super().drop(reason)

    def vanish(self) -> None:
        """What the machine does for a process that is gone: no goodbye."""
        self._client.abandon()
        self._client._reset_sockets()
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()


class DoomedSpool(Spool):
    """May be the last thing that a process does."""

    fate: Fate

    def answer(self, request: Request, answer: Mapping[str, Any]) -> None:
        """Answer a request."""
        self.fate.tempt(2)
        self.fate.at("before answer")
        super().answer(request, answer)
        self.fate.at("after answer")


class DoomedIngest(Ingest):
    """May be the last thing that a process does."""

    fate: Fate

    def _write_status(self) -> None:
        self.fate.at("before status")
        super()._write_status()
        self.fate.at("after status")

    def _pay(self) -> None:
        self.fate.where = "paying debts"
        super()._pay()
        self.fate.where = ""


class DoomedPositions(Positions):
    """May be the last thing that a process does."""

    fate: Fate

    def move(self, name: str, position: Position) -> None:
        """A follower has carried on."""
        self.fate.at("before move")
        super().move(name, position)
        self.fate.at("after move")

    def note(self, name: str, event: int, state: str, reason: str = "") -> None:
        """Record where a notice stands."""
        self.fate.at("before note")
        super().note(name, event, state, reason)
        self.fate.at("after note")

    def set_aside(self, name: str, refused: list[SetAside]) -> None:
        """Remember what a store refused."""
        self.fate.tempt(2)
        self.fate.at("before set aside")
        super().set_aside(name, refused)
        self.fate.at("after set aside")


class Woken:
    """The outbound process, as the ingest process sees it."""

    def __init__(self) -> None:
        self.woken = True
        self.alive = True

    def wake(self) -> None:
        """There is something new."""
        self.woken = True

    def supervise(self) -> bool:
        """The harness starts it again."""
        return True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process finds when it starts."""

    folder: Path
    clock: VirtualClock
    address: BrokerAddress
    admission: PumpSettings
    outbound: Woken


class IngestLife:
    """One life of the ingest process, from the lock to the end."""

    def __init__(self, surroundings: Surroundings, fate: Fate) -> None:
        self.fate = fate
        self.journal: DoomedJournal | None = None
        self._inlet: DoomedInlet | None = None
        self._lock: Lock | None = None
        self._around = surroundings
        self.ingest: DoomedIngest

    def start(self, network: Network, reload: Callable[[Pump], dict[str, Any]], *, full: bool) -> None:
        """As `gauge-ingest run` does. Raises Killed, and what the process would end for: call `vanish` then."""
        around, clock, fate = self._around, self._around.clock, self.fate
        path = around.folder / "journal.db"
        fate.where = "starting"
        self._lock = Lock(path).acquire()
        self.journal = DoomedJournal(path, fate)
        if full:
            self.journal.fill(full=True)
        self.pump = Pump(self.journal, CODECS["json_v1"], around.admission, now=clock.now)
        self.pump.configure(network)
        self._inlet = DoomedInlet(around.address, monotonic=clock.monotonic, background=lambda job: job())
        spool = DoomedSpool(around.folder / "spool")
        self.ingest = DoomedIngest(
            inlet=self._inlet,
            pump=self.pump,
            journal=self.journal,
            spool=spool,
            outbound=around.outbound,
            status_path=around.folder / "journal.db.status.json",
            now=clock.now,
            reload=lambda: reload(self.pump),
            monotonic=clock.monotonic,
            rest=clock.rest,
            wait_s=0.0,
        )
        self._inlet.fate = spool.fate = self.ingest.fate = fate
        fate.where = ""

    @property
    def connected(self) -> bool:
        """Whether the broker has taken our subscription."""
        return self._inlet is not None and self._inlet.connected

    @property
    def connecting(self) -> bool:
        """Whether there is a socket, and no subscription yet."""
        inlet = self._inlet
        return inlet is not None and not inlet.connected and inlet._client.socket() is not None

    @property
    def debts(self) -> int:
        """What is owed."""
        assert self.journal is not None
        return self.journal.reader.debts()

    def stop(self) -> None:
        """As after SIGTERM: goodbye to the broker, the journal closed."""
        assert self._inlet is not None
        self._inlet.close()
        self.vanish()

    def vanish(self) -> None:
        """As after kill -9: sockets close, nothing is committed or said, the lock is free."""
        if self._inlet is not None:
            self._inlet.vanish()
        if self.journal is not None:
            self.journal._db.close()
        if self._lock is not None and self._lock._file is not None:
            os.close(self._lock._file)
            self._lock._file = None


class OutboundLife:
    """One life of the outbound process: a store, a notifier, and how far they have come."""

    def __init__(self, around: Surroundings, fate: Fate, store: TableStore, notifier: ListeningNotifier) -> None:
        self.fate = store.fate = notifier.fate = fate
        self.positions = DoomedPositions(around.folder / "outbound.db")
        self.positions.fate = fate
        journal, now = around.folder / "journal.db", around.clock.now
        self.store = StoreFollower(store, journal, self.positions, now=now, retry_max_s=300, rows_max=400)
        self.notifier = NotifierFollower(
            notifier, journal, self.positions, now=now, retry_max_s=300, monotonic=around.clock.monotonic
        )

    def vanish(self) -> None:
        """kill -9."""
        self.store.close()
        self.notifier.close()
        self.positions.close()


@contextmanager
def paho_in(clock: VirtualClock, connect: Callable[[], socket.socket]) -> Iterator[None]:
    """Give paho the virtual time, and sockets of the virtual broker."""

    def pair() -> Sequence[socket.socket]:
        ends = socket.socketpair()
        for end in ends:
            end.setblocking(False)
        return ends

    with (
        # A look at the service is minutes after the last: what it does every few seconds is done every few looks.
        patch.multiple(ingest, TICK_EVERY_S=300.0, STATUS_EVERY_S=240.0, SPOOL_EVERY_S=60.0),
        patch.object(mqtt, "time_func", clock.monotonic),
        patch.object(mqtt, "_socketpair_compat", pair),
        patch.object(mqtt.Client, "_create_socket_connection", lambda _client: connect()),
    ):
        yield
