"""health: whether the service is well, check by check; the exit status is for container health checks."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import DatabaseError
from typing import NamedTuple

import typer
from rich.text import Text

from gauge_ingest.clock import Clock, SystemClock, clock_from
from gauge_ingest.commands import status_file
from gauge_ingest.commands.deliveries import well
from gauge_ingest.commands.followers import followers, knocked_at
from gauge_ingest.commands.opening import ConfigOption, JsonOption, directory_of
from gauge_ingest.commands.output import Status, ago, elapsed, plain, print_json, show, table
from gauge_ingest.commands.status_file import ServiceStatus
from gauge_ingest.configuration import Configuration, ConfigurationRefused, load
from gauge_ingest.journal import JournalUnavailable, Reader, holder

FREE_BYTES_MIN = 500_000_000
# It knocks every 20 s, and is replaced when it has not for a minute.
KNOCK_LOST_MS = 180_000


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def health(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the service: exit status 1 when anything is not well."""
    checks = list(_checks(directory_of(config)))
    ok = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": ok, "checks": [check._asdict() for check in checks]})
    else:
        _show(checks)
    if not ok:
        raise typer.Exit(int(Status.NOT_WELL))


def _checks(directory: Path) -> Iterator[Check]:
    try:
        configuration, clock = load(directory, os.environ), clock_from(os.environ)
    except ConfigurationRefused as refused:
        more = f" (and {len(refused.mistakes) - 1} more)" if len(refused.mistakes) > 1 else ""
        yield Check("configuration", False, f"{refused.mistakes[0]}{more}: gauge-ingest check")
        return
    except ValueError as error:
        yield Check("configuration", False, str(error))
        return
    yield Check("configuration", True, f"{directory}: {len(configuration.stations)} stations")
    yield from _service(configuration, clock)
    yield _disk(configuration.settings.journal_path)


def _service(configuration: Configuration, clock: Clock) -> Iterator[Check]:
    path = configuration.settings.journal_path
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
    yield _outbound(told)
    yield from _calendar(configuration, told)
    try:
        with closing(Reader.open(path)) as reader:
            yield from _journal(reader, configuration, told, now=clock.now())
    except (JournalUnavailable, DatabaseError, OSError) as error:
        yield Check("journal", False, str(error))


def _broker(told: ServiceStatus | str) -> Check:
    if isinstance(told, str):
        return Check("broker", False, f"not known: {told}")
    return Check(
        "broker", told.broker_connected, told.broker_detail or ("" if told.broker_connected else "not connected")
    )


def _outbound(told: ServiceStatus | str) -> Check:
    if isinstance(told, str):
        return Check("outbound", False, f"not known: {told}")
    return Check(
        "outbound", told.outbound_alive, "runs" if told.outbound_alive else "the outbound process does not run"
    )


def _calendar(configuration: Configuration, told: ServiceStatus | str) -> Iterator[Check]:
    """Whether reports and the other jobs of the outbound process are asked for; real time on both sides."""
    at = None if isinstance(told, str) or not told.outbound_alive else knocked_at(configuration.settings.outbound_path)
    if at is None:
        return
    silent_ms = abs(SystemClock().now() - at)
    yield Check(
        "calendar",
        silent_ms <= KNOCK_LOST_MS,
        "knocks" if silent_ms <= KNOCK_LOST_MS else f"has not knocked for {elapsed(silent_ms)}: no job of it is done",
    )


def _journal(reader: Reader, configuration: Configuration, told: ServiceStatus | str, *, now: int) -> Iterator[Check]:
    newest_at = reader.newest_received_at()
    yield Check("journal", True, f"newest message {ago(newest_at, now=now)}" if newest_at else "empty so far")
    debts = reader.debts() if isinstance(told, str) else told.debts
    yield Check("debts", True, f"{debts} spans to be derived anew" if debts else "nothing is owed")
    waiting = reader.quarantine_size()
    yield Check("quarantine", True, f"{waiting} entries: gauge-ingest quarantine list" if waiting else "empty")
    for name, ok, detail in followers(configuration.settings.outbound_path, reader, now=now):
        yield Check(name, ok, detail)
    for name, ok, detail in well(configuration.settings.outbound_path, now=now):
        yield Check(name, ok, detail)


def _disk(path: Path) -> Check:
    folder = next((one for one in path.absolute().parents if one.is_dir()), Path("/"))
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("disk", False, f"{folder}: {error}")
    return Check("disk", free > FREE_BYTES_MIN, f"{free / 1e9:.1f} GB free in {folder}")


def _show(checks: list[Check]) -> None:
    listing = table("check", "", "", wrap=("",))
    for check in checks:
        state = Text("ok", style="green") if check.ok else Text("NOT OK", style="bold white on red")
        listing.add_row(check.name, state, plain(check.detail))
    ill = [check.name for check in checks if not check.ok]
    title = f"not well: {', '.join(ill)}" if ill else "all is well"
    show(Text(title, style="bold red" if ill else "bold"), listing)
