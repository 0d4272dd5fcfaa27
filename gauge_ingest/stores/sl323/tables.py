"""The two tables as the database has them, and the statements for them in its dialect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CHAR,
    Column,
    DateTime,
    Executable,
    Float,
    Inspector,
    MetaData,
    Numeric,
    String,
    Table,
    Unicode,
    and_,
    bindparam,
    false,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.dml import Insert, Update

from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.sl323 import rows
from gauge_ingest.stores.sl323.settings import ExportSettings

KEY = ("STCD", "TM")
RAIN_COLUMNS = (*KEY, "DRP", "INTV", "DYP")
STATION_COLUMNS = ("STCD", "STNM", "RVNM", "HNNM", "BSNM", "LGTD", "LTTD", "STLC", "ADDVCD", "STTP")
STCD_CHARACTERS = 8
MM_PLACES_MAX = 3  # a micrometre: what rain is rounded to everywhere
OURS = "__ours_"  # before the name of a key column, in parameters of an update

# Where a statement exists that does it in one, it is used; else UPDATE, and INSERT where there was no row.
ON_CONFLICT = ("postgresql", "sqlite")
ON_DUPLICATE_KEY = ("mysql", "mariadb")
_MYSQL = {"charset": "utf8mb4", "engine": "InnoDB"}


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a platform, their columns by the names of SL 323. `stations` is None where it is left alone."""

    rain: Table
    stations: Table | None
    numerics: Mapping[str, rows.Numeric]


def standard_tables(settings: ExportSettings, *, dialect: str) -> tuple[Table, Table]:
    """Both tables as `create_tables` makes them, after SL 323."""
    options: Any = {"schema": settings.schema_name or None}
    options |= {f"{name}_{option}": value for name in ON_DUPLICATE_KEY for option, value in _MYSQL.items()}
    # PostgreSQL takes names without quotes for lower case: so everybody finds ST_PPTN_R, however it is written.
    spelled = str.lower if dialect == "postgresql" else str
    rain: list[SchemaItem] = [
        Column(spelled("STCD"), CHAR(STCD_CHARACTERS), primary_key=True),
        Column(spelled("TM"), DateTime(), primary_key=True),
        Column(spelled("DRP"), Numeric(5, 1)),
        Column(spelled("INTV"), Numeric(5, 2)),
        Column(spelled("PDR"), Numeric(5, 2)),
        Column(spelled("DYP"), Numeric(5, 1)),
        Column(spelled("WTH"), CHAR(1)),
    ]
    stations: list[SchemaItem] = [
        Column(spelled("STCD"), CHAR(STCD_CHARACTERS), primary_key=True),
        Column(spelled("STNM"), Unicode(64)),
        Column(spelled("RVNM"), Unicode(30)),
        Column(spelled("HNNM"), Unicode(30)),
        Column(spelled("BSNM"), Unicode(30)),
        Column(spelled("LGTD"), Numeric(10, 6)),
        Column(spelled("LTTD"), Numeric(10, 6)),
        Column(spelled("STLC"), Unicode(50)),
        Column(spelled("ADDVCD"), CHAR(6)),
        Column(spelled("STTP"), CHAR(2)),
    ]
    return (
        Table(spelled(settings.rain_table), MetaData(), *rain, **options),
        Table(spelled(settings.station_table), MetaData(), *stations, **options),
    )


def found(inspector: Inspector, name: str, schema: str) -> str | None:
    """How the database spells the name of a table; None where it has none of that name."""
    names = inspector.get_table_names(schema=schema or None)
    exact = [one for one in names if one == name]
    return next(iter([*exact, *(one for one in names if one.casefold() == name.casefold())]), None)


def reflected(inspector: Inspector, name: str, wanted: Sequence[str], *, schema: str, key: Sequence[str]) -> Table:
    """A table with the columns that are wanted; StoreUnavailable where one is missing, or rows could not be kept apart.

    Other columns stay as they are; one that must have a value, and has no default, would refuse every row.
    """
    columns = {str(one["name"]).casefold(): one for one in inspector.get_columns(name, schema=schema or None)}
    missing = [one for one in wanted if one.casefold() not in columns]
    if missing:
        raise StoreUnavailable(
            f"table {name} has no column {', '.join(missing)}: add it (see docs/export.md), or name another table"
        )
    others = [one for casefolded, one in columns.items() if casefolded not in {name.casefold() for name in wanted}]
    needing = [str(one["name"]) for one in others if not one["nullable"] and not _fills_itself(one)]
    if needing:
        raise StoreUnavailable(
            f"column {', '.join(needing)} of table {name} must have a value and has no default, and this service does"
            " not know it: give it a default, or let it be NULL"
        )
    if not _keeps_apart(inspector, name, schema, [str(columns[one.casefold()]["name"]) for one in key]):
        keys = ", ".join(key)
        raise StoreUnavailable(
            f"table {name} has no primary key and no unique index over ({keys}), so that a correction would stand"
            f" beside what it corrects: ALTER TABLE {name} ADD PRIMARY KEY ({keys})"
        )
    made = [columns[one.casefold()] for one in wanted]
    return Table(
        name,
        MetaData(),
        *(
            Column(quoted_name(str(one["name"]), None), one["type"], key=sl_name, nullable=one["nullable"])
            for one, sl_name in zip(made, wanted, strict=True)
        ),
        schema=schema or None,
    )


