"""What a database answers instead of yes: is a row at fault or the database, and what to mend, in a sentence."""

from enum import StrEnum
from typing import Any

from sqlalchemy.exc import DBAPIError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.sl323.settings import ExportSettings

WORDS_MAX = 300
PASSWORD = "GAUGE_EXPORT_PASSWORD"  # noqa: S105  its name


class Cause(StrEnum):
    """Why a database says no."""

    ROW = "row"  # this row, by its values: another may be taken
    PASSWORD = "password"  # noqa: S105  the name of a cause
    DATABASE = "database"
    PERMISSION = "permission"
    TABLE = "table"
    COLUMN = "column"
    KEY = "key"
    LOCKED = "locked"
    READ_ONLY = "read only"
    FULL = "full"
    TIMEOUT = "timeout"
    LOST = "lost"
    OTHER = "other"


# SQLSTATE of PostgreSQL, and of SQL Server through ODBC; a class of two characters stands for all in it.
SQLSTATES = {
    "22": Cause.ROW,
    "23": Cause.ROW,
    "P0001": Cause.ROW,  # a trigger of the platform says no
    "28": Cause.PASSWORD,
    "3D": Cause.DATABASE,
    "42501": Cause.PERMISSION,
    "42P01": Cause.TABLE,
    "42S02": Cause.TABLE,
    "42703": Cause.COLUMN,
    "42S22": Cause.COLUMN,
    "42P10": Cause.KEY,
    "40": Cause.LOCKED,
    "55P03": Cause.LOCKED,
    "25006": Cause.READ_ONLY,
    "53100": Cause.FULL,
    "57014": Cause.TIMEOUT,
    "HYT00": Cause.TIMEOUT,
    "HYT01": Cause.TIMEOUT,
    "08": Cause.LOST,
    "57P": Cause.LOST,
}
# Numbers of MySQL and MariaDB, and of SQL Server through its other driver.
NUMBERS = {
    **dict.fromkeys((1048, 1062, 1216, 1264, 1265, 1292, 1364, 1366, 1406, 1452, 1644, 3819, 4025), Cause.ROW),
    **dict.fromkeys((1045, 1698, 18456), Cause.PASSWORD),
    **dict.fromkeys((1044, 1049, 4060), Cause.DATABASE),
    **dict.fromkeys((1142, 1143, 1227, 229, 230), Cause.PERMISSION),
    **dict.fromkeys((1146, 208), Cause.TABLE),
    **dict.fromkeys((1054, 207), Cause.COLUMN),
    **dict.fromkeys((1205, 1213), Cause.LOCKED),
    **dict.fromkeys((1290, 1792, 1836), Cause.READ_ONLY),
    **dict.fromkeys((1021, 1114, 1041), Cause.FULL),
    **dict.fromkeys((1317, 1969, 3024), Cause.TIMEOUT),
    **dict.fromkeys((1053, 1927, 2002, 2003, 2006, 2013, 2055, 4031), Cause.LOST),
}
# A driver that has no connection yet often has no code either, only the server's words.
WORDS = {
    "password authentication failed": Cause.PASSWORD,
    "no password supplied": Cause.PASSWORD,
    "no pg_hba.conf entry": Cause.PASSWORD,
    "cryptography": Cause.PASSWORD,
    "read-only": Cause.READ_ONLY,
    "readonly": Cause.READ_ONLY,
    "timed out": Cause.LOST,
    "timeout expired": Cause.LOST,
    "connection": Cause.LOST,
    "server closed": Cause.LOST,
    "no such table": Cause.TABLE,
    "database is locked": Cause.LOCKED,
    "constraint failed": Cause.ROW,
}


def cause(error: SQLAlchemyError) -> Cause:
    """Why a database said no."""
    if isinstance(error, NoSuchTableError):
        return Cause.TABLE
    original: Any = error.orig if isinstance(error, DBAPIError) else error
    known = _by_state(getattr(original, "sqlstate", None)) or _by_arguments(getattr(original, "args", ()))
    if known is not None:
        return known
    if "does not exist" in str(original) and 'database "' in str(original):
        return Cause.DATABASE
    said = str(original).casefold()
    return next((found for words, found in WORDS.items() if words in said), Cause.OTHER)


