"""The export behind the journal itself, through late rain, corrections and kills: as if it were made in one go."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.outbound import Positions, WindowFollower
from gauge_ingest.outbound.follow import IDLE_S
from gauge_ingest.stores.sl323.store import Sl323Store
from tests.edges.exported import STCD, platform_tables
from tests.edges.sql_servers import Database, Postgres, Server, running
from tests.outbound.test_windows_copied import late, sent_by
from tests.pump.test_corrections import correct
from tests.worlds import HOUR, MINUTE, T0, Desk, message, station

PLATFORM = {"HTB01": PlatformStation(STCD), "HTB02": PlatformStation("01234502")}
FIVE_MINUTES = 5 * MINUTE


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(Postgres) as one:
        yield one


def life(desk: Desk, database: Database, folder: Path, positions: str = "outbound.db") -> WindowFollower:
    """The outbound process, begun now: it remembers its positions and nothing else."""
    store = Sl323Store(database.settings(), desk.network.stations, PLATFORM, now=lambda: desk.now)
    return WindowFollower(
        store,
        desk.network.stations,
        folder / "journal.db",
        Positions(folder / positions),
        now=lambda: desk.now,
        retry_max_s=1.0,
        configuration="digest",
    )


def carry_on(one: WindowFollower) -> None:
    while one.step() != IDLE_S:
        assert not one.error


def rows(database: Database) -> list[tuple[str | None, ...]]:
    found = database.rows("SELECT STCD, TM, DRP, INTV, DYP FROM ST_PPTN_R ORDER BY STCD, TM")
    return [tuple(None if one is None else str(one) for one in row) for row in found]


@pytest.mark.parametrize("seed", range(3))
def test_what_was_followed_through_kills_is_what_is_exported_in_one_go(
    server: Server, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    desk = Desk(tmp_path, [station(name) for name in ("HTB01", "HTB02", "HTB03")])
    followed, whole = platform_tables(server.database()), platform_tables(server.database())
    copying, corrections = life(desk, followed, tmp_path), list[int]()
    for at, one in late(sent_by(seed, 40), draw):
        desk.now = at
        desk.take(one)
        if draw.random() < 0.3:
            desk.settle()
        if draw.random() < 0.05:
            copying.step()
        if draw.random() < 0.01:
            copying = life(desk, followed, tmp_path)
        if draw.random() < 0.01:
            end = (at - T0) // MINUTE - draw.randrange(20 * 60)
            desk.settle()
            corrections.append(correct(desk, "void", end - draw.randrange(1, 300), end))
    desk.settle()
    desk.now += 48 * HOUR
    carry_on(life(desk, followed, tmp_path))

    carry_on(life(desk, whole, tmp_path, "another.db"))

    known = {row[:2]: row[2:] for row in rows(followed) if row[2:] != (None, None, None)}
    assert known == {row[:2]: row[2:] for row in rows(whole)}
    assert len(known) > 20
    assert {code for code, _ in known} == {one.stcd for one in PLATFORM.values()}


def test_the_last_hour_of_a_station_that_fell_silent_is_exported_though_the_process_was_started_anew(
    server: Server, tmp_path: Path
) -> None:
    desk, database = Desk(tmp_path, [station("HTB01")]), platform_tables(server.database())
    for place in range(15):
        desk.now = T0 + place * FIVE_MINUTES + 1000
        desk.take(message([(T0 + place * FIVE_MINUTES, place)], seq=place))
        desk.settle()
    carry_on(life(desk, database, tmp_path))
    before = [row[1:4] for row in rows(database)]
    assert before == [("2026-07-15 19:00:00", "6.0", "1.00")]

    desk.now += 3 * HOUR
    carry_on(life(desk, database, tmp_path))

    assert [row[1:4] for row in rows(database)] == [*before, ("2026-07-15 20:00:00", "1.0", "1.00")]


def test_an_hour_that_ends_while_nothing_is_reported_is_exported_then(server: Server, tmp_path: Path) -> None:
    desk, database = Desk(tmp_path, [station("HTB01")]), platform_tables(server.database())
    copying = life(desk, database, tmp_path)
    for place in range(15):
        desk.now = T0 + place * FIVE_MINUTES + 1000
        desk.take(message([(T0 + place * FIVE_MINUTES, place)], seq=place))
        desk.settle()
    carry_on(copying)
    assert len(rows(database)) == 1

    desk.now += 3 * HOUR
    carry_on(copying)

    assert [row[2] for row in rows(database)] == ["6.0", "1.0"]
