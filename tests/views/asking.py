"""Asks InfluxDB as the Data Explorer and `influx query -f` do, and reads the annotated CSV that it answers."""

from __future__ import annotations

import csv
import json
import re
import urllib.error
import urllib.parse
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, NamedTuple

from tests.edges.influx_server import InfluxServer, call

_DIALECT = {"annotations": ["group", "datatype", "default"], "header": True}


class Answered(NamedTuple):
    """One table of an answer: which result it belongs to, its columns by type, what it is grouped by, its rows."""

    result: str
    types: dict[str, str]
    group: frozenset[str]
    rows: list[dict[str, Any]]


def ask(server: InfluxServer, flux: str, *, token: str = "", extern: object = None) -> list[Answered]:
    """Every table of the answer; AssertionError with the server's words where there is none."""
    body: dict[str, Any] = {"query": flux, "type": "flux", "dialect": _DIALECT}
    if extern is not None:
        body["extern"] = extern
    url = f"{server.url}/api/v2/query?{urllib.parse.urlencode({'org': server.org})}"
    try:
        text = call("POST", url, token=token or server.token, body=json.dumps(body).encode()).decode()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{error.read().decode()}\n{flux}") from None
    return _tables(text)


def with_values(flux: str, values: Mapping[str, str]) -> str:
    """The query with other values for its variables, as a person changes them: whole lines `name = value`."""
    for name, value in values.items():
        flux, found = re.subn(rf"^{name} = .*$", lambda _, line=f"{name} = {value}": line, flux, flags=re.MULTILINE)  # type: ignore[misc]
        assert found == 1, f"{name} is not one variable of the query"
    return flux


def rows_of(answer: Sequence[Answered], result: str = "_result") -> list[dict[str, Any]]:
    """The rows of a result, table after table."""
    return [row for table in answer if table.result == result for row in table.rows]


def _tables(text: str) -> list[Answered]:
    tables: dict[tuple[str, str], Answered] = {}
    group, types, default, header = [""], [""], [""], list[str]()
    for cells in csv.reader(StringIO(text, newline="")):
        if not cells:
            continue
        if cells[0] == "#group":
            group, header = cells, []
        elif cells[0] == "#datatype":
            types = cells
        elif cells[0] == "#default":
            default = cells
        elif not header:
            header = cells
            assert "error" not in header, text[-500:]
        else:
            whole = dict(zip(header, zip(cells, types, default, strict=True), strict=True))
            result, number = whole["result"][0] or whole["result"][2], whole["table"][0]
            named = header[3:]
            grouped = frozenset(name for name, is_group in zip(header, group, strict=True) if is_group == "true")
            table = tables.setdefault(
                (result, number), Answered(result, {name: whole[name][1] for name in named}, grouped & {*named}, [])
            )
            table.rows.append({name: _value(*whole[name]) for name in named})
    return list(tables.values())


def _value(cell: str, kind: str, default: str) -> Any:
    text = cell or default
    if text == "" and kind != "string":
        return None
    if kind == "long":
        return int(text)
    if kind == "double":
        return float(text)
    if kind == "boolean":
        return text == "true"
    if kind.startswith("dateTime"):
        return _milliseconds(text)
    return text or None


def _milliseconds(text: str) -> int:
    """Whole milliseconds since 1970; what is below is the number of an alert's event."""
    moment = datetime.fromisoformat(re.sub(r"\.(\d{1,6})\d*Z", r".\1Z", text))
    return round(moment.timestamp() * 1_000_000) // 1_000
