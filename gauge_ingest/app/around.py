"""What the ingest process sees around its journal: room on the disk, and how far the outbound process has come."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from gauge_ingest.core.watch import Disk, Follower, Surroundings
from gauge_ingest.journal import Reader
from gauge_ingest.wellbeing.followers import FollowersUnknown, standings

EVERY_S = 60.0  # both change slowly
BUSY_S = 0.1  # the rain waits meanwhile


class Outlook:
    """Looks once a minute, and remembers what it saw. What cannot be seen is not known.

    A reading waits for a follower when it did so at the look before already: positions are written down every few
    seconds, which is an hour of a demonstration.
    """

    def __init__(
        self,
        journal: Path,
        outbound: Path,
        reader: Reader,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._outbound = outbound
        self._reader = reader
        self._now = now
        self._monotonic = monotonic
        self._before = 0  # the look before, by the clock of the readings
        self._looked_at: float | None = None
        self._seen = Surroundings()

    def __call__(self) -> Surroundings:
        """What was seen last; the loop adds what it knows of the connection."""
        now = self._monotonic()
        if self._looked_at is None or now - self._looked_at >= EVERY_S:
            self._looked_at = now
            at = self._now()
            self._seen = Surroundings(disk=self._disk(), followers=self._followers())
            self._before = at
        return self._seen

    def _disk(self) -> Disk | None:
        try:
            usage = shutil.disk_usage(self._journal.absolute().parent)
        except OSError:
            return None
        return Disk(usage.free, usage.total)

    def _followers(self) -> tuple[Follower, ...] | None:
        """Each follower of outbound.db, which belongs to the outbound process and is only read here."""
        if not self._outbound.exists():
            return None
        try:
            found = standings(self._outbound, self._reader, busy_s=BUSY_S)
        except FollowersUnknown:
            return None
        return tuple(Follower(one.name, self._waits_since(one.oldest), one.error) for one in found)

    def _waits_since(self, seq: int) -> int | None:
        at = self._reader.oldest_unsent_received_at(seq)
        return at if at is not None and at <= self._before else None
