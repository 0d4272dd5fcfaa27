"""What is remembered of neighbours follows what the journal comes to hold of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.core.corrections import Correction, CorrectionKind
from gauge_ingest.core.quality.verdicts import Check, Outcome, outcome_of
from gauge_ingest.journal import DERIVE
from tests.worlds import MINUTE, T0, Desk, message, station

IDS = [f"HTB0{number}" for number in range(1, 6)]
EVERY = 5 * MINUTE


def five(folder: Path) -> Desk:
    around = [replace(station(one), neighbours=tuple(other for other in IDS if other != one)) for one in IDS]
    return Desk(folder, around)


def zeros(desk: Desk) -> list[Outcome]:
    """What FAULTY_ZERO says of each reading of the first station."""
    rows = desk.journal.reader.rows("HTB01", since=0, until=1 << 61)
    return [outcome_of(row.checks, Check.FAULTY_ZERO) for row in rows]


def report(desk: Desk, step: int) -> None:
    at = T0 + step * EVERY
    desk.now = at + 2_000
    desk.take(*(message([(at, 100)], seq=step, station_id=one) for one in IDS))


@pytest.mark.parametrize("order", [IDS, IDS[::-1]])
def test_first_reports_that_come_all_at_once_are_compared_like_those_that_come_one_by_one(
    tmp_path: Path, order: list[str]
) -> None:
    """Whichever station's debt is paid first: it has not seen the others yet."""
    (tmp_path / "one").mkdir()
    (tmp_path / "all").mkdir()
    one_by_one, at_once = five(tmp_path / "one"), five(tmp_path / "all")
    for step in range(13):
        report(one_by_one, step)
        one_by_one.settle()

    at_once.now = one_by_one.now
    readings = [(T0 + step * EVERY, 100) for step in range(13)]
    at_once.take(*(message(readings, station_id=one) for one in order))
    at_once.settle()

    assert zeros(at_once) == zeros(one_by_one)
    assert zeros(at_once)[-1] is Outcome.PASSED


def test_rain_that_people_enter_for_the_neighbours_counts_for_the_next_dry_reading(tmp_path: Path) -> None:
    desk = five(tmp_path)
    for step in range(24):
        report(desk, step)
        desk.settle()
    assert Outcome.SUSPECT not in zeros(desk)

    since, until = T0 + 5 * EVERY, T0 + 6 * EVERY
    with desk.journal.transaction():
        for entry, one in enumerate(IDS[1:], 1):
            number = desk.journal.station_number(one)
            rain = Correction(entry, desk.now, "li", "read by hand", CorrectionKind.REPLACE, one, since, until, 6.0)
            desk.journal.corrections.enter(number, rain)
            desk.journal.owing.owe(DERIVE, number, since=since, until=until)
    desk.settle()
    report(desk, 24)

    assert zeros(desk)[-1] is Outcome.SUSPECT
