"""A threshold that is changed judges what is there already anew, and what was said before is kept."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gauge_ingest.core.model import Station
from gauge_ingest.core.quality.settings import DEFAULTS
from gauge_ingest.journal import CHECK
from gauge_ingest.pump.accept import Network
from tests.worlds import MINUTE, T0, Desk, message, station, text


def network(digest: str, one: Station, **described: object) -> Network:
    return Network({one.id: one}, (), digest, json.dumps({"stations": {one.id: described}}))


def flags(desk: Desk) -> list[int]:
    return [row.flag for row in desk.journal.reader.rows("HTB01", since=0, until=1 << 61)]


def told_at_11_5_volts(folder: Path) -> Desk:
    desk = Desk(folder, [station()])
    desk.network = network("first", station())
    desk.start()
    for number in range(4):
        at = T0 + number * 5 * MINUTE
        desk.now = at + 2_000
        desk.take(message([{"observed_at": text(at), "count": 7, "battery_v": 11.5}], seq=number))
        desk.settle()
    return desk


def test_readings_that_a_new_threshold_doubts_are_flagged_and_their_former_flags_kept(tmp_path: Path) -> None:
    desk = told_at_11_5_volts(tmp_path)
    assert flags(desk) == [2, 1, 1, 1]

    stricter = replace(station(), quality=replace(DEFAULTS, battery_v_min=12.0))
    desk.network = network("second", stricter, quality={"battery_v_min": 12.0})
    desk.start()
    desk.settle()

    assert flags(desk) == [3, 3, 3, 3]
    former = desk.journal.reader.verdicts("HTB01", since=0, until=1 << 61)
    assert [one.flag for one in former] == [2, 1, 1, 1]


def test_the_same_thresholds_judge_nothing_anew(tmp_path: Path) -> None:
    desk = told_at_11_5_volts(tmp_path)

    desk.network = network("second", station(), name="another name")
    desk.start()
    owed = desk.journal.reader.debts()
    desk.settle()

    assert owed == 1, "the alerts alone"
    assert desk.journal.reader.verdicts("HTB01", since=0, until=1 << 61) == []


def checks_owed(desk: Desk) -> set[str]:
    with closing(sqlite3.connect(desk.journal.path)) as journal:
        found = journal.execute("SELECT s.id FROM debt d JOIN station s ON s.n = d.station WHERE d.kind = ?", (CHECK,))
        return {name for (name,) in found}


@pytest.mark.parametrize("changed", [{"deployments": [{"bucket_depth_mm": 0.2}]}, {"report_every_s": 600}])
def test_a_neighbour_that_is_measured_otherwise_is_compared_anew(tmp_path: Path, changed: dict[str, object]) -> None:
    """What a neighbour had depends on its bucket, and whether it is there on how often it reports."""
    one, other = (replace(station(name), neighbours=(beside,)) for name, beside in (("A", "B"), ("B", "A")))

    def both(digest: str, **described: object) -> Network:
        return Network({"A": one, "B": other}, (), digest, json.dumps({"stations": {"A": {}, "B": described}}))

    desk = Desk(tmp_path, [one, other])
    desk.network = both("first")
    desk.start()
    desk.now = T0 + 2_000
    desk.take(message([(T0, 7)], station_id="A"), message([(T0, 7)], station_id="B"))
    desk.settle()

    desk.network = both("second", **changed)
    desk.start()

    assert "A" in checks_owed(desk)


def test_tips_that_are_of_another_bucket_are_judged_anew(tmp_path: Path) -> None:
    """Twenty tips in five minutes are 10 mm or 40: the tips stay, what is said of them does not."""
    small = station()
    large = replace(small, deployments=(replace(small.deployments[0], bucket_depth_mm=2.0),))
    desk = Desk(tmp_path, [small])
    desk.network = network("first", small, deployments=[{"bucket_depth_mm": 0.5}])
    desk.start()
    for number, count in enumerate((7, 27, 27)):
        at = T0 + number * 5 * MINUTE
        desk.now = at + 2_000
        desk.take(message([(at, count)], seq=number))
        desk.settle()
    before = flags(desk)

    desk.network = network("second", large, deployments=[{"bucket_depth_mm": 2.0}])
    desk.start()
    desk.settle()

    assert (before, flags(desk)) == ([2, 1, 1], [2, 3, 1])
