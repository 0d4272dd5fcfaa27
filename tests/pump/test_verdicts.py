"""Verdicts in the journal: the same whatever the order of arrival, and those of the checks run straight through.

Goal: what is said of a reading depends on the set of messages alone. Method: days of five stations with rain, dead
gauges, visits, frost, weak batteries, bursts and lost links, told in order, shuffled, in batches and with restarts;
each journal is compared with the checks driven over its rows in order of time, without a journal between.
"""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gauge_ingest.core.model import Deployment, Row, Station, Step
from gauge_ingest.core.quality.checks import StationChecks, verdict
from gauge_ingest.core.quality.seen import Said
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, outcome_of
from gauge_ingest.pump import Delivery
from gauge_ingest.pump.seen import gauge_of, neighbours_of, of_row, warm_ms
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, text

IDS = [f"HTB0{number}" for number in range(1, 6)]
EVERY = 10 * MINUTE
NEVER_LATE = 1 << 61


def network() -> list[Station]:
    """Five stations that are each other's neighbours."""
    place = Deployment(0, 0.5, 65536, 43.75, 86.57, 1250.0)
    return [Station(one, one, (place,), 600, tuple(other for other in IDS if other != one)) for one in IDS]


def told(seed: int, *, days: int) -> list[tuple[int, Delivery]]:
    """When each message of some days is received, and the message: most at once, some hours late, some never."""
    draw = random.Random(seed)
    dead, dry_from = draw.choice(IDS), draw.randrange(days * 24)
    found: list[tuple[int, Delivery]] = []
    counts = dict.fromkeys(IDS, 100)
    for step in range(days * 144):
        at = T0 + step * EVERY
        wet = draw.random() < 0.5 if (step // 18 + seed) % 4 == 0 else draw.random() < 0.02
        for place, one in enumerate(IDS):
            tips = draw.choice((0, 1, 1, 2, 3, 5)) if wet and draw.random() < 0.8 else 0
            tips += draw.choice((30, 60)) if draw.random() < 0.001 else 0
            if not (one == dead and step > dry_from * 6):
                counts[one] += tips
            reading: dict[str, Any] = {"observed_at": text(at + place * 7000), "count": counts[one]}
            if draw.random() < 0.01:
                reading["door_open"] = True
            if draw.random() < 0.3:
                reading["temperature_c"] = draw.choice((-3.0, 0.5, 1.5, 12.0, 20.0))
                reading["battery_v"] = draw.choice((12.6, 12.4, 10.4))
            if draw.random() < 0.02:
                continue
            late = draw.choice((0, 0, 0, 40 * MINUTE, 5 * HOUR)) if draw.random() < 0.1 else 0
            found.append((at + place * 7000 + 2000 + late, message([reading], seq=step, station_id=one)))
    return found


def journal_of(folder: Path, messages: list[tuple[int, Delivery]], *, draw: random.Random | None = None) -> Desk:
    """A journal that took the messages at their times; with `draw` in batches, debts paid now and then, restarts."""
    folder.mkdir()
    desk = Desk(folder, network(), [rule(*IDS)])
    for received_at, delivery in messages:
        desk.now = received_at
        desk.take(delivery)
        if draw is None or draw.random() < 0.2:
            desk.settle()
        if draw is not None and draw.random() < 0.01:
            desk.start()
    desk.settle()
    return desk


def verdicts(desk: Desk) -> dict[tuple[str, int, int], Verdict]:
    """What the journal says of each reading."""
    return {
        (one, row.observed_at, row.counter): Verdict(row.flag, row.checks, row.reasons)
        for one in IDS
        for row in desk.journal.reader.rows(one, since=0, until=NEVER_LATE)
    }


def straight_through(desk: Desk) -> dict[tuple[str, int, int], Verdict]:
    """What the checks say of the same rows when all stations are driven in order of time."""
    stations = {one.id: one for one in network()}
    checks = {
        one: StationChecks(gauge_of(station, at=NEVER_LATE), station.quality) for one, station in stations.items()
    }
    for one, station in stations.items():
        for other in neighbours_of(station, stations):
            checks[one].neighbours.append(checks[other.id])
        checks[one].reset()
    seen = [
        (row, of_row(row, station, rival=False))  # no two counts of one time are told here
        for one, station in stations.items()
        for row in desk.journal.reader.rows(one, since=0, until=NEVER_LATE)
        if row.step not in (Step.VOID, Step.OWED)
    ]
    said: dict[tuple[str, int, int], tuple[Row, list[Said]]] = {}
    for row, found in sorted(seen, key=lambda pair: pair[0].observed_at):
        checks[row.station].hear(found)
        said[row.station, row.observed_at, row.counter] = row, checks[row.station].take(found)
        for mark in checks[row.station].marks:
            for (one, at, _), (earlier, words) in said.items():
                meant = one == row.station and mark.since < at <= mark.until and earlier.tips > 0
                if meant and words[mark.check].outcome is not Outcome.FAILED:
                    words[mark.check] = mark.said
        checks[row.station].marks.clear()
    return {key: verdict(one, Step(row.step)) for key, (row, one) in said.items()}


@pytest.mark.parametrize("seed", range(2))
def test_verdicts_are_those_of_the_checks_driven_straight_through(tmp_path: Path, seed: int) -> None:
    desk = journal_of(tmp_path / "one", sorted(told(seed, days=2), key=lambda pair: pair[0]))

    expected = straight_through(desk)

    found = verdicts(desk)
    wrong = [(key, found[key], one) for key, one in expected.items() if found[key] != one]
    assert not wrong, f"seed {seed}: {len(wrong)} of {len(expected)}: {wrong[:3]}"
    met = {check for _, checks, _ in found.values() for check in Check if outcome_of(checks, check) >= Outcome.SUSPECT}
    assert {Check.VISIT, Check.FROZEN, Check.SUPPLY} <= met


@pytest.mark.parametrize("seed", range(2))
def test_verdicts_do_not_depend_on_batches_debts_and_restarts(tmp_path: Path, seed: int) -> None:
    messages = sorted(told(seed + 40, days=1), key=lambda pair: pair[0])
    calm = journal_of(tmp_path / "calm", messages)

    wild = journal_of(tmp_path / "wild", messages, draw=random.Random(seed))

    assert verdicts(wild) == verdicts(calm)


@pytest.mark.parametrize("lost_h", [0, 100])
def test_days_with_rain_at_one_time_are_known_when_they_come_late(tmp_path: Path, lost_h: int) -> None:
    """A station with a tip each day at ten, whose link is lost for two days in the middle."""
    [first, *_] = network()
    station = replace(first, report_every_s=3600, neighbours=())
    messages = []
    for hour in range(8 * 24):
        at, late = T0 + hour * HOUR, lost_h * HOUR if 40 <= hour <= 92 else 0
        reading = {"observed_at": text(at), "count": 100 + (hour + 14) // 24}
        messages.append((at + late + 2000, message([reading], seq=hour, station_id=station.id)))
    desk = Desk(tmp_path, [station], [rule(station.id)])

    for received_at, delivery in sorted(messages, key=lambda pair: pair[0]):
        desk.now = received_at
        desk.take(delivery)
        desk.settle()

    rows = desk.journal.reader.rows(station.id, since=0, until=NEVER_LATE)
    doubted = [row for row in rows if outcome_of(row.checks, Check.ACCUMULATION) is Outcome.SUSPECT]
    assert [(row.observed_at - T0) // HOUR for row in doubted] == [10 + 24 * day for day in range(3, 8)]


@pytest.mark.parametrize("every_min", [10, 60])
def test_a_clock_that_is_behind_is_one_after_a_restart_too(tmp_path: Path, every_min: int) -> None:
    """Readings 100 hours late, ten minutes apart as configured, or an hour: then each is a gap and none is judged."""
    [first, *_] = network()
    station = replace(first, neighbours=())
    told_late = []
    for number in range(16):
        at = T0 + number * every_min * MINUTE
        reading = {"observed_at": text(at), "count": 100}
        told_late.append((at + 100 * HOUR, message([reading], seq=number, station_id=station.id)))
    desks = []

    for restarts in (False, True):
        desk = Desk(tmp_path / str(restarts), [station], [rule(station.id)])
        for received_at, delivery in told_late:
            desk.now = received_at
            desk.take(delivery)
            desk.settle()
            if restarts:
                desk.start()
        desks.append(verdicts(desk))

    assert desks[0] == desks[1]
    behind = [outcome_of(one.checks, Check.CLOCK) is Outcome.SUSPECT for one in desks[0].values()]
    assert any(behind) == (every_min == 10)


@pytest.mark.parametrize("restarts", [False, True])
def test_the_first_of_many_fast_tips_is_known_to_be_fast_after_a_restart_too(tmp_path: Path, *, restarts: bool) -> None:
    """It is three hours old, and the tip before it, which tells, two seconds older."""
    tips = [0, 2, *range(1_000, 9_000, 1_000), *range(10_781, 10_801, 2), 10_801]
    desk = Desk(tmp_path, [replace(network()[0], neighbours=())], [])
    count = 100
    for number, second in enumerate(sorted([-600, *tips, 10_800])):
        at = T0 + second * 1_000
        desk.now = at + 500
        if restarts and second == tips[-1]:
            desk.start()
        count += second in tips
        kind = {"kind": "event"} if second in tips else {}
        desk.take(message([{"observed_at": text(at), "count": count, **kind}], seq=number, station_id=IDS[0]))
        desk.settle()

    said = [outcome_of(one.checks, Check.TIPS) for one in verdicts(desk).values()]
    assert said[-3:] == [Outcome.SUSPECT, Outcome.NOT_CHECKED, Outcome.FAILED]


def test_what_is_seen_again_reaches_back_to_the_neighbours_as_they_are_looked_at() -> None:
    """With the longest lag there may be, too: else verdicts near a restart would miss who was there."""
    [station, *_] = network()
    slow = replace(station, quality=replace(station.quality, neighbours_lag_s=21_600))

    checks = StationChecks(gauge_of(slow, at=NEVER_LATE), slow.quality)

    assert warm_ms(slow) >= checks.dry.lag_ms
