"""The export without a server: when a window is told, in which digits, what a no means, statements for others."""

import random
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect, create_engine, insert, text
from sqlalchemy.dialects import mssql, mysql
from sqlalchemy.exc import DBAPIError, OperationalError

from gauge_ingest.app.copying import names_of
from gauge_ingest.configuration import load
from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, Flag
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.stores import StoreRejected, StoreUnavailable
from gauge_ingest.stores.sl323 import tables
from gauge_ingest.stores.sl323.answers import Cause, cause, unavailable, words
from gauge_ingest.stores.sl323.rows import Numeric, has_ended, hours_minutes, is_known, rounded, rows_of
from gauge_ingest.stores.sl323.settings import ExportSettings
from tests.edges.exported import AT, EIGHT, STCD, day, missing, store_of, total
from tests.edges.influx_server import station
from tests.test_config import write

SETTINGS = ExportSettings()
PLATFORM = {"HTB01": PlatformStation(STCD)}
NUMERICS = {name: Numeric(1, Decimal("9999.9")) for name in ("DRP", "INTV", "DYP")}
TENTH = Decimal("0.1")


# --- when and what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coverage", "after_ms", "has"),
    [
        (1.0, -MINUTE_MS, True),  # reports speak for all of it; the station's clock is ahead
        (0.9999, 0, False),
        (0.5, 10 * MINUTE_MS - 1, False),
        (0.5, 10 * MINUTE_MS, True),
        (0.0, -HOUR_MS, False),
    ],
)
def test_a_window_has_ended_by_its_reports_or_by_the_clock(coverage: float, after_ms: int, *, has: bool) -> None:
    assert has_ended(total(coverage=coverage).window, now=AT + after_ms, settle_s=600) is has


@pytest.mark.parametrize(
    ("rain_mm", "coverage", "flag", "known"),
    [
        (0.0, 0.8, Flag.GOOD, True),
        (0.0, 0.79, Flag.GOOD, False),
        (0.5, 0.01, Flag.SUSPECT, True),
        (0.0, 1.0, Flag.MISSING, False),
        (9.0, 1.0, Flag.FAIL, True),
        (9.0, 1.0, Flag.NOT_EVALUATED, True),
    ],
)
def test_rain_is_told_however_little_is_covered_and_none_only_where_enough_is(
    rain_mm: float, coverage: float, flag: Flag, *, known: bool
) -> None:
    assert is_known(total(rain_mm, coverage=coverage, flag=flag).window, SETTINGS) is known


def test_tm_is_beijing_time_at_the_end_also_in_the_summers_of_1986_to_1991() -> None:
    summer = (datetime(1988, 7, 1) - datetime(1970, 1, 1)).days * 24 * HOUR_MS  # noqa: DTZ001

    rows, _ = rows_of([total(), total(until=summer)], PLATFORM, SETTINGS, NUMERICS)

    assert [row.tm for row in rows] == [datetime(1988, 7, 1, 8), datetime(2026, 7, 15, 18)]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("length_ms", "text_"),
    [(5 * MINUTE_MS, "0.05"), (HOUR_MS, "1.00"), (90 * MINUTE_MS, "1.30"), (24 * HOUR_MS, "24.00")],
)
def test_a_length_is_hours_with_minutes_behind_the_point(length_ms: int, text_: str) -> None:
    assert f"{hours_minutes(length_ms):.2f}" == text_


def test_of_several_totals_for_one_window_the_last_counts_and_rows_come_in_the_order_of_their_keys() -> None:
    given_ = [total(3.0, until=EIGHT), day(9.0), total(99_999.0), total(1.0), total(2.0, until=EIGHT), missing()]

    rows, refused = rows_of(given_, PLATFORM, SETTINGS, NUMERICS)

    assert [(row.tm.hour, dict(row.values)) for row in rows] == [
        (18, {"DRP": None, "INTV": None}),
        (8, {"DRP": Decimal("2.0"), "INTV": 1}),
        (8, {"DYP": Decimal("9.0")}),
    ]
    assert not refused


def test_a_row_that_became_too_large_is_refused_and_its_former_value_is_not_written() -> None:
    rows, refused = rows_of([total(1.0), total(99_999.0)], PLATFORM, SETTINGS, NUMERICS)

    assert not rows
    assert [one.item for one in refused] == [total(99_999.0)]


# --- digits ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 99_999), st.integers(0, 6_000_000))
def test_a_multiple_of_the_last_digit_stays_and_everything_else_is_off_by_less_than_one(um: int, place: int) -> None:
    mm = um / 1_000

    told = rounded(mm, 1, place=place)

    exact = Decimal(um) / 1_000
    assert abs(told - exact) < TENTH
    assert told == exact or um % 100
    assert told == rounded(mm, 1, place=place)
    assert rounded(mm, 3, place=place) == exact


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("tips_most", "off_mm"), [(1, 0.35), (8, 4.0)])
def test_sums_of_an_inch_bucket_do_not_drift(seed: int, tips_most: int, off_mm: float) -> None:
    """Goal: the sum of a season is that of its rain. Method: 2,000 intervals with a bucket of 0.254 mm."""
    dice, start = random.Random(seed), 5_000_000 + seed
    rain = [
        round(0.254 * (1 if tips_most == 1 else int(dice.random() ** 3 * (tips_most + 1))), 3) for _ in range(2_000)
    ]

    told = sum((rounded(mm, 1, place=start + number) for number, mm in enumerate(rain)), Decimal(0))

    fell = sum((Decimal(str(mm)) for mm in rain), Decimal(0))
    nearest = sum((Decimal(str(mm)).quantize(TENTH, ROUND_HALF_UP) for mm in rain), Decimal(0))
    assert abs(told - fell) < off_mm
    assert abs(nearest - fell) > 2 * off_mm


