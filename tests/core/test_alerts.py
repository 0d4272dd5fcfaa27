"""Levels along observed time to episodes: hysteresis, minimum duration, quiet, coverage, lapse."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from gauge_ingest.core.alerts import IDLE, Standing, advance, lapse, walk
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Episode, Flag, Increment, Rule, State, Step, Threshold
from gauge_ingest.core.rules import Judgement, Thresholds
from tests.worlds import MINUTE, T0, rule, station

# Half an hour of quiet, a day until an alert lapses.
USUAL = Thresholds(rule())
SLOW = Thresholds(rule(minimum_s=600))

Told = list[tuple[float, int]]  # (minute, level) of each change


class Walked(NamedTuple):
    """Where a rule stands after a walk, and the episodes that ended on the way."""

    standing: Standing
    ended: list[Episode]


def walked(
    judgements: Sequence[tuple[float, int] | tuple[float, int, int] | tuple[float, int, int, bool]],
    by: Thresholds = USUAL,
) -> Walked:
    """Advance through (minute, reached[, held[, covered]])."""
    standing, ended = IDLE, []
    for minute, reached, *more in judgements:
        held = more[0] if more else reached
        covered = bool(more[1]) if len(more) > 1 else True
        at = T0 + round(minute * MINUTE)
        standing, episode = advance(standing, Judgement(reached, max(held, reached), covered, None), at, by)
        if episode is not None:
            ended.append(episode)
    return Walked(standing, ended)


def changes(episode: Episode | None) -> Told:
    assert episode is not None
    return [((change.at - T0) / MINUTE, change.level) for change in episode.changes]


def test_a_level_reached_begins_an_episode_at_once() -> None:
    assert changes(walked([(0, 0), (5, 1)]).standing.episode) == [(5, 1)]


def test_an_episode_strengthens_through_its_levels() -> None:
    assert changes(walked([(5, 1), (10, 1), (15, 2)]).standing.episode) == [(5, 1), (15, 2)]


def test_between_the_two_marks_nothing_changes() -> None:
    """Hysteresis: below the threshold and above the clearing mark."""
    found = walked([(5, 1), *((minute, 0, 1) for minute in range(10, 300, 5))])

    assert changes(found.standing.episode) == [(5, 1)]
    assert not found.ended


def test_it_clears_after_quiet_and_not_before() -> None:
    rain = [(5, 1), (10, 0), (20, 0), (30, 0)]

    assert changes(walked([*rain, (39.9, 0)]).standing.episode) == [(5, 1)]
    cleared = walked([*rain, (40, 0)])
    assert [changes(one) for one in cleared.ended] == [[(5, 1), (40, 0)]]
    assert cleared.ended[0].ended is State.CLEARED
    assert (cleared.ended[0].since, cleared.ended[0].until) == (T0 + 5 * MINUTE, T0 + 40 * MINUTE)
    assert cleared.standing.idle
    assert cleared.standing.episode is None


def test_rain_within_the_quiet_begins_it_anew() -> None:
    found = walked([(5, 1), (10, 0), (30, 0, 1), (40, 0), (60, 0)])

    assert not found.ended
    assert [changes(one) for one in walked([(5, 1), (10, 0), (30, 0, 1), (40, 0), (70, 0)]).ended] == [
        [(5, 1), (70, 0)]
    ]


def test_it_eases_to_the_highest_level_that_was_held_in_the_quiet() -> None:
    eased = walked([(5, 2), (10, 0, 1), (20, 0, 0), (40, 0, 0)])

    assert changes(eased.standing.episode) == [(5, 2), (40, 1)]
    assert not eased.ended


def test_it_eases_step_by_step_and_then_clears() -> None:
    found = walked([(5, 2), (10, 0, 1), (40, 0, 1), (45, 0), (75, 0)])

    assert [changes(one) for one in found.ended] == [[(5, 2), (40, 1), (75, 0)]]


def test_an_eased_level_strengthens_again() -> None:
    found = walked([(5, 2), (10, 0, 1), (40, 0, 1), (45, 2)])

    assert changes(found.standing.episode) == [(5, 2), (40, 1), (45, 2)]


def test_nothing_clears_without_coverage_however_quiet_it_is() -> None:
    uncovered = [(minute, 0, 0, False) for minute in range(10, 600, 5)]

    assert changes(walked([(5, 1), *uncovered]).standing.episode) == [(5, 1)]


def test_quiet_is_counted_from_when_coverage_returns() -> None:
    rain: list[tuple[float, int, int, bool]] = [(5, 1, 1, True), (10, 0, 0, True), (30, 0, 0, False), (40, 0, 0, True)]

    assert not walked([*rain, (69, 0, 0, True)]).ended
    assert len(walked([*rain, (70, 0, 0, True)]).ended) == 1


def test_a_level_without_coverage_is_raised_all_the_same() -> None:
    assert changes(walked([(5, 1, 1, False), (10, 2, 2, False)]).standing.episode) == [(5, 1), (10, 2)]


def test_a_level_must_last_its_minimum_duration() -> None:
    assert walked([(0, 1), (5, 1), (9.9, 1)], SLOW).standing.episode is None
    assert changes(walked([(0, 1), (5, 1), (10, 1)], SLOW).standing.episode) == [(10, 1)]


def test_a_burst_shorter_than_the_minimum_duration_is_no_episode() -> None:
    found = walked([(0, 1), (5, 1), (8, 0), (10, 1), (15, 1)], SLOW)

    assert found.standing.episode is None
    assert not found.standing.idle


def test_the_level_that_lasted_is_raised_not_the_highest_touched() -> None:
    assert changes(walked([(0, 2), (5, 1), (10, 2)], SLOW).standing.episode) == [(10, 1)]


def test_a_higher_level_must_last_as_well() -> None:
    assert changes(walked([(0, 1), (10, 1), (12, 2), (22, 2)], SLOW).standing.episode) == [(10, 1), (22, 2)]


def test_an_episode_lapses_when_nothing_is_heard_for_too_long() -> None:
    standing = walked([(5, 2)]).standing
    day = 86_400_000

    assert lapse(standing, now=T0 + 5 * MINUTE + day, thresholds=USUAL) is None
    lapsed = lapse(standing, now=T0 + 5 * MINUTE + day + 1, thresholds=USUAL)

    assert lapsed is not None
    assert lapsed.ended is State.LAPSED
    assert lapsed.until == T0 + 5 * MINUTE + day
    assert changes(lapsed) == [(5, 2), (5 + 1_440, 0)]
    assert lapse(IDLE, now=1 << 60, thresholds=USUAL) is None


@pytest.mark.parametrize("reached", [0, 1])
def test_what_comes_after_a_lapse_is_another_episode(reached: int) -> None:
    found = walked([(5, 2), (1_446, reached)])

    assert [changes(one) for one in found.ended] == [[(5, 2), (5 + 1_440, 0)]]
    if reached:
        assert changes(found.standing.episode) == [(1_446, 1)]
    else:
        assert found.standing.idle


def test_a_long_silence_that_is_shorter_than_the_lapse_keeps_the_episode() -> None:
    found = walked([(5, 2), (1_440, 2)])

    assert changes(found.standing.episode) == [(5, 2)]


def test_a_walk_over_a_ledger_gives_the_episodes_of_its_rain() -> None:
    hourly = Thresholds(Rule("r", ("wet",), (Threshold(600, "wet", 5.0),), ("HTB01",), quiet_s=600))
    ledger = Ledger(station())
    tips = [0, 10, 0, 0, 0, 0, 0, 0, 12, 0, 0]
    for number, fell in enumerate(tips):
        at = (T0 + (number * 5 - 5) * MINUTE, T0 + number * 5 * MINUTE)
        ledger.append(Increment(*at, fell, fell, fell, Step.STEADY, Flag.GOOD, True))

    standing, ended = walk(ledger, [T0 + number * 5 * MINUTE for number in range(len(tips))], hourly)

    assert [changes(one) for one in ended] == [[(5, 1), (25, 0)]]
    assert changes(standing.episode) == [(40, 1)]
    assert [one.changes[0].evidence is not None for one in ended] == [True]


def test_a_walk_in_parts_ends_where_the_whole_ends() -> None:
    judged = [(minute, level) for minute, level in enumerate([0, 1, 1, 2, 0, 0, 0, 0, 1, 0, 2, 2, 0] * 20)]
    quick = Thresholds(rule(quiet_s=120, minimum_s=60))

    whole = walked(judged, quick)

    for cut in range(1, len(judged), 7):
        standing, ended = walked(judged[:cut], quick)
        for minute, level in judged[cut:]:
            standing, episode = advance(standing, Judgement(level, level, True, None), T0 + minute * MINUTE, quick)
            ended += [episode] if episode is not None else []
        assert (standing, ended) == whole
    assert len(whole.ended) > 3
