"""Windows of whole hours: read from an outline of the journal, they are those that all increments give."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from gauge_ingest.core.model import DAY_MS, HOUR_MS
from gauge_ingest.history import JournalHistory, fixed_steps, months
from tests.history.worlds import Plain, lived
from tests.pump.test_migration import first_version
from tests.seeds import seeds
from tests.worlds import HOUR, MINUTE, T0, Desk, message, station

SPANS = ((-95, 10), (-60, -30), (-40, 40), (-1, 0), (-300, -200), (-2, 3), (30, 300))


@seeds(12, 120)
def test_an_outline_gives_the_windows_that_all_increments_give(tmp_path: Path, seed: int) -> None:
    desk, place = lived(tmp_path, seed, settled=seed % 5 != 0)
    quick, slow = JournalHistory(desk.journal.reader), Plain(desk.journal.reader)

    for since, until in SPANS:
        span = {"since": T0 + since * HOUR, "until": T0 + until * HOUR}
        for step_ms in (HOUR_MS, 3 * HOUR_MS, DAY_MS):
            found = fixed_steps(quick, place, **span, step_ms=step_ms)

            assert found == fixed_steps(slow, place, **span, step_ms=step_ms), f"seed {seed} {since} {until} {step_ms}"
        assert months(quick, place, **span) == months(slow, place, **span), f"seed {seed} {since} {until}"


def test_the_outline_of_a_settled_journal_is_taken_and_leaves_most_of_it_unread(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    for number in range(288):
        desk.now = T0 + number * 5 * MINUTE + 2_000
        desk.take(message([(T0 + number * 5 * MINUTE, 1 if number > 100 else 0)], seq=number))
    desk.settle()

    outline = JournalHistory(desk.journal.reader).outline("HTB01", since=T0, until=T0 + 23 * HOUR)

    assert outline is not None
    assert len(outline.ended) <= 4
    assert outline.dry_at == [T0 + hour * HOUR for hour in range(1, 24)]


def test_while_a_late_reading_is_owed_every_increment_is_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + HOUR
    desk.take(message([(T0 + number * 5 * MINUTE, number) for number in (0, 1, 2, 4, 5)]))
    desk.settle()
    desk.take(message([(T0 + 15 * MINUTE, 3)], seq=2))
    source = JournalHistory(desk.journal.reader)

    assert source.outline("HTB01", since=T0, until=T0 + HOUR) is None
    desk.settle()
    assert source.outline("HTB01", since=T0, until=T0 + HOUR) is not None


def test_a_station_that_reports_on_the_hour_is_heard_in_the_hour_that_ends_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [hourly := replace(station(), report_every_s=3_600)])
    desk.now = T0 + 9 * HOUR
    desk.take(message([(T0 + hour * HOUR, 7) for hour in range(8)]))
    desk.settle()
    quick, slow = JournalHistory(desk.journal.reader), Plain(desk.journal.reader)
    span = {"since": T0, "until": T0 + 8 * HOUR, "step_ms": HOUR_MS}

    found = fixed_steps(quick, hourly, **span)

    assert found == fixed_steps(slow, hourly, **span)
    assert [one.flag for one in found] == [1, 1, 1, 1, 1, 1, 1, 9]


def test_of_a_record_whose_beginning_was_pruned_the_rest_is_covered(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + 5 * HOUR
    desk.take(message([(T0 + minute * MINUTE, 10) for minute in range(2, 241, 5)]))
    desk.settle()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as journal:
        journal.execute("DELETE FROM reading WHERE observed_at < ?", (T0 + HOUR,))
        journal.commit()
    quick, slow = JournalHistory(desk.journal.reader), Plain(desk.journal.reader)
    span = {"since": T0, "until": T0 + 3 * HOUR, "step_ms": HOUR_MS}

    found = fixed_steps(quick, station(), **span)

    assert found == fixed_steps(slow, station(), **span)
    assert [one.coverage for one in found] == [0.05, 1.0, 1.0]


def test_a_journal_of_a_former_version_has_outlines_once_it_is_opened(tmp_path: Path) -> None:
    first_version(tmp_path)
    desk = Desk(tmp_path, [station()])
    desk.settle()

    outline = JournalHistory(desk.journal.reader).outline("HTB01", since=T0 - HOUR, until=T0 + HOUR)

    assert outline is not None
    assert sum(one.tips for one in outline.ended) == 4


def test_a_month_begins_at_eight_of_its_first_day(tmp_path: Path) -> None:
    """Rain that ends at exactly 08:00 of the first belongs to the month that ends there."""
    eight = 1_785_542_400_000  # 2026-08-01T08:00:00+08:00
    desk = Desk(tmp_path, [station()])
    desk.now = eight + HOUR
    desk.take(message([(eight - 10 * MINUTE, 0), (eight - 5 * MINUTE, 2), (eight, 5), (eight + 5 * MINUTE, 9)]))
    desk.settle()

    found = months(JournalHistory(desk.journal.reader), station(), since=eight - 1, until=eight + 1)

    assert [one.tips for one in found] == [5, 4]
    assert [(one.until - one.since) // DAY_MS for one in found] == [31, 31]
    assert found[0].until == found[1].since == eight
