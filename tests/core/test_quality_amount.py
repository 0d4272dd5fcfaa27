"""The checks of the amount, case by case: at each threshold and just beside it."""

from dataclasses import replace

import pytest

from gauge_ingest.core.model import Kind, Step
from gauge_ingest.core.quality.checks import Gauge
from gauge_ingest.core.quality.seen import Seen
from gauge_ingest.core.quality.settings import DEFAULTS, Climate, QualitySettings
from gauge_ingest.core.quality.verdicts import Check
from tests.core.quality import BUCKET_UM, DAY_MIN, GAUGE, HOUR_MIN, MS, Case, hold, named, reading, steps
from tests.worlds import MINUTE

WIDE = Gauge(BUCKET_UM, 5 * MINUTE, 750_000, through_mm_per_min=100.0)
ANY_RATE = replace(DEFAULTS, measured_max_mm_per_min=100.0)
TO_THE_MINUTE = GAUGE._replace(to_the_minute=True)
# The first instant of August in Beijing, in minutes after T0.
AUGUST = 16 * DAY_MIN + 6 * HOUR_MIN


def only(**limits_mm: tuple[float, ...]) -> QualitySettings:
    """A climate with limits of one duration alone."""
    return replace(DEFAULTS, climate=replace(Climate(*((2_000.0,) * 12,) * 4), **limits_mm))


def tips(*apart_s: float, first: float = 0.0) -> list[Seen]:
    """Single tips, each so many seconds after the one before."""
    at, found = first, [reading(first, 0.5, span_min=0, kind=Kind.EVENT)]
    for one in apart_s:
        at += one / 60
        found.append(reading(at, 0.5, span_min=one / 60, kind=Kind.EVENT))
    return found


def apart(*rain_mm: float, every_min: float) -> list[Seen]:
    """Wet steps with a dry one right after each."""
    return [
        seen for at, mm in enumerate(rain_mm) for seen in (reading(at * every_min, mm), reading(at * every_min + 5))
    ]


def daily(*days: float, first: float = 0.0, span_min: float = 5.0) -> list[Seen]:
    """A wet reading at minute `first`, and one at the begin of each of these days."""
    return [reading(first, 0.5), *(reading(day * DAY_MIN, 0.5, span_min=span_min) for day in days)]


TWENTY_BEFORE = 4 * HOUR_MIN - 5
LIMITS = [
    Case("no rain is within all limits", [reading(0)], "P"),
    Case("less than no rain cannot be", [reading(0, -0.5)], "F", "less than no rain"),
    Case("two tips more than a gauge measures well", [reading(0, 21.0)], "P", ""),
    Case("three tips more than a gauge measures well", [reading(0, 21.5)], "S", "measures well (4 mm a minute)"),
    Case("two tips more than a gauge lets through", [reading(0, 41.0)], "S"),
    Case("three tips more than a gauge lets through", [reading(0, 41.5)], "F", "lets through (8 mm a minute)"),
    Case(
        "a gauge that lets less through measures no more",
        [reading(0, 11.5)],
        "F",
        gauge=WIDE._replace(through_mm_per_min=2),
    ),
    Case("a minute of two readings", [reading(0, 3.0, span_min=0.5), reading(0.5, 2.0, span_min=0.5)], "PP"),
    Case(
        "too much in a minute of two readings", [reading(0, 3.0, span_min=0.5), reading(0.5, 2.5, span_min=0.5)], "PS"
    ),
    Case("two tips at once", [reading(0, 1.0, span_min=0)], "P"),
    Case("three tips at once", [reading(0, 1.5, span_min=0)], "F"),
    Case("the world's record of 15 minutes", steps(66, 66, 66), "PPP", "", ANY_RATE, WIDE),
    Case("the record of 15 minutes after other rain", steps(1, *[0] * 5, 66, 66, 66), "P" * 9, "", ANY_RATE, WIDE),
    Case(
        "more than the world's record of 15 minutes",
        steps(66, 66, 66.5),
        "PPF",
        "15 min, more than the rec",
        ANY_RATE,
        WIDE,
    ),
    Case("a reading a tenth longer than 15 minutes", [reading(0, 198.5, span_min=16.5)], "F", "record", ANY_RATE, WIDE),
    Case("a reading more than a tenth longer", [reading(0, 198.5, span_min=16.5 + MS)], "P", "", ANY_RATE, WIDE),
    Case("the world's record of an hour", steps(100, 100, 100, 101, every_min=15), "PPPP", "", ANY_RATE, WIDE),
    Case(
        "more than the record of an hour", steps(100, 100, 100, 101.5, every_min=15), "PPPF", "in 1 h", ANY_RATE, WIDE
    ),
    Case("the world's record of a day", steps(*[365] * 5, every_min=288), "PPPPP", "", ANY_RATE, WIDE),
    Case("more than the record of a day", steps(*[365] * 4, 365.5, every_min=288), "PPPPF", "in 24 h", ANY_RATE, WIDE),
    Case(
        "what fell a day before does not count", steps(1, *[365] * 4, 365, every_min=288), "PPPPPP", "", ANY_RATE, WIDE
    ),
]

