"""The checks of what surrounds the rain, case by case: at each threshold and just beside it."""

from dataclasses import replace
from typing import Any

import pytest

from gauge_ingest.core.model import DAY_MS, Kind, Step
from gauge_ingest.core.quality.seen import Seen
from gauge_ingest.core.quality.settings import DEFAULTS
from gauge_ingest.core.quality.verdicts import Check
from tests.core.quality import DAY_MIN, MS, Case, hold, reading

SEVENTY_YEARS_MS = 70 * 365 * DAY_MS
EVERY_TIP = replace(DEFAULTS, every_tip_reported=True)


def live(minute: float, rain_mm: float = 0.0, *, late_s: float, ahead_s: float = 0.0, **told: Any) -> Seen:
    """A reading that came so many seconds after its time; its station's clock was ahead when it says so."""
    seen = reading(minute, rain_mm, **told)
    return seen._replace(received_at=seen.until + round(late_s * 1000), claimed_at=seen.until + round(ahead_s * 1000))


def behind(*late_s: float, every_min: float = 5.0) -> list[Seen]:
    """Readings in a row, each so much late."""
    return [live(at * every_min, late_s=one) for at, one in enumerate(late_s)]


def at_once(count: int) -> list[Seen]:
    """Readings of an hour and more that come all at the same time."""
    return [live(at, late_s=3_600 - at * 20, span_min=1) for at in range(count)]


def ago(seen: Seen) -> Seen:
    """The same reading in 1956."""
    return seen._replace(since=seen.since - SEVENTY_YEARS_MS, until=seen.until - SEVENTY_YEARS_MS)


def visits(*minutes: float) -> list[Seen]:
    return [reading(at, door_open=True) for at in minutes]


CLOCK = [
    Case("a record that was never received", [reading(0)], "."),
    Case("a reading in time", [live(0, late_s=5)], "P", ""),
    Case("a time that was mended", [live(0, late_s=5, ahead_s=86_400)], "S", "24 h ahead"),
    Case("five readings ten minutes late", behind(*[600] * 5), "P" * 5),
    Case("six readings ten minutes late", behind(*[600] * 6), "P" * 5 + "S", "comes 10 min late"),
    Case("six readings not quite so late", behind(*[599.999] * 6), "P" * 6),
    Case("one of them in time", behind(600, 600, 600, 5, 600, 600, 600, 600, 600), "P" * 9),
    Case("late by times two minutes apart", behind(600, 720, 600, 660, 700, 600), "P" * 5 + "S"),
    Case("late by times further apart", behind(600, 720.001, 600, 660, 700, 600), "P" * 6),
    Case("a backlog", at_once(8), "P" * 8),
    Case("a minute between two that come late", behind(*[600] * 6, every_min=1), "P" * 5 + "S"),
    Case("less than a minute between two that come late", behind(*[600] * 6, every_min=1 - MS), "P" * 6),
]

ARRIVAL = [
    Case("a reading in time", [live(0, late_s=5)], "P", ""),
    Case("a reading half a day late", [live(0, late_s=43_200)], "P", ""),
    Case("a record that was never received is not late", [reading(0)], "P", ""),
    Case("another count of the same time", [reading(0, rival=True)], "S", "another count"),
]

GAP = [
    Case("nothing is missing before the first", [reading(0)], "P", ""),
    Case("one report is missing", [reading(0), reading(10)], "PP", ""),
    Case("not quite two are missing", [reading(0), reading(17.5)], "PP", ""),
    Case("two reports are missing", [reading(0), reading(17.5 + MS)], "PP", "nothing is known of 12.5 min"),
    Case(
        "a sum over missing reports",
        [reading(0), reading(60, 3, span_min=60, step=Step.GAP)],
        "P.",
        "no report for 60 min: the sum is known",
    ),
    Case("a record from before 1970", [ago(reading(at)) for at in (0, 60)], "PP", "nothing is known of 55 min"),
]

COUNTER = [
    Case("a base line", [reading(0, step=Step.FIRST)], ".", ""),
    Case("a new gauge", [reading(0, step=Step.DEPLOYED)], ".", ""),
    Case("a count that rose", [reading(0, 1)], "P", ""),
    Case("a counter that wrapped", [reading(0, 1, step=Step.WRAPPED)], "P", ""),
    Case("a sum over missing reports", [reading(0, 1, step=Step.GAP)], "P", ""),
    Case("a counter that restarted", [reading(0, 1, step=Step.RESET)], "S", "restarted"),
    Case(
        "a count that waits to be confirmed",
        [reading(0, step=Step.UNCONFIRMED)],
        "S",
        "no further report has confirmed",
    ),
]

