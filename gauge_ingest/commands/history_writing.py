"""How imported history reaches the journal: slice by slice, through the service that runs or, when none does, here."""

import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from gauge_ingest.clock import Clock
from gauge_ingest.commands.output import Status, no_journal, stop
from gauge_ingest.commands.progress import progress
from gauge_ingest.commands.writing import Answer, acquired, answered, who
from gauge_ingest.configuration import Configuration
from gauge_ingest.core.model import DAY_MS
from gauge_ingest.importing.plan import Plan
from gauge_ingest.journal import Journal, JournalBroken, JournalUnavailable, Lock
from gauge_ingest.journal.imported import Fell
from gauge_ingest.requests.take_history import ROWS_MAX, asked, take_history
from gauge_ingest.requests.words import Refused
from gauge_ingest.spool import Request

# A service that starts meanwhile tries for five seconds to get the lock, every tenth of one.
HELD_MAX_S = 2.0
LET_GO_S = 0.3
GOES_ON = "; what was taken before stays, and the same command again goes on from there"

Slice = tuple[str, list[Fell]]


def taken_in(configuration: Configuration, clock: Clock, plan: Plan, *, file: str, digest: str) -> int:
    """Take a plan in; how many rows were new. What was taken before a kill is there, and is passed the next time."""
    path, done, new = configuration.settings.journal_path, 0, 0
    if not path.exists():
        stop(Status.UNREACHABLE, no_journal(path))
    waiting = _slices(plan)
    ahead = next(waiting, None)
    with progress("taking in") as advance:
        while ahead is not None:
            lock = Lock(path)
            try:
                answer = None if acquired(lock) else _asked(path, lock, ahead, file=file, digest=digest)
                if answer is None:
                    ahead, more, rows = _here(configuration, clock, ahead, waiting, file=file, digest=digest)
                else:
                    more, rows, ahead = int(answer["new"]), len(ahead[1]), next(waiting, None)
            except OSError as error:
                stop(Status.UNREACHABLE, f"the journal cannot be written: {error}{GOES_ON}")
            finally:
                lock.release()
            new, done = new + more, done + rows
            if answer is None and ahead is not None:
                time.sleep(LET_GO_S)
            advance(done / max(1, plan.taken))
    return new


def _asked(path: Path, lock: Lock, ahead: Slice, *, file: str, digest: str) -> Answer | None:
    """What the service answers to a slice; None where it ended and the lock is held here now."""
    body = asked(ahead[0], ahead[1], file=file, digest=digest)
    answer = answered(path, Request(str(uuid.uuid4()), "history", body, who()), lock, otherwise=GOES_ON)
    if answer is not None and not answer.get("ok"):
        stop(Status.UNREACHABLE, f"{answer.get('error')}; what was taken before stays")
    return answer


def _here(
    configuration: Configuration, clock: Clock, first: Slice, waiting: Iterator[Slice], *, file: str, digest: str
) -> tuple[Slice | None, int, int]:
    """Take slices in for a while, with the lock held; the next one, how many rows were new, how many there were."""
    ahead: Slice | None = first
    new, rows, until_s = 0, 0, time.monotonic() + HELD_MAX_S
    try:
        with closing(Journal(configuration.settings.journal_path)) as journal:
            while ahead is not None and time.monotonic() < until_s:
                body = asked(ahead[0], ahead[1], file=file, digest=digest)
                answer = take_history(journal, configuration.stations, body, who=who(), now=clock.now())
                new, rows = new + int(answer["new"]), rows + len(ahead[1])
                ahead = next(waiting, None)
    except Refused as error:
        stop(Status.UNREACHABLE, f"{error}; what was taken before stays")
    except (JournalUnavailable, JournalBroken, OSError) as error:
        stop(Status.UNREACHABLE, f"the journal cannot be written: {error}{GOES_ON}")
    return ahead, new, rows


def _slices(plan: Plan) -> Iterator[Slice]:
    """Slices of one station, of at most ROWS_MAX rows and a month: what is announced must not be endless."""
    for station, fell in plan.fell.items():
        begin = 0
        for place in range(1, len(fell) + 1):
            is_end = place == len(fell)
            if is_end or place - begin == ROWS_MAX or fell[place].until - fell[begin].since > 400 * DAY_MS:
                yield station, fell[begin:place]
                begin = place
