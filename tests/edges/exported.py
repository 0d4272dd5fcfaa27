"""What tests of the export write: windows of one station, a store for them, tables as a platform may have them."""

from typing import Any

from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import DAY_MS, HOUR_MS, Flag, Station
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.core.spans import parse_instant
from gauge_ingest.stores import Total
from gauge_ingest.stores.sl323.settings import ExportSettings
from gauge_ingest.stores.sl323.store import Sl323Store
from tests.edges.influx_server import station
from tests.edges.sql_servers import USER, Database

AT = parse_instant("2026-07-15T18:00:00+08:00")
EIGHT = parse_instant("2026-07-16T08:00:00+08:00")
LONG_AFTER = AT + 400 * DAY_MS
STCD = "01234501"
# As a platform may have it: its own columns around ours, names in its own spelling.
RAIN = """CREATE TABLE {name} (STCD CHAR(8) NOT NULL, TM {time} NOT NULL, DRP DECIMAL(5,1), INTV DECIMAL(5,2),
    PDR DECIMAL(5,2), DYP DECIMAL(5,1), WTH CHAR(1), MPCD VARCHAR(20) DEFAULT 'theirs', PRIMARY KEY (STCD, TM))"""
STATIONS = """CREATE TABLE {name} (STCD VARCHAR(10) PRIMARY KEY, STNM VARCHAR(30), RVNM VARCHAR(30), HNNM VARCHAR(30),
    BSNM VARCHAR(30), LGTD DECIMAL(10,6), LTTD DECIMAL(10,6), STLC VARCHAR(50), ADDVCD CHAR(6), STTP CHAR(2),
    COMMENTS VARCHAR(20)){options}"""


def total(
    rain_mm: float = 1.5, *, until: int = AT, step_ms: int = HOUR_MS, coverage: float = 1.0, flag: Flag = Flag.GOOD
) -> Total:
    """The rain of HTB01 in the hour before AT; changed as asked. Corrected rain is a tenth more."""
    tips = round(rain_mm / 0.5 + 0.49)
    corrected_mm = round(rain_mm * 1.1, 3)
    window = Fixed(until - step_ms, until, tips, tips, tips, rain_mm, corrected_mm, coverage, flag)
    return Total("HTB01", step_ms, window)


def missing(*, until: int = AT, step_ms: int = HOUR_MS, coverage: float = 0.0) -> Total:
    """A window in which no report ends."""
    return total(0.0, until=until, step_ms=step_ms, coverage=coverage, flag=Flag.MISSING)


def day(rain_mm: float, **changes: Any) -> Total:
    """The day that ends at EIGHT."""
    return total(rain_mm, **{"until": EIGHT, "step_ms": DAY_MS, **changes})


def store_of(
    settings: ExportSettings, *, now: int = LONG_AFTER, on_platform: PlatformStation | None = None, **stations: Station
) -> Sl323Store:
    """A store for HTB01, long after everything has ended."""
    platform = {"HTB01": on_platform or PlatformStation(STCD, river="呼图壁河", division_code="652323")}
    return Sl323Store(settings, stations or {"HTB01": station()}, platform, now=lambda: now)


def platform_tables(database: Database, *, rain: str = RAIN, time: str = "") -> Database:
    """A database in which a platform has made both tables and lets USER write into them, and nothing else."""
    is_postgres = database.scheme == "postgresql"
    options = "" if is_postgres else " CHARACTER SET utf8mb4"
    database.execute(
        rain.format(name="ST_PPTN_R", time=time or ("TIMESTAMP" if is_postgres else "DATETIME")),
        STATIONS.format(name="ST_STBPRP_B", options=options),
    )
    for table in ("ST_PPTN_R", "ST_STBPRP_B"):
        database.allow("SELECT, INSERT, UPDATE", table)
    if is_postgres:
        database.execute(f"GRANT USAGE ON SCHEMA public TO {USER}")
    return database


def rain_of(database: Database, columns: str = "DRP, INTV, DYP") -> dict[str, tuple[str | None, ...]]:
    """The rows of the platform's table by their time, as text."""
    rows = database.rows(f"SELECT STCD, TM, {columns} FROM ST_PPTN_R ORDER BY TM")  # noqa: S608
    assert all(str(code).strip() == STCD for code, *_ in rows)
    return {f"{at:%m-%d %H:%M}": tuple(None if one is None else str(one) for one in rest) for _, at, *rest in rows}
