"""Rain of a file, as a request carries it."""

from gauge_ingest.journal.imported import Fell
from tests.worlds import HOUR, MINUTE, T0

BEFORE = T0 - 48 * HOUR


def fell_of(ums: list[int], *, since: int = BEFORE) -> list[Fell]:
    """Steps of five minutes with so many micrometres each."""
    found, total = [], 0
    for n, um in enumerate(ums):
        total += um
        found.append(Fell(since + n * 5 * MINUTE, since + (n + 1) * 5 * MINUTE, um, total))
    return found