CLIMATE = [
    Case("no rain is known everywhere", [reading(0)], "P"),
    Case("just below what is known of a minute", [reading(0, 3.5, span_min=1)], "P", ""),
    Case(
        "as much as is known of a minute",
        [reading(0, 4.0, span_min=1)],
        "S",
        "4 mm in 1 min, 1 times the most known here in July",
    ),
    Case("a minute and a tenth counts as one", [reading(0, 4.0, span_min=1.1)], "S"),
    Case("just below what is known of 15 minutes", steps(11.5, 11.5, 11.5), "PPP"),
    Case("as much as is known of 15 minutes", steps(11.5, 11.5, 12), "PPS", "in 15 min"),
    Case("one of the three readings ended 15 minutes before", steps(12, 11.5, 11.5, 11.5), "PPSP"),
    Case("just below what is known of an hour", steps(18.5, 18.5, 18.5, 19, every_min=15), "PPPP"),
    Case("as much as is known of an hour", steps(18.5, 18.5, 18.5, 19.5, every_min=15), "PPPS", "in 1 h"),
    Case("just below what is known of a day", steps(50, 50, 50, 49.5, every_min=360), "PPPP"),
    Case("as much as is known of a day", steps(50, 50, 50, 50, every_min=360), "PPPS", "in 24 h"),
    Case("nobody knows when it fell within half an hour", [reading(0, 40.0, span_min=30)], "P"),
    Case("the reason says how far", [reading(0, 10.0, span_min=1)], "S", "2.5 times"),
    Case(
        "July lasts to midnight in Beijing",
        [reading(AUGUST - MS, 5)],
        "P",
        "",
        only(rain_15m_mm=(9.0,) * 7 + (5.0,) * 5),
    ),
    Case(
        "August begins at midnight in Beijing",
        [reading(AUGUST, 5)],
        "S",
        "in Aug.",
        only(rain_15m_mm=(9.0,) * 7 + (5.0,) * 5),
    ),
]

TIPS = [
    Case("a sum of minutes does not say when its tips fell", [reading(0, 0.5)], "."),
    Case("no rain is no sum either", [reading(0)], "."),
    Case("an event without rain", [reading(0, kind=Kind.EVENT)], "P"),
    Case("the first tip follows none", tips(), "P"),
    Case("a bounce after 1.1 s", tips(1.1), "PS", "double tip: 1.1 s"),
    Case("a tip after 1.101 s", tips(1.101), "PP"),
    Case("nineteen tips two seconds apart", tips(*[2.0] * 18), "P" * 19),
    Case("twenty tips two seconds apart", tips(*[2.0] * 19), "S" * 19 + "F", "no bucket tips so"),
    Case("twenty tips a little further apart", tips(*[2.001] * 19), "P" * 20),
    Case("half of the last twenty are fast", tips(*[60, 2] * 10), "P" * 21),
    Case("more than half of the last twenty are fast", tips(2, 2, *[60, 2] * 9), "P" + "S" * 19 + "F"),
    Case("most are fast and this one is not", tips(*[2.0] * 18, 60), "P" * 20),
    Case("fast tips within three hours", tips(*[2.0] * 13, 10_763.999, *[2.0] * 5), "S" * 19 + "F"),
    Case("fast tips of two storms", tips(*[2.0] * 13, 10_764, *[2.0] * 5), "P" * 20),
    Case("tips of a whole minute at one time", tips(*[0.0] * 21), "P" + "S" * 21),
    Case("a record to the minute says nothing of double tips", tips(*[0.0] * 21), "." * 22, "", gauge=TO_THE_MINUTE),
    Case("nor of tips a second apart", tips(*[1.0] * 21), "." * 22, "", gauge=TO_THE_MINUTE),
    Case("tips at one second", tips(*[0.0] * 21, first=1 / 60), "S" * 19 + "FFF"),
]

