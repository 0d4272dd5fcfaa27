"""Intensity-duration curves: the depths of the papers, mistakes told by name, and rain judged by them."""

from itertools import pairwise
from pathlib import Path

import pytest

from gauge_ingest.configuration.curves import DURATIONS_S, CurveTable
from gauge_ingest.configuration.mistakes import Place
from gauge_ingest.configuration.rules import RulesRead, read_rules
from tests.worlds import HOUR, MINUTE, T0, Desk, message, station

CAINE = {"a": 14.82, "b": -0.39}


def read(curve: object, *levels: str, **more: object) -> RulesRead:
    rule = {"levels": levels or ("watch",), "stations": "all", "source": "a paper", "curve": curve, **more}
    return read_rules({"rules": {"flow": rule}}, {"HTB01": None})


@pytest.mark.parametrize(
    ("curve", "hours", "depth_mm"),
    [
        (CAINE, 1, 14.8),
        (CAINE, 3, 29),
        (CAINE, 6, 44),
        (CAINE, 24, 103),
        ({"a": 2.2, "b": -0.44}, 1, 2.2),  # Guzzetti et al. 2008
        ({"a": 2.2, "b": -0.44}, 24, 13),
        ({"a": 7.2, "b": -1, "c": 0.48}, 10, 12),  # Crosta and Frattini
        ({"a": 10, "b": 0}, 0.5, 5),
    ],
)
def test_the_depths_are_those_of_the_papers(curve: dict[str, float], hours: float, depth_mm: float) -> None:
    figures = {name: float(value) for name, value in curve.items()}

    assert CurveTable(**figures).depth_mm(round(hours * 3_600)) == pytest.approx(depth_mm, rel=0.01)


def test_a_curve_is_a_threshold_at_each_duration_and_level() -> None:
    found = read({"immediate": {"a": 30.0, "b": -0.39}, "prepare": CAINE}, "prepare", "immediate")

    assert not found.mistakes
    (rule,) = found.rules
    assert [(one.window_s, one.level) for one in rule.thresholds[:3]] == [
        (600, "prepare"),
        (600, "immediate"),
        (900, "prepare"),
    ]
    assert len(rule.thresholds) == 2 * len(DURATIONS_S) == 36
    assert rule.window_max_s == 72 * 3_600
    assert all(later <= 1.5 * before for before, later in pairwise(DURATIONS_S))


@pytest.mark.parametrize(
    ("found", "key", "remedy"),
    [
        (read({}), "rules.flow.curve", "a line for each level, like watch = { a = 14.82"),
        (read(5), "rules.flow.curve", "a line for each level"),
        (read({"watch": 5}), "rules.flow.curve.watch", "written like { a = 14.82, b = -0.39 }"),
        (read({"wacht": CAINE, "watch": CAINE}), "rules.flow.curve.wacht", "did you mean watch?"),
        (read({"watch": {"a": 1.0}}), "rules.flow.curve.watch.b", "is required"),
        (read({"watch": {"a": 0.0, "b": -0.4}}), "rules.flow.curve.watch.a", "greater than 0"),
        (read({"watch": {"a": 1.0, "b": 0.4}}), "rules.flow.curve.watch.b", "at most 0"),
        (read({"watch": {"a": 1.0, "b": -1.1}}), "rules.flow.curve.watch.b", "at least -1"),
        (read({"watch": {"a": float("inf"), "b": -0.4}}), "rules.flow.curve.watch.a", "a finite number"),
        (read({"watch": {**CAINE, "c": -1.0}}), "rules.flow.curve.watch.c", "at least 0"),
        (read({"watch": {**CAINE, "d": 1.0}}), "rules.flow.curve.watch.d", "unknown key"),
        (read({"a": CAINE}, "a", "b"), "rules.flow.curve.b", "is required: a level without a curve"),
        (
            read({"a": CAINE, "b": {"a": 15.0, "b": -0.5}}, "a", "b"),
            "rules.flow.curve.b",
            "18.371 mm in 90m must be more than 18.979",
        ),
        (read({"a": {"a": 900.0, "b": 0.4}, "b": CAINE}, "a", "b"), "rules.flow.curve.a.b", "at most 0"),
        (
            read({"watch": {"a": 0.0001, "b": -0.5}}),
            "rules.flow.curve.watch",
            "less than 0.001 mm in 10m must be greater than 0",
        ),
        (
            read({"watch": {"a": 900.0, "b": -0.1}}),
            "rules.flow.curve.watch",
            "mm in 8h must be greater than 0 and at most 5000",
        ),
        (read({"watch": CAINE}, rain_mm={"1h": {"watch": 5}}), "rules.flow.curve", "stands beside rain_mm"),
    ],
)
def test_a_mistake_is_told_by_its_name_with_what_would_be_right(found: RulesRead, key: str, remedy: str) -> None:
    told = [(one.key, one.remedy) for one in found.mistakes]

    assert [name for name, _ in told] == [key]
    assert remedy in told[0][1]


def test_wrong_levels_are_told_and_not_their_curves() -> None:
    found = read({"a b": CAINE}, "a b")

    assert [one.key for one in found.mistakes] == [Place("rules.toml", "rules.flow.levels").at(1).key]


@pytest.mark.parametrize(
    ("mm_per_h", "hours", "after_min"), [(30.0, 1, 10), (12.0, 3, 115), (9.0, 5, 233), (4.0, 12, None)]
)
def test_steady_rain_reaches_the_level_at_the_first_duration_that_lies_below_it(
    tmp_path: Path, mm_per_h: float, hours: int, after_min: int | None
) -> None:
    """By hand: 30 mm/h crosses the curve at 9.8 min, 12 at 1.7 h, 9 at 3.6 h, 4 at 29 h.

    So 10 min, 2 h and 4 h decide, with 4.97, 22.6 and 34.5 mm: full tips of 0.5 mm reach them after 10, 46 and 70 tips.
    """
    (rule,) = read({"watch": CAINE}).rules
    desk = Desk(tmp_path, [station()], [rule])
    every_ms = round(0.5 / mm_per_h * HOUR)  # a tip of 0.5 mm
    for tips in range(hours * HOUR // every_ms):
        desk.now = T0 + tips * every_ms
        desk.take(message([(desk.now, tips)], seq=tips))
    desk.settle()

    raised = [one.rained_since for one in desk.journal.reader.alerts.all(ended=True)]

    if after_min is None:
        assert raised == []
    else:
        assert raised == pytest.approx([T0 + after_min * MINUTE], abs=MINUTE)