def rain_table(inspector: Inspector, name: str, schema: str) -> tuple[Table, dict[str, rows.Numeric]]:
    """ST_PPTN_R, and what its columns can hold; StoreUnavailable where rain could not be written as it is."""
    table = reflected(inspector, name, RAIN_COLUMNS, schema=schema, key=KEY)
    _check_stcd(table, name)
    if not isinstance(table.c.TM.type, DateTime):
        raise StoreUnavailable(
            f"column TM of table {name} is {_typed(table.c.TM)}: it must be DATETIME or TIMESTAMP, to the minute"
        )
    numerics = {}
    for column in ("DRP", "INTV", "DYP"):
        kind = table.c[column].type
        if not isinstance(kind, Numeric | Float):
            raise StoreUnavailable(
                f"column {column} of table {name} is {_typed(table.c[column])}: it must be DECIMAL, e.g. DECIMAL(5,1)"
            )
        if not table.c[column].nullable:
            raise StoreUnavailable(
                f"column {column} of table {name} is NOT NULL: a correction may take rain back and leave nothing"
                f" known; let it be NULL (ALTER TABLE {name} …)"
            )
        if kind.scale is not None and kind.precision is not None and kind.scale < (2 if column == "INTV" else 1):
            raise StoreUnavailable(
                f"column {column} of table {name} is {_typed(table.c[column])}, which has too few digits behind the"
                f" point: it must be DECIMAL(5,{2 if column == 'INTV' else 1}) or wider"
            )
        numerics[column] = _holds(kind)
    return table, numerics


def station_table(inspector: Inspector, name: str, schema: str) -> Table:
    """ST_STBPRP_B; StoreUnavailable where stations could not be written."""
    table = reflected(inspector, name, STATION_COLUMNS, schema=schema, key=("STCD",))
    _check_stcd(table, name)
    return table


def upsert(table: Table, columns: Sequence[str], *, key: Sequence[str], dialect: str) -> Executable | None:
    """One statement that writes a row, or changes these columns of the one that is there; None: no such statement.

    Where nothing changes the row is left alone, as far as the dialect can say so: triggers and time stamps of others
    then see what has changed, and nothing else.
    """
    if dialect in ON_CONFLICT:
        new: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
        changes = [table.c[name].is_distinct_from(new.excluded[name]) for name in columns]
        return new.on_conflict_do_update(  # type: ignore[no-any-return]  # of SQLAlchemy
            index_elements=[table.c[name] for name in key],
            set_={table.c[name]: new.excluded[name] for name in columns},
            where=or_(*changes),
        )
    if dialect in ON_DUPLICATE_KEY:
        plain = mysql.insert(table)
        return plain.on_duplicate_key_update({table.c[name].name: plain.inserted[name] for name in columns})
    return None


def change(table: Table, columns: Sequence[str], *, key: Sequence[str]) -> Update:
    """Changes these columns of the row with a key, which parameters name with OURS before it; no row is made."""
    here = [table.c[name] == bindparam(f"{OURS}{name}", type_=table.c[name].type) for name in key]
    # SQL Server: nobody puts the row in between this statement and the INSERT that follows where there was none.
    return (
        update(table)
        .where(*here)
        .values({table.c[name]: bindparam(name, type_=table.c[name].type) for name in columns})
        .with_hint("WITH (UPDLOCK, SERIALIZABLE)", dialect_name="mssql")
    )


def take_back(table: Table, columns: Sequence[str]) -> Update:
    """Makes these columns of a row NULL, where there is such a row and they are not NULL already."""
    here = [table.c[name] == bindparam(f"{OURS}{name}", type_=table.c[name].type) for name in KEY]
    told = or_(*(table.c[name].is_not(None) for name in columns))
    return update(table).where(and_(*here, told)).values({table.c[name]: null() for name in columns})


def permitted(table: Table, *, key: Sequence[str]) -> tuple[Insert, Update]:
    """An INSERT and an UPDATE of no row: they fail where rows could not be written."""
    nothing = select(*(table.c[name] for name in key)).where(false())
    column = next(one for one in table.c if one.key not in key)
    return insert(table).from_select(list(key), nothing), update(table).where(false()).values({column: null()})


def _check_stcd(table: Table, name: str) -> None:
    kind = table.c.STCD.type
    if not isinstance(kind, String) or (kind.length is not None and kind.length < STCD_CHARACTERS):
        raise StoreUnavailable(
            f"column STCD of table {name} is {_typed(table.c.STCD)}: it must hold 8 characters, e.g. CHAR(8)"
        )


def _keeps_apart(inspector: Inspector, name: str, schema: str, key: Sequence[str]) -> bool:
    """Whether no two rows may have the same key."""
    where: Any = {"schema": schema or None}
    unique: list[Sequence[str | None]] = [inspector.get_pk_constraint(name, **where)["constrained_columns"]]
    indexes = [one for one in inspector.get_indexes(name, **where) if one["unique"]]  # of constraints too
    # One that holds for a part of the rows (PostgreSQL: WHERE) keeps nothing apart in the others.
    partial = "postgresql_where"
    unique += [one["column_names"] for one in indexes if not one.get("dialect_options", {}).get(partial)]
    return any(set(columns) == set(key) for columns in unique)


def _fills_itself(column: Mapping[str, Any]) -> bool:
    return (
        column.get("default") is not None
        or column.get("autoincrement") is True
        or bool(column.get("identity") or column.get("computed"))
    )


def _holds(kind: Numeric[Any] | Float[Any]) -> rows.Numeric:
    """A number without a scale (FLOAT) gets the digit of SL 323, and has no bound that matters."""
    if kind.scale is None or kind.precision is None:
        return rows.Numeric(1, None)
    places = min(kind.scale, MM_PLACES_MAX)
    return rows.Numeric(places, Decimal(10) ** (kind.precision - kind.scale) - Decimal(1).scaleb(-places))


def _typed(column: Column[Any]) -> str:
    return str(column.type).upper()
