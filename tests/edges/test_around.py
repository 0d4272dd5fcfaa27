"""What the ingest process sees around its journal: a follower that is behind, and what cannot be seen."""

from pathlib import Path

from gauge_ingest.app.around import EVERY_S, Outlook
from gauge_ingest.journal import Position
from gauge_ingest.outbound import Positions
from tests.worlds import MINUTE, T0, Desk, message, station


class Looking:
    """An outlook over a desk, and the minutes that pass between its looks."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder, [station()])
        self.path = folder / "outbound.db"
        self.seconds = 0.0
        journal = folder / "journal.db"
        self.outlook = Outlook(
            journal, self.path, self.desk.journal.reader, now=lambda: self.desk.now, monotonic=lambda: self.seconds
        )

    def waits_since(self) -> int | None:
        """What the one follower is said to wait for, a minute later."""
        self.desk.now += MINUTE
        self.seconds += EVERY_S
        followers = self.outlook().followers
        assert followers is not None
        return followers[0].waits_since


def test_a_reading_that_waits_for_a_store_over_two_looks_is_seen_until_it_is_sent(tmp_path: Path) -> None:
    looking = Looking(tmp_path)
    positions = Positions(looking.path)
    epoch = looking.desk.journal.reader.epoch()
    positions.move("influx", Position(epoch, 0))

    looking.desk.take(message([(T0, 100)]))
    received_at = looking.desk.now

    assert looking.waits_since() is None
    assert looking.waits_since() == received_at
    assert looking.waits_since() == received_at
    positions.move("influx", Position(epoch, looking.desk.journal.reader.newest_seq()))
    assert looking.waits_since() is None
    positions.close()


def test_what_cannot_be_seen_is_not_known(tmp_path: Path) -> None:
    looking = Looking(tmp_path)

    assert looking.outlook().followers is None
    looking.path.write_bytes(b"no database")
    looking.seconds += EVERY_S
    seen = looking.outlook()

    assert seen.followers is None
    assert seen.disk is not None
    assert 0 < seen.disk.free_bytes <= seen.disk.total_bytes
