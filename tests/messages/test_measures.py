"""A figure says what it is: a sum, a rise, the mean of a basin, what one of its stations had."""

from dataclasses import replace

import pytest

from gauge_ingest.core.measures import measure_of
from gauge_ingest.core.model import Over
from gauge_ingest.messages.gather import facts_of
from gauge_ingest.messages.samples import SAMPLES, WORLD
from gauge_ingest.messages.writer import Writer
from gauge_ingest.notifiers.text import rain
from tests.messages.goldens import reader, sample

STATION = SAMPLES["raised"].event.evidence
BASIN = SAMPLES["basin"].event.evidence
RULE = WORLD.rules["flash_flood"]


@pytest.mark.parametrize(
    ("over", "at_least", "measure", "zh", "en"),
    [
        (Over.MEAN, 1, "sum", ("面雨量", "面雨"), (" (mean of the basin)", " mean")),
        (Over.MAXIMUM, 1, "sum", ("单站最大雨量", "最大"), (" (wettest station)", " max")),
        (Over.KTH, 2, "sum", ("第2大单站雨量", "第2大"), (" (2nd wettest station)", " 2nd")),
        (Over.KTH, 4, "sum", ("第4大单站雨量", "第4大"), (" (4th wettest station)", " 4th")),
        (
            Over.MEAN,
            1,
            "rise",
            ("面雨量比前1小时增加", "面雨增"),
            (" (rise over the 1 h before) (mean of the basin)", " rise mean"),
        ),
    ],
)
def test_of_a_basin(over: Over, at_least: int, measure: str, zh: tuple[str, str], en: tuple[str, str]) -> None:
    assert BASIN is not None
    evidence, rule = replace(BASIN, measure=measure), replace(RULE, over=over, at_least=at_least)

    assert measure_of(evidence, rule, "zh", "1小时") == zh
    assert measure_of(evidence, rule, "en", "1 h") == en


def test_of_a_station_and_without_its_rule() -> None:
    assert STATION is not None
    assert measure_of(STATION, RULE, "zh", "3小时") == ("累计雨量", "")
    assert measure_of(STATION, RULE, "en", "3 h") == ("", "")
    assert measure_of(replace(STATION, measure="rise"), RULE, "zh", "3小时") == ("雨量比前3小时增加", "增")
    assert measure_of(replace(STATION, measure="rise"), None, "en", "3 h") == (" (rise over the 3 h before)", " rise")


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "雨量比前1小时增加12.5毫米"), ("en", "12.5 mm in 1 h (rise over")]
)
def test_no_message_calls_a_rise_a_sum(language: str, said: str) -> None:
    message = sample("rising", language)

    assert said in message.subject
    assert said in message.text
    assert ("增12.5mm" in message.short, "12.5mm/1h rise" in message.short) == (language == "zh", language == "en")


def test_the_end_of_an_alert_calls_its_peak_what_it_was() -> None:
    one = SAMPLES["cleared"]
    assert one.alert.evidence is not None
    alert = replace(one.alert, evidence=replace(one.alert.evidence, measure="rise"))

    message = Writer(WORLD).message(one.event, alert, one.events, person=reader("zh"))

    assert "雨量比前3小时增加31.5毫米" in message.subject


@pytest.mark.parametrize(
    ("wetness", "index_mm", "said"),
    [
        ("", None, ""),
        ("湿", 40.0, "阈值按前期土壤“湿”取\n"),
        ("湿", None, "阈值按前期土壤“湿”取：前期资料不足，按最湿的一档\n"),
    ],
)
def test_the_ground_that_the_thresholds_stand_for_is_named_and_too_little_history_too(
    wetness: str, index_mm: float | None, said: str
) -> None:
    one = SAMPLES["raised"]
    assert one.event.evidence is not None
    event = replace(one.event, evidence=replace(one.event.evidence, wetness=wetness, wetness_mm=index_mm))

    facts = facts_of(event, one.alert, one.events, WORLD, language="zh", link="", repeated=False, drill=False)
    text = Writer(WORLD).written(facts, "zh").text

    assert (facts.wetness, facts.wetness_unknown) == (wetness, bool(wetness) and index_mm is None)
    assert ("阈值按前期土壤" in text) == bool(wetness)
    assert said in text


def test_stations_of_a_basin_that_were_not_heard_are_named() -> None:
    assert "没有数据的站：石门，雨量不明" in sample("basin", "zh").text
    assert "Not heard, so not known: 石门" in sample("basin", "en").text


def test_the_log_and_the_broker_call_a_rise_a_rise() -> None:
    assert STATION is not None
    assert rain(STATION).startswith("31.5 mm in 3h, threshold 30.0 mm")
    assert rain(replace(STATION, measure="rise")).startswith("31.5 mm in 3h (rise over the 3h before), threshold 30.0")
