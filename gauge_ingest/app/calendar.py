"""The calendar of the outbound process: APScheduler knocks, each job asks by itself whether it is due."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from apscheduler.schedulers.background import BackgroundScheduler

from gauge_ingest.clock import SystemClock
from gauge_ingest.jobs import KNOCKED, Job, due

log = logging.getLogger("gauge_ingest")

KNOCK_EVERY_S = 20.0
KNOCK_LOST_S = 60.0


class Remembered(Protocol):
    """What was done when, in a file that outlives the process (outbound.positions)."""

    def last_done(self, job: str) -> int | None:
        """When a job was last done."""

    def done(self, job: str, at: int) -> None:
        """A job was done."""


class Calendar:
    """A scheduler that no longer knocks is replaced. A job that hangs holds up no other: the next scheduler does them.

    Only monotonic time says whether it knocks: APScheduler counts in the machine's time of day, and knocks no more for
    an hour when that is set back by one (3.11).
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        remembered: Remembered,
        now: Callable[[], int],
        *,
        knock_every_s: float = KNOCK_EVERY_S,
        knock_lost_s: float = KNOCK_LOST_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = [(job, threading.Lock()) for job in jobs]
        self._remembered = remembered
        self._now = now
        self._knock_every_s = knock_every_s
        self._knock_lost_s = knock_lost_s
        self._monotonic = monotonic
        self._knocked_at = monotonic()
        remembered.done(KNOCKED, SystemClock().now())  # one that never knocks is seen, too
        self._scheduler = self._start()

    def look(self) -> None:
        """Replace the scheduler when it has not knocked for a minute."""
        if self._monotonic() - self._knocked_at > self._knock_lost_s:
            log.warning("the scheduler has not knocked for a minute: started again")
            self.close()
            self._knocked_at = self._monotonic()
            self._scheduler = self._start()

    def close(self) -> None:
        """End the scheduler; a job that hangs is left behind."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _start(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler()
        scheduler.add_job(
            self._knock,
            "interval",
            seconds=self._knock_every_s,
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
        scheduler.start()
        return scheduler

    def _knock(self) -> None:
        self._knocked_at = self._monotonic()
        self._remembered.done(KNOCKED, SystemClock().now())
        for job, busy in self._jobs:
            if busy.acquire(blocking=False):  # else it still runs, on the thread of a scheduler that was replaced
                try:
                    self._do(job)
                finally:
                    busy.release()
            self._knocked_at = self._monotonic()

    def _do(self, job: Job) -> None:
        now = self._now()
        if due(job.every_s, now=now, last_done=self._remembered.last_done(job.name)) and job.do():
            self._remembered.done(job.name, now)
