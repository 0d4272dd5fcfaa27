"""What happened to a counter, told case by case: what was rain, what was none, and what nobody can say."""

from typing import Any

import pytest

from gauge_ingest.core.model import Flag, Report, Step
from gauge_ingest.core.rainfall import increments
from tests.core.counter_case import Case
from tests.core.counter_cases import KINDS
from tests.worlds import MINUTE

SUSPECT = (Step.RESET, Step.UNCONFIRMED)
CASES = [pytest.param(case, id=f"{kind}: {case.name}") for kind, cases in KINDS.items() for case in cases]


def reports_of(case: Case) -> list[Report]:
    """Its reports, with times that their clock said itself."""
    found = []
    for minute, counter, boot, seq, kind in case.readings:
        at = case.begins_at + round(minute * MINUTE)
        found.append(Report("HTB01", at, counter, kind, at, at, seq, boot))
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_happened_to_the_counter_decides_what_was_rain(case: Case) -> None:
    derived = increments(reports_of(case), case.gauge, after=None)

    wanted: list[Any] = [(step, tips if isinstance(tips, tuple) else (tips, tips, tips)) for step, tips in case.wanted]
    assert [(one.step, (one.tips_min, one.tips, one.tips_max)) for one in derived] == wanted


@pytest.mark.parametrize("case", CASES)
def test_where_the_bounds_differ_the_rain_is_suspect(case: Case) -> None:
    for one in increments(reports_of(case), case.gauge, after=None):
        assert one.tips_min == one.tips_max or one.step in SUSPECT
        assert (one.flag is Flag.SUSPECT) is (one.step in SUSPECT)
