"""The copy in InfluxDB beside the journal: rows that are missing, refused, behind, or other than they should be."""

from collections.abc import Callable

import pytest

from gauge_ingest.account import CopyStanding
from gauge_ingest.account.copied import Absent, Copy
from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.core.model import Kind, Step
from tests.account.runs import Run, at


class Shelf:
    """A copy that holds what it was given, in the place of InfluxDB; tests/commands asks a real one."""

    def __init__(self, run: Run, standing: CopyStanding) -> None:
        self._standing = standing
        self.points: dict[int, StoredIncrement] = {
            row.observed_at: (row.since, row.observed_at, row.tips, row.tips_min, row.tips_max, row.step, row.flag)
            for row in run.desk.journal.reader.rows("HTB01", since=0, until=1 << 61)
            if row.kind != Kind.TEST
        }

    def standing(self) -> CopyStanding:
        return self._standing

    def rows(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        assert station == "HTB01"
        return [point for when, point in sorted(self.points.items()) if since < when <= until]


@pytest.fixture
def shelf(run: Run) -> Callable[..., Shelf]:
    """A copy of three readings with two tips each, a test, and two counts that do not stand."""
    logger = run.logger()
    logger.report(0)
    for minute in (5, 10):
        logger.tip(minute - 1, times=2)
        logger.report(minute)
    logger.report(10, shows=3)  # a lesser count of the same second
    logger.report(12, shows=99)
    logger.visit(13)
    logger.report(14)
    logger.leave(15)
    logger.tip(16, times=2)
    logger.report(17)
    return lambda **facts: Shelf(run, CopyStanding(**facts))


def copy_of(run: Run, shelf: Shelf) -> Copy:
    account = run.account(copier=shelf)
    assert account.closes, account.unexplained
    copy = account.stations[0].copy
    assert copy is not None
    return copy


def test_every_row_but_tests_is_there_with_its_tips(run: Run, shelf: Callable[..., Shelf]) -> None:
    copy = copy_of(run, shelf())

    assert (copy.rows, copy.there, copy.tips, copy.absent, copy.beyond) == (5, 5, 6, {}, 0)


def test_a_row_that_the_copy_has_passed_and_not_kept_is_not_explained(run: Run, shelf: Callable[..., Shelf]) -> None:
    copied = shelf()
    del copied.points[at(5)]

    account = run.account(copier=copied)

    assert [(one.what, one.observed_at, one.shown) for one in account.unexplained] == [
        ("that InfluxDB has not", at(5), 2)
    ]
    copy = account.stations[0].copy
    assert copy is not None
    assert (copy.there, copy.tips, copy.absent) == (4, 4, {Absent.UNEXPLAINED: 1})


def test_a_row_with_other_tips_is_not_explained(run: Run, shelf: Callable[..., Shelf]) -> None:
    copied = shelf()
    copied.points[at(5)] = (at(0), at(5), 3, 3, 3, Step.STEADY, 1)

    account = run.account(copier=copied)

    assert [one.what for one in account.unexplained] == ["that InfluxDB has otherwise"]


def test_rows_that_are_behind_are_explained_and_the_account_says_how_far(run: Run, shelf: Callable[..., Shelf]) -> None:
    copied = shelf(behind_changes=7, error="InfluxDB cannot be reached")
    del copied.points[at(10)]

    account = run.account(copier=copied)

    assert account.closes
    assert account.notices == ["the copy in InfluxDB is 7 changes behind: InfluxDB cannot be reached"]
    assert account.total().copy == Copy(rows=5, there=4, tips=4, absent=account.total().copy.absent)  # type: ignore[union-attr]
    assert account.stations[0].copy is not None
    assert account.stations[0].copy.absent == {Absent.BEHIND: 1}


def test_rows_that_the_store_refused_are_explained(run: Run, shelf: Callable[..., Shelf]) -> None:
    copied = shelf(refused=frozenset({("HTB01", at(10))}))
    del copied.points[at(10)]

    assert copy_of(run, copied).absent == {Absent.REFUSED: 1}


def test_points_of_which_the_journal_has_no_row_are_counted(run: Run, shelf: Callable[..., Shelf]) -> None:
    copied = shelf()
    copied.points[at(7)] = (at(5), at(7), 1, 1, 1, Step.STEADY, 1)

    copy = copy_of(run, copied)

    assert (copy.beyond, copy.tips) == (1, 6)


def test_a_row_that_is_still_owed_need_not_be_there(run: Run, shelf: Callable[..., Shelf]) -> None:
    copied = shelf()
    del copied.points[at(17)]
    run.desk.journal.reader._db.execute("UPDATE reading SET step = 8, tips = 0 WHERE observed_at = ?", (at(17),))

    assert copy_of(run, copied).absent == {}
