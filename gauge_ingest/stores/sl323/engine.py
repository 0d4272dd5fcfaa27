"""Connections to the platform's database: bounded in time, one for each write, in Beijing time."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.sl323.answers import no_driver
from gauge_ingest.stores.sl323.settings import DRIVERS, ExportSettings

PROGRAM = "gauge-ingest"
WATCH = "watch"  # of a connection, the name of its watch
# TM is Beijing time. Said to the server too: where the column is a TIMESTAMP that knows zones, it takes TM for that.
BEIJING_POSTGRESQL, BEIJING_MYSQL = "<+08>-08", "+08:00"  # in POSIX the sign is turned round


def engine_of(settings: ExportSettings) -> Engine:
    """What connections are made with; it connects to nothing yet. StoreUnavailable where a driver is missing."""
    try:
        url = make_url(settings.url)
        driver = DRIVERS[url.drivername]
        url = url.set(drivername=driver)
        if not settings.is_file:
            url = url.set(password=settings.password.get_secret_value())
        options: dict[str, Any] = {} if settings.is_file else {"isolation_level": "READ COMMITTED"}
        # No connection is kept: what died meanwhile is never met, and no transaction can stand open while it rests.
        made = create_engine(
            url, poolclass=NullPool, hide_parameters=True, connect_args=_connect_arguments(driver, settings), **options
        )
    except (ImportError, NoSuchModuleError) as error:
        raise no_driver(error, settings) from None
    except (ArgumentError, ValueError):  # their words may quote the url
        raise StoreUnavailable("[export] url cannot be read: see docs/export.md for its form") from None
    if driver == "postgresql+psycopg":

        def watch(driven: Any, record: Any) -> None:
            record.info[WATCH] = _Watch(driven, settings.timeout_s)

        # Before SQLAlchemy's own, which asks the server what it is and would wait for the answer for ever.
        event.listen(made, "connect", watch, insert=True)
    return made


@contextmanager
def within(connection: Connection, settings: ExportSettings) -> Iterator[None]:
    """One transaction that ends in time: committed, or rolled back with an error."""
    watch: _Watch | None = connection.info.get(WATCH)
    with watch or nullcontext(), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(_LOCAL, _local(settings))
        yield


# For this transaction alone, so that a pooler between us and the server hands nothing of it to others.
_LOCAL = text(
    "SELECT set_config('statement_timeout', :statement, true), set_config('lock_timeout', :lock, true),"
    " set_config('TimeZone', :zone, true)"
)


def _local(settings: ExportSettings) -> dict[str, str]:
    timeout_ms = settings.timeout_s * 1_000
    return {"statement": str(timeout_ms), "lock": str(max(1, timeout_ms // 2)), "zone": BEIJING_POSTGRESQL}


def _connect_arguments(driver: str, settings: ExportSettings) -> dict[str, Any]:
    connect_s = settings.connect_timeout_s
    if driver == "postgresql+psycopg":
        # prepare_threshold: a pooler may put the next statement before another server process.
        return {"connect_timeout": connect_s, "prepare_threshold": None, "application_name": PROGRAM}
    if driver.endswith("+pymysql"):
        # Strict, or the server cuts what does not fit to the largest value that does, and says nothing.
        first = (
            "SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@SESSION.sql_mode, ''), 'STRICT_ALL_TABLES'),"
            f" time_zone = '{BEIJING_MYSQL}', innodb_lock_wait_timeout = {max(1, settings.timeout_s // 2)}"
        )
        timeouts = {
            "connect_timeout": connect_s,
            "read_timeout": settings.timeout_s,
            "write_timeout": settings.timeout_s,
        }
        return {**timeouts, "init_command": first, "program_name": PROGRAM, "charset": "utf8mb4"}
    if driver == "mssql+pyodbc":
        return {"timeout": connect_s}
    if driver == "mssql+pymssql":
        return {"login_timeout": connect_s, "timeout": settings.timeout_s}
    return {"timeout": settings.timeout_s}


class _Watch:
    """Cuts the line on our side where the server no longer answers at all, and its own time-out cannot come.

    psycopg alone needs it, for it waits without end (3.3); PyMySQL bounds each read, and so do the others' drivers. It
    runs from the connecting on, and anew for each transaction.
    """

    def __init__(self, driven: Any, timeout_s: float) -> None:
        self._driven = driven
        self._after_s = timeout_s * 1.5
        self._begin()

    def __enter__(self) -> None:
        self._end()
        self._begin()

    def __exit__(self, *_: object) -> None:
        self._end()

    def _begin(self) -> None:
        self._line = socket.socket(fileno=os.dup(self._driven.fileno()))
        self._timer = threading.Timer(self._after_s, _hang_up, (self._line,))
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self._timer.cancel()
        self._line.close()


def _hang_up(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has ended meanwhile
        return
