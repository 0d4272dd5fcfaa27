"""A request with a slice of history is taken whole or refused whole, whatever stands in it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.core.calibration import TipLoss
from gauge_ingest.core.model import Station
from gauge_ingest.history import JournalHistory, fixed_steps
from gauge_ingest.journal import Journal
from gauge_ingest.journal.imported import SINCE_MIN, Fell
from gauge_ingest.requests.take_history import ROWS_MAX, asked, take_history
from gauge_ingest.requests.words import Refused
from gauge_ingest.stores.lines import LineProtocol
from tests.importing.spans import BEFORE, fell_of
from tests.worlds import HOUR, MINUTE, T0, Desk, message, station


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
        [Fell(SINCE_MIN - 1, SINCE_MIN + 1, 0, 0)],
        [Fell(n, n + 1, 0, 0) for n in range(ROWS_MAX + 1)],
    ],
    ids=["no time", "below 0", "sum", "overlap", "ahead", "old", "many"],
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


def test_rows_of_many_hours_are_copied_once_each_and_no_calibration_adds_to_them(tmp_path: Path) -> None:
    gauge = calibrated()
    desk = Desk(tmp_path, [gauge], [])
    fell = fell_of([4_000] * 40)
    take_history(desk.journal, {"HTB01": gauge}, asked("HTB01", fell, file="f", digest="d"), who="w", now=T0)

    rows = desk.journal.reader.changes(0, rows_max=1_000).rows
    lines = [line for line, _ in LineProtocol({"HTB01": gauge}).lines(rows, [])]
    hours = fixed_steps(JournalHistory(desk.journal.reader), gauge, since=BEFORE, until=BEFORE + 3 * HOUR, step_ms=HOUR)

    assert [row.observed_at for row in rows] == [one.until for one in fell]
    assert all("rain_mm=4.0,corrected_mm=4.0," in line for line in lines)
    assert [(one.rain_mm, one.corrected_mm, one.coverage) for one in hours] == [(48.0, 48.0, 1.0)] * 3
    assert gauge.corrected_mm(8, since=BEFORE, until=BEFORE + 5 * MINUTE) > 4.0


def calibrated() -> Station:
    """A station whose gauge loses rain while its bucket turns."""
    one = station()
    return replace(one, deployments=tuple(replace(each, calibration=TipLoss(0.45)) for each in one.deployments))


def test_rain_before_1970_is_kept_and_shown(tmp_path: Path) -> None:
    desk, long_ago = Desk(tmp_path, [station()], []), -10 * 365 * 24 * HOUR
    fell = fell_of([1_000, 0, 500], since=long_ago)

    take_history(desk.journal, {"HTB01": station()}, asked("HTB01", fell, file="f", digest="d"), who="w", now=T0)

    shown = JournalHistory(desk.journal.reader).increments("HTB01", since=long_ago, until=0)
    assert [(one.since, one.until, one.tips) for one in shown] == [
        (*one[:2], n) for one, n in zip(fell, (2, 0, 1), strict=True)
    ]
    assert len(desk.journal.reader.changes(0, rows_max=100).rows) == 3
