"""The rain of hours and days in a store is at each moment what the journal has, whatever came in whichever order."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import DAY_MS, HOUR_MS, Flag, Kind, Station
from gauge_ingest.history import JournalHistory, fixed_steps
from gauge_ingest.journal.imported import Fell
from gauge_ingest.outbound import Positions, WindowFollower
from gauge_ingest.outbound.follow import IDLE_S
from gauge_ingest.pump import Delivery
from gauge_ingest.requests.take_history import asked, take_history
from tests.commands.rain import fill
from tests.importing.spans import fell_of
from tests.outbound.shelves import WindowShelf
from tests.pump.test_corrections import correct
from tests.worlds import HOUR, MINUTE, T0, Desk, message, station, text

FIVE_MINUTES = 5 * MINUTE
STATIONS = ["HTB01", "HTB02", "HTB03"]


class Recorder(Desk):
    """Takes nothing in: it remembers what was sent, and when."""

    def __init__(self) -> None:
        self.now = T0
        self.sent: list[tuple[int, Delivery]] = []

    def take(self, *deliveries: Delivery) -> None:
        self.sent += [(self.now, one) for one in deliveries]

    def settle(self) -> None:
        """There is nothing to settle."""


def follower(desk: Desk, shelf: WindowShelf, folder: Path) -> WindowFollower:
    return WindowFollower(
        shelf,
        desk.network.stations,
        folder / "journal.db",
        Positions(folder / "outbound.db"),
        now=lambda: desk.now,
        retry_max_s=1.0,
        configuration="digest",
    )


def carry_on(one: WindowFollower) -> None:
    while one.step() != IDLE_S:
        pass


def expected(desk: Desk, *steps_ms: int) -> dict[tuple[str, int, int], Fixed]:
    """Every window from a station's first report to its newest, as `history` answers from the journal."""
    found = {}
    source = JournalHistory(desk.journal.reader)
    for one in desk.network.stations.values():
        at = [
            row.observed_at for row in desk.journal.reader.rows(one.id, since=0, until=1 << 61) if row.kind != Kind.TEST
        ]
        for step_ms in steps_ms if at else ():
            for window in fixed_steps(source, one, since=min(at) - 1, until=max(at), step_ms=step_ms):
                found[one.id, step_ms, window.until] = window
    return found


def sent_by(seed: int, hours: int) -> list[tuple[int, Delivery]]:
    """What three stations send in some days, in order of time."""
    everything = []
    for place, name in enumerate(STATIONS):
        recorder = Recorder()
        fill(recorder, seed * 10 + place, hours=hours)
        everything += [(at, one._replace(topic=one.topic.replace("HTB01", name))) for at, one in recorder.sent]
    return sorted(everything, key=lambda each: each[0])


def late(sent: list[tuple[int, Delivery]], draw: random.Random) -> list[tuple[int, Delivery]]:
    """Some come hours or days later, and some twice."""
    arrivals = []
    for at, one in sent:
        wait = draw.choices([0, 20 * MINUTE, 7 * HOUR, 50 * HOUR], [80, 10, 7, 3])[0]
        arrivals.append((at + wait, one))
        if draw.random() < 0.02:
            arrivals.append((at + draw.randrange(60 * HOUR), one))
    return sorted(arrivals, key=lambda each: each[0])


