"""A request with a slice of history is taken whole or refused whole, whatever stands in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.journal import Journal
from gauge_ingest.journal.imported import Fell
from gauge_ingest.requests.take_history import ROWS_MAX, asked, take_history
from gauge_ingest.requests.words import Refused
from tests.importing.spans import BEFORE, fell_of
from tests.worlds import HOUR, T0, Desk, message, station


@pytest.mark.parametrize(
    "body",
    [
        {"station": "HTB09"},
        {"rows": "?"},
        {"rows": ""},
        {"rows": "AAAA"},
        {},
    ],
)
def test_a_request_that_cannot_be_understood_changes_nothing(tmp_path: Path, body: dict[str, Any]) -> None:
    desk = Desk(tmp_path, [station()], [])
    whole = {**asked("HTB01", fell_of([1]), file="f", digest="d"), **body} if body else {}

    with pytest.raises(Refused):
        take_history(desk.journal, {"HTB01": station()}, whole, who="w", now=T0)

    assert list(tables(desk.journal)) == [0, 0]


@pytest.mark.parametrize(
    "fell",
    [
        [Fell(BEFORE, BEFORE, 0, 0)],
        [Fell(BEFORE, BEFORE + 1, -1, 0)],
        [Fell(BEFORE, BEFORE + 1, 5, 4)],
        [Fell(BEFORE, BEFORE + 2, 0, 0), Fell(BEFORE + 1, BEFORE + 3, 0, 0)],
        [Fell(BEFORE, T0 + 1, 0, 0)],
        [Fell(n, n + 1, 0, 0) for n in range(ROWS_MAX + 1)],
    ],
    ids=["no time", "below 0", "sum", "overlap", "ahead", "many"],
)
def test_rows_that_make_no_record_are_refused(tmp_path: Path, fell: list[Fell]) -> None:
    desk = Desk(tmp_path, [station()], [])

    with pytest.raises(Refused):
        take_history(desk.journal, {"HTB01": station()}, asked("HTB01", fell, file="f", digest="d"), who="w", now=T0)

    assert list(tables(desk.journal)) == [0, 0]


def test_a_slice_behind_the_beginning_of_the_own_record_is_refused_while_it_arrives(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [])
    desk.take(message([(T0 - 50 * HOUR, 5), (T0, 5)]))  # owed still: nothing is derived yet

    with pytest.raises(Refused, match="its own record begins"):
        take_history(
            desk.journal, {"HTB01": station()}, asked("HTB01", fell_of([1]), file="f", digest="d"), who="w", now=T0
        )
    desk.settle()
    with pytest.raises(Refused, match="its own record begins"):
        take_history(
            desk.journal, {"HTB01": station()}, asked("HTB01", fell_of([1]), file="f", digest="d"), who="w", now=T0
        )


def tables(journal: Journal) -> Iterator[int]:
    for name in ("imported", "imported_file"):
        yield journal._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - tables