# --- what a no means ---------------------------------------------------------------------------------------------


def answer(original: Exception) -> DBAPIError:
    return DBAPIError("INSERT", {}, original)


def odbc(state: str, said: str) -> Exception:
    return Exception(state, f"[{state}] [Microsoft][ODBC Driver 18 for SQL Server]{said}")


@pytest.mark.parametrize(
    ("original", "means"),
    [
        (psycopg.errors.NumericValueOutOfRange("numeric field overflow"), Cause.ROW),
        (psycopg.errors.ForeignKeyViolation("violates foreign key"), Cause.ROW),
        (psycopg.errors.RaiseException("the platform's trigger says no"), Cause.ROW),
        (psycopg.errors.DeadlockDetected("deadlock detected"), Cause.LOCKED),
        (psycopg.errors.SerializationFailure("could not serialize"), Cause.LOCKED),
        (psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), Cause.LOCKED),
        (psycopg.errors.QueryCanceled("canceling statement due to statement timeout"), Cause.TIMEOUT),
        (psycopg.errors.DiskFull("could not extend file"), Cause.FULL),
        (psycopg.errors.ReadOnlySqlTransaction("cannot execute"), Cause.READ_ONLY),
        (psycopg.errors.AdminShutdown("terminating connection"), Cause.LOST),
        (psycopg.errors.InsufficientPrivilege("permission denied"), Cause.PERMISSION),
        (psycopg.OperationalError('FATAL:  password authentication failed for user "gauge"'), Cause.PASSWORD),
        (psycopg.OperationalError('FATAL:  database "rain" does not exist'), Cause.DATABASE),
        (psycopg.OperationalError("connection timeout expired"), Cause.LOST),
        (pymysql.err.DataError(1264, "Out of range value for column 'DRP'"), Cause.ROW),
        (pymysql.err.OperationalError(1644, "the platform's trigger says no"), Cause.ROW),
        (pymysql.err.OperationalError(4025, "CONSTRAINT failed"), Cause.ROW),
        (pymysql.err.OperationalError(1213, "Deadlock found"), Cause.LOCKED),
        (pymysql.err.OperationalError(1205, "Lock wait timeout exceeded"), Cause.LOCKED),
        (pymysql.err.OperationalError(1045, "Access denied"), Cause.PASSWORD),
        (pymysql.err.OperationalError(1114, "The table is full"), Cause.FULL),
        (pymysql.err.OperationalError(2013, "Lost connection"), Cause.LOST),
        (RuntimeError("'cryptography' package is required for sha256_password"), Cause.PASSWORD),
        (odbc("22003", "Arithmetic overflow"), Cause.ROW),
        (odbc("23000", "Violation of PRIMARY KEY"), Cause.ROW),
        (odbc("28000", "Login failed for user"), Cause.PASSWORD),
        (odbc("42S02", "Invalid object name"), Cause.TABLE),
        (odbc("42S22", "Invalid column name"), Cause.COLUMN),
        (odbc("40001", "was deadlocked"), Cause.LOCKED),
        (odbc("HYT00", "Login timeout expired"), Cause.TIMEOUT),
        (odbc("08001", "server was not found"), Cause.LOST),
        (Exception("something new"), Cause.OTHER),
    ],
)
def test_a_no_is_known_by_its_code_or_its_words(original: Exception, means: Cause) -> None:
    assert cause(answer(original)) is means


def test_the_words_of_a_server_are_one_line_and_never_hold_the_password() -> None:
    settings = ExportSettings.model_validate({"url": "mssql://gauge@h/rain", "password": "hidden-one"})
    error = answer(odbc("28000", "Login failed\nfor user 'gauge', hidden-one, " + 400 * "x"))

    said = str(unavailable(error, settings))

    assert said.startswith("the database lets nobody in with this user and password ([28000] [Microsoft]")
    assert "***" in said
    assert "hidden-one" not in said + words(error, settings)
    assert "\n" not in said
    assert len(words(error, settings)) <= 301


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyodbc", None)
    store = store_of(ExportSettings.model_validate({"url": "mssql://gauge@127.0.0.1/rain", "password": "x"}))

    with pytest.raises(StoreUnavailable, match=r"^the driver pyodbc cannot be loaded \(.*\): install it beside"):
        store.prepare()


# --- other databases ---------------------------------------------------------------------------------------------


def sql(statement: Any, dialect: Dialect) -> str:
    return " ".join(str(statement.compile(dialect=dialect)).split())


