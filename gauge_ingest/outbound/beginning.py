"""What outbound.db cannot know, or no longer: which events may have been told before, and which are others now."""

from gauge_ingest.journal import Reader
from gauge_ingest.outbound.positions import Positions

YOUNG_MS = 60_000  # a journal that is younger has had no life before: the first outbound process starts within it


def told_before(positions: Positions, reader: Reader, *, now: int) -> int:
    """The newest event that a life before may have told without this file knowing; 0: none.

    It is settled when a follower begins for the first time, for the file and the journal's epoch, and remembered: a
    process that dies at once must not hide it from the next.
    """
    accepted_at = reader.first_accepted_at()
    former = reader.alerts.former_epochs()
    put_back_to = former[-1].until_event if former else None
    is_young = not former and (accepted_at is None or abs(now - accepted_at) < YOUNG_MS)
    told_until = 0 if is_young else reader.alerts.newest_event()
    return positions.begun(reader.epoch(), told_until, put_back_to=put_back_to)
