"""Days from 08:00 to 08:00 at +08:00, and what is done once for each: which of them it is still to be done for."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from gauge_ingest.core.model import DAY_MS, MINUTE_MS
from gauge_ingest.core.spans import BEIJING

DAY_BEGINS_MIN = 8 * 60  # minutes after midnight at +08:00
_OFFSET_MIN = 8 * 60
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def due_at(time_of_day_min: int, *, now: int, done: Collection[int], most: int) -> list[int]:
    """The instants at a time of day (minutes after midnight at +08:00) that something is still to be done for.

    `done` are those it was done for, in any order. The oldest comes first, at most `most` of the newest are looked at,
    and none before the earliest one done: what was before the service began is nobody's. Where it was never done, the
    newest instant alone is due. Only which were done decides: a clock that was ahead for a while has done some that
    were not there yet, and one that was set back does none twice.
    """
    offset_ms = (time_of_day_min - _OFFSET_MIN) * MINUTE_MS
    newest = (now - offset_ms) // DAY_MS * DAY_MS + offset_ms
    known = {at for at in done if at <= newest}
    if not known:
        return [newest]
    earliest = min(known)
    looked_at = [newest - back * DAY_MS for back in range(most)]
    return [at for at in reversed(looked_at) if at > earliest and at not in known]


def day_name(until: int) -> str:
    """The day that ends at an instant, by the date on which it begins: that is the date of its rain (SL 21)."""
    return (datetime.fromtimestamp(until / 1000, BEIJING) - timedelta(days=1)).date().isoformat()


def day_end(name: str) -> int:
    """The instant at which the day of a date ends: 08:00 of the next; ValueError says what to write instead."""
    try:
        if not _DAY.fullmatch(name):
            raise ValueError("not so many digits")
        begins = date.fromisoformat(name)
        ends = datetime(begins.year, begins.month, begins.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise ValueError("must be a day, e.g. 2026-07-15: from 08:00 of it to 08:00 of the next") from None
    return int(ends.timestamp()) * 1000