REPEATED = [
    Case("eleven equal amounts", steps(*[2.0] * 11), "P" * 11),
    Case(
        "twelve equal amounts are doubted from the first on",
        steps(*[2.0] * 12),
        "S" * 12,
        "2 mm at least 12 times on end",
    ),
    Case("the thirteenth as well", steps(*[2.0] * 13, 2.5), "S" * 13 + "P"),
    Case("three tips are many", steps(*[1.5] * 12), "S" * 12),
    Case("thirty-five times two tips", steps(*[1.0] * 35), "P" * 35),
    Case("thirty-six times two tips", steps(*[1.0] * 36), "S" * 36, "at least 36 times"),
    Case("another amount begins anew", steps(*[2.0] * 11, 2.5, *[2.0] * 11), "P" * 23),
    Case("a dry step begins anew", steps(*[2.0] * 11, 0, *[2.0] * 11), "P" * 23),
    Case("what was before the dry step is not doubted", steps(2, 2, 0, *[2.0] * 12), "PPP" + "S" * 12),
    Case("no rain again and again", steps(*[0.0] * 40), "P" * 40),
    Case("half a step late is on end", [*steps(*[2.0] * 11), *steps(2.0, first=57.5)], "S" * 12),
    Case("more than half a step late is not", [*steps(*[2.0] * 11), *steps(2.0, first=57.5 + MS)], "P" * 12),
    Case("three large equal amounts", apart(10, 10, 10, every_min=60), "PP" * 3),
    Case("four large equal amounts between dry steps", apart(10, 10, 10, 10, every_min=60), "SP" * 4),
    Case("nineteen tips are not large", apart(*[9.5] * 4, every_min=60), "PP" * 4),
    Case("large amounts within 30 days, marked for a day", apart(*[10] * 4, every_min=10 * DAY_MIN), "PPPPPPSP"),
    Case("large amounts over more than 30 days", apart(*[10] * 4, every_min=10 * DAY_MIN + MS), "PP" * 4),
    Case("nobody knows the steps of a gap", [reading(0, 2, step=Step.GAP)], "."),
    Case("single tips are always equal", tips(60, 60), "..."),
]

