"""The checks against the neighbours, case by case: at each threshold and just beside it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gauge_ingest.core.model import Kind, Step
from gauge_ingest.core.quality.checks import Gauge
from gauge_ingest.core.quality.seen import Seen
from gauge_ingest.core.quality.settings import DEFAULTS, QualitySettings
from gauge_ingest.core.quality.verdicts import Check
from tests.core.quality import DAY_MIN, GAUGE, MS, Case, hold, reading
from tests.worlds import MINUTE

# A quarter of an hour for reports to come, and half an hour for rain to travel.
ZERO_LAG = 45
# Two reports of this one may be three months apart.
SELDOM = GAUGE._replace(gap_after_ms=90 * 24 * 60 * MINUTE)
LONG = 60 * DAY_MIN
THIRTY = replace(DEFAULTS, influx_ratio=30.0)
Readings = Sequence[Seen]


def gauge(*wet: tuple[float, float], until: float = 120, since: float = -60, every_min: float = 10) -> list[Seen]:
    """A neighbour that reports all the time and had the rain (minute, mm)."""
    count = round((until - since) / every_min)
    dry = [reading(since + at * every_min) for at in range(count + 1)]
    return sorted([*dry, *(reading(at, mm) for at, mm in wet)])


def had(*rain_mm: float, at: float = 10) -> list[Readings]:
    """Neighbours that each had so much at one time."""
    return [gauge((at, mm)) for mm in rain_mm]


DRY = [reading(0, 0.5), reading(60)]
BEGUN = [reading(0, step=Step.FIRST), reading(60)]
LATER = [reading(0, 0.5), reading(LONG), reading(LONG + MS)]


def case(
    name: str,
    readings: Readings,
    outcomes: str,
    reason: str | None = None,
    *,
    around: Sequence[Readings] = (),
    gauge: Gauge = SELDOM,
    used: QualitySettings = DEFAULTS,
) -> Case:
    return Case(name, readings, outcomes, reason, used, gauge, around)


def now_and_then(*wet: tuple[float, float]) -> list[Seen]:
    """A neighbour of two months: its rain, and reports around the end."""
    return gauge(*wet, since=LONG - 60, until=LONG + 5)


DRY_SPELL = [
    case("it has just rained", [reading(0, 0.5)], "P", ""),
    case("sixty days without rain, and a little more", LATER, "PPS", "no tip for 60 d"),
    case("sixty days since the record began", [reading(0, step=Step.FIRST), *LATER[1:]], "PPS"),
    case("a tip ends it", [*LATER, reading(LONG + 5, 0.5), reading(LONG + 10)], "PPSPP", ""),
    case("neighbours that are dry too", LATER, "PPP", "and so are the neighbours", around=[now_and_then()] * 3),
    case("neighbours that had a millimetre", LATER, "PPS", around=[now_and_then((DAY_MIN, 1.0))] * 3),
    case("neighbours that had less", LATER, "PPP", around=[now_and_then((DAY_MIN, 0.5))] * 3),
    case("only two neighbours that are dry too", LATER, "PPS", around=[now_and_then()] * 2),
    case("neighbours that are silent", LATER, "PPS", around=[now_and_then()] * 2 + [gauge(until=60)]),
    case(
        "a counter that restarted begins anew",
        [*LATER[:2], reading(LONG + MS, step=Step.RESET), reading(LONG + 5)],
        "PPPP",
    ),
    case("a new gauge begins anew", [*LATER[:2], reading(LONG + MS, step=Step.DEPLOYED), reading(LONG + 5)], "PPPP"),
    case("a gap does not", [*LATER[:2], reading(LONG + MS, step=Step.GAP)], "PPS"),
]

FAULTY_ZERO = [
    case("neighbours that had 3 mm", DRY, "PP", "", around=had(3, 3, 9, 9)),
    case(
        "neighbours that had more",
        DRY,
        "PS",
        "no tip while half of 4 neighbours had 6 mm, three quarters 3.001 mm or more",
        around=had(3.001, 3.001, 9, 9),
    ),
    case("half of them had 4 mm", DRY, "PP", "", around=had(3.5, 4, 50)),
    case("half of them had more", DRY, "PS", "half of 3 neighbours had 4.001 mm", around=had(3.5, 4.001, 50)),
    case("one of three had too little", DRY, "PP", around=had(3, 50, 50)),
    case("since the record began", BEGUN, "PS", around=had(6, 6, 6)),
    case("one of four stayed dry by chance", DRY, "PS", "half of 4", around=had(1, 3.001, 7, 9)),
    case("one of four is dry and another had too little", DRY, "PP", around=had(0, 3, 9, 9)),
    case("one of four is dead itself", DRY, "PS", "had 4.001 mm", around=had(0, 3.001, 4.001, 50)),
    case("two of four had little", DRY, "PP", around=had(1, 1, 11, 11)),
    case("two of four are dry", DRY, "PP", "", around=had(0, 0, 60, 60)),
    case("two of eight are dry", DRY, "PS", "of 8", around=had(0, 0, *[4.001] * 6)),
    case("four of eight are dry", DRY, "PP", around=had(0, 0, 0, 0, 9, 9, 9, 9)),
    case("it counts when the lag is over", [reading(0, 0.5), reading(10 + ZERO_LAG)], "PS", around=had(6, 6, 6)),
    case("it does not count yet", [reading(0, 0.5), reading(10 + ZERO_LAG - MS)], "PP", around=had(6, 6, 6)),
    case(
        "rain that was on its way and came is no fault",
        [reading(0, 0.5), reading(40), reading(10 + ZERO_LAG - MS, 0.5), reading(100)],
        "PPPP",
        around=had(6, 6, 6),
    ),
    case("what they had before its own tip does not count", [reading(10, 0.5), reading(60)], "PP", around=had(6, 6, 6)),
    case("it stays dry after them", [*DRY, reading(65), reading(90)], "PSSS", around=had(6, 6, 6)),
    case("a tip ends it", [*DRY, reading(65, 0.5), reading(90)], "PSPP", around=had(6, 6, 6)),
    case(
        "little by little",
        [reading(0, 0.5), *(reading(at + ZERO_LAG) for at in (10, 40, 70))],
        "PPPS",
        around=[gauge((10, 1.4), (40, 1.4), (70, 1.4))] * 3,
    ),
    case(
        "what they had in its own silence does not count",
        [reading(0, 0.5), reading(100)],
        "PP",
        around=[gauge((30, 6))] * 3,
        gauge=GAUGE,
    ),
    case(
        "what they had before its silence counts",
        [reading(0, 0.5), reading(12), reading(60)],
        "PPS",
        around=had(6, 6, 6),
        gauge=GAUGE,
    ),
    case(
        "a silence that is no gap",
        [reading(at, 0.0 if at else 0.5) for at in (0, 17.5, 30, 45, 2 + ZERO_LAG)],
        "PPPPS",
        around=had(6, 6, 6, at=2),
        gauge=GAUGE,
    ),
    case(
        "a silence a little longer",
        [reading(at, 0.0 if at else 0.5) for at in (0, 17.5 + MS, 30, 45, 2 + ZERO_LAG)],
        "PPPPP",
        around=had(6, 6, 6, at=2),
        gauge=GAUGE,
    ),
    case(
        "while somebody is at the gauge nobody asks",
        [*DRY, reading(65, kind=Kind.MAINTENANCE)],
        "PS.",
        around=had(6, 6, 6),
    ),
    case("two neighbours are too few", DRY, "..", around=had(6, 6)),
    case("no neighbours at all", DRY, ".."),
    case(
        "one of three is silent",
        [reading(0, 0.5), reading(50 + ZERO_LAG + MS)],
        "P.",
        around=[gauge(), gauge(), gauge(until=20)],
    ),
    case(
        "one of three was there until now",
        [reading(0, 0.5), reading(50 + ZERO_LAG)],
        "PP",
        around=[gauge(), gauge(), gauge(until=20)],
    ),
    case("one of three came late", DRY, ".P", around=[gauge(), gauge(), gauge(since=10)]),
    case(
        "what silent neighbours had counts",
        [reading(0, 0.5), reading(100)],
        "PS",
        around=[gauge((10, 6), until=20)] * 3,
    ),
]

BURST = [reading(30, 10.5), reading(45)]
HIGH_INFLUX = [
    case("no rain is not far more", DRY, "PP", around=had(0, 0, 0)),
    case("10 mm in five minutes", [reading(30, 10.0), reading(45)], "PP", "", around=had(0, 0, 0)),
    case("more, and the neighbours had nothing", BURST, "SP", around=had(0, 0, 0)),
    case("the neighbours had 0.399 mm", BURST, "SP", around=had(0.399, 0.399, 0.399, at=30)),
    case("the neighbours had 0.42 mm", BURST, "PP", around=had(0.42, 0.42, 0.42, at=30)),
    case("twenty-five times as much", [reading(30, 12.5), reading(45)], "PP", around=had(0.5, 0.5, 0.5, at=30)),
    case("more than twenty-five times as much", [reading(30, 13), reading(45)], "SP", around=had(0.5, 0.5, 0.5, at=30)),
    case(
        "0.4 mm are enough to compare",
        [reading(30, 12), reading(45)],
        "PP",
        around=had(0.4, 0.4, 0.4, at=30),
        used=THIRTY,
    ),
    case("they had it half an hour before", BURST, "PP", around=had(6, 6, 6, at=-5 + MS)),
    case("they had it earlier", BURST, "SP", around=had(6, 6, 6, at=-5)),
    case("they had it afterwards", BURST, "SP", around=had(6, 6, 6, at=30 + MS)),
    case("the neighbours have not reported yet", [reading(30, 10.5)], "S", "have yet to report", around=had(6, 6, 6)),
    case("not yet either", [reading(30, 10.5), reading(45 - MS)], "SP", around=had(6, 6, 6, at=30)),
    case("a neighbour is silent", BURST, ".P", around=[gauge(), gauge(), gauge(until=-20)]),
    case(
        "a neighbour has just been there",
        [reading(30, 10.5)],
        "S",
        around=[gauge(), gauge(), gauge(since=-65, until=-15)],
    ),
    case(
        "a neighbour was there, but not so late",
        [reading(30, 10.5)],
        ".",
        around=[gauge(), gauge(), gauge(since=-65 - MS, until=-15 - MS)],
    ),
    case("neighbours that come back were not there yet", [reading(30, 10.5)], ".", around=[gauge(since=20)] * 3),
    case("neighbours that came back decide", BURST, "SP", around=[gauge(since=20)] * 3),
    case("two neighbours are too few", BURST, "..", around=had(0, 0)),
    case(
        "nobody knows when the rain of a gap fell",
        [reading(30, 50, span_min=60, step=Step.GAP), reading(45)],
        ".P",
        around=had(0, 0, 0),
    ),
    case(
        "30.5 mm in an hour",
        [*(reading(at, 7.5) for at in (0, 15, 30)), reading(45, 8), reading(60)],
        "PPPPP",
        around=had(0, 0, 0),
    ),
    case(
        "31 mm in an hour",
        [*(reading(at, 7.5) for at in (0, 15, 30)), reading(45, 8.5), reading(60)],
        "PPPSP",
        around=had(0, 0, 0),
    ),
    case(
        "127.5 mm in a day", [reading(at * 120, 7.5) for at in range(17)], "P" * 17, around=[gauge(until=33 * 60)] * 3
    ),
    case(
        "135 mm in a day, too little of it at the neighbours",
        [reading(at * 80, 7.5) for at in range(18)] + [reading(1_380)],
        "P" * 17 + "SP",
        around=[gauge(until=33 * 60)] * 3,
    ),
]

TABLES = {Check.DRY_SPELL: DRY_SPELL, Check.FAULTY_ZERO: FAULTY_ZERO, Check.HIGH_INFLUX: HIGH_INFLUX}


@pytest.mark.parametrize("case", DRY_SPELL, ids=lambda case: case.name)
def test_a_gauge_that_is_dry_for_too_long_is_doubted(case: Case) -> None:
    hold(Check.DRY_SPELL, case)


@pytest.mark.parametrize("case", FAULTY_ZERO, ids=lambda case: case.name)
def test_a_gauge_that_stays_dry_in_the_rain_of_its_neighbours_is_doubted(case: Case) -> None:
    hold(Check.FAULTY_ZERO, case)


@pytest.mark.parametrize("case", HIGH_INFLUX, ids=lambda case: case.name)
def test_a_gauge_that_has_far_more_than_its_neighbours_is_doubted(case: Case) -> None:
    hold(Check.HIGH_INFLUX, case)
