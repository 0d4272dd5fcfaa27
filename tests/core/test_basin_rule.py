"""A rule of a basin as its stations report one after another: what comes for an instant that was judged, and later."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gauge_ingest.core.alerts import IDLE
from gauge_ingest.core.basin_rule import REMEMBERED, REMEMBERED_MS, BasinRule
from gauge_ingest.core.ledger import Ledger, Unknowable
from gauge_ingest.core.model import DAY_MS, Basin, Episode, Flag, Increment, Over, Rule, Season, State, Step, Threshold
from gauge_ingest.core.rules import Thresholds
from tests.worlds import HOUR, MINUTE, T0, station

NAMES = ("HTB01", "HTB02")
LEVELS = ("low", "high")
FIVE = 5 * MINUTE
EIGHT = (T0 // DAY_MS + 1) * DAY_MS  # 08:00 in Beijing of 16 July


class Told:
    """A rule over two stations, and their readings of half a millimetre a tip, taken in the order of their arrival."""

    def __init__(
        self, over: Over = Over.MEAN, *, window_s: int = 600, share: float = 1.0, every_s: int = 300, **changes: object
    ):
        """`share`: the area of the second station; that of the first is 1. `every_s`: how often both report."""
        thresholds = (Threshold(window_s, "low", 2.0), Threshold(window_s, "high", 4.0))
        given = {"thresholds": thresholds, "quiet_s": 0, **changes}
        rule = Rule("r", LEVELS, stations=(), basins=("b",), over=over, **given)  # type: ignore[arg-type]  # by name
        self.ledgers = {name: Ledger(station(name)) for name in NAMES}
        self.rule = BasinRule(
            Basin("b", "b", (("HTB01", 1.0), ("HTB02", share))),
            Thresholds(rule),
            {name: replace(station(name), report_every_s=every_s) for name in NAMES},
            self.ledgers,
            standing=IDLE,
            known_from=T0,
        )

    def take(self, place: int, minutes: float, tips: int = 0, *, since: int = T0) -> list[Episode] | None:
        """A station's reading that ends so many minutes after an instant, judged at once."""
        ledger, until = self.ledgers[NAMES[place]], since + round(minutes * MINUTE)
        begin = until - FIVE if ledger.newest_at is None else ledger.newest_at
        ledger.append(Increment(begin, until, tips, tips, tips, Step.STEADY, Flag.GOOD, True))
        return self.rule.judge(until)


def levels(episodes: Sequence[Episode] | None) -> list[list[tuple[float, int]]] | None:
    if episodes is None:
        return None
    return [[((change.at - T0) / MINUTE, change.level) for change in one.changes] for one in episodes]


def test_what_the_second_station_tells_of_the_same_instant_judges_it_anew() -> None:
    told = Told(Over.MAXIMUM)

    first = told.take(0, 5, 4)
    second = told.take(1, 5, 8)

    assert levels(first) == [[(5, 1)]]
    assert levels(second) == [[(5, 2)]], "one change to the higher level, not two"
    assert [(at, standing.level) for at, standing in told.rule.judged] == [(T0 + FIVE, 2)]


def test_what_comes_late_judges_what_came_after_it_anew() -> None:
    told = Told(Over.MAXIMUM)
    told.take(1, 1)
    told.take(0, 5)
    assert told.take(0, 10, 4) is not None

    late = told.take(1, 8, 8)

    assert levels(late) == [[(8, 2)]]
    assert [(at - T0) / MINUTE for at, _ in told.rule.judged] == [8, 10]
    assert told.rule.standing.at == T0 + 10 * MINUTE


def test_an_alert_that_the_second_station_takes_away_is_taken_away() -> None:
    """A mean of those that were heard: 4 mm at one alone are 2 mm where the other one was dry."""
    told = Told(thresholds=(Threshold(600, "low", 3.0),))
    told.ledgers["HTB01"].append(Increment(T0 - FIVE, T0, 0, 0, 0, Step.STEADY, Flag.GOOD, True))

    assert levels(told.take(0, 5, 8)) == [[(5, 1)]]
    assert levels(told.take(1, 5, 0)) == []
    assert told.rule.standing.idle
    assert told.rule.judged == []


def test_dry_readings_far_from_every_level_change_nothing_and_the_rule_rests() -> None:
    told = Told()
    assert not told.rule.rests, "nothing was judged yet"

    assert told.take(0, 5) is None
    assert told.rule.rests
    assert told.take(1, 5, 3) is None, "0.75 mm"
    assert told.rule.rests
    assert told.take(0, 10, 8) is not None
    assert not told.rule.rests


def test_what_stands_and_does_not_change_is_not_told_again() -> None:
    told = Told(Over.MAXIMUM)
    told.take(1, 5)
    assert levels(told.take(0, 5, 4)) == [[(5, 1)]]

    assert told.take(1, 10) is None
    assert told.take(0, 10) is None
    assert told.rule.standing.level == 1
    assert not told.rule.rests


def test_an_alert_that_stood_at_a_restart_gets_its_all_clear() -> None:
    raised = Told(Over.MAXIMUM)
    raised.take(0, 5, 4)
    told = Told(Over.MAXIMUM)
    told.rule.standing = raised.rule.standing

    told.take(0, 20)

    assert levels(told.take(1, 20)) == [[(5, 1), (20, 0)]]


def test_what_waits_for_its_all_clear_does_not_rest() -> None:
    told = Told(Over.MAXIMUM, quiet_s=3_600)
    told.take(1, 5)
    told.take(0, 5, 4)
    for place in (0, 1):
        told.take(place, 20)

    assert told.rule.standing.level == 1
    assert not told.rule.rests


