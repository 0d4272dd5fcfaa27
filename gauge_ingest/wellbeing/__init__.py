"""Whether the service is well, check by check: what the command `health` shows and the desk answers at /readyz."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import DatabaseError
from typing import Any, NamedTuple

from gauge_ingest.clock import SystemClock
from gauge_ingest.core.model import HOUR_MS
from gauge_ingest.core.spans import ago, elapsed
from gauge_ingest.jobs import BACKED_UP
from gauge_ingest.journal import JournalUnavailable, Reader, holder
from gauge_ingest.outbound.record import RecordUnreadable, job_state
from gauge_ingest.wellbeing import status_file
from gauge_ingest.wellbeing.followers import UNTOLD_MS, followers, knocked_at, reaching
from gauge_ingest.wellbeing.status_file import ServiceStatus

FREE_BYTES_MIN = 500_000_000
# It knocks every 20 s, and is replaced when it has not for a minute.
KNOCK_LOST_MS = 180_000
BACKUP_LATE_MS = 26 * HOUR_MS  # one is made each day
AHEAD_MS = 60_000  # what was received cannot lie ahead of our clock


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def document(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks as programs read them."""
    return {"ok": all(check.ok for check in checks), "checks": [check._asdict() for check in checks]}


def checks_of(journal: Path, outbound: Path, *, now: Callable[[], int], speed: float = 1.0) -> Iterator[Check]:
    """Everything but the configuration: the process that writes, its connections, the journal, followers, the disk.

    `speed`: how many times as fast as real time `now` runs.
    """
    yield from _service(journal, outbound, now, round(UNTOLD_MS * max(1.0, speed)))
    yield _disk(journal)


def configuration_check(journal: Path, said: str) -> Check:
    """Whether the service runs on the configuration of its folder; `said`: what is told where nothing is wrong."""
    told = status_file.read(journal)
    refused = "" if isinstance(told, str) else told.refused
    return Check("configuration", not refused, f"{refused}: gauge-ingest reload when it is mended" if refused else said)


def free_bytes(journal: Path) -> int:
    """Free space beside the journal, or where its folder will be; raises OSError."""
    return shutil.disk_usage(_folder(journal)).free


def _folder(journal: Path) -> Path:
    return next((one for one in journal.absolute().parents if one.is_dir()), Path("/"))


def _service(path: Path, outbound: Path, now: Callable[[], int], untold_ms: int) -> Iterator[Check]:
    try:
        process = holder(path)
        running = Check(
            "service", process is not None, f"process {process}" if process else "no service writes this journal"
        )
    except OSError as error:
        process, running = None, Check("service", False, f"its lock cannot be looked at: {error}")
    yield running
    told = status_file.read(path) if process is not None else "the service does not run"
    yield _broker(told)
    second = _outbound(told, now())
    yield second
    yield from _calendar(outbound, told)
    yield from _backup(outbound, now())
    try:
        with closing(Reader.open(path)) as reader:
            at, silent = now(), "" if second.ok else second.detail
            yield from _journal(reader, told, now=at)
            for name, ok, detail in (
                *followers(outbound, reader, now=at, silent=silent, untold_ms=untold_ms),
                *reaching(outbound, now=at),
            ):
                yield Check(name, ok, detail)
    except (JournalUnavailable, DatabaseError, OSError) as error:
        yield Check("journal", False, str(error))


def _broker(told: ServiceStatus | str) -> Check:
    if isinstance(told, str):
        return Check("broker", False, f"not known: {told}")
    return Check(
        "broker", told.broker_connected, told.broker_detail or ("" if told.broker_connected else "not connected")
    )


def _outbound(told: ServiceStatus | str, now: int) -> Check:
    if isinstance(told, str):
        return Check("outbound", False, f"not known: {told}")
    if told.outbound_alive:
        return Check("outbound", True, "runs")
    heard_at = told.outbound_heard_at
    since = "" if heard_at is None else f", no sign of life for {elapsed(now - heard_at)}"
    return Check("outbound", False, f"the outbound process does not run, or stands still{since}")


def _calendar(outbound: Path, told: ServiceStatus | str) -> Iterator[Check]:
    """Whether reports and the other jobs of the outbound process are asked for; real time on both sides."""
    at = None if isinstance(told, str) or not told.outbound_alive else knocked_at(outbound)
    if at is None:
        return
    silent_ms = abs(SystemClock().now() - at)
    yield Check(
        "calendar",
        silent_ms <= KNOCK_LOST_MS,
        "knocks" if silent_ms <= KNOCK_LOST_MS else f"has not knocked for {elapsed(silent_ms)}: no job of it is done",
    )


def _backup(outbound: Path, now: int) -> Iterator[Check]:
    """Whether the copies of the journal are made that are configured."""
    try:
        made_at, since, reason = job_state(outbound, BACKED_UP)
    except RecordUnreadable as error:
        yield Check("backup", False, str(error))
        return
    if made_at is None and since is None:
        return
    newest = "none was ever made" if made_at is None else f"newest {ago(made_at, now=now)}"
    if since is not None:
        yield Check("backup", False, f"none could be made for {elapsed(now - since)}: {reason}; {newest}")
    else:
        yield Check("backup", made_at is not None and abs(now - made_at) <= BACKUP_LATE_MS, newest)


def _journal(reader: Reader, told: ServiceStatus | str, *, now: int) -> Iterator[Check]:
    newest_at = reader.newest_received_at()
    if newest_at and newest_at > now + AHEAD_MS:
        ahead = f"its newest message is {elapsed(newest_at - now)} ahead of the clock"
        yield Check("journal", False, f"{ahead}: was the clock set, or the service run on another one?")
    else:
        yield Check("journal", True, f"newest message {ago(newest_at, now=now)}" if newest_at else "empty so far")
    debts = reader.debts() if isinstance(told, str) else told.debts
    yield Check("debts", True, f"{debts} spans to be derived anew" if debts else "nothing is owed")
    waiting = reader.quarantine_size()
    yield Check("quarantine", True, f"{waiting} entries: gauge-ingest quarantine list" if waiting else "empty")


def _disk(path: Path) -> Check:
    folder = _folder(path)
    try:
        free = free_bytes(path)
    except OSError as error:
        return Check("disk", False, f"{folder}: {error}")
    return Check("disk", free > FREE_BYTES_MIN, f"{free / 1e9:.1f} GB free in {folder}")
