"""The ingest loop: the one thread that owns the broker's socket, the journal's write connection and the rules."""

import faulthandler
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from gauge_ingest.clock import SystemClock
from gauge_ingest.core.reasons import because
from gauge_ingest.core.watch import Refused, Surroundings
from gauge_ingest.inlet import Happened, Inlet, TakenOver
from gauge_ingest.journal import Journal, JournalUnavailable
from gauge_ingest.pump import Pump
from gauge_ingest.pump.findings import Finding
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Spool

log = logging.getLogger(__name__)

WAIT_S = 0.2
REST_SHARE = 3
DEBTS_S = 0.015  # how long the rain may wait for what is owed
SPOOL_EVERY_S = 0.2
STATUS_EVERY_S = 2.0
TICK_EVERY_S = 10.0
HEARTBEAT_S = 120.0  # a loop that does not come round within this ends the process
JOURNAL_RETRY_S = 2.0
SESSION_KEY = "session_expected"


class Outbound(Protocol):
    """The second process, as the loop sees it."""

    def wake(self) -> None:
        """There is something new in the journal."""

    def supervise(self) -> bool:
        """Start it again when it has ended and its back-off is over, end it when it stands; whether it was heard."""

    @property
    def alive(self) -> bool:
        """Whether it runs, and goes on."""