def words(error: BaseException, settings: ExportSettings) -> str:
    """The server's own words in one line, without the statement and without the password."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    arguments = [one for one in original.args if isinstance(one, str) and not _is_state(one)]
    text = " ".join((arguments[0] if arguments else str(original)).split())
    # The driver's own words name nothing secret (psycopg 3.3, PyMySQL 1.2); this is for what a server may say.
    password = settings.password.get_secret_value()
    text = text.replace(password, "***") if password else text
    return text if len(text) <= WORDS_MAX else f"{text[:WORDS_MAX]}…"


def unavailable(error: SQLAlchemyError, settings: ExportSettings, *, table: str = "") -> StoreUnavailable:
    """What to mend, in a sentence, with the server's words."""
    said = words(error, settings)
    table = table or settings.rain_table
    sentences = {
        Cause.ROW: f"table {table} refuses a row ({said}): mend the table, or what is configured of the station",
        Cause.PASSWORD: f"the database lets nobody in with this user and password ({said}): mend the user in [export]"
        f" url, or {PASSWORD}; or allow this machine there (pg_hba.conf, user@host)",
        Cause.DATABASE: f"there is no such database, or the user may not use it ({said}): mend [export] url",
        Cause.PERMISSION: f"the user of [export] url may not do it ({said}): GRANT SELECT, INSERT, UPDATE ON {table}"
        " to that user; with create_tables = true also CREATE",
        Cause.TABLE: f"table {table} is not there, or hidden from the user ({said}): create it (docs/export.md), set"
        " create_tables = true, or mend rain_table, station_table, schema_name",
        Cause.COLUMN: f"a column is missing ({said}): compare table {table} with docs/export.md",
        Cause.KEY: f"table {table} has no unique index over the key ({said}): ALTER TABLE {table} ADD PRIMARY KEY"
        " (STCD, TM)",
        Cause.LOCKED: f"table {table} is held by somebody else ({said}): it is tried again by itself; if it stays so,"
        " see who holds locks there",
        Cause.READ_ONLY: f"the database takes no writes ({said}): name the server that does in [export] url, not its"
        " copy",
        Cause.FULL: f"the database has no space left ({said}): free some there",
        Cause.TIMEOUT: f"no answer within timeout_s = {settings.timeout_s} s ({said}): it is tried again by itself; if"
        " it stays so, see what the server is busy with",
        Cause.LOST: f"the database cannot be reached ({said}): is it running, is [export] url right",
    }
    return StoreUnavailable(sentences.get(cause(error), f"the database takes nothing now ({said}): see its log"))


def no_driver(error: ImportError | NoSuchModuleError, settings: ExportSettings) -> StoreUnavailable:
    """Which driver is missing, or why it cannot be loaded."""
    name = getattr(error, "name", None) or settings.url.partition(":")[0].partition("+")[2] or "for this url"
    return StoreUnavailable(
        f"the driver {name} cannot be loaded ({words(error, settings)}): install it beside gauge-ingest"
        f" (pip install {name}), or begin [export] url with another one"
    )


def _by_state(state: object) -> Cause | None:
    if not isinstance(state, str):
        return None
    return next((SQLSTATES[state[:length]] for length in (5, 3, 2) if state[:length] in SQLSTATES), None)


def _by_arguments(arguments: tuple[object, ...]) -> Cause | None:
    """ODBC puts the SQLSTATE first, MySQL's drivers their number."""
    first = arguments[0] if arguments else None
    if isinstance(first, int):
        return NUMBERS.get(first)
    return _by_state(first) if isinstance(first, str) and _is_state(first) else None


def _is_state(text: str) -> bool:
    return len(text) == 5 and text.isalnum() and text.upper() == text
