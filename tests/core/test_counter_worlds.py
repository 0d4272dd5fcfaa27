"""Small worlds with every fault of a counter: no rain out of nothing, none lost, and doubt where nobody can tell.

Goal: what is decidable is exact; what is not is flagged, and its bounds hold the truth; the order of arrival is no
matter. Method: worlds by seed that know their truth (counter_worlds.py); a failure prints the seed.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import count

import pytest

from gauge_ingest.core.model import Flag, Increment, Kind, Report, Station, Step
from gauge_ingest.core.rainfall import increment_after, increments
from tests.core.counter_worlds import FAULTS, World, a_world, in_order

WORLDS = 320
DOUBT = (Step.RESET, Step.UNCONFIRMED)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [a_world(seed) for seed in range(WORLDS)]


def derived_of(world: World) -> dict[Report, Increment]:
    reports = world.reports
    return dict(zip(reports, increments(reports, world.station, after=None), strict=True))


def test_what_can_be_told_is_exact_and_what_cannot_is_flagged_and_bounded(worlds: list[World]) -> None:
    met: Counter[str] = Counter()
    for world in worlds:
        derived = derived_of(world)
        for span in world.spans():
            one = derived[span.after]
            where = f"seed {world.seed} {world.faults}: {span} became {one}"
            met[span.told] += 1
            if span.told == "exact":
                assert (one.tips_min, one.tips, one.tips_max) == (span.tips,) * 3, where
            elif span.told == "bounded":
                assert one.step in DOUBT, where
                assert one.flag is Flag.SUSPECT, where
                assert one.tips_min <= span.tips <= one.tips_max, where
            elif span.told == "dated":
                assert (one.step, one.tips_max) == (Step.DEPLOYED, 0), where
            assert one.since == span.before.observed_at or span.told == "unseen", where

    assert met["exact"] > 20 * WORLDS
    assert met["bounded"] > WORLDS / 10
    assert met["dated"] > WORLDS / 20
    assert met["unseen"] < met["bounded"] / 2


def test_what_is_not_a_right_count_is_no_rain(worlds: list[World]) -> None:
    for world in worlds:
        right = {shown.report for shown in world.right}
        for report, one in derived_of(world).items():
            if report not in right:  # wrong, a lesser count of the same second, or a test
                assert (one.step, one.tips_max) == (Step.VOID, 0), f"seed {world.seed}: {report} became {one}"


def test_the_worlds_meet_every_fault_often(worlds: list[World]) -> None:
    met = Counter(fault for world in worlds for fault in world.faults.values())
    steps = Counter(one.step for world in worlds for one in derived_of(world).values())

    assert min(met[fault] for fault in FAULTS) > WORLDS / 20
    assert min(steps[step] for step in (Step.GAP, Step.WRAPPED, Step.RESET, Step.VOID, Step.DEPLOYED)) > WORLDS / 10


class _Shelf:
    """Rows as a journal keeps them: the newest report at once where two counts decide it, all else from an anchor."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.rows: list[tuple[Report, Increment]] = []
        self.live = False
        self.at_once = 0

    def arrive(self, report: Report) -> None:
        counted = [one for one, increment in self.rows if one.kind is not Kind.TEST and increment.step is not Step.VOID]
        if self.live and report.kind is not Kind.TEST and counted and report.observed_at > counted[-1].observed_at:
            increment = increment_after(counted[-1], report, self.station)
            if increment is not None:
                self.at_once += 1
                self.rows.append((report, increment))
                self.rows.sort(key=lambda row: in_order(row[0]))
                return
        self._derive(report)

    def _derive(self, report: Report) -> None:
        at = report.observed_at
        start = max((n for n, (one, step) in enumerate(self.rows) if step.anchor and one.observed_at < at), default=-1)
        after = self.rows[start][0] if start >= 0 else None
        later = sorted([*(one for one, _ in self.rows[start + 1 :]), report], key=in_order)
        derived = increments(later, self.station, after=after)
        self.rows[start + 1 :] = zip(later, derived, strict=True)
        told = [one for one in self.rows if one[0].kind is not Kind.TEST]
        newest = [one for one in told if one[1].step is not Step.VOID][-1:]
        self.live = bool(newest) and (newest[0][1].anchor or self._stands_alone(newest[0], told))

    def _stands_alone(self, newest: tuple[Report, Increment], told: Sequence[tuple[Report, Increment]]) -> bool:
        together = [one for one, _ in told if one.observed_at == newest[0].observed_at]
        return newest[1].step in (Step.STEADY, Step.GAP) and len(together) == 1


def arrivals(world: World) -> list[Report]:
    """In order, but that some come late, and some much later."""
    order: list[tuple[float, int, Report]] = []
    for place, (number, report) in zip(count(), enumerate(world.reports), strict=False):
        late = world.dice.choice((0, 0, 0, 0, 0, 0, 1.5, 12.5))
        order.append((number + late, place, report))
    return [report for _, _, report in sorted(order, key=lambda one: one[:2])]


def test_the_order_of_arrival_changes_no_rain(worlds: list[World]) -> None:
    at_once = 0
    for world in worlds[::2]:
        orders: Sequence[Sequence[Report]] = (world.reports, arrivals(world))
        wanted = list(derived_of(world).items())
        for order in orders:
            shelf = _Shelf(world.station)
            for report in order:
                shelf.arrive(report)
            assert shelf.rows == wanted, f"seed {world.seed}"
            at_once += shelf.at_once

    assert at_once > 10 * WORLDS
