"""A basin's record at its edges: of no station, of one that was never heard, and to the last micrometre."""

import pytest

from gauge_ingest.core.basin import BasinRecord
from gauge_ingest.core.ledger import Ledger
from gauge_ingest.core.model import Basin, Flag, Increment, Over, Rule, Step, Threshold, Wetness
from gauge_ingest.core.rules import DRY, Thresholds
from tests.worlds import HOUR, MINUTE, T0, station

NAMES = ("HTB01", "HTB02", "HTB03")
BASIN = Basin("b", "b", (("HTB03", 1.0), ("HTB01", 2.0), ("HTB02", 1.0)))
FIVE = 5 * MINUTE


def rule_of(over: Over, **changes: object) -> Rule:
    given = {"thresholds": (Threshold(3600, "low", 10.0),), **changes}
    return Rule("b", ("low",), stations=(), basins=("b",), over=over, **given)  # type: ignore[arg-type]  # by name


def record_of(over: Over, ledgers: dict[str, Ledger]) -> BasinRecord:
    return BasinRecord(BASIN, rule_of(over), {name: station(name) for name in NAMES}, ledgers)


def ledger(*tips: int, name: str = "HTB01", doubted: bool = False, since: int = T0 - 15 * MINUTE) -> Ledger:
    """Readings every five minutes of half a millimetre a tip."""
    filled = Ledger(station(name))
    for number, count in enumerate(tips):
        at = since + number * FIVE
        filled.append(Increment(at, at + FIVE, count, count, count, Step.STEADY, Flag.GOOD, True), doubted=doubted)
    return filled


@pytest.mark.parametrize("over", Over)
def test_a_basin_none_of_whose_stations_is_known_has_no_rain_and_is_not_covered(over: Over) -> None:
    record = record_of(over, {})

    record.look_from(T0)

    assert record.window(since=T0 - HOUR, until=T0) == (T0 - HOUR, T0, 0, 0, 0)
    assert record.peak(since=T0 - HOUR, until=T0) == (0, T0 - HOUR, T0)
    assert (record.most_um(0), record.coverage(since=0, until=T0), record.first_at) == (0, 0.0, None)
    assert (record.shares(since=0, until=T0), record.absent) == ((), ())
    assert record.antecedent(Wetness(0.9, 60.0, 1, 0.8, ()), T0) is None
    assert Thresholds(rule_of(over)).judge(record, T0, level=0) is DRY


def test_a_record_begins_with_its_first_station_and_of_readings_as_hard_the_first_told_counts() -> None:
    longer = Ledger(station("HTB03"))
    longer.append(Increment(T0 - 30 * MINUTE, T0, 8, 8, 8, Step.GAP, Flag.GOOD, True))
    record = record_of(Over.MAXIMUM, {"HTB01": ledger(0, 8, 0), "HTB03": longer})

    record.look_from(T0)

    assert record.first_at == T0 - 30 * MINUTE
    assert record.peak(since=T0 - HOUR, until=T0) == (4_000, T0 - 10 * MINUTE, T0 - FIVE)


def test_where_nobody_was_heard_for_long_what_all_of_them_had_still_counts() -> None:
    ledgers = {name: ledger(1, 3, tips, name=name) for tips, name in enumerate(NAMES)}
    record = record_of(Over.MAXIMUM, ledgers)

    record.look_from(T0 + 2 * HOUR)

    assert record.absent == ()
    assert record.window(since=T0 - HOUR, until=T0 + 2 * HOUR).rain_um_min == 3_000


@pytest.mark.parametrize("over", [Over.MAXIMUM, Over.KTH, Over.MEAN])
def test_the_wettest_station_alone_brings_its_basin_near_a_level(over: Over) -> None:
    """What is not near is not judged at all: so much rain must be possible, whatever the others had."""
    record = record_of(over, {name: ledger(0, 0, 40 * (name == "HTB02"), name=name) for name in NAMES})
    rule = Thresholds(rule_of(over, thresholds=(Threshold(3600, "low", 5.0),)))

    judged = rule.judge(record, T0, level=0, why_not=False)

    assert rule.near(record, T0)
    assert judged.reached == 1


def test_stations_that_surely_had_as_much_are_named_in_the_order_of_their_names() -> None:
    ledgers = {name: ledger(0, 0, 0, name=name) for name in NAMES}
    for tips_max, name in enumerate(("HTB03", "HTB02", "HTB01"), 2):
        ledgers[name].append(Increment(T0, T0 + FIVE, 2, 2, tips_max, Step.RESET, Flag.SUSPECT, True))
    record = record_of(Over.MEAN, ledgers)

    record.look_from(T0 + FIVE)

    assert record.shares(since=T0, until=T0 + FIVE) == (("HTB01", 1.0), ("HTB02", 1.0), ("HTB03", 1.0))


def test_what_is_doubted_in_a_mean_is_no_more_than_its_whole_micrometres() -> None:
    ledgers = {name: ledger(1, 0, 0, name=name, doubted=name == "HTB01") for name in NAMES}
    record = record_of(Over.MEAN, ledgers)

    record.look_from(T0)

    assert record.window(since=T0 - HOUR, until=T0) == (T0 - HOUR, T0, 500, 500, 250)


@pytest.mark.parametrize("over", [Over.MAXIMUM, Over.KTH])
def test_a_rise_of_a_figure_that_is_not_rounded_is_told_to_the_micrometre(over: Over) -> None:
    rises = (Threshold(300, "low", 1.0),)
    record = record_of(over, {name: ledger(0, 1, 3, name=name) for name in NAMES})

    evidence = Thresholds(rule_of(over, thresholds=(), rises=rises)).judge(record, T0, level=0).evidence

    assert evidence is not None
    assert (evidence.measure, evidence.rain_mm, evidence.rain_mm_max) == ("rise", 1.0, 1.0)