def test_the_statements_for_sql_server_are_what_its_dialect_writes() -> None:
    """Nobody has run them there: only their form is compared."""
    server: Dialect = mssql.dialect()  # type: ignore[no-untyped-call]  # of SQLAlchemy
    rain, stations = tables.standard_tables(ExportSettings(schema_name="dbo"), dialect="mssql")

    assert tables.upsert(rain, ["DRP", "INTV"], key=tables.KEY, dialect="mssql") is None
    assert sql(tables.change(rain, ["DRP", "INTV"], key=tables.KEY), server) == (
        "UPDATE dbo.[ST_PPTN_R] WITH (UPDLOCK, SERIALIZABLE) SET [DRP]=:DRP, [INTV]=:INTV"
        " WHERE dbo.[ST_PPTN_R].[STCD] = :__ours_STCD AND dbo.[ST_PPTN_R].[TM] = :__ours_TM"
    )
    assert sql(tables.take_back(rain, ["DYP"]), server) == (
        "UPDATE dbo.[ST_PPTN_R] SET [DYP]=NULL WHERE dbo.[ST_PPTN_R].[STCD] = :__ours_STCD AND"
        " dbo.[ST_PPTN_R].[TM] = :__ours_TM AND dbo.[ST_PPTN_R].[DYP] IS NOT NULL"
    )
    assert "INSERT INTO dbo.[ST_PPTN_R] ([STCD], [TM])" in sql(insert(rain).values(STCD=STCD, TM=None), server)
    assert [sql(one, server).split(" WHERE")[1] for one in tables.permitted(rain, key=tables.KEY)] == [" 0 = 1"] * 2
    from sqlalchemy.schema import CreateTable

    made = sql(CreateTable(stations), server)
    assert "[STNM] NVARCHAR(64)" in made
    assert "[LGTD] NUMERIC(10, 6)" in made
    assert "[TM] DATETIME NOT NULL" in sql(CreateTable(rain), server)


def test_mysql_8_is_asked_as_it_wants_to_be_asked() -> None:
    rain, _ = tables.standard_tables(SETTINGS, dialect="mysql")
    server = mysql.dialect()
    server.server_version_info = (8, 4, 0)

    said = sql(tables.upsert(rain, ["DYP"], key=tables.KEY, dialect="mysql"), server)

    assert "ON DUPLICATE KEY UPDATE `DYP` = " in said or "ON DUPLICATE KEY UPDATE `DYP` = VALUES" in said


@pytest.mark.filterwarnings("ignore:Dialect sqlite.pysqlite does .not. support Decimal")
def test_a_file_takes_the_same_rows_for_a_trial(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/rain.sqlite"
    store = store_of(ExportSettings(url=url, create_tables=True))
    store.prepare()

    for _ in range(2):
        store.write([total(), total(2.0, until=EIGHT), day(12.3)])
    store.write([missing()])
    with pytest.raises(StoreRejected):
        store.write([total(10_000.0)])

    with create_engine(url).connect() as connection:
        found = connection.execute(text("SELECT TM, DRP, INTV, DYP FROM ST_PPTN_R ORDER BY TM")).fetchall()
    assert [(at[:16], drp, intv, dyp) for at, drp, intv, dyp in found] == [
        ("2026-07-15 18:00", None, None, None),
        ("2026-07-16 08:00", 2.0, 1.0, 12.3),
    ]


def test_a_file_whose_folder_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open database file"):
        store_of(ExportSettings(url=f"sqlite:///{tmp_path}/none/rain.sqlite")).prepare()


# --- its place in the service ------------------------------------------------------------------------------------


def test_a_configuration_without_an_export_has_no_store(tmp_path: Path) -> None:
    write(tmp_path)

    assert names_of(load(tmp_path, {})) == []
    (name,) = names_of(load(tmp_path, {"GAUGE_EXPORT_URL": "sqlite:////tmp/x"}))
    assert name.startswith("export sqlite:////tmp/x ST_PPTN_R ")


def test_its_position_belongs_to_all_that_rows_are_made_of() -> None:
    plain = ExportSettings(url="postgresql://gauge@db/rain?sslmode=require")
    others = [
        store_of(plain.model_copy(update=change))
        for change in ({"step": "5m"}, {"rain": "corrected"}, {"rain_table": "R"}, {"coverage_min": 0.5})
    ]
    others += [store_of(plain, on_platform=PlatformStation("01234502"))]
    same = store_of(plain.model_copy(update={"timeout_s": 5}), HTB01=replace(station(), name="别名"))

    names = {one.name for one in others}

    name = store_of(plain).name
    assert name.startswith("export postgresql://db/rain ST_PPTN_R ")
    assert len(names | {name}) == 6
    assert same.name == name
    assert store_of(plain).steps_ms == (HOUR_MS, 24 * HOUR_MS)
    assert store_of(plain.model_copy(update={"step": "5m"})).steps_ms == (5 * MINUTE_MS, 24 * HOUR_MS)


def test_an_error_that_the_driver_never_had_is_a_fault_of_the_database() -> None:
    assert cause(OperationalError("SELECT", {}, Exception("connection reset"))) is Cause.LOST
