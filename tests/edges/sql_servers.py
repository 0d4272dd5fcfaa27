"""A real PostgreSQL and a real MariaDB on free ports of the loopback, to be killed and started again by tests."""

import os
import shutil
import signal
import subprocess
import tempfile
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from gauge_ingest.stores.sl323.settings import ExportSettings
from tests.edges.broker import until
from tests.edges.influx_server import free_port

PASSWORD = "a-pass:word@that/nobody?may%see"  # noqa: S105  of servers that live as long as a test
OWNER, USER = "owner", "gauge"
NOBODY = 65_534
START_MAX_S = 30.0


def program(name: str, package: str) -> str:
    """Where a program is; a failure, not a skip, where it is missing."""
    beside = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([*beside, os.environ.get("PATH", ""), "/usr/sbin"]))
    assert found is not None, f"NO {name}: apt-get install {package}"
    return found


def unprivileged() -> dict[str, Any]:
    """Neither server runs as root; as somebody else it runs as that."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class Server:
    """A database server with a folder of its own. `kill` is a power cut; `start` begins another life."""

    scheme: str

    def __init__(self) -> None:
        # Not below pytest's own folder, which root alone may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="gauge-sql-"))
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What starts it."""

    @abstractmethod
    def owner_url(self, database: str = "") -> URL:
        """As whoever may do everything."""

    @abstractmethod
    def make(self, database: str) -> None:
        """A new database, and USER, who may do nothing in it so far."""

    @property
    def process(self) -> int:
        """The process of the server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; returns when it lets its owner in."""
        with (self.folder / "log").open("ab") as log:
            # Where the tests are killed, the server is not left behind.
            command = ["setpriv", "--pdeathsig", "KILL", *self.command()]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder, **unprivileged()
            )
        until(self._answers, within_s=START_MAX_S, what=f"{self.scheme} answers")

    def kill(self) -> None:
        """As a power cut would end it: kill -9, its children with it."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(START_MAX_S)

    def remove(self) -> None:
        """End it and take its folder away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self) -> "Database":
        """A new, empty database on it."""
        self._made += 1
        name = f"rain{self._made}"
        self.make(name)
        return Database(self, name)

    def run(self, command: Sequence[str]) -> None:
        """Run a program that prepares it."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=START_MAX_S * 2,
            check=False,
            **unprivileged(),
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text("utf-8", "replace")[-2_000:]
        try:
            with engine(self.owner_url()).connect():
                return True
        except DBAPIError:
            return False


class Postgres(Server):
    """PostgreSQL without its socket file. What a killed process has written the system still has: fsync may be off."""

    scheme = "postgresql"

    def __init__(self) -> None:
        super().__init__()
        secret = self.folder / "password"
        secret.write_text(PASSWORD, "utf-8")
        secret.chmod(0o644)
        initdb = program("initdb", "postgresql")
        self.run([initdb, "-D", "pg", "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])  # noqa: E501  # fmt: skip

    def command(self) -> Sequence[str]:
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "timezone": "UTC",
            "fsync": "off",
        }
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [program("postgres", "postgresql"), "-D", "pg", *given]

    def owner_url(self, database: str = "postgres") -> URL:
        return URL.create("postgresql+psycopg", OWNER, PASSWORD, "127.0.0.1", self.port, database)

    def make(self, database: str) -> None:
        with engine(self.owner_url(), autocommit=True).connect() as connection:
            connection.execute(text(f"CREATE DATABASE {database}"))
            user = connection.execute(text(f"SELECT 1 FROM pg_roles WHERE rolname = '{USER}'")).first()  # noqa: S608
            if user is None:
                connection.execute(text(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'"))


class MariaDb(Server):
    """MariaDB as Debian has it, in a folder of its own."""

    scheme = "mariadb"

    def __init__(self) -> None:
        super().__init__()
        install = program("mariadb-install-db", "mariadb-server-core mariadb-client")
        self.run([install, "--no-defaults", f"--datadir={self.folder}/my", "--auth-root-authentication-method=normal", "--skip-test-db"])  # noqa: E501  # fmt: skip

    def command(self) -> Sequence[str]:
        mariadbd = program("mariadbd", "mariadb-server-core")
        # A server in Greenwich, latin and lenient: what is right must not hang on how a platform has set it up.
        options = {
            "datadir": self.folder / "my",
            "port": self.port,
            "bind-address": "127.0.0.1",
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "innodb-buffer-pool-size": "16M",
            "innodb-flush-method": "nosync",
            "default-time-zone": "+00:00",
            "character-set-server": "latin1",
            "sql-mode": "",
        }
        return [mariadbd, "--no-defaults", *(f"--{name}={value}" for name, value in options.items())]

    def owner_url(self, database: str = "") -> URL:
        return URL.create("mysql+pymysql", "root", "", "127.0.0.1", self.port, database)

    def make(self, database: str) -> None:
        with engine(self.owner_url(), autocommit=True).connect() as connection:
            connection.execute(text(f"CREATE DATABASE {database}"))
            connection.exec_driver_sql(
                f"CREATE USER IF NOT EXISTS {USER}@'%%' IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'"
            )


class Database:
    """One database of a server: its owner's way in, and the settings of an export into it."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name
        self._owner = engine(server.owner_url(name), autocommit=True)

    @property
    def scheme(self) -> str:
        """Which kind it is."""
        return self.server.scheme

    def settings(self, *, port: int = 0, **changes: Any) -> ExportSettings:
        """Of an export into it; short time-outs, so that a fault is no wait."""
        url = f"{self.scheme}://{USER}@127.0.0.1:{port or self.server.port}/{self.name}"
        plain: dict[str, Any] = {
            "url": url,
            "password": SecretStr(PASSWORD),
            "timeout_s": 2,
            "connect_timeout_s": 2,
        }
        return ExportSettings(**{**plain, **changes})

    def execute(self, *statements: str) -> None:
        """As the owner."""
        with self._owner.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a query answers the owner."""
        with self._owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def allow(self, what: str, on: str = "") -> None:
        """Let USER do something: in the whole database, or on one table."""
        if self.scheme == "postgresql":
            self.execute(*([f"GRANT {what} ON {on} TO {USER}"] if on else [f"GRANT {what} ON SCHEMA public TO {USER}"]))
        else:
            self.execute(f"GRANT {what} ON {self.name}.{on or '*'} TO {USER}@'%'")

    def open_to_all(self) -> "Database":
        """Let USER do everything in it, tables included."""
        self.allow("ALL")
        return self


def engine(url: URL, *, autocommit: bool = False) -> Engine:
    """A way in that keeps no connection."""
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
    return create_engine(url, poolclass=NullPool, **options)


@contextmanager
def running(kind: Callable[[], Server]) -> Iterator[Server]:
    """A server that ends with the block."""
    server = kind()
    try:
        server.start()
        yield server
    finally:
        server.remove()
