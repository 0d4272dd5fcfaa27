"""How commands change the journal: through the service that runs, or, when none does, by doing the same here."""

import getpass
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gauge_ingest.clock import Clock
from gauge_ingest.codecs import CODECS
from gauge_ingest.commands.output import Status, no_journal, notice, stop
from gauge_ingest.configuration import Configuration
from gauge_ingest.journal import Journal, JournalBroken, JournalUnavailable, Lock, Locked
from gauge_ingest.pump import Pump, PumpSettings
from gauge_ingest.pump.accept import Network
from gauge_ingest.requests import carry_out
from gauge_ingest.spool import Request, Spool, Unanswered

ANSWER_MAX_S = 30.0
LOCK_EVERY_S = 0.2
# A service that starts meanwhile waits five seconds for the lock; what is still owed is paid when it runs.
PAY_MAX_S = 0.5

Answer = dict[str, Any]


def asked(
    configuration: Configuration, clock: Clock, what: str, body: Mapping[str, Any], *, when_alone: str = ""
) -> Answer:
    """The answer to a request, by the service that holds the journal's lock or, when none does, by this command.

    Where another command holds it, this one waits for its turn. `when_alone`: what to say on standard error where no
    service runs and it is done.
    """
    path = configuration.settings.journal_path
    request, lock = Request(str(uuid.uuid4()), what, dict(body), who()), Lock(path)
    try:
        if not path.exists():
            stop(Status.UNREACHABLE, no_journal(path))
        answer = None if acquired(lock) else answered(path, request, lock)
        if answer is None:
            answer = _done_here(configuration, clock, request)
            if when_alone and answer.get("ok"):
                notice(when_alone)
        return answer
    except (JournalUnavailable, JournalBroken, OSError) as error:
        stop(Status.UNREACHABLE, f"the journal cannot be written: {error}")
    finally:
        lock.release()


def asked_of_service(path: Path, what: str, body: Mapping[str, Any]) -> Answer:
    """The answer of the service that holds the journal's lock, or an end that says that there was none."""
    with _through_the_spool(path):
        return Spool.beside(path).ask(what, body, who(), ANSWER_MAX_S)


def who() -> str:
    """Who asks, as this machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user, as in a container that runs under a bare number
        return "unknown"


def answered(path: Path, request: Request, lock: Lock, *, otherwise: str = "") -> Answer | None:
    """The answer of whoever holds the lock; None when it came free, is held here now, and the request is taken back.

    It may have been another command that held it, which answers nobody; or a service that has carried the request out
    and ended before it answered. The journal remembers that by the request's id. `otherwise`: what to add where there
    is no answer.
    """
    with _through_the_spool(path, otherwise):
        spool, until_s = Spool.beside(path), time.monotonic() + ANSWER_MAX_S
        spool.leave(request)
        try:
            while not spool.wait(request, LOCK_EVERY_S) and not acquired(lock):
                if time.monotonic() >= until_s:
                    break
        finally:
            answer = spool.take_back(request)
        if answer is None and not lock.held:
            raise Unanswered(f"no answer within {ANSWER_MAX_S:g} s")
        return answer


def acquired(lock: Lock) -> bool:
    """Whether the lock came free and is held here now; raises OSError."""
    try:
        lock.acquire()
    except Locked:
        return False
    return True


@contextmanager
def _through_the_spool(path: Path, otherwise: str = "") -> Iterator[None]:
    try:
        yield
    except Unanswered as error:
        stop(
            Status.UNREACHABLE, f"whoever writes {path} is busy or hangs: {error}; the request is taken back{otherwise}"
        )
    except (OSError, ValueError) as error:
        stop(
            Status.UNREACHABLE,
            f"the service cannot be asked through the folder spool beside {path}: {error}{otherwise}",
        )


def _done_here(configuration: Configuration, clock: Clock, request: Request) -> Answer:
    journal_settings = configuration.settings.journal
    settings = PumpSettings(
        clock_ahead_max_s=journal_settings.clock_ahead_max_s,
        readings_older_than_days_max=journal_settings.readings_older_than_days_max,
        unknown_sender_quota=journal_settings.unknown_sender_quota,
    )
    with closing(Journal(configuration.settings.journal_path)) as journal:
        pump = Pump(journal, CODECS["json_v1"], settings, now=clock.now)
        network = Network(
            configuration.stations,
            configuration.rules,
            configuration.digest,
            configuration.text,
            basins=configuration.basins,
            roster=configuration.roster,
            watch=configuration.watch,
        )
        pump.configure(network)
        answer = carry_out(pump, journal, request, now=clock.now(), reload=_nothing_to_reload)
        until_s = time.monotonic() + PAY_MAX_S
        while pump.pay_debts() and time.monotonic() < until_s:
            pass
        return answer


def _nothing_to_reload() -> Answer:
    return {"ok": False, "error": "no service runs"}
