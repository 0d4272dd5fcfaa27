"""The export: windows of rain to ST_PPTN_R, stations to ST_STBPRP_B, through SQLAlchemy."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, inspect
from sqlalchemy.exc import SQLAlchemyError

from gauge_ingest.core.fixed import STEPS_MS
from gauge_ingest.core.model import DAY_MS, Station
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.stores import Refused, StoreRejected, StoreUnavailable, Total
from gauge_ingest.stores.sl323 import answers, stations, tables
from gauge_ingest.stores.sl323.answers import Cause
from gauge_ingest.stores.sl323.engine import engine_of, within
from gauge_ingest.stores.sl323.rows import Row, has_ended, rows_of
from gauge_ingest.stores.sl323.settings import ExportSettings
from gauge_ingest.stores.sl323.tables import Tables

log = logging.getLogger(__name__)

# Of one write so many rows at most may be refused, one by one; beyond that it is not the rows.
REFUSED_MAX = 100
FEW_ROWS = 20


class Sl323Store:
    """Tables of a platform after SL 323, for the stations that have a code there.

    A window is written when it has ended: those that run wait here, and are written by the first write (one of nothing
    will do) after their end. What waits is in memory; after a start the newest windows of each station are to be
    written again.
    """

    def __init__(
        self,
        settings: ExportSettings,
        stations: Mapping[str, Station],
        platform: Mapping[str, PlatformStation],
        *,
        now: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._stations = stations
        self._platform = {name: one for name, one in platform.items() if name in stations}
        self._now = now
        self._running: dict[tuple[str, int, int], Total] = {}
        self._engine: Engine | None = None
        self._tables: Tables | None = None

    settles = True

    @property
    def name(self) -> str:
        """What its position is remembered under; with other codes, or figures made otherwise, all is written anew."""
        made_of = ("step", "rain", "coverage_min", "withhold_failed", "schema_name", "rain_table")
        parts = [repr(getattr(self._settings, key)) for key in made_of]
        parts += [f"{name} {one.stcd}" for name, one in sorted(self._platform.items())]
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
        place = re.sub("//[^/]*@", "//", self._settings.url.partition("?")[0])  # whoever looks need not know the user
        return f"export {place} {self._settings.rain_table} {digest}"

    @property
    def steps_ms(self) -> tuple[int, ...]:
        """The interval of a row, and the day for DYP."""
        return STEPS_MS[self._settings.step], DAY_MS

    def prepare(self) -> None:
        """See that both tables take what is written, create them where that is asked for, and write the stations."""
        with self._connected() as connection:
            self._tables = self._look(connection)

    def write(self, totals: Sequence[Total]) -> None:
        """Write windows that have ended, those again that have changed; StoreUnavailable or StoreRejected."""
        now = self._now()
        known = self._running | {
            (one.station, one.step_ms, one.window.until): one for one in totals if one.station in self._platform
        }
        ended = [one for one in known.values() if has_ended(one.window, now=now, settle_s=self._settings.settle_s)]
        refused = self._send(ended) if ended else []
        gone = {(one.station, one.step_ms, one.window.until) for one in ended}
        self._running = {key: one for key, one in known.items() if key not in gone}
        if refused:
            raise StoreRejected(refused)

    def identity(self) -> str:
        """Nobody can say: a table that was emptied looks as before."""
        return ""

    def close(self) -> None:
        """Let go of connections."""
        if self._engine is not None:
            self._engine.dispose()

    def _send(self, ended: Sequence[Total]) -> list[Refused]:
        with self._connected() as connection:
            if self._tables is None:
                self._tables = self._look(connection)
            changes, refused = rows_of(ended, self._platform, self._settings, self._tables.numerics)
            # Rows of one statement stand together: the same columns, known or taken back.
            kinds = sorted(changes, key=lambda row: (row.columns, row.known))
            for _, kind in groupby(kinds, key=lambda row: (row.columns, row.known)):
                rows, most = list(kind), self._settings.batch_rows_max
                for start in range(0, len(rows), most):
                    batch = rows[start : start + most]
                    found = self._search(connection, self._tables, batch)
                    _judge(found, len(batch))
                    refused += found
        return refused

    def _search(self, connection: Connection, known: Tables, batch: Sequence[Row]) -> list[Refused]:
        """Writes rows in one transaction; where it is refused in halves, so that the rest is there."""
        failing, refused = [batch], list[Refused]()
        while failing:
            part = failing.pop()
            try:
                with within(connection, self._settings):
                    _write(connection, known, part)
            except SQLAlchemyError as error:
                if answers.cause(error) is not Cause.ROW:
                    raise
                half = len(part) // 2
                if half:
                    failing += [part[half:], part[:half]]
                else:
                    refused.append(Refused(part[0].total, answers.words(error, self._settings)))
                if len(refused) > REFUSED_MAX:
                    raise StoreUnavailable(
                        f"the database refuses more than {REFUSED_MAX} rows of one batch, the last:"
                        f" {refused[-1].reason}: mend it there"
                    ) from error
        return refused

    def _look(self, connection: Connection) -> Tables:
        """The tables as they stand now; StoreUnavailable where they cannot be used."""
        settings = self._settings
        with within(connection, settings):
            _create_missing(connection, settings)
            inspector = inspect(connection)
            rain_name = _found(inspector, settings.rain_table, settings)
            rain, numerics = tables.rain_table(inspector, rain_name, settings.schema_name)
            there = None
            if settings.station_rows != "off":
                name = _found(inspector, settings.station_table, settings)
                there = tables.station_table(inspector, name, settings.schema_name)
            for statement in tables.permitted(rain, key=tables.KEY):
                connection.execute(statement)
            if there is not None:
                self._write_stations(connection, there)
        return Tables(rain, there, numerics)

    def _write_stations(self, connection: Connection, there: Table) -> None:
        wanted = {one: self._stations[one] for one in self._platform}
        try:
            cuts = stations.write(connection, there, wanted, self._platform, self._settings, now=self._now())
        except SQLAlchemyError as error:
            raise answers.unavailable(error, self._settings, table=there.name) from None
        for cut in cuts:
            log.warning("text cut to fit the platform's table station=%s column=%s characters=%d", *cut)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection for one write; none is held between two. Turns what the database answers into a sentence."""
        try:
            if self._engine is None:
                self._engine = engine_of(self._settings)
            with self._engine.connect() as connection:
                yield connection
        except StoreUnavailable:
            self._tables = None  # it may be mended by then: the next write looks anew
            raise
        except SQLAlchemyError as error:
            self._tables = None
            raise answers.unavailable(error, self._settings) from None