@pytest.mark.parametrize("seed", range(8))
def test_after_late_rain_gaps_reboots_and_corrections_every_window_is_that_of_the_journal(
    tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    desk, shelf = Desk(tmp_path, [station(name) for name in STATIONS]), WindowShelf(FIVE_MINUTES, HOUR_MS, DAY_MS)
    copying = follower(desk, shelf, tmp_path)
    corrections = []

    for at, one in late(sent_by(seed, 60), draw):
        desk.now = at
        desk.take(one)
        if draw.random() < 0.3:
            desk.settle()
        if draw.random() < 0.1:
            copying.step()
        if draw.random() < 0.01:
            end = (at - T0) // MINUTE - draw.randrange(20 * 60)
            desk.settle()
            corrections.append(correct(desk, "void", end - draw.randrange(1, 300), end))
        elif corrections and draw.random() < 0.01:
            correct(desk, "undo", undoes=corrections.pop())
    desk.settle()
    carry_on(copying)

    assert shelf.windows == expected(desk, FIVE_MINUTES, HOUR_MS, DAY_MS)
    assert sum(window.tips for (_, step, _), window in shelf.windows.items() if step == DAY_MS) > 100


def test_rain_in_the_last_interval_before_eight_belongs_to_the_day_that_ends_then(tmp_path: Path) -> None:
    desk, shelf = Desk(tmp_path, [station()]), WindowShelf()
    eight = T0 + 14 * HOUR
    desk.now = eight + MINUTE
    desk.take(message([(eight - 10 * MINUTE, 5), (eight - 5 * MINUTE, 5), (eight, 9), (eight + 1000, 10)]))
    desk.settle()

    carry_on(follower(desk, shelf, tmp_path))

    assert [shelf.windows["HTB01", DAY_MS, eight + day * DAY_MS].tips for day in (0, 1)] == [4, 1]
    assert [shelf.windows["HTB01", HOUR_MS, eight + hour * HOUR_MS].tips for hour in (0, 1)] == [4, 1]


def test_hours_without_a_report_are_windows_that_say_so_and_are_filled_when_it_comes(tmp_path: Path) -> None:
    desk, shelf = Desk(tmp_path, [station()]), WindowShelf()
    copying = follower(desk, shelf, tmp_path)
    desk.take(message([(T0, 5)]))
    desk.settle()
    carry_on(copying)
    assert set(shelf.windows) == {("HTB01", HOUR_MS, T0), ("HTB01", DAY_MS, T0 + 14 * HOUR)}

    desk.now = T0 + 31 * HOUR
    desk.take(message([(T0 + 30 * HOUR, 9)], seq=2))
    desk.settle()
    carry_on(copying)

    hours = [shelf.windows["HTB01", HOUR_MS, T0 + hour * HOUR] for hour in range(1, 31)]
    assert [hour.tips for hour in hours] == [0] * 29 + [4]
    assert {hour.coverage for hour in hours} == {1.0}
    assert {hour.flag for hour in hours[:-1]} == {9}
    assert shelf.windows == expected(desk, HOUR_MS, DAY_MS)


def test_a_window_is_made_once_of_reports_that_come_together(tmp_path: Path) -> None:
    desk, shelf = Desk(tmp_path, [station()]), WindowShelf()
    for place in range(12):
        desk.now = T0 + place * FIVE_MINUTES + 1000
        desk.take(message([(T0 + place * FIVE_MINUTES, place)], seq=place))
        desk.settle()

    carry_on(follower(desk, shelf, tmp_path))

    assert [len(batch) for batch in shelf.batches] == [3]


def test_a_station_that_is_no_longer_configured_is_passed_over(tmp_path: Path) -> None:
    desk, shelf = Desk(tmp_path, [station("HTB01"), station("HTB02")]), WindowShelf()
    desk.take(message([(T0, 5)], station_id="HTB01"), message([(T0, 5)], station_id="HTB02"))
    desk.network = desk.network._replace(stations={"HTB02": station("HTB02")})

    carry_on(follower(desk, shelf, tmp_path))

    assert {name for name, _, _ in shelf.windows} == {"HTB02"}


@pytest.mark.parametrize("gap_h", [3, 30])
def test_hours_without_a_report_before_another_gauge_are_windows_too(tmp_path: Path, gap_h: int) -> None:
    """Goal: no hour is left out where no increment covers it. Method: the gauge is changed within a silence."""
    plain = station().deployments[0]
    changed = Station("HTB01", "石门", (plain, replace(plain, since=T0 + HOUR)))
    desk, shelf = Desk(tmp_path, [changed]), WindowShelf()
    desk.take(message([(T0, 5)]))
    desk.settle()
    carry_on(follower(desk, shelf, tmp_path))

    desk.now = T0 + gap_h * HOUR
    desk.take(message([(desk.now, 2)], seq=2))
    desk.settle()
    carry_on(follower(desk, shelf, tmp_path))

    assert shelf.windows == expected(desk, HOUR_MS, DAY_MS)
    assert shelf.windows["HTB01", HOUR_MS, T0 + gap_h * HOUR - HOUR] == Fixed(
        T0 + gap_h * HOUR - 2 * HOUR, T0 + gap_h * HOUR - HOUR, 0, 0, 0, 0.0, 0.0, 0.0, Flag.MISSING
    )


@pytest.mark.parametrize("at_h", [-5, -40, 7, 40])
def test_a_test_of_the_gauge_opens_no_window_before_or_behind_the_reports(tmp_path: Path, at_h: int) -> None:
    desk, shelf = Desk(tmp_path, [station()]), WindowShelf()
    desk.take(message([(T0, 5)]))
    desk.settle()
    desk.now = T0 + max(at_h, 1) * HOUR
    desk.take(message([{"observed_at": text(T0 + at_h * HOUR), "count": 50, "kind": "test"}], seq=2))
    desk.settle()
    carry_on(follower(desk, shelf, tmp_path))
    assert shelf.windows == expected(desk, HOUR_MS, DAY_MS)
    assert len(shelf.windows) == 2

    desk.now = T0 + 50 * HOUR
    desk.take(message([(desk.now - MINUTE, 6)], seq=3))
    desk.settle()
    carry_on(follower(desk, shelf, tmp_path))

    assert shelf.windows == expected(desk, HOUR_MS, DAY_MS)


@pytest.mark.parametrize("own", [False, True], ids=["an old station", "before an own record"])
@pytest.mark.parametrize("pruned", [False, True])
def test_imported_rain_has_windows_as_history_tells_them(
    tmp_path: Path,
    own: bool,  # noqa: FBT001  parametrized
    pruned: bool,  # noqa: FBT001
) -> None:
    """Goal: old history is there in hours and days, whatever was deleted since. Method: it comes before or behind."""
    desk, shelf = Desk(tmp_path, [station()]), WindowShelf(FIVE_MINUTES, HOUR_MS, DAY_MS)
    for place in range(15 if own else 0):
        desk.now = T0 + place * FIVE_MINUTES + 1000
        desk.take(message([(T0 + place * FIVE_MINUTES, place)], seq=place))
        desk.settle()
    if pruned:
        desk.journal.set_meta("pruned_before", str(T0 - 5 * HOUR))
    fell = fell_of([0, 700, 0, 1_300] * 100, since=T0 - 72 * HOUR)
    daily = [Fell(T0 + 14 * HOUR - 9 * DAY_MS, T0 + 14 * HOUR - 8 * DAY_MS, 5_000, 5_000)]
    for rows, digest in ((fell, "a"), (daily, "b")):
        body = asked("HTB01", rows, file="f", digest=digest)
        take_history(desk.journal, desk.network.stations, body, who="w", now=T0)

    carry_on(follower(desk, shelf, tmp_path))

    whole_since = T0 - 5 * HOUR if pruned else 0
    assert shelf.windows == {
        place: window
        for place, window in imported_too(desk, since=daily[0].since).items()
        # What holds the end of the import may have held readings that are deleted.
        if window.since >= whole_since or window.until <= fell[-1].until
    }
    assert shelf.windows["HTB01", DAY_MS, daily[0].until].tips == 10
    edges = desk.journal.reader.windows.first_and_last(1)
    assert edges == (daily[0].since + 1, T0 + 14 * FIVE_MINUTES if own else fell[-1].until)


def imported_too(desk: Desk, *, since: int) -> dict[tuple[str, int, int], Fixed]:
    """Every window that some increment lies in."""
    source, one = JournalHistory(desk.journal.reader), desk.network.stations["HTB01"]
    spans = source.increments("HTB01", since=since, until=T0 + 9 * DAY_MS)
    return {
        (one.id, step_ms, window.until): window
        for step_ms in (FIVE_MINUTES, HOUR_MS, DAY_MS)
        for window in fixed_steps(source, one, since=since, until=spans[-1].until, step_ms=step_ms)
        if any(min(span.since, span.until - 1) < window.until and span.until > window.since for span in spans)
    }
