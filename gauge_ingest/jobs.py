"""Calendar jobs of the outbound process: what is done how often. Who calls them, and when, is the caller's."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from gauge_ingest.spool import Spool, Unanswered

log = logging.getLogger(__name__)

KNOCKED = "calendar knocked"  # remembered in outbound.db, in real time, for `gauge-ingest health`
BACKED_UP = "back up the journal"  # remembered there when it was done, or why it could not be
ANSWER_WITHIN_S = 60.0
SLICES_MAX = 10_000


class Job(NamedTuple):
    """Something done every so often, by the service's own clock; `do` answers whether it was done."""

    name: str
    every_s: int
    do: Callable[[], bool]


def due(every_s: int, *, now: int, last_done: int | None) -> bool:
    """Whether something done every `every_s` seconds is due; a clock that was set back makes it due, too."""
    return last_done is None or now - last_done >= every_s * 1000 or now < last_done


def ask_to_prune(spool: Spool, *, keep_days: int, keep_raw_days: int) -> bool:
    """Ask the ingest process, slice by slice, to delete what need not be kept; False when it did not answer."""
    if not keep_days and not keep_raw_days:
        return True
    asked = {"keep_days": keep_days, "keep_raw_days": keep_raw_days}
    try:
        for _ in range(SLICES_MAX):
            answer = spool.ask("prune", asked, who="outbound", timeout_s=ANSWER_WITHIN_S)
            if not answer.get("more"):
                return bool(answer.get("ok"))
    except Unanswered as error:
        log.warning("the journal was not pruned reason=%s", error)
        return False
    return True