class Ingest:
    """run() repeats step() until it is told to stop."""

    def __init__(
        self,
        *,
        inlet: Inlet,
        pump: Pump,
        journal: Journal,
        spool: Spool,
        outbound: Outbound,
        status_path: Path,
        now: Callable[[], int],
        reload: Callable[[], dict[str, Any]],
        look: Callable[[], Surroundings] = Surroundings,
        refused: Callable[[], Refused] = Refused,
        monotonic: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
        wait_s: float = WAIT_S,
        tick_every_s: float = TICK_EVERY_S,
    ) -> None:
        self._inlet = inlet
        self._pump = pump
        self._journal = journal
        self._spool = spool
        self._outbound = outbound
        self._status_path = status_path
        self._now = now
        self._reload = reload
        self._look = look
        self._refused = refused
        self._connected_since: int | None = None
        self._drained = False
        self._outbound_heard_at: int | None = None
        self._monotonic = monotonic
        self._rest = rest
        self._wait_s = wait_s
        self._tick_every_s = tick_every_s
        self._pay_at = self._spool_at = self._status_at = self._tick_at = self._beat_at = 0.0
        self._happened: list[Happened] = []
        self._stopping = False
        self._reload_wanted = False

    def stop(self) -> None:
        """End after the batch at hand; may be called from a signal handler."""
        self._stopping = True
        self._inlet.wake()

    def ask_reload(self) -> None:
        """Read the configuration again between batches; may be called from a signal handler."""
        self._reload_wanted = True
        self._inlet.wake()

    def run(self) -> None:
        """Until stop() is called. Raises what the process must end for."""
        while not self._stopping:
            self._beat()
            self.step()
        faulthandler.cancel_dump_traceback_later()

    def step(self) -> None:
        """Take what has arrived, commit and acknowledge it; then a slice of everything else."""
        try:
            rest_s = max(0.0, self._pay_at - self._monotonic())
            deliveries = self._inlet.take(min(rest_s, self._wait_s) if self._pump.owing else self._wait_s)
            if deliveries:
                taken = self._pump.take(deliveries)
                self._inlet.acknowledge(deliveries)
                self._outbound.wake()
                log.debug("batch committed %s", taken)
            self._notice()
            self._drained = self._drained or (self._inlet.connected and not deliveries)
            if self._pump.owing and (not deliveries or self._monotonic() >= self._pay_at):
                self._pay()
            self._serve()
        except TakenOver as error:
            with self._journal.transaction():
                self._pump.findings.raise_(
                    Finding.CLIENT_ID_TAKEN, because("taken_over", error=str(error)), at=self._now()
                )
            self._outbound.wake()
            raise
        except OSError as error:  # the spool or the status file: no room, or no right to write there
            log.error("cannot write beside the journal error=%s", error)
            self._rest(JOURNAL_RETRY_S)
        except JournalUnavailable as error:
            log.error("journal unavailable, nothing is acknowledged error=%s", error)
            self._pump.forget()
            self._inlet.drop("the journal cannot take anything now")
            self._rest(JOURNAL_RETRY_S)

    def _pay(self) -> None:
        """A slice of what is owed. While readings go on arriving, debts get a quarter of the time, and grow meanwhile:
        a station that sends a backlog would otherwise be derived anew for every few readings of it.
        """
        begun = self._monotonic()
        paid = False
        while self._pump.owing and self._monotonic() < begun + DEBTS_S:
            paid = self._pump.pay_debts() or paid
        ended = self._monotonic()
        self._pay_at = ended + REST_SHARE * (ended - begun)
        if paid:
            self._outbound.wake()

    def _notice(self) -> None:
        """What happened to the connection, as findings: a session that is gone may have taken messages with it."""
        self._happened += self._inlet.happened()
        while self._happened:
            happened, at = self._happened[0], self._now()
            with self._journal.transaction():
                self._find(happened, at)
            del self._happened[0]  # only now: a journal that is full must not swallow it
            self._outbound.wake()
            self._status_at = 0.0

    def _find(self, happened: Happened, at: int) -> None:
        findings, expected = self._pump.findings, self._journal.meta(SESSION_KEY) == self._inlet.session_name
        if happened is Happened.CONNECTED_AFRESH and expected:
            since = self._journal.reader.newest_received_at()
            reason = because("session_lost", since_at=since, until_at=at)
            findings.raise_(Finding.SESSION_LOST, reason, at=at)
        elif happened is Happened.CONNECTED:
            findings.clear(Finding.SESSION_LOST, because("session_kept"), at=at)
        elif happened is Happened.CONTESTED:
            reason = because("client_id_taken", session=self._inlet.session_name)
            findings.raise_(Finding.CLIENT_ID_TAKEN, reason, at=at)
        elif happened is Happened.STEADY:
            findings.clear(Finding.CLIENT_ID_TAKEN, because("steady"), at=at)
        if happened is Happened.LOST:
            self._connected_since = None
        if happened in (Happened.CONNECTED, Happened.CONNECTED_AFRESH):
            self._connected_since, self._drained = at, False
            self._journal.set_meta(SESSION_KEY, self._inlet.session_name)

    def _serve(self) -> None:
        """Requests of people, the clock's ticks, the second process, the status file: each in its own time."""
        now = self._monotonic()
        if self._reload_wanted:
            self._reload_wanted = False
            log.info("reload asked by signal answer=%s", self._reload())
        if now >= self._spool_at:
            self._spool_at = now + SPOOL_EVERY_S
            for request in self._spool.waiting():
                self._spool.answer(
                    request, carry_out(self._pump, self._journal, request, now=self._now(), reload=self._reload)
                )
                self._outbound.wake()
        if now >= self._tick_at:
            self._tick_at = now + self._tick_every_s
            if self._pump.tick(self._around()):
                self._outbound.wake()
        if now >= self._status_at:
            self._status_at = now + STATUS_EVERY_S
            if self._outbound.supervise():
                self._outbound_heard_at = self._now()
            self._write_status()

    def _around(self) -> Surroundings:
        """What the pump cannot see by itself."""
        return replace(
            self._look(),
            connected_since=self._connected_since if self._inlet.connected else None,
            drained=self._drained,
            outbound_alive=self._outbound.alive,
            outbound_heard_at=self._outbound_heard_at,
            refused=self._refused(),
        )

    def _beat(self) -> None:
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + HEARTBEAT_S / 10
            faulthandler.dump_traceback_later(HEARTBEAT_S, exit=True)

    def _write_status(self) -> None:
        status = {
            "pid": os.getpid(),
            "at": self._now(),
            "wall_at": SystemClock().now(),
            "broker": {"connected": self._inlet.connected, "detail": self._inlet.detail},
            "debts": self._journal.reader.debts(),
            "outbound": {"alive": self._outbound.alive, "heard_at": self._outbound_heard_at},
            "configuration": {"refused": self._refused().words},
        }
        beside = self._status_path.with_name(self._status_path.name + ".new")
        beside.write_text(json.dumps(status), encoding="utf-8")
        beside.replace(self._status_path)