def test_an_alert_that_ends_is_told_alone_and_the_next_one_is_another() -> None:
    told = Told(Over.MAXIMUM)
    told.take(1, 5)
    told.take(0, 5, 4)
    assert told.take(0, 15) is None, "half of the basin is not covered"

    (ended,) = told.take(1, 15) or []

    assert ended.ended is State.CLEARED
    assert levels([ended]) == [[(5, 1), (15, 0)]]
    assert [one.evidence is not None and one.evidence.until for one in ended.changes] == [T0 + FIVE, T0 + 3 * FIVE]
    assert told.rule.standing.idle
    assert levels(told.take(0, 20, 4)) == [[(20, 1)]]


def test_an_all_clear_is_taken_back_by_rain_that_is_told_of_the_same_instant() -> None:
    told = Told(Over.MAXIMUM)
    told.take(1, 5)
    told.take(0, 5, 4)
    told.take(1, 14.9)
    assert levels(told.take(0, 15)) == [[(5, 1), (15, 0)]]

    assert levels(told.take(1, 15, 4)) == [[(5, 1)]]
    assert told.rule.standing.level == 1


def test_late_rain_that_makes_an_alert_that_has_ended_a_graver_one_is_told() -> None:
    told = Told(Over.MAXIMUM, share=0.1)
    told.take(1, 4)
    told.take(0, 5, 4)
    assert levels(told.take(0, 20)) == [[(5, 1), (20, 0)]]

    assert levels(told.take(1, 8, 8)) == [[(5, 1), (8, 2), (20, 0)]]
    assert told.rule.standing.idle


@pytest.mark.parametrize(
    ("day", "newest_at"),
    [
        ((7, 16), EIGHT + 1),
        ((7, 16), EIGHT + MINUTE),
        ((7, 17), EIGHT + DAY_MS + MINUTE),  # of stations that report once a day
    ],
)
def test_late_rain_of_the_last_minute_before_a_season_is_judged_by_its_thresholds_at_once(
    day: tuple[int, int], newest_at: int
) -> None:
    """What came after it was judged by the season's thresholds, and did not know of this rain."""
    told = Told(Over.MAXIMUM, window_s=172_800, every_s=86_400, seasons=(Season("melt", day, day, 0.5),))
    told.take(1, 0, since=newest_at)

    late = told.take(0, -1, 3, since=EIGHT)  # 1.5 mm: less than 2 mm, and what clears them

    assert late is not None
    assert [(change.at, change.level) for change in late[0].changes] == [(newest_at, 1)]


@pytest.mark.parametrize("minutes", [0, -5])
def test_what_reaches_as_far_back_as_what_was_known_before_is_not_judged_from_memory(minutes: int) -> None:
    told = Told(Over.MAXIMUM)

    with pytest.raises(Unknowable):
        told.take(0, minutes, 8)


def test_where_several_readings_came_after_a_late_one_there_may_be_more_of_them() -> None:
    told = Told(Over.MAXIMUM)
    for minutes in (5, 10):
        told.take(0, minutes)

    assert told.take(1, 4.9, 1) is None, "nothing could be reached: nobody need know"
    with pytest.raises(Unknowable):
        told.take(1, 4.95, 8)


def test_nor_is_known_what_came_before_the_record_of_a_station_that_has_reported_more_than_once_since() -> None:
    told = Told(Over.MAXIMUM)
    for minutes in (6, 11):
        told.take(0, minutes)

    with pytest.raises(Unknowable):
        told.take(1, 0.5, 8)


def test_of_two_readings_after_it_the_first_may_be_of_the_same_instant() -> None:
    told = Told(Over.MAXIMUM)
    for minutes in (5, 10):
        told.take(0, minutes)

    assert levels(told.take(1, 5, 4)) == [[(5, 1)]]


def test_what_is_lost_is_judged_from_memory_no_more() -> None:
    told = Told(Over.MAXIMUM)
    told.take(0, 5, 4)

    told.rule.lose()

    with pytest.raises(Unknowable):
        told.take(0, 10, 4)


@pytest.mark.parametrize(("judged", "back", "known"), [(REMEMBERED, 1, True), (REMEMBERED + 1, 1, False)])
def test_so_many_judgements_are_remembered(judged: int, back: int, *, known: bool) -> None:
    assert REMEMBERED == 64
    told = Told(Over.MAXIMUM, window_s=86_400)
    for number in range(judged):
        told.take(0, (number + 1) / 60, 4 * (number == 0))

    assert_known(told, T0 + back * 1000, known=known)


@pytest.mark.parametrize(("longer_ms", "known"), [(0, True), (1, False)])
def test_judgements_are_remembered_for_two_hours(longer_ms: int, *, known: bool) -> None:
    assert REMEMBERED_MS == 2 * HOUR
    told = Told(Over.MAXIMUM, window_s=86_400)
    told.take(0, 5, 4)
    told.take(0, 125 + longer_ms / MINUTE)

    assert_known(told, T0 + FIVE, known=known)


def assert_known(told: Told, at: int, *, known: bool) -> None:
    """Method: the newest two readings are as if there were no others, so that memory alone decides."""
    for ledger in told.ledgers.values():
        ledger.before_newest_at = None
        ledger.newest_at = at
    if known:
        told.rule.judge(at)
    else:
        with pytest.raises(Unknowable):
            told.rule.judge(at)
