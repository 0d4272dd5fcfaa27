"""A rule with a minimum duration: its episodes depend on the rain alone, not on the order of messages or restarts."""

import random
from pathlib import Path

import pytest

from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

SLOW = rule(minimum_s=600)


def a_storm(draw: random.Random) -> list[tuple[int, int]]:
    """(observed_at, count) of reports at irregular times: timed ones, events between them, some lost."""
    at, counter, found = T0, 0, []
    for _ in range(30):
        at += draw.choice([5 * MINUTE, 5 * MINUTE, 90_000, 400_000, 11 * MINUTE, 25 * MINUTE])
        counter += draw.choice([0, 0, 1, 9, 20])
        found.append((at, counter))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_minimum_duration_gives_the_same_episodes_in_any_order(seed: int, tmp_path: Path) -> None:
    """Some messages come late and are paid for one by one, others with a restart before them."""
    draw = random.Random(seed)
    readings = a_storm(draw)
    late = set(draw.sample(range(1, len(readings)), 6))
    ragged = Desk(tmp_path / "a", [station()], [SLOW])
    swept = Desk(tmp_path / "b", [station()], [SLOW])
    ragged.now = swept.now = readings[-1][0] + MINUTE

    for number in [*(number for number in range(len(readings)) if number not in late), *sorted(late, reverse=True)]:
        ragged.take(message([readings[number]], seq=number))
        ragged.settle()
    for number, reading in reversed(list(enumerate(readings))):
        swept.take(message([reading], seq=number))
    swept.settle()

    assert ragged.increments() == swept.increments()
    assert swept.episodes(), f"seed {seed}: no rain to speak of"
    assert ragged.episodes() == swept.episodes(), f"seed {seed}"


def storm_301_s_apart(desk: Desk, *, reports: int) -> None:
    """Ten minutes before the alert there is no report, so a walk that begins just there comes short."""
    desk.now = T0 + HOUR
    for number in range(reports):
        desk.take(message([(T0 + number * 301_000, number * 20)], seq=number))
        desk.settle()


def test_a_late_report_after_the_alert_does_not_take_it_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [station()], [SLOW])
    storm_301_s_apart(desk, reports=6)
    told, episodes = desk.told(), desk.episodes()
    assert told

    desk.take(message([(T0 + 4 * 301_000 + 1_000, 80)], seq=9))
    desk.settle()

    assert desk.told() == told
    assert desk.episodes() == episodes


def test_a_restart_changes_nothing_about_an_alert(tmp_path: Path) -> None:
    straight, restarted = Desk(tmp_path / "a", [station()], [SLOW]), Desk(tmp_path / "b", [station()], [SLOW])
    for desk in (straight, restarted):
        storm_301_s_apart(desk, reports=4)
        assert desk.told()

    restarted.start()
    for desk in (straight, restarted):
        desk.take(message([(T0 + 4 * 301_000, 100)], seq=9))

    assert restarted.told() == straight.told()
    assert restarted.episodes() == straight.episodes()
