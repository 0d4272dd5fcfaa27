"""An outage of days: what comes now is copied first, the backlog in large pages, and nothing is left out."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from gauge_ingest.outbound import CopyFollower, Positions, StoreFollower, WindowFollower, copying
from gauge_ingest.outbound.copying import SAME_EVERY_S, SPANS_MAX, End
from gauge_ingest.outbound.follow import IDLE_S
from gauge_ingest.stores import StoreGone, StoreUnavailable
from gauge_ingest.wellbeing.followers import standings
from tests.outbound.shelves import RowShelf, Shelf, WindowShelf
from tests.outbound.test_windows_copied import expected
from tests.worlds import MINUTE, T0, Desk, message, rule, station

FIVE_MINUTES = 5 * MINUTE


class World:
    """A desk, a store, and one life after another of the follower between them."""

    def __init__(
        self, folder: Path, *, shelf: Shelf | None = None, rows_max: int = 20, catch_up: End = "newest"
    ) -> None:
        self.folder, self.catch_up, self.rows_max = folder, catch_up, rows_max
        self.desk = Desk(folder, [station()], [rule()])
        self.shelf = RowShelf() if shelf is None else shelf
        self.seq = count()
        self.real_s = 0.0
        self.live()

    def live(self) -> "World":
        """The process is started anew."""
        positions, journal = Positions(self.folder / "outbound.db"), self.folder / "journal.db"
        if isinstance(self.shelf, RowShelf):
            self.follower: CopyFollower = StoreFollower(
                self.shelf,
                journal,
                positions,
                now=lambda: self.desk.now,
                retry_max_s=1.0,
                rows_max=self.rows_max,
                catch_up_rows_max=self.rows_max * 3,
                configuration="digest",
                catch_up=self.catch_up,
                monotonic=lambda: self.real_s,
            )
        else:
            assert isinstance(self.shelf, WindowShelf)
            self.follower = WindowFollower(
                self.shelf,
                self.desk.network.stations,
                journal,
                positions,
                now=lambda: self.desk.now,
                retry_max_s=1.0,
                configuration="digest",
                catch_up=self.catch_up,
                monotonic=lambda: self.real_s,
            )
        return self

    def report(self, times: int) -> None:
        """So many readings, each committed by itself."""
        for _ in range(times):
            place = next(self.seq)
            self.desk.now = T0 + place * FIVE_MINUTES + 1000
            self.desk.take(message([(T0 + place * FIVE_MINUTES, place)], seq=place))
            self.desk.settle()

    def catch_up_whole(self) -> "World":
        """Until there is nothing more."""
        while self.follower.step() != IDLE_S:
            pass
        return self

    def places(self) -> list[list[int]]:
        """Of each batch which readings it held."""
        assert isinstance(self.shelf, RowShelf)
        return [[(row.observed_at - T0) // FIVE_MINUTES for row in batch] for batch in self.shelf.batches]

    def is_whole(self) -> bool:
        """Whether the store has all that the journal has."""
        if isinstance(self.shelf, WindowShelf):
            return self.shelf.windows == expected(self.desk, *self.shelf.steps_ms)
        assert isinstance(self.shelf, RowShelf)
        rows = self.desk.journal.reader.rows("HTB01", since=0, until=1 << 61)
        return self.shelf.rows == {(row.station, row.observed_at): row for row in rows}


def fails(times: int, error: Callable[[], Exception] = lambda: StoreUnavailable("away")) -> Callable[[], None]:
    """Raises so many times."""
    left = [times]

    def fault() -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise error()

    return fault


@pytest.mark.parametrize("catch_up", ["newest", "oldest"])
def test_a_backlog_is_copied_from_the_end_that_was_chosen_in_large_pages(tmp_path: Path, catch_up: End) -> None:
    world = World(tmp_path, catch_up=catch_up)
    world.report(200)

    world.catch_up_whole()

    first, *backlog = world.places()
    assert first == list(range(len(first)))
    assert max(len(page) for page in backlog) == 60
    assert len(backlog) == 4
    starts = [page[0] for page in backlog]
    assert starts == sorted(starts, reverse=catch_up == "newest")
    assert world.is_whole()


def test_what_comes_now_goes_before_the_backlog(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.report(200)
    world.follower.step()

    world.report(1)
    world.follower.step()

    assert world.places()[2] == [200]
    assert not world.is_whole()
    assert world.catch_up_whole().is_whole()


@pytest.mark.parametrize("catch_up", ["newest", "oldest"])
@pytest.mark.parametrize("kind", [RowShelf, WindowShelf])
def test_a_process_that_ends_at_any_step_and_a_store_that_fails_at_any_write_lose_nothing(
    tmp_path: Path, kind: type[Shelf], catch_up: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gauge_ingest.outbound.windows.NOW_CHANGES_MAX", 15)
    monkeypatch.setattr("gauge_ingest.outbound.windows.SPANS_EACH", 1)
    monkeypatch.setattr("gauge_ingest.journal.changes.CHANGES_MAX", 12)  # of one look at the spans
    world = World(tmp_path, shelf=kind(), catch_up=catch_up)

    for life in range(40):
        world.report(9 if life % 7 else 100)
        world.shelf.fault = fails(life % 3)
        for _ in range(life % 5):
            world.follower.step()
        if life % 3:
            world.live()
    world.shelf.fault = fails(0)
    world.report(100)

    assert not world.is_whole()
    assert world.catch_up_whole().is_whole()


def test_a_follower_that_never_quite_keeps_up_does_not_fill_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, rows_max=1)
    monkeypatch.setattr(world.follower, "copy_put_off", lambda _, span: span)  # the backlog stands still
    for _ in range(2 * SPANS_MAX):
        world.report(3)
        world.follower.step()

    assert len(world.follower.positions.backlog("shelf", world.follower.position.epoch)) <= SPANS_MAX
    assert world.live().catch_up_whole().is_whole()


@pytest.mark.parametrize("how", ["another identity", "gone, and nobody can say which it is", "gone in another life"])
def test_a_store_that_was_emptied_gets_everything_anew(tmp_path: Path, how: str) -> None:
    world = World(tmp_path)
    shelf = world.shelf
    assert isinstance(shelf, RowShelf)
    shelf.known_by = "first" if how == "another identity" else ""
    world.report(30)
    world.catch_up_whole()

    shelf.rows.clear()
    if how == "another identity":
        shelf.known_by = "second"
        world.real_s += SAME_EVERY_S
    else:
        shelf.fault = fails(1, lambda: StoreGone("no such bucket"))
    world.report(1)
    world.follower.step()
    if how == "gone in another life":
        world.live()

    assert world.catch_up_whole().is_whole()


def test_a_store_that_was_away_and_is_the_same_one_gets_nothing_twice(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.report(30)
    world.catch_up_whole()
    before = len(world.places())

    world.shelf.fault = fails(2, lambda: StoreGone("no such organisation"))
    world.report(1)
    world.catch_up_whole()
    world.live().catch_up_whole()

    assert world.places()[before:] == [[30]]


def test_a_page_of_what_comes_now_is_not_copied_by_a_configuration_that_is_no_longer_in_force(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.report(200)
    world.follower.step()
    world.desk.network = world.desk.network._replace(digest="later", text='{"later": 1}')
    world.desk.start()
    copied = len(world.places())

    assert world.follower.step() == IDLE_S
    assert len(world.places()) == copied


def test_how_far_a_catch_up_has_come_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world = World(tmp_path)
    world.report(200)
    world.follower.step()
    world.real_s += copying.SAID_EVERY_S
    world.follower.step()
    world.catch_up_whole()

    first, last = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(r"catching up to=shelf done_percent=6[0-9] changes_left=6[0-9]", first)
    assert last == "caught up to=shelf"


@pytest.mark.parametrize("catch_up", ["newest", "oldest"])
def test_windows_of_a_backlog_that_the_store_could_not_take_are_made_again_in_the_same_life(
    tmp_path: Path, catch_up: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gauge_ingest.outbound.windows.NOW_CHANGES_MAX", 15)
    world = World(tmp_path, shelf=WindowShelf(), catch_up=catch_up)
    world.report(600)
    world.follower.step()
    assert isinstance(world.shelf, WindowShelf)
    assert len(world.shelf.batches) == 1

    world.shelf.fault = fails(1)
    assert world.catch_up_whole().is_whole()
    assert len(world.shelf.batches) == 3


def test_a_file_that_is_being_made_at_this_moment_tells_of_no_follower(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    (tmp_path / "new.db").touch()

    assert standings(tmp_path / "new.db", world.desk.journal.reader) == []


@pytest.mark.parametrize(("took_s", "rests_s"), [(0.01, 1.0), (0.5, 4.5), (60.0, 20.0)])
def test_windows_that_are_much_work_are_made_the_more_seldom(tmp_path: Path, took_s: float, rests_s: float) -> None:
    world = World(tmp_path, shelf=WindowShelf())
    world.report(1)

    def takes_its_time() -> None:
        world.real_s += took_s

    world.follower.step()
    world.report(1)
    world.shelf.fault = takes_its_time

    assert world.follower.step() == rests_s
    assert world.follower.step() == IDLE_S
