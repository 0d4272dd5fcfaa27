"""Increments of one station as a record may have them: gaps, restarts, corrected spans, counts nobody confirmed."""

from hypothesis import strategies as st

from gauge_ingest.core.fixed import Ended
from gauge_ingest.core.model import Deployment, Flag, Station, Step
from tests.worlds import MINUTE, T0

BUCKETS_MM = (0.5, 0.2)
CHANGED_AT = T0 + 300 * MINUTE
STATION = Station(
    "HTB01",
    "石门",
    (Deployment(0, 0.5, 65_536, 43.75, 86.57, 1_250.0), Deployment(CHANGED_AT, 0.2, 65_536, 43.75, 86.57, 1_250.0)),
)
SPANS_MS = (MINUTE, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE, 299_457, 71_003, 44 * MINUTE, 400 * MINUTE, 1_500 * MINUTE)


@st.composite
def records(draw: st.DrawFn) -> list[Ended]:
    """Increments in order of time; most are steady and dry."""
    at, found = T0, list[Ended]()
    for span_ms in draw(st.lists(st.sampled_from(SPANS_MS), max_size=40)):
        since, at = at, at + span_ms
        tips = draw(st.sampled_from((0, 0, 0, 1, 1, 2, 5, 12, 60)))
        step = draw(st.sampled_from((Step.STEADY,) * 7 + (Step.GAP, Step.RESET, Step.CORRECTED, Step.VOIDED)))
        least, most, flag = tips, tips, draw(st.sampled_from((Flag.GOOD, Flag.GOOD, Flag.SUSPECT, Flag.NOT_EVALUATED)))
        if step is Step.RESET:
            least, most = tips // 2, tips + 3
        if step is Step.VOIDED:
            tips, least, most, flag = 0, 0, 0, Flag.MISSING
        found.append(Ended(since, at, tips, least, most, step, flag))
    if draw(st.booleans()):
        found.append(Ended(at, at + 5 * MINUTE + 7, 0, 0, 9, Step.UNCONFIRMED, Flag.SUSPECT))
    return found


def bucket_mm(until: int) -> float:
    """The bucket in which an increment ends."""
    return BUCKETS_MM[until > CHANGED_AT]