WET, QUIET = reading(0, 0.5), reading(23 * HOUR_MIN)
ACCUMULATION = [
    Case("nothing is known of the rain before the first", [reading(0, 30)], ".", ""),
    Case("no rain is no sum", [WET, reading(5)], ".P"),
    Case("rain in time", [WET, reading(5, 30)], ".P"),
    Case("12 mm after 23 hours without rain", [WET, QUIET, reading(23 * HOUR_MIN + 5, 12)], ".PS", "23 h without rain"),
    Case("11.5 mm after 23 hours without rain", [WET, QUIET, reading(23 * HOUR_MIN + 5, 11.5)], ".PP"),
    Case("12 mm after not quite 23 hours", [WET, QUIET, reading(23 * HOUR_MIN + 5 - MS, 12)], ".PP"),
    Case("a sum of three hours", [WET, QUIET, reading(26 * HOUR_MIN, 12, span_min=180)], ".PS"),
    Case("a sum of more than three hours", [WET, QUIET, reading(26 * HOUR_MIN + MS, 12, span_min=180 + MS)], ".PP"),
    Case("6 mm after an hour without a report", [WET, reading(65, 6)], ".S", "60 min without a report"),
    Case("5.5 mm after an hour without a report", [WET, reading(65, 5.5)], ".P"),
    Case("6 mm after not quite an hour", [WET, reading(65 - MS, 6)], ".P"),
    Case("a longer sum may be larger", [WET, reading(120, 18, span_min=60)], ".P"),
    Case("a longer sum that is too large", [WET, reading(120, 18.5, span_min=60)], ".S"),
    Case(
        "what a counter gathered over a gap is known to be a sum",
        [WET, reading(65, 30, span_min=65, step=Step.GAP)],
        "..",
    ),
    Case(
        "6 mm of an hour after five hours without a report",
        [WET, reading(360, 6, span_min=60)],
        ".S",
        "5 h without a rep",
    ),
    Case("5.5 mm of an hour after five hours", [WET, reading(360, 5.5, span_min=60)], ".P"),
    Case("6 mm of an hour after not quite five", [WET, reading(360 - MS, 6, span_min=60)], ".P"),
    Case("rain twice at one time of day", daily(1, 2), ".PP", ""),
    Case(
        "rain at one time of day only",
        daily(1, 2, 3, 4),
        ".PPSS",
        "rain only ever at one time of day, 3 times in turn or more: it may be the sum of a day",
    ),
    Case("days without rain between them", daily(1, 5, 6), ".PPS"),
    Case("the third a little later", daily(1, 2, 3 + MS / DAY_MIN, 4), ".PPPP"),
    Case("the first of three after twenty dry hours", daily(1, 2, 3, first=TWENTY_BEFORE), ".PPS"),
    Case("the first of three after not quite twenty", daily(1, 2, 3, first=TWENTY_BEFORE + MS), ".PPP"),
    Case("other rain between them", daily(1, 2, 2.5, 3, 4, 5), ".PPPPPP"),
    Case("a sum of three hours each day", daily(1, 2, 3, span_min=180), ".PPS"),
    Case("a longer sum each day is known to be one", daily(1, 2, 3, span_min=180 + MS), ".PPP"),
    Case(
        "a single tip between them, a dry day from each",
        [*daily(1, 2), reading(3.5 * DAY_MIN, 0.5, kind=Kind.EVENT), reading(5 * DAY_MIN, 0.5)],
        ".PP.P",
    ),
    Case("a single tip is no sum", [WET, reading(65, 6, kind=Kind.EVENT)], ".."),
]

TABLES = {
    Check.LIMITS: LIMITS,
    Check.CLIMATE: CLIMATE,
    Check.TIPS: TIPS,
    Check.REPEATED: REPEATED,
    Check.ACCUMULATION: ACCUMULATION,
}


@pytest.mark.parametrize("case", LIMITS, ids=lambda case: case.name)
def test_rain_that_no_gauge_can_measure_fails(case: Case) -> None:
    hold(Check.LIMITS, case)


@pytest.mark.parametrize("case", CLIMATE, ids=lambda case: case.name)
def test_rain_that_is_not_known_here_is_doubted(case: Case) -> None:
    hold(Check.CLIMATE, case)


@pytest.mark.parametrize("case", TIPS, ids=lambda case: case.name)
def test_tips_faster_than_a_bucket_turns_are_noticed(case: Case) -> None:
    hold(Check.TIPS, case)


@pytest.mark.parametrize("case", REPEATED, ids=lambda case: case.name)
def test_the_same_amount_again_and_again_is_doubted(case: Case) -> None:
    hold(Check.REPEATED, case)


@pytest.mark.parametrize("case", ACCUMULATION, ids=lambda case: case.name)
def test_the_rain_of_a_silence_that_comes_at_once_is_doubted(case: Case) -> None:
    hold(Check.ACCUMULATION, case)


def test_a_threshold_of_the_settings_is_the_one_that_is_used() -> None:
    case = named(REPEATED, "eleven equal amounts")

    hold(Check.REPEATED, case._replace(settings=replace(DEFAULTS, repeated_times=11), outcomes="S" * 11))
    hold(Check.REPEATED, case._replace(gauge=GAUGE._replace(bucket_um=100), outcomes="S" * 11))
