"""The checks by name, their outcomes packed two bits each, and the QARTOD flag that they fold to."""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from gauge_ingest.core.model import Flag


class Check(IntEnum):
    """Every check; its value is its place in the packed outcomes and never changes: journals hold them."""

    CLOCK = 0  # the station's clock is ahead, behind or was set
    ARRIVAL = 1  # late, early, twice, or in conflict with another report of the same time
    GAP = 2  # reports are missing before this one
    COUNTER = 3  # the counter restarted, jumped or has not been confirmed
    LIMITS = 4  # what no gauge can measure and no cloud can rain
    CLIMATE = 5  # more than this gauge has seen in this month
    TIPS = 6  # double tips and tips faster than a bucket can turn
    REPEATED = 7  # the same value again and again
    ACCUMULATION = 8  # rain of a silence, told at once
    DRY_SPELL = 9  # dry for longer than the climate knows
    FAULTY_ZERO = 10  # dry while the neighbours had rain
    HIGH_INFLUX = 11  # far more than any neighbour had
    FROZEN = 12  # frozen, or melting: what the gauge counts is not what falls
    VISIT = 13  # a person was at the gauge
    SUPPLY = 14  # the battery is too low to trust the logger
    SUMS = 15  # the station's own figures contradict each other
    CORRECTION = 16  # a person has said what it is


class Outcome(IntEnum):
    """What a check says of one reading."""

    NOT_CHECKED = 0
    PASSED = 1
    SUSPECT = 2
    FAILED = 3


class Verdict(NamedTuple):
    """All that the checks say of one reading: the flag, the packed outcomes, and why a check did not pass."""

    flag: int
    checks: int
    reasons: str | None = None


# Checks that doubt the amount of rain. The others doubt its time, or the station: the rain has fallen all the same.
OF_THE_AMOUNT = (
    Check.COUNTER,
    Check.LIMITS,
    Check.CLIMATE,
    Check.TIPS,
    Check.REPEATED,
    Check.ACCUMULATION,
    Check.HIGH_INFLUX,
    Check.FROZEN,
    Check.VISIT,
    Check.SUMS,
)
_SUSPECT_BITS = sum(2 << 2 * check for check in Check)
_AMOUNT_BITS = sum(2 << 2 * check for check in OF_THE_AMOUNT)
_FAILED_BITS = sum(1 << 2 * check for check in Check)
# How reasons begin. A correction has its number before the colon; it stays with what the person said.
_BEGINS = {check: f"{check.name.lower()}: " for check in Check} | {Check.CORRECTION: r"correction(?:: | (?=\d+: ))"}
# Reasons stand in the order of their checks, so only a later one ends one: a reason may hold anything.
_REASONS = {
    check: re.compile(
        f"(?:^|; ){begin}(.*?)(?:{''.join(f'; {_BEGINS[later]}|' for later in Check if later > check)}\\Z)", re.DOTALL
    )
    for check, begin in _BEGINS.items()
}


def packed(outcomes: Iterable[tuple[Check, Outcome]]) -> int:
    """Outcomes as one whole number, two bits each; a check that is not named was not made."""
    checks = 0
    for check, outcome in outcomes:
        checks |= outcome << 2 * check
    return checks


def outcome_of(checks: int, check: Check) -> Outcome:
    """What one check says in packed outcomes."""
    return Outcome(checks >> 2 * check & 3)


def names_of(checks: int) -> str:
    """The checks that did not pass, joined with `;`, in the order of their numbers."""
    if not checks & _SUSPECT_BITS:
        return ""
    return ";".join(check.name.lower() for check in Check if checks >> 2 * check & 2)


def reason_of(reasons: str | None, check: Check) -> str:
    """Why a check said what it said, in its own words, out of the reasons of a verdict; empty where it gave none."""
    found = _REASONS[check].search(reasons or "")
    return found[1] if found else ""


@lru_cache(maxsize=4_096)
def not_passed(checks: int) -> tuple[tuple[Check, Outcome], ...]:
    """The checks that did not pass, in the order of their numbers, with what they say: suspect or failed."""
    told = ((check, outcome_of(checks, check)) for check in Check)
    return tuple((check, outcome) for check, outcome in told if outcome >= Outcome.SUSPECT)


def doubted(checks: int) -> bool:
    """Whether any check doubts that so much rain fell, and no person has said that it did."""
    return checks & _AMOUNT_BITS != 0 and outcome_of(checks, Check.CORRECTION) is not Outcome.PASSED


def worst(checks: int) -> Outcome:
    """The gravest outcome in packed outcomes."""
    if checks & checks >> 1 & _FAILED_BITS:
        return Outcome.FAILED
    if checks & _SUSPECT_BITS:
        return Outcome.SUSPECT
    return Outcome.PASSED if checks else Outcome.NOT_CHECKED


def flag_of(checks: int, *, otherwise: Flag) -> Flag:
    """The QARTOD flag: 4 when a check failed, 3 when one is in doubt, else the flag of the reading itself."""
    found = worst(checks)
    if found is Outcome.FAILED:
        return Flag.FAIL
    return Flag.SUSPECT if found is Outcome.SUSPECT else otherwise
