"""A gauge whose tips a person has called a visitor's was not dry: it is not dead because its neighbours had rain."""

from dataclasses import replace
from pathlib import Path

from gauge_ingest.core.corrections import Correction, CorrectionKind
from gauge_ingest.core.quality.verdicts import Check, Outcome, outcome_of
from gauge_ingest.journal import DERIVE
from tests.worlds import MINUTE, T0, Desk, message, station

IDS = [f"HTB0{number}" for number in range(1, 6)]


def rain_everywhere(folder: Path) -> Desk:
    """An hour of rain at five stations, then two dry hours."""
    around = [replace(station(one), neighbours=tuple(other for other in IDS if other != one)) for one in IDS]
    desk = Desk(folder, around)
    for step in range(37):
        at = T0 + step * 5 * MINUTE
        desk.now = at + 2_000
        desk.take(*(message([(at, 100 + min(step, 12))], seq=step, station_id=one) for one in IDS))
        desk.settle()
    return desk


def doubted_for_dryness(desk: Desk) -> int:
    rows = desk.journal.reader.rows("HTB01", since=0, until=1 << 61)
    return sum(outcome_of(row.checks, Check.FAULTY_ZERO) is Outcome.SUSPECT for row in rows)


def test_after_a_visit_that_somebody_marked_the_gauge_is_not_taken_for_dead(tmp_path: Path) -> None:
    desk = rain_everywhere(tmp_path)
    assert doubted_for_dryness(desk) == 0

    until = T0 + 60 * MINUTE
    visit = Correction(1, desk.now, "wang", "gauge tested", CorrectionKind.VISIT, "HTB01", T0, until)
    with desk.journal.transaction():
        number = desk.journal.station_number("HTB01")
        desk.journal.corrections.enter(number, visit)
        desk.journal.owing.owe(DERIVE, number, since=T0, until=until)
    desk.start()
    desk.settle()

    assert desk.tips() == 0
    assert doubted_for_dryness(desk) == 0
