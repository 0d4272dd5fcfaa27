"""The calendar of the outbound process: a scheduler that has died, that stalls or whose clock was set is replaced.

Goal: no day goes without its report because a thread does. Method: the real APScheduler, with knocks twenty times a
second; the time of day that it reads is set as an administrator would set it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest

from gauge_ingest.app.calendar import Calendar
from gauge_ingest.jobs import KNOCKED, Job
from gauge_ingest.outbound import Positions

SOON_S = 10.0
QUIET_S = 0.5  # ten knocks


class Counted:
    """A job that counts how often it was done."""

    def __init__(self) -> None:
        self.number = 0

    def do(self) -> bool:
        self.number += 1
        return False  # so that it is due again at once


@contextmanager
def calendar(folder: Path, *jobs: Job) -> Iterator[Calendar]:
    made = Calendar(jobs, Positions(folder / "outbound.db"), lambda: 1_000, knock_every_s=0.05, knock_lost_s=0.3)
    try:
        yield made
    finally:
        made.close()


def soon(holds: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> bool:
    until_s = time.monotonic() + SOON_S
    while not holds() and time.monotonic() < until_s:
        meanwhile()
        time.sleep(0.02)
    return holds()


def test_a_scheduler_that_has_died_is_replaced(tmp_path: Path) -> None:
    job = Counted()

    with calendar(tmp_path, Job("counted", 1, job.do)) as made:
        assert soon(lambda: job.number > 2)
        made.close()
        time.sleep(0.1)
        before = job.number
        time.sleep(QUIET_S)
        assert job.number == before, "it is dead"

        assert soon(lambda: job.number > before + 2, made.look)


def test_a_job_that_hangs_holds_up_itself_alone(tmp_path: Path) -> None:
    job, let_go, begun = Counted(), threading.Event(), Counted()

    def hang() -> bool:
        begun.do()
        return let_go.wait(60)

    with calendar(tmp_path, Job("hangs", 1, hang), Job("counted", 1, job.do)) as made:
        assert soon(lambda: begun.number == 1)
        assert soon(lambda: job.number > 2, made.look), "the next scheduler does the others"
        assert begun.number == 1, "what still runs is not begun a second time"
        let_go.set()


def test_a_clock_that_is_set_back_by_an_hour_stops_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, back = Counted(), timedelta()

    class Set(datetime):
        """The machine's time of day, as it was set."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # as narrow as the test needs
            return datetime.now(tz) - back

    for module in (apscheduler.schedulers.base, apscheduler.executors.base, apscheduler.triggers.interval):
        monkeypatch.setattr(module, "datetime", Set)
    with calendar(tmp_path, Job("counted", 1, job.do)) as made:
        assert soon(lambda: job.number > 2)
        back = timedelta(hours=1)
        time.sleep(0.2)
        before = job.number
        time.sleep(QUIET_S)
        assert job.number == before, "APScheduler waits for the hour to come again"

        assert soon(lambda: job.number > before + 2, made.look)


def test_that_it_knocks_is_remembered_in_real_time_from_the_start_on(tmp_path: Path) -> None:
    before = time.time() * 1000 - 1

    with calendar(tmp_path):
        at = Positions(tmp_path / "outbound.db").last_done(KNOCKED)

        assert at is not None
        assert before <= at <= time.time() * 1000
        assert soon(lambda: (Positions(tmp_path / "outbound.db").last_done(KNOCKED) or 0) > at)