def _write(connection: Connection, known: Tables, part: Sequence[Row]) -> None:
    table, columns = known.rain, part[0].columns
    keys = [{"STCD": row.stcd, "TM": row.tm} for row in part]
    if not part[0].known:
        connection.execute(tables.take_back(table, columns), [_theirs(key) for key in keys])
        return
    values = [key | dict(row.values) for key, row in zip(keys, part, strict=True)]
    statement = tables.upsert(table, columns, key=tables.KEY, dialect=connection.dialect.name)
    if statement is not None:
        connection.execute(statement, values)
        return
    for key, value in zip(keys, values, strict=True):
        there = {name: value[name] for name in columns} | _theirs(key)
        if not connection.execute(tables.change(table, columns, key=tables.KEY), there).rowcount:
            connection.execute(insert(table), value)


def _theirs(key: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{tables.OURS}{name}": value for name, value in key.items()}


def _judge(refused: Sequence[Refused], rows: int) -> None:
    """Is it the rows or the database? Raises StoreUnavailable when most of a batch is refused."""
    if len(refused) > FEW_ROWS and len(refused) * 2 > rows:
        raise StoreUnavailable(
            f"the database refuses {len(refused)} rows of one batch of {rows}, the first: {refused[0].reason}: mend it"
            " there"
        )


def _found(inspector: Any, name: str, settings: ExportSettings) -> str:
    found = tables.found(inspector, name, settings.schema_name)
    if found is None:
        where = f" in schema {settings.schema_name}" if settings.schema_name else ""
        raise StoreUnavailable(
            f"table {name} is not there{where}, or hidden from the user: create it (docs/export.md), set create_tables"
            " = true, or mend rain_table, station_table and schema_name in [export]"
        )
    return found


def _create_missing(connection: Connection, settings: ExportSettings) -> None:
    if not settings.create_tables:
        return
    inspector = inspect(connection)
    rain, there = tables.standard_tables(settings, dialect=connection.dialect.name)
    wanted = [rain] if settings.station_rows == "off" else [rain, there]
    for table in wanted:
        if tables.found(inspector, table.name, settings.schema_name) is None:
            table.create(connection)
            log.info("table created for the export table=%s", table.name)
