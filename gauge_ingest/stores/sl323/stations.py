"""The stations of ST_STBPRP_B: those that are missing there, or all as they are here."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, Table, insert, select

from gauge_ingest.core.model import Station
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.stores.sl323.settings import ExportSettings
from gauge_ingest.stores.sl323.tables import OURS, change

RAIN_STATION = "PP"
DEGREE_PLACES = 6
ASKED_AT_ONCE = 500


class Cut(NamedTuple):
    """A text that is longer than its column."""

    station: str
    column: str
    characters: int


def write(
    connection: Connection,
    table: Table,
    stations: Mapping[str, Station],
    platform: Mapping[str, PlatformStation],
    settings: ExportSettings,
    *,
    now: int,
) -> list[Cut]:
    """Adds stations that are missing; with station_rows = "write" changes the others to what is known here.

    What is not known here is left as it is there. Answers the texts that had to be cut to fit.
    """
    there = _there(connection, table, [one.stcd for one in platform.values()])
    cuts: list[Cut] = []
    for name, station in stations.items():
        if platform[name].stcd in there and settings.station_rows == "add":
            continue
        values = described(station, platform[name], now=now)
        cuts += _cut(values, table, name)
        if platform[name].stcd not in there:
            connection.execute(insert(table), values)
            continue
        columns = [column for column in values if column != "STCD"]
        connection.execute(
            change(table, columns, key=("STCD",)),
            {column: values[column] for column in columns} | {f"{OURS}STCD": values["STCD"]},
        )
    return cuts


def described(station: Station, on_platform: PlatformStation, *, now: int) -> dict[str, Any]:
    """The columns that are known of a station, as it stands now."""
    place = station.deployment_at(now)
    known = {
        "STCD": on_platform.stcd,
        "STNM": station.name,
        "RVNM": on_platform.river,
        "HNNM": on_platform.hydrographic_net,
        "BSNM": on_platform.basin,
        "LGTD": _degrees(place.longitude),
        "LTTD": _degrees(place.latitude),
        "STLC": on_platform.location,
        "ADDVCD": on_platform.division_code,
        "STTP": RAIN_STATION,
    }
    return {column: value for column, value in known.items() if value != ""}


def _there(connection: Connection, table: Table, codes: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(codes), ASKED_AT_ONCE):
        asked = codes[start : start + ASKED_AT_ONCE]
        found |= {str(code).strip() for code in connection.scalars(select(table.c.STCD).where(table.c.STCD.in_(asked)))}
    return found


def _cut(values: dict[str, Any], table: Table, name: str) -> Iterator[Cut]:
    for column, value in values.items():
        kind = table.c[column].type
        if isinstance(value, str) and isinstance(kind, String) and kind.length and len(value) > kind.length:
            yield Cut(name, column, kind.length)
            values[column] = value[: kind.length]


def _degrees(value: float) -> Decimal:
    return Decimal(str(round(value, DEGREE_PLACES)))
