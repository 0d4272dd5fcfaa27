"""History against the truth of the simulator: a perfect link, so that every tip is in a reading.

Goal: each number of each kind of window is what really tipped. Method: the simulator writes its tips to a file; the
same world, at the same seed, hands its messages to a journal; the commands are asked, and the file is counted.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from gauge_ingest.pump import Delivery
from simulator.__main__ import app as simulator
from simulator.direct import Direct
from simulator.modem import Modem
from simulator.scenario import find_scenario
from simulator.sites import read_sites
from simulator.values import NEVER, Message
from simulator.world import World
from tests.commands.place import SHIPPED, Place
from tests.worlds import HOUR, MINUTE, text

EIGHT = 1_785_542_400_000  # 2026-08-01T08:00:00+08:00: a day and a month begin, and it rains
START = EIGHT - 90 * MINUTE
STATIONS = ("HTB01", "HTB02", "HTB03", "HTB04", "HTB05")
STEP_MS = {"5m": 5 * MINUTE, "1h": HOUR, "1d": 24 * HOUR}


class Truth(NamedTuple):
    """A place with the journal of the run; when each station's bucket tipped, and when it was read."""

    place: Place
    tips: dict[str, list[int]]
    read: dict[str, list[int]]

    def between(self, station: str, since: int, until: int) -> int:
        """Tips in (since, until]."""
        return sum(since < at <= until for at in self.tips[station])


def at(written: str) -> int:
    return round(datetime.fromisoformat(written).timestamp() * 1000)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp("truth")
    place = Place(folder)
    sites, read, deliveries = read_sites(SHIPPED), {one: set[int]() for one in STATIONS}, list[tuple[int, Delivery]]()

    def uplink(station: str, modem: Modem) -> Direct:
        def arrived(message: Message, when: int) -> bool:
            topic, payload = world.wire.topic(message), world.wire.payload(message, world.sites[0])
            deliveries.append((when, Delivery(topic, payload)))
            read[station].update(reading.observed_s * 1000 for reading in message.readings)
            return True

        return Direct(modem, arrived)

    world = World(find_scenario("flash_flood"), sites, seed=5, start_at=START, uplink=uplink)
    while (next_at := world.next_at()) != NEVER:
        list(world.advance(next_at + HOUR))
    with place.desk() as desk:
        for when, delivery in deliveries:
            desk.now = when
            desk.take(delivery)
        place.now = desk.now + MINUTE
    return Truth(place, _tips(folder / "tips.csv"), {one: sorted(found) for one, found in read.items()})


def _tips(path: Path) -> dict[str, list[int]]:
    asked = ["truth", "flash_flood", "--seed", "5", "--start", text(START), "--tips", str(path)]
    result = CliRunner().invoke(simulator, [*asked, "--out", str(path.with_name("rain.csv")), "--config", str(SHIPPED)])
    assert result.exit_code == 0, result.output
    found: dict[str, list[int]] = {one: [] for one in STATIONS}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["station"]].append(at(row["observed_at"]))
    assert all(len(one) > 10 for one in found.values())
    return found


def asked(truth: Truth, every: str, *more: str) -> list[dict[str, Any]]:
    span = ("--since", text(START), "--until", text(START + 8 * HOUR))
    rows: list[dict[str, Any]] = truth.place.json("history", "all", *span, "--every", every, *more)
    assert {row["station"] for row in rows} == set(STATIONS)
    return rows


def depth_mm(station: str, tips: int) -> float:
    return round(tips * {"HTB01": 0.5, "HTB02": 0.5, "HTB03": 0.5}.get(station, 0.2), 3)


def increments(truth: Truth, station: str) -> Iterator[tuple[int, int, int]]:
    """Since, until and tips of what lies between two readings."""
    for since, until in pairwise(truth.read[station]):
        yield since, until, truth.between(station, since, until)


@pytest.mark.parametrize("every", ["5m", "1h", "1d", "month", "raw"])
def test_every_window_holds_the_tips_that_fell_in_it(truth: Truth, every: str) -> None:
    rows = asked(truth, every)

    for row in rows:
        tips = truth.between(row["station"], at(row["since"]), at(row["until"]))
        assert (row["tips"], row["tips_min"], row["tips_max"]) == (tips, tips, tips), row
        assert row["rain_mm"] == row["corrected_mm"] == depth_mm(row["station"], tips), row
        if every in STEP_MS:
            assert at(row["until"]) - at(row["since"]) == STEP_MS[every]
    assert sum(row["tips"] for row in rows) == sum(len(one) for one in truth.tips.values())


def test_rain_of_the_last_interval_before_eight_is_of_the_day_and_the_month_that_end(truth: Truth) -> None:
    wettest = max(STATIONS, key=lambda one: truth.between(one, EIGHT - 5 * MINUTE, EIGHT))
    last = truth.between(wettest, EIGHT - 5 * MINUTE, EIGHT)
    assert last > 0

    for every, until in (("1d", EIGHT), ("month", EIGHT), ("1h", EIGHT), ("5m", EIGHT)):
        ends = {at(row["until"]): row for row in asked(truth, every) if row["station"] == wettest}
        since = at(ends[until]["since"])
        assert ends[until]["tips"] == truth.between(wettest, since, EIGHT - 5 * MINUTE) + last, every


@pytest.mark.parametrize("dry_min", [20, 60])
def test_storms_are_those_of_the_tips(truth: Truth, dry_min: int) -> None:
    rows = asked(truth, "storm", "--dry-gap", f"{dry_min}m")

    for station in STATIONS:
        expected: list[list[tuple[int, int, int]]] = []
        for one in increments(truth, station):
            if not one[2]:
                continue
            if not expected or one[0] - expected[-1][-1][1] >= dry_min * MINUTE:
                expected.append([])
            expected[-1].append(one)
        found = [row for row in rows if row["station"] == station]
        told = [(at(row["since"]), at(row["until"]), row["tips"]) for row in found]
        assert told == [(storm[0][0], storm[-1][1], sum(one[2] for one in storm)) for storm in expected]
        for row, storm in zip(found, expected, strict=True):
            for name, minutes in (("5m", 5), ("10m", 10), ("1h", 60)):
                most = max(_counted(storm, one[1], minutes * MINUTE) for one in storm)
                mm = depth_mm(station, most)
                assert (row[f"peak_{name}_mm"], row[f"peak_{name}_mm_per_h"]) == (mm, round(mm * 60 / minutes, 3))


def _counted(storm: list[tuple[int, int, int]], end: int, length_ms: int) -> int:
    return sum(tips for since, until, tips in storm if end - length_ms < until <= end and until - since <= length_ms)


def test_maxima_are_those_of_the_tips_and_their_bounds_hold_what_fell_in_just_that_window(truth: Truth) -> None:
    rows = asked(truth, "maxima")

    assert len(rows) == 10 * len(STATIONS)
    exact = 0
    for row in rows:
        station, length_ms = row["station"], row["duration_s"] * 1000
        all_of_it = list(increments(truth, station))
        most = max(_counted(all_of_it, until, length_ms) for _, until, _ in all_of_it)
        assert (row["tips"], row["rain_mm"]) == (most, depth_mm(station, most)), row
        assert row["mm_per_h"] == round(depth_mm(station, most) * 3600 / row["duration_s"], 3)
        fell = truth.between(station, at(row["since"]), at(row["until"]))
        assert row["tips_min"] <= fell <= row["tips_max"], row
        exact += row["tips_min"] == row["tips_max"]
        assert row["tips_min"] < row["tips_max"] or fell == row["tips"], row
    assert exact > 20
