"""Storms and maxima of a span: a storm is whole wherever the span is cut, from every source."""

from pathlib import Path

import pytest

from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.history import InfluxCopy, JournalHistory
from gauge_ingest.history.events import largest, storms
from tests.history.worlds import lived, plain
from tests.seeds import seeds
from tests.worlds import HOUR, MINUTE, T0, Desk, message, station

HOUR_S = 3_600


class Copied:
    """What InfluxDB would have of a station."""

    def __init__(self, desk: Desk) -> None:
        self._rows: list[StoredIncrement] = [
            (one.since, one.until, one.tips, one.tips_min, one.tips_max, int(one.step), int(one.flag))
            for one in plain(desk)
        ]

    def rows(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:  # noqa: ARG002 - it has but one
        return [row for row in self._rows if since < row[1] <= until]


@seeds(4, 40)
def test_a_storm_is_whole_wherever_the_span_is_cut(tmp_path: Path, seed: int) -> None:
    desk, place = lived(tmp_path, seed)
    source, copy = JournalHistory(desk.journal.reader), InfluxCopy(Copied(desk))
    for dry_gap_s in (900, HOUR_S, 6 * HOUR_S):
        whole = storms(source, place, since=T0 - 400 * HOUR, until=T0 + 100 * HOUR, dry_gap_s=dry_gap_s)
        assert sum(one.rain.tips for one in whole) == sum(one.tips for one in plain(desk))
        for since, until in ((-60, -30), (-31, -30), (-50, 4)):
            span = {"since": T0 + since * HOUR, "until": T0 + until * HOUR}
            expected = [one for one in whole if one.rain.until > span["since"] and one.rain.since < span["until"]]

            assert storms(source, place, **span, dry_gap_s=dry_gap_s) == expected, f"seed {seed} {dry_gap_s} {since}"
            assert storms(copy, place, **span, dry_gap_s=dry_gap_s) == expected, f"seed {seed} {dry_gap_s} {since}"
    since, until = T0 - 50 * HOUR, T0
    assert largest(source, place, since=since, until=until) == largest(copy, place, since=since, until=until)


@pytest.mark.parametrize(("begin", "end"), [(31, 300), (-60, 29), (29, 31), (-60, 300)])
def test_a_storm_that_the_span_cuts_anywhere_is_told_from_its_first_to_its_last_increment(
    tmp_path: Path, begin: int, end: int
) -> None:
    """Six increments with half an hour between each two, and one of two hours that the end of the span lies in."""
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + 9 * HOUR
    counts = [(0, 0), (5, 1), (35, 1), (40, 2), (70, 2), (75, 3), (105, 3), (110, 4), (230, 6), (290, 6)]
    desk.take(message([(T0 + minute * MINUTE, count) for minute, count in counts]))
    desk.settle()

    (found,) = storms(
        JournalHistory(desk.journal.reader),
        station(),
        since=T0 + begin * MINUTE,
        until=T0 + end * MINUTE,
        dry_gap_s=31 * 60,
    )

    assert (found.rain.since, found.rain.until) == (T0, T0 + 230 * MINUTE)
    assert (found.rain.tips, found.rain_mm_min, found.rain_mm_max) == (6, 3.0, 3.0)
    assert (found.rain.coverage, found.duration_s) == (1.0, 230 * 60)


def test_rain_before_the_span_belongs_to_a_window_that_ends_in_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()])
    desk.now = T0 + 2 * HOUR
    counts = [(0, 0), (5, 9), (10, 10), (15, 13)]
    desk.take(message([(T0 + minute * MINUTE, count) for minute, count in counts]))
    desk.settle()
    source = JournalHistory(desk.journal.reader)

    found = largest(source, station(), since=T0 + 5 * MINUTE, until=T0 + HOUR, durations_s=(300, 600, 900))

    assert [(one.maximum.tips, one.maximum.since - T0) for one in found] == [(3, 600_000), (10, 0), (13, 0)]
    assert [one.rain.tips for one in found] == [3, 10, 13]
    assert [one.rain.coverage for one in found] == [1.0, 1.0, 1.0]
