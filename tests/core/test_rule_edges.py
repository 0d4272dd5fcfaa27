"""Rules at their edges: the last micrometre, the first instant of a season, the end of what is known, who counts."""

from collections.abc import Sequence

import pytest

from gauge_ingest.core.antecedent import Days, day_of
from gauge_ingest.core.basin import THERE_MS, BasinRecord
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import (
    DAY_MS,
    UNBOUNDED,
    Basin,
    Flag,
    Increment,
    Over,
    Rule,
    Season,
    Step,
    Threshold,
    WetClass,
    Wetness,
)
from gauge_ingest.core.rules import Thresholds
from tests.worlds import MINUTE, T0, station

EIGHT = (T0 // DAY_MS + 1) * DAY_MS  # 08:00 in Beijing of 16 July
ONE = (Threshold(3600, "low", 10.0),)
NAMES = ("HTB01", "HTB02", "HTB03")


def ledger_of(
    *readings: tuple[int, int, int],
    name: str = "HTB01",
    step: Step = Step.STEADY,
    days: Days | None = None,
    doubted: bool = False,
) -> Ledger:
    """Readings as (since, until, tips), of half a millimetre a tip."""
    ledger = Ledger(station(name), days=days)
    for since, until, tips in readings:
        ledger.append(Increment(since, until, tips, tips, tips, step, Flag.GOOD, True), doubted=doubted)
    return ledger


@pytest.mark.parametrize(
    ("at", "season"),
    [
        (EIGHT, ""),  # 08:00 itself still ends the day before
        (EIGHT + 1, "melt"),
        (EIGHT + DAY_MS, "melt"),
        (EIGHT + DAY_MS + 1, "hail"),
        (EIGHT + 2 * DAY_MS + 1, ""),
    ],
)
def test_a_season_begins_and_ends_at_eight(at: int, season: str) -> None:
    """Of two seasons that meet on a day the first in the file stands."""
    seasons = (Season("melt", (7, 16), (7, 16), 0.5), Season("hail", (7, 16), (7, 17), 0.8))
    rule = Thresholds(Rule("r", ("low",), ONE, ("HTB01",), seasons=seasons))

    judged = rule.judge(ledger_of((at - MINUTE, at, 20)), at, level=0)

    assert judged.evidence is not None
    assert judged.evidence.season == season
    assert judged.evidence.threshold_mm == {"": 10.0, "melt": 5.0, "hail": 8.0}[season]
    assert rule.moves_after(at) == (day_of(at) + 1) * DAY_MS
    assert rule.moves_after(at) >= at > rule.moves_after(at) - DAY_MS


@pytest.mark.parametrize(
    ("sums_s", "rises_s", "longest_s"),
    [
        ((600, 10_800, 3_600), (), 10_800),
        ((), (600, 1_800), 3_600),  # of a rise also the time before
        ((3_600, 600), (1_799, 300), 3_600),
        ((3_600, 600), (300, 1_801), 3_602),
        ((), (), 0),
    ],
)
def test_a_rule_looks_back_over_its_longest_duration(
    sums_s: tuple[int, ...], rises_s: tuple[int, ...], longest_s: int
) -> None:
    sums, rises = (tuple(Threshold(one_s, "low", 10.0) for one_s in spans) for spans in (sums_s, rises_s))

    assert Rule("r", ("low",), sums, ("HTB01",), rises=rises).window_max_s == longest_s


def test_thresholds_of_a_plain_rule_never_move() -> None:
    assert Thresholds(Rule("r", ("low",), ONE, ("HTB01",))).moves_after(T0) == UNBOUNDED


CLASSES = (WetClass("dry", 9.0, (Threshold(3600, "low", 20.0),)), WetClass("medium", 18.0, ()))


@pytest.mark.parametrize(
    ("fell_mm", "ground", "threshold_mm"),
    [
        (0.0, "dry", 20.0),
        (10.0, "dry", 20.0),  # 10 x 0.9: at most 9 mm to the micrometre
        (10.002, "medium", 10.0),  # a class without thresholds: the rule's own
        (20.0, "medium", 10.0),
        (20.002, "wet", 10.0),
    ],
)
def test_a_class_of_wetness_holds_up_to_its_very_bound(fell_mm: float, ground: str, threshold_mm: float) -> None:
    days = Days()
    days.add(EIGHT - DAY_MS, round(fell_mm * 1000), DAY_MS)
    rule = Thresholds(Rule("r", ("low",), ONE, ("HTB01",), wetness=Wetness(0.9, 60.0, 1, 0.8, CLASSES)))

    judged = rule.judge(ledger_of((EIGHT - 5 * MINUTE, EIGHT, 40), days=days), EIGHT, level=0)

    assert judged.evidence is not None
    assert (judged.evidence.wetness, judged.evidence.threshold_mm) == (ground, threshold_mm)
    assert judged.evidence.wetness_mm == round(fell_mm * 900) / 1000


@pytest.mark.parametrize(
    ("covered_ms", "rain_mm", "capacity_mm", "expected_um"),
    [
        ((DAY_MS, DAY_MS), (10.0, 20.0), None, 26_100),  # 0.9 (0.9 x 10 + 20): the API has no capacity
        ((DAY_MS, DAY_MS), (10.0, 20.0), 12.0, 12_000),
        ((round(0.6 * DAY_MS), DAY_MS), (0.0, 10.0), None, 9_000),  # four fifths of two days, no less
        ((round(0.6 * DAY_MS) - 1, DAY_MS), (0.0, 10.0), None, None),
        ((0, 3 * DAY_MS), (0.0, 10.0), None, None),  # no day is covered more than wholly
    ],
)
def test_the_ground_is_known_from_four_fifths_of_the_days(
    covered_ms: Sequence[int], rain_mm: Sequence[float], capacity_mm: float | None, expected_um: int | None
) -> None:
    days = Days()
    for place, (one_ms, mm) in enumerate(zip(covered_ms, rain_mm, strict=True)):
        days.add(EIGHT - (2 - place) * DAY_MS, round(mm * 1000), one_ms)

    assert days.index_um(Wetness(0.9, capacity_mm, 2, 0.8, ()), EIGHT) == expected_um
    days.add(EIGHT, 5_000, 0)  # what falls today counts from tomorrow on
    assert days.index_um(Wetness(0.9, capacity_mm, 2, 0.8, ()), EIGHT) == expected_um


def test_another_question_about_the_ground_gets_another_answer() -> None:
    days = Days()
    days.add(EIGHT - DAY_MS, 10_000, DAY_MS)

    answers = [days.index_um(Wetness(k, None, 1, 0.8, ()), at) for k, at in ((0.9, EIGHT), (0.5, EIGHT))]

    assert answers == [9_000, 5_000]
    assert days.index_um(Wetness(0.5, None, 1, 0.8, ()), EIGHT + 1) is None, "a day that nobody told of"


@pytest.mark.parametrize(("missing_min", "covered"), [(24, True), (25, False)])
def test_a_rise_asks_for_coverage_of_twice_its_duration(missing_min: int, covered: bool) -> None:  # noqa: FBT001 - a case
    """An hour and the one before it: four fifths of two hours are covered with 24 minutes missing, in either."""
    rule = Thresholds(Rule("r", ("low",), (), ("HTB01",), rises=ONE))
    ledger = ledger_of((T0 - 180 * MINUTE, T0 - 110 * MINUTE, 0))
    hole = Increment(T0 - 110 * MINUTE, T0 - (110 - missing_min) * MINUTE, 0, 0, 0, Step.RESET, Flag.SUSPECT, True)
    ledger.append(hole)
    ledger.append(Increment(hole.until, T0, 0, 0, 0, Step.STEADY, Flag.GOOD, True))

    assert rule.judge(ledger, T0, level=1).covered is covered


def test_a_reset_that_begins_a_record_covers_nothing_of_what_was_before() -> None:
    rule = Thresholds(Rule("r", ("low",), ONE, ("HTB01",)))

    assert rule.judge(ledger_of((T0 - 60 * MINUTE, T0, 4), step=Step.RESET), T0, level=1).covered, "it begins now"


@pytest.mark.parametrize(("doubted", "tips", "unconfirmed"), [(True, 20, True), (False, 20, False), (True, 19, False)])
def test_rain_in_doubt_alone_leaves_a_level_unconfirmed(doubted: bool, tips: int, unconfirmed: bool) -> None:  # noqa: FBT001 - a case
    rule = Thresholds(Rule("r", ("low",), ONE, ("HTB01",)))

    evidence = rule.judge(ledger_of((T0 - 5 * MINUTE, T0, tips), doubted=doubted), T0, level=0).evidence

    assert evidence is not None
    assert evidence.unconfirmed is unconfirmed
    assert evidence.doubted_mm == (tips / 2 if doubted else 0)
    assert (evidence.peak_mm, evidence.peak_since, evidence.peak_until) == (tips / 2, T0 - 5 * MINUTE, T0)


def test_the_evidence_of_a_sum_is_all_of_its_window_whatever_fell_before() -> None:
    rule = Thresholds(Rule("r", ("low",), ONE, ("HTB01",)))

    evidence = rule.judge(
        ledger_of((T0 - 65 * MINUTE, T0 - 60 * MINUTE, 8), (T0 - MINUTE, T0, 20)), T0, level=0
    ).evidence

    assert evidence is not None
    assert (evidence.measure, evidence.rain_mm, evidence.rain_mm_max) == ("sum", 10.0, 10.0)
    assert (evidence.wetness, evidence.wetness_mm, evidence.season) == ("", None, ""), "the rule knows none of it"


def test_ground_of_which_too_little_is_known_is_as_wet_as_can_be() -> None:
    rule = Thresholds(Rule("r", ("low",), ONE, ("HTB01",), wetness=Wetness(0.9, 60.0, 1, 0.8, CLASSES)))

    evidence = rule.judge(ledger_of((EIGHT - MINUTE, EIGHT, 20), days=Days()), EIGHT, level=0).evidence

    assert evidence is not None
    assert (evidence.wetness, evidence.wetness_mm, evidence.threshold_mm) == ("wet", None, 10.0)


def test_the_evidence_of_a_rise_is_what_fell_more() -> None:
    rule = Thresholds(Rule("r", ("low",), (), ("HTB01",), rises=(Threshold(600, "low", 2.0),)))
    ledger = ledger_of(
        *((T0 + 5 * (number - 1) * MINUTE, T0 + 5 * number * MINUTE, tips) for number, tips in enumerate([1, 1, 3, 4]))
    )

    evidence = rule.judge(ledger, T0 + 15 * MINUTE, level=0).evidence

    assert evidence is not None
    assert (evidence.measure, evidence.window_s, evidence.threshold_mm) == ("rise", 600, 2.0)
    assert (evidence.rain_mm, evidence.rain_mm_max) == (2.5, 2.5)
    assert evidence.since == T0 + 5 * MINUTE


def basin_of(over: Over, ledgers: dict[str, Ledger], *, at_least: int = 1) -> BasinRecord:
    rule = Rule("b", ("low",), ONE, (), basins=("b",), over=over, at_least=at_least)
    basin = Basin("b", "b", (("HTB01", 2.0), ("HTB02", 1.0), ("HTB03", 1.0)))
    return BasinRecord(basin, rule, {name: station(name) for name in NAMES}, ledgers)


@pytest.mark.parametrize(
    ("over", "at_least", "silent_ms", "rain_mm", "absent"),
    [
        (Over.KTH, 2, THERE_MS, 4.0, ()),  # 30 minutes and no more: it counts
        (Over.KTH, 3, THERE_MS, 2.0, ()),
        (Over.KTH, 2, THERE_MS + 1, 2.0, ("HTB02",)),
        (Over.KTH, 3, THERE_MS + 1, 0.0, ("HTB02",)),  # what it had nobody knows: three are not there
        (Over.MEAN, 1, THERE_MS + 1, 14 / 3, ("HTB02",)),
        (Over.MAXIMUM, 1, THERE_MS + 1, 6.0, ("HTB02",)),
    ],
)
def test_a_station_counts_for_half_an_hour_after_its_last_report(
    over: Over, at_least: int, silent_ms: int, rain_mm: float, absent: tuple[str, ...]
) -> None:
    assert THERE_MS == 30 * MINUTE
    now = T0 + silent_ms
    ledgers = {
        name: ledger_of((now - 5 * MINUTE, now, tips), name=name) for name, tips in (("HTB01", 12), ("HTB03", 4))
    }
    ledgers["HTB02"] = ledger_of((T0 - 5 * MINUTE, T0, 8), name="HTB02")
    record = basin_of(over, ledgers, at_least=at_least)

    record.look_from(now)
    window = record.window(since=now - 60 * MINUTE, until=now)

    assert record.absent == absent
    assert window.rain_um_min == window.rain_um_max == round(rain_mm * 1000, 3)
    shares = [("HTB01", 6.0), ("HTB02", 4.0), ("HTB03", 2.0)]
    assert record.shares(since=now - 60 * MINUTE, until=now) == tuple(one for one in shares if one[0] not in absent)
    assert record.peak(since=now - 60 * MINUTE, until=now) == (6_000, now - 5 * MINUTE, now)


def test_of_stations_that_had_as_much_the_first_is_named_first_and_the_later_reading_is_the_hardest() -> None:
    now = T0 + 10 * MINUTE
    ledgers = {
        "HTB02": ledger_of((now - 5 * MINUTE, now, 8), name="HTB02"),
        "HTB01": ledger_of((now - 10 * MINUTE, now - 5 * MINUTE, 8), name="HTB01"),
    }
    record = basin_of(Over.MAXIMUM, ledgers)

    record.look_from(now)

    assert [name for name, _ in record.shares(since=T0, until=now)] == ["HTB01", "HTB02"]
    assert record.peak(since=T0, until=now) == (4_000, now - 10 * MINUTE, now - 5 * MINUTE), "the first to tell it"
    assert record.wet_at(now)
    assert record.wet_at(now - 5 * MINUTE)
    assert not record.wet_at(now - 1)


def test_a_mean_is_told_to_a_thousandth_of_a_micrometre_on_what_surely_and_on_what_possibly_fell() -> None:
    ledgers = {name: ledger_of((T0 - 5 * MINUTE, T0, 0), name=name) for name in NAMES}
    ledgers["HTB01"].append(Increment(T0, T0 + MINUTE, 2, 1, 3, Step.RESET, Flag.SUSPECT, True), doubted=True)
    ledgers["HTB02"].append(Increment(T0, T0 + MINUTE, 1, 1, 1, Step.STEADY, Flag.GOOD, True))
    ledgers["HTB03"] = ledger_of(name="HTB03")
    record = basin_of(Over.MEAN, ledgers)

    record.look_from(T0 + MINUTE)

    window = record.window(since=T0, until=T0 + MINUTE)
    assert (window.rain_um_min, window.rain_um_max, window.doubted_um) == (500.0, 1_166.667, 333.333)
    assert record.absent == ("HTB03",)
    assert record.coverage(since=T0, until=T0 + MINUTE) == 0.25, "a reset covers nothing, nor who was never heard"
    assert record.first_at == T0 - 5 * MINUTE


def test_how_wet_the_ground_of_a_basin_is_nobody_knows_where_one_station_does_not() -> None:
    def days(mm: float, covered: float = 1.0) -> Days:
        known = Days()
        known.add(EIGHT - DAY_MS, round(mm * 1000), round(DAY_MS * covered))
        return known

    wetness = Wetness(0.5, None, 1, 0.8, ())
    reading = (EIGHT - MINUTE, EIGHT, 0)
    told = {name: ledger_of(reading, name=name, days=days(mm)) for name, mm in zip(NAMES, (40, 8, 16), strict=True)}
    one_lacks = {**told, "HTB02": ledger_of(reading, name="HTB02", days=days(8, 0.5))}

    indices = []
    for ledgers in (told, one_lacks):
        record = basin_of(Over.MEAN, ledgers)
        record.look_from(EIGHT)
        indices.append(record.antecedent(wetness, EIGHT))

    assert indices == [13_000, None]  # (2 x 20 + 4 + 8) / 4


def test_a_rise_of_a_mean_that_is_its_threshold_to_the_micrometre_reaches_it() -> None:
    """Means of three kilometres: 4/3 mm after 1/3 mm are 1 mm more, though neither is a whole number of micrometres."""
    rule = Thresholds(Rule("b", ("low",), (), (), basins=("b",), rises=(Threshold(300, "low", 1.0),)))
    basin = Basin("b", "b", (("HTB01", 1.0), ("HTB02", 2.0)))
    ledgers = {
        "HTB01": ledger_of((T0 - 10 * MINUTE, T0 - 5 * MINUTE, 2), (T0 - 5 * MINUTE, T0, 8)),
        "HTB02": ledger_of((T0 - 10 * MINUTE, T0 - 5 * MINUTE, 0), (T0 - 5 * MINUTE, T0, 0), name="HTB02"),
    }

    judged = rule.judge(BasinRecord(basin, rule.rule, {name: station(name) for name in NAMES}, ledgers), T0, level=0)

    assert judged.reached == 1
    assert judged.evidence is not None
    assert (judged.evidence.measure, judged.evidence.rain_mm) == ("rise", 1.0)


def test_a_mean_that_is_less_than_a_micrometre_below_the_mark_for_clearing_does_not_hold_the_level() -> None:
    """The mean of 0.5 and 0.0 mm over three kilometres is 333.333 micrometres: less than 334, and not less than 333."""
    basin = Basin("b", "b", (("HTB01", 2.0), ("HTB02", 1.0)))
    held = []
    for threshold_mm in (0.333, 0.334):
        rule = Thresholds(
            Rule("b", ("low",), (Threshold(300, "low", threshold_mm),), (), basins=("b",), clear_ratio=1.0)
        )
        ledgers = {
            "HTB01": ledger_of((T0 - 5 * MINUTE, T0, 0)),
            "HTB02": ledger_of((T0 - 5 * MINUTE, T0, 2), name="HTB02"),
        }
        record = BasinRecord(basin, rule.rule, {name: station(name) for name in NAMES}, ledgers)
        held.append(rule.judge(record, T0, level=1).held)

    assert held == [1, 0]
