"""When a platform's database says no, hangs or is killed: a sentence that says what to mend, and no rain lost.

Goal: an outage of the platform is waited out, a mistake is named, and the password stands nowhere. Method: a real
PostgreSQL and a real MariaDB, set up wrongly, locked, killed with -9, and cut off by a line that swallows everything.
"""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from gauge_ingest.core.model import HOUR_MS
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.sl323.store import Sl323Store
from tests.edges.broker import until
from tests.edges.exported import AT, RAIN, day, missing, platform_tables, rain_of, store_of, total
from tests.edges.influx_server import free_port
from tests.edges.sql_servers import PASSWORD, USER, Database, MariaDb, Postgres, Server, engine, running


@pytest.fixture(scope="module", params=[Postgres, MariaDb], ids=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(request.param) as one:
        yield one


@pytest.fixture
def database(server: Server) -> Database:
    return platform_tables(server.database())


def refusal(store: Sl323Store) -> str:
    """The sentence with which a write cannot go on; the password is not in it, nor in what it came from."""

    def carry_on() -> None:
        store.prepare()
        store.write([total(), missing()])

    with pytest.raises(StoreUnavailable) as unavailable:
        carry_on()
    shown = f"{unavailable.value!r} {unavailable.value.__cause__!r}"
    assert PASSWORD not in shown
    assert "\n" not in shown
    return str(unavailable.value)


# --- what is set up wrongly --------------------------------------------------------------------------------------


def test_a_wrong_password_is_named_and_not_shown(database: Database) -> None:
    wrong = "an-other-secret"

    said = refusal(store_of(database.settings(password=SecretStr(wrong))))

    assert re.match(
        r"the database lets nobody in with this user and password \(.*\): mend .*GAUGE_EXPORT_PASSWORD", said
    )
    assert wrong not in said


def test_a_database_that_there_is_not_is_named(database: Database) -> None:
    settings = database.settings()

    said = refusal(store_of(settings.model_copy(update={"url": f"{settings.url}x"})))

    assert said.startswith("there is no such database, or the user may not use it (")
    assert f"{database.name}x" in said


def test_a_server_that_does_not_run_is_named(database: Database) -> None:
    said = refusal(store_of(database.settings(port=free_port())))

    assert re.match(r"the database cannot be reached \(.*\): is it running, is \[export\] url right", said)


def test_a_table_that_there_is_not_is_named_with_three_ways_out(server: Server) -> None:
    database = server.database().open_to_all()

    assert refusal(store_of(database.settings())) == (
        "table ST_PPTN_R is not there, or hidden from the user: create it (docs/export.md), set create_tables = true,"
        " or mend rain_table, station_table and schema_name in [export]"
    )


def test_a_table_that_is_taken_away_meanwhile_is_named_and_seen_anew_when_it_is_back(database: Database) -> None:
    store = store_of(database.settings())
    store.write([total()])
    database.execute("ALTER TABLE ST_PPTN_R RENAME TO away")

    with pytest.raises(StoreUnavailable, match=r"^table ST_PPTN_R is not there, or hidden"):
        store.write([total()])
    wider = "ALTER COLUMN DRP TYPE" if database.scheme == "postgresql" else "MODIFY DRP"
    database.execute("ALTER TABLE away RENAME TO ST_PPTN_R", f"ALTER TABLE ST_PPTN_R {wider} DECIMAL(7,2)")
    store.write([total(20_000.25)])

    assert rain_of(database) == {"07-15 18:00": ("20000.25", "1.00", None)}


@pytest.mark.parametrize(
    ("was", "instead", "said"),
    [
        ("INTV DECIMAL(5,2),", "", "has no column INTV: add it"),
        ("DRP DECIMAL(5,1)", "DRP DECIMAL(5,1) NOT NULL", "column DRP of table .* is NOT NULL: a correction may take"),
        (
            "INTV DECIMAL(5,2)",
            "INTV DECIMAL(5,0)",
            "column INTV of table .* too few digits .* DECIMAL\\(5,2\\) or wider",
        ),
        ("DYP DECIMAL(5,1)", "DYP VARCHAR(9)", "column DYP of table .* is VARCHAR.*: it must be DECIMAL"),
        ("TM {time}", "TM DATE", "column TM of table .* is DATE: it must be DATETIME or TIMESTAMP"),
        ("STCD CHAR(8)", "STCD CHAR(5)", "column STCD of table .* is CHAR.*: it must hold 8 characters"),
        (", PRIMARY KEY (STCD, TM)", "", "no primary key and no unique index over .*: ALTER TABLE .* ADD PRIMARY KEY"),
        ("PRIMARY KEY (STCD, TM)", "PRIMARY KEY (STCD, TM, MPCD)", "no primary key and no unique index over"),
        ("DEFAULT 'theirs'", "NOT NULL", "column mpcd of table .* must have a value and has no default"),
    ],
)
def test_a_table_that_cannot_hold_the_rain_is_refused_before_it_is_written(
    server: Server, was: str, instead: str, said: str
) -> None:
    assert was in RAIN
    database = platform_tables(server.database(), rain=RAIN.replace(was, instead))

    assert re.search(said, refusal(store_of(database.settings())), re.IGNORECASE)
    assert rain_of(database, "DRP") == {}


def test_a_place_that_its_column_cannot_hold_is_told_and_never_cut(database: Database) -> None:
    narrower = ("ALTER COLUMN LGTD TYPE", "") if database.scheme == "postgresql" else ("MODIFY LGTD", " NULL")
    database.execute(f"ALTER TABLE ST_STBPRP_B {narrower[0]} DECIMAL(3,2){narrower[1]}")

    said = refusal(store_of(database.settings()))

    assert re.match(r"table ST_STBPRP_B refuses a row \(.*\): mend the table", said, re.IGNORECASE)


def test_who_may_only_read_is_told_what_to_grant(database: Database) -> None:
    database.execute(f"REVOKE INSERT ON {_named(database)} FROM {_user(database)}")

    said = refusal(store_of(database.settings()))

    assert re.match(r"the user of \[export\] url may not do it \(.*\): GRANT SELECT, INSERT, UPDATE ON ST_PPTN_R", said)


def test_who_may_not_write_the_stations_is_told_of_their_table(database: Database) -> None:
    database.execute(f"REVOKE INSERT ON {_named(database, 'ST_STBPRP_B')} FROM {_user(database)}")

    assert "INSERT, UPDATE ON ST_STBPRP_B" in refusal(store_of(database.settings())).upper()


def test_who_may_not_create_tables_is_told_so(server: Server) -> None:
    database = server.database()
    database.allow("USAGE" if server.scheme == "postgresql" else "SELECT")

    said = refusal(store_of(database.settings(create_tables=True)))

    assert re.match(r"the user of \[export\] url may not do it \(.*\): .* with create_tables = true also CREATE", said)


def test_a_server_that_takes_no_writes_is_named(database: Database) -> None:
    postgres = database.scheme == "postgresql"
    database.execute(
        f"ALTER DATABASE {database.name} SET default_transaction_read_only = on"
        if postgres
        else "SET GLOBAL read_only = 1"
    )
    try:
        said = refusal(store_of(database.settings()))
    finally:
        database.execute(*([] if postgres else ["SET GLOBAL read_only = 0"]))

    assert re.match(r"the database takes no writes \(.*\): name the server that does", said)


def _named(database: Database, table: str = "ST_PPTN_R") -> str:
    return table if database.scheme == "postgresql" else f"{database.name}.{table}"


def _user(database: Database) -> str:
    return USER if database.scheme == "postgresql" else f"{USER}@'%'"


# --- what passes by itself ---------------------------------------------------------------------------------------


def test_a_row_that_somebody_holds_is_waited_for_in_bounds_and_written_after_them(database: Database) -> None:
    store = store_of(database.settings())
    store.write([total()])

    with engine(database.server.owner_url(database.name)).begin() as held:
        held.execute(text("UPDATE ST_PPTN_R SET WTH = '7'"))
        began_at = time.monotonic()
        with pytest.raises(
            StoreUnavailable, match=r"^table ST_PPTN_R is held by somebody else \(.*\): it is tried again"
        ):
            store.write([total(2.0)])
        waited_s = time.monotonic() - began_at
    store.write([total(2.0)])

    assert waited_s < 2.0
    assert rain_of(database, "DRP, WTH") == {"07-15 18:00": ("2.0", "7")}


def test_nothing_is_held_open_between_two_writes(database: Database) -> None:
    store = store_of(database.settings())
    store.prepare()
    store.write([total()])

    listed = (
        "pg_stat_activity WHERE usename"
        if database.scheme == "postgresql"
        else "information_schema.processlist WHERE user"
    )
    until(lambda: not database.rows(f"SELECT 1 FROM {listed} = '{USER}'"), what="no connection of ours")  # noqa: S608

    # Whoever changes the table need not wait for us.
    database.execute("ALTER TABLE ST_PPTN_R ADD NOTE VARCHAR(9)")


def test_a_server_that_is_started_again_is_met_again(database: Database) -> None:
    store = store_of(database.settings())
    store.prepare()
    store.write([total()])
    database.server.kill()

    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.write([total(2.0)])
    database.server.start()
    store.write([total(2.0)])

    assert rain_of(database) == {"07-15 18:00": ("2.0", "1.00", None)}


def test_what_was_written_when_the_server_was_killed_is_written_again_and_stands_once(database: Database) -> None:
    """Goal: nothing is lost and nothing stands twice. Method: kill -9 as soon as some of many batches are there."""
    windows = [total(number % 9, until=AT + number * HOUR_MS) for number in range(4_000)] + [day(12.3)]
    store = store_of(database.settings(batch_rows_max=50))
    store.prepare()
    ended: list[StoreUnavailable] = []

    def write() -> None:
        with suppress(StoreUnavailable):
            try:
                store.write(windows)
            except StoreUnavailable as error:
                ended.append(error)

    writing = threading.Thread(target=write)
    writing.start()
    until(lambda: database.rows("SELECT 1 FROM ST_PPTN_R"), what="the first batch is there")
    database.server.kill()
    writing.join(30)
    database.server.start()
    there = len(rain_of(database, "DRP"))
    store.write(windows)

    assert len(ended) == 1
    assert 0 < there < 4_000
    rows = rain_of(database)
    assert len(rows) == 4_000
    assert [drp for drp, _, _ in rows.values()] == [f"{number % 9}.0" for number in range(4_000)]


@pytest.mark.parametrize("said", ["INSERT INTO", "pg_catalog.version"], ids=["writing", "connected"])
def test_a_line_that_goes_dead_is_left_in_time_and_the_rain_is_written_later(database: Database, said: str) -> None:
    store = store_of(database.settings(port=0, timeout_s=1))
    store.prepare()
    asked = (
        {"mariadb": "SET SESSION"} if said != "INSERT INTO" else {}
    )  # the first that each driver says when it is let in
    with dead_line(database.server.port, at=asked.get(database.scheme, said).encode()) as port:
        through = store_of(database.settings(port=port, timeout_s=1))
        began_at = time.monotonic()

        with pytest.raises(
            StoreUnavailable, match=r"^(the database cannot be reached|no answer within timeout_s = 1 s)"
        ):
            through.write([total()])

        assert time.monotonic() - began_at < 5.0
    store.write([total()])

    assert rain_of(database) == {"07-15 18:00": ("1.5", "1.00", None)}


def test_a_server_that_says_nothing_at_all_is_left_in_time(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began_at = time.monotonic()

        said = refusal(store_of(database.settings(port=silent.getsockname()[1])))

    assert said.startswith("the database cannot be reached (")
    assert time.monotonic() - began_at < 5.0


@contextmanager
def dead_line(server: int, *, at: bytes) -> Iterator[int]:
    """A port that leads to the server until something is said; from then on all stays open and nothing passes."""
    listening = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = [listening]
    dead = threading.Event()

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while said := source.recv(65_536):
                if at in said:
                    dead.set()
                if not dead.is_set():
                    target.sendall(said)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", server))
                opened.extend((near, far))
                ways: Any = ((near, far), (far, near))
                for way in ways:
                    threading.Thread(target=carry, args=way, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
        assert dead.is_set()
    finally:
        for one in opened:
            one.close()
