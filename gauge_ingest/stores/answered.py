"""The CSV that InfluxDB 2 answers Flux with: tables one after the other, each with a head of its own."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import NamedTuple


class Record(NamedTuple):
    """A record with the head and the types of its table, which are the same objects for all records of it."""

    head: list[str]
    types: list[str]  # empty where the answer has no annotation `datatype`
    cells: list[str]


def records_answered(answer: str) -> Iterator[Record]:
    """Every record of an answer; ValueError where it ends with an error, in the server's words."""
    head: list[str] = []
    types: list[str] = []
    for cells in csv.reader(StringIO(answer, newline="")):
        if not cells or cells[0].startswith("#"):
            head = []
            types = cells if cells and cells[0] == "#datatype" else types
        elif not head:
            head = cells
        elif "error" in head:
            raise ValueError(cells[head.index("error")])
        else:
            yield Record(head, types, cells)