FROZEN = [
    Case("nobody told the temperature", [reading(0, 1)], "."),
    Case("no tips in frost say nothing of snow", [reading(0, temperature_c=0.0)], ".", "frozen at 0 °C"),
    Case("no tips above frost", [reading(0, temperature_c=0.1)], "P", ""),
    Case("tips in frost", [reading(0, 1, temperature_c=0.0)], "S", "a frozen gauge counts no rain"),
    Case("tips in the cold without frost before", [reading(0, 1, temperature_c=0.1)], "P"),
    Case(
        "melting snow", [reading(0, temperature_c=-5.0), reading(60, 1, temperature_c=2.0)], ".S", "60 min after frost"
    ),
    Case("too warm for melting snow", [reading(0, temperature_c=-5.0), reading(60, 1, temperature_c=2.1)], ".P"),
    Case("a day after frost", [reading(0, temperature_c=-5.0), reading(DAY_MIN, 1, temperature_c=1.0)], ".S"),
    Case(
        "more than a day after frost",
        [reading(0, temperature_c=-5.0), reading(DAY_MIN + MS, 1, temperature_c=1.0)],
        ".P",
    ),
    Case("no tips while it melts", [reading(0, temperature_c=-5.0), reading(60, temperature_c=1.0)], ".P"),
]

BETWEEN = reading(30, 1)
VISIT = [
    Case("an open door without rain", visits(0), "P", ""),
    Case("tips while the door is open", [reading(0, 1, door_open=True)], "F", "somebody was at the gauge"),
    Case("tips in a reading for maintenance", [reading(0, 1, kind=Kind.MAINTENANCE)], "F"),
    Case("a closed door", [reading(0, 1, door_open=False)], "P"),
    Case("tips that began ten minutes after a visit", [*visits(0), reading(15, 1)], "PS", "15 min after somebody"),
    Case("tips that began a little later", [*visits(0), reading(15 + MS, 1)], "PP"),
    Case("no tips after a visit", [*visits(0), reading(5)], "PP"),
    Case("tips ten minutes before a visit", [reading(0, 1), *visits(10)], "SP", ""),
    Case("tips a little earlier", [reading(0, 1), *visits(10 + MS)], "PP"),
    Case("tips between two visits", [*visits(0), reading(10, 1), *visits(20)], "PFP"),
    Case("tips between visits a little further apart", [*visits(0), reading(10, 1), *visits(20 + MS)], "PSP"),
    Case("tips between visits of one hour", [*visits(0), BETWEEN, *visits(60)], "PSP"),
    Case("tips between visits of more than an hour", [*visits(0), BETWEEN, *visits(60 + MS)], "PPP"),
    Case("what failed stays failed", [reading(0, 1, door_open=True), *visits(40)], "FP"),
]

SUPPLY = [
    Case("nobody told the voltage", [reading(0)], "."),
    Case("a good battery", [reading(0, battery_v=11.0)], "P", ""),
    Case("an empty battery", [reading(0, battery_v=10.99)], "S", "battery at 10.99 V, below 11 V"),
]


def sums(name: str, outcomes: str, reason: str | None = None, **told: Any) -> Case:
    """A tip that was told, message 9 of boot 1, and one more reading a minute later."""
    first = reading(0, 0.5, kind=Kind.EVENT, seq=9, boot=1)
    second = reading(1, **{"rain_mm": 0.5, "span_min": 1, "seq": 10, "boot": 1, **told})
    return Case(name, [first, second], outcomes, reason, EVERY_TIP)


SUMS = [
    sums("a count that stands", ".P", rain_mm=0.0),
    sums("one tip that was told", ".P", "", kind=Kind.EVENT),
    sums("two tips, of which one was told", ".S", "rose by 2, told were 1 tips", rain_mm=1.0, kind=Kind.EVENT),
    sums("a tip that was not told", ".S", "rose by 1, told were 0 tips, and no message is missing"),
    sums("a tip that was not told in the same message", ".S", seq=9),
    sums("a message is missing", "..", seq=11),
    sums("messages without a number", "..", seq=None),
    sums("numbers that began anew", "..", seq=1),
    sums("a logger that started in between", "..", boot=2),
    sums("a counter that restarted", "..", step=Step.RESET),
    sums("a station that does not tell every tip", "..")._replace(settings=DEFAULTS),
]

TABLES = {
    Check.CLOCK: CLOCK,
    Check.ARRIVAL: ARRIVAL,
    Check.GAP: GAP,
    Check.COUNTER: COUNTER,
    Check.FROZEN: FROZEN,
    Check.VISIT: VISIT,
    Check.SUPPLY: SUPPLY,
    Check.SUMS: SUMS,
}
ALL = [
    pytest.param(check, case, id=f"{check.name.lower()}: {case.name}")
    for check, cases in TABLES.items()
    for case in cases
]


@pytest.mark.parametrize(("check", "case"), ALL)
def test_what_surrounds_the_rain_is_noticed(check: Check, case: Case) -> None:
    hold(check, case)
